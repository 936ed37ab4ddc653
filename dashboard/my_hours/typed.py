"""Times of the day as people type them, and as they are shown."""

import re

from core.errors import N_, Invalid

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


def clock_of(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
