"""What is typed to find somebody: "finance, premium, Thursday afternoon"."""

from dataclasses import dataclass

from core.availability.next_free import AFTERNOON, EVENING, EVERY_DAY, MORNING, DayPart
from core.booking_line import LineWords
from core.patients import fold

SHORTEST_DAY = 3


@dataclass(frozen=True)
class Understood:
    """The days and times in a line, whether it says premium, and the words that are left."""

    words: str
    weekdays: frozenset[int]
    parts: tuple[DayPart, ...]
    premium: bool


def read_words(
    text: str, language: LineWords, premium: frozenset[str], names: frozenset[str]
) -> Understood:
    """Days by their name or its first letters, in any order with the rest.

    A word of ``names`` is that name and no day: "Dr Sun".
    """
    left: list[str] = []
    weekdays: set[int] = set()
    parts: list[DayPart] = []
    is_premium = False
    for word in fold(text).split():
        day, part = _weekday(word, language), _part(word, language)
        if word in premium:
            is_premium = True
        elif part is not None:
            parts.append(part)
        elif day is not None and word not in names:
            weekdays.add(day)
        elif word not in language.fillers:
            left.append(word)
    return Understood(
        " ".join(left), frozenset(weekdays) or EVERY_DAY, tuple(dict.fromkeys(parts)), is_premium
    )


def _weekday(word: str, language: LineWords) -> int | None:
    """Also "thu" and "thursdays"."""
    if len(word) < SHORTEST_DAY:
        return None
    named = enumerate(language.weekdays, 1)
    return next((day for day, name in named if f"{name}s".startswith(word)), None)


def _part(word: str, language: LineWords) -> DayPart | None:
    named = (
        (language.morning, MORNING),
        (language.afternoon, AFTERNOON),
        (language.evening, EVENING),
    )
    return next((part for words, part in named if word in words or word[:-1] in words), None)
