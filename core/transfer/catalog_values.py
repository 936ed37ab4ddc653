"""Numbers, spans, choices and weekdays, as lists of services and hours write them."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from core.errors import N_, Invalid
from core.patients import fold
from core.transfer.values import read_time

Choice = TypeVar("Choice", bound=StrEnum)

NUMBER = re.compile(r"(\d{1,9})\s*(?:days?|dias?|tage?|jours?)?", re.I)
SPAN = re.compile(r"(\d{1,6})\s*(m|mins?|minutes?|h|hrs?|hours?|d|days?)?\.?", re.I)
RATE = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*%?")
MINUTES_IN = {"m": 1, "h": 60, "d": 1440}
PAST_MIDNIGHT = re.compile(r"(2[4-9]|3\d|4[0-7]):([0-5]\d)")
LONGEST_NIGHT_MINUTES = 12 * 60
"""An end before its start lies on the next day; when that makes more, it is a slip."""
DAY_MINUTES = 1440
YES = frozenset({"yes", "y", "true", "1", "x", "on", "si", "sim", "ja", "oui"})
NO = frozenset({"no", "n", "false", "0", "off", "nao", "nein", "non"})
WEEKDAYS = (
    ("mon", "monday", "lunes", "segunda", "segunda feira", "montag", "lundi"),
    ("tue", "tues", "tuesday", "martes", "terca", "terca feira", "dienstag", "mardi"),
    ("wed", "wednesday", "miercoles", "quarta", "quarta feira", "mittwoch", "mercredi"),
    ("thu", "thur", "thurs", "thursday", "jueves", "quinta", "quinta feira", "donnerstag", "jeudi"),
    ("fri", "friday", "viernes", "sexta", "sexta feira", "freitag", "vendredi"),
    ("sat", "saturday", "sabado", "samstag", "samedi"),
    ("sun", "sunday", "domingo", "sonntag", "dimanche"),
)


def read_number(typed: str, field: str) -> int:
    """A whole number; "days" may stand behind it."""
    found = NUMBER.fullmatch(typed.strip())
    if found is None:
        raise Invalid(
            N_("{typed} is not a whole number. Please write one, such as 30."),
            field=field,
            typed=typed[:40],
        )
    return int(found[1])


def read_span(typed: str, field: str) -> int:
    """Minutes, from ``90``, ``90 min``, ``24 h`` or ``2 days``."""
    found = SPAN.fullmatch(typed.strip())
    if found is None:
        raise Invalid(
            N_("{typed} is no length of time. Please write it as 90, 24 h or 2 days."),
            field=field,
            typed=typed[:40],
        )
    return int(found[1]) * MINUTES_IN[(found[2] or "m")[0].lower()]


def read_rate(typed: str) -> int:
    """Hundredths of a per cent, from ``23``, ``5.5`` or ``5,5 %``."""
    found = RATE.fullmatch(typed.strip())
    if found is None:
        raise Invalid(
            N_("{typed} is no tax. Please write it as 23 or 5.5."), field="tax", typed=typed[:40]
        )
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def read_yes(typed: str, field: str) -> bool:
    """Yes or no, in some languages."""
    word = fold(typed)
    if word not in YES | NO:
        raise Invalid(
            N_("{typed} is neither yes nor no. Please write one of them."),
            field=field,
            typed=typed[:40],
        )
    return word in YES


def read_choice(typed: str, choices: type[Choice], field: str) -> Choice:
    """The one that is written, whatever its case."""
    for each in choices:
        if fold(typed) == each.value:
            return each
    raise Invalid(
        N_("{typed} is none of these. Please write one of them: {choices}."),
        field=field,
        typed=typed[:40],
        choices=", ".join(choices),
    )


def read_weekday(typed: str) -> int:
    """1 for Monday to 7 for Sunday, from the number or the name."""
    word = fold(typed)
    for number, names in enumerate(WEEKDAYS, 1):
        if word == str(number) or word in names:
            return number
    raise Invalid(
        N_("{typed} is not a day of the week. Please write its name, or 1 for Monday to 7."),
        field="weekday",
        typed=typed[:40],
    )


def read_minute(typed: str) -> int:
    """Minutes since midnight; 24:00 is the end of the day, 30:00 six in the next morning."""
    if past := PAST_MIDNIGHT.fullmatch(typed.strip()):
        return int(past[1]) * 60 + int(past[2])
    clock, _offset = read_time(typed)
    return clock.hour * 60 + clock.minute


def end_after(starts_minute: int, ends_minute: int) -> int:
    """The end of a window, on the next day where it is a night's."""
    next_day = ends_minute + DAY_MINUTES
    is_night = ends_minute < starts_minute and next_day - starts_minute <= LONGEST_NIGHT_MINUTES
    return next_day if is_night else ends_minute


def split_names(typed: str, known: Sequence[str]) -> list[str]:
    """The names in a cell, between semicolons or bars; between commas where none has one."""
    names: list[str] = []
    for part in filter(None, map(str.strip, re.split(r"[;|\n]", typed))):
        is_one = "," not in part or fold(part) in {fold(each) for each in known}
        names += [part] if is_one else list(filter(None, map(str.strip, part.split(","))))
    return names
