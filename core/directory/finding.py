"""Finding somebody: by what they know, offer and speak, by name, and by when they are free."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.availability.next_free import EVERY_DAY
from core.directory.profiles import (
    PublicProfile,
    PublicService,
    check_may_look,
    load_profiles,
    load_synonyms,
)
from core.directory.times import ANY_TIME, FreeDay, Search, When
from core.errors import N_, Invalid
from core.patients import fold
from core.policy import Actor

A_PAGE = 6
DAYS_SHOWN = 3
LONGEST_WORDS = 120


class Order(enum.StrEnum):
    SOONEST = "soonest"
    NAME = "name"
    PRICE = "price"


@dataclass(frozen=True)
class Sought:
    """What is looked for; nothing said means anybody.

    Each of the words begins a word of the name, title, expertise, a language or a service.
    """

    words: str = ""
    service_id: int | None = None
    expertise: str = ""
    language: str = ""
    premium: bool = False
    when: When = ANY_TIME
    order: Order = Order.SOONEST
    page: int = 1


@dataclass(frozen=True)
class Found:
    """Somebody who fits, with the service the times are for."""

    profile: PublicProfile
    service: PublicService
    days: tuple[FreeDay, ...]
    """The first dates with free times; none where nothing is free that would do."""


@dataclass(frozen=True)
class FoundPage:
    found: tuple[Found, ...]
    count: int
    """How many fit altogether."""
    page: int
    pages: int


def find(session: Session, actor: Actor, sought: Sought, *, now: datetime) -> FoundPage:
    """A page of those who fit; a page beyond the last is the last."""
    check_may_look(session, actor)
    _check(sought)
    also = load_synonyms(session) if sought.words or sought.expertise else {}
    fitting = [
        (each, _service_of(each, sought))
        for each in load_profiles(session)
        if _fits(each, sought, _known_as(each, also))
    ]
    pages = max(1, -(-len(fitting) // A_PAGE))
    page = min(max(sought.page, 1), pages)
    first, last = (page - 1) * A_PAGE, page * A_PAGE
    search = Search(
        session, actor, {who.id: what.id for who, what in fitting}, sought.when, now=now
    )
    if sought.order is Order.SOONEST:
        fitting = _soonest(search, fitting, last)
    elif sought.order is Order.PRICE:
        fitting.sort(key=lambda each: each[1].price_cents)
    shown = fitting[first:last]
    days = search.first_days(DAYS_SHOWN, only={who.id for who, _what in shown})
    found = tuple(Found(who, what, tuple(days.get(who.id, ()))) for who, what in shown)
    return FoundPage(found, len(fitting), page, pages)


Fitting = tuple[PublicProfile, PublicService]


def _soonest(search: Search, fitting: Sequence[Fitting], enough: int) -> list[Fitting]:
    """Who is free first comes first; whoever has nothing that would do comes last, by name."""
    first = {id: days[0].starts[0] for id, days in search.first_days(1, enough=enough).items()}
    known = [each for each in fitting if each[0].id in first]
    rest = [each for each in fitting if each[0].id not in first]
    return [*sorted(known, key=lambda each: first[each[0].id]), *rest]


def _check(sought: Sought) -> None:
    if not sought.when.weekdays or not sought.when.weekdays <= EVERY_DAY:
        raise Invalid(N_("Please choose the weekdays."), field="weekdays")
    if len(sought.words) > LONGEST_WORDS:
        raise Invalid(
            N_("Please use fewer words: at most {limit} characters."),
            field="words",
            limit=LONGEST_WORDS,
        )


def _known_as(profile: PublicProfile, also: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Their expertise in every word that means it; only the tag itself is shown."""
    synonyms = (word for tag in profile.expertise for word in also.get(tag, ()))
    return (*profile.expertise, *synonyms)


def _fits(profile: PublicProfile, sought: Sought, expertise: Sequence[str]) -> bool:
    return (
        (not sought.premium or profile.premium)
        and (not sought.expertise or fold(sought.expertise) in map(fold, expertise))
        and (not sought.language or fold(sought.language) in map(fold, profile.languages))
        and any(sought.service_id in (None, each.id) for each in profile.services)
        and all(_begins_word(each, profile, expertise) for each in fold(sought.words).split())
    )


def _begins_word(word: str, profile: PublicProfile, expertise: Sequence[str]) -> bool:
    services = (each.name for each in profile.services)
    texts = (profile.name, profile.title, *expertise, *profile.languages, *services)
    return any(f" {word}" in f" {fold(each)}" for each in texts)


def _service_of(profile: PublicProfile, sought: Sought) -> PublicService:
    """The one asked for, else the one most of the words name, else the longest: a first visit."""
    if sought.service_id is not None:
        return profile.service(sought.service_id)
    words = fold(sought.words).split()
    named = {
        each.id: sum(f" {word}" in f" {fold(each.name)}" for word in words)
        for each in profile.services
    }
    return max(profile.services, key=lambda each: (named[each.id], each.length_minutes))
