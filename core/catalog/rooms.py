"""Rooms: a service may need one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.catalog.typed import by_name, check_new, name_of
from core.edits import change, check_version, lock_in_use
from core.errors import N_
from core.models import Calendar, CalendarKind, Room, ServiceRoom
from core.policy import Actor, Permission, require


@dataclass(frozen=True)
class NewRoom:
    name: str


@dataclass(frozen=True)
class EditedRoom:
    """A room as a form sends it back; ``version`` is the one the form was opened on."""

    room_id: int
    version: int
    name: str


def load_rooms(session: Session, *, service_id: int | None = None) -> list[Room]:
    """The rooms in use, or those a service may use, by name."""
    query = select(Room).where(Room.archived_at.is_(None))
    if service_id is not None:
        needed = select(ServiceRoom.room_id).where(ServiceRoom.service_id == service_id)
        query = query.where(Room.id.in_(needed))
    return by_name(session.scalars(query))


def add_room(session: Session, actor: Actor, request: NewRoom, *, now: datetime) -> Room:
    require(actor, Permission.CATALOG_WRITE)
    name = name_of(request.name)
    check_new(name, session.scalars(select(Room.name)))
    room = Room(name=name, calendar=Calendar(kind=CalendarKind.ROOM))
    session.add(room)
    audit.record(session, actor, "room.added", room, now=now)
    return room


def edit_room(session: Session, actor: Actor, request: EditedRoom, *, now: datetime) -> Room:
    """Give a room another name."""
    require(actor, Permission.CATALOG_WRITE)
    room = lock_in_use(session, Room, request.room_id, what=N_("room"))
    check_version(session, room, request.version)
    name = name_of(request.name)
    check_new(name, session.scalars(select(Room.name).where(Room.id != room.id)))
    if changed := change(room, {"name": name}):
        audit.record(session, actor, "room.edited", room, now=now, changed=changed)
    return room
