"""The audit as admins read it: who did what, newest first, page by page.

Entries hold ids alone. Names are looked up as they are now, so that whoever was erased is
erased in here as well.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from core import audit
from core.availability import organisation_clock
from core.errors import N_, NotFound
from core.interval import Span, to_instant
from core.models import (
    Attendee,
    AuditEntry,
    Booking,
    Offer,
    Patient,
    Professional,
    Recall,
    Role,
    Room,
    Service,
    TimeOff,
    User,
    WaitingEntry,
)
from core.policy import Actor, Permission, require

PAGE_LENGTH = 50
CLOSE = timedelta(days=2)
"""To the first and the last day there are."""

ENTRY = AuditEntry


@dataclass(frozen=True)
class TrailAsked:
    """What to show; whatever is left out is not asked about.

    ``older_than`` and ``newer_than`` are ids of entries: the page goes on from there.
    """

    user_id: int | None = None
    actions: tuple[str, ...] = ()
    patient_id: int | None = None
    first_on: date | None = None
    last_on: date | None = None
    older_than: int | None = None
    newer_than: int | None = None


@dataclass(frozen=True)
class Step:
    """One entry, with the names of whom and what it is about, where these still exist."""

    id: int
    at: datetime
    who: str
    role: Role | None
    action: str
    object_kind: str
    object_id: int | None
    fields: Mapping[str, Any]
    names: Mapping[str, str] = field(default_factory=dict)
    """By kind: patient, professional, user, service, room."""
    starts_at: datetime | None = None
    """Of the booking it is about."""


@dataclass(frozen=True)
class TrailPage:
    """Newest first."""

    steps: Sequence[Step]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True)
class ChainState:
    """Whether every entry fits the one before it, and the head to compare with a kept one."""

    head: audit.Head
    broken_at: int | None


def load_trail(session: Session, actor: Actor, asked: TrailAsked) -> TrailPage:
    """One page of the audit."""
    require(actor, Permission.AUDIT_READ)
    upwards = asked.newer_than is not None
    rows = session.execute(_page(session, asked, upwards=upwards)).all()
    shown, has_more = rows[:PAGE_LENGTH], len(rows) > PAGE_LENGTH
    if upwards:
        shown = shown[::-1]
    return TrailPage(
        steps=_named(session, shown),
        has_newer=has_more if upwards else asked.older_than is not None,
        has_older=True if upwards else has_more,
    )


def load_people(session: Session, actor: Actor) -> Sequence[tuple[int, str]]:
    """Whoever may have left an entry: staff before patients, by name."""
    require(actor, Permission.AUDIT_READ)
    rows = session.execute(
        select(User.id, User.name).order_by(User.role == Role.PATIENT, User.name, User.id)
    )
    return rows.all()


def check_chain(session: Session, actor: Actor) -> ChainState:
    """Read the whole audit and see that nothing was changed, taken out or put in."""
    require(actor, Permission.AUDIT_READ)
    return ChainState(audit.head(session), next(audit.verify(session), None))


def _page(session: Session, asked: TrailAsked, *, upwards: bool) -> Select[Any]:
    """A page and one entry more, by an index whatever was asked.

    Each action is read on its own: an index gives the newest of one in order, not of several.
    """
    conditions = _conditions(session, asked, upwards=upwards)
    order = (ENTRY.at, ENTRY.id) if upwards else (ENTRY.at.desc(), ENTRY.id.desc())
    limit = PAGE_LENGTH + 1
    if not asked.actions:
        return select(ENTRY).where(*conditions).order_by(*order).limit(limit)
    each_action = [
        select(
            select(ENTRY.id, ENTRY.at)
            .where(*conditions, ENTRY.action == action)
            .order_by(*order)
            .limit(limit)
            .subquery()
        )
        for action in asked.actions
    ]
    found = union_all(*each_action).subquery()
    return select(ENTRY).join(found, found.c.id == ENTRY.id).order_by(*order).limit(limit)


def _conditions(session: Session, asked: TrailAsked, *, upwards: bool) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.user_id is not None:
        conditions.append(ENTRY.user_id == asked.user_id)
    if asked.patient_id is not None:
        conditions.append(_is_about(asked.patient_id))
    if asked.first_on is not None:
        start = _span(session, asked.first_on)[0]
        conditions.append(ENTRY.at >= to_instant(start))
    if asked.last_on is not None:
        end = _span(session, asked.last_on)[1]
        conditions.append(ENTRY.at < to_instant(end))
    edge = asked.newer_than if upwards else asked.older_than
    if edge is not None:
        at = session.scalar(select(ENTRY.at).where(ENTRY.id == edge))
        if at is None:
            raise NotFound(what=N_("entry"))
        place, there = tuple_(ENTRY.at, ENTRY.id), tuple_(literal(at, ENTRY.at.type), literal(edge))
        conditions.append(place > there if upwards else place < there)
    return conditions


def _span(session: Session, day: date) -> Span:
    """Of a day, or of the nearest whose midnights a clock can tell."""
    day = min(max(day, date.min + CLOSE), date.max - CLOSE)
    return organisation_clock(session).span_of_days(day, day)


def _is_about(patient_id: int) -> ColumnElement[bool]:
    """The patient themselves, their bookings, and whoever signs in as them."""
    bookings = select(Attendee.booking_id).where(Attendee.patient_id == patient_id)
    users = select(User.id).where(User.patient_id == patient_id)
    entries = select(WaitingEntry.id).where(WaitingEntry.patient_id == patient_id)
    offers = select(Offer.id).where(Offer.entry_id.in_(entries))
    recalls = select(Recall.id).where(Recall.patient_id == patient_id)
    return or_(
        and_(ENTRY.object_kind == "patients", ENTRY.object_id == patient_id),
        and_(ENTRY.object_kind == "bookings", ENTRY.object_id.in_(bookings)),
        and_(ENTRY.object_kind == "users", ENTRY.object_id.in_(users)),
        and_(ENTRY.object_kind == "waiting_entries", ENTRY.object_id.in_(entries)),
        and_(ENTRY.object_kind == "offers", ENTRY.object_id.in_(offers)),
        and_(ENTRY.object_kind == "recalls", ENTRY.object_id.in_(recalls)),
    )


def _named(session: Session, rows: Sequence[Any]) -> list[Step]:
    entries: list[AuditEntry] = [row[0] for row in rows]
    about = defaultdict[str, set[int]](set)
    for each in entries:
        if each.object_id is not None:
            about[each.object_kind].add(each.object_id)
    users = _users(session, {each.user_id for each in entries if each.user_id} | about["users"])
    fields = {each.id: json.loads(each.fields) for each in entries}
    about["patients"] |= {
        each["patient"] for each in fields.values() if isinstance(each.get("patient"), int)
    }
    names = _names_of(session, about, users)
    starts = dict(
        session.execute(
            select(Booking.id, Booking.starts_at).where(Booking.id.in_(about["bookings"]))
        ).all()
    )
    return [
        Step(
            id=each.id,
            at=each.at,
            who=users[each.user_id].name if each.user_id in users else "",
            role=users[each.user_id].role if each.user_id in users else None,
            action=each.action,
            object_kind=each.object_kind,
            object_id=each.object_id,
            fields=fields[each.id],
            names=_names_in(each, fields[each.id], names),
            starts_at=starts.get(each.object_id or 0) if each.object_kind == "bookings" else None,
        )
        for each in entries
    ]


Names = Mapping[tuple[str, int], Mapping[str, str]]
"""By the table and the id of what an entry is about."""


def _names_in(entry: AuditEntry, fields: Mapping[str, Any], names: Names) -> dict[str, str]:
    found = dict(names.get((entry.object_kind, entry.object_id or 0), {}))
    if isinstance(fields.get("patient"), int):
        found |= names.get(("patients", fields["patient"]), {})
    return found


def _users(session: Session, ids: Collection[int]) -> dict[int, User]:
    return {each.id: each for each in session.scalars(select(User).where(User.id.in_(ids)))}


def _names_of(
    session: Session, about: Mapping[str, Collection[int]], users: Mapping[int, User]
) -> Names:
    found: dict[tuple[str, int], dict[str, str]] = {
        ("users", each.id): {"user": each.name} for each in users.values()
    }
    for kind, table in NAMED.items():
        rows = session.execute(select(table.id, table.name).where(table.id.in_(about[kind])))
        for id, name in rows:
            found[kind, id] = {table.__name__.lower(): name}
    waiting = select(WaitingEntry.id, Patient.name).join(WaitingEntry.patient)
    asked = select(Offer.id, Patient.name).join(Offer.entry).join(WaitingEntry.patient)
    for kind, rows_of in (
        ("waiting_entries", waiting.where(WaitingEntry.id.in_(about["waiting_entries"]))),
        ("offers", asked.where(Offer.id.in_(about["offers"]))),
    ):
        for id, name in session.execute(rows_of):
            found[kind, id] = {"patient": name}
    away = (
        select(TimeOff.id, Professional.name)
        .join(Professional, Professional.id == TimeOff.professional_id)
        .where(TimeOff.id.in_(about["time_off"]))
    )
    for id, name in session.execute(away):
        found["time_off", id] = {"professional": name}
    return found | _names_of_bookings(session, about["bookings"])


NAMED: Mapping[str, type[Patient] | type[Professional] | type[Service] | type[Room]] = {
    "patients": Patient,
    "professionals": Professional,
    "services": Service,
    "rooms": Room,
}


def _names_of_bookings(
    session: Session, ids: Collection[int]
) -> dict[tuple[str, int], dict[str, str]]:
    found: dict[tuple[str, int], dict[str, str]] = {}
    rows = session.execute(
        select(Booking.id, Professional.name, Patient.name)
        .join(Booking.professional)
        .outerjoin(Booking.attendees)
        .outerjoin(Attendee.patient)
        .where(Booking.id.in_(ids))
        .order_by(Booking.id, Attendee.id)
    )
    for id, professional, patient in rows:
        known = found.setdefault(("bookings", id), {"professional": professional})
        if patient is not None:
            known["patient"] = f"{known['patient']}, {patient}" if "patient" in known else patient
    return found
