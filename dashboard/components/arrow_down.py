"""From a search field down to what it found, by arrow key, and up again into the field."""

import streamlit as st

_mount = st.components.v2.component(
    "frontdesk_arrow_down",
    js="""
const heard = new Set();

export default function ({ data: { field, list } }) {
  if (heard.has(field)) return;
  heard.add(field);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const input = document.querySelector(`.st-key-${CSS.escape(field)} input`);
    const found = [...document.querySelectorAll(`[class*="st-key-${list}"] input[type=radio]`)];
    if (!input || !found.length) return;
    const isDown = event.key === "ArrowDown" && event.target === input;
    const isUp = event.key === "ArrowUp" && event.target === found[0];
    if (!isDown && !isUp) return;
    event.preventDefault();
    event.stopPropagation();
    (isUp ? input : found.find((each) => each.checked) ?? found[0]).focus();
  }, true);
}
""",
)


def arrow_down(field: str, list: str) -> None:
    """Between the field with this widget key and the choice whose key begins with ``list``."""
    _mount(data={"field": field, "list": list}, key=f"arrow_down_{field}", height=0)
