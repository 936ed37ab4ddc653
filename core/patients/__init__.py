"""Patients: contact data only, found the way the desk remembers them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, false, literal, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from core import audit
from core.edits import change as write
from core.errors import N_, Invalid, NotFound, Stale
from core.folding import fold
from core.models import AuditEntry, Calendar, CalendarKind, Patient, User
from core.patients.preferences import (
    ToKnow,
    check_professionals,
    columns_of,
    lines_of,
    load_to_know,
    name_professionals,
    preferences_of,
)
from core.patients.search import search_text, sought
from core.patients.typed import (
    ANYTHING,
    LONGEST_EMAIL,
    LONGEST_NAME,
    LONGEST_PHONE,
    NewPatient,
    Place,
    Preferences,
    cleaned,
    phone_number,
    place_of,
)
from core.policy import Actor, Permission, require, visible_patients

__all__ = [
    "FOUND",
    "THE_SAME_NAME",
    "EditedPatient",
    "LikelyDuplicate",
    "NewPatient",
    "OwnContact",
    "PatientFound",
    "Preferences",
    "ToKnow",
    "add_patient",
    "change",
    "edit_own_contact",
    "edit_patient",
    "find_likely_duplicates",
    "find_patients",
    "fold",
    "get_patient",
    "in_common",
    "last_editor",
    "lines_of",
    "load_to_know",
    "put_on_file",
    "search_text",
]


@dataclass(frozen=True)
class EditedPatient:
    """The record as a form sends it back; ``version`` is the one the form was opened on."""

    patient_id: int
    version: int
    name: str
    phone: str = ""
    email: str = ""
    born_on: date | None = None
    language: str = ""
    desk_note: str = ""
    no_contact: bool = False
    """Nothing is sent to them."""
    alerts: str = ""
    preferences: Preferences = ANYTHING


@dataclass(frozen=True)
class OwnContact:
    """How a patient is reached, as they fill it in themselves; ``version`` as above."""

    version: int
    phone: str = ""
    email: str = ""
    language: str = ""
    no_contact: bool = False


@dataclass(frozen=True)
class PatientFound:
    """What a list of patients shows."""

    id: int
    calendar_id: int
    name: str
    phone: str
    email: str
    born_on: date | None
    version: int


@dataclass(frozen=True)
class LikelyDuplicate:
    patient: PatientFound
    reasons: tuple[str, ...]
    """Sentences that say what the two have in common, the most telling first."""


THE_SAME_NAME = N_("The same name.")
FOUND = (
    Patient.id,
    Patient.calendar_id,
    Patient.name,
    Patient.phone,
    Patient.email,
    Patient.born_on,
    Patient.version,
)


def get_patient(session: Session, actor: Actor, patient_id: int, *, now: datetime) -> Patient:
    """The patient, or ``NotFound`` when there is none that the actor may see."""
    found = session.scalar(visible_patients(actor, now=now).where(Patient.id == patient_id))
    if found is None:
        raise NotFound(what=N_("patient"))
    return found


def add_patient(session: Session, actor: Actor, request: NewPatient, *, now: datetime) -> Patient:
    """Put a patient on file, with a calendar of their own."""
    require(actor, Permission.PATIENTS_WRITE)
    patient = put_on_file(session, request, now=now)
    audit.record(session, actor, "patient.added", patient, now=now)
    return patient


def put_on_file(session: Session, request: NewPatient, *, now: datetime) -> Patient:
    """The part of ``add_patient`` that whoever registers shares, where nobody may grant it."""
    clean = cleaned(request, place_of(session), now)
    check_professionals(session, clean.preferences.professional_ids)
    patient = Patient(
        calendar=Calendar(kind=CalendarKind.PATIENT),
        **columns_of(clean),
        search=search_text(clean),
    )
    session.add(patient)
    if clean.preferences.professional_ids:
        session.flush()
        name_professionals(session, patient.id, clean.preferences.professional_ids)
    return patient


def edit_patient(
    session: Session, actor: Actor, request: EditedPatient, *, now: datetime
) -> Patient:
    """Change the record, unless somebody else has changed it since the form was opened."""
    require(actor, Permission.PATIENTS_WRITE)
    patient = _locked(session, actor, request.patient_id, request.version, now)
    return change(session, actor, patient, _as_new(request), now=now)


def edit_own_contact(
    session: Session, actor: Actor, request: OwnContact, *, now: datetime
) -> Patient:
    """Change how the actor is reached; who they are and what the desk knows of them stay."""
    require(actor, Permission.PATIENTS_WRITE_OWN)
    patient = _locked(session, actor, actor.patient_id, request.version, now)
    wanted = NewPatient(
        name=patient.name,
        phone=request.phone,
        email=request.email,
        born_on=patient.born_on,
        language=request.language,
        desk_note=patient.desk_note,
        no_contact=request.no_contact,
        alerts=patient.alerts,
        preferences=preferences_of(session, patient),
    )
    return change(session, actor, patient, wanted, now=now)


def change(
    session: Session, actor: Actor, patient: Patient, request: NewPatient, *, now: datetime
) -> Patient:
    """Write what differs, and put the names of those fields on record."""
    clean = cleaned(request, place_of(session), now)
    changed = write(patient, columns_of(clean))
    before = preferences_of(session, patient).professional_ids
    wanted = clean.preferences.professional_ids
    if wanted != before:
        check_professionals(session, set(wanted) - set(before))
        name_professionals(session, patient.id, wanted)
        patient.updated_at = now
        flag_modified(patient, "updated_at")  # a change of professionals alone is one too
        changed.append("preferred_professionals")
    if not changed:
        return patient
    patient.search = search_text(clean)
    audit.record(session, actor, "patient.edited", patient, now=now, changed=changed)
    return patient


def last_editor(session: Session, patient: Patient) -> str:
    """Who put the newest entry about the patient on record."""
    name = session.scalar(
        select(User.name)
        .select_from(AuditEntry)
        .outerjoin(User, AuditEntry.user_id == User.id)
        .where(
            AuditEntry.object_kind == "patients",
            AuditEntry.object_id == patient.id,
            AuditEntry.action.not_in(audit.READS),
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    return name or N_("Somebody else")


def find_patients(
    session: Session, actor: Actor, words: str, *, now: datetime, limit: int = 8
) -> list[PatientFound]:
    """Patients who fit everything typed: those whose name begins with just that first, then
    those of whom each word begins with a part of it.

    Nothing typed finds nobody. Archived patients are not found.
    """
    groups = sought(words, place_of(session).country)
    if not groups:
        return []
    padded = literal(" ").concat(Patient.search)
    begins = and_(*(_any_of(padded, (f" {each}" for each in group)) for group in groups))
    rows = session.execute(
        visible_patients(actor, now=now)
        .where(Patient.archived_at.is_(None))
        .where(*(_any_of(Patient.search, group) for group in groups))
        .order_by(
            case(
                (Patient.search.startswith(fold(words), autoescape=True), 0), (begins, 1), else_=2
            ),
            Patient.search,
            Patient.id,
        )
        .limit(limit)
        .with_only_columns(*FOUND)
    )
    return [PatientFound(*row) for row in rows]


def find_likely_duplicates(
    session: Session, actor: Actor, request: NewPatient, *, now: datetime, limit: int = 5
) -> list[LikelyDuplicate]:
    """Patients on file who may be the one being added, and why; half-typed values are fine."""
    phone = _phone_if_readable(request.phone, place_of(session))
    email = request.email.strip().lower()[:LONGEST_EMAIL]
    names = fold(request.name[:LONGEST_NAME]).split()
    alike = or_(
        Patient.phone == phone if phone else false(),
        Patient.email == email if email else false(),
        and_(*(_any_of(Patient.search, [each]) for each in names)) if names else false(),
    )
    rows = session.execute(
        visible_patients(actor, now=now)
        .where(Patient.archived_at.is_(None), alike)
        .order_by(Patient.id)
        .limit(20 * limit)
        .with_only_columns(*FOUND)
    )
    likely = []
    for found in (PatientFound(*row) for row in rows):
        reasons = in_common(found, phone, email, sorted(names), request.born_on)
        if reasons:
            likely.append(LikelyDuplicate(found, reasons))
    return sorted(likely, key=lambda each: -len(each.reasons))[:limit]


def in_common(
    found: PatientFound, phone: str, email: str, names: list[str], born_on: date | None
) -> tuple[str, ...]:
    """Sentences for what a patient has in common with these values, the most telling first."""
    same_name = bool(names) and sorted(fold(found.name).split()) == names
    same_birth = born_on is not None and found.born_on == born_on
    tells = (
        (bool(phone) and found.phone == phone, N_("The same phone number.")),
        (bool(email) and found.email == email, N_("The same e-mail address.")),
        (same_name and same_birth, N_("The same name and date of birth.")),
        (same_name and not same_birth, THE_SAME_NAME),
    )
    return tuple(sentence for holds, sentence in tells if holds)


def _locked(
    session: Session, actor: Actor, patient_id: int | None, version: int, now: datetime
) -> Patient:
    """The patient to be changed, as they were when the form was opened."""
    patient = session.scalar(
        visible_patients(actor, now=now)
        .where(Patient.id == patient_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if patient is None:
        raise NotFound(what=N_("patient"))
    if patient.version != version:
        raise Stale(who=last_editor(session, patient), version=patient.version)
    return patient


def _any_of(text: SQLColumnExpression[str], parts: Iterable[str]) -> ColumnElement[bool]:
    return or_(*(text.contains(each, autoescape=True) for each in parts))


def _phone_if_readable(typed: str, place: Place) -> str:
    try:
        return phone_number(typed.strip()[:LONGEST_PHONE], place)
    except Invalid:
        return ""


def _as_new(request: EditedPatient) -> NewPatient:
    return NewPatient(
        name=request.name,
        phone=request.phone,
        email=request.email,
        born_on=request.born_on,
        language=request.language,
        desk_note=request.desk_note,
        no_contact=request.no_contact,
        alerts=request.alerts,
        preferences=request.preferences,
    )
