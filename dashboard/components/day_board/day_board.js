// Rows of the day. Up and down move from row to row; a row's own keys press its buttons.

const boards = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let board = boards.get(parentElement);
  if (!board) {
    board = document.createElement("div");
    board.className = "board";
    board.setAttribute("role", "list");
    board.addEventListener("keydown", (event) => pressKey(board, event));
    board.addEventListener("click", (event) => clickButton(board, event));
    parentElement.append(board);
    boards.set(parentElement, board);
  }
  board.press = (row, button) => setTriggerValue("press", { row, button });
  draw(board, data);
  // An overtaken run is cleaned up late: only the last one may take the board away.
  const turn = (board.turn = (board.turn ?? 0) + 1);
  return () => {
    if (board.turn !== turn) return;
    board.remove();
    boards.delete(parentElement);
  };
}

function make(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

function draw(board, data) {
  const active = board.getRootNode().activeElement?.closest?.(".row")?.dataset.booking;
  const at = [...board.querySelectorAll(".row")].findIndex((row) => row.dataset.booking === active);
  board.setAttribute("aria-label", data.label);
  board.replaceChildren();
  if (!data.rows.length) {
    board.append(make("div", "empty", data.empty));
    return;
  }
  let group = "";
  for (const row of data.rows) {
    if (row.group !== group) {
      group = row.group;
      const heading = make("div", "group", group);
      heading.setAttribute("role", "presentation");
      board.append(heading);
    }
    board.append(drawRow(row));
  }
  const rows = [...board.querySelectorAll(".row")];
  // Where the row is gone to another part of the board, its place keeps the focus.
  const again = rows.find((row) => row.dataset.booking === active) ?? (active ? rows[Math.min(at, rows.length - 1)] : null);
  (again ?? rows[0]).tabIndex = 0;
  again?.focus({ preventScroll: true });
}

function drawRow(row) {
  const line = make("div", "row");
  line.dataset.id = row.id;
  line.dataset.booking = row.id.split(".")[0];
  line.dataset.state = row.state;
  line.tabIndex = -1;
  line.setAttribute("role", "listitem");
  line.setAttribute("aria-label", [row.time, row.title, row.alert, row.detail, row.status].filter(Boolean).join(", "));
  line.setAttribute("aria-keyshortcuts", row.buttons.map((button) => button.key).join(" "));
  const who = make("div", "who");
  const open = make("button", "title", row.title);
  open.dataset.button = "open";
  open.tabIndex = -1;
  const head = make("div", "head");
  head.append(open);
  if (row.alert) {
    const mark = make("span", "alert", "⚠");
    mark.title = row.alert;
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", row.alert);
    head.append(mark);
  }
  who.append(head, make("span", "detail", row.detail));
  const steps = make("div", "steps");
  for (const button of row.buttons) {
    const step = make("button", "step", button.word);
    step.dataset.button = button.id;
    step.tabIndex = -1;
    step.append(make("kbd", "", button.key));
    steps.append(step);
  }
  line.append(make("span", "time", row.time), who, make("span", "status", row.status), steps);
  return line;
}

function clickButton(board, event) {
  const button = event.target.closest("[data-button]");
  if (!button) return;
  const row = button.closest(".row");
  row.focus();
  board.press(row.dataset.id, button.dataset.button);
}

function pressKey(board, event) {
  const row = event.target.closest(".row");
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...board.querySelectorAll(".row")];
  const at = rows.indexOf(row);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to !== undefined) {
    const next = rows[Math.max(0, Math.min(rows.length - 1, to))];
    row.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  } else if (event.key === "Enter") {
    board.press(row.dataset.id, "open");
  } else {
    const said = event.key.toUpperCase();
    const button = [...row.querySelectorAll(".step")].find((step) => step.lastChild.textContent === said);
    if (!button) return;
    board.press(row.dataset.id, button.dataset.button);
  }
  event.preventDefault();
  event.stopPropagation();
}
