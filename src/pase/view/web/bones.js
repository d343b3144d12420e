import { make } from "./dom.js";

const LENGTHS = { hip_width: "hip width", shoulder_width: "shoulder width", pelvis_width: "pelvis width", head_height: "head height" };

/** The list of bones, which are hidden and which is chosen, and the card of the chosen one. */
export class Bones {
  constructor(list, card, bones, persons, changed) {
    Object.assign(this, { list, card, bones, persons, changed, hidden: new Set(), chosen: -1 });
    this.build();
    this.showCard();
  }

  build() {
    this.boxes = new Map();
    for (const [index, person] of this.persons.entries()) {
      if (this.persons.length > 1) this.list.append(make("h3", "", person.name));
      const own = this.bones.map((bone, i) => [bone, i]).filter(([bone]) => bone.person === index);
      for (const region of new Set(own.map(([bone]) => bone.region))) {
        this.list.append(this.part(region, own.filter(([bone]) => bone.region === region).map(([, i]) => i)));
      }
    }
  }

  part(region, numbers) {
    const part = make("details", "part");
    const head = make("summary", "");
    head.append(this.box(numbers), make("span", "", region), make("span", "count", String(numbers.length)));
    part.append(head);
    for (const i of numbers) {
      const row = make("div", "bone");
      const name = make("button", "link", this.bones[i].name);
      name.onclick = () => this.choose(i);
      row.append(this.box([i]), name);
      part.append(row);
    }
    return part;
  }

  box(numbers) {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
    box.setAttribute("aria-label", "show");
    box.onclick = (event) => event.stopPropagation();
    box.onchange = () => this.hide(numbers, !box.checked);
    this.boxes.set(box, numbers);
    return box;
  }

  hide(numbers, hide = true) {
    for (const i of numbers) hide ? this.hidden.add(i) : this.hidden.delete(i);
    for (const [box, own] of this.boxes) {
      const seen = own.filter((i) => !this.hidden.has(i)).length;
      box.checked = seen > 0;
      box.indeterminate = seen > 0 && seen < own.length;
    }
    this.changed();
  }

  hideRest(number) {
    const { body, person } = this.bones[number];
    const rest = this.bones.map((bone, i) => [bone, i]).filter(([bone]) => bone.body !== body || bone.person !== person);
    this.hide(rest.map(([, i]) => i));
  }

  showAll() { this.hide([...this.hidden], false); }

  choose(number) {
    this.chosen = number;
    this.showCard();
    this.changed();
  }

  /** Name, place and lengths of the chosen bone. */
  showCard() {
    const { card } = this;
    const bone = this.bones[this.chosen];
    card.hidden = !bone;
    if (!bone) return;
    const close = make("button", "close", "✕");
    close.setAttribute("aria-label", "close");
    close.onclick = () => this.choose(-1);
    const facts = make("dl", "");
    const fact = (name, value) => facts.append(make("dt", "", name), make("dd", "", value));
    if (this.persons.length > 1) fact("person", this.persons[bone.person].name);
    fact("body", bone.bodyName);
    for (const row of bone.lengths) {
      fact(LENGTHS[row.name] ?? "length", lengthText(row));
      if (row.percentile === null) continue;
      fact("percentile", row.percentile.toFixed(0));
      facts.append(gauge(row.percentile));
    }
    fact("longest side", `${(1000 * bone.extent).toFixed(0)} mm`);
    const buttons = make("div", "row");
    const button = (text, act) => {
      const made = make("button", "small", text);
      made.onclick = act;
      buttons.append(made);
    };
    button("Hide", () => { this.hide([this.chosen]); this.choose(-1); });
    button("Only this body", () => this.hideRest(this.chosen));
    button("Show all", () => this.showAll());
    card.replaceChildren(close, make("h2", "", bone.name), facts, buttons);
  }
}

function lengthText({ length, sd }) {
  const spread = sd === null ? "" : ` ± ${(1000 * sd).toFixed(0)}`;
  return `${(1000 * length).toFixed(0)}${spread} mm`;
}

/** Where a percentile lies between the least and the largest. */
function gauge(percentile) {
  const bar = make("div", "gauge");
  const mark = make("i", "");
  mark.style.left = `${Math.min(99, Math.max(1, percentile))}%`;
  bar.append(mark);
  return bar;
}
