"""Who may do what: one table, and the funnels every read goes through."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import Session

from core.errors import N_, NotAllowed, NotFound
from core.models import (
    Attendee,
    Booking,
    BookingState,
    ExceptionalAccess,
    Patient,
    Professional,
    Role,
    WaitingEntry,
)

SEEN_IN_THE_PAST = timedelta(days=2 * 365)
SEEN_IN_THE_FUTURE = timedelta(days=365)
"""How long before and after a visit a patient is one of the professional's own."""


class Permission(enum.StrEnum):
    BOOKINGS_READ = "bookings.read"
    BOOKINGS_READ_OWN = "bookings.read_own"
    BOOKINGS_WRITE = "bookings.write"
    BOOKINGS_WRITE_OWN = "bookings.write_own"
    BOOKINGS_MARK_OWN = "bookings.mark_own"
    BOOKINGS_OVERRIDE = "bookings.override"
    SERIES_WRITE_OWN = "series.write_own"
    PATIENTS_READ = "patients.read"
    PATIENTS_READ_OWN = "patients.read_own"
    PATIENTS_OPEN_ANY = "patients.open_any"
    PATIENTS_WRITE = "patients.write"
    PATIENTS_INVITE = "patients.invite"
    PATIENTS_EXPORT = "patients.export"
    PATIENTS_WRITE_OWN = "patients.write_own"
    PATIENTS_ASK_OWN = "patients.ask_own"
    PATIENTS_ERASE = "patients.erase"
    NOTES_WRITE_OWN = "notes.write_own"
    CATALOG_READ = "catalog.read"
    CATALOG_WRITE = "catalog.write"
    PROFILE_WRITE_OWN = "profile.write_own"
    SCHEDULE_READ = "schedule.read"
    SCHEDULE_READ_OWN = "schedule.read_own"
    SCHEDULE_WRITE = "schedule.write"
    SCHEDULE_WRITE_OWN = "schedule.write_own"
    TIME_OFF_WRITE = "time_off.write"
    ANALYTICS_READ = "analytics.read"
    ANALYTICS_READ_OWN = "analytics.read_own"
    ACCOUNTS_WRITE = "accounts.write"
    IMPORT = "import"
    EXPORT = "export"
    AUDIT_READ = "audit.read"
    HEALTH_READ = "health.read"
    ACCOUNT_OWN = "account.own"


P = Permission

GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.PATIENT: frozenset(
        {
            P.BOOKINGS_READ_OWN,
            P.BOOKINGS_WRITE_OWN,
            P.PATIENTS_READ_OWN,
            P.PATIENTS_WRITE_OWN,
            P.PATIENTS_ASK_OWN,
            P.CATALOG_READ,
            P.ACCOUNT_OWN,
        }
    ),
    Role.PROFESSIONAL: frozenset(
        {
            P.BOOKINGS_READ_OWN,
            P.BOOKINGS_WRITE_OWN,
            P.BOOKINGS_MARK_OWN,
            P.SERIES_WRITE_OWN,
            P.PATIENTS_READ_OWN,
            P.PATIENTS_OPEN_ANY,
            P.NOTES_WRITE_OWN,
            P.CATALOG_READ,
            P.PROFILE_WRITE_OWN,
            P.SCHEDULE_READ_OWN,
            P.SCHEDULE_WRITE_OWN,
            P.ANALYTICS_READ_OWN,
            P.ACCOUNT_OWN,
        }
    ),
    Role.RECEPTIONIST: frozenset(
        {
            P.BOOKINGS_READ,
            P.BOOKINGS_WRITE,
            P.BOOKINGS_OVERRIDE,
            P.PATIENTS_READ,
            P.PATIENTS_WRITE,
            P.PATIENTS_INVITE,
            P.CATALOG_READ,
            P.SCHEDULE_READ,
            P.TIME_OFF_WRITE,
            P.ACCOUNT_OWN,
        }
    ),
    Role.ADMIN: frozenset(Permission)
    - {
        P.BOOKINGS_READ_OWN,
        P.BOOKINGS_WRITE_OWN,
        P.BOOKINGS_MARK_OWN,
        P.SERIES_WRITE_OWN,
        P.PATIENTS_READ_OWN,
        P.PATIENTS_WRITE_OWN,
        P.PATIENTS_ASK_OWN,
        P.PATIENTS_OPEN_ANY,
        P.NOTES_WRITE_OWN,
        P.PROFILE_WRITE_OWN,
        P.SCHEDULE_READ_OWN,
        P.SCHEDULE_WRITE_OWN,
        P.ANALYTICS_READ_OWN,
    },
}


@dataclass(frozen=True)
class Actor:
    """Who is asking. Made from the database on every run, never from what a client sends."""

    role: Role
    name: str
    user_id: int | None = None
    patient_id: int | None = None
    professional_id: int | None = None
    session_id: int | None = None


CONSOLE = Actor(role=Role.ADMIN, name="console")
"""Whoever has a shell on the machine."""


def allows(actor: Actor, *permissions: Permission) -> bool:
    """Whether any of the permissions is granted to the actor's role."""
    return not GRANTS[actor.role].isdisjoint(permissions)


def require(actor: Actor, *permissions: Permission) -> None:
    """Any of the permissions, or ``NotAllowed``."""
    if not allows(actor, *permissions):
        raise NotAllowed(actor=actor, permission=permissions[0])


def owns(actor: Actor, booking: Booking) -> bool:
    """Whether a booking is the actor's own: in their calendar, or theirs as a patient.

    The booking's attendees must be loaded.
    """
    if actor.role is Role.PROFESSIONAL:
        return booking.professional_id == actor.professional_id
    if actor.role is Role.PATIENT:
        return any(
            each.patient_id == actor.patient_id
            and (booking.seats == 1 or each.state is not BookingState.CANCELLED)
            for each in booking.attendees
        )
    return False


def visible_bookings(actor: Actor) -> Select[Booking]:
    """Every read of bookings starts here, so that no page can forget to ask."""
    if allows(actor, P.BOOKINGS_READ):
        return select(Booking)
    if not allows(actor, P.BOOKINGS_READ_OWN):
        return select(Booking).where(false())
    if actor.role is Role.PATIENT:
        own = select(Attendee.booking_id).where(Attendee.patient_id == actor.patient_id)
        return select(Booking).where(Booking.id.in_(own))
    return select(Booking).where(Booking.professional_id == actor.professional_id)


def attending(session: Session, actor: Actor, booking: Booking) -> Select[int]:
    """Whom a booking is for, of whom patients reach themselves alone.

    ``NotFound`` for one the actor may not see.
    """
    if session.scalar(visible_bookings(actor).where(Booking.id == booking.id)) is None:
        raise NotFound(what="booking")
    query = select(Attendee.patient_id).where(Attendee.booking_id == booking.id)
    is_patient = actor.role is Role.PATIENT
    return query.where(Attendee.patient_id == actor.patient_id) if is_patient else query


def visible_patients(actor: Actor, *, now: datetime) -> Select[Patient]:
    """Contact data: all of it at the desk, those they see for professionals, one's own.

    Professionals see whom they visit, and whose record they opened for a good reason.
    """
    if allows(actor, P.PATIENTS_READ):
        return select(Patient)
    if not allows(actor, P.PATIENTS_READ_OWN):
        return select(Patient).where(false())
    if actor.role is Role.PATIENT:
        return select(Patient).where(Patient.id == actor.patient_id)
    opened = select(ExceptionalAccess.patient_id).where(
        ExceptionalAccess.user_id == actor.user_id, ExceptionalAccess.ends_at > now
    )
    return select(Patient).where(or_(_is_own_patient(actor, now), Patient.id.in_(opened)))


def check_may_book_for(session: Session, actor: Actor, patient_id: int, *, now: datetime) -> None:
    """Professionals book for their own patients, patients for themselves, the desk for all.

    A record that was opened for an hour is there to be read: a booking would make it theirs.
    """
    if allows(actor, P.BOOKINGS_WRITE) or patient_id == actor.patient_id:
        return
    own = select(Patient.id).where(Patient.id == patient_id, _is_own_patient(actor, now))
    if actor.role is not Role.PROFESSIONAL or session.scalar(own) is None:
        raise NotFound(what=N_("patient"))


def _is_own_patient(actor: Actor, now: datetime) -> ColumnElement[bool]:
    return Patient.id.in_(
        select(Attendee.patient_id)
        .join(Attendee.booking)
        .where(
            Booking.professional_id == actor.professional_id,
            Booking.starts_at >= now - SEEN_IN_THE_PAST,
            Booking.starts_at < now + SEEN_IN_THE_FUTURE,
        )
    )


def visible_calendars(actor: Actor) -> Select[Professional]:
    """Professionals whose whole calendar the actor may look at."""
    if allows(actor, P.SCHEDULE_READ):
        return select(Professional)
    if allows(actor, P.SCHEDULE_READ_OWN):
        return select(Professional).where(Professional.id == actor.professional_id)
    return select(Professional).where(false())


def visible_figures(actor: Actor) -> Select[Professional]:
    """Professionals whose figures the actor may read."""
    if allows(actor, P.ANALYTICS_READ):
        return select(Professional)
    if allows(actor, P.ANALYTICS_READ_OWN):
        return select(Professional).where(Professional.id == actor.professional_id)
    return select(Professional).where(false())


def visible_waiting(actor: Actor) -> Select[WaitingEntry]:
    """Entries of the waiting list: all of them at the desk, one's own for patients."""
    if allows(actor, P.BOOKINGS_WRITE):
        return select(WaitingEntry)
    if actor.role is Role.PATIENT:
        return select(WaitingEntry).where(WaitingEntry.patient_id == actor.patient_id)
    return select(WaitingEntry).where(false())
