"""What is read of a line, and the words it is read with: the reader's language."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from core.availability.next_free import DayPart
from core.folding import fold

SHORTEST_NAME_OF_DAY = 3
DIGITS = re.compile(r"\d{1,2}")


@dataclass(frozen=True)
class LineWords:
    """The reader's language, folded as ``fold`` does; several words may mean one thing."""

    weekdays: Sequence[str]
    """Monday first, in full; their first three letters are understood too."""
    months: Sequence[str]
    today: frozenset[str]
    tomorrow: frozenset[str]
    yesterday: frozenset[str]
    next: frozenset[str]
    this: frozenset[str]
    within: frozenset[str]
    """As in "in 3 weeks"."""
    days: frozenset[str]
    weeks: frozenset[str]
    months_ahead: frozenset[str]
    numbers: Sequence[frozenset[str]]
    """Words for one to twelve."""
    half: frozenset[str]
    quarter: frozenset[str]
    past: frozenset[str]
    before: frozenset[str]
    """As in "quarter to nine"."""
    morning: frozenset[str]
    afternoon: frozenset[str]
    evening: frozenset[str]
    titles: frozenset[str]
    """What precedes a professional's name."""
    fillers: frozenset[str]
    """Words that say nothing here: at, with, for."""


@dataclass
class LineRead:
    """The parts of a line; None where it does not say."""

    on: date | None = None
    minute: int | None = None
    part: DayPart | None = None
    """Morning, afternoon, evening; a time says more and goes before it."""
    phone: str = ""
    titled: list[str] = field(default_factory=list)
    """Words that can only be a professional's name."""
    words: list[str] = field(default_factory=list)
    typed: list[tuple[str, list[str]]] = field(default_factory=list)
    """What was typed for which words: a name nobody has may become a patient's."""
    unread: list[str] = field(default_factory=list)
    """What looks like a date or a time and is none, or contradicts what was said before it:
    nothing may be booked on such a line."""

    @property
    def is_empty(self) -> bool:
        return self == LineRead()


@dataclass
class Reader:
    """The line as far as it has been read."""

    words: LineWords
    today: date
    country: str | None
    read: LineRead = field(default_factory=LineRead)
    is_weekday: bool = False
    """The day was said as the next of its name."""


Matcher = Callable[[Sequence[str], Reader], int]
"""Takes what it knows from the first tokens, and answers how many those are."""


def number_of(token: str, reader: Reader) -> int | None:
    """A number of one or two digits, or one of the words for one to twelve."""
    if DIGITS.fullmatch(token):
        return int(token)
    said = fold(token)
    return next((n for n, each in enumerate(reader.words.numbers, start=1) if said in each), None)


def place_among(token: str, names: Sequence[str]) -> int:
    """The number of the weekday or month a word means, 1 for the first; 0 for none."""
    said = fold(token)
    if len(said) < SHORTEST_NAME_OF_DAY:
        return 0
    for number, name in enumerate(names, start=1):
        if said == name or said == name[:SHORTEST_NAME_OF_DAY]:
            return number
    return 0
