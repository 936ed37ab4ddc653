"""Offers that run: a time held for somebody who waits, at this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.claims import calendars_of, release
from core.models import Answer, Offer, User
from core.policy import Actor


@dataclass(frozen=True)
class Running:
    """A time that is held for somebody at this moment."""

    offer_id: int
    professional_id: int
    starts_at: datetime
    ends_at: datetime
    held_until: datetime
    offered_by: str


def load_running(
    session: Session, entry_ids: Sequence[int], now: datetime
) -> Mapping[int, Running]:
    """What is being offered now, by entry."""
    rows = session.execute(
        select(Offer, User.name)
        .outerjoin(User, User.id == Offer.offered_by)
        .where(Offer.entry_id.in_(entry_ids), Offer.answer.is_(None), Offer.held_until > now)
    )
    return {
        offer.entry_id: Running(
            offer_id=offer.id,
            professional_id=offer.professional_id,
            starts_at=offer.starts_at,
            ends_at=offer.ends_at,
            held_until=offer.held_until,
            offered_by=name or "",
        )
        for offer, name in rows
    }


def calendars_of_running(session: Session, entry_id: int) -> set[int]:
    """What must be locked before the entry's offers are ended."""
    held = select(Offer.hold_id).where(Offer.entry_id == entry_id, Offer.hold_id.is_not(None))
    return {one for hold_id in session.scalars(held) for one in calendars_of(session, hold_id or 0)}


def end_running(session: Session, actor: Actor, entry_id: int, *, now: datetime) -> None:
    """Take back what is still being offered to somebody who waits no longer."""
    running = select(Offer).where(
        Offer.entry_id == entry_id, Offer.answer.is_(None), Offer.held_until > now
    )
    for offer in session.scalars(running.with_for_update()).all():
        give_back(session, offer)
        note_answer(offer, actor, Answer.TAKEN_BACK, now=now)


def give_back(session: Session, offer: Offer) -> None:
    """Free the time that was held; one that has run out is left alone."""
    if offer.hold_id is not None:
        release(session, offer.hold_id, held_by=offer.offered_by)
        session.refresh(offer)


def note_answer(offer: Offer, actor: Actor, answer: Answer, *, now: datetime) -> None:
    offer.answer, offer.answered_at, offer.answered_by = answer, now, actor.user_id
