import { showAnswers } from "./answers.js";
import { Bones } from "./bones.js";
import { Curves } from "./curves.js";
import { bodyPose, cameraAt, filmAddress, readScene } from "./data.js";
import { make } from "./dom.js";
import { add, onPage, subtract } from "./math.js";
import { nearHeight, Orbit } from "./orbit.js";
import { Player } from "./player.js";
import { Renderer } from "./renderer.js";

const $ = (id) => document.getElementById(id);
/** Metres over the origin of the head at which a person's number stands. */
const OVER_HEAD = 0.3;
const SLOW_MS = 30, FAST_MS = 14, LEAST_RATIO = 0.5, REST_MS = 180;

/** The whole page. */
class App {
  constructor(scene, film) {
    this.scene = scene;
    this.stale = true;
    this.rest = 0;
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    this.film = film && scene.film.startsWith("video") ? $("video") : null;
    this.player = new Player(scene.time, this.film);
    this.setFilm(film);
    this.setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    this.renderer = new Renderer($("picture"), scene);
    this.orbit = new Orbit($("picture"), () => { this.stale = true; });
    this.bones = new Bones($("bone-list"), $("card"), this.renderer.bones, scene.persons, () => this.pose());
    this.curves = new Curves($("charts"), $("chooser"), scene, this.player);
    this.follows = true;
    this.connect();
    this.aim();
    this.pose();
    this.player.onChange(() => this.changed());
    this.changed();
    requestAnimationFrame((now) => this.loop(now));
  }

  /** Look at the persons from the side on which the camera stood. */
  aim() {
    const { persons, camera } = this.scene, { home } = this.orbit;
    const frame = Math.max(0, ...persons.slice(0, 1).map((person) => person.shown.indexOf(1)));
    this.player.show(frame);
    const group = this.group();
    if (group) {
      const { middle, reach } = group;
      home.target = [middle[0], nearHeight(Math.min(0.95, 0.98 * Math.max(0.3, middle[1])), middle[1]), middle[2]];
      const { clientWidth, clientHeight } = this.renderer.canvas;
      const wide = Math.max(0.8, clientWidth / clientHeight);
      home.distance = Math.max(2.2, 4.2 * Math.min(1.1, middle[1] / 0.9)) + Math.max(2.4, 3.5 / wide) * reach;
    }
    if (camera) home.yaw = Math.atan2(-camera.rotation[8], -camera.rotation[6]) + 0.45;
    this.orbit.reset();
  }

  /** Middle of those who are shown now, and how far the farthest of them is from it; nothing for nobody. */
  group() {
    const { frame } = this.player;
    const shown = this.scene.persons.filter((person) => person.shown[frame]);
    if (!shown.length) return null;
    const places = shown.map((person) => bodyPose(person, frame, person.root)[1]);
    const middle = [0, 1, 2].map((k) => places.reduce((sum, place) => sum + place[k], 0) / places.length);
    return { middle, reach: Math.max(...places.map((place) => Math.hypot(...subtract(place, middle)))) };
  }

  setFilm(address) {
    document.body.classList.toggle("no-film", !address);
    if (!address) return;
    const [width, height] = this.scene.camera?.size ?? [16, 9];
    document.body.style.setProperty("--shape", `${width} / ${height}`);
    for (const id of [this.film ? "video" : "photo"]) {
      $(id).src = address;
      $(id).hidden = false;
    }
  }

  setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    if (this.renderer) this.renderer.look.dark = theme === "dark";
    this.curves?.redraw();
    this.stale = true;
  }

  pose() {
    const { player, renderer, bones } = this;
    renderer.pose(player.frame, bones.hidden, bones.chosen);
    this.stale = true;
  }

  /** Another frame, or play and pause. */
  changed() {
    const { player, scene, orbit } = this;
    if (orbit.fromFilm) orbit.fromFilm = cameraAt(scene.camera, player.frame);
    this.pose();
    this.followPerson();
    $("scrub").value = player.frame;
    $("play").textContent = player.playing ? "❚❚" : "▶";
    $("play").setAttribute("aria-label", player.playing ? "pause" : "play");
    $("now").textContent = `${scene.time[player.frame].toFixed(2)} s`;
    $("frame").textContent = `${player.frame + 1} / ${scene.time.length}`;
  }

  followPerson() {
    const group = this.follows && this.group();
    if (group) this.orbit.follow(group.middle, this.player.playing ? 0.25 : 1);
  }

  loop(now) {
    requestAnimationFrame((next) => this.loop(next));
    this.player.tick(now);
    if (this.player.playing) this.adapt(now);
    else this.lastNow = null;
    if (this.stale) this.rest = now + REST_MS;
    const sharp = now >= this.rest && !this.player.playing;
    const fitted = this.fit(sharp ? this.sharpest() : this.ratio);
    if (!this.stale && !fitted) return;
    this.stale = false;
    this.draw();
  }

  /** Pixels of the picture in a pixel of the page when nothing moves: smooth edges are affordable then. */
  sharpest() { return Math.max(window.devicePixelRatio || 1, this.renderer.smooth ? 1 : 2); }

  draw() {
    const { width, height } = this.renderer.canvas;
    this.eyes = this.orbit.view(width, height, this.filmBox());
    const focus = [this.orbit.target[0], 0, this.orbit.target[2]];
    this.renderer.draw(this.eyes.matrix, this.eyes.eye, focus, this.eyes.key, this.player.playing && !this.renderer.smooth);
    this.placeNumbers();
  }

  /** Everybody's number over the head, where there are several to be told apart. */
  placeNumbers() {
    const { frame } = this.player, labels = $("numbers").children;
    for (const [i, label] of [...labels].entries()) {
      const person = this.scene.persons[i];
      const head = bodyPose(person, frame, person.head ?? person.root)[1];
      const [x, y, depth] = onPage(this.eyes.matrix, add(head, [0, OVER_HEAD, 0]));
      label.hidden = !person.shown[frame] || depth <= 0;
      label.style.left = `${100 * x}%`;
      label.style.top = `${100 * y}%`;
    }
  }

  /** Draw in fewer pixels where the computer is too slow, and in more again where it is not. */
  adapt(now) {
    if (this.lastNow) this.pace = 0.9 * (this.pace ?? 16) + 0.1 * (now - this.lastNow);
    this.lastNow = now;
    this.waited = (this.waited ?? 0) + 1;
    if (this.waited < 30) return;
    this.waited = 0;
    const most = Math.min(2, window.devicePixelRatio || 1);
    if (this.pace > SLOW_MS) this.ratio = Math.max(LEAST_RATIO, 0.8 * this.ratio);
    else if (this.pace < FAST_MS) this.ratio = Math.min(most, 1.1 * this.ratio);
  }

  /** Give the picture the size of its place; whether it had another one. */
  fit(ratio = this.ratio) {
    const { canvas } = this.renderer;
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (canvas.width === width && canvas.height === height) return false;
    canvas.width = width;
    canvas.height = height;
    return true;
  }

  /** Where the film is behind the picture: left, top and zoom in the picture's pixels. */
  filmBox() {
    const { canvas } = this.renderer;
    const [width, height] = this.scene.camera?.size ?? [1, 1];
    const zoom = Math.min(canvas.width / width, canvas.height / height);
    return { zoom, left: (canvas.width - width * zoom) / 2, top: (canvas.height - height * zoom) / 2 };
  }

  /** Look as the camera did, with the film behind the bones where there is one. */
  lookAsFilm(on = !this.orbit.fromFilm) {
    const { orbit, scene } = this;
    if (on && !scene.camera) return;
    orbit.fromFilm = on ? cameraAt(scene.camera, this.player.frame) : null;
    const film = this.film ?? $("photo");
    (on ? $("behind") : $("film")).append(film);
    document.body.classList.toggle("behind", on);
    $("as-film").setAttribute("aria-pressed", on);
    this.renderer.look.grid = !on;
    if (this.player.playing) this.film?.play();
    this.stale = true;
  }

  resetView() {
    if (this.orbit.fromFilm) this.lookAsFilm(false);
    this.orbit.reset();
    this.followPerson();
  }

  toggle(name) {
    document.body.classList.toggle(name);
    this.stale = true;
  }

  connect() {
    const { player, scene, orbit } = this;
    orbit.left = () => this.lookAsFilm(false);
    orbit.homed = () => this.resetView();
    orbit.tapped = (x, y) => this.tap(x, y);
    $("scrub").max = player.last;
    $("scrub").oninput = () => { player.pause(); player.show(Number($("scrub").value)); };
    $("speed").onchange = () => player.setSpeed(Number($("speed").value));
    const clicks = {
      play: () => player.toggle(), back: () => player.stepBy(-1), on: () => player.stepBy(1),
      reset: () => this.resetView(), theme: () => this.switchTheme(), "as-film": () => this.lookAsFilm(),
      follow: () => this.switchFollow(), over: () => this.switchOver(), help: () => $("keys").showModal(), choose: () => this.toggle("choosing"),
    };
    for (const [id, act] of Object.entries(clicks)) $(id).onclick = act;
    $("as-film").disabled = !scene.camera;
    $("over").hidden = !scene.persons.some((person) => person.beside);
    $("as-film").hidden = !$("over").hidden;
    for (const tab of document.querySelectorAll("[data-tab]")) tab.onclick = () => this.openTab(tab.dataset.tab);
    this.fillPersons();
    this.openTab("curves");
    document.body.classList.toggle("still", player.last === 0);
    if (player.last === 0) document.querySelector("[data-tab=curves]").textContent = "Angles";
    addEventListener("keydown", (event) => this.key(event));
  }

  fillPersons() {
    const { persons } = this.scene;
    $("person").hidden = persons.length < 2;
    $("person").append(...persons.map((person, i) => new Option(titleOf(person), i)));
    $("person").onchange = () => this.showPerson(Number($("person").value));
    if (persons.length > 1) $("numbers").append(...persons.map((person) => make("b", "", person.number)));
    $("nobody").hidden = persons.length > 0;
    if (!persons.some((person) => person.answers)) document.querySelector("[data-tab=answers]").remove();
    this.showPerson(0);
  }

  /** Show somebody's curves, and whose they are. */
  showPerson(chosen) {
    this.curves.show(chosen);
    this.markEvents(this.scene.persons[chosen]);
    showAnswers($("answers"), this.scene.persons[chosen]?.answers);
    [...$("numbers").children].forEach((label, i) => label.classList.toggle("chosen", i === chosen));
  }

  /** Marks below the time line: strikes, turns and landings high, what ends or begins a phase low. */
  markEvents(person) {
    const { player } = this;
    $("marks").replaceChildren(...(person?.events ?? []).map(([seconds, name, side]) => {
      const mark = make("i", `${side || "m"}${/toe|start|end/.test(name) ? " off" : ""}`);
      mark.style.left = `${(100 * player.frameAt(seconds)) / Math.max(1, player.last)}%`;
      return mark;
    }));
  }

  openTab(name) {
    for (const tab of document.querySelectorAll("[data-tab]")) tab.setAttribute("aria-selected", tab.dataset.tab === name);
    for (const pane of document.querySelectorAll("[data-pane]")) pane.hidden = pane.dataset.pane !== name;
    $("choose").hidden = name !== "curves";
    this.curves.redraw();
  }

  switchTheme() { this.setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"); }

  switchFollow() {
    this.follows = !this.follows;
    $("follow").setAttribute("aria-pressed", this.follows);
    this.changed();
  }

  /** Several recordings: over one another, or side by side. */
  switchOver() {
    const { persons } = this.scene, over = !persons[0].over;
    for (const person of persons) person.over = over;
    $("over").setAttribute("aria-pressed", over);
    this.changed();
  }

  tap(x, y) {
    const { canvas } = this.renderer;
    const zoom = canvas.width / canvas.clientWidth;
    this.bones.choose(this.renderer.pick(this.eyes.matrix, Math.floor(x * zoom), Math.floor(y * zoom)));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=range]), select")) return;
    const { player } = this;
    const keys = {
      " ": () => player.toggle(), ArrowLeft: () => player.stepBy(event.shiftKey ? -10 : -1),
      ArrowRight: () => player.stepBy(event.shiftKey ? 10 : 1), Home: () => player.show(0), End: () => player.show(player.last),
      f: () => this.switchFollow(), c: () => this.lookAsFilm(), r: () => $("reset").click(), t: () => this.switchTheme(),
      h: () => this.bones.chosen >= 0 && this.bones.hide([this.bones.chosen]), a: () => this.bones.showAll(),
      g: () => { this.renderer.look.grid = !this.renderer.look.grid; this.stale = true; }, p: () => this.toggle("no-side"),
      "+": () => this.step(1), "-": () => this.step(-1), "?": () => $("keys").showModal(),
    };
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** The next faster or slower speed. */
  step(by) {
    const list = $("speed");
    list.selectedIndex = Math.min(list.length - 1, Math.max(0, list.selectedIndex + by));
    list.onchange();
  }
}

/** A person's name, and the verdict where it is not good. */
const titleOf = ({ name, answers }) => (answers && answers.verdict !== "good" ? `${name} (${answers.verdict})` : name);

try {
  const scene = await readScene();
  globalThis.pase = new App(scene, await filmAddress(scene.film));
} catch (error) {
  $("problem").hidden = false;
  $("problem").textContent = `This page cannot be shown: ${error.message}`;
  throw error;
}
