"""The days and times of a line, in every form in which a desk says them."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from core.availability.next_free import AFTERNOON, EVENING, MORNING
from core.booking_line.line import DIGITS, Matcher, Reader, number_of, place_among
from core.folding import fold
from core.patients.search import MONTH_FIRST
from core.recurrence import months_later

AFTERNOON_UP_TO = 6
"""A bare 1 to 6 is said of the afternoon; 01 to 06 and 1:00 to 6:00 are meant as written."""
ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
NUMBER_DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})\.?(?:[./-]?(\d{4}|\d{2}))?")
CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2})?)(am|pm)?", re.IGNORECASE)
HALF_DAY = re.compile(r"(\d{1,2})(am|pm)", re.IGNORECASE)
FOUR_DIGITS = re.compile(r"([01]\d|2[0-3])([0-5]\d)")
HALVES: Mapping[str, int] = {"am": 0, "pm": 12}


def is_date(token: str) -> bool:
    return bool(ISO_DATE.fullmatch(token) or NUMBER_DATE.fullmatch(token))


def _iso_date(tokens: Sequence[str], reader: Reader) -> int:
    found = ISO_DATE.fullmatch(tokens[0])
    return _take_date(reader, *map(int, found.groups())) if found else 0


def _number_date(tokens: Sequence[str], reader: Reader) -> int:
    found = NUMBER_DATE.fullmatch(tokens[0])
    if found is None:
        return 0
    first, second, year = found.groups()
    month, day = (first, second) if reader.country in MONTH_FIRST else (second, first)
    if year is None:
        return _take_next(reader, int(month), int(day))
    return _take_date(reader, int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))


def _clock(tokens: Sequence[str], reader: Reader) -> int:
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


def _day_and_month(tokens: Sequence[str], reader: Reader) -> int:
    """27 nov, nov 27."""
    if len(tokens) < 2:
        return 0
    for day, month in ((tokens[0], tokens[1]), (tokens[1], tokens[0])):
        number = place_among(month, reader.words.months)
        if number and DIGITS.fullmatch(day.rstrip(".")):
            return 2 * _take_next(reader, number, int(day.rstrip(".")))
    return 0


def _in_some_days(tokens: Sequence[str], reader: Reader) -> int:
    """in 3 days, in two weeks, in 6 months."""
    words = reader.words
    if len(tokens) < 3 or fold(tokens[0]) not in words.within:
        return 0
    count, unit = number_of(tokens[1], reader), fold(tokens[2])
    if count is None:
        return 0
    if unit in words.months_ahead:
        return 3 * _take_day(reader, months_later(reader.today, count))
    if unit in words.days or unit in words.weeks:
        days = count * (7 if unit in words.weeks else 1)
        return 3 * _take_day(reader, reader.today + timedelta(days=days))
    return 0


def _minutes_from_an_hour(tokens: Sequence[str], reader: Reader) -> int:
    """half past nine, quarter past 9, quarter to ten."""
    if len(tokens) < 3:
        return 0
    words, share, side = reader.words, fold(tokens[0]), fold(tokens[1])
    hour = number_of(tokens[2], reader)
    minutes = 30 if share in words.half else 15 if share in words.quarter else 0
    is_before = side in words.before
    if hour is None or not minutes or not (is_before or side in words.past):
        return 0
    if 1 <= hour <= AFTERNOON_UP_TO:
        hour += 12
    at = 60 * hour + (-minutes if is_before else minutes)
    return 3 * _take_time(reader, at // 60, at % 60, None)


def _named_day(tokens: Sequence[str], reader: Reader) -> int:
    """today, tomorrow, fri, friday, next friday."""
    words, said = reader.words, fold(tokens[0])
    if said in words.today or said in words.tomorrow or said in words.yesterday:
        days = (said in words.tomorrow) - (said in words.yesterday)
        return _take_day(reader, reader.today + timedelta(days=days))
    is_next = said in words.next and len(tokens) > 1
    number = place_among(tokens[1] if is_next else tokens[0], words.weekdays)
    if not number:
        return 0
    ahead = (number - reader.today.isoweekday()) % 7
    if is_next:  # the one of next week, as people mean it
        ahead = 7 - reader.today.isoweekday() + number
    _take_day(reader, reader.today + timedelta(days=ahead), by_name=not is_next)
    return 2 if is_next else 1


def _this(tokens: Sequence[str], reader: Reader) -> int:
    """this friday; this afternoon, which is today's."""
    if len(tokens) < 2 or fold(tokens[0]) not in reader.words.this:
        return 0
    if _part_of_day(tokens[1:], reader):
        return 2 * _take_day(reader, reader.today)
    is_day = place_among(tokens[1], reader.words.weekdays) > 0
    return 2 * _named_day(tokens[1:2], reader) if is_day else 0


def _part_of_day(tokens: Sequence[str], reader: Reader) -> int:
    """morning, afternoon, evening."""
    words, said = reader.words, fold(tokens[0])
    parts = ((words.morning, MORNING), (words.afternoon, AFTERNOON), (words.evening, EVENING))
    part = next((part for names, part in parts if said in names), None)
    reader.read.part = part or reader.read.part
    return int(part is not None)


def _bare_hour(tokens: Sequence[str], reader: Reader) -> int:
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


def _take_time(reader: Reader, hour: int, minute: int, half: str | None) -> int:
    if half is not None:
        if not 1 <= hour <= 12:
            return 0
        hour = hour % 12 + HALVES[half.casefold()]
    if hour > 23 or minute > 59:
        return 0
    reader.read.minute = hour * 60 + minute
    return 1


def _take_day(reader: Reader, on: date, *, by_name: bool = False) -> int:
    reader.read.on, reader.is_weekday = on, by_name
    return 1


def _take_date(reader: Reader, year: int, month: int, day: int) -> int:
    try:
        return _take_day(reader, date(year, month, day))
    except ValueError:
        return 0


def _take_next(reader: Reader, month: int, day: int) -> int:
    """The next such date, today included; 29 February may be years away."""
    for year in range(reader.today.year, reader.today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= reader.today:
            return _take_day(reader, found)
    return 0


IN_NUMBERS: Sequence[Matcher] = (
    _iso_date,
    _number_date,
    _clock,
    _in_some_days,
    _minutes_from_an_hour,
    _day_and_month,
)
IN_WORDS: Sequence[Matcher] = (_this, _named_day, _part_of_day, _bare_hour)
"""Tried after a telephone number, whose digits an hour alone would take."""
