const $ = (id) => document.getElementById(id);
const make = (tag, className = "", text = "") => Object.assign(document.createElement(tag), { className, textContent: text });
const OWN = { "X-PASE": "1" };
const POLL_MS = 700, IDLE_MS = 4000;
const VIEWS = { "viewer.html": "Viewer", "overlay.mp4": "Overlay", "overlay.png": "Overlay", "report.html": "Report" };
const STEPS = { waiting: "waits for its turn", uploading: "is being copied", done: "done" };

let file = null;
let jobs = [];
let shown = null;
let wanted = null;

function choose(given) {
  file = given ?? null;
  $("chosen").textContent = file ? file.name : "or choose one";
  $("start").disabled = !file;
  problem("");
}

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

/** Send the chosen file; the browser tells how far it is only of this older kind of request. */
function send() {
  const query = new URLSearchParams({ name: file.name });
  for (const input of document.querySelectorAll(".fields input")) query.set(input.name, input.value.replace(",", "."));
  const request = new XMLHttpRequest();
  request.open("POST", `/api/jobs?${query}`);
  request.setRequestHeader("X-PASE", "1");
  request.upload.onprogress = (event) => { $("upload").value = event.loaded / event.total; };
  request.onloadend = () => {
    $("upload").hidden = true;
    const answer = read(request.responseText);
    if (request.status === 201) {
      wanted = answer.id;
      choose(null);
      $("file").value = "";
      refresh();
    } else {
      $("start").disabled = false;
      problem(answer?.message ?? "the app does not answer; is it still running?");
    }
  };
  $("upload").hidden = false;
  $("start").disabled = true;
  problem("");
  request.send(file);
}

function read(text) {
  try { return JSON.parse(text); } catch { return null; }
}

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
}

function row(job) {
  const item = make("li", job.state);
  item.setAttribute("aria-current", job.id === shown);
  const name = make("button", "name", job.name);
  name.onclick = () => job.state === "done" && show(job);
  const gone = make("button", "remove", "✕");
  gone.setAttribute("aria-label", `remove ${job.name}`);
  gone.onclick = () => remove(job);
  item.append(name, make("span", "told", told(job)), gone);
  if (job.state === "running") {
    const bar = make("progress");
    if (job.total) { bar.max = job.total; bar.value = Math.min(job.done, job.total); }
    item.append(bar);
  }
  return item;
}

function told(job) {
  if (job.state === "failed") return job.message;
  if (job.state === "running") return job.total ? `${job.step}: ${job.done} of ${job.total}` : job.step || "begins";
  if (job.state === "done" && !job.persons) return "nobody was found";
  return STEPS[job.state];
}

async function remove(job) {
  const question = job.state === "running" ? `Stop and remove ${job.name}?` : `Remove ${job.name} and its result?`;
  if (!confirm(question)) return;
  await fetch(`/api/jobs/${job.id}`, { method: "DELETE", headers: OWN });
  refresh();
}

function show(job) {
  shown = job.id;
  $("empty").hidden = true;
  $("result").hidden = false;
  $("title").textContent = job.name;
  $("warnings").replaceChildren(...job.warnings.map((sentence) => make("li", "", sentence)));
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
  $("empty").hidden = false;
  $("frame").src = "about:blank";
}

$("file").onchange = () => choose($("file").files[0]);
$("form").onsubmit = (event) => { event.preventDefault(); if (file) send(); };
for (const kind of ["dragenter", "dragover"]) {
  addEventListener(kind, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
}
for (const kind of ["dragleave", "drop"]) addEventListener(kind, () => $("drop").classList.remove("over"));
addEventListener("drop", (event) => { event.preventDefault(); choose(event.dataTransfer.files[0]); });
refresh();
