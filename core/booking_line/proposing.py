"""The booking a line asks for: with whom, which service, when; or what stands in its way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from core.availability import Reason, clock_of
from core.availability.next_free import DayPart, NextAsked, Proposal, next_starts
from core.booking_line.meaning import Meaning, services_offered, usual_service
from core.catalog import get_organisation
from core.desk import services_at
from core.interval import to_instant
from core.policy import Actor, Permission, require

OTHER_TIMES = 4


@dataclass(frozen=True)
class Proposed:
    """What would be booked; without ``starts_at`` the time wished for is not free."""

    service_id: int | None
    is_usual_service: bool
    """The line names no service; it is what the patient came for last."""
    professional_id: int | None = None
    professional: str = ""
    starts_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    """Why the time is refused, where the line names the professional."""
    other_times: tuple[Proposal, ...] = ()


def propose(session: Session, actor: Actor, meaning: Meaning, *, now: datetime) -> Proposed:
    """The best start that does what the line says, or the nearest that nearly do."""
    require(actor, Permission.BOOKINGS_WRITE)
    only = meaning.professionals[0].id if len(meaning.professionals) == 1 else None
    service_id, is_usual = _service(session, meaning, only)
    proposed = Proposed(service_id, is_usual, only)
    if service_id is None:
        return proposed
    asked = NextAsked(
        service_id=service_id,
        count=OTHER_TIMES,
        patient_id=meaning.patient.id if meaning.patient else None,
        professional_ids=tuple(each.id for each in meaning.professionals),
        from_on=meaning.on,
        parts=(meaning.part,) if meaning.part else (),
    )
    wished = _as_wished(session, actor, meaning, asked, now)
    if wished is not None:
        return replace(
            proposed,
            professional_id=wished.professional_id,
            professional=wished.professional,
            starts_at=wished.starts_at,
        )
    return replace(
        proposed,
        reasons=_reasons(session, actor, meaning, service_id, only, now),
        other_times=tuple(_near(session, actor, meaning, asked, now)),
    )


def _service(
    session: Session, meaning: Meaning, professional_id: int | None
) -> tuple[int | None, bool]:
    """The service named; else the patient's last one; else the only one there is."""
    if meaning.services:
        return (meaning.services[0].id if len(meaning.services) == 1 else None), False
    if meaning.patient is not None:
        usual = usual_service(session, meaning.patient.id, professional_id)
        if usual is not None:
            return usual, True
    offered = services_offered(session, professional_id)
    return (offered[0].id if len(offered) == 1 else None), False


def _as_wished(
    session: Session, actor: Actor, meaning: Meaning, asked: NextAsked, now: datetime
) -> Proposal | None:
    """The best start on that day at that minute, as far as the line says either."""
    exact = replace(asked, count=1)
    if meaning.minute is not None:
        exact = replace(exact, parts=(DayPart(meaning.minute, meaning.minute + 1),))
    if meaning.on is not None:
        exact = replace(exact, weekdays=frozenset({meaning.on.isoweekday()}))
    for found in next_starts(session, actor, exact, now=now):
        if meaning.on is None or _local_date(session, found.starts_at) == meaning.on:
            return found
    return None


def _near(
    session: Session, actor: Actor, meaning: Meaning, asked: NextAsked, now: datetime
) -> Sequence[Proposal]:
    """Free starts of that day near the time wished for; else the next ones."""
    if meaning.minute is None or meaning.on is None:
        return next_starts(session, actor, asked, now=now)
    whole_day = replace(asked, count=100, weekdays=frozenset({meaning.on.isoweekday()}))
    wished = _instant(session, meaning.on, meaning.minute)
    same_day = [
        each
        for each in next_starts(session, actor, whole_day, now=now)
        if _local_date(session, each.starts_at) == meaning.on
    ]
    if not same_day:
        return next_starts(session, actor, asked, now=now)
    nearest = sorted(same_day, key=lambda each: abs(each.starts_at - wished))
    return sorted(nearest[:OTHER_TIMES], key=lambda each: each.starts_at)


def _reasons(
    session: Session,
    actor: Actor,
    meaning: Meaning,
    service_id: int,
    professional_id: int | None,
    now: datetime,
) -> tuple[Reason, ...]:
    if professional_id is None or meaning.on is None or meaning.minute is None:
        return ()
    start = _instant(session, meaning.on, meaning.minute)
    offered = services_at(session, actor, professional_id, start, now=now)
    return next((each.reasons for each in offered if each.id == service_id), ())


def _instant(session: Session, on: date, minute: int) -> datetime:
    clock = clock_of(get_organisation(session).zone)
    return to_instant(clock.at(on.toordinal(), minute))


def _local_date(session: Session, instant: datetime) -> date:
    zone = clock_of(get_organisation(session).zone).zone
    return instant.astimezone(zone).date()
