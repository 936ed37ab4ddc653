// The keys that belong to no button: g and a letter for a page, ? for the help sheet, with Shift
// those of a switch, and those of the open dialog that lead to a part of it. Nothing is heard while somebody types.
const WAIT = 1_500; // milliseconds between g and the letter
const FIELDS = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]";
const DEAF = "[data-testid=stDateInputField], input[type=radio]";
const HERE = ":is([data-testid=stTopNavLink], [data-testid=stSidebarNavLink])[aria-current=page]";
let page = { letters: [], here: "", behind: [], presses: {}, opens: {} };
let send = () => {};
let going = -Infinity;

function isTyping(event) {
  return event.composedPath().some((node) => node.matches?.(FIELDS));
}

function take(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function unfold(part) {
  const box = document.querySelector(`.st-key-${part}`);
  if (!box) return false;
  const details = box.querySelector("details");
  if (details && !details.open) details.querySelector("summary").click();
  setTimeout(() => {
    const field = (details ?? box).querySelector("input, button:not([disabled])");
    (field ?? box.querySelector("summary")).focus();
  }, 250); // while it unfolds, what is inside cannot have the focus
  return true;
}

function pressInDialog(event, key) {
  const part = page.opens[key];
  if (part ? unfold(part) : page.behind.includes(key)) take(event);
}

function pressOnPage(event, key) {
  const isSecond = performance.now() - going < WAIT;
  going = -Infinity;
  if (isSecond && page.letters.includes(key)) send("go", key);
  else if (key === "g") going = performance.now();
  else if (key === "?") send("help", true);
  else return;
  take(event);
}

function pressSwitch(event, key) {
  const [part, place] = page.presses[key] ?? [];
  const button = part && document.querySelectorAll(`.st-key-${part} button`)[place];
  if (!button) return;
  button.click();
  take(event);
  if (button.ariaHasPopup === "dialog") enterPopover();
}

/** Once it has opened: its first field waits for what is typed. */
function enterPopover() {
  const began = performance.now();
  const timer = setInterval(() => {
    const field = document.querySelector("[data-testid=stPopoverBody] input");
    field?.focus();
    if (field || performance.now() - began > 1_000) clearInterval(timer);
  }, 30);
}

/** A date, or a choice of several, hears no main button's key; a date keeps what was typed only
    when it is left for something. */
function passOn(event) {
  take(event);
  const place = event.target.closest("[role=dialog]") ?? document.querySelector(".stMain");
  const elsewhere = [...place.querySelectorAll("button:not([disabled])")].at(-1);
  elsewhere?.focus();
  const { key, code, ctrlKey, metaKey } = event;
  const again = new KeyboardEvent("keydown", { key, code, ctrlKey, metaKey, bubbles: true });
  setTimeout(() => document.body.dispatchEvent(again), 100);
}

function press(event) {
  const isMain = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat;
  if (isMain && event.target.closest?.(DEAF)) return void passOn(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (document.querySelector('[role="dialog"]')) pressInDialog(event, key);
  else if (event.shiftKey && page.presses[key]) pressSwitch(event, key);
  else pressOnPage(event, key);
}

// To choose the page that is shown is not nothing: it leads back from what is open there.
function choose(event) {
  if (location.search && event.target.closest?.(HERE)) send("go", page.here);
}

window.addEventListener("keydown", press, { capture: true });
window.addEventListener("click", choose, { capture: true });

export default function ({ data, setTriggerValue }) {
  page = data;
  send = setTriggerValue;
}
