"""What a line of the desk says, without the database: "fri 10 silva follow-up".

Day, date, time, telephone and words come in any order. What is not a day, a time or a number
is left as words, to be looked up among patients, services and professionals.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from core.booking_line import when
from core.booking_line.line import DIGITS, LineRead, LineWords, Matcher, Reader
from core.folding import fold
from core.patients.search import SHORTEST_PHONE

LONGEST_LINE = 200
PHONE_PART = re.compile(r"\+?\(?\d[\d()./-]*")


def read_line(
    text: str, words: LineWords, *, today: date, minute: int = 0, country: str | None = None
) -> LineRead:
    """Read a line from left to right.

    A second day or time that does not go with the first is left unread: nobody can tell which
    was meant. ``minute`` of ``today`` is now: a weekday with a time that is over means next
    week's.
    """
    reader = Reader(words, today, country)
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


def _goes_with(before: LineRead, was_weekday: bool, reader: Reader) -> bool:
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


def _phone(tokens: Sequence[str], reader: Reader) -> int:
    """A run of numbers with as many digits as a telephone has."""
    run = 0
    while run < len(tokens) and PHONE_PART.fullmatch(tokens[run]):
        if when.is_date(tokens[run]):
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


def _title(tokens: Sequence[str], reader: Reader) -> int:
    """dr ruiz."""
    if len(tokens) < 2 or fold(tokens[0]) not in reader.words.titles:
        return 0
    reader.read.titled.extend(fold(tokens[1]).split())
    return 2


def _filler(tokens: Sequence[str], reader: Reader) -> int:
    said = fold(tokens[0])
    return int(not said or said in reader.words.fillers)


MATCHERS: Sequence[Matcher] = (*when.IN_NUMBERS, _phone, *when.IN_WORDS, _title, _filler)
"""In the order in which they are tried: what is more particular comes first."""
