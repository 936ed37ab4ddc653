"""Where a stranded visit could go: the same day with somebody else, or later with the same.

The free starts are those every booking is offered; here they are only put in order.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.availability import organisation_clock
from core.availability.next_free import NextAsked, Proposal, next_starts
from core.booking import get_booking
from core.errors import N_
from core.interval import Interval, to_seconds
from core.models import (
    OCCUPYING,
    Attendee,
    Booking,
    Professional,
    ProfessionalExpertise,
    ProfessionalService,
)
from core.policy import Actor, Permission, require

SHOWN, SAME_DAY, SAME_PROFESSIONAL = 5, 3, 2
LOOKED_AT = 20
"""Free starts to choose the nearest from."""


class Why(enum.StrEnum):
    SAME_TIME = N_("the same time")
    SAME_DAY = N_("the same day")
    SAME_PROFESSIONAL = N_("the same professional")
    NEXT_FREE = N_("the next free time")
    EXPERTISE = N_("the same expertise")


@dataclass(frozen=True)
class Instead:
    """A free start, and why it stands where it does."""

    professional_id: int
    professional: str
    starts_at: datetime
    ends_at: datetime
    why: tuple[Why, ...]


def propose_instead(
    session: Session, actor: Actor, booking_id: int, *, now: datetime
) -> Sequence[Instead]:
    """Up to five places for a visit, best first.

    The patient's other visits are kept clear of; the one that is to be moved is in nobody's
    way, so that the same time with somebody else is among the proposals.
    """
    require(actor, Permission.BOOKINGS_WRITE)
    booking = get_booking(session, actor, booking_id)
    clock = organisation_clock(session)
    on = max(clock.date_of(to_seconds(booking.starts_at)), clock.date_of(to_seconds(now)))
    busy = _busy(session, booking)
    alike = _alike(session, booking.professional_id)
    others = _others(session, booking)

    def asked(*who: int, a_day: int) -> list[Proposal]:
        if not who:
            return []
        wanted = NextAsked(booking.service_id, LOOKED_AT, a_day, professional_ids=who, from_on=on)
        found = next_starts(session, actor, wanted, now=now)
        return [each for each in found if not _in_the_way(each, busy)]

    def is_that_day(each: Proposal) -> bool:
        return clock.date_of(to_seconds(each.starts_at)) == on

    found = asked(*others, a_day=LOOKED_AT)
    same_day = sorted(
        (each for each in found if is_that_day(each)),
        key=lambda each: (
            abs(each.starts_at - booking.starts_at),
            each.professional_id not in alike,
            each.rank,
        ),
    )
    own = asked(booking.professional_id, a_day=1)
    later = [each for each in found if not is_that_day(each)]
    chosen = [*same_day[:SAME_DAY], *own[:SAME_PROFESSIONAL]]
    rest = [*_one_a_day(later), *own[SAME_PROFESSIONAL:], *same_day[SAME_DAY:]]
    chosen += rest[: SHOWN - len(chosen)]
    return [_instead(each, booking, is_that_day(each), alike) for each in chosen]


def _instead(each: Proposal, booking: Booking, is_that_day: bool, alike: set[int]) -> Instead:
    is_own = each.professional_id == booking.professional_id
    why = [Why.SAME_PROFESSIONAL] if is_own else []
    if each.starts_at == booking.starts_at:
        why.append(Why.SAME_TIME)
    elif is_that_day:
        why.append(Why.SAME_DAY)
    elif not is_own:
        why.append(Why.NEXT_FREE)
    if each.professional_id in alike:
        why.append(Why.EXPERTISE)
    return Instead(
        each.professional_id, each.professional, each.starts_at, each.ends_at, tuple(why)
    )


def _one_a_day(found: Sequence[Proposal]) -> list[Proposal]:
    by_day: dict[int, Proposal] = {}
    for each in found:
        by_day.setdefault(each.days_to_wait, each)
    return list(by_day.values())


def _others(session: Session, booking: Booking) -> list[int]:
    return list(
        session.scalars(
            select(Professional.id)
            .join(ProfessionalService, ProfessionalService.professional_id == Professional.id)
            .where(
                ProfessionalService.service_id == booking.service_id,
                Professional.archived_at.is_(None),
                Professional.id != booking.professional_id,
            )
        )
    )


def _alike(session: Session, professional_id: int) -> set[int]:
    """Others who have an expertise of this one."""
    own = select(ProfessionalExpertise.expertise_id).where(
        ProfessionalExpertise.professional_id == professional_id
    )
    rows = select(ProfessionalExpertise.professional_id).where(
        ProfessionalExpertise.expertise_id.in_(own),
        ProfessionalExpertise.professional_id != professional_id,
    )
    return set(session.scalars(rows))


def _busy(session: Session, booking: Booking) -> list[Interval]:
    """What else those who come have booked from that day on."""
    coming = select(Attendee.patient_id).where(
        Attendee.booking_id == booking.id,
        Attendee.waiting.is_(False),
        Attendee.state.in_(OCCUPYING),
    )
    rows = session.execute(
        select(Booking.starts_at, Booking.ends_at)
        .join(Attendee, Attendee.booking_id == Booking.id)
        .where(
            Attendee.patient_id.in_(coming),
            Attendee.waiting.is_(False),
            Attendee.state.in_(OCCUPYING),
            Booking.id != booking.id,
            Booking.ends_at > booking.starts_at - timedelta(days=1),
        )
    )
    return [Interval(*row) for row in rows]


def _in_the_way(each: Proposal, busy: Sequence[Interval]) -> bool:
    span = Interval(each.starts_at, each.ends_at)
    return any(span.overlaps(other) for other in busy)
