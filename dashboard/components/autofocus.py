"""Puts the cursor into a field when a form opens, so that one can type at once."""

import streamlit as st

_mount = st.components.v2.component(
    "frontdesk_autofocus",
    js="""
const done = new Set();

export default function ({ data }) {
  if (done.has(data.once)) return;
  done.add(data.once);
  const started = performance.now();
  // The field may be drawn after this, and the dialog takes the focus while it opens.
  const timer = setInterval(() => {
    const field = document.querySelector(`.st-key-${CSS.escape(data.field)} input`);
    if (field && document.activeElement !== field) field.focus();
    if (performance.now() - started > 400) clearInterval(timer);
  }, 40);
}
""",
)


def autofocus(field: str, *, once: str) -> None:
    """Focus the field with this widget key, once for each value of ``once``."""
    _mount(data={"field": field, "once": once}, key=f"autofocus_{field}", height=0)
