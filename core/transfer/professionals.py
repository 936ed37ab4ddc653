"""Professionals out of a CSV file, with their expertise, tier and the services they offer.

The name tells who is meant, with or without title. Of somebody at work here what a row says is
changed, and what it leaves empty stays. Tiers and services have to be there already; expertise
that nobody has yet is added. No account is made: an e-mail only tells who is not meant.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core import audit
from core.catalog import (
    EditedProfessional,
    NewProfessional,
    OfferedService,
    ServicesOffered,
    add_professional,
    edit_professional,
    load_offered,
    load_professionals,
    load_services,
    load_tiers,
    set_offers,
    typed_tags,
)
from core.db import lock_calendars, lock_expertise
from core.errors import N_, BookingError, Invalid
from core.models import Professional, User
from core.patients import fold
from core.policy import Actor, Permission, require
from core.transfer.catalog_values import read_number, read_yes, split_names
from core.transfer.names import (
    Names,
    Seen,
    add_professional_to,
    name_key,
    names_of,
    professional_keys,
)
from core.transfer.reading import Row
from core.transfer.report import (
    ImportOptions,
    ImportReport,
    Outcome,
    Progress,
    RowReport,
    no_progress,
)
from core.transfer.running import bring_parts, open_table

COLUMNS = {
    "name": ("name", "professional", "practitioner", "provider", "doctor", "staff", "fullname",
             "clinician", "profesional", "nombre", "nome"),
    "email": ("email", "emailaddress", "mail", "correo"),
    "title": ("title", "role", "profession", "jobtitle", "titulo"),
    "bio": ("bio", "about", "biography", "description"),
    "languages": ("languages", "language", "idiomas", "sprachen", "langues"),
    "tier": ("tier", "level", "premium"),
    "colour": ("colour", "color"),
    "zone": ("zone", "timezone", "timezonename"),
    "visits_per_day": ("visitsperday",),
    "visits_per_week": ("visitsperweek",),
    "minutes_per_day": ("minutesperday",),
    "minutes_per_week": ("minutesperweek",),
    "expertise": ("expertise", "specialty", "specialties", "speciality", "specialities", "tags",
                  "especialidad", "especialidades"),
    "services": ("services", "offers", "servicesoffered", "servicios", "servicos"),
    "listed": ("listed", "online", "onlinebooking", "patientsbook"),
}  # fmt: skip
NEEDED = {"name": ("name",)}
AS_TYPED = ("title", "bio", "languages", "colour", "zone")
LIMITS = ("visits_per_day", "visits_per_week", "minutes_per_day", "minutes_per_week")
READ: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(AS_TYPED, str),
    **{each: partial(read_number, field=each) for each in LIMITS},
    "expertise": lambda typed: typed_tags(typed.replace("|", ",")),
    "listed": lambda typed: read_yes(typed, "listed"),
}
COLUMN_OF = {each: each for each in (*READ, "name", "services")} | {"tier_id": "tier"}


@dataclass(frozen=True)
class Staff:
    """What rows are read against."""

    professionals: Names
    by_email: Mapping[str, int]
    services: Names
    service_names: tuple[str, ...]
    tiers: Names
    seen: Seen


@dataclass(frozen=True)
class OnRecord:
    """All that a row can say of somebody."""

    details: NewProfessional
    service_ids: tuple[int, ...]


def import_professionals(
    session: Session,
    actor: Actor,
    content: bytes,
    options: ImportOptions | None = None,
    *,
    now: datetime,
    progress: Progress = no_progress,
) -> ImportReport:
    """Put the professionals of a file in the book; the report tells what became of each row.

    Raises ``Invalid`` where the file as a whole cannot be read.
    """
    require(actor, Permission.CATALOG_WRITE)
    options = options or ImportOptions()
    table = open_table(session, actor, content, options, COLUMNS, NEEDED)
    lock_calendars(session, set(session.scalars(select(Professional.calendar_id))))
    lock_expertise(session)
    staff = _load(session, actor)
    report = bring_parts(
        session,
        table,
        options,
        table.rows,
        lambda row: [_bring(session, actor, row, staff, now)],
        progress,
    )
    if report.saved:
        added, changed = report.counts[Outcome.ADDED], report.counts[Outcome.CHANGED]
        audit.record(
            session, actor, "professionals.imported", now=now, added=added, changed=changed
        )
    return report


def professional_details(professional: Professional) -> NewProfessional:
    """A professional as they are on record, the way a form would send it."""
    own = {
        each.name: getattr(professional, each.name)
        for each in fields(NewProfessional)
        if each.name != "expertise"
    }
    return NewProfessional(**own, expertise=tuple(each.name for each in professional.expertise))


def _load(session: Session, actor: Actor) -> Staff:
    services, tiers = Names(N_("service")), Names(N_("tier"))
    offered = load_services(session)
    for service in offered:
        services.add(fold(service.name), service.id)
    for tier in load_tiers(session):
        tiers.add(fold(tier.name), tier.id)
    emails = session.execute(
        select(User.email, User.professional_id).where(
            User.email != "", User.professional_id.is_not(None)
        )
    )
    return Staff(
        names_of(session, load_professionals(session, actor)),
        {email.lower(): of for email, of in emails if of is not None},
        services,
        tuple(each.name for each in offered),
        tiers,
        Seen(),
    )


def _bring(session: Session, actor: Actor, row: Row, staff: Staff, now: datetime) -> RowReport:
    name = row.cells.get("name", "")
    try:
        if row.refusal is not None:
            raise row.refusal
        staff.seen.check_first(name_key(name), name, row.line)
        told, service_ids = _told(row, staff)
        with session.begin_nested():
            found = _find(row, staff)
            if found is not None:
                return _change(session, actor, row, found, told, service_ids, staff, now)
            added = add_professional(session, actor, NewProfessional(name=name, **told), now=now)
            session.flush()
            _offer(session, actor, added.id, service_ids or (), now)
    except BookingError as refusal:
        return RowReport(row.line, name, Outcome.REFUSED, refusal)
    staff.seen.check_first(added.id, name, row.line)
    add_professional_to(staff.professionals, added)
    return RowReport(row.line, name, Outcome.ADDED)


def _told(row: Row, staff: Staff) -> tuple[dict[str, Any], tuple[int, ...] | None]:
    """What the row says of somebody, and what they offer; an empty cell says nothing."""
    told: dict[str, Any] = {
        column: read(row.cells[column]) for column, read in READ.items() if row.cells.get(column)
    }
    if tier := row.cells.get("tier"):
        told["tier_id"] = staff.tiers.only((fold(tier),), tier)
    if not (offered := row.cells.get("services")):
        return told, None
    names = split_names(offered, staff.service_names)
    return told, tuple(sorted({staff.services.only((fold(each),), each) for each in names}))


def _find(row: Row, staff: Staff) -> int | None:
    """Who at work here is meant, whom the e-mail must not contradict."""
    name, email = row.cells.get("name", ""), row.cells.get("email", "").lower()
    keys = professional_keys(name)[1:]
    is_known = any(staff.professionals.ids(each) for each in keys)
    found = staff.professionals.only(keys, name) if is_known else None
    bearer = staff.by_email.get(email)
    if bearer is not None and bearer != found:
        raise Invalid(
            N_("{email} is somebody else's here. Please correct the name or the e-mail."),
            field="email",
            email=email[:80],
        )
    return found


def _change(
    session: Session,
    actor: Actor,
    row: Row,
    professional_id: int,
    told: dict[str, Any],
    service_ids: tuple[int, ...] | None,
    staff: Staff,
    now: datetime,
) -> RowReport:
    name = row.cells["name"]
    staff.seen.check_first(professional_id, name, row.line)
    before = _on_record(session, actor, professional_id)
    version = session.get_one(Professional, professional_id).version
    details = replace(before.details, **told)
    request = EditedProfessional(professional_id, version, details)
    edit_professional(session, actor, request, now=now)
    if service_ids is not None:
        _offer(session, actor, professional_id, service_ids, now)
    after = _on_record(session, actor, professional_id)
    changed = tuple(
        COLUMN_OF[each.name]
        for each in fields(NewProfessional)
        if getattr(before.details, each.name) != getattr(after.details, each.name)
    )
    if before.service_ids != after.service_ids:
        changed += ("services",)
    outcome = Outcome.CHANGED if changed else Outcome.UNCHANGED
    return RowReport(row.line, name, outcome, changed=changed)


def _on_record(session: Session, actor: Actor, professional_id: int) -> OnRecord:
    session.flush()
    professional = session.scalars(
        select(Professional)
        .where(Professional.id == professional_id)
        .options(selectinload(Professional.expertise)),
        execution_options={"populate_existing": True},
    ).one()
    offered = load_offered(session, actor).get(professional_id, [])
    return OnRecord(professional_details(professional), tuple(each.service_id for each in offered))


def _offer(
    session: Session,
    actor: Actor,
    professional_id: int,
    service_ids: tuple[int, ...],
    now: datetime,
) -> None:
    """Make these the services they offer; those offered already keep their length and price."""
    own = {
        each.service_id: (each.length_minutes, each.price_cents)
        for each in load_offered(session, actor).get(professional_id, [])
    }
    offers = tuple(
        OfferedService(professional_id, each, *own.get(each, (None, None))) for each in service_ids
    )
    set_offers(session, actor, ServicesOffered(professional_id, offers), now=now)
