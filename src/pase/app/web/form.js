/** The form: chosen files, what is known of the person and the film, and the way to the server. */

export const $ = (id) => document.getElementById(id);
const fields = () => [...$("form").elements].filter((field) => field.name);
const field = (name) => fields().find((one) => one.name === name);
const PEOPLE = "pase-people";
const OF_PERSON = ["person.height_m", "person.mass_kg", "person.age_years", "person.sex"];
const CLICK = "click on the person to choose one of several";

let files = [];
let address = null;

export function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

/** Take files to be sent; a single one is shown before. */
export function choose(given) {
  files = [...(given ?? [])];
  $("chosen").textContent = { 0: "or choose them", 1: files[0]?.name }[files.length] ?? `${files.length} files, with the same settings`;
  $("start").disabled = !files.length;
  for (const name of ["footage.start_s", "footage.end_s"]) field(name).value = "";
  problem("");
  preview(files.length === 1 ? files[0] : null);
}

function preview(file) {
  if (address) URL.revokeObjectURL(address);
  address = file && URL.createObjectURL(file);
  const isFilm = file?.type.startsWith("video/") ?? false;
  $("preview").hidden = !file;
  $("film").hidden = $("moves").hidden = !isFilm;
  $("photo").hidden = isFilm;
  for (const shown of [$("film"), $("photo")]) shown.removeAttribute("src");
  if (file) (isFilm ? $("film") : $("photo")).src = address;
  turnPreview();
}

function cannotShow() {
  if ($("preview").hidden) return;
  $("film").hidden = $("moves").hidden = $("photo").hidden = true;
  $("hint").textContent = "the browser cannot show this file; PASE may read it all the same";
}

/** Show the film as it will be read. */
function turnPreview() {
  const turn = Number(field("footage.rotate").value || 0), mirror = field("footage.mirror").checked;
  for (const shown of [$("film"), $("photo")]) {
    shown.style.transform = `${mirror ? "scaleX(-1) " : ""}rotate(${turn}deg)${turn % 180 ? " scale(0.56)" : ""}`;
  }
  forgetClick();
}

function forgetClick() {
  field("pose2d.person").value = "";
  $("spot").hidden = true;
  $("hint").textContent = CLICK;
}

/** The pixel of the upright picture under a click, with the picture turned and mirrored as it will be read. */
function pixelAt(event) {
  const shown = $("film").hidden ? $("photo") : $("film");
  const width = shown.videoWidth || shown.naturalWidth, height = shown.videoHeight || shown.naturalHeight;
  if (!width) return null;
  const turn = Number(field("footage.rotate").value || 0);
  const size = turn % 180 ? [height, width] : [width, height];
  const box = shown.getBoundingClientRect();
  const zoom = Math.min(box.width / size[0], box.height / size[1]);
  const x = (event.clientX - box.left - (box.width - zoom * size[0]) / 2) / zoom;
  const y = (event.clientY - box.top - (box.height - zoom * size[1]) / 2) / zoom;
  return x >= 0 && y >= 0 && x < size[0] && y < size[1] ? [x, y] : null;
}

/** Choose the person under a click; the pixel counts in the first picture that is read, so the film goes there. */
function chooseAt(event) {
  const start = number("footage.start_s") ?? 0, film = $("film");
  event.preventDefault();
  if (!$("spot").hidden) {
    forgetClick();
    return;
  }
  if (!film.hidden && Math.abs(film.currentTime - start) > 0.05) {
    film.pause();
    film.currentTime = start;
    $("hint").textContent = "this is the first picture that is read: click on the person here";
    return;
  }
  const pixel = pixelAt(event);
  if (!pixel) return;
  field("pose2d.person").value = pixel.map((v) => v.toFixed(1)).join(",");
  const box = $("stage").getBoundingClientRect();
  Object.assign($("spot").style, { left: `${event.clientX - box.left}px`, top: `${event.clientY - box.top}px` });
  $("spot").hidden = false;
  $("hint").textContent = "this person alone; click again for everybody";
}

const number = (name) => (field(name).value ? Number(field(name).value.replace(",", ".")) : null);

/** What the user filled in, as the server wants it. */
function query(name) {
  const values = new URLSearchParams({ name });
  for (const one of fields()) {
    const text = one.type === "checkbox" ? (one.checked ? one.value : "") : one.value;
    if (text) values.set(one.name, one.inputMode === "decimal" ? text.replace(",", ".") : text);
  }
  return values;
}

/** Send one file; the browser tells how far it is only of this older kind of request. */
function sent(file) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/jobs?${query(file.name)}`);
    request.setRequestHeader("X-PASE", "1");
    request.upload.onprogress = (event) => { $("upload").value = event.loaded / event.total; };
    request.onloadend = () => {
      let answer = null;
      try { answer = JSON.parse(request.responseText); } catch { /* the answer is no JSON: the app is gone */ }
      resolve({ good: request.status === 201, answer });
    };
    request.send(file);
  });
}

/** Send all chosen files, then forget file and person: the next one is somebody else. */
export async function send(began) {
  const problems = [];
  $("upload").hidden = false;
  $("start").disabled = true;
  problem("");
  for (const file of files) {
    const { good, answer } = await sent(file);
    if (good) began(answer);
    else problems.push(answer?.message ?? "the app does not answer; is it still running?");
  }
  $("upload").hidden = true;
  if (problems.length < files.length) {
    remember();
    $("form").reset();
    choose(null);
  } else $("start").disabled = false;
  problem(problems.join("; "));
}

/** Keep what is known of a named person, for the next film of the same. */
function remember() {
  const name = field("analysis.subject").value.trim();
  if (!name) return;
  const people = known();
  people[name] = Object.fromEntries(OF_PERSON.map((path) => [path, field(path).value]));
  localStorage.setItem(PEOPLE, JSON.stringify(people));
  listNames();
}

function known() {
  try { return JSON.parse(localStorage.getItem(PEOPLE)) ?? {}; } catch { return {}; }
}

function listNames() {
  $("names").replaceChildren(...Object.keys(known()).map((name) => Object.assign(document.createElement("option"), { value: name })));
}

/** Below the film, as a browser's own controls would cover whom one wants to click on. */
function setUpMoves() {
  const film = $("film"), place = $("place");
  $("play").onclick = () => { film.paused ? film.play() : film.pause(); };
  film.onplay = film.onpause = () => { $("play").textContent = film.paused ? "▶" : "❚❚"; };
  film.ontimeupdate = () => { place.value = film.duration ? film.currentTime / film.duration : 0; };
  place.oninput = () => { film.currentTime = place.value * film.duration; };
}

export function setUp(began) {
  setUpMoves();
  listNames();
  $("file").onchange = () => choose($("file").files);
  $("form").onsubmit = (event) => { event.preventDefault(); if (files.length) send(began); };
  field("analysis.subject").onchange = (event) => {
    const person = known()[event.target.value.trim()];
    if (person) for (const path of OF_PERSON) field(path).value = person[path] ?? "";
  };
  field("footage.rotate").onchange = field("footage.mirror").onchange = turnPreview;
  $("from").onclick = () => { field("footage.start_s").value = $("film").currentTime.toFixed(2); forgetClick(); };
  $("to").onclick = () => { field("footage.end_s").value = $("film").currentTime.toFixed(2); };
  $("film").onerror = $("photo").onerror = cannotShow;
  $("stage").addEventListener("click", chooseAt, true);
  for (const kind of ["dragenter", "dragover"]) {
    addEventListener(kind, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
  }
  for (const kind of ["dragleave", "drop"]) addEventListener(kind, () => $("drop").classList.remove("over"));
  addEventListener("drop", (event) => { event.preventDefault(); choose(event.dataTransfer.files); });
}
