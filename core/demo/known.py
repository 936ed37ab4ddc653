"""What the demo's desk knows of patients from their visits: whom they like, what to heed."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.demo.diary import Entry
from core.demo.practice import Practice
from core.models import BookingState, Patient, PreferredProfessional

HEEDED = ("Hard of hearing: please face them", "Allergic to latex", "Brings a guide dog")
EVERY = 4


def write(
    session: Session,
    practice: Practice,
    patients: Sequence[Patient],
    entries: Sequence[Entry],
    *,
    now: datetime,
) -> None:
    _prefer(session, practice, patients, entries)
    _heed_today(practice, patients, entries, now)
    session.flush()


def _prefer(
    session: Session, practice: Practice, patients: Sequence[Patient], entries: Sequence[Entry]
) -> None:
    """Those who like a time of day also like whom they have seen most."""
    seen: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for each in entries:
        if each.state is BookingState.COMPLETED:
            seen[each.patient][each.professional] += 1
    for patient in patients:
        if patient.preferred_parts and seen[patient.id]:
            ((usual, _count),) = seen[patient.id].most_common(1)
            liked = practice.professionals[usual].id
            session.add(PreferredProfessional(patient_id=patient.id, professional_id=liked))


def _heed_today(
    practice: Practice, patients: Sequence[Patient], entries: Sequence[Entry], now: datetime
) -> None:
    """Some of those who come today, so that Today shows what an alert looks like."""
    today = now.astimezone(practice.zone).date()
    by_id = {each.id: each for each in patients}
    here = (each for each in entries if each.starts_at.astimezone(practice.zone).date() == today)
    for number, each in enumerate(sorted(here, key=lambda each: each.starts_at)):
        patient = by_id[each.patient]
        if number % EVERY == 0 and not patient.alerts:
            patient.alerts = HEEDED[number // EVERY % len(HEEDED)]
