"""A week to be painted: days across, half hours down, a stroke from one to another.

The browser draws what it is given and reports a stroke; what it paints is decided here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.interval import Span
from dashboard.i18n import _
from dashboard.my_hours.painting import Stroke
from dashboard.my_hours.typed import clock_of

HERE = Path(__file__).parent


@dataclass(frozen=True)
class GridDay:
    """A weekday, its hours and the breaks in them, sorted."""

    name: str
    work: tuple[Span, ...]
    breaks: tuple[Span, ...]


@dataclass(frozen=True)
class GridHours:
    """Seven days, Monday first, from one minute of the day to another."""

    first: int
    last: int
    step: int
    days: tuple[GridDay, ...]


_mount = st.components.v2.component(
    "frontdesk_hours_grid",
    css=(HERE / "hours_grid.css").read_text(encoding="utf-8"),
    js=(HERE / "hours_grid.js").read_text(encoding="utf-8"),
)


def hours_grid(
    hours: GridHours, *, key: str, label: str, on_paint: Callable[[Stroke], None]
) -> None:
    """Draw the week. ``on_paint`` hears a stroke before the page is drawn again."""

    def hear() -> None:
        stroke = stroke_in(st.session_state.get(key), hours)
        if stroke is not None:
            on_paint(stroke)

    _mount(
        key=key,
        data={
            "label": label,
            "words": {
                "begun": _("{day} {time}: the first. Go to the last and press the space bar."),
                "left": _("Nothing was painted."),
            },
            "step": hours.step,
            "days": [each.name for each in hours.days],
            "rows": [_row(hours, minute) for minute in range(hours.first, hours.last, hours.step)],
        },
        on_painted_change=hear,
    )


def stroke_in(state: object, hours: GridHours) -> Stroke | None:
    """The stroke the browser sent, if it lies on what was drawn."""
    sent = state.get("painted") if isinstance(state, dict) else None
    if not isinstance(sent, dict):
        return None
    found = [sent.get(name) for name in ("first", "last", "from", "to")]
    if not all(isinstance(each, int) and not isinstance(each, bool) for each in found):
        return None
    first, last, starts, ends = (int(each) for each in found if each is not None)
    is_drawn = 1 <= first <= last <= 7 and hours.first <= starts < ends <= hours.last
    return Stroke(first, last, starts, ends) if is_drawn else None


def _row(hours: GridHours, minute: int) -> dict[str, Any]:
    return {
        "minute": minute,
        "time": clock_of(minute),
        "cells": [_cell(each, minute, minute + hours.step) for each in hours.days],
    }


def _cell(day: GridDay, start: int, end: int) -> dict[str, str]:
    work, rest = _share(day.work, start, end), _share(day.breaks, start, end)
    state = "break" if rest and rest >= work / 2 else "work" if work else "off"
    words = {"work": _("at work"), "break": _("break"), "off": _("not at work")}[state]
    times = [span for span in (*day.work, *day.breaks) if start <= span[0] < end]
    title = ", ".join(f"{clock_of(each[0])}-{clock_of(each[1])}" for each in times)
    return {
        "state": state,
        "is_part": "yes" if 0 < work < end - start or 0 < rest < end - start else "",
        "title": title,
        "short": "-".join(map(_short, times[-1])) if times else "",
        "label": f"{day.name} {clock_of(start)}, {words}",
    }


def _short(minute: int) -> str:
    """ "9" or "9:30", where there is little room."""
    return f"{minute // 60}:{minute % 60:02}".removesuffix(":00")


def _share(spans: tuple[Span, ...], start: int, end: int) -> int:
    """How many of these minutes lie between the two."""
    return sum(max(0, min(high, end) - max(low, start)) for low, high in spans)
