"""A text field that is read while it is typed in, and knows Enter from Escape."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.booking_line.reading import LONGEST_LINE

_mount = st.components.v2.component(
    "frontdesk_line_field",
    html='<input type="text" autocomplete="off" spellcheck="false" maxlength="200">',
    css="""
input {
  box-sizing: border-box;
  width: 100%;
  padding: 0.6rem 0.75rem;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius);
  background: var(--st-secondary-background-color);
  color: var(--st-text-color);
  font: 1.15rem var(--st-font);
}
input:focus-visible {
  outline: 2px solid var(--st-primary-color);
  outline-offset: 1px;
}
input::placeholder {
  color: var(--st-text-color);
  opacity: 0.6;
}
""",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class LineTyped:
    """``is_meant`` once Enter was pressed on what the screen had shown as understood."""

    text: str
    is_meant: bool


def line_field(*, label: str, placeholder: str, once: str, key: str, start: str = "") -> LineTyped:
    """Draw the field, focused when ``once`` is new, and answer what is typed in it.

    With ``start`` it is filled anew when ``once`` is.
    """
    before = st.session_state.get(key)
    typed = _text_of(before.get("text") if before is not None else "")
    result = _mount(
        key=key,
        data={
            "label": label,
            "placeholder": placeholder,
            "understood": typed,
            "text": typed,
            "once": once,
            "start": start,
        },
        on_text_change=_nothing,
        on_enter_change=_nothing,
        default={"text": ""},
    )
    entered = result.get("enter")
    return LineTyped(_text_of(result.get("text")), isinstance(entered, str) and bool(entered))


def _text_of(sent: object) -> str:
    return sent[:LONGEST_LINE] if isinstance(sent, str) else ""


def _nothing() -> None:
    """A callback must be named for a value to come back."""
