"""Openings: extra time a professional publishes once, besides the weekly hours."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.db import overlaps
from core.edits import last_editor
from core.errors import N_, Invalid, Stale
from core.models import LONGEST_VISIT_SECONDS, Opening, Professional
from core.policy import Actor, Permission
from core.schedule.calendars import lock_any_entry, lock_entry, lock_professional
from core.schedule.removing import bring_back, take_away

P = Permission


@dataclass(frozen=True)
class NewOpening:
    professional_id: int
    starts_at: datetime
    ends_at: datetime


def publish_opening(
    session: Session, actor: Actor, request: NewOpening, *, now: datetime
) -> Opening:
    """Offer extra time. Two openings of one professional never overlap; they may touch.

    The same asked for again is the one there is.
    """
    professional = lock_professional(
        session, actor, request.professional_id, P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN
    )
    _check(request, now)
    if same := _same(session, request):
        return same
    _check_free(session, professional, request)
    opening = Opening(
        professional_id=professional.id, starts_at=request.starts_at, ends_at=request.ends_at
    )
    session.add(opening)
    audit.record(session, actor, "opening.published", opening, now=now)
    return opening


@dataclass(frozen=True)
class ChangedOpening:
    opening_id: int
    version: int
    starts_at: datetime
    ends_at: datetime


def change_opening(
    session: Session, actor: Actor, request: ChangedOpening, *, now: datetime
) -> Opening:
    """Another time for an opening; bookings made in it stay, see ``core.changing_hours``."""
    what, needed = N_("opening"), (P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN)
    opening = lock_entry(session, actor, Opening, request.opening_id, what, *needed)
    _check_version(session, opening, request.version)
    begun = NewOpening(opening.professional_id, request.starts_at, request.ends_at)
    # Under way it goes on from when it began; only its end can be moved.
    is_begun = opening.starts_at < now and request.starts_at == opening.starts_at
    _check(begun, opening.starts_at if is_begun else now)
    if request.ends_at <= now:
        raise Invalid(N_("That time has passed. Please choose a later one."), field="ends_at")
    opening.starts_at, opening.ends_at = request.starts_at, request.ends_at
    with session.no_autoflush:
        professional = session.get_one(Professional, opening.professional_id)
        _check_free(session, professional, opening)
    audit.record(session, actor, "opening.changed", opening, now=now)
    return opening


def withdraw_opening(
    session: Session, actor: Actor, opening_id: int, *, now: datetime, version: int | None = None
) -> None:
    """Take an opening back; bookings made in it stay, see ``stranded_bookings``.

    ``version`` is that of the opening as it was seen; None takes it back whatever it is.
    """
    opening = lock_entry(
        session,
        actor,
        Opening,
        opening_id,
        N_("opening"),
        P.SCHEDULE_WRITE,
        P.SCHEDULE_WRITE_OWN,
    )
    if version is not None:
        _check_version(session, opening, version)
    take_away(session, opening, now=now)
    audit.record(session, actor, "opening.withdrawn", opening, now=now)


def put_back_opening(session: Session, actor: Actor, opening_id: int, *, now: datetime) -> Opening:
    """It was withdrawn by mistake: for ten minutes it comes back, if no other lies there now."""
    what, needed = N_("opening"), (P.SCHEDULE_WRITE, P.SCHEDULE_WRITE_OWN)
    opening = lock_any_entry(session, actor, Opening, opening_id, what, *needed)
    bring_back(opening, what, now=now)
    professional = session.get_one(Professional, opening.professional_id)
    _check_free(session, professional, opening)
    audit.record(session, actor, "opening.put_back", opening, now=now)
    return opening


def _check_version(session: Session, opening: Opening, version: int) -> None:
    if opening.version != version:
        raise Stale(
            who=last_editor(session, opening),
            version=opening.version,
            starts_at=opening.starts_at,
            ends_at=opening.ends_at,
        )


def _same(session: Session, request: NewOpening) -> Opening | None:
    return session.scalar(
        select(Opening).where(
            Opening.professional_id == request.professional_id,
            Opening.removed_at.is_(None),
            Opening.starts_at == request.starts_at,
            Opening.ends_at == request.ends_at,
        )
    )


def _check(request: NewOpening, now: datetime) -> None:
    if request.ends_at <= request.starts_at:
        raise Invalid(
            N_("The opening ends before it begins. Please change one of the times."),
            field="ends_at",
        )
    if request.starts_at < now:
        raise Invalid(N_("That time has passed. Please choose a later one."), field="starts_at")
    if (request.ends_at - request.starts_at).total_seconds() > LONGEST_VISIT_SECONDS:
        raise Invalid(N_("An opening lasts 24 hours at most."), field="ends_at")


def _check_free(
    session: Session, professional: Professional, request: NewOpening | Opening
) -> None:
    other = session.scalar(
        select(Opening)
        .where(
            Opening.professional_id == professional.id,
            Opening.removed_at.is_(None),
            Opening.id != (request.id if isinstance(request, Opening) else None),
            overlaps(
                Opening.starts_at.expression,
                Opening.ends_at.expression,
                request.starts_at,
                request.ends_at,
            ),
        )
        .order_by(Opening.starts_at)
        .limit(1)
    )
    if other is not None:
        raise Invalid(
            N_(
                "{professional} already has an opening from {start} to {end}. Please choose a"
                " time beside it."
            ),
            field="starts_at",
            professional=professional.name,
            start=other.starts_at,
            end=other.ends_at,
        )
