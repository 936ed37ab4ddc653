// One text field that tells the script what is typed, and when Enter means it.
const fields = new WeakMap();
const PAUSE = 180; // milliseconds without a key before what is typed is read

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const input = parentElement.querySelector("input");
  const own = fields.get(input) ?? {};
  fields.set(input, own);
  own.understood = data.understood;
  input.placeholder = data.placeholder;
  input.setAttribute("aria-label", data.label);

  const send = () => {
    clearTimeout(own.timer);
    if (input.value !== own.sent) {
      own.sent = input.value;
      setStateValue("text", input.value);
    }
  };
  input.oninput = () => {
    clearTimeout(own.timer);
    own.timer = setTimeout(send, PAUSE);
  };
  input.onkeydown = (event) => {
    if (event.key === "Escape" && input.value) {
      event.stopPropagation();
      input.value = "";
      send();
    } else if (event.key === "Enter") {
      event.preventDefault();
      // What has not been shown as understood is not meant yet: the first Enter shows it.
      if (input.value && input.value === own.understood) setTriggerValue("enter", input.value);
      else send();
    }
  };
  if (own.once !== data.once) {
    own.once = data.once;
    own.sent = data.text;
    input.value = data.start || data.text;
    send();
    const started = performance.now();
    const timer = setInterval(() => {
      // The dialog takes the focus while it opens.
      if (parentElement.getRootNode().activeElement !== input) input.focus();
      if (performance.now() - started > 400) clearInterval(timer);
    }, 40);
  }
}
