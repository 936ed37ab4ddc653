"""Puts the cursor into a field when a form opens, so that one can type at once."""

import streamlit as st

_mount = st.components.v2.component(
    "frontdesk_autofocus",
    js="""
const done = new Set();
const EVERY = 40; // ms
const STAYS = 400; // ms: the dialog takes the focus while it opens
const GIVES_UP = 15000; // ms

export default function ({ data }) {
  if (done.has(data.once)) return;
  done.add(data.once);
  const asked = performance.now();
  let found = null;
  // The field may be drawn long after this; whoever goes elsewhere first stays there.
  const timer = setInterval(() => {
    const field = document.querySelector(`.st-key-${CSS.escape(data.field)} input`);
    const now = performance.now();
    if (field) {
      found ??= now;
      if (document.activeElement !== field) field.focus();
    }
    if (now - (found ?? asked) > (found ? STAYS : GIVES_UP)) stop();
  }, EVERY);
  const stop = () => {
    clearInterval(timer);
    document.removeEventListener("pointerdown", stop, true);
    document.removeEventListener("keydown", leave, true);
  };
  const leave = (event) => event.key === "Tab" && stop();
  document.addEventListener("pointerdown", stop, true);
  document.addEventListener("keydown", leave, true);
}
""",
)


def autofocus(field: str, *, once: str) -> None:
    """Focus the field with this widget key, once for each value of ``once``."""
    _mount(data={"field": field, "once": once}, key=f"autofocus_{field}", height=0)
