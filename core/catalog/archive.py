"""Taking out of use what the place offered, and back again. Nothing is ever deleted."""

from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core import audit
from core.catalog.typed import by_name
from core.db import lock_calendars
from core.edits import check_version, lock_in_use, lock_row
from core.errors import N_, BookingError
from core.models import (
    Booking,
    BookingState,
    ListedReason,
    Professional,
    Room,
    Service,
    ServiceRoom,
)
from core.policy import Actor, Permission, require

S = BookingState

Archivable = TypeVar("Archivable", Service, Room, Professional, ListedReason)


class StillBooked(BookingError):
    """Somebody would stand before a closed door."""

    code = "still_booked"
    message = N_("{name} still has bookings to come: {count}. Move or cancel them first.")


class OnlyRoom(BookingError):
    """A service would find no room, or worse, seem to need none."""

    code = "only_room"
    message = N_("{room} is the only room for {service}. Give that service another room first.")


def load_archived(session: Session, actor: Actor, kind: type[Archivable]) -> list[Archivable]:
    """What was taken out of use, by name."""
    require(actor, Permission.CATALOG_WRITE)
    return by_name(session.scalars(select(kind).where(kind.archived_at.is_not(None))))


def archive_service(
    session: Session, actor: Actor, service_id: int, version: int, *, now: datetime
) -> Service:
    """Offer a service no more; refused while bookings of it are to come."""
    require(actor, Permission.CATALOG_WRITE)
    lock_calendars(session, set(session.scalars(select(Professional.calendar_id))))
    service = lock_in_use(session, Service, service_id, what=N_("service"))
    check_version(session, service, version)
    _check_nothing_to_come(session, service, Booking.service_id == service_id, now)
    service.archived_at = now
    audit.record(session, actor, "service.archived", service, now=now)
    return service


def archive_professional(
    session: Session, actor: Actor, professional_id: int, version: int, *, now: datetime
) -> Professional:
    """Take a professional out of the book; refused while bookings with them are to come."""
    require(actor, Permission.CATALOG_WRITE)
    own = select(Professional.calendar_id).where(Professional.id == professional_id)
    lock_calendars(session, set(session.scalars(own)))
    professional = lock_in_use(session, Professional, professional_id, what=N_("professional"))
    check_version(session, professional, version)
    _check_nothing_to_come(session, professional, Booking.professional_id == professional_id, now)
    professional.archived_at = now
    audit.record(session, actor, "professional.archived", professional, now=now)
    return professional


def archive_room(
    session: Session, actor: Actor, room_id: int, version: int, *, now: datetime
) -> Room:
    """Use a room no more; refused while it is booked, or while a service has no other.

    Which services it is for stays on record, for when it is restored.
    """
    require(actor, Permission.CATALOG_WRITE)
    lock_calendars(
        session, set(session.scalars(select(Room.calendar_id).where(Room.id == room_id)))
    )
    room = lock_in_use(session, Room, room_id, what=N_("room"))
    check_version(session, room, version)
    _check_nothing_to_come(session, room, Booking.room_id == room_id, now)
    _check_not_the_only_one(session, room)
    room.archived_at = now
    audit.record(session, actor, "room.archived", room, now=now)
    return room


def restore(
    session: Session, actor: Actor, kind: type[Archivable], id: int, *, now: datetime
) -> Archivable:
    """Take something back into use as it was."""
    require(actor, Permission.CATALOG_WRITE)
    row = lock_row(session, kind, id, what=N_("entry"))
    if row.archived_at is not None:
        row.archived_at = None
        audit.record(session, actor, "catalog.restored", row, now=now)
    return row


def _check_nothing_to_come(
    session: Session, row: Service | Room | Professional, which: ColumnElement[bool], now: datetime
) -> None:
    count = session.scalar(
        select(func.count())
        .select_from(Booking)
        .where(
            which,
            Booking.ends_at > now,
            or_(
                Booking.state.in_((S.BOOKED, S.ARRIVED, S.IN_PROGRESS)),
                Booking.held_until > now,
            ),
        )
    )
    if count:
        raise StillBooked(name=row.name, count=count)


def _check_not_the_only_one(session: Session, room: Room) -> None:
    needing = select(ServiceRoom.service_id).where(ServiceRoom.room_id == room.id)
    others = (
        select(ServiceRoom.service_id)
        .join(Room, Room.id == ServiceRoom.room_id)
        .where(Room.id != room.id, Room.archived_at.is_(None))
    )
    name = session.scalar(
        select(Service.name)
        .where(Service.id.in_(needing), Service.id.not_in(others), Service.archived_at.is_(None))
        .order_by(Service.name)
        .limit(1)
    )
    if name is not None:
        raise OnlyRoom(room=room.name, service=name)
