// Moving a visit: by pointer or by keyboard, always as a ghost. The block itself stays where
// the server put it until the server puts it elsewhere.

const SLACK = 4; // pixels a press may tremble and still be a click
const EDGE = 40; // pixels from the edge where a drag scrolls the day

function pressBlock(desk, event) {
  const block = thingAt(event);
  if (!block?.movable || event.button !== 0 || desk.drag || desk.view !== "grid") return;
  // A finger on the block itself scrolls; only the handle drags.
  if (event.pointerType === "touch" && !event.target.closest(".handle")) return;
  dropCarry(desk, false);
  const box = block.node.getBoundingClientRect();
  const press = new AbortController();
  desk.drag = {
    block, press, pointer: event.pointerId, live: false,
    x: event.clientX, y: event.clientY, startX: event.clientX, startY: event.clientY,
    grip: event.clientY - box.top - (block.from < desk.day.from
      ? (block.from - desk.day.from) * desk.pixels : 0),
    column: block.column, minute: block.from,
  };
  const listen = (name, react) =>
    window.addEventListener(name, react, { signal: press.signal, capture: true });
  listen("pointermove", (move) => dragBlock(desk, move));
  listen("pointerup", (up) => up.pointerId === desk.drag?.pointer && endDrag(desk, true));
  listen("pointercancel", () => endDrag(desk, false));
  listen("blur", () => endDrag(desk, false));
  listen("keydown", (pressed) => {
    if (pressed.key !== "Escape") return;
    pressed.preventDefault();
    pressed.stopPropagation();
    endDrag(desk, false);
  });
}

function dragBlock(desk, event) {
  const { drag } = desk;
  if (!drag || event.pointerId !== drag.pointer) return;
  drag.x = event.clientX;
  drag.y = event.clientY;
  if (!drag.live) {
    if (Math.hypot(drag.x - drag.startX, drag.y - drag.startY) < SLACK) return;
    drag.live = true;
    hideTip(desk);
    desk.root.classList.add("dragging");
    drag.block.node.classList.add("lifted");
    try {
      desk.root.setPointerCapture(drag.pointer);
    } catch {
      // The pointer is already gone: pointercancel follows.
    }
    scrollNearEdges(desk);
  }
  followPointer(desk);
}

function followPointer(desk) {
  const { drag, day } = desk;
  const boxes = day.columns.map((column) => column.node.getBoundingClientRect());
  const under = boxes.findIndex((box) => drag.x >= box.left && drag.x < box.right);
  if (under >= 0) drag.column = under;
  const minute = day.from + (drag.y - drag.grip - boxes[0].top) / desk.pixels;
  drag.minute = snapMinute(day, minute, drag.block.to - drag.block.from);
  showGhost(desk, drag);
}

function scrollNearEdges(desk) {
  const { drag, scroller } = desk;
  if (!drag?.live) return;
  const box = scroller.getBoundingClientRect();
  const pull = (at, low, high) =>
    Math.max(0, at - high + EDGE) / 4 - Math.max(0, low + EDGE - at) / 4;
  const before = scroller.scrollTop + scroller.scrollLeft;
  scroller.scrollTop += Math.max(-14, Math.min(14, pull(drag.y, box.top + HEAD, box.bottom)));
  scroller.scrollLeft += Math.max(-14, Math.min(14, pull(drag.x, box.left + GUTTER, box.right)));
  if (scroller.scrollTop + scroller.scrollLeft !== before) followPointer(desk);
  requestAnimationFrame(() => scrollNearEdges(desk));
}

function endDrag(desk, dropped) {
  const { drag } = desk;
  if (!drag) return;
  drag.press.abort();
  desk.drag = null;
  if (!drag.live) return void redrawIfLate(desk);
  desk.root.classList.remove("dragging");
  drag.block.node.classList.remove("lifted");
  hideGhost(desk);
  // The click that a browser may still send belongs to the drag.
  desk.deaf = true;
  setTimeout(() => { desk.deaf = false; }, 0);
  settle(desk, drag, dropped);
}

/** Alt and an arrow lift the block; the next arrows carry it on. */
function carryBlock(desk, block, key) {
  const { day } = desk;
  desk.carry ??= { block, column: block.column, minute: block.from };
  const { carry } = desk;
  const length = block.to - block.from;
  if (key === "ArrowUp") carry.minute = stepMinute(day, carry.minute, -1, length);
  if (key === "ArrowDown") carry.minute = stepMinute(day, carry.minute, 1, length);
  if (key === "ArrowLeft") carry.column = Math.max(0, carry.column - 1);
  if (key === "ArrowRight") carry.column = Math.min(day.columns.length - 1, carry.column + 1);
  hideTip(desk);
  block.node.classList.add("lifted");
  showGhost(desk, carry);
  desk.ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
  announce(desk, "carry", block, day.columns[carry.column], carry.minute);
}

function dropCarry(desk, dropped) {
  const { carry } = desk;
  if (!carry) return;
  desk.carry = null;
  carry.block.node.classList.remove("lifted");
  hideGhost(desk);
  settle(desk, carry, dropped);
}

/** Draws what came in meanwhile, then asks for the move, if both ends of it are still there. */
function settle(desk, { block, column, minute }, dropped) {
  const home = desk.day.columns[block.column];
  const target = desk.day.columns[column];
  redrawIfLate(desk);
  if (!dropped || (target === home && minute === block.from)) {
    return announce(desk, "put_back", block, home, block.from);
  }
  const there = desk.day.columns.some((each) => each.id === target.id);
  if (there && desk.things.get(block.id)?.movable) askForMove(desk, block, target, minute);
}

function askForMove(desk, block, column, minute) {
  announce(desk, "dropped", block, column, minute);
  const stamp = send(desk, { type: "drop", block: block.key, column: column.id, minute });
  desk.moving = { id: block.id, stamp };
  markMoving(desk);
  // Should the answer get lost, the block must not look busy for ever.
  clearTimeout(desk.patience);
  desk.patience = setTimeout(() => { desk.moving = null; markMoving(desk); }, 10_000);
}

function markMoving(desk) {
  if (desk.moving && desk.data.answered >= desk.moving.stamp) desk.moving = null;
  for (const thing of desk.things.values()) {
    if (!thing.movable || !thing.node) continue;
    const moving = desk.moving?.id === thing.id;
    thing.node.classList.toggle("moving", moving);
    if (moving) thing.node.dataset.moving = desk.day.words.moving;
  }
}

function showGhost(desk, { block, column, minute }) {
  const { day, ghost } = desk;
  const clash = findClash(day.columns[column], block, minute);
  ghost.classList.toggle("clash", Boolean(clash));
  ghost.style.setProperty("--edge", day.columns[column].colour);
  ghost.style.top = `${(minute - day.from) * desk.pixels}px`;
  ghost.style.height = `${Math.max((block.to - block.from) * desk.pixels - 1, SMALLEST)}px`;
  ghost.children[0].textContent = clockSpan(minute, minute + block.to - block.from);
  ghost.children[1].textContent = clash
    ? fill(day.words.overlaps, { title: clash.title }) : block.title;
  if (ghost.parentNode !== day.columns[column].node) day.columns[column].node.append(ghost);
}

function hideGhost(desk) {
  desk.ghost.remove();
}

function announce(desk, word, block, column, minute) {
  desk.live.textContent = fill(desk.day.words[word], {
    title: block.title, column: column.title, time: clock(minute),
  });
}
