"""The demo's recall list: people to be seen again, some of them by now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.demo.diary import Entry
from core.demo.practice import Practice
from core.models import BookingState, Recall

S = BookingState
COMING = (S.BOOKED, S.ARRIVED, S.IN_PROGRESS)


@dataclass(frozen=True)
class Seen:
    """To be seen again so many days from today, or that long ago."""

    due_in: int
    note: str = ""
    called: int | None = None
    """So many days ago nobody answered."""


RECALLS = (
    Seen(-12, "Call after work", called=2),
    Seen(-5),
    Seen(-1, "Bring the last results"),
    Seen(0),
    Seen(11, "Before the holidays"),
    Seen(24),
    Seen(75, "Once a year"),
    Seen(160),
)


def write(
    session: Session, practice: Practice, entries: Sequence[Entry], *, desk: int, now: datetime
) -> None:
    """Those who came once and have nothing booked, for what they came for."""
    today = now.astimezone(practice.zone).date()
    for number, (seen, last) in enumerate(zip(RECALLS, _gone(entries), strict=False)):
        noted = last.ends_at
        called = None if seen.called is None else now - timedelta(days=seen.called)
        session.add(
            Recall(
                patient_id=last.patient,
                service_id=practice.services[last.service].id,
                professional_id=practice.professionals[last.professional].id,
                due_on=today + timedelta(days=seen.due_in),
                note=seen.note,
                last_called_at=called,
                next_on=None if called is None else today,
                created_by=desk,
                request_key=f"demo {number}",
                created_at=noted,
                updated_at=called or noted,
            )
        )
    session.flush()


def _gone(entries: Sequence[Entry]) -> list[Entry]:
    """The last visit of each who has none to come, the longest ago first."""
    coming = {each.patient for each in entries if each.state in COMING}
    last = {each.patient: each for each in entries if each.state is S.COMPLETED}
    gone = [each for patient, each in last.items() if patient not in coming]
    return sorted(gone, key=lambda each: (each.starts_at, each.patient))
