"""Times, and what the core says, as a person reads them.

``plain`` is for places that show text as it is (cells, tooltips of the calendar); ``say``
is the same for everything of Streamlit that reads Markdown.
"""

import enum
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import phonenumbers

from core.day_names import MONTHS as MONTHS
from core.day_names import WEEKDAYS as WEEKDAYS
from core.db import utc_now
from core.interval import Interval, comes_twice, days_between
from dashboard import session
from dashboard.escaping import md
from dashboard.i18n import _


class Said(Protocol):
    """What the core says to people: a refusal, or a reason why not."""

    @property
    def message(self) -> str: ...
    @property
    def details(self) -> Mapping[str, Any]: ...


def when(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    """ "today 10:15", "tomorrow 10:15", else "Friday 4 December, 10:15": a weekday alone is
    misheard on the telephone."""
    there, today = instant.astimezone(zone), now.astimezone(zone).date()
    ahead = there.date() - today
    values = {"date": day(there.date(), today), "time": clock(instant, zone)}
    if ahead == timedelta(0):
        return _("today {time}").format(**values)
    if ahead == timedelta(days=1):
        return _("tomorrow {time}").format(**values)
    return _("{date}, {time}").format(**values)


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """The time of day, "09:05"; of one that comes twice that night, which of the two it is."""
    there = instant.astimezone(zone)
    time = _("{hour:02}:{minute:02}").format(hour=there.hour, minute=there.minute)
    if not comes_twice(there):
        return time
    if there.fold:
        return _("{time} after the clocks change").format(time=time)
    return _("{time} before the clocks change").format(time=time)


def which_of_two(instant: datetime, zone: ZoneInfo) -> str:
    """Of a time that comes twice that night, which of the two it is; else nothing."""
    there = instant.astimezone(zone)
    if not comes_twice(there):
        return ""
    return _("after the clocks change") if there.fold else _("before the clocks change")


def day(on: date, today: date) -> str:
    """ "Friday 4 December", with the year when it is another one."""
    values = {"weekday": weekday(on), "day": on.day, "month": month(on), "year": on.year}
    if on.year == today.year:
        return _("{weekday} {day} {month}").format(**values)
    return _("{weekday} {day} {month} {year}").format(**values)


def month_of(on: date) -> str:
    """ "December 2026": of a day that stands for its month."""
    return _("{month} {year}").format(month=month(on), year=on.year)


def separators() -> tuple[str, str]:
    """What stands between thousands, and before the decimals, as the reader writes them."""
    # To translate, write this one number as it is written in your language.
    written = re.fullmatch(r"1(\D?)234(\D)5", _("1,234.5"))
    return (written[1], written[2]) if written else (",", ".")


def number(value: float, digits: int = 0) -> str:
    """ "1,234", in the reader's form."""
    return _separated(f"{value:,.{digits}f}")


def change(value: float, digits: int = 0) -> str:
    """ "+1,234": by how much it is more or less than before."""
    return _separated(f"{value:+,.{digits}f}")


def share(part: float | None) -> str:
    """A share: below a tenth the part of a point matters."""
    if part is None:
        return "–"
    return f"{number(part * 100, 1 if 0 < round(part, 3) < 0.1 else 0)}%"


def _separated(written: str) -> str:
    thousands, decimals = separators()
    return written.translate({ord(","): thousands, ord("."): decimals})


def weekday(on: date) -> str:
    return _(WEEKDAYS[on.weekday()])


def month(on: date) -> str:
    return _(MONTHS[on.month - 1])


def phone(number: str) -> str:
    """A stored telephone number in groups, as it is read out: "+351 912 345 678"."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def say(said: Said) -> str:
    """A refusal or a reason in the reader's language, safe wherever Markdown is read."""
    return md(plain(said))


def plain(said: Said, *, time: Callable[[datetime], str] | None = None) -> str:
    """A refusal or a reason in the reader's language, for places that show text as it is.

    ``time`` writes its instants, where the screen has a form of its own for them.
    """
    values = {name: _detail(value, time) for name, value in said.details.items()}
    return _(said.message).format(**values)


def _detail(value: Any, time: Callable[[datetime], str] | None) -> Any:
    if isinstance(value, datetime):
        return time(value) if time else when(value, session.zone(), utc_now())
    if isinstance(value, date):
        return day(value, utc_now().date())
    if isinstance(value, enum.Enum):
        return _(str(value.value).replace("_", " "))
    return value


def time_off_days(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """ "Friday 4 December", from one day to another, or from one time to another."""
    now = utc_now()
    today = now.astimezone(zone).date()
    first = starts_at.astimezone(zone).date()
    last = (ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    if Interval(starts_at, ends_at) == days_between(first, last, zone):
        if first == last:
            return day(first, today)
        values = {"first": day(first, today), "last": day(last, today)}
    elif first == last:
        return f"{when(starts_at, zone, now)}-{clock(ends_at, zone)}"
    else:
        values = {"first": when(starts_at, zone, now), "last": when(ends_at, zone, now)}
    return _("{first} to {last}").format(**values)
