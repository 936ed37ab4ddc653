"""How long patients are kept: who is due for erasure is proposed, never erased by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from core import audit
from core.catalog import get_organisation
from core.db import Instant
from core.errors import N_, Invalid
from core.models import (
    OCCUPYING,
    Attendee,
    Booking,
    Erasure,
    Organisation,
    Patient,
    PatientMerge,
)
from core.policy import Actor, Permission, require

SHORTEST_MONTHS, LONGEST_MONTHS = 1, 600
DAYS_IN_MONTH = 365.2425 / 12


@dataclass(frozen=True)
class KeepRequest:
    """After how many months without a visit patients are proposed; None: nobody is."""

    months: int | None


@dataclass(frozen=True)
class Due:
    """A patient whose time may have come, and why."""

    patient_id: int
    name: str
    last_seen_at: datetime | None
    """The end of their last visit; None: there never was one."""
    asked_at: datetime | None
    """When they asked for it themselves."""


def keep_for(
    session: Session, actor: Actor, request: KeepRequest, *, now: datetime
) -> Organisation:
    """Say how long patients who do not come any more are kept."""
    require(actor, Permission.PATIENTS_ERASE)
    months = request.months
    if months is not None and not SHORTEST_MONTHS <= months <= LONGEST_MONTHS:
        raise Invalid(
            N_("Please enter between {shortest} and {longest} months."),
            field="months",
            shortest=SHORTEST_MONTHS,
            longest=LONGEST_MONTHS,
        )
    organisation = get_organisation(session)
    if organisation.keep_months != months:
        organisation.keep_months = months
        audit.record(
            session, actor, "organisation.edited", organisation, now=now, changed=["keep_months"]
        )
    return organisation


def load_requests(session: Session, actor: Actor) -> list[Due]:
    """Patients who asked to be erased, the first one first."""
    require(actor, Permission.PATIENTS_ERASE)
    asked = _due().where(Patient.erasure_asked_at.is_not(None))
    return _found(session, asked.order_by(Patient.erasure_asked_at, Patient.id))


def load_due(session: Session, actor: Actor, *, now: datetime, limit: int) -> list[Due]:
    """Patients who have not come for as long as patients are kept, the longest away first."""
    require(actor, Permission.PATIENTS_ERASE)
    months = get_organisation(session).keep_months
    if months is None:
        return []
    since = now - timedelta(days=months * DAYS_IN_MONTH)
    last = func.max(Booking.ends_at)
    away = and_(Patient.created_at < since, or_(last.is_(None), last < since))
    asked = _due().having(away).order_by(func.coalesce(last, Patient.created_at), Patient.id)
    return _found(session, asked.limit(limit))


def _due() -> Select[int, str, datetime | None, datetime | None]:
    return (
        select(
            Patient.id,
            Patient.name,
            func.max(Booking.ends_at, type_=Instant()),
            Patient.erasure_asked_at,
        )
        .outerjoin(Attendee, and_(Attendee.patient_id == Patient.id, Attendee.state.in_(OCCUPYING)))
        .outerjoin(Booking, and_(Booking.id == Attendee.booking_id, Booking.state.in_(OCCUPYING)))
        .outerjoin(Erasure, Erasure.patient_id == Patient.id)
        .outerjoin(PatientMerge, PatientMerge.merged_id == Patient.id)
        .where(Erasure.patient_id.is_(None), PatientMerge.merged_id.is_(None))
        .group_by(Patient.id)
    )


def _found(
    session: Session, asked: Select[int, str, datetime | None, datetime | None]
) -> list[Due]:
    return [Due(*row) for row in session.execute(asked)]
