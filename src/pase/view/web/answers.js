import { make } from "./dom.js";

/** What was measured of a person: movement, quality, and a row a measure; left and right have cells of their own. */
export function showAnswers(box, answers) {
  box.replaceChildren();
  if (!answers) return;
  const { movement, verdict, reasons, rows } = answers;
  const head = make("p", "answers-head", movement ? `${movement} ` : "");
  head.append(make("span", `quality ${verdict.replaceAll(" ", "-")}`, `quality: ${verdict}`));
  box.append(head, ...reasons.map((reason) => make("p", "reason", reason)));
  const table = make("table", "");
  table.append(row("th", ["", "left", "right", ""]), ...rows.map((cells) => row("td", cells)));
  if (rows.length) box.append(table, make("p", "legend", "± is one standard deviation of the estimate"));
}

function row(tag, cells) {
  const line = make("tr");
  line.append(...cells.map((cell) => make(tag, "", cell)));
  if (cells.length === 3) line.children[1].colSpan = 2;
  return line;
}
