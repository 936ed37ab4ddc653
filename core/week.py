"""A professional's week: the hours, every booking on them, and at the desk the free starts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from core.availability import (
    Busy,
    Days,
    DaySheet,
    Explainer,
    Visit,
    load_sheets,
    organisation_clock,
)
from core.desk import (
    DayBooking,
    StartCell,
    lattice_of,
    load_day_bookings,
    rooms_of,
    visits_offered,
)
from core.errors import N_, NotFound
from core.interval import Interval, Span, intersect, subtract, to_instant, to_seconds
from core.models import Attendee, Booking, BookingState, Patient, Professional, Service
from core.policy import Actor, Permission, require, visible_bookings, visible_calendars

SHORTEST_GAP = 15 * 60


@dataclass(frozen=True)
class Week:
    """Seven local days from ``monday`` on."""

    monday: date
    zone: str
    professional: Professional
    sheet: DaySheet
    bookings: Sequence[DayBooking]

    @property
    def days(self) -> list[date]:
        return [self.monday + timedelta(days=number) for number in range(7)]


@dataclass(frozen=True)
class WeekAsked:
    """Whose week, from which Monday on, and with the free starts of which service."""

    professional_id: int
    monday: date
    service_id: int | None = None


@dataclass(frozen=True)
class OfferedWeek:
    """A week, and what can be booked in it."""

    week: Week
    service: Service | None
    visit: Visit | None
    """What the free starts are for: the service chosen, else the shortest of their own."""
    rooms: Sequence[Sequence[Busy]] | None


@dataclass(frozen=True)
class NextVisit:
    patient: str
    starts_at: datetime


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def load_week(session: Session, actor: Actor, monday: date, *, now: datetime) -> Week:
    """The week of the professional who asks."""
    return _week_of(session, actor, get_own_calendar(session, actor), monday, now)


def get_own_calendar(session: Session, actor: Actor) -> Professional:
    """Who asks, as the professional whose calendar it is."""
    require(actor, Permission.SCHEDULE_READ_OWN)
    professional = session.scalar(
        visible_calendars(actor).where(Professional.id == actor.professional_id)
    )
    if professional is None:
        raise NotFound(what=N_("professional"))
    return professional


def load_week_of(session: Session, actor: Actor, asked: WeekAsked, *, now: datetime) -> OfferedWeek:
    """The week of any professional whose calendar the actor may look at."""
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    professional = session.scalar(
        visible_calendars(actor).where(Professional.id == asked.professional_id)
    )
    if professional is None:
        raise NotFound(what=N_("professional"))
    week = _week_of(session, actor, professional, asked.monday, now)
    service = session.get(Service, asked.service_id) if asked.service_id else None
    rooms = rooms_of(session, [service.id], week.sheet.span, now=now) if service else {}
    return OfferedWeek(
        week=week,
        service=service,
        visit=visits_offered(session, actor, service, [professional]).get(professional.id),
        rooms=rooms.get(service.id) if service else None,
    )


def week_starts(
    offered: OfferedWeek, frames: Iterable[Span], *, now: datetime, moving: int = 0
) -> list[StartCell]:
    """Every start in the hours shown, a frame for each day, bookable or with reasons.

    ``moving`` is a booking whose own time is not in its way.
    """
    if offered.visit is None:
        return []
    sheet, visit = offered.week.sheet, replace(offered.visit, booking_id=moving)
    explain = Explainer(sheet, visit, now=now, rooms=offered.rooms)
    found = {start for frame in frames for start in lattice_of(sheet, visit, frame)}
    return [
        StartCell(sheet.professional_id, start, start + visit.length, tuple(explain.reasons(start)))
        for start in sorted(found)
    ]


def _week_of(
    session: Session, actor: Actor, professional: Professional, monday: date, now: datetime
) -> Week:
    days = Days(monday, monday + timedelta(days=6))
    return Week(
        monday=monday,
        zone=organisation_clock(session).zone.key,
        professional=professional,
        sheet=load_sheets(session, [professional], days, now=now)[0],
        bookings=load_day_bookings(session, actor, [professional], days, now=now),
    )


def free_gaps(week: Week, *, now: datetime) -> list[Interval]:
    """What is left of today's hours between visits, where it is long enough for anything."""
    clock = week.sheet.clock
    moment = to_seconds(now)
    midnight = clock.day(clock.ordinal_of(moment) + 1)[0]
    free = subtract(week.sheet.offered, [(each.start, each.end) for each in week.sheet.busy])
    left = intersect(free, [(moment, midnight)])
    return [
        Interval(to_instant(start), to_instant(end))
        for start, end in left
        if end - start >= SHORTEST_GAP
    ]


def find_next_visit(session: Session, actor: Actor, *, now: datetime) -> NextVisit | None:
    """The visit that is to begin next, or should have begun and still may."""
    row = session.execute(
        visible_bookings(actor)
        .join(Booking.attendees)
        .join(Attendee.patient)
        .with_only_columns(Patient.name, Booking.starts_at)
        .where(
            Booking.state.in_((BookingState.BOOKED, BookingState.ARRIVED)),
            Attendee.state.in_((BookingState.BOOKED, BookingState.ARRIVED)),
            Attendee.waiting.is_(False),
            Booking.ends_at > now,
        )
        .order_by(Booking.starts_at, Booking.id)
        .limit(1)
    ).one_or_none()
    return NextVisit(row[0], row[1]) if row else None
