"""What a line of the desk says about when: "fri 10 silva follow-up" without the database.

Day, date, time, telephone and words come in any order. What is not a day, a time or a number
is left as words, to be looked up among patients, services and professionals.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from core.availability.next_free import AFTERNOON, EVENING, MORNING, DayPart
from core.patients.search import MONTH_FIRST, SHORTEST_PHONE, fold
from core.recurrence import months_later

LONGEST_LINE = 200
AFTERNOON_UP_TO = 6
"""A bare 1 to 6 is said of the afternoon; 01 to 06 and 1:00 to 6:00 are meant as written."""
SHORTEST_NAME_OF_DAY = 3


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


Matcher = Callable[[Sequence[str], "_Reader"], int]


def read_line(
    text: str, words: LineWords, *, today: date, minute: int = 0, country: str | None = None
) -> LineRead:
    """Read a line from left to right.

    A second day or time that does not go with the first is left unread: nobody can tell which
    was meant. ``minute`` of ``today`` is now: a weekday with a time that is over means next
    week's.
    """
    reader = _Reader(words, today, country)
    tokens = text[:LONGEST_LINE].replace(",", " ").replace(";", " ").split()
    while tokens:
        before, was_weekday = replace(reader.read), reader.is_weekday
        taken = next((count for each in MATCHERS if (count := each(tokens, reader))), 0)
        if taken and not _goes_with(before, was_weekday, reader):
            reader.read, reader.is_weekday = before, was_weekday
            before.unread.extend(tokens[:taken])
        elif not taken:
            is_odd = any(each.isdigit() for each in tokens[0])
            if is_odd:
                reader.read.unread.append(tokens[0])
            else:
                _take_words(reader.read, tokens[0])
        tokens = tokens[taken or 1 :]
    read = reader.read
    if reader.is_weekday and read.on == today and _is_over(read, minute):
        read.on = today + timedelta(days=7)
    return read


def _goes_with(before: LineRead, was_weekday: bool, reader: "_Reader") -> bool:
    """Whether what was just read can be meant beside what was said before.

    A date and the name of its day can; the date says more.
    """
    read = reader.read
    if before.on is not None and read.on is not None:
        if before.on != read.on and not (was_weekday or reader.is_weekday):
            return False
        if before.on.isoweekday() != read.on.isoweekday():
            return False
        read.on = read.on if was_weekday else before.on
        reader.is_weekday = was_weekday and reader.is_weekday
    return (
        before.minute in (None, read.minute)
        and before.part in (None, read.part)
        and before.phone in ("", read.phone)
    )


def _take_words(read: LineRead, token: str) -> None:
    found = fold(token).split()
    read.words.extend(found)
    if found:
        read.typed.append((token, found))


def as_typed(read: LineRead, words: Sequence[str]) -> str:
    """Words of the line with the capitals and accents they came with."""
    said, left = [], [each for each in words if each]
    while left:
        typed = (each for each in read.typed if left[: len(each[1])] == each[1])
        token, found = next(typed, (left[0], left[:1]))
        said.append(token)
        left = left[len(found) :]
    return " ".join(said)


def _is_over(read: LineRead, minute: int) -> bool:
    if read.minute is not None:
        return read.minute < minute
    return read.part is not None and read.part.ends_minute <= minute


@dataclass
class _Reader:
    words: LineWords
    today: date
    country: str | None
    read: LineRead = field(default_factory=LineRead)
    is_weekday: bool = False
    """The day was said as the next of its name."""


ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
NUMBER_DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})\.?(?:[./-]?(\d{4}|\d{2}))?")
CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2})?)(am|pm)?", re.IGNORECASE)
HALF_DAY = re.compile(r"(\d{1,2})(am|pm)", re.IGNORECASE)
DIGITS = re.compile(r"\d{1,2}")
FOUR_DIGITS = re.compile(r"([01]\d|2[0-3])([0-5]\d)")
PHONE_PART = re.compile(r"\+?\(?\d[\d()./-]*")


def _iso_date(tokens: Sequence[str], reader: _Reader) -> int:
    found = ISO_DATE.fullmatch(tokens[0])
    return _take_date(reader, *map(int, found.groups())) if found else 0


def _number_date(tokens: Sequence[str], reader: _Reader) -> int:
    found = NUMBER_DATE.fullmatch(tokens[0])
    if found is None:
        return 0
    first, second, year = found.groups()
    month, day = (first, second) if reader.country in MONTH_FIRST else (second, first)
    if year is None:
        return _take_next(reader, int(month), int(day))
    return _take_date(reader, int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))


def _clock(tokens: Sequence[str], reader: _Reader) -> int:
    """10:15, 10h, 10h15, 10:15pm, 5pm, 5 pm."""
    found = CLOCK.fullmatch(tokens[0])
    if found is not None:
        hour, minute, half = found.groups()
        taken = 1
        if half is None and len(tokens) > 1 and tokens[1].casefold() in HALVES:
            half, taken = tokens[1], 2
        return _take_time(reader, int(hour), int(minute or 0), half) and taken
    found = HALF_DAY.fullmatch(tokens[0])
    if found is not None:
        return _take_time(reader, int(found[1]), 0, found[2])
    if len(tokens) > 1 and DIGITS.fullmatch(tokens[0]) and tokens[1].casefold() in HALVES:
        return 2 * _take_time(reader, int(tokens[0]), 0, tokens[1])
    return 0


def _phone(tokens: Sequence[str], reader: _Reader) -> int:
    """A run of numbers with as many digits as a telephone has."""
    run = 0
    while run < len(tokens) and PHONE_PART.fullmatch(tokens[run]):
        if ISO_DATE.fullmatch(tokens[run]) or NUMBER_DATE.fullmatch(tokens[run]):
            break
        run += 1
    is_hour = run > 1 and bool(DIGITS.fullmatch(tokens[0])) and int(tokens[0]) < 24
    if _digits(tokens[:run]) < SHORTEST_PHONE or (
        is_hour and _digits(tokens[1:2]) >= SHORTEST_PHONE
    ):
        return 0
    reader.read.phone = " ".join(tokens[:run])
    return run


def _digits(tokens: Sequence[str]) -> int:
    return sum(each.isdigit() for token in tokens for each in token)


def _day_and_month(tokens: Sequence[str], reader: _Reader) -> int:
    """27 nov, nov 27."""
    if len(tokens) < 2:
        return 0
    for day, month in ((tokens[0], tokens[1]), (tokens[1], tokens[0])):
        number = _named(month, reader.words.months)
        if number and DIGITS.fullmatch(day.rstrip(".")):
            return 2 * _take_next(reader, number, int(day.rstrip(".")))
    return 0


def _in_some_days(tokens: Sequence[str], reader: _Reader) -> int:
    """in 3 days, in two weeks, in 6 months."""
    words = reader.words
    if len(tokens) < 3 or fold(tokens[0]) not in words.within:
        return 0
    count, unit = _number(tokens[1], reader), fold(tokens[2])
    if count is None:
        return 0
    if unit in words.months_ahead:
        return 3 * _take_day(reader, months_later(reader.today, count))
    if unit in words.days or unit in words.weeks:
        days = count * (7 if unit in words.weeks else 1)
        return 3 * _take_day(reader, reader.today + timedelta(days=days))
    return 0


def _number(token: str, reader: _Reader) -> int | None:
    """A number of one or two digits, or one of the words for one to twelve."""
    if DIGITS.fullmatch(token):
        return int(token)
    said = fold(token)
    return next((n for n, each in enumerate(reader.words.numbers, start=1) if said in each), None)


def _minutes_from_an_hour(tokens: Sequence[str], reader: _Reader) -> int:
    """half past nine, quarter past 9, quarter to ten."""
    if len(tokens) < 3:
        return 0
    words, share, side = reader.words, fold(tokens[0]), fold(tokens[1])
    hour = _number(tokens[2], reader)
    minutes = 30 if share in words.half else 15 if share in words.quarter else 0
    is_before = side in words.before
    if hour is None or not minutes or not (is_before or side in words.past):
        return 0
    if 1 <= hour <= AFTERNOON_UP_TO:
        hour += 12
    at = 60 * hour + (-minutes if is_before else minutes)
    return 3 * _take_time(reader, at // 60, at % 60, None)


def _named_day(tokens: Sequence[str], reader: _Reader) -> int:
    """today, tomorrow, fri, friday, next friday."""
    words, said = reader.words, fold(tokens[0])
    if said in words.today or said in words.tomorrow or said in words.yesterday:
        days = (said in words.tomorrow) - (said in words.yesterday)
        return _take_day(reader, reader.today + timedelta(days=days))
    is_next = said in words.next and len(tokens) > 1
    number = _named(tokens[1] if is_next else tokens[0], words.weekdays)
    if not number:
        return 0
    ahead = (number - reader.today.isoweekday()) % 7
    if is_next:  # the one of next week, as people mean it
        ahead = 7 - reader.today.isoweekday() + number
    _take_day(reader, reader.today + timedelta(days=ahead), by_name=not is_next)
    return 2 if is_next else 1


def _this(tokens: Sequence[str], reader: _Reader) -> int:
    """this friday; this afternoon, which is today's."""
    if len(tokens) < 2 or fold(tokens[0]) not in reader.words.this:
        return 0
    if _part_of_day(tokens[1:], reader):
        return 2 * _take_day(reader, reader.today)
    is_day = _named(tokens[1], reader.words.weekdays) > 0
    return 2 * _named_day(tokens[1:2], reader) if is_day else 0


def _part_of_day(tokens: Sequence[str], reader: _Reader) -> int:
    """morning, afternoon, evening."""
    words, said = reader.words, fold(tokens[0])
    parts = ((words.morning, MORNING), (words.afternoon, AFTERNOON), (words.evening, EVENING))
    part = next((part for names, part in parts if said in names), None)
    reader.read.part = part or reader.read.part
    return int(part is not None)


def _bare_hour(tokens: Sequence[str], reader: _Reader) -> int:
    """10, 1030."""
    if reader.read.minute is not None:
        return 0
    if found := FOUR_DIGITS.fullmatch(tokens[0]):
        return _take_time(reader, int(found[1]), int(found[2]), None)
    if not DIGITS.fullmatch(tokens[0]):
        return 0
    hour = int(tokens[0])
    if len(tokens[0]) == 1 and 1 <= hour <= AFTERNOON_UP_TO:
        hour += 12
    return _take_time(reader, hour, 0, None)


def _title(tokens: Sequence[str], reader: _Reader) -> int:
    """dr ruiz."""
    if len(tokens) < 2 or fold(tokens[0]) not in reader.words.titles:
        return 0
    reader.read.titled.extend(fold(tokens[1]).split())
    return 2


def _filler(tokens: Sequence[str], reader: _Reader) -> int:
    said = fold(tokens[0])
    return int(not said or said in reader.words.fillers)


MATCHERS: Sequence[Matcher] = (
    _iso_date,
    _number_date,
    _clock,
    _in_some_days,
    _minutes_from_an_hour,
    _day_and_month,
    _phone,
    _this,
    _named_day,
    _part_of_day,
    _bare_hour,
    _title,
    _filler,
)
"""In the order in which they are tried: what is more particular comes first."""

HALVES: Mapping[str, int] = {"am": 0, "pm": 12}


def _take_time(reader: _Reader, hour: int, minute: int, half: str | None) -> int:
    if half is not None:
        if not 1 <= hour <= 12:
            return 0
        hour = hour % 12 + HALVES[half.casefold()]
    if hour > 23 or minute > 59:
        return 0
    reader.read.minute = hour * 60 + minute
    return 1


def _take_day(reader: _Reader, on: date, *, by_name: bool = False) -> int:
    reader.read.on, reader.is_weekday = on, by_name
    return 1


def _take_date(reader: _Reader, year: int, month: int, day: int) -> int:
    try:
        return _take_day(reader, date(year, month, day))
    except ValueError:
        return 0


def _take_next(reader: _Reader, month: int, day: int) -> int:
    """The next such date, today included; 29 February may be years away."""
    for year in range(reader.today.year, reader.today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= reader.today:
            return _take_day(reader, found)
    return 0


def _named(token: str, names: Sequence[str]) -> int:
    """The number of the weekday or month a word means, 1 for the first; 0 for none."""
    said = fold(token)
    if len(said) < SHORTEST_NAME_OF_DAY:
        return 0
    for number, name in enumerate(names, start=1):
        if said == name or said == name[:SHORTEST_NAME_OF_DAY]:
            return number
    return 0
