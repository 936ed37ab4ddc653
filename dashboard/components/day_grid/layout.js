// Where things go: arithmetic on minutes and pixels, and nothing of the page.

const KINDS = ["booking", "hold", "break", "time_off", "closed"];
// These gave their time back: they stay narrow, so that the free time beneath can be used.
const RELEASED = new Set(["cancelled", "no_show"]);
const NARROW = 560; // below this width the day is a list
const HEAD = 40;
const GUTTER = 46;
const COLUMN = 110;
const TIGHTEST = 72; // pixels an hour: 18 for a quarter, below which a name cannot be read
const WIDEST = 180;
const SMALLEST = 17; // pixels of the smallest block

/** The rows Python sent, with names. */
function readDay(data) {
  const [from, to] = data.span;
  const columns = data.columns.map(([id, title, subtitle, colour], index) => ({
    id, title, subtitle, colour, index, blocks: [], starts: [], things: [],
  }));
  for (const row of data.blocks) {
    const block = readBlock(row, data.words);
    if (block.to > from && block.from < to) columns[row[1]].blocks.push(block);
  }
  for (const [at, start, end, reason, short, label] of data.starts) {
    if (start < from || start >= to) continue;
    columns[at].starts.push({
      id: `s:${columns[at].id}:${start}`,
      from: start, to: end, reason: data.reasons[reason], short: Boolean(short), label,
      refused: Boolean(reason || short),
    });
  }
  return { ...data, from, to, columns };
}

function readBlock(row, words) {
  const [
    key, , kind, from, to, title, detail, state, stateWord, icon, label, movable, badges, colour,
  ] = row;
  const name = KINDS[kind];
  return {
    id: `b:${key}`, key, kind: name, from, to, detail, icon, label, badges, colour,
    title: title || words[name === "break" ? "break_" : name] || "",
    state: state || (name === "hold" ? "held" : ""),
    stateWord, movable: Boolean(movable),
    visit: name === "booking" || name === "hold",
  };
}

const clocks = [];

function clock(minute) {
  return (clocks[minute] ??= [Math.floor(minute / 60) % 24, minute % 60]
    .map((part) => String(part).padStart(2, "0")).join(":"));
}

function clockSpan(from, to) {
  return `${clock(from)}–${clock(to)}`;
}

/** Whole pixels an hour, so that the lines stay sharp: fill the height, within reason. */
function fitHour(day, height) {
  const wanted = Math.floor((height * 60) / (day.to - day.from));
  return Math.min(WIDEST, Math.max(TIGHTEST, wanted));
}

/** Gives overlapping visits lanes side by side; `least` is how long the smallest one looks. */
function packLanes(visits, least) {
  const looksEnd = (visit) => Math.max(visit.to, visit.from + least);
  const sorted = [...visits].sort((a, b) => a.from - b.from || b.to - a.to);
  let bunch = [];
  let bunchEnd = -Infinity;
  const settle = () => {
    const lanes = Math.max(...bunch.map((visit) => visit.lane)) + 1;
    const released = bunch.every((visit) => RELEASED.has(visit.state));
    for (const visit of bunch) {
      visit.lanes = released ? Math.max(2, lanes) : lanes;
      visit.released = released && lanes === 1;
    }
  };
  for (const visit of sorted) {
    if (visit.from >= bunchEnd && bunch.length) {
      settle();
      bunch = [];
      bunchEnd = -Infinity;
    }
    const taken = new Set(
      bunch.filter((other) => looksEnd(other) > visit.from).map((other) => other.lane),
    );
    visit.lane = 0;
    while (taken.has(visit.lane)) visit.lane += 1;
    bunch.push(visit);
    bunchEnd = Math.max(bunchEnd, looksEnd(visit));
  }
  if (bunch.length) settle();
}

/**
 * A start is drawn up to the next one, as visits are longer than the step; where a break or
 * time off covers it, beside them.
 */
function spaceStarts(starts, blocks) {
  const rests = blocks.filter((block) => block.kind === "break" || block.kind === "time_off");
  starts.sort((a, b) => a.from - b.from);
  starts.forEach((start, index) => {
    const next = starts[index + 1];
    start.beside = rests.some((rest) => rest.from <= start.from && start.from < rest.to);
    start.cellEnd = next ? Math.min(start.to, Math.max(next.from, start.from + 1)) : start.to;
  });
}

/** The multiple of the step nearest to `minute` at which `length` stays within the day. */
function snapMinute(day, minute, length) {
  const first = Math.ceil(day.from / day.step) * day.step;
  const last = Math.floor(Math.max(day.from, day.to - length) / day.step) * day.step;
  return Math.max(first, Math.min(last, Math.round(minute / day.step) * day.step));
}

/** One step up or down the clock, from wherever the visit stands. */
function stepMinute(day, minute, direction, length) {
  const steps = minute / day.step;
  const next = direction > 0 ? Math.floor(steps) + 1 : Math.ceil(steps) - 1;
  return snapMinute(day, next * day.step, length);
}

function findClash(column, block, from) {
  const to = from + block.to - block.from;
  return column.blocks.find((other) =>
    other.id !== block.id && !RELEASED.has(other.state) && other.from < to && from < other.to);
}

function findNearest(things, minute) {
  const distance = (thing) => (thing.from <= minute && minute < thing.to && thing.key
    ? 0 : Math.abs(thing.from - minute));
  return things.reduce((best, thing) =>
    (best && distance(best) <= distance(thing) ? best : thing), undefined);
}

/** The thing an arrow key leads to, or undefined at the edge. */
function findNext(day, thing, key) {
  const { things } = day.columns[thing.column];
  const here = things.indexOf(thing);
  switch (key) {
    case "ArrowDown": return things[here + 1];
    case "ArrowUp": return things[here - 1];
    case "Home": return things[0];
    case "End": return things.at(-1);
    case "PageDown": return things.slice(here + 1).find((other) => other.visit);
    case "PageUp": return things.slice(0, here).findLast((other) => other.visit);
    case "ArrowLeft": return findBeside(day, thing, -1);
    case "ArrowRight": return findBeside(day, thing, 1);
    default: return undefined;
  }
}

function findBeside(day, thing, direction) {
  let index = thing.column + direction;
  while (day.columns[index] && !day.columns[index].things.length) index += direction;
  return day.columns[index] && findNearest(day.columns[index].things, thing.from);
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
