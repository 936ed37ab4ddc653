"""When a child comes of age, whoever acted for them does so no more: from the birthday on, and
without anybody doing anything about it.

Who was of age already when they were linked is in somebody's care, and stays in it.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from core import outbox
from core.errors import N_, BookingError
from core.models import Dependant, Organisation, OutboxMessage, Patient, User
from core.outbox import Kind, Message

YEARS = 18
TOLD_WITHIN = timedelta(days=7)
"""So long after the birthday letters still go out: mail may have been down."""


class ComeOfAge(BookingError):
    """The link is over, which is no secret to whoever had it."""

    code = "come_of_age"
    message = N_(
        "{name} is of age and acts for themselves now. What is booked stays. If they still need "
        "you to act for them, please call us together."
    )


def of_age_on(born_on: date) -> date:
    """The birthday; of those born on 29 February the day after the 28th."""
    try:
        return born_on.replace(year=born_on.year + YEARS)
    except ValueError:
        return date(born_on.year + YEARS, 3, 1)


def ended_on(
    born_on: date | None, added_at: datetime, zone: ZoneInfo, *, now: datetime
) -> date | None:
    """The day on which the link ended by itself; None while it holds."""
    if born_on is None:
        return None
    day = of_age_on(born_on)
    added_on, today = (each.astimezone(zone).date() for each in (added_at, now))
    return day if added_on < day <= today else None


def is_anybody_to_tell(session: Session, *, now: datetime) -> bool:
    """Whether a letter is still to be written."""
    return any(True for _each in _letters(session, now))


def tell(session: Session, *, now: datetime) -> int:
    """Put out a letter to each guardian whose link has ended, and to each who came of age,
    where there is an address; how many there were to put out."""
    messages = list(_letters(session, now))
    return sum(outbox.enqueue(session, each, now=now) for each in messages)


def _letters(session: Session, now: datetime) -> Iterator[Message]:
    """Of those who share an address, the guardian is written to."""
    ended = list(_ended_lately(session, now))
    for child, guardian, user in ended:
        dedupe = f"let-go-{guardian.id}-{child.id}"
        if user is not None and user.email and not _is_out(session, dedupe):
            yield Message(dedupe, Kind.LET_GO, user.email, user.id, guardian.id)
    guardians = {(child.id, user.email.casefold()) for child, _by, user in ended if user}
    for child in {child.id: child for child, _by, _user in ended}.values():
        dedupe = f"of-age-{child.id}"
        shared = (child.id, child.email.casefold()) in guardians
        if child.email and not shared and not _is_out(session, dedupe):
            yield Message(dedupe, Kind.OF_AGE, child.email, patient_id=child.id)


def _ended_lately(
    session: Session, now: datetime
) -> Iterator[tuple[Patient, Patient, User | None]]:
    zone = ZoneInfo(session.scalar(select(Organisation.zone)) or "UTC")
    today = now.astimezone(zone).date()
    about = today - timedelta(days=YEARS * 365.25)  # a day more at either end, for leap years
    first, last = about - TOLD_WITHIN - timedelta(days=1), about + timedelta(days=1)
    child, guardian = aliased(Patient), aliased(Patient)
    rows = session.execute(
        select(Dependant, child, guardian, User)
        .join(child, child.id == Dependant.patient_id)
        .join(guardian, guardian.id == Dependant.guardian_patient_id)
        .outerjoin(User, User.patient_id == guardian.id)
        .where(
            child.born_on.between(first, last),
            child.archived_at.is_(None),
            guardian.archived_at.is_(None),
        )
        .order_by(Dependant.id)
    )
    for link, who, by, user in rows:
        ended = ended_on(who.born_on, link.added_at, zone, now=now)
        if ended is not None and today - ended < TOLD_WITHIN:
            yield who, by, user


def _is_out(session: Session, dedupe: str) -> bool:
    found = select(OutboxMessage.id).where(OutboxMessage.dedupe == dedupe)
    return session.scalar(found) is not None
