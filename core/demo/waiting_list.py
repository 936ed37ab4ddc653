"""The demo's waiting list: a handful of people who would come sooner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.availability.next_free import AFTERNOON, EVENING, MORNING, DayPart
from core.demo.practice import Practice
from core.models import Patient, Priority, WaitingEntry, WaitingProfessional
from core.waiting import Wishes
from core.waiting.wishes import columns_of


@dataclass(frozen=True)
class Waits:
    """One who waits, since so many days, for one of these professionals or anybody."""

    service: str
    professionals: tuple[str, ...] = ()
    since: int = 3
    within: int | None = None
    weekdays: frozenset[int] = frozenset(range(1, 8))
    parts: tuple[DayPart, ...] = ()
    notice_minutes: int = 0
    urgent: bool = False
    note: str = ""


WAITING = (
    Waits("Skin check", ("Dr Ngozi Okafor",), since=2, within=7, urgent=True, note="Changing mole"),
    Waits("Consultation", ("Dr Elena Ruiz",), since=6, parts=(MORNING,), notice_minutes=60),
    Waits("Physiotherapy", since=11, parts=(AFTERNOON, EVENING), note="After work"),
    Waits("Therapy session", ("Dr Mei Tanaka",), since=19, weekdays=frozenset({2, 4})),
    Waits("Consultation", ("Dr Tomás Almeida", "Dr Amir Haddad"), since=4, within=21),
    Waits("Follow-up", since=1, notice_minutes=180),
    Waits("Minor surgery", since=9, notice_minutes=24 * 60, note="Needs somebody to drive"),
)


def write(
    session: Session, practice: Practice, patients: Sequence[Patient], *, desk: int, now: datetime
) -> None:
    """Every other grown-up from the end of the file, so that none of them is often booked."""
    today = now.astimezone(practice.zone).date()
    grown = [each for each in patients if each.born_on and (today - each.born_on).days > 30 * 365]
    for number, (waits, patient) in enumerate(zip(WAITING, grown[::-9], strict=False)):
        since = now - timedelta(days=waits.since, hours=number)
        wishes = Wishes(
            practice.services[waits.service].id,
            from_on=since.astimezone(practice.zone).date(),
            until_on=None if waits.within is None else today + timedelta(days=waits.within),
            weekdays=waits.weekdays,
            parts=waits.parts,
            notice_minutes=waits.notice_minutes,
            priority=Priority.URGENT if waits.urgent else Priority.NORMAL,
            note=waits.note,
        )
        entry = WaitingEntry(
            patient_id=patient.id,
            service_id=wishes.service_id,
            **columns_of(wishes, today),
            created_by=desk,
            request_key=f"demo {number}",
            created_at=since,
            updated_at=since,
        )
        session.add(entry)
        session.flush()
        session.add_all(
            WaitingProfessional(entry_id=entry.id, professional_id=practice.professionals[each].id)
            for each in waits.professionals
        )
    session.flush()
