"""What the desk is told the moment a patient is chosen, from the database."""

from core.db import utc_now
from core.errors import NotFound
from core.patients import PatientFound, ToKnow, load_to_know
from dashboard import session
from dashboard.components.liked import Liked
from dashboard.components.to_know_lines import to_know_lines

NOTHING = ToKnow()


def load(patient_id: int | None) -> ToKnow:
    """Nothing of somebody new, nor of somebody the reader may not see."""
    actor = session.signed_in()
    if patient_id is None:
        return NOTHING
    try:
        with session.reading() as db:
            return load_to_know(db, actor, patient_id, now=utc_now())
    except NotFound:
        return NOTHING


def liked_by(patient: PatientFound | None) -> Liked:
    """What fills the wishes of whoever is chosen."""
    if patient is None:
        return Liked()
    return Liked(patient.id, patient.name, load(patient.id))


def tell(patient_id: int) -> None:
    """Show it."""
    to_know_lines(load(patient_id))
