// A week of half hours. Drag from one to another, touch both, or walk there by the arrow keys
// and press the space bar at each end. The server draws what came of it.

const grids = new WeakMap();
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export default function ({ data, parentElement, setTriggerValue }) {
  let grid = grids.get(parentElement);
  if (!grid) {
    grid = build();
    parentElement.append(grid);
    grids.set(parentElement, grid);
  }
  grid.data = data;
  grid.send = (stroke) => setTriggerValue("painted", stroke);
  draw(grid);
  // An overtaken run is cleaned up late: only the last one may take the grid away.
  const turn = (grid.turn = (grid.turn ?? 0) + 1);
  return () => {
    if (grid.turn !== turn) return;
    window.removeEventListener("pointerup", grid.drop);
    grid.remove();
    grids.delete(parentElement);
  };
}

function make(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

function build() {
  const grid = make("div", "hours");
  grid.table = make("table");
  grid.said = make("p", "said");
  grid.said.setAttribute("role", "status");
  grid.append(grid.table, grid.said);
  grid.drop = () => {
    if (grid.dragged) finish(grid, grid.over);
  };
  grid.addEventListener("pointerdown", (event) => {
    grid.pointer = event.pointerType;
    const cell = cellOf(event);
    if (!cell || event.pointerType !== "mouse" || event.button !== 0) return;
    begin(grid, cell);
    grid.dragged = true;
  });
  grid.addEventListener("pointerover", (event) => {
    const cell = cellOf(event);
    if (cell && grid.from && event.pointerType === "mouse") reach(grid, cell);
  });
  grid.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell && grid.pointer !== "mouse") take(grid, cell);
  });
  grid.addEventListener("keydown", (event) => press(grid, event));
  window.addEventListener("pointerup", grid.drop);
  return grid;
}

function cellOf(event) {
  return event.target.closest?.("button");
}

function placeOf(cell) {
  return { day: Number(cell.dataset.day), minute: Number(cell.dataset.minute) };
}

function draw(grid) {
  const { data } = grid;
  const active = grid.getRootNode().activeElement?.dataset;
  const again = active?.minute !== undefined ? active : grid.last;
  grid.from = grid.over = null;
  grid.dragged = false;
  grid.table.setAttribute("aria-label", data.label);
  const head = make("tr");
  head.append(make("td"));
  for (const name of data.days) {
    const cell = make("th", "", name);
    cell.scope = "col";
    cell.dataset.short = name.slice(0, 2);
    head.append(cell);
  }
  grid.table.replaceChildren(head, ...data.rows.map(drawRow));
  const cells = [...grid.table.querySelectorAll("button")];
  const same = cells.find(
    (cell) => again && cell.dataset.day === again.day && cell.dataset.minute === again.minute,
  );
  (same ?? cells.find((cell) => cell.dataset.minute === "540") ?? cells[0]).tabIndex = 0;
  if (active?.minute !== undefined) same?.focus({ preventScroll: true });
}

function drawRow(row) {
  const drawn = make("tr", row.minute % 60 ? "half" : "whole");
  const time = make("th", "time", row.minute % 60 ? "" : row.time);
  time.scope = "row";
  if (row.minute % 60) time.setAttribute("aria-label", row.time);
  drawn.append(time);
  row.cells.forEach((cell, place) => {
    const holder = make("td");
    const button = make("button", "cell", cell.title);
    button.type = "button";
    button.tabIndex = -1;
    button.dataset.day = place + 1;
    button.dataset.minute = row.minute;
    button.dataset.state = cell.state;
    button.dataset.short = cell.short;
    if (cell.is_part) button.dataset.part = cell.is_part;
    button.setAttribute("aria-label", cell.title ? `${cell.label}, ${cell.title}` : cell.label);
    holder.append(button);
    drawn.append(holder);
  });
  return drawn;
}

function begin(grid, cell) {
  grid.from = cell;
  reach(grid, cell);
}

function reach(grid, cell) {
  grid.over = cell;
  const { first, last, from, to } = strokeOf(grid);
  for (const each of grid.table.querySelectorAll("button")) {
    const { day, minute } = placeOf(each);
    each.toggleAttribute("data-chosen", first <= day && day <= last && from <= minute && minute < to);
  }
}

function strokeOf(grid) {
  const [one, other] = [placeOf(grid.from), placeOf(grid.over)];
  return {
    first: Math.min(one.day, other.day),
    last: Math.max(one.day, other.day),
    from: Math.min(one.minute, other.minute),
    to: Math.max(one.minute, other.minute) + grid.data.step,
  };
}

// The first press begins a stroke, the second ends it.
function take(grid, cell) {
  if (grid.from) {
    finish(grid, cell);
    return;
  }
  begin(grid, cell);
  const { words, days } = grid.data;
  const { day, minute } = placeOf(cell);
  const time = `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  grid.said.textContent = words.begun.replace("{day}", days[day - 1]).replace("{time}", time);
}

function finish(grid, cell) {
  grid.over = cell;
  grid.last = { ...cell.dataset };
  const stroke = strokeOf(grid);
  leave(grid, "");
  grid.send(stroke);
}

function leave(grid, said) {
  grid.from = grid.over = null;
  grid.dragged = false;
  grid.said.textContent = said;
  for (const each of grid.table.querySelectorAll("[data-chosen]")) each.removeAttribute("data-chosen");
}

function press(grid, event) {
  const cell = cellOf(event);
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    event.stopPropagation();
    take(grid, cell);
  } else if (event.key === "Escape" && grid.from) {
    event.preventDefault();
    event.stopPropagation();
    leave(grid, grid.data.words.left);
  } else if (STEPS[event.key]) {
    event.preventDefault();
    walk(grid, cell, STEPS[event.key]);
  }
}

function walk(grid, cell, [days, rows]) {
  const { day, minute } = placeOf(cell);
  const to = grid.table.querySelector(
    `button[data-day="${day + days}"][data-minute="${minute + rows * grid.data.step}"]`,
  );
  if (!to) return;
  cell.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
  if (grid.from) reach(grid, to);
}
