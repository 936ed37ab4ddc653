"""How long a held time is still kept, counted down in the browser."""

from datetime import datetime

import streamlit as st

_mount = st.components.v2.component(
    "frontdesk_countdown",
    html='<div class="left" role="timer"></div>',
    css="""
.left { font: 0.875rem var(--st-font); color: var(--st-text-color); opacity: 0.75; }
""",
    js="""
const timers = new WeakMap();

export default function ({ data, parentElement }) {
  const line = parentElement.querySelector(".left");
  clearInterval(timers.get(parentElement));
  const show = () => {
    const seconds = Math.max(0, Math.round(data.until - Date.now() / 1000 + data.ahead));
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    line.textContent = seconds ? data.running.replace("{left}", clock) : data.over;
    if (!seconds) clearInterval(timers.get(parentElement));
  };
  // The browser's clock may be wrong; the server says what it reads now.
  data.ahead = data.ahead ?? Date.now() / 1000 - data.now;
  show();
  timers.set(parentElement, setInterval(show, 1000));
}
""",
)


def countdown(until: datetime, *, now: datetime, running: str, over: str, key: str) -> None:
    """Show ``running`` with ``{left}`` filled in until then, and ``over`` afterwards."""
    _mount(
        data={
            "until": until.timestamp(),
            "now": now.timestamp(),
            "running": running,
            "over": over,
        },
        key=key,
    )
