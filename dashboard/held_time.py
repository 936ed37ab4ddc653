"""The time a new booking is asked for, held for this desk while somebody works on it."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from core import holds
from core.db import utc_now
from core.desk import ServiceThere, services_at
from core.errors import BookingError
from core.holds import HoldRequest
from core.policy import Actor
from dashboard import session
from dashboard.components.countdown import countdown
from dashboard.i18n import _


@dataclass(frozen=True)
class Asked:
    """The time that was picked. ``request_key`` is made here, so that the form books once."""

    professional_id: int
    service_id: int | None
    """None while the service is still to be chosen."""
    starts_at: datetime
    request_key: str
    hold_id: int | None = None
    held_service_id: int | None = None
    refused: BookingError | None = None
    """Why the time cannot simply be booked, once somebody has tried."""


def fit_hold(actor: Actor, asked: Asked, service: ServiceThere | None) -> Asked:
    """The same wish, its time held for the length of the service chosen."""
    if asked.hold_id is None or service is None or service.id == asked.held_service_id:
        return asked
    return with_hold(actor, asked, service.id)


def keep_hold(actor: Actor, asked: Asked, *, key: str) -> None:
    """Extend the hold while somebody works here, and say how long it lasts."""
    if asked.hold_id is None:
        return
    now = utc_now()
    with session.writing() as db:
        held = holds.extend_hold(db, actor, asked.hold_id, now=now)
    countdown(
        held.held_until if held and held.held_until else now,
        now=now,
        running=_("Held for you: {left} left"),
        over=_("No longer held. You can still try to book."),
        key=key,
    )


def with_hold(actor: Actor, asked: Asked, service_id: int | None) -> Asked:
    """The same wish with its time held, or with the refusal that tells why it is not."""
    now = utc_now()
    try:
        with session.writing() as db:
            if service_id is None:
                service_id = _shortest(db, actor, asked, now)
            held = holds.hold(
                db,
                actor,
                HoldRequest(
                    asked.professional_id,
                    service_id,
                    asked.starts_at,
                    request_key=secrets.token_urlsafe(12),
                    instead_of=asked.hold_id,
                ),
                now=now,
            )
    except BookingError as refusal:
        return replace(asked, refused=refusal)
    return replace(asked, hold_id=held.id, held_service_id=service_id, refused=None)


def _shortest(db: Session, actor: Actor, asked: Asked, now: datetime) -> int:
    """The service that needs the least time, of those that fit if any does."""
    offered = services_at(db, actor, asked.professional_id, asked.starts_at, now=now)
    if not offered:
        return 0
    return min(offered, key=lambda each: (bool(each.reasons), each.length_minutes)).id
