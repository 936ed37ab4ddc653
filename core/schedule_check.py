"""What is wrong with the schedule as it stands, as data for the screens.

Hours on record that contradict each other or cannot be, services nobody offers, and visits
to come that no hours cover.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.availability import (
    Days,
    DaySheet,
    Explainer,
    Reason,
    Rules,
    Visit,
    WallClock,
    clock_of,
    load_sheets,
    organisation_clock,
)
from core.availability.recorded import OnRecord, Recorded, load_recorded
from core.errors import N_
from core.interval import to_instant, to_seconds, union
from core.models import (
    Attendee,
    Booking,
    BookingState,
    HoursKind,
    Patient,
    Professional,
    ProfessionalService,
    Service,
)
from core.policy import Actor, Permission, allows, require, visible_bookings, visible_calendars
from core.schedule.windows import WEEKDAYS, DayWindow, WeekdayWindow, seen_from, span_of, wall_time

LOOK_AHEAD_DAYS = 90
CLOCK_CHANGES_AHEAD_DAYS = 366
TO_COME = (BookingState.BOOKED, BookingState.ARRIVED)
RECORDED = (date(1970, 1, 2).toordinal(), date(9990, 1, 1).toordinal())
"""Every day somebody may have recorded hours for."""

Window = WeekdayWindow | DayWindow


class FindingKind(enum.StrEnum):
    BAD_ROW = "bad_row"
    OVERLAPPING_HOURS = "overlapping_hours"
    BREAK_OUTSIDE_HOURS = "break_outside_hours"
    CLOCK_CHANGE = "clock_change"
    OVERLAPPING_OPENINGS = "overlapping_openings"
    NOBODY_OFFERS = "nobody_offers"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True)
class Finding:
    """``message`` is for people, filled from ``details``; ``refers_to`` is the id of the row,
    service or booking it is about, 0 where it is about several."""

    kind: FindingKind
    message: str
    details: dict[str, Any] = field(default_factory=dict)
    professional_id: int | None = None
    refers_to: int = 0

    def __str__(self) -> str:
        return self.message.format(**self.details)


@dataclass(frozen=True)
class VisitToCome:
    """A booking that has yet to begin."""

    id: int
    professional_id: int
    starts_at: datetime
    ends_at: datetime
    service: str
    patients: tuple[str, ...]


def schedule_findings(session: Session, actor: Actor, *, now: datetime) -> list[Finding]:
    """Everything that is wrong in the calendars the actor may look at, by professional."""
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    clock = organisation_clock(session)
    people = list(
        session.scalars(
            visible_calendars(actor)
            .where(Professional.archived_at.is_(None))
            .order_by(Professional.name, Professional.id)
        )
    )
    ids = [each.id for each in people]
    on_record = load_recorded(session, ids, RECORDED)
    today = clock.date_of(to_seconds(now))
    days = Days(today, today + timedelta(days=LOOK_AHEAD_DAYS))
    sheets = load_sheets(session, people, days, now=now)
    visits = load_visits_to_come(session, actor, ids, days, clock)
    found: list[Finding] = list(_bad_closures(on_record))
    for professional, sheet in zip(people, sheets, strict=True):
        own_clock = clock_of(professional.zone) if professional.zone else clock
        recorded = on_record.people[professional.id]
        found += _findings_of(professional, recorded, own_clock, now)
        found += outside_hours(sheet, visits, now=now)
    if allows(actor, Permission.SCHEDULE_READ):
        found += _nobody_offers(session)
    return found


def load_visits_to_come(
    session: Session, actor: Actor, professional_ids: Sequence[int], days: Days, clock: WallClock
) -> list[VisitToCome]:
    """Visits on these days that somebody must be told about if they cannot be."""
    span = clock.span_of_days(days.first, days.last)
    rows = session.execute(
        visible_bookings(actor)
        .join(Booking.attendees)
        .join(Attendee.patient)
        .join(Booking.service)
        .with_only_columns(
            Booking.id,
            Booking.professional_id,
            Booking.starts_at,
            Booking.ends_at,
            Service.name,
            Patient.name,
        )
        .where(
            Booking.professional_id.in_(professional_ids),
            Booking.starts_at >= to_instant(span[0]),
            Booking.starts_at < to_instant(span[1]),
            Booking.state.in_(TO_COME),
            Attendee.state.in_(TO_COME),
            Attendee.waiting.is_(False),
        )
        .order_by(Booking.starts_at, Booking.id, Attendee.id)
    )
    found: dict[int, VisitToCome] = {}
    for id, professional_id, starts_at, ends_at, service, patient in rows:
        others = found[id].patients if id in found else ()
        found[id] = VisitToCome(
            id, professional_id, starts_at, ends_at, service, (*others, patient)
        )
    return list(found.values())


def reasons_of_hours(sheet: DaySheet, visit: VisitToCome, *, now: datetime) -> list[Reason]:
    """Why the professional's hours do not cover a visit; nothing when they do.

    Time that only takes nothing new covers what is booked in it.
    """
    start, end = to_seconds(visit.starts_at), to_seconds(visit.ends_at)
    as_booked = Visit(end - start, rules=Rules(step=1), booking_id=visit.id)
    return Explainer(sheet.for_what_is_booked, as_booked, now=now).not_at_work(start)


def outside_hours(
    sheet: DaySheet, visits: Iterable[VisitToCome], *, now: datetime
) -> Iterator[Finding]:
    """Visits on the sheet that lie outside what the professional offers."""
    for visit in visits:
        if visit.professional_id != sheet.professional_id:
            continue
        for reason in reasons_of_hours(sheet, visit, now=now):
            details = {
                "who": ", ".join(visit.patients),
                "starts": visit.starts_at,
                "reason": reason,
            }
            message = N_("{who}, {starts}: outside the hours. {reason}")
            yield Finding(
                FindingKind.OUTSIDE_HOURS, message, details, sheet.professional_id, visit.id
            )


def _findings_of(
    professional: Professional, recorded: Recorded, clock: WallClock, now: datetime
) -> Iterator[Finding]:
    for bad in recorded.bad_rows:
        details = {"professional": professional.name, "table": bad.table, "content": bad.content}
        message = N_("{professional}: a row of {table} cannot be, and is left out ({content}).")
        yield Finding(FindingKind.BAD_ROW, message, details, professional.id, bad.id)
    yield from _contradictions(professional, _weekly(recorded))
    for day, windows in _dates(recorded).items():
        if day >= clock.date_of(to_seconds(now)):
            yield from _contradictions(professional, windows, day)
    yield from _clock_changes(professional, recorded, clock, now)
    yield from _openings(professional, recorded, now)


def _contradictions(
    professional: Professional, windows: Sequence[Window], day: date | None = None
) -> Iterator[Finding]:
    """Windows over one another, and breaks outside work, on one date or over the weeks."""
    for one, other in combinations(windows, 2):
        seen = _seen(one, other)
        if one.kind is other.kind and seen and _overlap(span_of(one), seen):
            message = N_("{professional}, {day}: {start} to {end} overlaps other hours.")
            details = _words(professional, one, day)
            yield Finding(FindingKind.OVERLAPPING_HOURS, message, details, professional.id)
    for each in windows:
        if each.kind is HoursKind.BREAK and not _is_within_work(each, windows):
            message = N_("{professional}, {day}: the break from {start} to {end} is not at work.")
            details = _words(professional, each, day)
            yield Finding(FindingKind.BREAK_OUTSIDE_HOURS, message, details, professional.id)


def _seen(one: Window, other: Window) -> tuple[int, int] | None:
    if isinstance(one, WeekdayWindow) and isinstance(other, WeekdayWindow):
        return seen_from(one, other)
    return span_of(other)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _is_within_work(window: Window, windows: Sequence[Window]) -> bool:
    around = [_seen(window, other) for other in windows if other.kind is HoursKind.WORK]
    start, end = span_of(window)
    return any(low <= start and end <= high for low, high in union(one for one in around if one))


def _words(professional: Professional, window: Window, day: date | None) -> dict[str, Any]:
    weekday = WEEKDAYS[window.weekday - 1] if isinstance(window, WeekdayWindow) else day
    return {
        "professional": professional.name,
        "day": weekday,
        "start": wall_time(window.starts_minute),
        "end": wall_time(window.ends_minute),
    }


def _clock_changes(
    professional: Professional, recorded: Recorded, clock: WallClock, now: datetime
) -> Iterator[Finding]:
    """Hours that begin or end at a time the clock leaves out."""
    first = clock.ordinal_of(to_seconds(now))
    dates, weekly = _dates(recorded), _weekly(recorded)
    for ordinal in range(first, first + CLOCK_CHANGES_AHEAD_DAYS):
        if clock.day(ordinal)[1]:
            continue
        day = date.fromordinal(ordinal)
        todays: Sequence[Window] = dates.get(day) or [
            each for each in weekly if _applies(each, day)
        ]
        for window in todays:
            for minute in span_of(window):
                if not clock.typed_time(day, minute).exists:
                    message = N_("{professional}: on {day} the clock leaves out {time}.")
                    details = {
                        "professional": professional.name,
                        "day": day,
                        "time": wall_time(minute),
                    }
                    yield Finding(FindingKind.CLOCK_CHANGE, message, details, professional.id)


def _applies(window: WeekdayWindow, day: date) -> bool:
    first, last = window.dates
    return window.weekday == day.isoweekday() and first <= day <= last


def _openings(professional: Professional, recorded: Recorded, now: datetime) -> Iterator[Finding]:
    coming = [each for each in recorded.openings if each[1] > to_seconds(now)]
    for one, other in pairwise(coming):
        if _overlap(one, other):
            message = N_("{professional}: two openings overlap at {starts}.")
            details = {"professional": professional.name, "starts": to_instant(other[0])}
            yield Finding(FindingKind.OVERLAPPING_OPENINGS, message, details, professional.id)


def _weekly(recorded: Recorded) -> list[WeekdayWindow]:
    return [
        WeekdayWindow(
            each.weekday,
            each.starts,
            each.ends,
            HoursKind.BREAK if each.is_break else HoursKind.WORK,
            date.fromordinal(each.valid_from),
            date.fromordinal(each.valid_to),
        )
        for each in recorded.weekly
    ]


def _dates(recorded: Recorded) -> Mapping[date, list[DayWindow]]:
    found: dict[date, list[DayWindow]] = {}
    for each in recorded.dates:
        if each.starts is not None and each.ends is not None:
            kind = HoursKind.BREAK if each.is_break else HoursKind.WORK
            day = date.fromordinal(each.ordinal)
            found.setdefault(day, []).append(DayWindow(each.starts, each.ends, kind))
    return found


def _bad_closures(on_record: OnRecord) -> Iterator[Finding]:
    for bad in on_record.bad_rows:
        message = N_("A row of {table} cannot be, and is left out ({content}).")
        details = {"table": bad.table, "content": bad.content}
        yield Finding(FindingKind.BAD_ROW, message, details, refers_to=bad.id)


def _nobody_offers(session: Session) -> Iterator[Finding]:
    offered = (
        select(ProfessionalService.service_id)
        .join(Professional, Professional.id == ProfessionalService.professional_id)
        .where(Professional.archived_at.is_(None))
    )
    rows = session.execute(
        select(Service.id, Service.name)
        .where(Service.archived_at.is_(None), Service.id.not_in(offered))
        .order_by(Service.name)
    )
    for id, name in rows:
        message = N_("Nobody offers {service}.")
        yield Finding(FindingKind.NOBODY_OFFERS, message, {"service": name}, refers_to=id)
