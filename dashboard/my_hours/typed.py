"""Times of the day as people type them, and as they are shown."""

import re

from core.errors import N_, Invalid
from core.interval import Span

TIME = re.compile(r"(\d{1,2})(?:[:.h]?([0-5]\d))?")
LATEST_HOUR = 48
"""Past midnight the hours count on: 30:00 is 06:00 of the next day."""


def minute_of(typed: str, day: str) -> int | None:
    """ "9", "9:30", "0930" or "17.30" as minutes since midnight; None for nothing typed."""
    text = typed.strip()
    if not text:
        return None
    found = TIME.fullmatch(text)
    if found is None or int(found[1]) > LATEST_HOUR:
        raise Invalid(
            N_("{day}: {typed} is not a time. Write it like 9:00 or 17:30."),
            field="windows",
            day=day,
            typed=text,
        )
    return int(found[1]) * 60 + int(found[2] or 0)


def spans_of(typed: str, day: str) -> list[Span]:
    """ "9-12, 14-18" as spans of minutes since midnight."""
    found = []
    for part in typed.replace(";", ",").split(","):
        if not part.strip():
            continue
        first, dash, last = part.replace("–", "-").partition("-")
        starts, ends = (minute_of(each, day) if dash else None for each in (first, last))
        if starts is None or ends is None:
            raise Invalid(
                N_("{day}: {typed} is not from one time to another. Write it like 9-12, 14-18."),
                field="windows",
                day=day,
                typed=part.strip(),
            )
        found.append((starts, ends))
    return found


def clock_of(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
