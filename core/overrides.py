"""The rules that were set aside: for one booking, and as the list of a month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.orm import Session

from core.availability import organisation_clock
from core.interval import to_instant
from core.models import (
    Attendee,
    Booking,
    Override,
    OverrideKind,
    Patient,
    Professional,
    Role,
    Service,
    User,
)
from core.policy import Actor, Permission, require, visible_bookings


@dataclass(frozen=True)
class OverrideMade:
    """One rule set aside, and the visit it was for."""

    booking_id: int
    kind: OverrideKind
    reason: str
    note: str
    who: str
    role: Role
    at: datetime
    patient: str
    """By the name on file now; everybody of a group."""
    service: str
    professional: str
    starts_at: datetime


def load_overrides_of(session: Session, actor: Actor, booking_id: int) -> Sequence[OverrideMade]:
    """What was set aside for a booking the actor may see, oldest first."""
    seen = visible_bookings(actor).where(Booking.id == booking_id).with_only_columns(Booking.id)
    return _read(session, _overrides().where(Override.booking_id.in_(seen)))


def load_overrides_of_month(session: Session, actor: Actor, month: date) -> Sequence[OverrideMade]:
    """Everything set aside in the local month of that day, oldest first."""
    require(actor, Permission.BOOKINGS_OVERRIDE)
    first = month.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    start, end = organisation_clock(session).span_of_days(first, last)
    return _read(
        session,
        _overrides().where(Override.at >= to_instant(start), Override.at < to_instant(end)),
    )


def _overrides() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Override.booking_id,
            Override.kind,
            Override.reason,
            Override.note,
            User.name,
            Override.role,
            Override.at,
            _names_of_patients(),
            Service.name,
            Professional.name,
            Booking.starts_at,
        )
        .join(Booking, Booking.id == Override.booking_id)
        .join(Service, Service.id == Booking.service_id)
        .join(Professional, Professional.id == Booking.professional_id)
        .outerjoin(User, User.id == Override.user_id)
        .order_by(Override.at, Override.id)
    )


def _names_of_patients() -> ScalarSelect[str | None]:
    return (
        select(func.aggregate_strings(Patient.name, ", "))
        .join(Attendee, Attendee.patient_id == Patient.id)
        .where(Attendee.booking_id == Override.booking_id)
        .scalar_subquery()
    )


def _read(session: Session, statement: Select[*tuple[Any, ...]]) -> list[OverrideMade]:
    return [
        OverrideMade(
            booking_id,
            kind,
            reason,
            note,
            who or "",
            role,
            at,
            patient or "",
            service,
            professional,
            starts_at,
        )
        for (
            booking_id,
            kind,
            reason,
            note,
            who,
            role,
            at,
            patient,
            service,
            professional,
            starts_at,
        ) in session.execute(statement)
    ]
