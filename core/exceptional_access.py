"""A record opened by a professional whose patient it is not: for a reason, for an hour.

Whoever asks names the patient exactly, so that nobody can look around. Every attempt is on
record, a vain one too, and the admins are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import accounts, audit, outbox
from core.errors import N_, BookingError, Invalid, NotFound
from core.models import AuditEntry, ExceptionalAccess, Patient, Role, User
from core.patients import fold
from core.patients.typed import LONGEST_PHONE, phone_number, place_of
from core.policy import Actor, Permission, require, visible_patients

P = Permission

LASTS = timedelta(hours=1)
SHORTEST_REASON = 10
LONGEST_REASON = 500
MOST_IN_AN_HOUR = 5
OPENED, SOUGHT = "patient.opened_exceptionally", "patient.sought_exceptionally"


@dataclass(frozen=True)
class AccessRequest:
    """The full phone number, or the exact name with the date of birth; and why."""

    reason: str
    phone: str = ""
    name: str = ""
    born_on: date | None = None


@dataclass(frozen=True)
class AccessSeen:
    """An exceptional access as the admins see it."""

    id: int
    who: str
    patient_id: int
    patient: str
    reason: str
    opened_at: datetime
    ends_at: datetime


class Vain(StrEnum):
    """Why an attempt opened nothing; it counts all the same."""

    NOBODY_FITS = "nobody_fits"
    SEVERAL_FIT = "several_fit"


class TooManyAccesses(BookingError):
    code = "too_many_accesses"
    message = N_("You have asked {count} times within an hour. Please ask at the desk.")


def open_exceptionally(
    session: Session, actor: Actor, request: AccessRequest, *, now: datetime, by_mail: bool
) -> ExceptionalAccess | Vain:
    """Open one record for an hour, where exactly one patient on file fits.

    A record that is open already is not opened twice.
    """
    require(actor, P.PATIENTS_OPEN_ANY)
    accounts.check_confirmed(session, actor, now=now)
    reason = _reason(request.reason)
    _check_not_too_often(session, actor, now)
    found = _find(session, request)
    if len(found) != 1:
        audit.record(session, actor, SOUGHT, now=now)
        return Vain.SEVERAL_FIT if found else Vain.NOBODY_FITS
    patient = found[0]
    if session.scalar(visible_patients(actor, now=now).where(Patient.id == patient.id)):
        raise Invalid(
            N_("You can see this record already: {name}. Open it under Patients."),
            name=patient.name,
        )
    access = ExceptionalAccess(
        user_id=actor.user_id,
        patient_id=patient.id,
        reason=reason,
        opened_at=now,
        ends_at=now + LASTS,
    )
    session.add(access)
    session.flush()
    if by_mail:
        _tell_admins(session, access, now)
    audit.record(session, actor, OPENED, patient, now=now, access=access.id)
    return access


def load_open_records(
    session: Session, actor: Actor, *, now: datetime
) -> Sequence[tuple[Patient, datetime]]:
    """The records the actor has opened, and until when, the one that ends first in front."""
    require(actor, P.PATIENTS_OPEN_ANY)
    rows = session.execute(
        select(Patient, ExceptionalAccess.ends_at)
        .join(ExceptionalAccess, ExceptionalAccess.patient_id == Patient.id)
        .where(ExceptionalAccess.user_id == actor.user_id, ExceptionalAccess.ends_at > now)
        .order_by(ExceptionalAccess.ends_at, ExceptionalAccess.id)
    )
    return rows.all()


def load_not_noted(session: Session, actor: Actor) -> list[AccessSeen]:
    """The accesses no admin has taken note of yet, the oldest first."""
    require(actor, P.AUDIT_READ)
    access = ExceptionalAccess
    rows = session.execute(
        select(
            access.id,
            User.name,
            Patient.id,
            Patient.name,
            access.reason,
            access.opened_at,
            access.ends_at,
        )
        .join(User, access.user_id == User.id)
        .join(Patient, access.patient_id == Patient.id)
        .where(access.noted_at.is_(None))
        .order_by(access.id)
    )
    return [AccessSeen(*row) for row in rows]


def note_access(
    session: Session, actor: Actor, access_id: int, *, now: datetime
) -> ExceptionalAccess:
    """An admin has taken note; of two at once, the first stands."""
    require(actor, P.AUDIT_READ)
    access = session.scalar(
        select(ExceptionalAccess).where(ExceptionalAccess.id == access_id).with_for_update()
    )
    if access is None:
        raise NotFound(what=N_("access"))
    if access.noted_at is None:
        access.noted_at, access.noted_by = now, actor.user_id
        audit.record(session, actor, "access.noted", access, now=now)
    return access


def _reason(typed: str) -> str:
    reason = " ".join(typed.split())
    if len(reason) < SHORTEST_REASON:
        raise Invalid(N_("Please say why, in a few words more."), field="reason")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Invalid(N_("Please use fewer and plainer characters."), field="reason")
    return reason


def _check_not_too_often(session: Session, actor: Actor, now: datetime) -> None:
    # Attempts at the same moment count one after the other.
    session.scalar(select(User.id).where(User.id == actor.user_id).with_for_update(key_share=True))
    tries = session.scalars(
        select(func.count()).where(
            AuditEntry.user_id == actor.user_id,
            AuditEntry.at > now - timedelta(hours=1),
            AuditEntry.action.in_((OPENED, SOUGHT)),
        )
    ).one()
    if tries >= MOST_IN_AN_HOUR:
        raise TooManyAccesses(count=tries)


def _find(session: Session, request: AccessRequest) -> Sequence[Patient]:
    """Who fits exactly."""
    on_file = select(Patient).where(Patient.archived_at.is_(None)).limit(2)
    if request.born_on is not None and request.name.strip():
        same_day = session.scalars(on_file.limit(None).where(Patient.born_on == request.born_on))
        return [each for each in same_day if fold(each.name) == fold(request.name)]
    if request.phone.strip():
        phone = phone_number(request.phone.strip()[:LONGEST_PHONE], place_of(session))
        return session.scalars(on_file.where(Patient.phone == phone)).all()
    raise Invalid(
        N_("Please give the full phone number, or the name and the date of birth."), field="phone"
    )


def _tell_admins(session: Session, access: ExceptionalAccess, now: datetime) -> None:
    admins = select(User.id, User.email).where(
        User.role == Role.ADMIN, User.active.is_(True), User.email != ""
    )
    for user_id, address in session.execute(admins):
        told = f"{outbox.Kind.RECORD_OPENED} {access.id} {user_id}"
        message = outbox.Message(told, outbox.Kind.RECORD_OPENED, address, user_id=user_id)
        outbox.enqueue(session, message, now=now)
