"""Professionals: their profiles and expertise."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core import audit
from core.catalog.expertise import drop_unused, expertise_named
from core.catalog.tiers import check_tier
from core.catalog.typed import (
    by_name,
    check_between,
    check_new,
    colour_of,
    languages_of,
    name_of,
    zone_of_name,
)
from core.db import lock_calendars
from core.edits import change, check_version, lock_in_use
from core.errors import N_, NotFound
from core.models import (
    Calendar,
    CalendarKind,
    Professional,
    ProfessionalExpertise,
    ProfessionalService,
)
from core.patients.typed import LONGEST_NAME, line, note
from core.policy import Actor, Permission, allows, require

LIMITS = ("visits_per_day", "visits_per_week", "minutes_per_day", "minutes_per_week")


@dataclass(frozen=True)
class NewProfessional:
    name: str
    title: str = ""
    bio: str = ""
    languages: str = ""
    tier_id: int | None = None
    colour: str = "#0072B2"
    zone: str | None = None
    visits_per_day: int | None = None
    visits_per_week: int | None = None
    minutes_per_day: int | None = None
    minutes_per_week: int | None = None
    expertise: tuple[str, ...] = ()
    listed: bool = True
    """Patients find and book them by themselves."""


@dataclass(frozen=True)
class EditedProfessional:
    """A profile as a form sends it back; ``version`` is the one the form was opened on."""

    professional_id: int
    version: int
    details: NewProfessional


@dataclass(frozen=True)
class Profile:
    """What a professional says of themselves; their name, tier and limits are the admin's."""

    title: str = ""
    bio: str = ""
    languages: str = ""
    colour: str = "#0072B2"
    expertise: tuple[str, ...] = ()


@dataclass(frozen=True)
class EditedProfile:
    """A profile as a form sends it back; ``version`` is the one the form was opened on."""

    professional_id: int
    version: int
    profile: Profile


@dataclass(frozen=True)
class ExpertiseTags:
    """All the expertise of a professional, by name; names not yet known are added."""

    professional_id: int
    names: tuple[str, ...]


def get_professional(session: Session, professional_id: int) -> Professional:
    """A professional at work here, with their expertise, or ``NotFound``."""
    found = session.scalar(
        select(Professional)
        .where(Professional.id == professional_id, Professional.archived_at.is_(None))
        .options(selectinload(Professional.expertise))
    )
    if found is None:
        raise NotFound(what=N_("professional"))
    return found


def load_professionals(
    session: Session,
    actor: Actor,
    *,
    service_id: int | None = None,
    expertise_id: int | None = None,
    ids: Collection[int] | None = None,
) -> list[Professional]:
    """The professionals at work here, by name, each with their expertise.

    Narrowed to those who offer a service, know a field, or are among ``ids``.
    """
    require(actor, Permission.CATALOG_READ)
    query = select(Professional).where(Professional.archived_at.is_(None))
    if service_id is not None:
        offering = select(ProfessionalService.professional_id).where(
            ProfessionalService.service_id == service_id
        )
        query = query.where(Professional.id.in_(offering))
    if expertise_id is not None:
        knowing = select(ProfessionalExpertise.professional_id).where(
            ProfessionalExpertise.expertise_id == expertise_id
        )
        query = query.where(Professional.id.in_(knowing))
    if ids is not None:
        query = query.where(Professional.id.in_(ids))
    return by_name(session.scalars(query.options(selectinload(Professional.expertise))))


def load_professional(session: Session, actor: Actor, professional_id: int) -> Professional:
    """Somebody at work here. Raises ``NotFound`` for who is not, or not any more."""
    for found in load_professionals(session, actor, ids=[professional_id]):
        return found
    raise NotFound(what=N_("professional"))


def add_professional(
    session: Session, actor: Actor, request: NewProfessional, *, now: datetime
) -> Professional:
    """Put a professional in the book, with a calendar of their own and no hours yet."""
    require(actor, Permission.CATALOG_WRITE)
    values = _values(request)
    check_tier(session, request.tier_id)
    _check_name_is_free(session, request.name, but=None)
    professional = Professional(
        calendar=Calendar(kind=CalendarKind.PROFESSIONAL),
        **values,
        expertise=expertise_named(session, request.expertise),
    )
    session.add(professional)
    audit.record(session, actor, "professional.added", professional, now=now)
    return professional


def edit_professional(
    session: Session, actor: Actor, request: EditedProfessional, *, now: datetime
) -> Professional:
    """Change all there is to a professional, expertise included."""
    require(actor, Permission.CATALOG_WRITE)
    professional = lock_professional(session, request.professional_id)
    check_version(session, professional, request.version)
    values = _values(request.details)
    check_tier(session, request.details.tier_id)
    _check_name_is_free(session, request.details.name, but=professional.id)
    _write(session, actor, professional, values, request.details.expertise, now)
    return professional


def edit_profile(
    session: Session, actor: Actor, request: EditedProfile, *, now: datetime
) -> Professional:
    """Change what others see of a professional: anybody's for admins, one's own otherwise."""
    check_may_shape(actor, request.professional_id)
    professional = lock_professional(session, request.professional_id)
    check_version(session, professional, request.version)
    _write(
        session,
        actor,
        professional,
        _profile_values(request.profile),
        request.profile.expertise,
        now,
    )
    return professional


def check_may_shape(actor: Actor, professional_id: int) -> None:
    """Admins shape every profile, professionals their own; of others they learn nothing."""
    require(actor, Permission.CATALOG_WRITE, Permission.PROFILE_WRITE_OWN)
    if not allows(actor, Permission.CATALOG_WRITE) and professional_id != actor.professional_id:
        raise NotFound(what=N_("professional"))


def tag_expertise(
    session: Session, actor: Actor, request: ExpertiseTags, *, now: datetime
) -> Professional:
    """Make these, and no others, the professional's expertise."""
    require(actor, Permission.CATALOG_WRITE)
    professional = get_professional(session, request.professional_id)
    _set_expertise(session, professional, request.names)
    ids = sorted(each.id for each in professional.expertise)
    audit.record(session, actor, "professional.tagged", professional, now=now, expertise_ids=ids)
    return professional


def lock_professional(session: Session, professional_id: int) -> Professional:
    """The professional as they are now, held until the transaction ends."""
    lock_calendars(session, {get_professional(session, professional_id).calendar_id})
    return lock_in_use(session, Professional, professional_id, what=N_("professional"))


def _write(
    session: Session,
    actor: Actor,
    professional: Professional,
    values: dict[str, object],
    expertise: tuple[str, ...],
    now: datetime,
) -> None:
    """What differs, and that on record; where nothing does, nothing happens."""
    changed = change(professional, values)
    session.refresh(professional, ["expertise"])
    if _set_expertise(session, professional, expertise):
        professional.updated_at = now
        changed.append("expertise")
    if changed:
        audit.record(session, actor, "professional.edited", professional, now=now, changed=changed)


def _set_expertise(session: Session, professional: Professional, names: tuple[str, ...]) -> bool:
    """Make these, and no others, their expertise; whether that changed anything."""
    had, wanted = set(professional.expertise), expertise_named(session, names)
    if had == set(wanted):
        return False
    professional.expertise = wanted
    drop_unused(session, {each.id for each in had.difference(wanted)})
    return True


def _check_name_is_free(session: Session, name: str, *, but: int | None) -> None:
    """Two at work with one name could not be told apart at the desk."""
    others = select(Professional.name).where(
        Professional.archived_at.is_(None), Professional.id.is_distinct_from(but)
    )
    check_new(name_of(name), session.scalars(others))


def _values(request: NewProfessional) -> dict[str, object]:
    """The columns of a profile, each fit to keep."""
    for field in LIMITS:
        limit = getattr(request, field)
        if limit is not None:
            check_between(limit, 0, 7 * 1440, field)
    return {
        "name": name_of(request.name),
        **_profile_values(request),
        "tier_id": request.tier_id,
        "listed": request.listed,
        "zone": None if request.zone is None else zone_of_name(request.zone),
        **{field: getattr(request, field) for field in LIMITS},
    }


def _profile_values(said: Profile | NewProfessional) -> dict[str, object]:
    return {
        "title": line(said.title, LONGEST_NAME, "title"),
        "bio": note(said.bio, "bio"),
        "languages": languages_of(said.languages),
        "colour": colour_of(said.colour),
    }
