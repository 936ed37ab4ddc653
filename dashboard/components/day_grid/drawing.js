// What the day looks like. Every word is set as text: names are never markup.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  held: "M4.5 2.5h7M4.5 13.5h7M5.2 2.7c0 3 2.8 3.4 2.8 5.3s-2.8 2.3-2.8 5.3M10.8 2.7c0 3-2.8 3.4-2.8 5.3s2.8 2.3 2.8 5.3",
  booked: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2.1 1.3",
  arrived: "M8 7.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2M3 13.8c.4-2.7 2.3-4 5-4s4.6 1.3 5 4",
  in_progress: "M5 3.2v9.6l8-4.8z",
  completed: "M2.8 8.6l3.4 3.4 7-7.6",
  no_show: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M4.3 4.3l7.4 7.4",
  cancelled: "M3.8 3.8l8.4 8.4M12.2 3.8l-8.4 8.4",
};

// What a badge begins with, before its word.
const SIGN = /^[^\p{L}\p{N}]+/u;

// Who has ended in one of these is still to be marked, and stays where the eye is.
const UNFINISHED = new Set(["booked", "arrived", "in_progress"]);

const SMALLEST_LABEL = 11;

const thingOf = new WeakMap();

// What of a landscape page the day has, in pixels.
const PAGE = 640;

function make(tag, look, text) {
  const node = document.createElement(tag);
  if (look) node.className = look;
  if (text) node.textContent = text;
  return node;
}

function makeButton(look, thing) {
  const node = make("button", look);
  node.type = "button";
  node.tabIndex = -1;
  thing.node = node;
  thingOf.set(node, thing);
  return node;
}

function makeIcon(block) {
  if (block.icon) return make("span", "icon", block.icon);
  if (!ICONS[block.state]) return "";
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[block.state]);
  svg.append(path);
  return svg;
}

function makeBadges(block) {
  const badges = make("span", "badges");
  for (const badge of block.badges.slice(0, 2)) badges.append(makeBadge(badge));
  if (block.badges.length > 2) badges.append(make("span", "badge", `+${block.badges.length - 2}`));
  return badges;
}

/** Its sign stays where a narrow column has no room for its word. */
function makeBadge(words) {
  const badge = make("span", "badge");
  const [sign] = words.match(SIGN) || [""];
  if (sign) badge.append(make("span", "sign", sign));
  badge.append(make("span", "rest", words.slice(sign.length)));
  return badge;
}

/** A block's spoken name: when, who, what, how it stands. */
function nameBlock(block) {
  return block.label || [
    clockSpan(block.from, block.to), block.title, block.detail, block.stateWord, ...block.badges,
  ].filter(Boolean).join(", ");
}

function nameStart(start, words) {
  const why = start.refused ? start.reason || words.refused : words.free;
  return start.label
    ? [start.label, start.reason].filter(Boolean).join(", ")
    : `${clockSpan(start.from, start.to)}, ${why}`;
}

function drawGrid(day, hour) {
  const sheet = make("div", "sheet");
  const pixels = hour / 60;
  sheet.style.setProperty("--columns", day.columns.length);
  const height = Math.round((day.to - day.from) * pixels);
  sheet.style.setProperty("--height", `${height}px`);
  sheet.style.setProperty("--paper", Math.min(0.85, PAGE / (height + HEAD)).toFixed(3));
  sheet.style.setProperty("--hour", `${hour}px`);
  sheet.style.setProperty("--first-line", `${-(day.from % 60) * pixels}px`);
  sheet.append(make("div", "corner"));
  for (const column of day.columns) sheet.append(drawHead(column));
  sheet.append(drawGutter(day, pixels));
  for (const column of day.columns) sheet.append(drawColumn(day, column, pixels));
  return sheet;
}

function drawHead(column) {
  const head = make("div", "head");
  head.style.setProperty("--edge", column.colour);
  head.append(make("div", "name", column.title));
  if (column.subtitle) head.append(make("div", "subtitle", column.subtitle));
  head.title = [column.title, column.subtitle].filter(Boolean).join(" · ");
  return head;
}

function drawGutter(day, pixels) {
  const gutter = make("div", "gutter");
  gutter.setAttribute("aria-hidden", "true");
  for (let minute = Math.ceil(day.from / 60) * 60; minute < day.to; minute += 60) {
    const label = make("span", minute === day.from ? "hour first" : "hour", clock(minute));
    label.style.top = `${(minute - day.from) * pixels}px`;
    label.dataset.minute = minute;
    gutter.append(label);
  }
  gutter.append(make("span", "now-time"));
  return gutter;
}

function drawColumn(day, column, pixels) {
  const node = make("div", "column");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", [column.title, column.subtitle].filter(Boolean).join(", "));
  node.style.setProperty("--edge", column.colour);
  node.append(make("div", "past"));
  column.node = node;

  spaceStarts(column.starts, column.blocks);
  packLanes(column.blocks.filter((block) => block.visit), SMALLEST / pixels);
  column.things = [...column.blocks, ...column.starts]
    .sort((a, b) => a.from - b.from || Boolean(b.key) - Boolean(a.key));
  for (const thing of column.things) {
    thing.column = column.index;
    node.append(thing.key ? drawBlock(day, thing, pixels) : drawStart(day, thing, pixels));
  }
  node.append(make("div", "now-line"));
  return node;
}

function drawStart(day, start, pixels) {
  const look = start.short ? "start short" : start.refused ? "start refused" : "start free";
  const top = (start.from - day.from) * pixels;
  const height = (Math.min(start.cellEnd, day.to) - start.from) * pixels;
  const unreadable = start.from % 30 && height < SMALLEST_LABEL;
  const node = makeButton(unreadable ? `${look} between` : look, start);
  if (start.beside) node.classList.add("beside");
  node.style.cssText = `top:${top}px;height:${Math.max(height - 1, 9)}px`;
  if (height < 17) node.style.setProperty("--line", `${Math.max(height - 1, 9)}px`);
  node.textContent = clock(start.from);
  node.setAttribute("aria-label", nameStart(start, day.words));
  return node;
}

function drawBlock(day, block, pixels) {
  const top = (Math.max(block.from, day.from) - day.from) * pixels;
  const bottom = (Math.min(block.to, day.to) - day.from) * pixels;
  const height = Math.max(bottom - top - 1, SMALLEST);
  const size = height < 32 ? "small" : height < 50 ? "medium" : "large";
  const node = makeButton(`block ${block.kind} ${size}`, block);
  node.style.cssText = `top:${top}px;height:${height}px`;
  if (block.visit) {
    node.style.setProperty("--lane", block.lane);
    node.style.setProperty("--lanes", block.lanes);
  }
  if (block.state) node.dataset.state = block.state;
  if (block.movable) node.classList.add("movable");
  if (block.released) node.classList.add("released");
  node.setAttribute("aria-label", nameBlock(block));
  node.append(...describeBlock(day, block, size));
  if (block.colour) node.append(makeStripe(block));
  if (block.movable) node.append(make("span", "handle"));
  return node;
}

/** The service's colour, whose name the block or its tooltip says. */
function makeStripe(block) {
  const stripe = make("span", "stripe");
  stripe.style.background = block.colour;
  return stripe;
}

/** As many lines as there is room for: the name first, then what, then how it stands. */
function describeBlock(day, block, size) {
  const first = make("span", "line");
  const time = make("span", "time", clock(block.from));
  const title = make("span", "title", block.title);
  if (!block.visit) {
    first.append(title);
    if (size === "small") return [first];
    return [first, make("span", "line detail", block.detail || clockSpan(block.from, block.to))];
  }
  // Where a short block is too narrow for the word, its icon and its tooltip tell the state.
  const word = make("span", "word", block.stateWord);
  if (size === "small") {
    first.append(time, title, makeBadges(block), makeIcon(block), word);
    return [first];
  }
  first.append(title, makeBadges(block), makeIcon(block));
  const second = make("span", "line detail");
  second.append(time, make("span", "", block.detail));
  if (size === "medium") second.append(word);
  const third = make("span", "line state", block.stateWord);
  return size === "medium" ? [first, second] : [first, second, third];
}

/** What the icons and signs drawn on this day mean: each once, in words. */
function drawLegend(day) {
  const visits = day.columns.flatMap((column) => column.blocks.filter((block) => block.visit));
  const meant = new Map();
  for (const block of visits.filter((each) => each.stateWord)) meant.set(block.state, block);
  const states = Object.keys(ICONS).filter((state) => meant.has(state))
    .map((state) => explainState(meant.get(state)));
  const signs = new Set(visits.flatMap((block) => block.badges.filter((words) => SIGN.test(words))));
  return [...states, ...[...signs].sort().map((words) => make("span", "meaning", words))];
}

function explainState(block) {
  const meaning = make("span", "meaning");
  const swatch = make("span", "swatch");
  swatch.dataset.state = block.state;
  swatch.append(makeIcon({ state: block.state }));
  meaning.append(swatch, block.stateWord);
  return meaning;
}

/** The line for now, and the shade over what is past; `minute` is null on other days. */
function placeNow(day, sheet, minute) {
  const inside = minute !== null && minute >= day.from && minute < day.to;
  const share = minute === null ? 0
    : Math.max(0, Math.min(1, (minute - day.from) / (day.to - day.from)));
  sheet.style.setProperty("--now", share);
  sheet.querySelector(".now-time").textContent = inside ? clock(minute) : "";
  for (const label of sheet.querySelectorAll(".hour")) {
    label.classList.toggle("hidden", inside && Math.abs(label.dataset.minute - minute) < 12);
  }
  for (const column of day.columns) {
    const today = day.nowColumn === null || day.nowColumn === column.index;
    column.node.classList.toggle("now", inside && today);
    column.node.classList.toggle("past-part", minute !== null && today);
    column.node.classList.toggle("past-all", !today && column.index < day.nowColumn);
  }
}

/** The narrow form: visits by time, then the free times of each professional. */
function drawList(day, minute, opened) {
  const list = make("div", "list");
  const rows = day.columns.flatMap((column) => column.blocks
    .filter((block) => block.kind !== "closed")
    .map((block) => ({ block, column })));
  rows.sort((a, b) => a.block.from - b.block.from || a.column.index - b.column.index);
  const isPast = ({ block }) =>
    minute !== null && block.to <= minute && !UNFINISHED.has(block.state);
  const past = rows.filter(isPast);
  const rest = rows.filter((row) => !isPast(row));
  if (past.length) list.append(drawEarlier(day, past, opened));
  list.append(drawRows(day, rest, day.nowColumn === null ? minute : null));
  if (!rows.length) list.append(make("div", "empty", day.words.no_bookings));
  list.append(...day.columns.map((column) => drawFreeTimes(day, column, opened)));
  return list;
}

function drawEarlier(day, past, opened) {
  const details = makeDetails("earlier", "earlier", opened, day.words.earlier, past.length);
  details.append(drawRows(day, past, null));
  return details;
}

/** The rows, with the mark for now before the first that is still to come. */
function drawRows(day, rows, minute) {
  const node = make("div", "rows");
  const mark = minute !== null && minute >= day.from && minute < day.to
    ? make("div", "now-row", `${day.words.now} · ${clock(minute)}`) : "";
  const coming = rows.findIndex(({ block }) => block.from > minute);
  rows.forEach(({ block, column }, index) => {
    if (index === coming) node.append(mark);
    node.append(drawRow(block, column));
  });
  if (coming < 0) node.append(mark);
  return node;
}

function makeDetails(look, key, opened, name, count) {
  const details = make("details", look);
  details.dataset.key = key;
  details.open = opened.has(key);
  const summary = make("summary", "");
  summary.append(make("span", "name", name), make("span", "count", String(count)));
  details.append(summary);
  return details;
}

function drawRow(block, column) {
  block.column = column.index;
  const node = makeButton(`row ${block.kind}`, block);
  node.style.setProperty("--edge", column.colour);
  if (block.state) node.dataset.state = block.state;
  node.tabIndex = 0;
  node.setAttribute("aria-label", `${nameBlock(block)}, ${column.title}`);
  const when = make("span", "when");
  when.append(make("span", "time", clock(block.from)), make("span", "until", clock(block.to)));
  const who = make("span", "who");
  const first = make("span", "line");
  first.append(make("span", "title", block.title), makeBadges(block));
  const second = [block.detail, column.title].filter(Boolean).join(" · ");
  who.append(first, make("span", "line detail", second));
  const state = make("span", "state");
  state.append(makeIcon(block), make("span", "", block.stateWord));
  node.append(when, who, state);
  if (block.colour) node.append(makeStripe(block));
  return node;
}

function drawFreeTimes(day, column, opened) {
  const free = column.starts.filter((start) => !start.refused).sort((a, b) => a.from - b.from);
  if (!free.length) return "";
  const count = `${day.words.free_times} · ${free.length}`;
  const details = makeDetails("free-times", `free:${column.id}`, opened, column.title, count);
  details.style.setProperty("--edge", column.colour);
  const chips = make("div", "chips");
  for (const start of free) {
    start.column = column.index;
    const chip = makeButton("chip", start);
    chip.tabIndex = 0;
    chip.textContent = clock(start.from);
    chip.setAttribute("aria-label", `${nameStart(start, day.words)}, ${column.title}`);
    chips.append(chip);
  }
  details.append(chips);
  return details;
}

/** The lines of the tooltip: what the cell itself has no room to say. */
function explain(day, thing) {
  const when = clockSpan(thing.from, thing.to);
  if (!thing.key) return thing.refused ? [clock(thing.from), thing.reason || day.words.refused] : [];
  return [
    thing.title, [when, thing.detail].filter(Boolean).join(" · "),
    [thing.stateWord, ...thing.badges].filter(Boolean).join(" · "),
  ].filter(Boolean);
}
