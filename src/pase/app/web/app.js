/** Jobs and their results. */

import { $, problem, setUp } from "/web/form.js";

const make = (tag, className = "", text = "") => Object.assign(document.createElement(tag), { className, textContent: text });
const OWN = { "X-PASE": "1" };
const POLL_MS = 700, IDLE_MS = 4000;
const VIEWS = { "viewer.html": "Viewer", "overlay.mp4": "Overlay", "overlay.png": "Overlay", "report.html": "Report" };
const STEPS = { waiting: "waits for its turn", uploading: "is being copied", done: "done" };
const SOON = 0.06;

let jobs = [];
let shown = null;
let wanted = null;

async function refresh() {
  clearTimeout(refresh.timer);
  try {
    jobs = await (await fetch("/api/jobs")).json();
    list();
  } catch {
    problem("the app does not answer; is it still running?");
  }
  const busy = jobs.some((job) => ["waiting", "running", "uploading"].includes(job.state));
  refresh.timer = setTimeout(refresh, busy ? POLL_MS : IDLE_MS);
}

function list() {
  $("jobs").replaceChildren(...jobs.map(row));
  const ready = jobs.find((job) => job.id === wanted && job.state === "done");
  if (ready) {
    wanted = null;
    show(ready);
  }
  if (shown && !jobs.some((job) => job.id === shown)) hide();
  else firstLook();
}

/** What the running job has seen so far, while no result is shown. */
function firstLook() {
  const job = shown ? null : jobs.find((job) => job.state === "running" && job.looks);
  $("look").hidden = !job;
  $("empty").hidden = !!(shown || job);
  if (!job) return;
  const address = `/jobs/${job.id}/look.jpg?${job.looks}`;
  const picture = $("look").querySelector("img");
  if (picture.getAttribute("src") !== address) picture.src = address;
  $("look").querySelector("figcaption").textContent = job.look;
}

function row(job) {
  const item = make("li", job.state);
  item.setAttribute("aria-current", job.id === shown);
  const name = make("button", "name", job.name);
  name.onclick = () => (job.state === "done" ? show(job) : hide());
  const gone = make("button", "remove", "✕");
  gone.setAttribute("aria-label", `remove ${job.name}`);
  gone.onclick = () => remove(job);
  item.append(name, make("span", "told", told(job)), gone);
  if (job.state === "running") {
    const bar = make("progress");
    if (job.share) bar.value = job.share;
    item.append(bar);
  }
  return item;
}

function told(job) {
  if (job.state === "failed") return job.message;
  if (job.state === "running") return job.step ? `${job.step}, ${Math.round(100 * job.share)} %${left(job)}` : "begins";
  if (job.state === "done" && !job.persons) return "nobody was found";
  return STEPS[job.state];
}

/** How long a running job will last yet, once that can be told. */
function left(job) {
  if (job.share < SOON) return "";
  const seconds = ((Date.now() / 1000 - job.started) * (1 - job.share)) / job.share;
  return seconds < 60 ? `, ${Math.max(5, 5 * Math.round(seconds / 5))} s left` : `, ${Math.round(seconds / 60)} min left`;
}

async function remove(job) {
  const question = job.state === "running" ? `Stop and remove ${job.name}?` : `Remove ${job.name} and its result?`;
  if (!confirm(question)) return;
  await fetch(`/api/jobs/${job.id}`, { method: "DELETE", headers: OWN });
  refresh();
}

function show(job) {
  shown = job.id;
  $("result").hidden = false;
  $("title").textContent = job.name;
  $("warnings").replaceChildren(...job.warnings.map((sentence) => make("li", "", sentence)));
  $("notes").hidden = !job.warnings.length;
  $("notes").open = false;
  $("notes").querySelector("summary").textContent = job.warnings.length > 1 ? `${job.warnings[0]} (and ${job.warnings.length - 1} more)` : job.warnings[0] ?? "";
  $("nobody").hidden = job.persons > 0;
  $("frame").hidden = !job.persons;
  const views = job.files.filter((name) => name in VIEWS);
  $("views").replaceChildren(...views.sort((a, b) => (a === "viewer.html" ? -1 : b === "viewer.html" ? 1 : 0)).map((name) => {
    const link = make("a", "", VIEWS[name]);
    link.href = `/jobs/${job.id}/${name}`;
    link.target = "frame";
    link.onclick = (event) => { event.preventDefault(); look(job, name); };
    link.dataset.name = name;
    return link;
  }));
  fillDownloads(job);
  look(job, views[0]);
  list();
  $("result").scrollIntoView({ block: "nearest" }); // on a phone it is below the form
}

function look(job, name) {
  $("frame").src = name ? `/jobs/${job.id}/${name}` : "about:blank";
  for (const link of $("views").children) link.setAttribute("aria-current", link.dataset.name === name);
}

function fillDownloads(job) {
  const link = (text, address) => {
    const made = make("a", "", text);
    made.href = address;
    made.download = "";
    return made;
  };
  const plain = job.files.filter((name) => !name.includes("/Geometry/") && !name.includes("/plots/"));
  const rows = plain.map((name) => link(name, `/jobs/${job.id}/${name.split("/").map(encodeURIComponent).join("/")}?save`));
  $("downloads").querySelector("div").replaceChildren(link("everything (.zip)", `/jobs/${job.id}/all.zip`), ...rows);
}

function hide() {
  shown = null;
  $("result").hidden = true;
  $("frame").src = "about:blank";
  firstLook();
}

$("demo").onclick = async () => {
  $("demo").disabled = true;
  try {
    const answer = await fetch("/api/demo", { method: "POST", headers: OWN });
    const job = await answer.json();
    if (answer.ok) began(job);
    else problem(job.message);
  } catch {
    problem("the app does not answer; is it still running?");
  }
  $("demo").disabled = false;
};

function began(job) {
  wanted = job.id;
  hide();
  refresh();
}

setUp(began);
refresh();
