import { make } from "./dom.js";

const LEFT = "#0072b2", RIGHT = "#d55e00", MIDDLE = "#009e73";
const LEFT_DARK = "#56b4e9", RIGHT_DARK = "#e69f00", MIDDLE_DARK = "#2fc79b";
const MARGIN = { left: 38, right: 8, top: 6, bottom: 16 };
const FIRST = ["Hip flexion", "Knee flexion", "Ankle dorsiflexion", "Trunk flexion", "Elbow flexion"];


/** Curves of one person's coordinates over time; left and right share a picture. A photo has values without curves. */
export class Curves {
  constructor(box, chooser, scene, player) {
    Object.assign(this, { box, chooser, scene, player, charts: [], chosen: new Set() });
    player.onChange(() => this.mark());
    new ResizeObserver(() => this.redraw()).observe(box);
    this.show(0);
  }

  show(index) {
    const person = this.scene.persons[index];
    this.person = person;
    this.groups = person ? grouped(person.angles.list) : [];
    if (!this.chosen.size) {
      const seen = this.groups.filter((group) => this.isSeen(group));
      const named = this.player.last ? this.groups.filter((group) => FIRST.includes(group.name)) : seen;
      (named.length ? named : this.groups.slice(0, 4)).forEach((group) => this.chosen.add(group.name));
    }
    this.fillChooser();
    this.build();
  }

  /** Whether any value of a group is known. */
  isSeen(group) {
    const { values } = this.person.angles, frames = this.player.time.length;
    return group.members.some(({ row }) => values.subarray(row * frames, (row + 1) * frames).some((v) => !Number.isNaN(v)));
  }

  fillChooser() {
    this.chooser.replaceChildren();
    for (const region of new Set(this.groups.map((group) => group.region))) {
      const part = make("div", "choices");
      part.append(make("h3", "", region));
      for (const group of this.groups.filter((one) => one.region === region)) {
        const button = make("button", "choice", group.name);
        button.setAttribute("aria-pressed", this.chosen.has(group.name));
        button.onclick = () => {
          if (!this.chosen.delete(group.name)) this.chosen.add(group.name);
          button.setAttribute("aria-pressed", this.chosen.has(group.name));
          this.build();
        };
        part.append(button);
      }
      this.chooser.append(part);
    }
  }

  build() {
    this.charts = this.groups.filter((group) => this.chosen.has(group.name)).map((group) => this.chart(group));
    this.box.replaceChildren(...this.charts.map((chart) => chart.element));
    if (!this.charts.length) this.box.append(make("p", "empty", "No curve is chosen."));
    this.redraw();
  }

  chart(group) {
    const element = make("figure", "chart");
    const head = make("figcaption", "");
    head.append(make("span", "name", group.name));
    const reads = group.members.map((member) => {
      const read = make("span", `read side-${member.side || "m"}`);
      head.append(read);
      return read;
    });
    element.append(head);
    if (!this.player.last || !this.isSeen(group)) return { group, element, reads };
    const field = make("div", "field");
    const canvas = make("canvas", "");
    const cursor = make("div", "cursor");
    field.append(canvas, cursor);
    element.append(field);
    const jump = (event) => {
      const inside = field.getBoundingClientRect();
      const share = (event.clientX - inside.left - MARGIN.left) / (inside.width - MARGIN.left - MARGIN.right);
      const { time } = this.player;
      this.player.pause();
      this.player.show(this.player.frameAt(time[0] + share * (time[this.player.last] - time[0])));
    };
    field.addEventListener("pointerdown", (event) => { field.setPointerCapture(event.pointerId); jump(event); });
    field.addEventListener("pointermove", (event) => { if (event.buttons) jump(event); });
    return { group, element, canvas, cursor, reads };
  }

  redraw() {
    for (const chart of this.charts) this.draw(chart);
    this.mark();
  }

  draw({ group, canvas }) {
    if (!canvas?.clientWidth) return;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(this.box);
    const ink = style.getPropertyValue("--faint"), text = style.getPropertyValue("--soft");
    const ends = limits(group, this.person.angles, this.player.time.length);
    const plane = { pen, width, height, ends, time: this.player.time, ink, text };
    drawAxes(plane, group);
    drawEvents(plane, this.person.events ?? [], group);
    const dark = document.documentElement.dataset.theme === "dark";
    for (const member of group.members) drawCurve(plane, this.person.angles, member, color(member.side, dark));
  }

  /** Move the cursors to the present frame and tell the values there. */
  mark() {
    const { player } = this;
    if (!this.charts.length || !this.box.clientWidth) return;
    const { time, frame } = player;
    const share = player.last ? (time[frame] - time[0]) / (time[player.last] - time[0]) : 0;
    for (const chart of this.charts) {
      if (chart.canvas) {
        const width = chart.canvas.clientWidth - MARGIN.left - MARGIN.right;
        chart.cursor.style.transform = `translateX(${MARGIN.left + share * width}px)`;
      }
      chart.group.members.forEach((member, i) => {
        chart.reads[i].textContent = told(this.person.angles, member, frame, time.length);
      });
    }
  }
}

const color = (side, dark) =>
  dark ? { l: LEFT_DARK, r: RIGHT_DARK }[side] ?? MIDDLE_DARK : { l: LEFT, r: RIGHT }[side] ?? MIDDLE;

function grouped(list) {
  const groups = new Map();
  list.forEach((item, row) => {
    const group = groups.get(item.name) ?? { name: item.name, region: item.region, unit: item.unit, range: item.range, members: [] };
    group.members.push({ ...item, row });
    groups.set(item.name, group);
  });
  return [...groups.values()];
}

/** A rounded number with a true minus; nothing is −0. */
const plain = (value, digits) => value.toFixed(digits).replace(/^-(?=[0.]+$)/, "").replace("-", "−");

function told(angles, member, frame, frames) {
  const value = angles.values[member.row * frames + frame], spread = angles.spread[member.row * frames + frame];
  const side = { l: "L ", r: "R " }[member.side] ?? "";
  if (Number.isNaN(value)) return frames > 1 ? `${side}–` : `${side}not seen`;
  const digits = member.unit === "m" ? 2 : 0, gap = member.unit === "m" ? " " : "";
  const band = Number.isNaN(spread) ? "" : ` ± ${spread.toFixed(digits)}`;
  return `${side}${plain(value, digits)}${gap}${member.unit}${band}`;
}

/** Least and largest value to show, with a little room. */
function limits(group, angles, frames) {
  let low = Infinity, high = -Infinity;
  for (const { row } of group.members) {
    for (let i = row * frames; i < (row + 1) * frames; i++) {
      const value = angles.values[i], spread = 2 * (angles.spread[i] || 0);
      if (Number.isNaN(value)) continue;
      low = Math.min(low, value - spread);
      high = Math.max(high, value + spread);
    }
  }
  if (low > high) return [0, 1];
  const least = group.unit === "m" ? 0.05 : 10;
  const room = Math.max(0.06 * (high - low), (least - (high - low)) / 2);
  return [low - room, high + room];
}

/** Thin lines at what happened, those of one side only in curves that have it. */
function drawEvents({ pen, width, height, time }, events, group) {
  const left = MARGIN.left, right = width - MARGIN.right, sides = group.members.map((member) => member.side);
  for (const [seconds, name, side] of events) {
    if (side && !sides.includes(side)) continue;
    const x = left + ((seconds - time[0]) / (time[time.length - 1] - time[0])) * (right - left);
    pen.strokeStyle = { l: "rgba(0, 114, 178, 0.45)", r: "rgba(213, 94, 0, 0.45)" }[side] ?? "rgba(0, 158, 115, 0.5)";
    pen.setLineDash(/toe|start|end/.test(name) ? [2, 3] : []);
    pen.beginPath();
    pen.moveTo(x, MARGIN.top);
    pen.lineTo(x, height - MARGIN.bottom);
    pen.stroke();
  }
  pen.setLineDash([]);
}

function drawAxes({ pen, width, height, ends, time, ink, text }, group) {
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const y = (value) => bottom - ((value - ends[0]) / (ends[1] - ends[0])) * (bottom - top);
  if (group.range) {
    pen.fillStyle = "rgba(213, 94, 0, 0.1)";
    if (y(group.range[1]) > top) pen.fillRect(left, top, right - left, y(group.range[1]) - top);
    if (y(group.range[0]) < bottom) pen.fillRect(left, y(group.range[0]), right - left, bottom - y(group.range[0]));
  }
  pen.font = "10px system-ui, sans-serif";
  pen.fillStyle = text;
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const value of ticks(ends[0], ends[1], 3)) {
    pen.beginPath();
    pen.moveTo(left, Math.round(y(value)) + 0.5);
    pen.lineTo(right, Math.round(y(value)) + 0.5);
    pen.stroke();
    pen.fillText(group.unit === "m" ? plain(value, 2) : `${plain(value, 0)}°`, left - 5, y(value));
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  if (time.length < 2) return;
  const span = time[time.length - 1] - time[0] || 1;
  for (const value of ticks(time[0], time[time.length - 1], 5)) {
    pen.fillText(`${+value.toFixed(2)} s`, left + ((value - time[0]) / span) * (right - left), bottom + 3);
  }
}

function drawCurve({ pen, width, height, ends, time }, angles, member, stroke) {
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const frames = time.length, span = time[frames - 1] - time[0] || 1;
  const x = (i) => (frames > 1 ? left + ((time[i] - time[0]) / span) * (right - left) : (left + right) / 2);
  const y = (value) => bottom - ((value - ends[0]) / (ends[1] - ends[0])) * (bottom - top);
  const value = (i) => angles.values[member.row * frames + i];
  const spread = (i) => angles.spread[member.row * frames + i];
  pen.save();
  pen.beginPath();
  pen.rect(left, top, right - left, bottom - top);
  pen.clip();
  pen.fillStyle = stroke;
  pen.strokeStyle = stroke;
  for (const [start, end] of runs(frames, (i) => !Number.isNaN(value(i)))) {
    if (!Number.isNaN(spread(start))) {
      pen.globalAlpha = 0.2;
      pen.beginPath();
      for (let i = start; i <= end; i++) pen.lineTo(x(i), y(value(i) + 2 * spread(i)));
      for (let i = end; i >= start; i--) pen.lineTo(x(i), y(value(i) - 2 * spread(i)));
      pen.fill();
      pen.globalAlpha = 1;
    }
    pen.lineWidth = 1.8;
    pen.lineJoin = "round";
    pen.beginPath();
    for (let i = start; i <= end; i++) pen.lineTo(x(i), y(value(i)));
    pen.stroke();
    if (start === end) pen.fillRect(x(start) - 3, y(value(start)) - 3, 6, 6);
  }
  pen.restore();
}

/** First and last index of every stretch in which something is known. */
function runs(count, known) {
  const found = [];
  for (let i = 0; i < count; i++) {
    if (!known(i)) continue;
    if (i > 0 && known(i - 1)) found[found.length - 1][1] = i;
    else found.push([i, i]);
  }
  return found;
}

/** Round numbers between two ends, about `count` of them. */
export function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power;
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9; value += step) found.push(value);
  return found;
}
