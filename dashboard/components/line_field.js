// One text field that tells the script what is typed, and when Enter means it. Below it short
// lists of what could be meant: the cursor stays in the field while the arrow keys mark one.
const fields = new WeakMap();
const PAUSE = 180; // milliseconds without a key before what is typed is read
const REST = 900; // before it is said aloud what that means

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const input = parentElement.querySelector("input");
  const field = fields.get(input) ?? {
    input, list: parentElement.querySelector("#choices"),
    live: parentElement.querySelector("#said"), marked: "",
  };
  fields.set(input, field);
  field.understood = data.text;
  input.placeholder = data.placeholder;
  input.setAttribute("aria-label", data.label);

  const send = () => {
    clearTimeout(field.timer);
    if (input.value !== field.sent) {
      field.sent = input.value;
      setStateValue("text", input.value);
    }
  };
  // What has not been shown as understood is not meant yet: the first Enter shows it.
  const mean = (name, value) => {
    if (input.value && input.value === field.understood) setTriggerValue(name, value);
    else send();
  };
  input.oninput = () => {
    mark(field, "");
    clearTimeout(field.timer);
    field.timer = setTimeout(send, PAUSE);
  };
  input.onkeydown = (event) => pressKey(field, event, { send, mean });
  field.list.onpointerdown = (event) => event.preventDefault(); // the cursor stays in the field
  field.list.onclick = (event) => {
    const option = event.target.closest(".option");
    if (option) mean("pick", option.id);
  };
  drawLists(field, data);
  say(field, data.said);
  if (field.once !== data.once) {
    field.once = data.once;
    field.sent = data.text;
    input.value = data.start || data.text;
    send();
    takeFocus(input, parentElement);
  }
}

function pressKey(field, event, { send, mean }) {
  const { key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (key === "ArrowDown" || key === "ArrowUp") {
    if (field.list.hidden) return;
    event.preventDefault();
    step(field, key === "ArrowDown" ? 1 : -1);
  } else if (key === "Escape" && (field.marked || field.input.value)) {
    event.stopPropagation();
    if (field.marked) return void mark(field, "");
    field.input.value = "";
    send();
  } else if (key === "Enter") {
    event.preventDefault();
    if (field.marked) mean("pick", field.marked);
    else mean("enter", field.input.value);
  }
}

function optionsOf(field) {
  return [...field.list.querySelectorAll(".option")];
}

/** One on or back; before the first and behind the last lies the field itself. */
function step(field, by) {
  const ids = ["", ...optionsOf(field).map((each) => each.id)];
  const at = ids.indexOf(field.marked) + by;
  mark(field, ids[(at + ids.length) % ids.length]);
}

function mark(field, id) {
  field.marked = id;
  for (const each of optionsOf(field)) {
    each.setAttribute("aria-selected", String(each.id === id));
    if (each.id === id) each.scrollIntoView({ block: "nearest" });
  }
  if (id) field.input.setAttribute("aria-activedescendant", id);
  else field.input.removeAttribute("aria-activedescendant");
}

function drawLists(field, data) {
  const drawn = JSON.stringify(data.lists);
  if (drawn === field.drawn) return;
  field.drawn = drawn;
  field.list.setAttribute("aria-label", data.choices);
  field.list.replaceChildren(...data.lists.map(drawList));
  field.list.hidden = !data.lists.length;
  field.input.setAttribute("aria-expanded", String(!field.list.hidden));
  const isThere = optionsOf(field).some((each) => each.id === field.marked);
  mark(field, isThere ? field.marked : "");
}

function drawList({ question, options }) {
  const list = make("div", "list");
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", question);
  const asked = make("div", "question", question);
  asked.setAttribute("aria-hidden", "true");
  list.append(asked);
  for (const { id, name } of options) {
    const option = make("div", "option", name);
    option.id = id;
    option.setAttribute("role", "option");
    list.append(option);
  }
  return list;
}

function make(tag, look, text) {
  const made = document.createElement(tag);
  made.className = look;
  if (text) made.textContent = text;
  return made;
}

/** Once the hand rests: a sentence for each key would talk over itself. */
function say(field, words) {
  if (words === field.said) return;
  field.said = words;
  clearTimeout(field.saying);
  field.saying = setTimeout(() => { field.live.textContent = words; }, REST);
}

function takeFocus(input, parentElement) {
  const started = performance.now();
  const timer = setInterval(() => {
    // The dialog takes the focus while it opens.
    if (parentElement.getRootNode().activeElement !== input) input.focus();
    if (performance.now() - started > 400) clearInterval(timer);
  }, 40);
}
