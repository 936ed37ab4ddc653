"""Bars of a figure that are tapped are chosen, as those that are clicked are."""

import streamlit as st

# Plotly takes a click for that of the bar the pointer was last seen over, and keeps the browser
# from telling where a finger is: so it is told before it looks.
_mount = st.components.v2.component(
    "frontdesk_tap_bars",
    js="""
let hears = false;

function point(event) {
  if (!event.target.closest?.(".js-plotly-plot") || event.touches.length !== 1) return;
  const { clientX, clientY } = event.touches[0];
  event.target.dispatchEvent(new MouseEvent("mousemove", { clientX, clientY, bubbles: true }));
}

export default function () {
  if (hears) return;
  hears = true;
  document.addEventListener("touchstart", point, { capture: true, passive: true });
}
""",
)


def tap_bars() -> None:
    """For the figures of this page."""
    _mount(key="tap_bars", height=0)
