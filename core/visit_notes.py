"""Private notes on a visit: whoever wrote one reads it, and nobody else.

Neither the desk nor admins, nor a colleague the visit is handed over to: they find a note of
their own there, still empty. Words about a patient all the same: an erasure takes them along, those
on a group's visit included, since nobody but the author can tell whom they name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core import audit
from core.booking import get_booking
from core.booking.ledger import lock_booking
from core.errors import N_, Invalid, Stale
from core.models import Attendee, Booking, Erasure, Service, VisitNote
from core.patients.typed import note
from core.policy import Actor, Permission, require, visible_bookings

EARLIER = 5


@dataclass(frozen=True)
class EarlierNote:
    """What was noted on a visit before."""

    booking_id: int
    starts_at: datetime
    service: str
    words: str


@dataclass(frozen=True)
class NoteKept:
    """``version`` is 0 as long as nothing was written."""

    words: str = ""
    version: int = 0
    earlier: Sequence[EarlierNote] = ()
    """Their own notes on this patient's visits before, the latest first."""


@dataclass(frozen=True)
class NoteRequest:
    booking_id: int
    version: int
    words: str


def load_note(session: Session, actor: Actor, booking_id: int) -> NoteKept:
    """What the actor themselves noted on a visit of theirs, and on those before it."""
    require(actor, Permission.NOTES_WRITE_OWN)
    booking = get_booking(session, actor, booking_id)
    earlier = _earlier(session, actor, booking) if booking.seats == 1 else ()
    found = session.scalar(_own_note(actor, booking.id))
    return NoteKept(found.words, found.version, earlier) if found else NoteKept(earlier=earlier)


def _earlier(session: Session, actor: Actor, booking: Booking) -> Sequence[EarlierNote]:
    rows = session.execute(
        visible_bookings(actor)
        .join(VisitNote, VisitNote.booking_id == Booking.id)
        .join(Booking.service)
        .join(Booking.attendees)
        .with_only_columns(Booking.id, Booking.starts_at, Service.name, VisitNote.words)
        .where(
            VisitNote.user_id == actor.user_id,
            VisitNote.words != "",
            Attendee.patient_id.in_([each.patient_id for each in booking.attendees]),
            Booking.seats == 1,
            Booking.starts_at < booking.starts_at,
        )
        .order_by(Booking.starts_at.desc(), Booking.id.desc())
        .limit(EARLIER)
    )
    return [EarlierNote(*row) for row in rows]


def write_note(session: Session, actor: Actor, request: NoteRequest, *, now: datetime) -> VisitNote:
    """Write it, or write it anew, unless it was changed since it was shown."""
    require(actor, Permission.NOTES_WRITE_OWN)
    words = note(request.words, "note")
    booking = lock_booking(session, actor, request.booking_id)
    _check_on_file(session, booking)
    kept = session.scalar(_own_note(actor, booking.id))
    if request.version != (kept.version if kept else 0):
        raise Stale(who=N_("Another window of yours"))
    if kept is None:
        kept = VisitNote(booking_id=booking.id, user_id=actor.user_id, created_at=now)
        session.add(kept)
    kept.words, kept.updated_at = words, now
    audit.record(session, actor, "booking.noted", booking, now=now)
    return kept


def _check_on_file(session: Session, booking: Booking) -> None:
    """What was typed before an erasure is not kept after it."""
    patients = [each.patient_id for each in booking.attendees]
    erased = select(Erasure.patient_id).where(Erasure.patient_id.in_(patients)).limit(1)
    if booking.seats == 1 and session.scalar(erased) is not None:
        raise Invalid(
            N_("This patient was erased: please write nothing more about them."), field="note"
        )


def _own_note(actor: Actor, booking_id: int) -> Select[VisitNote]:
    return (
        select(VisitNote)
        .where(VisitNote.booking_id == booking_id, VisitNote.user_id == actor.user_id)
        .execution_options(populate_existing=True)
    )
