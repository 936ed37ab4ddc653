"""What everybody may read about those who can be booked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.catalog.prices import Price, PriceRule, price_for
from core.errors import N_, NotFound, PatientsDoNotBook, SignInNeeded
from core.models import (
    Expertise,
    ExpertiseSynonym,
    Organisation,
    Portrait,
    Professional,
    ProfessionalExpertise,
    ProfessionalService,
    Role,
    Service,
    Tier,
)
from core.patients import fold
from core.policy import Actor, Permission, require


@dataclass(frozen=True)
class PublicService:
    """A service as one professional offers it."""

    id: int
    name: str
    length_minutes: int
    price: Price

    @property
    def price_cents(self) -> int:
        return self.price.cents

    @property
    def rule(self) -> PriceRule:
        return self.price.rule


@dataclass(frozen=True)
class PublicProfile:
    id: int
    name: str
    title: str
    bio: str
    languages: tuple[str, ...]
    expertise: tuple[str, ...]
    tier: str
    """Its name, or nothing."""
    services: tuple[PublicService, ...]
    """At least one, by name."""
    portrait_key: str | None
    """Under which their picture is found, where there is one."""

    @property
    def premium(self) -> bool:
        return bool(self.tier)

    def service(self, service_id: int) -> PublicService:
        """One of theirs, or ``NotFound``."""
        for each in self.services:
            if each.id == service_id:
                return each
        raise NotFound(what=N_("service"))


@dataclass(frozen=True)
class Tags:
    """What can be chosen from: only what somebody listed has."""

    services: Mapping[int, str]
    expertise: tuple[str, ...]
    languages: tuple[str, ...]
    has_premium: bool
    names: frozenset[str]
    """Each word of the names of those listed, without accents and case."""
    meaning: Mapping[str, str]
    """The tag another word stands for, by the word without accents and case."""


def is_open_to_visitors(session: Session) -> bool:
    """Whether the directory is shown to whoever has not signed in."""
    row = session.execute(select(Organisation.patients_book, Organisation.directory_open)).first()
    return row is not None and row.patients_book and row.directory_open


def get_profile(session: Session, actor: Actor, professional_id: int) -> PublicProfile:
    """One of those who can be booked; whoever cannot is as if they were not there."""
    check_may_look(session, actor)
    found = load_profiles(session, LISTED.where(Professional.id == professional_id))
    if not found:
        raise NotFound(what=N_("professional"))
    return found[0]


def load_offering(session: Session, actor: Actor, service_id: int) -> list[PublicProfile]:
    """Everybody listed who offers the service, by name."""
    check_may_look(session, actor)
    return [
        each
        for each in load_profiles(session)
        if any(service_id == one.id for one in each.services)
    ]


def load_tags(session: Session, actor: Actor) -> Tags:
    """What the directory can be narrowed by."""
    check_may_look(session, actor)
    profiles, also = load_profiles(session), load_synonyms(session)
    services = {one.id: one.name for each in profiles for one in each.services}
    return Tags(
        services=dict(sorted(services.items(), key=lambda each: fold(each[1]))),
        expertise=_each_once(one for each in profiles for one in each.expertise),
        languages=_each_once(one for each in profiles for one in each.languages),
        has_premium=any(each.premium for each in profiles),
        names=frozenset(word for each in profiles for word in fold(each.name).split()),
        meaning={fold(word): tag for tag, words in also.items() for word in words},
    )


def check_may_look(session: Session, actor: Actor) -> None:
    """The staff always; patients where they book by themselves; others where it is open."""
    require(actor, Permission.CATALOG_READ)
    if actor.role is not Role.PATIENT:
        return
    if actor.patient_id is None and not is_open_to_visitors(session):
        raise SignInNeeded
    if not session.scalar(select(Organisation.patients_book)):
        raise PatientsDoNotBook


LISTED = (
    select(
        Professional.id,
        Professional.name,
        Professional.title,
        Professional.bio,
        Professional.languages,
        Tier.name.label("tier"),
        Portrait.key.label("portrait_key"),
    )
    .outerjoin(Tier, Tier.id == Professional.tier_id)
    .outerjoin(Portrait, Portrait.professional_id == Professional.id)
    .where(Professional.archived_at.is_(None), Professional.listed)
)
"""Nothing else of a professional is public."""


def load_profiles(
    session: Session, query: Select[int, str, str, str, str, str, str] = LISTED
) -> list[PublicProfile]:
    """Those who offer something that patients book, by name. Three queries."""
    rows = session.execute(query).all()
    ids = [each.id for each in rows]
    services, expertise = _services(session, ids), _expertise(session, ids)
    profiles = [
        PublicProfile(
            id=each.id,
            name=each.name,
            title=each.title,
            bio=each.bio,
            languages=_listed_in(each.languages),
            expertise=tuple(expertise.get(each.id, ())),
            tier=each.tier or "",
            services=tuple(services[each.id]),
            portrait_key=each.portrait_key,
        )
        for each in rows
        if each.id in services
    ]
    return sorted(profiles, key=lambda each: (fold(each.name), each.id))


def load_synonyms(session: Session) -> Mapping[str, list[str]]:
    """The other words for each tag, by the tag. One query."""
    rows = session.execute(
        select(Expertise.name, ExpertiseSynonym.word)
        .join(Expertise, Expertise.id == ExpertiseSynonym.expertise_id)
        .order_by(ExpertiseSynonym.folded)
    )
    found: dict[str, list[str]] = {}
    for tag, word in rows:
        found.setdefault(tag, []).append(word)
    return found


def _services(session: Session, ids: Sequence[int]) -> Mapping[int, list[PublicService]]:
    offer = ProfessionalService
    rows = session.execute(
        select(
            offer.professional_id,
            Service.id,
            Service.name,
            func.coalesce(offer.length_minutes, Service.length_minutes).label("length"),
            offer.price_cents.label("own"),
            Service.price_cents.label("usual"),
            Tier,
        )
        .join(Service, Service.id == offer.service_id)
        .join(Professional, Professional.id == offer.professional_id)
        .outerjoin(Tier, Tier.id == Professional.tier_id)
        .where(
            offer.professional_id.in_(ids),
            Service.archived_at.is_(None),
            Service.listed,
            Service.seats == 1,
        )
    )
    found: dict[int, list[PublicService]] = {}
    for each in sorted(rows, key=lambda each: (fold(each.name), each.id)):
        price = price_for(each.usual, each.own, each.Tier)
        service = PublicService(each.id, each.name, each.length, price)
        found.setdefault(each.professional_id, []).append(service)
    return found


def _expertise(session: Session, ids: Sequence[int]) -> Mapping[int, list[str]]:
    rows = session.execute(
        select(ProfessionalExpertise.professional_id, Expertise.name)
        .join(Expertise, Expertise.id == ProfessionalExpertise.expertise_id)
        .where(ProfessionalExpertise.professional_id.in_(ids))
        .order_by(Expertise.name)
    )
    found: dict[int, list[str]] = {}
    for professional_id, name in rows:
        found.setdefault(professional_id, []).append(name)
    return found


def _listed_in(languages: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in languages.split(",") if each.strip())


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    by_fold: dict[str, str] = {}
    for each in words:
        by_fold.setdefault(fold(each), each)
    return tuple(by_fold[each] for each in sorted(by_fold))
