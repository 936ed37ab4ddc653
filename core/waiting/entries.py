"""Entries of the waiting list: put somebody on it, change what they wish, take them off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Row, Select, delete, func, not_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from core import audit
from core.availability import organisation_clock
from core.booking.by_patients import check_patients_book
from core.db import lock_calendars
from core.edits import UNDO_FOR, change, check_version, lock_row
from core.errors import N_, Invalid, KeyReused, NotFound
from core.interval import to_seconds
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Patient,
    Priority,
    Professional,
    ProfessionalService,
    Role,
    Service,
    WaitingEntry,
    WaitingProfessional,
    WaitingState,
)
from core.patients.typed import LONGEST_NAME, line
from core.policy import (
    Actor,
    Permission,
    attending,
    check_may_book_for,
    require,
    visible_waiting,
)
from core.waiting.running import Running, calendars_of_running, end_running, load_running
from core.waiting.wishes import Wishes, columns_of, suits, wishes_of

P = Permission


@dataclass(frozen=True)
class NewEntry:
    """``request_key`` is made when the form is first drawn: sent twice, it adds once."""

    patient_id: int
    wishes: Wishes
    request_key: str


@dataclass(frozen=True)
class EditedEntry:
    """The wishes as a form sends them back; ``version`` is the one it was opened on."""

    entry_id: int
    version: int
    wishes: Wishes


@dataclass(frozen=True)
class Waiting:
    """Somebody who waits, as lists show them."""

    id: int
    version: int
    patient_id: int
    calendar_id: int
    patient: str
    phone: str
    service: str
    wishes: Wishes
    since: datetime
    visit_at: datetime | None
    """Their next visit of this service, if they have one by now."""
    running: Running | None


def add(session: Session, actor: Actor, request: NewEntry, *, now: datetime) -> WaitingEntry:
    """Put a patient on the waiting list for a service; nobody waits twice for the same one."""
    require(actor, P.BOOKINGS_WRITE, P.PATIENTS_ASK_OWN)
    _check_own_wish(session, actor, request, now=now)
    if repeated := _find_repeated(session, actor, request):
        return repeated
    patient = _lock_patient(session, request.patient_id)
    wishes = request.wishes
    values = _checked(session, wishes, now)
    _check_not_waiting(session, patient, wishes.service_id)
    entry = WaitingEntry(
        patient_id=patient.id,
        **values,
        created_by=actor.user_id,
        request_key=request.request_key,
        created_at=now,
        updated_at=now,
    )
    session.add(entry)
    session.flush()
    _name_professionals(session, entry.id, wishes.professional_ids)
    audit.record(session, actor, "waiting.added", entry, now=now, patient=patient.id)
    return entry


def edit(session: Session, actor: Actor, request: EditedEntry, *, now: datetime) -> WaitingEntry:
    """Change what somebody waits for, unless it was changed since the form was opened."""
    require(actor, P.BOOKINGS_WRITE)
    entry = lock_entry(session, actor, request.entry_id)
    check_version(session, entry, request.version)
    wishes = request.wishes
    values = _checked(session, wishes, now)
    if wishes.service_id != entry.service_id:
        patient = session.get_one(Patient, entry.patient_id)
        _check_not_waiting(session, patient, wishes.service_id)
    before = professionals_of(session, [entry.id]).get(entry.id, ())
    changed = change(entry, values)
    if set(wishes.professional_ids) != set(before):
        changed.append("professionals")
    if changed:
        entry.updated_at = now
        flag_modified(entry, "updated_at")  # a change of professionals alone is one too
        _name_professionals(session, entry.id, wishes.professional_ids)
        audit.record(session, actor, "waiting.edited", entry, now=now, changed=changed)
    return entry


def close(
    session: Session, actor: Actor, entry_id: int, version: int, reason: str, *, now: datetime
) -> WaitingEntry:
    """Take somebody off the list, with a reason; a time held for them is given back."""
    require(actor, P.BOOKINGS_WRITE, P.PATIENTS_ASK_OWN)
    said = line(reason, LONGEST_NAME, "reason")
    if not said:
        raise Invalid(N_("Please say why they wait no longer."), field="reason")
    lock_calendars(session, calendars_of_running(session, entry_id))
    entry = lock_entry(session, actor, entry_id)
    check_version(session, entry, version)
    end_running(session, actor, entry.id, now=now)
    entry.state, entry.close_reason = WaitingState.CLOSED, said
    entry.closed_at = entry.updated_at = now
    audit.record(session, actor, "waiting.closed", entry, now=now)
    return entry


def reopen(session: Session, actor: Actor, entry_id: int, *, now: datetime) -> WaitingEntry:
    """Taken off the list by mistake: for ten minutes they wait again, since when they waited."""
    require(actor, P.BOOKINGS_WRITE)
    what = N_("entry of the waiting list")
    if session.scalar(visible_waiting(actor).where(WaitingEntry.id == entry_id)) is None:
        raise NotFound(what=what)
    entry = lock_row(session, WaitingEntry, entry_id, what=what)
    patient = _lock_patient(session, entry.patient_id)
    is_late = entry.closed_at is None or entry.closed_at <= now - UNDO_FOR
    if entry.state is not WaitingState.CLOSED or is_late:
        raise Invalid(
            N_("This cannot be taken back any more. Put {name} on the list anew."),
            name=patient.name,
        )
    _check_not_waiting(session, patient, entry.service_id)
    entry.state, entry.close_reason, entry.closed_at = WaitingState.WAITING, "", None
    entry.updated_at = now
    audit.record(session, actor, "waiting.reopened", entry, now=now)
    return entry


def close_served(
    session: Session, actor: Actor, booking: Booking, *, now: datetime
) -> WaitingEntry | None:
    """Take the patient of a new booking off the list when it is a time they waited for.

    Who was booked later than they wish, or with somebody else, goes on waiting.
    """
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_WRITE_OWN)
    patients = attending(session, actor, booking)
    entry_id = session.scalar(
        select(WaitingEntry.id).where(
            WaitingEntry.state == WaitingState.WAITING,
            WaitingEntry.patient_id.in_(patients),
            WaitingEntry.service_id == booking.service_id,
        )
    )
    if entry_id is None:
        return None
    lock_calendars(session, calendars_of_running(session, entry_id))
    entry = lock_row(session, WaitingEntry, entry_id, what=N_("entry of the waiting list"))
    if entry.state is not WaitingState.WAITING:
        return None
    wishes = wishes_of(entry, professionals_of(session, [entry.id]).get(entry.id, ()))
    clock, start = organisation_clock(session), to_seconds(booking.starts_at)
    if not suits(wishes, clock, booking.professional_id, start, now=now):
        return None
    end_running(session, actor, entry.id, now=now)
    mark_booked(entry, booking, now=now)
    audit.record(session, actor, "waiting.booked", entry, now=now, booking=booking.id)
    return entry


def mark_booked(entry: WaitingEntry, booking: Booking, *, now: datetime) -> None:
    """What they waited for has come."""
    entry.state, entry.booking_id = WaitingState.BOOKED, booking.id
    entry.closed_at = entry.updated_at = now


def lock_entry(session: Session, actor: Actor, entry_id: int) -> WaitingEntry:
    """An entry the actor may see and whose patient still waits, held until commit."""
    if session.scalar(visible_waiting(actor).where(WaitingEntry.id == entry_id)) is None:
        raise NotFound(what=N_("entry of the waiting list"))
    entry = lock_row(session, WaitingEntry, entry_id, what=N_("entry of the waiting list"))
    if entry.state is not WaitingState.WAITING:
        raise Invalid(N_("This patient is not waiting any more. Please look at the list again."))
    return entry


def load_waiting(
    session: Session,
    actor: Actor,
    *,
    now: datetime,
    service_id: int | None = None,
    professional_id: int | None = None,
    ids: Sequence[int] | None = None,
) -> list[Waiting]:
    """Everybody who waits, urgent ones first, then who has waited longest.

    Narrowed to a service, or to those who would come to a professional.
    """
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_READ_OWN)
    query = (
        _still_waiting(actor)
        .join(WaitingEntry.patient)
        .join(WaitingEntry.service)
        .where(Patient.archived_at.is_(None), Service.archived_at.is_(None))
        .with_only_columns(WaitingEntry, Patient, Service.name)
        .order_by(WaitingEntry.created_at, WaitingEntry.id)
    )
    if service_id is not None:
        query = query.where(WaitingEntry.service_id == service_id)
    if ids is not None:
        query = query.where(WaitingEntry.id.in_(ids))
    rows = session.execute(query).all()
    found = _lines(session, rows, now)
    if professional_id is not None:
        found = [
            each
            for each in found
            if professional_id in (each.wishes.professional_ids or (professional_id,))
        ]
    return sorted(found, key=lambda each: each.wishes.priority is not Priority.URGENT)


def professionals_of(session: Session, entry_ids: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """Who is named in each entry; those without anybody are left out."""
    named = WaitingProfessional.__table__.c
    rows = session.execute(
        select(named.entry_id, named.professional_id)
        .where(named.entry_id.in_(entry_ids))
        .order_by(named.entry_id, named.professional_id)
    ).all()
    return {
        entry_id: tuple(professional_id for _entry, professional_id in group)
        for entry_id, group in groupby(rows, key=itemgetter(0))
    }


def _lines(
    session: Session, rows: Sequence[Row[WaitingEntry, Patient, str]], now: datetime
) -> list[Waiting]:
    """Entries with all that lists show of them, in a fixed number of queries."""
    entry_ids = [entry.id for entry, _patient, _service in rows]
    professionals = professionals_of(session, entry_ids)
    running = load_running(session, entry_ids, now)
    visits = _load_coming(session, [entry for entry, _patient, _service in rows], now)
    return [
        Waiting(
            id=entry.id,
            version=entry.version,
            patient_id=patient.id,
            calendar_id=patient.calendar_id,
            patient=patient.name,
            phone=patient.phone,
            service=service,
            wishes=wishes_of(entry, professionals.get(entry.id, ())),
            since=entry.created_at,
            visit_at=visits.get((patient.id, entry.service_id)),
            running=running.get(entry.id),
        )
        for entry, patient, service in rows
    ]


def _still_waiting(actor: Actor) -> Select[WaitingEntry]:
    return visible_waiting(actor).where(WaitingEntry.state == WaitingState.WAITING)


def _find_repeated(session: Session, actor: Actor, request: NewEntry) -> WaitingEntry | None:
    made = session.scalar(
        select(WaitingEntry).where(
            WaitingEntry.created_by == actor.user_id,
            WaitingEntry.request_key == request.request_key,
        )
    )
    if made is not None and made.patient_id != request.patient_id:
        raise KeyReused
    return made


def _checked(session: Session, wishes: Wishes, now: datetime) -> dict[str, object]:
    """The wishes as columns; raises what cannot be waited for."""
    service = session.get(Service, wishes.service_id)
    if service is None or service.archived_at is not None:
        raise NotFound(what=N_("service"))
    if service.seats > 1:
        raise Invalid(N_("A group has waiting places of its own: open the visit and add them."))
    offering = set(
        session.scalars(
            select(Professional.id)
            .join(ProfessionalService, ProfessionalService.professional_id == Professional.id)
            .where(ProfessionalService.service_id == service.id, Professional.archived_at.is_(None))
        )
    )
    if not offering or not offering >= set(wishes.professional_ids):
        raise Invalid(
            N_("Not everybody chosen offers {service}. Please choose only who does."),
            field="professionals",
            service=service.name,
        )
    today = organisation_clock(session).date_of(to_seconds(now))
    return {"service_id": service.id, **columns_of(wishes, today)}


def _check_own_wish(session: Session, actor: Actor, request: NewEntry, *, now: datetime) -> None:
    """Patients wait for themselves, for what they could book; the desk says what is urgent."""
    if actor.role is not Role.PATIENT:
        return
    check_may_book_for(session, actor, request.patient_id, now=now)
    check_patients_book(session, actor)
    wishes = request.wishes
    if wishes.priority is not Priority.NORMAL:
        raise Invalid(N_("If it is urgent, please call us."), field="priority")
    service = session.get(Service, wishes.service_id)
    if service is not None and not service.listed:
        raise NotFound(what=N_("service"))
    hidden = select(Professional.id).where(
        Professional.id.in_(wishes.professional_ids), not_(Professional.listed)
    )
    if session.scalar(hidden.limit(1)) is not None:
        raise NotFound(what=N_("professional"))


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


def _check_not_waiting(session: Session, patient: Patient, service_id: int) -> None:
    waits = session.scalar(
        select(Service.name)
        .join(WaitingEntry, WaitingEntry.service_id == Service.id)
        .where(
            WaitingEntry.patient_id == patient.id,
            WaitingEntry.service_id == service_id,
            WaitingEntry.state == WaitingState.WAITING,
        )
    )
    if waits is not None:
        raise Invalid(
            N_("{name} waits for {service} already. Change that entry instead."),
            name=patient.name,
            service=waits,
        )


def _name_professionals(session: Session, entry_id: int, ids: Iterable[int]) -> None:
    session.execute(delete(WaitingProfessional).where(WaitingProfessional.entry_id == entry_id))
    session.add_all(
        WaitingProfessional(entry_id=entry_id, professional_id=each) for each in sorted(set(ids))
    )


def _load_coming(
    session: Session, entries: Sequence[WaitingEntry], now: datetime
) -> Mapping[tuple[int, int], datetime]:
    """The next visit of each patient and service that is to take place."""
    rows = session.execute(
        select(Attendee.patient_id, Booking.service_id, func.min(Booking.starts_at))
        .join(Attendee.booking)
        .where(
            Attendee.patient_id.in_([each.patient_id for each in entries]),
            Attendee.waiting.is_(False),
            Attendee.state == BookingState.BOOKED,
            Booking.state == BookingState.BOOKED,
            Booking.starts_at > now,
        )
        .group_by(Attendee.patient_id, Booking.service_id)
    )
    return {(patient, service): at for patient, service, at in rows}
