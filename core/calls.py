"""Whom to call before the next day with visits: who has not said yet that they will come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlalchemy.orm import Session

from core.availability import organisation_clock
from core.booking import Confirmed, load_confirmed
from core.interval import to_instant, to_seconds
from core.models import Attendee, Booking, BookingState, Patient, Professional, Service
from core.policy import Actor, Permission, require, visible_bookings

P, S = Permission, BookingState


@dataclass(frozen=True)
class Call:
    """One patient of one visit, with what they said."""

    booking_id: int
    version: int
    starts_at: datetime
    professional: str
    service: str
    patient_id: int
    patient: str
    phone: str
    no_contact: bool
    alerts: str
    """One a line."""
    confirmed: Confirmed | None


@dataclass(frozen=True)
class Calls:
    on: date | None
    """The next day on which somebody comes; None while nothing is booked."""
    rows: Sequence[Call]

    @property
    def open(self) -> Sequence[Call]:
        return [each for each in self.rows if each.confirmed is None and not each.no_contact]


def load_calls(
    session: Session, actor: Actor, *, professional_ids: Sequence[int] = (), now: datetime
) -> Calls:
    """The visits of the next day with any, by time: tomorrow's, on a Friday mostly Monday's."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    clock = organisation_clock(session)
    today = clock.date_of(to_seconds(now))
    after_today = to_instant(clock.span_of_days(today, today)[1])
    coming = (
        visible_bookings(actor)
        .join(Booking.attendees)
        .where(Attendee.state == S.BOOKED, Attendee.waiting.is_(False))
        .where(Booking.state == S.BOOKED)
    )
    if professional_ids:
        coming = coming.where(Booking.professional_id.in_(professional_ids))
    first = session.scalar(
        coming.with_only_columns(func.min(Booking.starts_at)).where(
            Booking.starts_at >= after_today
        )
    )
    if first is None:
        return Calls(None, ())
    on = clock.date_of(to_seconds(first))
    ends = to_instant(clock.span_of_days(on, on)[1])
    found = session.execute(
        coming.join(Attendee.patient)
        .join(Booking.professional)
        .join(Booking.service)
        .with_only_columns(
            Booking.id,
            Booking.version,
            Booking.starts_at,
            Professional.name,
            Service.name,
            Patient,
        )
        .where(Booking.starts_at >= first, Booking.starts_at < ends)
        .order_by(Booking.starts_at, Booking.id, Attendee.id)
    ).all()
    sure = load_confirmed(session, actor, [each[0] for each in found])
    return Calls(
        on,
        [
            Call(
                booking_id,
                version,
                starts_at,
                professional,
                service,
                patient_id=patient.id,
                patient=patient.name,
                phone=patient.phone,
                no_contact=patient.no_contact,
                alerts=patient.alerts,
                confirmed=sure.get((booking_id, patient.id)),
            )
            for booking_id, version, starts_at, professional, service, patient in found
        ],
    )
