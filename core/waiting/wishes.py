"""What somebody who waits would come for, and whether a time is that."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.availability import WallClock
from core.availability.next_free import EVERY_DAY, DayPart
from core.errors import N_, Invalid
from core.interval import to_seconds
from core.models import Priority, WaitingEntry
from core.patients.typed import note

LONGEST_WAIT = timedelta(days=366)
LONGEST_NOTICE_MINUTES = 14 * 24 * 60
MOST_PARTS = 6
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Wishes:
    """Nothing said means anybody, any day and any time."""

    service_id: int
    professional_ids: tuple[int, ...] = ()
    from_on: date | None = None
    """None: from today on."""
    until_on: date | None = None
    weekdays: frozenset[int] = EVERY_DAY
    parts: tuple[DayPart, ...] = ()
    notice_minutes: int = 0
    """The shortest notice the patient can manage."""
    priority: Priority = Priority.NORMAL
    note: str = ""


def wishes_of(entry: WaitingEntry, professional_ids: tuple[int, ...]) -> Wishes:
    """The wishes as they are kept."""
    return Wishes(
        service_id=entry.service_id,
        professional_ids=professional_ids,
        from_on=entry.from_on,
        until_on=entry.until_on,
        weekdays=frozenset(int(each) for each in entry.weekdays.split(",")),
        parts=tuple(_part(each) for each in entry.times.split(",") if each),
        notice_minutes=entry.notice_minutes,
        priority=entry.priority,
        note=entry.note,
    )


def columns_of(wishes: Wishes, today: date) -> dict[str, object]:
    """Checked and as they are kept, but for the professionals; raises ``Invalid``."""
    first = wishes.from_on or today
    if wishes.until_on is not None and wishes.until_on < first:
        raise Invalid(
            N_("The last day lies before the first. Please change one of them."), field="until"
        )
    if max(first, wishes.until_on or first) > today + LONGEST_WAIT:
        raise Invalid(N_("Nobody waits longer than a year: choose an earlier day."), field="until")
    if not wishes.weekdays or not wishes.weekdays <= EVERY_DAY:
        raise Invalid(N_("Please choose the weekdays."), field="weekdays")
    for part in wishes.parts:
        if not 0 <= part.starts_minute < part.ends_minute <= DAY_MINUTES:
            raise Invalid(
                N_("This part of the day ends before it begins. Please change one of the times."),
                field="parts",
            )
    if len(wishes.parts) > MOST_PARTS:
        raise Invalid(N_("Please choose at most {most} parts of the day."), most=MOST_PARTS)
    if not 0 <= wishes.notice_minutes <= LONGEST_NOTICE_MINUTES:
        raise Invalid(N_("Please choose a notice of two weeks at most."), field="notice")
    parts = sorted({(each.starts_minute, each.ends_minute) for each in wishes.parts})
    return {
        "from_on": first,
        "until_on": wishes.until_on,
        "weekdays": ",".join(str(each) for each in sorted(wishes.weekdays)),
        "times": ",".join(f"{start}-{end}" for start, end in parts),
        "notice_minutes": wishes.notice_minutes,
        "priority": wishes.priority,
        "note": note(wishes.note, "note"),
    }


def suits(
    wishes: Wishes, clock: WallClock, professional_id: int, start: int, *, now: datetime
) -> bool:
    """Whether a visit that begins then, with them, is what was asked for."""
    if wishes.professional_ids and professional_id not in wishes.professional_ids:
        return False
    if start < to_seconds(now) + wishes.notice_minutes * 60:
        return False
    ordinal = clock.ordinal_of(start)
    if wishes.from_on is not None and ordinal < wishes.from_on.toordinal():
        return False
    if wishes.until_on is not None and ordinal > wishes.until_on.toordinal():
        return False
    if (ordinal - 1) % 7 + 1 not in wishes.weekdays:
        return False
    minute = clock.seconds_into_day(start) // 60
    return not wishes.parts or any(
        part.starts_minute <= minute < part.ends_minute for part in wishes.parts
    )


def _part(text: str) -> DayPart:
    start, _dash, end = text.partition("-")
    return DayPart(int(start), int(end))
