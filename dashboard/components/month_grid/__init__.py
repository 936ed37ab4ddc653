"""A month drawn: a table of days, each a button with its number and what can be offered on it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent


@dataclass(frozen=True)
class DayCell:
    """``words`` stand under the number of the day, on a telephone ``short``; ``label`` is what
    is read out."""

    on: str
    """The date as ISO writes it."""
    number: int
    kind: str
    words: tuple[str, str]
    short: tuple[str, str]
    label: str
    level: int = 0
    """How dark it is, 0 to 4."""
    is_today: bool = False


_mount = st.components.v2.component(
    "frontdesk_month_grid",
    css=(HERE / "month_grid.css").read_text(encoding="utf-8"),
    js=(HERE / "month_grid.js").read_text(encoding="utf-8"),
)


def month_grid(
    weekdays: Sequence[str],
    cells: Sequence[DayCell],
    *,
    label: str,
    key: str,
    on_pick: Callable[[date], None],
) -> bool:
    """Draw the month, Monday first. ``on_pick`` hears the day that was chosen before the page
    is drawn again; the answer is whether one was in this run."""

    def hear() -> None:
        on = picked(st.session_state.get(key), cells)
        if on is not None:
            on_pick(on)

    blanks = date.fromisoformat(cells[0].on).weekday()
    result = _mount(
        key=key,
        data={
            "label": label,
            "weekdays": list(weekdays),
            "blanks": blanks,
            "cells": [asdict(each) for each in cells],
        },
        on_pick_change=hear,
    )
    return bool(result.get("pick"))


def picked(state: object, cells: Sequence[DayCell]) -> date | None:
    """The day the browser sent, if it is one of those drawn."""
    sent = state.get("pick") if isinstance(state, dict) else None
    known = {each.on for each in cells}
    return date.fromisoformat(sent) if isinstance(sent, str) and sent in known else None
