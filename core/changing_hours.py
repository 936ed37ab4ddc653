"""Changes of hours as people make them: what they strand goes to the desk in the same breath.

A visit that was within the hours and no longer is stays booked. It is handed to the desk,
whose list it leaves once it is moved, cancelled, or within the hours again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from core import audit
from core.availability import (
    Days,
    DaySheet,
    WallClock,
    clock_of,
    load_sheets,
    organisation_clock,
)
from core.errors import N_, Invalid
from core.interval import to_instant, to_seconds
from core.models import Attendee, Booking, Opening, Professional, StrandedVisit
from core.policy import Actor, Permission, require, visible_bookings
from core.schedule import (
    ChangedOpening,
    HoursOfDate,
    SeenOfDate,
    UndoHours,
    WeeklyHours,
    change_opening,
    clear_date_hours,
    close_date,
    set_date_hours,
    set_weekly_hours,
    undo_weekly_hours,
    withdraw_opening,
)
from core.schedule.changes import version_of
from core.schedule.hours import today_of
from core.schedule.stranded import TO_COME
from core.schedule.windows import wall_time
from core.schedule_check import VisitToCome, load_visits_to_come, reasons_of_hours
from core.what_if import LOOKED_AHEAD

P = Permission


@dataclass(frozen=True)
class HoursSaved:
    """``change_id`` takes it back; ``handed`` visits are the desk's to move now."""

    change_id: int
    handed: int


@dataclass(frozen=True)
class LeftOutside:
    """A visit handed to the desk that still lies outside the hours."""

    booking: Booking
    handed_at: datetime


@dataclass
class _Handed:
    visits: Sequence[VisitToCome] = field(default_factory=list)


def save_weekly_hours(
    session: Session, actor: Actor, request: WeeklyHours, *, now: datetime
) -> HoursSaved:
    """Replace the weekly hours from a day on, and hand the desk what that strands."""
    require(actor, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN)
    with _handing_over(session, actor, request.professional_id, now=now) as handed:
        set_weekly_hours(session, actor, request, now=now)
    return HoursSaved(version_of(session, request.professional_id), len(handed.visits))


def take_back_weekly_hours(
    session: Session, actor: Actor, request: UndoHours, *, now: datetime
) -> int:
    """The hours before a save; how many visits that strands, made in what the save had won."""
    require(actor, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN)
    with _handing_over(session, actor, request.professional_id, now=now) as handed:
        undo_weekly_hours(session, actor, request, now=now)
    return len(handed.visits)


def save_date_hours(session: Session, actor: Actor, request: HoursOfDate, *, now: datetime) -> int:
    """Hours of its own for a date to come, none for closed; how many visits the desk moves now."""
    require(actor, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN)
    with _handing_over(session, actor, request.professional_id, now=now) as handed:
        if request.windows:
            set_date_hours(session, actor, request, now=now)
        else:
            close_date(
                session,
                actor,
                request.professional_id,
                request.on_date,
                now=now,
                seen=request.seen,
            )
        _check_date(session, request, now)
    return len(handed.visits)


def usual_hours_again(
    session: Session,
    actor: Actor,
    professional_id: int,
    on_date: date,
    *,
    now: datetime,
    seen: SeenOfDate | None = None,
) -> int:
    """The hours of the weekday on a date; how many visits the desk moves now."""
    require(actor, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN)
    with _handing_over(session, actor, professional_id, now=now) as handed:
        clear_date_hours(session, actor, professional_id, on_date, now=now, seen=seen)
    return len(handed.visits)


def move_opening(session: Session, actor: Actor, request: ChangedOpening, *, now: datetime) -> int:
    """Another time for an opening; how many visits made in it the desk moves now."""
    require(actor, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN)
    whose = _whose_opening(session, request.opening_id)
    with _handing_over(session, actor, whose, now=now) as handed:
        change_opening(session, actor, request, now=now)
    return len(handed.visits)


def drop_opening(
    session: Session, actor: Actor, opening_id: int, *, now: datetime, version: int | None = None
) -> int:
    """No opening any more; how many visits made in it the desk moves now."""
    require(actor, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN)
    whose = _whose_opening(session, opening_id)
    with _handing_over(session, actor, whose, now=now) as handed:
        withdraw_opening(session, actor, opening_id, now=now, version=version)
    return len(handed.visits)


def instant_on(zone: str, day: date, minute: int, *, latest: bool = False) -> datetime:
    """The instant of a wall time; of one that comes twice the first, or the ``latest``.

    ``Invalid`` for a time that the clock leaves out.
    """
    _check_exists(clock_of(zone), day, minute)
    instants = clock_of(zone).typed_time(day, minute).instants
    return to_instant(instants[-1 if latest else 0])


def _check_date(session: Session, request: HoursOfDate, now: datetime) -> None:
    professional = session.get_one(Professional, request.professional_id)
    if request.on_date < today_of(session, professional, now):
        raise Invalid(N_("That day has passed. Please choose a later one."), field="on_date")
    clock = clock_of(professional.zone) if professional.zone else organisation_clock(session)
    for window in request.windows:
        for minute in (window.starts_minute, window.ends_minute):
            _check_exists(clock, request.on_date, minute)


def _check_exists(clock: WallClock, day: date, minute: int) -> None:
    if not clock.typed_time(day, minute).exists:
        raise Invalid(
            N_(
                "On {day} the clocks change and leave out {time}. Please choose a time before or "
                "after that."
            ),
            field="starts_at",
            day=day,
            time=wall_time(minute),
        )


def _whose_opening(session: Session, opening_id: int) -> int:
    query = select(Opening.professional_id).where(Opening.id == opening_id)
    return session.scalar(query) or 0


def load_left_outside(session: Session, actor: Actor, *, now: datetime) -> list[LeftOutside]:
    """What was handed to the desk and is still to be moved or cancelled, the next one first."""
    require(actor, P.BOOKINGS_WRITE)
    rows = session.execute(
        visible_bookings(actor)
        .join(StrandedVisit, StrandedVisit.booking_id == Booking.id)
        .add_columns(StrandedVisit.handed_at)
        .where(
            Booking.state.in_(TO_COME),
            Booking.starts_at == StrandedVisit.starts_at,
            Booking.starts_at >= now,
        )
        .options(
            joinedload(Booking.professional),
            joinedload(Booking.service),
            selectinload(Booking.attendees).joinedload(Attendee.patient),
        )
        .order_by(Booking.starts_at, Booking.id)
    ).all()
    sheets = _sheets(session, [row[0] for row in rows], now)
    return [
        LeftOutside(booking, handed_at)
        for booking, handed_at in rows
        if reasons_of_hours(sheets[booking.professional_id], _visit_of(booking), now=now)
    ]


@contextmanager
def _handing_over(
    session: Session, actor: Actor, professional_id: int, *, now: datetime
) -> Iterator[_Handed]:
    """Compare the hours before and after, and hand over the visits between the two.

    The change itself locks the calendar; who is booked is asked after it, so that nobody
    slips in between.
    """
    handed = _Handed()
    query = select(Professional).where(Professional.id == professional_id)
    professional = session.scalar(query)
    if professional is None:
        yield handed  # the change says who is missing
        return
    clock = organisation_clock(session)
    today = clock.date_of(to_seconds(now))
    days = Days(today, today + LOOKED_AHEAD)
    (before,) = load_sheets(session, [professional], days, now=now)
    yield handed
    session.flush()
    (after,) = load_sheets(session, [professional], days, now=now)
    visits = load_visits_to_come(session, actor, [professional_id], days, clock)
    handed.visits = [
        each
        for each in visits
        if each.starts_at >= now
        and not reasons_of_hours(before, each, now=now)
        and reasons_of_hours(after, each, now=now)
    ]
    for each in handed.visits:
        _hand_over(session, actor, each, now=now)


def _hand_over(session: Session, actor: Actor, visit: VisitToCome, *, now: datetime) -> None:
    row = StrandedVisit(booking_id=visit.id, starts_at=visit.starts_at, handed_at=now)
    session.merge(row)
    booking = session.get_one(Booking, visit.id)
    audit.record(session, actor, "booking.stranded", booking, now=now)


def _sheets(session: Session, bookings: Sequence[Booking], now: datetime) -> dict[int, DaySheet]:
    if not bookings:
        return {}
    clock = organisation_clock(session)
    people = {each.professional_id: each.professional for each in bookings}
    first, last = (
        clock.date_of(to_seconds(each.starts_at)) for each in (bookings[0], bookings[-1])
    )
    days = Days(first, min(last, first + LOOKED_AHEAD))
    sheets = load_sheets(session, list(people.values()), days, now=now)
    return {each.professional_id: each for each in sheets}


def _visit_of(booking: Booking) -> VisitToCome:
    return VisitToCome(
        booking.id, booking.professional_id, booking.starts_at, booking.ends_at, "", ()
    )
