// A table of days. The arrow keys move from day to day, Enter and Space open one.

const months = new WeakMap();
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export default function ({ data, parentElement, setTriggerValue }) {
  let month = months.get(parentElement);
  if (!month) {
    month = document.createElement("table");
    month.className = "month";
    month.addEventListener("keydown", (event) => pressKey(month, event));
    month.addEventListener("click", (event) => {
      const day = event.target.closest("button");
      if (day) month.pick(day.dataset.on);
    });
    parentElement.append(month);
    months.set(parentElement, month);
  }
  month.pick = (on) => setTriggerValue("pick", on);
  draw(month, data);
  // An overtaken run is cleaned up late: only the last one may take the month away.
  const turn = (month.turn = (month.turn ?? 0) + 1);
  return () => {
    if (month.turn !== turn) return;
    month.remove();
    months.delete(parentElement);
  };
}

function make(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

function draw(month, data) {
  const active = month.getRootNode().activeElement?.dataset?.on;
  month.setAttribute("aria-label", data.label);
  const head = make("tr");
  for (const name of data.weekdays) {
    const cell = make("th", "", name);
    cell.scope = "col";
    head.append(cell);
  }
  const rows = [head];
  for (let at = -data.blanks; at < data.cells.length; at += 7) rows.push(drawWeek(data, at));
  month.replaceChildren(...rows);
  const days = [...month.querySelectorAll("button")];
  const again = days.find((day) => day.dataset.on === active);
  const first = again ?? days.find((day) => day.ariaCurrent) ?? days.find((day) => day.dataset.kind === "free") ?? days[0];
  first.tabIndex = 0;
  again?.focus({ preventScroll: true });
}

function drawWeek(data, at) {
  const row = make("tr");
  for (let place = at; place < at + 7; place += 1) {
    const cell = make("td");
    if (data.cells[place]) cell.append(drawDay(data.cells[place]));
    row.append(cell);
  }
  return row;
}

function drawDay(day) {
  const button = make("button", "day");
  button.type = "button";
  button.tabIndex = -1;
  button.dataset.on = day.on;
  button.dataset.kind = day.kind;
  button.dataset.level = day.level;
  button.setAttribute("aria-label", day.label);
  if (day.is_today) button.ariaCurrent = "date";
  button.append(make("span", "number", String(day.number)));
  for (const [place, name] of ["first", "second"].entries()) {
    const words = make("span", name, day.words[place]);
    words.dataset.short = day.short[place];
    button.append(words);
  }
  return button;
}

function pressKey(month, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const days = [...month.querySelectorAll("button")];
  const at = days.indexOf(event.target.closest("button"));
  const to = { Home: 0, End: days.length - 1 }[event.key] ?? at + (STEPS[event.key] ?? NaN);
  if (at < 0 || Number.isNaN(to)) return;
  event.preventDefault();
  const next = days[to];
  if (!next) return;
  days[at].tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
