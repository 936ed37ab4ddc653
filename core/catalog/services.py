"""Services: what can be booked, how long it takes, and the rules it is booked under."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.catalog.typed import (
    HIGHEST_PRICE_CENTS,
    LONGEST_VISIT_MINUTES,
    by_name,
    check_between,
    check_new,
    name_of,
)
from core.edits import change, check_version, lock_in_use
from core.errors import N_, NotFound
from core.models import Anchor, BufferRule, Room, Service, ServiceColour, ServiceRoom
from core.policy import Actor, Permission, require

LIMITS = {
    "length_minutes": (1, LONGEST_VISIT_MINUTES),
    "step_minutes": (1, LONGEST_VISIT_MINUTES),
    "before_minutes": (0, LONGEST_VISIT_MINUTES),
    "after_minutes": (0, LONGEST_VISIT_MINUTES),
    "notice_minutes": (0, 366 * 1440),
    "cancel_notice_minutes": (0, 366 * 1440),
    "horizon_days": (0, 10 * 366),
    "seats": (1, 1000),
    "price_cents": (0, HIGHEST_PRICE_CENTS),
    "tax_rate": (0, 100 * 100),
}
"""The lowest and the highest of each number."""


@dataclass(frozen=True)
class NewService:
    name: str
    length_minutes: int
    step_minutes: int = 15
    anchor: Anchor = Anchor.CLOCK
    before_minutes: int = 0
    after_minutes: int = 0
    buffer_rule: BufferRule = BufferRule.GAP
    notice_minutes: int = 0
    cancel_notice_minutes: int = 24 * 60
    horizon_days: int = 365
    seats: int = 1
    price_cents: int = 0
    tax_rate: int = 0
    """In hundredths of a per cent; the price includes it."""
    colour: ServiceColour | None = None
    listed: bool = True
    """Patients book it by themselves."""
    room_ids: tuple[int, ...] = ()
    """The rooms one of which the service needs; none when it needs no room."""


@dataclass(frozen=True)
class EditedService:
    """A service as a form sends it back; ``version`` is the one the form was opened on."""

    service_id: int
    version: int
    details: NewService


def get_service(session: Session, service_id: int) -> Service:
    """A service that can be booked, or ``NotFound``."""
    found = session.scalar(
        select(Service).where(Service.id == service_id, Service.archived_at.is_(None))
    )
    if found is None:
        raise NotFound(what=N_("service"))
    return found


def load_services(session: Session) -> list[Service]:
    """The services that can be booked, by name."""
    return by_name(session.scalars(select(Service).where(Service.archived_at.is_(None))))


def load_service_rooms(session: Session) -> dict[int, tuple[int, ...]]:
    """The rooms in use of which each service needs one, by the service's id."""
    rows = session.execute(
        select(ServiceRoom.service_id, ServiceRoom.room_id)
        .join(Room, Room.id == ServiceRoom.room_id)
        .where(Room.archived_at.is_(None))
        .order_by(ServiceRoom.service_id, ServiceRoom.room_id)
    )
    found: dict[int, tuple[int, ...]] = {}
    for service_id, room_id in rows:
        found[service_id] = (*found.get(service_id, ()), room_id)
    return found


def add_service(session: Session, actor: Actor, request: NewService, *, now: datetime) -> Service:
    require(actor, Permission.CATALOG_WRITE)
    values = _values(request)
    check_new(name_of(request.name), session.scalars(select(Service.name)))
    _check_rooms(session, request.room_ids)
    service = Service(**values)
    session.add(service)
    session.flush()
    _set_rooms(session, service, request.room_ids)
    audit.record(session, actor, "service.added", service, now=now)
    return service


def edit_service(
    session: Session, actor: Actor, request: EditedService, *, now: datetime
) -> Service:
    """Change a service; what is already booked stays as it was sold."""
    require(actor, Permission.CATALOG_WRITE)
    service = lock_in_use(session, Service, request.service_id, what=N_("service"))
    check_version(session, service, request.version)
    values = _values(request.details)
    others = session.scalars(select(Service.name).where(Service.id != service.id))
    check_new(name_of(request.details.name), others)
    _check_rooms(session, request.details.room_ids)
    changed = change(service, values)
    if _set_rooms(session, service, request.details.room_ids):
        service.updated_at = now
        changed.append("room_ids")
    if changed:
        audit.record(session, actor, "service.edited", service, now=now, changed=changed)
    return service


def _values(request: NewService) -> dict[str, object]:
    """The columns of a service, each fit to keep."""
    values = asdict(request) | {"name": name_of(request.name)}
    del values["room_ids"]
    for field, (lowest, highest) in LIMITS.items():
        check_between(getattr(request, field), lowest, highest, field)
    return values


def _set_rooms(session: Session, service: Service, room_ids: Collection[int]) -> bool:
    """Make these, and no others, the service's rooms; whether that changed anything."""
    known = set(
        session.scalars(
            select(ServiceRoom.room_id)
            .join(Room, Room.id == ServiceRoom.room_id)
            .where(ServiceRoom.service_id == service.id, Room.archived_at.is_(None))
        )
    )
    gone, new = known - set(room_ids), set(room_ids) - known
    session.execute(
        delete(ServiceRoom).where(
            ServiceRoom.service_id == service.id, ServiceRoom.room_id.in_(gone)
        )
    )
    session.add_all(ServiceRoom(service_id=service.id, room_id=each) for each in sorted(new))
    return bool(gone or new)


def _check_rooms(session: Session, room_ids: Collection[int]) -> None:
    known = set(session.scalars(select(Room.id).where(Room.archived_at.is_(None))))
    if not known.issuperset(room_ids):
        raise NotFound(what=N_("room"))
