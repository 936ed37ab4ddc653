"""The recall list: who is to be seen again in some months, until they are booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core import audit
from core.availability import organisation_clock
from core.edits import UNDO_FOR, check_version, lock_row
from core.errors import N_, Invalid, KeyReused, NotFound
from core.interval import to_seconds
from core.models import (
    Booking,
    Patient,
    Professional,
    Recall,
    RecallEnd,
    Service,
)
from core.patients.typed import LONGEST_NAME, line, note
from core.policy import Actor, Permission, attending, require

P = Permission

LONGEST = timedelta(days=5 * 366)
LONGEST_TRY = timedelta(days=366)
AHEAD = timedelta(days=31)
"""A visit this long before the day they are due is the one they were to come for."""
MOST = 200


@dataclass(frozen=True)
class NewRecall:
    """``request_key`` belongs to one press: what it sends twice is added once."""

    patient_id: int
    due_on: date
    request_key: str
    service_id: int | None = None
    professional_id: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Recalled:
    """Somebody to be seen again, as lists show them."""

    id: int
    version: int
    patient_id: int
    patient: str
    phone: str
    service_id: int | None
    service: str
    professional_id: int | None
    professional: str
    due_on: date
    note: str
    last_called_at: datetime | None
    turn_on: date
    """When to call: the day they are due, or the next try."""
    is_due: bool


def add_recall(session: Session, actor: Actor, request: NewRecall, *, now: datetime) -> Recall:
    """Note that a patient is to be seen again; once for the same service."""
    require(actor, P.BOOKINGS_WRITE)
    if repeated := _find_repeated(session, actor, request):
        return repeated
    patient = _lock_patient(session, request.patient_id)
    _check_day(session, request.due_on, LONGEST, now)
    _check_in_use(session, request)
    _check_not_listed(session, patient, request.service_id)
    recall = Recall(
        patient_id=patient.id,
        service_id=request.service_id,
        professional_id=request.professional_id,
        due_on=request.due_on,
        note=note(request.note, "note"),
        created_by=actor.user_id,
        request_key=request.request_key,
        created_at=now,
        updated_at=now,
    )
    session.add(recall)
    session.flush()
    audit.record(session, actor, "recall.added", recall, now=now, patient=patient.id)
    return recall


def note_call(
    session: Session, actor: Actor, recall_id: int, version: int, next_on: date, *, now: datetime
) -> Recall:
    """Nobody answered: to be tried again on a day."""
    require(actor, P.BOOKINGS_WRITE)
    recall = _lock_open(session, recall_id)
    check_version(session, recall, version)
    _check_day(session, next_on, LONGEST_TRY, now)
    recall.last_called_at, recall.next_on, recall.updated_at = now, next_on, now
    audit.record(session, actor, "recall.called", recall, now=now, patient=recall.patient_id)
    return recall


def close_recall(
    session: Session, actor: Actor, recall_id: int, version: int, reason: str, *, now: datetime
) -> Recall:
    """They do not want to come again, with a reason."""
    require(actor, P.BOOKINGS_WRITE)
    said = line(reason, LONGEST_NAME, "reason")
    if not said:
        raise Invalid(N_("Please say why they do not come again."), field="reason")
    recall = _lock_open(session, recall_id)
    check_version(session, recall, version)
    recall.closed_because, recall.close_reason = RecallEnd.NOT_WANTED, said
    recall.closed_at = recall.updated_at = now
    audit.record(session, actor, "recall.closed", recall, now=now, patient=recall.patient_id)
    return recall


def reopen_recall(session: Session, actor: Actor, recall_id: int, *, now: datetime) -> Recall:
    """Closed by mistake: for ten minutes it can be put back as it was."""
    require(actor, P.BOOKINGS_WRITE)
    recall = lock_row(session, Recall, recall_id, what=N_("recall"))
    patient = _lock_patient(session, recall.patient_id)
    is_late = recall.closed_at is None or recall.closed_at <= now - UNDO_FOR
    if recall.closed_because is not RecallEnd.NOT_WANTED or is_late:
        raise Invalid(
            N_("This cannot be taken back any more. Put {name} on the recall list anew."),
            name=patient.name,
        )
    _check_not_listed(session, patient, recall.service_id)
    recall.closed_because, recall.close_reason, recall.closed_at = None, "", None
    recall.updated_at = now
    audit.record(session, actor, "recall.reopened", recall, now=now, patient=patient.id)
    return recall


def close_met(
    session: Session, actor: Actor, booking: Booking, *, now: datetime
) -> Sequence[Recall]:
    """Close what a new booking is the visit of: their service, and not long before it is due."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN)
    patients = attending(session, actor, booking)
    clock = organisation_clock(session)
    visit_on = clock.date_of(to_seconds(booking.starts_at))
    met = session.scalars(
        select(Recall)
        .where(
            Recall.closed_at.is_(None),
            Recall.patient_id.in_(patients),
            or_(Recall.service_id.is_(None), Recall.service_id == booking.service_id),
            Recall.due_on <= visit_on + AHEAD,
        )
        .order_by(Recall.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    for each in met:
        each.closed_because, each.booking_id = RecallEnd.BOOKED, booking.id
        each.closed_at = each.updated_at = now
        fields = {"patient": each.patient_id, "booking": booking.id}
        audit.record(session, actor, "recall.booked", each, now=now, **fields)
    return met


def load_recalls(session: Session, actor: Actor, *, now: datetime) -> list[Recalled]:
    """Who is to be seen again, whose turn comes first before the others; the first of many."""
    require(actor, P.BOOKINGS_WRITE)
    today = organisation_clock(session).date_of(to_seconds(now))
    turn = func.coalesce(Recall.next_on, Recall.due_on)
    query = (
        select(Recall, Patient, Service.name, Professional.name)
        .join(Recall.patient)
        .outerjoin(Service, Service.id == Recall.service_id)
        .outerjoin(Professional, Professional.id == Recall.professional_id)
        .where(Recall.closed_at.is_(None), Patient.archived_at.is_(None))
        .order_by(turn, Recall.due_on, Recall.id)
        .limit(MOST)
    )
    rows = session.execute(query).all()
    return [
        _line(recall, patient, service or "", professional or "", today)
        for recall, patient, service, professional in rows
    ]


def _line(
    recall: Recall, patient: Patient, service: str, professional: str, today: date
) -> Recalled:
    turn_on = recall.next_on or recall.due_on
    return Recalled(
        id=recall.id,
        version=recall.version,
        patient_id=patient.id,
        patient=patient.name,
        phone=patient.phone,
        service_id=recall.service_id,
        service=service,
        professional_id=recall.professional_id,
        professional=professional,
        due_on=recall.due_on,
        note=recall.note,
        last_called_at=recall.last_called_at,
        turn_on=turn_on,
        is_due=turn_on <= today,
    )


def _find_repeated(session: Session, actor: Actor, request: NewRecall) -> Recall | None:
    made = session.scalar(
        select(Recall).where(
            Recall.created_by == actor.user_id, Recall.request_key == request.request_key
        )
    )
    if made is not None and made.patient_id != request.patient_id:
        raise KeyReused
    return made


def _lock_patient(session: Session, patient_id: int) -> Patient:
    """Held until commit: of two who put somebody on the list, one does."""
    patient = session.scalar(
        select(Patient)
        .where(Patient.id == patient_id, Patient.archived_at.is_(None))
        .with_for_update(key_share=True)
    )
    if patient is None:
        raise NotFound(what=N_("patient"))
    return patient


def _lock_open(session: Session, recall_id: int) -> Recall:
    recall = lock_row(session, Recall, recall_id, what=N_("recall"))
    if recall.closed_at is not None:
        raise Invalid(N_("This recall is closed already. Please look at the list again."))
    return recall


def _check_day(session: Session, day: date, longest: timedelta, now: datetime) -> None:
    today = organisation_clock(session).date_of(to_seconds(now))
    if not today < day <= today + longest:
        raise Invalid(N_("Please choose a day to come, and not years ahead."), field="day")


def _check_in_use(session: Session, request: NewRecall) -> None:
    if request.service_id is not None:
        service = session.get(Service, request.service_id)
        if service is None or service.archived_at is not None:
            raise NotFound(what=N_("service"))
    if request.professional_id is not None:
        professional = session.get(Professional, request.professional_id)
        if professional is None or professional.archived_at is not None:
            raise NotFound(what=N_("professional"))


def _check_not_listed(session: Session, patient: Patient, service_id: int | None) -> None:
    listed = session.scalar(
        select(Recall.id)
        .where(
            Recall.patient_id == patient.id,
            Recall.closed_at.is_(None),
            Recall.service_id.is_not_distinct_from(service_id),
        )
        .limit(1)
    )
    if listed is not None:
        raise Invalid(
            N_("{name} is on the recall list for this already. Please look there first."),
            name=patient.name,
        )
