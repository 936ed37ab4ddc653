"""Offers: which professional offers which service, at which own length and price."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import audit
from core.catalog.prices import price_for
from core.catalog.professionals import check_may_shape, get_professional, lock_professional
from core.catalog.services import get_service
from core.catalog.typed import HIGHEST_PRICE_CENTS, LONGEST_VISIT_MINUTES, check_between
from core.db import lock_calendars
from core.edits import last_editor
from core.errors import N_, Invalid, NotFound, Stale
from core.models import Professional, ProfessionalService, Service, Tier
from core.policy import Actor, Permission, require


@dataclass(frozen=True)
class OfferedService:
    """A service as one professional offers it; None means as the service says."""

    professional_id: int
    service_id: int
    length_minutes: int | None = None
    price_cents: int | None = None


@dataclass(frozen=True)
class ServicesOffered:
    """All that one professional offers; whatever is not among ``offers`` is withdrawn."""

    professional_id: int
    offers: tuple[OfferedService, ...]


@dataclass(frozen=True)
class WhoOffers:
    """Who offers one service, as a form sends it back; ``seen`` is what it was opened on."""

    service_id: int
    seen: tuple[OfferedService, ...]
    offers: tuple[OfferedService, ...]


@dataclass(frozen=True)
class Terms:
    """At which own length and price a service is offered; None means as the service says."""

    service_id: int
    length_minutes: int | None
    price_cents: int | None


@dataclass(frozen=True)
class ChangedTerms:
    """Own lengths and prices as a form sends them back; ``seen`` are those it was opened on."""

    professional_id: int
    seen: tuple[Terms, ...]
    terms: tuple[Terms, ...]


@dataclass(frozen=True)
class Offer:
    """What a visit with one professional takes and costs."""

    length_minutes: int
    price_cents: int


def offer_of(session: Session, professional_id: int, service_id: int) -> Offer:
    """The professional's own length and price, or the service's; ``Invalid`` if not offered."""
    offer = load_offers(session, [professional_id], service_id).get(professional_id)
    if offer is None:
        raise Invalid(
            N_("This professional does not offer this service. Please choose another."),
            field="service",
        )
    return offer


def load_offers(
    session: Session, professional_ids: Collection[int], service_id: int
) -> dict[int, Offer]:
    """The offers of those who offer the service, by the professional's id."""
    rows = session.execute(
        select(
            ProfessionalService.professional_id,
            func.coalesce(ProfessionalService.length_minutes, Service.length_minutes),
            Service.price_cents,
            ProfessionalService.price_cents,
            Tier,
        )
        .join(Service, Service.id == ProfessionalService.service_id)
        .join(Professional, Professional.id == ProfessionalService.professional_id)
        .outerjoin(Tier, Tier.id == Professional.tier_id)
        .where(
            ProfessionalService.service_id == service_id,
            ProfessionalService.professional_id.in_(professional_ids),
        )
    )
    return {
        professional_id: Offer(length, price_for(usual, own, tier).cents)
        for professional_id, length, usual, own, tier in rows
    }


def load_offered(session: Session, actor: Actor) -> dict[int, list[ProfessionalService]]:
    """What each professional offers of the services in use, by the professional's id."""
    require(actor, Permission.CATALOG_READ)
    rows = session.scalars(
        select(ProfessionalService)
        .join(Service, Service.id == ProfessionalService.service_id)
        .where(Service.archived_at.is_(None))
        .order_by(ProfessionalService.professional_id, ProfessionalService.service_id)
    )
    found: dict[int, list[ProfessionalService]] = {}
    for row in rows:
        found.setdefault(row.professional_id, []).append(row)
    return found


def offer_service(
    session: Session, actor: Actor, request: OfferedService, *, now: datetime
) -> ProfessionalService:
    """Let a professional offer a service, or change the length and price they offer it at."""
    require(actor, Permission.CATALOG_WRITE)
    professional = get_professional(session, request.professional_id)
    service = get_service(session, request.service_id)
    _check_terms(request)
    key = {"professional_id": professional.id, "service_id": service.id}
    offered = session.get(ProfessionalService, key)
    if offered is None:
        offered = ProfessionalService(**key)
        session.add(offered)
    offered.length_minutes = request.length_minutes
    offered.price_cents = request.price_cents
    audit.record(
        session, actor, "service.offered", professional, now=now, service_id=request.service_id
    )
    return offered


def withdraw_service_offer(
    session: Session, actor: Actor, professional_id: int, service_id: int, *, now: datetime
) -> None:
    """Nobody can book this service with this professional any more; what is booked stays."""
    require(actor, Permission.CATALOG_WRITE)
    professional = get_professional(session, professional_id)
    offered = session.get(ProfessionalService, (professional_id, service_id))
    if offered is None:
        raise NotFound(what=N_("offer"))
    session.delete(offered)
    audit.record(session, actor, "service.withdrawn", professional, now=now, service_id=service_id)


def set_offers(
    session: Session, actor: Actor, request: ServicesOffered, *, now: datetime
) -> Professional:
    """Make these, and no others, the services the professional offers."""
    require(actor, Permission.CATALOG_WRITE)
    professional = get_professional(session, request.professional_id)
    known = {
        each.service_id: offered_by(each)
        for each in load_offered(session, actor).get(request.professional_id, [])
    }
    wanted = {each.service_id: each for each in request.offers}
    for service_id in sorted(known.keys() - wanted.keys()):
        withdraw_service_offer(session, actor, request.professional_id, service_id, now=now)
    for each in request.offers:
        if known.get(each.service_id) != each:
            offer_service(session, actor, each, now=now)
    return professional


def offered_by(offered: ProfessionalService) -> OfferedService:
    """What is on record, as a form sends it back."""
    return OfferedService(
        offered.professional_id, offered.service_id, offered.length_minutes, offered.price_cents
    )


def set_who_offers(session: Session, actor: Actor, request: WhoOffers, *, now: datetime) -> Service:
    """Let these, and no others of those seen, offer the service."""
    require(actor, Permission.CATALOG_WRITE)
    service = get_service(session, request.service_id)
    if any(each.service_id != service.id for each in (*request.seen, *request.offers)):
        raise NotFound(what=N_("offer"))
    seen = {each.professional_id: each for each in request.seen}
    wanted = {each.professional_id: each for each in request.offers}
    changed = sorted(id for id in seen.keys() | wanted.keys() if seen.get(id) != wanted.get(id))
    lock_calendars(session, {get_professional(session, id).calendar_id for id in changed})
    for id in changed:
        now_offered = _offer_now(session, id, service.id)
        if now_offered == wanted.get(id):
            continue
        if now_offered != seen.get(id):
            raise Stale(who=last_editor(session, get_professional(session, id)))
        if id in wanted:
            offer_service(session, actor, wanted[id], now=now)
        else:
            withdraw_service_offer(session, actor, id, service.id, now=now)
    return service


def _offer_now(session: Session, professional_id: int, service_id: int) -> OfferedService | None:
    key = {"professional_id": professional_id, "service_id": service_id}
    found = session.get(ProfessionalService, key, populate_existing=True)
    return None if found is None else offered_by(found)


def terms_of(offered: ProfessionalService) -> Terms:
    return Terms(offered.service_id, offered.length_minutes, offered.price_cents)


def set_terms(
    session: Session, actor: Actor, request: ChangedTerms, *, now: datetime
) -> Professional:
    """Change own lengths and prices of what a professional offers; what that is, admins decide."""
    check_may_shape(actor, request.professional_id)
    professional = lock_professional(session, request.professional_id)
    seen = {each.service_id: each for each in request.seen}
    for wanted in request.terms:
        if wanted == seen.get(wanted.service_id):
            continue
        _check_terms(wanted)
        service = get_service(session, wanted.service_id)
        key = {"professional_id": professional.id, "service_id": service.id}
        offered = session.get(ProfessionalService, key, populate_existing=True)
        if offered is None:
            raise NotFound(what=N_("offer"))
        if terms_of(offered) != seen.get(service.id):
            raise Stale(who=last_editor(session, professional))
        offered.length_minutes, offered.price_cents = wanted.length_minutes, wanted.price_cents
        audit.record(
            session, actor, "service.offered", professional, now=now, service_id=service.id
        )
    return professional


def _check_terms(terms: OfferedService | Terms) -> None:
    if terms.length_minutes is not None:
        check_between(terms.length_minutes, 1, LONGEST_VISIT_MINUTES, "length_minutes")
    if terms.price_cents is not None:
        check_between(terms.price_cents, 0, HIGHEST_PRICE_CENTS, "price_cents")
