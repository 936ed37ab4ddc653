// Tells the server, once a minute at most, that a person is at work here: by keys, by pointer
// or by scrolling. By plain HTTP, since a message on Streamlit's websocket would start a run
// and could swallow the press of a button that comes with it.
const QUIET = 55_000;
const SIGNS = ["pointerdown", "keydown", "wheel", "touchmove"];
let told = 0;

function notice() {
  if (Date.now() - told < QUIET) return;
  told = Date.now();
  fetch("/session/used", { method: "POST", credentials: "same-origin" }).catch(() => {
    told = 0; // nobody heard it: the next sign is told again
  });
}

for (const sign of SIGNS) {
  document.addEventListener(sign, notice, { capture: true, passive: true });
}

export default function watch() {}
