"""A text field that is read while it is typed in, with short lists of what could be meant."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from core.booking_line.reading import LONGEST_LINE

_mount = st.components.v2.component(
    "frontdesk_line_field",
    html="""
<input type="text" role="combobox" aria-autocomplete="list" aria-haspopup="listbox"
  aria-controls="choices" autocomplete="off" spellcheck="false" maxlength="200">
<div id="choices" role="listbox" hidden></div>
<div id="said" role="status" aria-live="polite"></div>
""",
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
#choices { padding-top: 0.5rem; }
#said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.list { display: flex; flex-wrap: wrap; gap: 0.4rem; padding: 0.25rem 0; }
.question { flex: 1 0 100%; color: var(--st-text-color); font: 0.875rem var(--st-font); }
.option {
  padding: 0.3rem 0.7rem;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius);
  color: var(--st-text-color);
  font: 1rem var(--st-font);
  cursor: pointer;
}
.option:hover { border-color: var(--st-primary-color); }
.option[aria-selected="true"] {
  outline: 2px solid var(--st-primary-color);
  outline-offset: 1px;
  background: var(--st-secondary-background-color);
}
@media (pointer: coarse) {
  .option { padding: 0.6rem 0.8rem; }
}
input::placeholder {
  color: var(--st-text-color);
  opacity: 0.6;
}
""",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class LineOption:
    id: str
    name: str
    """Plain text."""


@dataclass(frozen=True)
class LineList:
    """What one part of the line could be."""

    question: str
    options: tuple[LineOption, ...]


@dataclass(frozen=True)
class LineTyped:
    """``is_meant`` once Enter was pressed on what the screen had shown as understood;
    ``picked`` is the option that was chosen from the lists in this run, if any."""

    text: str
    is_meant: bool
    picked: str


def line_typed(key: str) -> LineTyped:
    """What the field that is drawn next has to say: it is needed to know what to draw there."""
    said = st.session_state.get(key)
    if said is None:
        return LineTyped("", is_meant=False, picked="")
    return LineTyped(
        _text_of(said.get("text")),
        is_meant=bool(_text_of(said.get("enter"))),
        picked=_text_of(said.get("pick")),
    )


def line_field(
    *,
    label: str,
    placeholder: str,
    choices: str,
    lists: Sequence[LineList],
    said: str,
    once: str,
    key: str,
    start: str = "",
) -> None:
    """Draw the field and below it the lists, through which the arrow keys go.

    ``said`` is read out once the hand rests. The field is focused when ``once`` is new, and
    with ``start`` filled anew.
    """
    typed = line_typed(key).text
    _mount(
        key=key,
        data={
            "label": label,
            "placeholder": placeholder,
            "choices": choices,
            "lists": [asdict(each) for each in lists],
            "said": said,
            "text": typed,
            "once": once,
            "start": start,
        },
        on_text_change=_nothing,
        on_enter_change=_nothing,
        on_pick_change=_nothing,
        default={"text": ""},
    )


def _text_of(sent: object) -> str:
    return sent[:LONGEST_LINE] if isinstance(sent, str) else ""


def _nothing() -> None:
    """A callback must be named for a value to come back."""
