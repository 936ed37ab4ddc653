"""Looking for patients: what is found is shown, and that somebody searched is put on record."""

from collections.abc import Sequence
from datetime import datetime

from core import audit, patients
from core.db import utc_now
from core.patients import LikelyDuplicate, NewPatient, PatientFound
from core.policy import Actor
from dashboard import session, to_know
from dashboard.components.patient_picker import PatientChosen, patient_picker


def choose_patient(key: str) -> PatientChosen:
    """The picker over everybody on file, with what has to be known about whoever is chosen."""
    return patient_picker(key, search=find_patients, duplicates=find_duplicates, tell=to_know.tell)


def find_patients(words: str) -> Sequence[PatientFound]:
    """Patients the signed-in person may see, as somebody types."""
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        found = patients.find_patients(db, actor, words, now=now)
    _note(actor, len(found), now)
    return found


def find_duplicates(new: NewPatient) -> Sequence[LikelyDuplicate]:
    """Who a new patient may be already."""
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        found = patients.find_likely_duplicates(db, actor, new, now=now)
    _note(actor, len(found), now)
    return found


def _note(actor: Actor, count: int, now: datetime) -> None:
    """How many were found, and never the words: they could not be erased from the record."""
    audit.note_read(session.database(), actor, "patients.searched", now=now, found=count)
