"""One patient as the desk reads them: who they are, what is to come, and how it went so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, not_, select
from sqlalchemy.orm import Session

from core.models import (
    Attendee,
    Booking,
    BookingState,
    Erasure,
    Patient,
    PatientMerge,
    Professional,
    Service,
)
from core.patients import get_patient
from core.policy import Actor, visible_bookings

S = BookingState
OPEN = (S.BOOKED, S.ARRIVED, S.IN_PROGRESS)


@dataclass(frozen=True)
class Visit:
    """A booking with the patient's own state in it."""

    booking_id: int
    starts_at: datetime
    ends_at: datetime
    state: BookingState
    is_waiting: bool
    service: str
    professional: str
    reason: str
    """Why it was cancelled."""
    was_late: bool


@dataclass(frozen=True)
class PatientRecord:
    """Bookings are those the reader may see: professionals know of their own."""

    patient: Patient
    erased_at: datetime | None
    coming: Sequence[Visit]
    past: Sequence[Visit]
    """The latest first, as many as were asked for."""
    counts: dict[BookingState, int]
    """How often each state came about, in all."""


def load_record(
    session: Session, actor: Actor, patient_id: int, *, now: datetime, past: int
) -> PatientRecord:
    """The record, or ``NotFound`` when there is none that the actor may see.

    One that became part of another leads there.
    """
    instead = session.get(PatientMerge, patient_id)
    patient_id = instead.kept_id if instead is not None else patient_id
    patient = get_patient(session, actor, patient_id, now=now)
    erasure = session.get(Erasure, patient_id)
    visits = _visits(actor, patient_id)
    coming = visits.where(_is_coming(now)).order_by(Booking.starts_at, Booking.id)
    over = visits.where(not_(_is_coming(now)))
    latest = over.order_by(Booking.starts_at.desc(), Booking.id.desc()).limit(past)
    ended = over.subquery()
    counts = session.execute(select(ended.c.state, func.count()).group_by(ended.c.state))
    return PatientRecord(
        patient=patient,
        erased_at=erasure.erased_at if erasure else None,
        coming=[Visit(*row) for row in session.execute(coming)],
        past=[Visit(*row) for row in session.execute(latest)],
        counts={state: count for state, count in counts},  # noqa: C416 - rows are not pairs to mypy
    )


def _visits(
    actor: Actor, patient_id: int
) -> Select[int, datetime, datetime, BookingState, bool, str, str, str, bool]:
    return (
        visible_bookings(actor)
        .join(Attendee, Attendee.booking_id == Booking.id)
        .join(Service, Service.id == Booking.service_id)
        .join(Professional, Professional.id == Booking.professional_id)
        .where(Attendee.patient_id == patient_id, Booking.state != S.HELD)
        .with_only_columns(
            Booking.id,
            Booking.starts_at,
            Booking.ends_at,
            Attendee.state,
            Attendee.waiting,
            Service.name,
            Professional.name,
            Booking.cancel_reason,
            Booking.cancelled_late,
        )
    )


def _is_coming(now: datetime) -> ColumnElement[bool]:
    return and_(Attendee.state.in_(OPEN), Booking.state.in_(OPEN), Booking.ends_at > now)
