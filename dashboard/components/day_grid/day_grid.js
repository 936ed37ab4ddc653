// One desk for each calendar on the page: it receives days, draws them and reports what is
// done on them. Listeners sit on the desk's root, once; a redraw only changes what is inside.

const desks = new WeakMap();
let lastStamp = 0;

export default function ({ data, parentElement, setTriggerValue }) {
  const desk = desks.get(parentElement) ?? openDesk(parentElement);
  desk.report = (event) => setTriggerValue("event", event);
  receiveDay(desk, data);
  // An overtaken run is cleaned up late: only the last one may close the desk.
  const turn = ++desk.turn;
  return () => { if (desk.turn === turn) closeDesk(desk, parentElement); };
}

function openDesk(parentElement) {
  const root = make("div", "desk");
  const scroller = make("div", "scroller");
  const tip = make("div", "tip");
  const live = make("div", "live");
  const keys = make("div", "keys");
  const legend = make("div", "legend");
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-describedby", "keys");
  keys.id = "keys";
  keys.hidden = true;
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  live.setAttribute("role", "status");
  root.append(scroller, legend, tip, live, keys);
  parentElement.append(root);
  const desk = {
    root, scroller, legend, tip, live, keys, ghost: makeFrame("ghost"), preview: makeFrame("preview"),
    closing: new AbortController(), things: new Map(), turn: 0, view: "", width: root.clientWidth,
    data: null, day: null, drag: null, carry: null, moving: null, rovingId: null,
  };
  listenTo(desk);
  desks.set(parentElement, desk);
  return desk;
}

function makeFrame(look) {
  const frame = make("div", look);
  frame.append(make("span", "time"), make("span", "title"));
  frame.setAttribute("aria-hidden", "true");
  return frame;
}

function listenTo(desk) {
  const { signal } = desk.closing;
  const listen = (name, react) =>
    desk.root.addEventListener(name, (event) => react(desk, event), { signal });
  listen("click", clickThing);
  listen("keydown", pressKey);
  listen("pointerdown", pressBlock);
  listen("pointerover", hoverThing);
  listen("pointerleave", () => leaveThing(desk));
  listen("focusin", focusThing);
  listen("focusout", () => { hideTip(desk); hidePreview(desk); dropCarry(desk, false); });
  window.addEventListener("resize", () => refitDesk(desk), { signal });
  desk.scroller.addEventListener("scroll", () => hideTip(desk), { signal, passive: true });
  desk.widths = new ResizeObserver(([entry]) => {
    desk.width = entry.contentRect.width;
    if (desk.data && desk.width && viewFor(desk) !== desk.view) redrawDesk(desk);
  });
  desk.widths.observe(desk.root);
  // What stands above may arrive or grow later, and push the calendar below the fold.
  desk.folds = new ResizeObserver(() => refitDesk(desk));
  for (let above = hostOf(desk).parentElement; above; above = above.parentElement) {
    desk.folds.observe(above, { box: "border-box" });
  }
  desk.clock = setInterval(() => moveNow(desk), 20_000);
}

function closeDesk(desk, parentElement) {
  desk.closing.abort();
  desk.drag?.press.abort();
  desk.drag = null;
  desk.widths.disconnect();
  desk.folds.disconnect();
  clearInterval(desk.clock);
  for (const timer of [desk.patience, desk.tipTimer]) clearTimeout(timer);
  desk.root.remove();
  desks.delete(parentElement);
}

function receiveDay(desk, data) {
  if (data !== desk.data) desk.receivedAt = performance.now();
  desk.data = data;
  redrawDesk(desk);
}

/** Never while something is carried: it would vanish from the hand. */
function redrawDesk(desk) {
  if (desk.drag || desk.carry) desk.late = true;
  else drawDesk(desk);
}

function redrawIfLate(desk) {
  if (!desk.late) return;
  desk.late = false;
  drawDesk(desk);
}

function viewFor(desk) {
  return desk.width < NARROW ? "list" : "grid";
}

function drawDesk(desk) {
  const began = performance.now();
  const { root, scroller, data } = desk;
  const focus = focusedThing(desk);
  const opened = new Set([...root.querySelectorAll("details[open]")].map((d) => d.dataset.key));
  const sameShape = desk.view === viewFor(desk) && String(data.span) === String(desk.day?.span);
  hideTip(desk);
  desk.day = readDay(data);
  desk.view = viewFor(desk);
  root.dataset.view = desk.view;
  root.dataset.shade = isDark(root) ? "dark" : "light";
  scroller.setAttribute("aria-label", data.words.grid);
  desk.legend.replaceChildren(...(desk.view === "grid" ? drawLegend(desk.day) : []));
  desk.keys.textContent = data.words.keys;

  if (!desk.day.columns.length) {
    scroller.style.height = "";
    scroller.replaceChildren(make("div", "empty", data.words.no_columns));
  } else if (desk.view === "list") {
    scroller.style.height = "";
    scroller.replaceChildren(drawList(desk.day, nowOf(desk), opened));
  } else {
    placeGrid(desk);
    // Scrolling makes the browser lay everything out at once: only where there is need.
    if (desk.scrolls && !sameShape) openAtNow(desk);
  }
  indexThings(desk);
  restoreFocus(desk, focus);
  markMoving(desk);
  root.dataset.things = desk.things.size;
  root.dataset.drawMs = (performance.now() - began).toFixed(1);
}

function placeGrid(desk) {
  const { day, scroller } = desk;
  const bar = desk.width < GUTTER + COLUMN * day.columns.length ? 14 : 0;
  desk.room = roomFor(desk);
  const room = desk.room - besideLegend(desk, desk.room - HEAD - bar - 3);
  const hour = fitHour(day, room - HEAD - bar - 3);
  desk.pixels = hour / 60;
  desk.sheet = drawGrid(day, hour);
  const whole = HEAD + bar + 3 + Math.round((day.to - day.from) * desk.pixels);
  desk.scrolls = whole > room;
  scroller.style.height = `${Math.min(room, whole)}px`;
  scroller.replaceChildren(desk.sheet);
  moveNow(desk);
}

/** The legend's height, unless for its sake the day would no longer fit above the fold. */
function besideLegend(desk, height) {
  const legend = desk.legend.offsetHeight;
  const least = ((desk.day.to - desk.day.from) * TIGHTEST) / 60;
  return height >= least && height - legend < least ? 0 : legend;
}

/** The height given, or what is left of the window below the top of the calendar. */
function roomFor(desk) {
  if (desk.data.height) return desk.data.height;
  let top = desk.root.getBoundingClientRect().top;
  for (let above = hostOf(desk).parentElement; above; above = above.parentElement) {
    top += above.scrollTop;
  }
  return Math.max(420, Math.floor(window.innerHeight - top - 12));
}

function hostOf(desk) {
  return desk.root.getRootNode().host ?? desk.root;
}

function refitDesk(desk) {
  if (desk.data && desk.view === "grid" && roomFor(desk) !== desk.room) redrawDesk(desk);
}

function nowOf(desk) {
  if (desk.data.now === null) return null;
  return desk.data.now + Math.floor((performance.now() - desk.receivedAt) / 60_000);
}

function moveNow(desk) {
  if (desk.view === "grid" && desk.day?.columns.length) placeNow(desk.day, desk.sheet, nowOf(desk));
}

function openAtNow(desk) {
  const { day, scroller } = desk;
  const first = Math.min(...day.columns.flatMap((column) => [
    ...column.blocks.filter((block) => block.visit).map((block) => block.from),
    ...column.starts.filter((start) => !start.refused).map((start) => start.from),
  ]));
  const now = nowOf(desk);
  const minute = now !== null && now >= day.from && now < day.to ? now - 45 : first - 15;
  if (Number.isFinite(minute)) scroller.scrollTop = (minute - day.from) * desk.pixels;
}

function isDark(root) {
  const canvas = getComputedStyle(root).backgroundColor.match(/[\d.]+/g) ?? [255, 255, 255];
  return 0.299 * canvas[0] + 0.587 * canvas[1] + 0.114 * canvas[2] < 128;
}

function indexThings(desk) {
  desk.things = new Map();
  for (const column of desk.day.columns) {
    for (const thing of [...column.blocks, ...column.starts]) {
      if (thing.node) desk.things.set(thing.id, thing);
    }
  }
  if (desk.view !== "grid") return;
  const roving = desk.things.get(desk.rovingId) ?? findFirst(desk);
  if (roving) rove(desk, roving);
}

function findFirst(desk) {
  const column = desk.day.columns.find((each) => each.things.length);
  return column && findNearest(column.things, nowOf(desk) ?? desk.day.from);
}

function rove(desk, thing) {
  const before = desk.things.get(desk.rovingId);
  if (before) before.node.tabIndex = -1;
  thing.node.tabIndex = 0;
  desk.rovingId = thing.id;
}

function thingAt(event) {
  const node = event.target.closest?.("button");
  return node ? thingOf.get(node) : undefined;
}

function focusedThing(desk) {
  const focused = desk.root.getRootNode().activeElement;
  return focused && desk.root.contains(focused) ? thingOf.get(focused) : undefined;
}

/** The same thing by id; else what stands at its time in its column now. */
function restoreFocus(desk, thing) {
  if (!thing) return;
  const column = desk.day.columns[thing.column];
  const near = column && findNearest(column.things, thing.from);
  (desk.things.get(thing.id) ?? near)?.node.focus({ preventScroll: true });
}

function send(desk, event) {
  // Later than any stamp before it, in this tab and after a reload.
  lastStamp = Math.max(lastStamp + 1, Date.now());
  desk.report({ ...event, stamp: lastStamp });
  return lastStamp;
}

function clickThing(desk, event) {
  const thing = thingAt(event);
  if (!thing || desk.deaf) return;
  // The second half of a double click would abort the run that answers the first.
  const now = performance.now();
  if (desk.clicked?.id === thing.id && now - desk.clicked.at < 500) return;
  desk.clicked = { id: thing.id, at: now };
  hideTip(desk);
  if (thing.key) return void send(desk, { type: "open", block: thing.key });
  send(desk, {
    type: "pick", column: desk.day.columns[thing.column].id,
    minute: thing.from, refused: thing.refused,
  });
}

function pressKey(desk, event) {
  const thing = thingAt(event);
  const { key } = event;
  if (key === "Escape") return dismiss(desk, event);
  if (!thing || event.ctrlKey || event.metaKey) return;
  const arrow = key.startsWith("Arrow");
  if (desk.carry && (key === "Enter" || key === " ")) {
    event.preventDefault();
    dropCarry(desk, true);
  } else if (arrow && (desk.carry || (event.altKey && thing.movable && desk.view === "grid"))) {
    event.preventDefault();
    carryBlock(desk, thing, key);
  } else if (!event.altKey && !event.shiftKey) {
    const next = desk.view === "grid" ? findNext(desk.day, thing, key) : findRow(desk, thing, key);
    const moves = arrow || ["Home", "End", "PageUp", "PageDown"].includes(key);
    if (moves && (next || desk.view === "grid")) event.preventDefault();
    if (next) revealThing(desk, next);
  }
}

function findRow(desk, thing, key) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  const buttons = [...desk.root.querySelectorAll(".row, details[open] .chip")];
  return step && thingOf.get(buttons[buttons.indexOf(thing.node) + step]);
}

function revealThing(desk, thing) {
  thing.node.focus({ preventScroll: true });
  thing.node.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function dismiss(desk, event) {
  if (!desk.carry && desk.tip.hidden) return;
  event.preventDefault();
  event.stopPropagation();
  hideTip(desk);
  dropCarry(desk, false);
}

function focusThing(desk, event) {
  const thing = thingAt(event);
  if (!thing || desk.view !== "grid") return;
  rove(desk, thing);
  // A press focuses too: its tooltip would cover what is being opened or dragged.
  if (desk.drag || !thing.node.matches(":focus-visible")) return;
  showPreview(desk, thing);
  showTip(desk, thing);
}

function hoverThing(desk, event) {
  if (desk.drag || desk.carry || desk.view !== "grid" || event.pointerType === "touch") return;
  const thing = thingAt(event);
  if (thing && thing === desk.hovered) return;
  leaveThing(desk);
  if (!thing) return;
  desk.hovered = thing;
  showPreview(desk, thing);
  desk.tipTimer = setTimeout(() => showTip(desk, thing), thing.key ? 450 : 120);
}

function leaveThing(desk) {
  desk.hovered = null;
  hideTip(desk);
  hidePreview(desk);
}

/** The whole visit, as it would stand if this start were chosen. */
function showPreview(desk, thing) {
  if (thing.key || thing.refused) return hidePreview(desk);
  const { day, preview } = desk;
  const column = day.columns[thing.column];
  preview.style.setProperty("--edge", column.colour);
  preview.style.top = `${(thing.from - day.from) * desk.pixels}px`;
  preview.style.height = `${(Math.min(thing.to, day.to) - thing.from) * desk.pixels - 1}px`;
  preview.children[0].textContent = clockSpan(thing.from, thing.to);
  if (preview.parentNode !== column.node) column.node.append(preview);
}

function hidePreview(desk) {
  desk.preview.remove();
}

function showTip(desk, thing) {
  const lines = explain(desk.day, thing);
  if (!lines.length || desk.drag || !thing.node.isConnected) return;
  const { tip, root } = desk;
  tip.replaceChildren(...lines.map((line) => make("div", "", line)));
  tip.hidden = false;
  const frame = root.getBoundingClientRect();
  const cell = thing.node.getBoundingClientRect();
  const below = cell.bottom - frame.top + 6;
  const fits = below + tip.offsetHeight < frame.height;
  const left = cell.left - frame.left + Math.min(12, cell.width / 2);
  tip.style.left = `${Math.max(4, Math.min(left, frame.width - tip.offsetWidth - 4))}px`;
  tip.style.top = `${fits ? below : Math.max(4, cell.top - frame.top - tip.offsetHeight - 6)}px`;
}

function hideTip(desk) {
  clearTimeout(desk.tipTimer);
  desk.tip.hidden = true;
}
