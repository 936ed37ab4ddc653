"""Services out of a CSV file, and the rooms each may use.

The name tells which service is meant. Of one in the catalogue what a row says is changed, and
what it leaves empty stays. Rooms have to be there already.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.catalog import (
    EditedService,
    NewService,
    add_service,
    edit_service,
    load_rooms,
    load_service_rooms,
)
from core.errors import N_, BookingError, Invalid
from core.models import Anchor, BufferRule, Service, ServiceColour
from core.patients import fold
from core.policy import Actor, Permission, require
from core.transfer.catalog_values import (
    read_choice,
    read_number,
    read_rate,
    read_span,
    read_yes,
    split_names,
)
from core.transfer.names import Names, Seen
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
from core.transfer.values import read_cents, read_minutes

COLUMNS = {
    "name": ("name", "service", "servicename", "appointmenttype", "treatment", "servicio",
             "nombre", "nome"),
    "length": ("length", "duration", "minutes", "lengthminutes", "durationminutes", "duracion"),
    "before": ("before", "bufferbefore", "beforeminutes", "preparation"),
    "after": ("after", "bufferafter", "afterminutes", "cleanup"),
    "buffer_rule": ("bufferrule",),
    "step": ("step", "stepminutes", "startsevery", "interval"),
    "anchor": ("anchor", "startsfrom"),
    "notice": ("notice", "noticeminutes", "minimumnotice"),
    "cancel_notice": ("cancelnotice", "cancelnoticeminutes", "cancellationnotice"),
    "horizon": ("horizon", "horizondays", "bookableahead"),
    "seats": ("seats", "places", "groupsize", "capacity", "plazas"),
    "price": ("price", "amount", "fee", "precio", "preco"),
    "tax": ("tax", "taxrate", "vat", "iva", "mwst", "tva"),
    "colour": ("colour", "color"),
    "listed": ("listed", "online", "onlinebooking", "patientsbook"),
    "rooms": ("rooms", "room", "salas", "sala"),
}  # fmt: skip
NEEDED = {"name": ("name",)}
READ: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "length": ("length_minutes", read_minutes),
    "before": ("before_minutes", lambda typed: read_span(typed, "before")),
    "after": ("after_minutes", lambda typed: read_span(typed, "after")),
    "buffer_rule": ("buffer_rule", lambda typed: read_choice(typed, BufferRule, "buffer_rule")),
    "step": ("step_minutes", lambda typed: read_span(typed, "step")),
    "anchor": ("anchor", lambda typed: read_choice(typed, Anchor, "anchor")),
    "notice": ("notice_minutes", lambda typed: read_span(typed, "notice")),
    "cancel_notice": (
        "cancel_notice_minutes",
        lambda typed: read_span(typed, "cancel_notice"),
    ),
    "horizon": ("horizon_days", lambda typed: read_number(typed, "horizon")),
    "seats": ("seats", lambda typed: read_number(typed, "seats")),
    "price": ("price_cents", read_cents),
    "tax": ("tax_rate", read_rate),
    "colour": ("colour", lambda typed: read_choice(typed, ServiceColour, "colour")),
    "listed": ("listed", lambda typed: read_yes(typed, "listed")),
}
"""What of a service each column says, and how it is read."""
COLUMN_OF = {field: column for column, (field, _) in READ.items()} | {
    "name": "name",
    "room_ids": "rooms",
}


@dataclass(frozen=True)
class Catalogue:
    """What rows are read against."""

    services: Names
    rooms: Names
    room_names: tuple[str, ...]
    seen: Seen


def import_services(
    session: Session,
    actor: Actor,
    content: bytes,
    options: ImportOptions | None = None,
    *,
    now: datetime,
    progress: Progress = no_progress,
) -> ImportReport:
    """Put the services of a file in the catalogue; the report tells what became of each row.

    Raises ``Invalid`` where the file as a whole cannot be read.
    """
    require(actor, Permission.CATALOG_WRITE)
    options = options or ImportOptions()
    table = open_table(session, actor, content, options, COLUMNS, NEEDED)
    _lock(session)
    known = _load(session)
    report = bring_parts(
        session,
        table,
        options,
        table.rows,
        lambda row: [_bring(session, actor, row, known, now)],
        progress,
    )
    if report.saved:
        added, changed = report.counts[Outcome.ADDED], report.counts[Outcome.CHANGED]
        audit.record(session, actor, "services.imported", now=now, added=added, changed=changed)
    return report


def details_of(service: Service, room_ids: tuple[int, ...]) -> NewService:
    """A service as it is on record, the way a form would send it."""
    own = [each.name for each in fields(NewService) if each.name != "room_ids"]
    return NewService(**{each: getattr(service, each) for each in own}, room_ids=room_ids)


def _lock(session: Session) -> None:
    """All of them before the first row: nobody is waited for who waits for this import."""
    session.scalars(select(Service.id).order_by(Service.id).with_for_update()).all()


def _load(session: Session) -> Catalogue:
    services, rooms = Names(N_("service")), Names(N_("room"))
    for service_id, name in session.execute(select(Service.id, Service.name)).all():
        services.add(fold(name), service_id)
    in_use = load_rooms(session)
    for each in in_use:
        rooms.add(fold(each.name), each.id)
    return Catalogue(services, rooms, tuple(each.name for each in in_use), Seen())


def _bring(session: Session, actor: Actor, row: Row, known: Catalogue, now: datetime) -> RowReport:
    name = row.cells.get("name", "")
    try:
        if row.refusal is not None:
            raise row.refusal
        known.seen.check_first(fold(name), name, row.line)
        told = _told(row, known)
        with session.begin_nested():
            return _settle(session, actor, row.line, name, told, known, now)
    except BookingError as refusal:
        return RowReport(row.line, name, Outcome.REFUSED, refusal)


def _told(row: Row, known: Catalogue) -> dict[str, Any]:
    """What the row says of a service; an empty cell says nothing."""
    told = {
        field: read(row.cells[column])
        for column, (field, read) in READ.items()
        if row.cells.get(column)
    }
    if rooms := row.cells.get("rooms"):
        names = split_names(rooms, known.room_names)
        told["room_ids"] = tuple(sorted({known.rooms.only((fold(each),), each) for each in names}))
    return told


def _settle(
    session: Session,
    actor: Actor,
    line: int,
    name: str,
    told: dict[str, Any],
    known: Catalogue,
    now: datetime,
) -> RowReport:
    found = known.services.ids(fold(name))
    if not found:
        if "length_minutes" not in told:
            raise Invalid(N_("Please say how long {name} takes."), field="length", name=name[:80])
        add_service(session, actor, NewService(name=name, **told), now=now)
        return RowReport(line, name, Outcome.ADDED)
    service = session.get_one(Service, known.services.only((fold(name),), name))
    if service.archived_at is not None:
        raise Invalid(N_("{name} is archived. Please restore it first."), name=service.name)
    before = _as_it_is(session, service)
    request = EditedService(service.id, service.version, replace(before, **told))
    after = _as_it_is(session, edit_service(session, actor, request, now=now))
    changed = tuple(
        COLUMN_OF[each.name]
        for each in fields(NewService)
        if getattr(before, each.name) != getattr(after, each.name)
    )
    return RowReport(line, name, Outcome.CHANGED if changed else Outcome.UNCHANGED, changed=changed)


def _as_it_is(session: Session, service: Service) -> NewService:
    session.flush()
    return details_of(service, load_service_rooms(session).get(service.id, ()))
