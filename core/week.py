"""A professional's own week: the hours, and every booking on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from core.availability import Days, DaySheet, load_sheets, organisation_clock
from core.desk import DayBooking, load_day_bookings
from core.errors import N_, NotFound
from core.models import Attendee, Booking, BookingState, Patient, Professional
from core.policy import Actor, Permission, require, visible_bookings, visible_calendars


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
class NextVisit:
    patient: str
    starts_at: datetime


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def load_week(session: Session, actor: Actor, monday: date, *, now: datetime) -> Week:
    """The week of the professional who asks."""
    require(actor, Permission.SCHEDULE_READ_OWN)
    professional = session.scalar(
        visible_calendars(actor).where(Professional.id == actor.professional_id)
    )
    if professional is None:
        raise NotFound(what=N_("professional"))
    days = Days(monday, monday + timedelta(days=6))
    return Week(
        monday=monday,
        zone=organisation_clock(session).zone.key,
        professional=professional,
        sheet=load_sheets(session, [professional], days, now=now)[0],
        bookings=load_day_bookings(session, actor, [professional], days, now=now),
    )


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
