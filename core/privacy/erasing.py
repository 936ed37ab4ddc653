"""Erasing a patient: what identifies them goes, what the practice counts stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, selectinload

from core import accounts, audit, drafts, throttle
from core.booking import CANCELLABLE, CancelRequest, cancel
from core.booking.groups import SeatRequest, calendars_of_all, leave
from core.claims import calendars_of
from core.db import lock_calendars
from core.errors import N_, Invalid, NotFound, Stale
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Erasure,
    Patient,
    PatientMerge,
    User,
    VisitNote,
    WaitingEntry,
    WaitingState,
)
from core.patients import fold, get_patient
from core.policy import Actor, Permission, require
from core.privacy.inventory import HOLDINGS

P, S = Permission, BookingState
OPEN = (S.BOOKED, S.ARRIVED, S.IN_PROGRESS)
WHY_CANCELLED = "Erased"


@dataclass(frozen=True)
class ErasureRequest:
    """``confirmation`` is the patient's name or number, typed once more."""

    patient_id: int
    version: int
    confirmation: str


@dataclass(frozen=True)
class ErasurePreview:
    """What would go and what would stay, in numbers."""

    patient: Patient
    coming: Sequence[Booking]
    """These are cancelled in the same step."""
    visits: int
    notes: int
    """Visits on which the desk wrote something."""
    private_notes: int
    """What professionals wrote on them for themselves, which nobody else reads."""
    of_groups: int
    """Visits of a group among those written on: the words may be about the others, too."""
    waits: int
    """Services they are on the waiting list for."""
    username: str
    is_here: bool
    """A visit is under way: it has to end first."""


def preview_erasure(
    session: Session, actor: Actor, patient_id: int, *, now: datetime
) -> ErasurePreview:
    require(actor, P.PATIENTS_ERASE)
    patient = _on_file(session, select(Patient).where(Patient.id == patient_id))
    coming = _coming(session, patient_id, now)
    visits = select(Attendee.booking_id).where(Attendee.patient_id == patient_id)
    written = (Booking.desk_note != "") | (Booking.cancel_reason != "")
    private = select(VisitNote.booking_id).where(VisitNote.words != "")
    in_group = (Booking.seats > 1) & (written | Booking.id.in_(private))
    in_all, noted, of_groups = session.execute(
        select(func.count(), func.count().filter(written), func.count().filter(in_group)).where(
            Booking.id.in_(visits)
        )
    ).one()
    return ErasurePreview(
        patient=patient,
        coming=coming,
        visits=in_all - len(coming),
        notes=noted,
        private_notes=session.scalar(
            private.where(VisitNote.booking_id.in_(visits)).with_only_columns(func.count())
        )
        or 0,
        of_groups=of_groups,
        waits=_waits(session, patient_id),
        username=_username(session, patient_id),
        is_here=_is_here(coming),
    )


def erase(session: Session, actor: Actor, request: ErasureRequest, *, now: datetime) -> Erasure:
    """Erase a patient, cancelling what is still to come.

    Their bookings stay in the figures under a name that says nothing. ``sweep`` clears what
    the files of the database still hold, after this has been committed.
    """
    require(actor, P.PATIENTS_ERASE)
    accounts.check_confirmed(session, actor, now=now)
    hold(session, request.patient_id, now)
    asked = select(Patient).where(Patient.id == request.patient_id).with_for_update()
    patient = _on_file(session, asked)
    if patient.version != request.version:
        raise Stale(who=N_("Somebody else"), version=patient.version)
    typed = request.confirmation.strip()
    if typed != str(patient.id) and fold(typed) != fold(patient.name):
        raise Invalid(
            N_(
                "This is not the name, nor the number, of the patient. Please type it as it "
                "stands in the record."
            ),
            field="confirmation",
        )
    if _is_here(_coming(session, patient.id, now)):
        raise Invalid(N_("{name} is here now. Please complete the visit first."), name=patient.name)
    return forget(session, actor, patient, now=now)


def forget(session: Session, actor: Actor, patient: Patient, *, now: datetime) -> Erasure:
    """Do it, whoever decided. ``hold`` comes before it."""
    coming = _coming(session, patient.id, now)
    _give_up(session, actor, patient, coming, now=now)
    erasure = Erasure(patient_id=patient.id, added_at=patient.created_at, erased_at=now)
    session.add(erasure)
    _list_merged(session, patient.id, now)
    username = _username(session, patient.id)
    if username:
        throttle.forget(session, throttle.of_account(username))
    drafts.forget_all(session)
    session.flush()
    for holding in HOLDINGS:
        about = {"person": patient.id}
        if holding.removed:
            session.execute(holding.table.delete().where(holding.rows), about)
        elif holding.blanks:
            change = update(holding.table).where(holding.rows).values(dict(holding.blanks))
            session.connection().execute(change, about | {"now": now})
    session.expire_all()
    audit.record(session, actor, "patient.erased", patient, now=now, cancelled=len(coming))
    return erasure


def _list_merged(session: Session, kept_id: int, now: datetime) -> None:
    """Records that became part of it go with it; an older copy may hold them apart."""
    merged = select(Patient).join(PatientMerge, PatientMerge.merged_id == Patient.id)
    for each in session.scalars(merged.where(PatientMerge.kept_id == kept_id)):
        if session.get(Erasure, each.id) is None:
            row = Erasure(patient_id=each.id, added_at=each.created_at, erased_at=now)
            session.add(row)


def ask_for_erasure(session: Session, actor: Actor, *, now: datetime) -> Patient:
    """A patient wants everything about them erased; an admin sees it and decides."""
    return _ask(session, actor, now, now=now)


def withdraw_request(session: Session, actor: Actor, *, now: datetime) -> Patient:
    """The patient has thought better of it."""
    return _ask(session, actor, None, now=now)


def _ask(session: Session, actor: Actor, asked_at: datetime | None, *, now: datetime) -> Patient:
    require(actor, P.PATIENTS_ASK_OWN)
    patient = get_patient(session, actor, actor.patient_id or 0, now=now)
    if (patient.erasure_asked_at is None) is not (asked_at is None):
        patient.erasure_asked_at = asked_at
        action = "erasure.asked" if asked_at else "erasure.withdrawn"
        audit.record(session, actor, action, patient, now=now)
    return patient


def _on_file(session: Session, asked: Select[Patient]) -> Patient:
    patient = session.scalar(asked.execution_options(populate_existing=True))
    is_gone = patient is None or any(
        session.get(kind, patient.id) is not None for kind in (Erasure, PatientMerge)
    )
    if patient is None or is_gone:
        raise NotFound(what=N_("patient"))
    return patient


def _is_here(coming: Sequence[Booking]) -> bool:
    return any(each.state is S.IN_PROGRESS for each in coming)


def _waits(session: Session, patient_id: int) -> int:
    entries = select(func.count(WaitingEntry.id)).where(
        WaitingEntry.patient_id == patient_id, WaitingEntry.state == WaitingState.WAITING
    )
    return session.scalar(entries) or 0


def _username(session: Session, patient_id: int) -> str:
    found = select(User.username).where(User.patient_id == patient_id)
    return session.scalar(found) or ""


def hold(session: Session, patient_id: int, now: datetime) -> None:
    """Every calendar that cancelling will touch, before the first step goes on record."""
    own = select(Patient.calendar_id).where(Patient.id == patient_id)
    calendars = set(session.scalars(own))
    for booking in _coming(session, patient_id, now):
        calendars |= {*calendars_of(session, booking.id), *calendars_of_all(session, booking.id)}
    lock_calendars(session, calendars)


def _coming(session: Session, patient_id: int, now: datetime) -> Sequence[Booking]:
    """Visits of the patient that are to take place, or are under way."""
    return session.scalars(
        select(Booking)
        .join(Booking.attendees)
        .where(
            Attendee.patient_id == patient_id,
            Attendee.state.in_(OPEN),
            Booking.state.in_(OPEN),
            Booking.ends_at > now,
        )
        .options(selectinload(Booking.attendees))
        .order_by(Booking.starts_at, Booking.id)
        .execution_options(populate_existing=True)
    ).all()


def _give_up(
    session: Session, actor: Actor, patient: Patient, coming: Sequence[Booking], *, now: datetime
) -> None:
    """Nobody comes under a name that is gone; who is here stays to the end."""
    for each in coming:
        if each.seats > 1:
            leave(session, actor, SeatRequest(each.id, each.version, patient.id), now=now)
        elif each.state in CANCELLABLE:
            asked = CancelRequest(each.id, each.version, WHY_CANCELLED, asked_by_patient=False)
            cancel(session, actor, asked, now=now)
