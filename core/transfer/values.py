"""Dates, times, lengths, prices and states, as other systems write them."""

import enum
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from core.errors import N_, Invalid
from core.models import BookingState
from core.patients import fold

S = BookingState


class DateOrder(enum.StrEnum):
    """How a date without a four-digit year in front is read."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"


STATES: dict[str, BookingState] = {
    "booked": S.BOOKED,
    "confirmed": S.BOOKED,
    "pending": S.BOOKED,
    "requested": S.BOOKED,
    "scheduled": S.BOOKED,
    "accepted": S.BOOKED,
    "new": S.BOOKED,
    "rescheduled": S.BOOKED,
    "arrived": S.ARRIVED,
    "checked in": S.ARRIVED,
    "waiting": S.ARRIVED,
    "in progress": S.IN_PROGRESS,
    "started": S.IN_PROGRESS,
    "completed": S.COMPLETED,
    "complete": S.COMPLETED,
    "attended": S.COMPLETED,
    "done": S.COMPLETED,
    "fulfilled": S.COMPLETED,
    "finished": S.COMPLETED,
    "no show": S.NO_SHOW,
    "noshow": S.NO_SHOW,
    "dna": S.NO_SHOW,
    "did not attend": S.NO_SHOW,
    "missed": S.NO_SHOW,
    "cancelled": S.CANCELLED,
    "canceled": S.CANCELLED,
    "declined": S.CANCELLED,
    "rejected": S.CANCELLED,
}
"""The words of others for a booking's state, folded."""

DATE = re.compile(r"(\d{1,4})[.\-/ ]+(\d{1,2})[.\-/ ]+(\d{1,4})\.?")
TIME = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2}(?:\.\d+)?)?\s*([ap]\.?m\.?)?\s*"
    r"(z|utc|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
PRICE = re.compile(r"[^\d\-]*(\d[\d.,'’\s]*)\D*")
LENGTH = re.compile(r"(?:(\d{1,2}):(\d{2})(?::00)?|(\d{1,4})\s*(?:m|min|mins|minutes)?)\.?", re.I)


def read_date(typed: str, order: DateOrder, field: str, *, past_until: int = 0) -> date:
    """A date as a person or a program writes it.

    Two digits of a year mean this century, unless that lies after the year ``past_until``.
    """
    found = DATE.fullmatch(typed.strip())
    if found is None:
        raise _odd_date(typed, order, field)
    first, second, third = found.groups()
    if len(first) == 4:
        year, month, day = first, second, third
    elif order is DateOrder.MDY:
        month, day, year = first, second, third
    elif order is DateOrder.DMY:
        day, month, year = first, second, third
    else:
        raise _odd_date(typed, order, field)
    try:
        return date(_full_year(year, past_until), int(month), int(day))
    except ValueError:
        raise _odd_date(typed, order, field) from None


def _full_year(year: str, past_until: int) -> int:
    if len(year) == 4:
        return int(year)
    if len(year) != 2:
        raise ValueError(year)
    this_century = 2000 + int(year)
    return this_century - 100 if past_until and this_century > past_until else this_century


def _odd_date(typed: str, order: DateOrder, field: str) -> Invalid:
    return Invalid(
        N_("{typed} is not a date, or not in the order {order}."),
        field=field,
        typed=typed[:40],
        order=" ".join({"y": "year", "m": "month", "d": "day"}[each] for each in order.value),
    )


def read_start(typed_date: str, typed_time: str, order: DateOrder, zone: ZoneInfo) -> datetime:
    """An instant, from a date and a time in the organisation's zone or with an offset.

    A time that clocks skip or repeat is refused, unless its offset says which it is.
    """
    day = read_date(typed_date, order, "date")
    clock, offset = read_time(typed_time)
    if offset is not None:
        return datetime.combine(day, clock, tzinfo=offset).astimezone(UTC)
    return _on_the_wall(day, clock, zone)


def split_moment(typed: str) -> tuple[str, str]:
    """The date and the time of one cell: ``2026-12-07T09:30`` or ``07.12.2026 09:30``."""
    found = re.fullmatch(r"([\d.\-/]+)[T ,]+(\d.*)", typed.strip(), re.IGNORECASE)
    if found is None:
        raise Invalid(
            N_("{typed} is not a date with a time. Please write it like 2026-12-07 09:30."),
            field="start",
            typed=typed[:40],
        )
    return found[1], found[2]


def read_time(typed: str) -> tuple[time, timezone | None]:
    """A time of day and, where it is written, its offset from UTC."""
    found = TIME.fullmatch(typed.strip())
    odd = Invalid(N_("{typed} is not a time of day."), field="time", typed=typed[:40])
    if found is None:
        raise odd
    hour, minute, half, offset = found.groups()
    if minute is None and half is None:
        raise odd
    hours = int(hour)
    if half is not None:
        if not 1 <= hours <= 12:
            raise odd
        hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
    try:
        return time(hours, int(minute or 0)), _offset(offset)
    except ValueError:
        raise odd from None


def _offset(typed: str | None) -> timezone | None:
    if typed is None:
        return None
    if typed[0] not in "+-":
        return UTC
    digits = typed[1:].replace(":", "")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if typed[0] == "-" else away)


def _on_the_wall(day: date, clock: time, zone: ZoneInfo) -> datetime:
    local = datetime.combine(day, clock, tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Invalid(
            N_(
                "There is no {time} on {day}: clocks go forward that day. Please choose "
                "another time."
            ),
            field="time",
            time=f"{clock:%H:%M}",
            day=day.isoformat(),
        )
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise Invalid(
            N_("{time} on {day} happens twice: clocks go back. Please add the offset from UTC."),
            field="time",
            time=f"{clock:%H:%M}",
            day=day.isoformat(),
        )
    return instant


def read_minutes(typed: str) -> int:
    """A length: ``45``, ``45 min`` or ``0:45``."""
    found = LENGTH.fullmatch(typed.strip())
    if found is None:
        raise Invalid(
            N_("{typed} is not a length in minutes. Please write a whole number."),
            field="length",
            typed=typed[:40],
        )
    hours, minutes, plain = found.groups()
    return int(plain) if plain else int(hours) * 60 + int(minutes)


def read_cents(typed: str) -> int | None:
    """A price in minor units: ``60``, ``60.50``, ``1.234,50 €``; None when nothing is said."""
    if not typed:
        return None
    odd = Invalid(N_("{typed} is not a price."), field="price", typed=typed[:40])
    found = PRICE.fullmatch(typed.strip())
    digits = re.sub(r"[^\d.,]", "", found[1]).rstrip(".,") if found else ""
    if not 1 <= len(digits) <= 15:
        raise odd
    whole, mark, part = _parted(digits)
    try:
        cents = Decimal(f"{re.sub(r'[.,]', '', whole) or 0}.{part if mark else 0}") * 100
    except InvalidOperation:
        raise odd from None
    if cents != int(cents) or cents > 2**31 - 1:
        raise odd
    return int(cents)


def _parted(digits: str) -> tuple[str, str, str]:
    """Before, at and after the decimal mark: the last one, unless three digits follow it."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0 or len(digits) - last - 1 not in (1, 2):
        return digits, "", ""
    return digits[:last], digits[last], digits[last + 1 :]


def read_state(typed: str, starts_at: datetime, now: datetime) -> BookingState:
    """A state in anybody's words. None said means booked, or completed when it has passed."""
    if not typed:
        return S.BOOKED if starts_at > now else S.COMPLETED
    state = STATES.get(fold(typed))
    if state is None:
        raise Invalid(
            N_("{typed} is not a state of a booking we know. Please correct it."),
            field="state",
            typed=typed[:40],
        )
    if starts_at > now and state not in (S.BOOKED, S.CANCELLED):
        raise Invalid(
            N_(
                "A booking in the future cannot be {state} yet. Please correct the state or "
                "the time."
            ),
            field="state",
            state=state.value,
        )
    return state
