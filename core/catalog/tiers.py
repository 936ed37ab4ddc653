"""Tiers: what sets some professionals apart, and what their visits cost more for it."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core import audit
from core.catalog.typed import (
    HIGHEST_PRICE_CENTS,
    by_name,
    check_between,
    check_new,
    name_of,
)
from core.edits import change, check_version, lock_row
from core.errors import N_, BookingError, Invalid, NotFound
from core.models import Professional, Tier
from core.policy import Actor, Permission, require

HIGHEST_PERCENT = 500


class TierInUse(BookingError):
    code = "tier_in_use"
    message = N_("{name} still has professionals: {count}. Give them another tier first.")


@dataclass(frozen=True)
class NewTier:
    """One of the two is added to the service's price; neither makes a tier in name alone."""

    name: str
    percent: int = 0
    surcharge_cents: int = 0


@dataclass(frozen=True)
class EditedTier:
    """A tier as a form sends it back; ``version`` is the one the form was opened on."""

    tier_id: int
    version: int
    details: NewTier


def load_tiers(session: Session) -> list[Tier]:
    return by_name(session.scalars(select(Tier)))


def count_by_tier(session: Session, actor: Actor) -> dict[int, int]:
    """How many at work here are in each tier that somebody is in."""
    require(actor, Permission.CATALOG_WRITE)
    rows = session.execute(
        select(Professional.tier_id, func.count())
        .where(Professional.tier_id.is_not(None), Professional.archived_at.is_(None))
        .group_by(Professional.tier_id)
    )
    return {tier_id: count for tier_id, count in rows if tier_id is not None}


def tier_of(session: Session, professional: Professional) -> Tier | None:
    return None if professional.tier_id is None else session.get(Tier, professional.tier_id)


def check_tier(session: Session, tier_id: int | None) -> None:
    if tier_id is not None and session.get(Tier, tier_id) is None:
        raise NotFound(what=N_("tier"))


def add_tier(session: Session, actor: Actor, request: NewTier, *, now: datetime) -> Tier:
    require(actor, Permission.CATALOG_WRITE)
    values = _values(request)
    check_new(name_of(request.name), session.scalars(select(Tier.name)))
    tier = Tier(**values)
    session.add(tier)
    audit.record(session, actor, "tier.added", tier, now=now)
    return tier


def edit_tier(session: Session, actor: Actor, request: EditedTier, *, now: datetime) -> Tier:
    """Change a tier; what is already booked stays as it was sold."""
    require(actor, Permission.CATALOG_WRITE)
    tier = lock_row(session, Tier, request.tier_id, what=N_("tier"))
    check_version(session, tier, request.version)
    values = _values(request.details)
    others = session.scalars(select(Tier.name).where(Tier.id != tier.id))
    check_new(name_of(request.details.name), others)
    if changed := change(tier, values):
        audit.record(session, actor, "tier.edited", tier, now=now, changed=changed)
    return tier


def remove_tier(
    session: Session, actor: Actor, tier_id: int, version: int, *, now: datetime
) -> None:
    """Have this tier no more; refused while somebody at work here is in it."""
    require(actor, Permission.CATALOG_WRITE)
    tier = lock_row(session, Tier, tier_id, what=N_("tier"))
    check_version(session, tier, version)
    count = session.scalar(
        select(func.count())
        .select_from(Professional)
        .where(Professional.tier_id == tier.id, Professional.archived_at.is_(None))
    )
    if count:
        raise TierInUse(name=tier.name, count=count)
    session.execute(
        update(Professional).where(Professional.tier_id == tier.id).values(tier_id=None)
    )
    session.delete(tier)
    audit.record(session, actor, "tier.removed", tier, now=now)


def _values(request: NewTier) -> dict[str, object]:
    check_between(request.percent, 0, HIGHEST_PERCENT, "percent")
    check_between(request.surcharge_cents, 0, HIGHEST_PRICE_CENTS, "surcharge_cents")
    if request.percent and request.surcharge_cents:
        raise Invalid(
            N_("Please enter a surcharge in percent or as an amount, not both."), field="percent"
        )
    return asdict(request) | {"name": name_of(request.name)}
