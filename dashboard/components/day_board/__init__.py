"""The day board drawn: rows that answer to one key each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent


@dataclass(frozen=True)
class RowButton:
    """A step one press away: its id, its word, its icon and its key on the keyboard."""

    id: str
    word: str
    key: str


@dataclass(frozen=True)
class BoardLine:
    id: str
    group: str
    """The heading it stands under; rows of one group follow each other."""
    time: str
    title: str
    detail: str
    state: str
    """Says how the row looks."""
    status: str
    buttons: tuple[RowButton, ...]
    alert: str = ""
    """What has to be known about who comes: a mark says it to whoever points at it."""


@dataclass(frozen=True)
class Pressed:
    row: str
    button: str


OPEN = RowButton("open", "", "Enter")
_mount = st.components.v2.component(
    "frontdesk_day_board",
    css=(HERE / "day_board.css").read_text(encoding="utf-8"),
    js=(HERE / "day_board.js").read_text(encoding="utf-8"),
)


def day_board(lines: Sequence[BoardLine], *, label: str, empty: str, key: str) -> Pressed | None:
    """Draw the rows and answer which button of which was pressed in this run, if any."""
    result = _mount(
        key=key,
        data={"rows": [asdict(each) for each in lines], "label": label, "empty": empty},
        on_press_change=_nothing,
    )
    return pressed(result.get("press"), lines)


def pressed(raw: object, lines: Sequence[BoardLine]) -> Pressed | None:
    """What the browser sent, if it is a button of a row drawn now."""
    if not isinstance(raw, dict):
        return None
    sent = Pressed(str(raw.get("row")), str(raw.get("button")))
    row = next((each for each in lines if each.id == sent.row), None)
    if row is None:
        return None
    known = {OPEN.id, *(each.id for each in row.buttons)}
    return sent if sent.button in known else None


def _nothing() -> None:
    """A callback must be named for a value to come back."""
