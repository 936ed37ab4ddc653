"""The day calendar: professionals (or the days of a week) across, the hours down.

The browser draws what it is given and reports what a person did; it decides nothing.
Minutes count from the local midnight of the day shown and may run past it (up to 2880).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast, get_args

import streamlit as st

Kind = Literal["booking", "hold", "break", "time_off", "closed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
VERSIONED = re.compile(r"[0-9]{1,18}\.[0-9]{1,9}")
LAST_MINUTE = 2 * 24 * 60
FEWEST_PIXELS = 240


@dataclass(frozen=True)
class GridColumn:
    """A professional on the desk, or a day in a week."""

    id: str
    title: str
    subtitle: str = ""
    colour: str = "#0072B2"


@dataclass(frozen=True)
class GridBlock:
    """Something that fills time: ``state`` picks the fill, ``state_word`` says it.

    ``icon`` replaces the state's own drawing; ``label`` replaces the spoken name, which is
    otherwise put together from the other fields.
    """

    id: str
    column: str
    kind: Kind
    starts_minute: int
    ends_minute: int
    title: str = ""
    detail: str = ""
    state: str = ""
    state_word: str = ""
    icon: str = ""
    label: str = ""
    movable: bool = False
    badges: tuple[str, ...] = ()
    colour: str = ""
    """Of the service, as a stripe; ``detail`` names it."""


@dataclass(frozen=True)
class GridStart:
    """One start of the chosen service: bookable, or refused for ``reason``.

    ``short`` marks time that is free but too short for the visit.
    """

    column: str
    starts_minute: int
    ends_minute: int
    label: str = ""
    reason: str = ""
    short: bool = False


@dataclass(frozen=True)
class GridWords:
    """The few words of the calendar itself; braces are filled in by the browser."""

    grid: str = "Day calendar"
    free: str = "free"
    refused: str = "not free"
    free_times: str = "Free times"
    now: str = "Now"
    earlier: str = "Earlier"
    moving: str = "Moving…"
    hold: str = "Held"
    break_: str = "Break"
    time_off: str = "Time off"
    closed: str = "Closed"
    no_bookings: str = "No bookings on this day."
    no_columns: str = "Nobody to show on this day."
    overlaps: str = "Overlaps {title}"
    carry: str = "{title}: {column}, {time}. Enter drops it there, Escape puts it back."
    dropped: str = "Moving {title} to {column}, {time}."
    put_back: str = "{title} stays with {column}, {time}."
    keys: str = (
        "Arrow keys move around, Enter opens or picks, Alt with arrow keys moves a booking, "
        "Page Up and Page Down jump from booking to booking."
    )


@dataclass(frozen=True)
class Picked:
    """A start was chosen. ``refused`` comes from the starts drawn now, not from the browser."""

    column: str
    minute: int
    refused: bool


@dataclass(frozen=True)
class Opened:
    block_id: str


@dataclass(frozen=True)
class Dropped:
    """A movable block was carried to ``column`` and ``minute``: a wish, not yet a move."""

    block_id: str
    column: str
    minute: int


GridEvent = Picked | Opened | Dropped
ENGLISH = GridWords()
HERE = Path(__file__).parent
# A component takes one script, so the parts are joined; only the last one exports.
SCRIPTS = ("layout.js", "drawing.js", "carrying.js", "day_grid.js")

_mount = st.components.v2.component(
    "frontdesk_day_grid",
    css=(HERE / "day_grid.css").read_text(encoding="utf-8"),
    js="\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS),
)


def day_grid(
    columns: Sequence[GridColumn],
    blocks: Sequence[GridBlock],
    starts: Sequence[GridStart],
    *,
    starts_minute: int,
    ends_minute: int,
    now_minute: int | None,
    step: int,
    key: str,
    on_event: Callable[[], None] | None = None,
    height: int | None = None,
    now_column: str | None = None,
    words: GridWords = ENGLISH,
) -> GridEvent | None:
    """Draw the calendar and answer what was done on it in this run, if anything.

    Without ``height`` it reaches down to the fold. A drop is only a wish: draw the block
    where it is until the move is saved.
    """
    data = grid_payload(
        columns,
        blocks,
        starts,
        starts_minute=starts_minute,
        ends_minute=ends_minute,
        now_minute=now_minute,
        step=step,
        height=height,
        now_column=now_column,
        words=words,
    )

    # A refused drop leaves the day as it was. The stamp of the last event makes the data
    # differ all the same, or the browser would wait for its answer for ever.
    answered = f"{key}__answered"

    def answer() -> None:
        st.session_state[answered] = _stamp_of(st.session_state.get(key))
        if on_event is not None:
            on_event()

    data["answered"] = st.session_state.get(answered, 0)
    result = _mount(key=key, data=data, on_event_change=answer)
    event = grid_event(
        result.get("event"),
        columns=columns,
        blocks=blocks,
        starts_minute=starts_minute,
        ends_minute=ends_minute,
    )
    return _as_drawn(event, starts) if isinstance(event, Picked) else event


def grid_event(
    raw: object,
    *,
    columns: Sequence[GridColumn],
    blocks: Sequence[GridBlock],
    starts_minute: int,
    ends_minute: int,
) -> GridEvent | None:
    """What the browser sent, if every field of it makes sense on this grid."""
    if not isinstance(raw, dict):
        return None
    sent = cast("dict[object, object]", raw)
    kind, column, minute = sent.get("type"), sent.get("column"), sent.get("minute")
    block = _block_sent(sent.get("block"), blocks)
    if kind == "open":
        return Opened(block.id) if block else None

    if not isinstance(column, str) or column not in {each.id for each in columns}:
        return None
    if type(minute) is not int or not starts_minute <= minute < ends_minute:
        return None
    if kind == "drop" and block and block.movable:
        return Dropped(str(sent["block"]), column, minute)
    refused = sent.get("refused")
    if kind == "pick" and isinstance(refused, bool):
        return Picked(column, minute, refused)
    return None


def _block_sent(sent: object, blocks: Sequence[GridBlock]) -> GridBlock | None:
    """The block that was meant. What follows a dot in an id is a version: an older one still
    means the same block, and the caller sees from the id which one was drawn."""
    if not isinstance(sent, str) or not VERSIONED.fullmatch(sent):
        return next((each for each in blocks if each.id == sent), None)
    name = sent.partition(".")[0]
    return next((each for each in blocks if each.id.partition(".")[0] == name), None)


def grid_payload(
    columns: Sequence[GridColumn],
    blocks: Sequence[GridBlock],
    starts: Sequence[GridStart],
    *,
    starts_minute: int,
    ends_minute: int,
    now_minute: int | None,
    step: int,
    height: int | None = None,
    now_column: str | None = None,
    words: GridWords = ENGLISH,
) -> dict[str, object]:
    """The day as rows without field names; columns and reasons are written once, by number.

    Blocks and starts of a column that is not shown are left out.
    """
    _check_frame(starts_minute, ends_minute, step, height)
    place = {column.id: number for number, column in enumerate(columns)}
    reasons = {reason: number for number, reason in enumerate(_reasons(starts))}
    return {
        "span": [starts_minute, ends_minute],
        "step": step,
        "now": now_minute,
        "nowColumn": None if now_column is None else place.get(now_column, -1),
        "height": height,
        "columns": [[each.id, each.title, each.subtitle, each.colour] for each in columns],
        "blocks": [_block_row(each, place) for each in blocks if each.column in place],
        "reasons": list(reasons),
        "starts": [
            [
                place[each.column],
                each.starts_minute,
                each.ends_minute,
                reasons[each.reason],
                int(each.short),
                each.label,
            ]
            for each in starts
            if each.column in place
        ],
        "words": asdict(words),
    }


def _check_frame(starts_minute: int, ends_minute: int, step: int, height: int | None) -> None:
    if not 0 <= starts_minute < ends_minute <= LAST_MINUTE:
        raise ValueError(f"not a span of minutes: {starts_minute} to {ends_minute}")
    if step < 1:
        raise ValueError(f"not a step in minutes: {step}")
    if height is not None and height < FEWEST_PIXELS:
        raise ValueError(f"a calendar needs {FEWEST_PIXELS} pixels of height: {height}")


def _reasons(starts: Sequence[GridStart]) -> list[str]:
    """Each reason once, and "no reason" always first."""
    return list(dict.fromkeys(["", *(each.reason for each in starts)]))


def _block_row(block: GridBlock, place: dict[str, int]) -> list[object]:
    return [
        block.id,
        place[block.column],
        KINDS.index(block.kind),
        block.starts_minute,
        block.ends_minute,
        block.title,
        block.detail,
        block.state,
        block.state_word,
        block.icon,
        block.label,
        int(block.movable),
        list(block.badges),
        block.colour,
    ]


def _as_drawn(picked: Picked, starts: Sequence[GridStart]) -> Picked:
    """The same pick, refused unless the day drawn now offers it."""
    offered = any(
        start.column == picked.column
        and start.starts_minute == picked.minute
        and not start.reason
        and not start.short
        for start in starts
    )
    return Picked(picked.column, picked.minute, refused=not offered)


def _stamp_of(state: object) -> int:
    raw = state.get("event") if isinstance(state, dict) else None
    stamp = raw.get("stamp") if isinstance(raw, dict) else None
    return stamp if type(stamp) is int else 0
