"""What has to be known before a patient is booked, and what they like best."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from core.errors import N_, Invalid, NotFound
from core.models import PartOfDay, Patient, PreferredProfessional, Professional
from core.patients.typed import NewPatient, Preferences
from core.policy import Actor, Permission, require, visible_patients

P = Permission


@dataclass(frozen=True)
class ToKnow:
    """What the desk sees the moment it chooses somebody."""

    alerts: tuple[str, ...] = ()
    preferences: Preferences = field(default_factory=Preferences)
    names: Mapping[int, str] = field(default_factory=dict)
    """The names of those they prefer, archived ones too."""
    at_work: tuple[int, ...] = ()
    """Of those they prefer, who can be booked."""


def load_to_know(session: Session, actor: Actor, patient_id: int, *, now: datetime) -> ToKnow:
    """For whoever books or sees them; what the desk notes is not for patients to read."""
    require(actor, P.PATIENTS_READ, P.BOOKINGS_MARK_OWN)
    patient = session.scalar(visible_patients(actor, now=now).where(Patient.id == patient_id))
    if patient is None:
        raise NotFound(what=N_("patient"))
    rows = session.execute(
        select(Professional.id, Professional.name, Professional.archived_at)
        .join(PreferredProfessional, PreferredProfessional.professional_id == Professional.id)
        .where(PreferredProfessional.patient_id == patient_id)
        .order_by(Professional.name, Professional.id)
    ).all()
    return ToKnow(
        alerts=lines_of(patient.alerts),
        preferences=Preferences(
            professional_ids=tuple(sorted(each.id for each in rows)),
            parts=parts_of(patient.preferred_parts),
            words=patient.preference,
        ),
        names={each.id: each.name for each in rows},
        at_work=tuple(each.id for each in rows if each.archived_at is None),
    )


def preferences_of(session: Session, patient: Patient) -> Preferences:
    """As they are kept."""
    ids = session.scalars(
        select(PreferredProfessional.professional_id)
        .where(PreferredProfessional.patient_id == patient.id)
        .order_by(PreferredProfessional.professional_id)
    )
    return Preferences(tuple(ids), parts_of(patient.preferred_parts), patient.preference)


def columns_of(clean: NewPatient) -> dict[str, object]:
    """What of a cleaned request stands in the patient's own row."""
    return {
        "name": clean.name,
        "phone": clean.phone,
        "email": clean.email,
        "born_on": clean.born_on,
        "language": clean.language,
        "desk_note": clean.desk_note,
        "no_contact": clean.no_contact,
        "alerts": clean.alerts,
        "preferred_parts": ",".join(clean.preferences.parts),
        "preference": clean.preferences.words,
    }


def lines_of(text: str) -> tuple[str, ...]:
    return tuple(each for each in text.split("\n") if each)


def parts_of(kept: str) -> tuple[PartOfDay, ...]:
    return tuple(PartOfDay(each) for each in kept.split(",") if each)


def check_professionals(session: Session, ids: Collection[int]) -> None:
    """Nobody comes to prefer somebody who is not there any more."""
    here = select(func.count(Professional.id)).where(
        Professional.id.in_(ids), Professional.archived_at.is_(None)
    )
    if ids and session.scalar(here) != len(ids):
        raise Invalid(
            N_("Not everybody chosen works here any more. Please choose again."),
            field="preferred_professionals",
        )


def name_professionals(session: Session, patient_id: int, ids: Collection[int]) -> None:
    """Exactly these are the ones they prefer."""
    named = PreferredProfessional
    session.execute(delete(named).where(named.patient_id == patient_id))
    session.add_all(named(patient_id=patient_id, professional_id=each) for each in sorted(ids))
    session.flush()
