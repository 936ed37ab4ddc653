"""A professional who runs late: whose visit begins later for it, and who has been told.

Gaps between visits absorb a delay; it is over once nothing of it is left, and with the day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core import audit
from core.availability import organisation_clock
from core.booking.ledger import check_version, lock_booking
from core.errors import N_, Invalid
from core.interval import to_instant, to_seconds
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Delay,
    DelayCall,
    Professional,
)
from core.policy import Actor, Permission, require, visible_bookings, visible_calendars
from core.schedule.calendars import lock_professional

P, S = Permission, BookingState

CHOICES = (10, 20, 30, 45, 60)
"""Minutes, as people say them."""
LONGEST = 240
COMES = (S.BOOKED, S.ARRIVED, S.IN_PROGRESS, S.COMPLETED)
SAME = timedelta(minutes=5)
"""Whoever was told a time this close to the one expected now need not be called again."""


@dataclass(frozen=True)
class ToldRequest:
    """``expected_at`` is the beginning the patient was told."""

    booking_id: int
    version: int
    expected_at: datetime


@dataclass(frozen=True)
class LateVisit:
    """A visit that begins later than booked."""

    booking_id: int
    version: int
    starts_at: datetime
    expected_at: datetime
    patient: str
    others: int
    phone: str
    is_here: bool
    is_told: bool


@dataclass(frozen=True)
class Late:
    professional_id: int
    professional: str
    said: int
    """The minutes that were said."""
    minutes: int
    """How late the next visit begins: what is left of it."""
    visits: Sequence[LateVisit]


def say_late(
    session: Session, actor: Actor, professional_id: int, minutes: int, *, now: datetime
) -> Delay:
    """From the next visit on, until it is caught up with; said again, the last word counts."""
    professional = lock_professional(
        session, actor, professional_id, P.TIME_OFF_WRITE, P.SCHEDULE_WRITE_OWN
    )
    if not 0 < minutes <= LONGEST:
        raise Invalid(N_("Please choose between 1 and {most} minutes."), most=LONGEST)
    today = _today(session, now)
    delay = _said(session, professional.id, today)
    if delay is None:
        delay = Delay(professional_id=professional.id, day_on=today)
        session.add(delay)
    delay.minutes, delay.said_at = minutes, now
    audit.record(session, actor, "delay.said", professional, now=now, minutes=minutes)
    return delay


def say_on_time(session: Session, actor: Actor, professional_id: int, *, now: datetime) -> None:
    """The delay is over; somebody else may have said so already."""
    professional = lock_professional(
        session, actor, professional_id, P.TIME_OFF_WRITE, P.SCHEDULE_WRITE_OWN
    )
    delay = _said(session, professional.id, _today(session, now))
    if delay is not None:
        session.delete(delay)
        audit.record(session, actor, "delay.over", professional, now=now)


def note_told(session: Session, actor: Actor, request: ToldRequest, *, now: datetime) -> Booking:
    """The patient was called and knows when their visit begins."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    booking = lock_booking(session, actor, request.booking_id)
    check_version(session, booking, request.version)
    call = session.get(DelayCall, booking.id)
    if call is None:
        call = DelayCall(booking_id=booking.id)
        session.add(call)
    call.expected_at, call.called_at, call.user_id = request.expected_at, now, actor.user_id
    audit.record(session, actor, "booking.told_late", booking, now=now)
    return booking


def take_back_told(
    session: Session, actor: Actor, booking_id: int, version: int, *, now: datetime
) -> Booking:
    """The tick was set by mistake."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    booking = lock_booking(session, actor, booking_id)
    check_version(session, booking, version)
    call = session.get(DelayCall, booking.id)
    if call is not None:
        session.delete(call)
        audit.record(session, actor, "booking.not_told_late", booking, now=now)
    return booking


def load_late(session: Session, actor: Actor, *, now: datetime) -> list[Late]:
    """Who runs late now, by name, with the visits that begin later for it."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    today = _today(session, now)
    delays = session.execute(
        visible_calendars(actor)
        .join(Delay, Delay.professional_id == Professional.id)
        .with_only_columns(Professional, Delay)
        .where(Delay.day_on == today, Professional.archived_at.is_(None))
        .order_by(Professional.name)
    ).all()
    if not delays:
        return []
    visits = _visits_of(session, actor, [each.id for each, _delay in delays], today)
    told = dict(
        session.execute(
            select(DelayCall.booking_id, DelayCall.expected_at).where(
                DelayCall.booking_id.in_([each.id for each in visits])
            )
        ).all()
    )
    found = (
        _late(
            professional,
            delay,
            [each for each in visits if each.professional_id == professional.id],
            told,
        )
        for professional, delay in delays
    )
    return [each for each in found if each is not None]


def expected_starts(
    visits: Iterable[Booking], minutes: int, said_at: datetime
) -> Iterator[tuple[Booking, datetime]]:
    """When each visit, in the order of the day, really begins: the first that had not begun when
    it was said so much later, the others as soon as the one before is over.

    Whoever should have been gone by then and never began did not come.
    """
    earliest: datetime | None = None
    for each in visits:
        if (each.started_at or each.ends_at) <= said_at:
            continue
        begins = each.starts_at + timedelta(minutes=minutes)
        if each.started_at is not None:
            begins = each.started_at
        elif earliest is not None:
            begins = max(each.starts_at, earliest)
        yield each, begins
        earliest = each.completed_at or begins + (each.ends_at - each.starts_at)


def _late(
    professional: Professional, delay: Delay, visits: Sequence[Booking], told: dict[int, datetime]
) -> Late | None:
    """None once it is caught up with, or nobody is left to come."""
    waiting = [
        (each, begins)
        for each, begins in expected_starts(visits, delay.minutes, delay.said_at)
        if each.state in (S.BOOKED, S.ARRIVED)
    ]
    if not waiting or waiting[0][1] <= waiting[0][0].starts_at:
        return None
    left = (waiting[0][1] - waiting[0][0].starts_at) // timedelta(minutes=1)
    later = [
        _late_visit(each, begins, told.get(each.id))
        for each, begins in waiting
        if begins > each.starts_at
    ]
    return Late(professional.id, professional.name, delay.minutes, left, later)


def _late_visit(booking: Booking, begins: datetime, told: datetime | None) -> LateVisit:
    seated = [
        each.patient for each in booking.attendees if each.state in COMES and not each.waiting
    ]
    return LateVisit(
        booking_id=booking.id,
        version=booking.version,
        starts_at=booking.starts_at,
        expected_at=begins,
        patient=seated[0].name if seated else "",
        others=max(0, len(seated) - 1),
        phone=seated[0].phone if seated else "",
        is_here=booking.state is S.ARRIVED,
        is_told=told is not None and abs(told - begins) < SAME,
    )


def _visits_of(
    session: Session, actor: Actor, professional_ids: Sequence[int], on: date
) -> Sequence[Booking]:
    start, end = organisation_clock(session).span_of_days(on, on)
    return session.scalars(
        visible_bookings(actor)
        .where(
            Booking.professional_id.in_(professional_ids),
            Booking.starts_at >= to_instant(start),
            Booking.starts_at < to_instant(end),
            Booking.state.in_(COMES),
        )
        .options(selectinload(Booking.attendees).joinedload(Attendee.patient))
        .order_by(Booking.starts_at, Booking.id)
    ).all()


def _said(session: Session, professional_id: int, on: date) -> Delay | None:
    return session.scalar(
        select(Delay).where(Delay.professional_id == professional_id, Delay.day_on == on)
    )


def _today(session: Session, now: datetime) -> date:
    return organisation_clock(session).date_of(to_seconds(now))
