"""Whose calendar a change of hours touches, locked and checked."""

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import lock_calendars
from core.errors import N_, NotFound
from core.models import Opening, Professional, TimeOff
from core.policy import Actor, Permission, allows, require

Entry = TypeVar("Entry", Opening, TimeOff)

ANYBODY = (Permission.SCHEDULE_WRITE, Permission.TIME_OFF_WRITE)
"""Permissions that reach into the calendars of others."""


def lock_professional(
    session: Session, actor: Actor, professional_id: int, *permissions: Permission
) -> Professional:
    """The professional, their calendar held until commit.

    Of the permissions any one will do. Whoever has it for their own calendar alone finds
    nobody else.
    """
    require(actor, *permissions)
    for_others = [each for each in permissions if each in ANYBODY]
    query = select(Professional).where(
        Professional.id == professional_id, Professional.archived_at.is_(None)
    )
    if not allows(actor, *for_others):
        query = query.where(Professional.id == actor.professional_id)
    professional = session.scalar(query)
    if professional is None:
        raise NotFound(what=N_("professional"))
    lock_calendars(session, {professional.calendar_id})
    return professional


def lock_any_entry(
    session: Session,
    actor: Actor,
    kind: type[Entry],
    id: int,
    what: str,
    *permissions: Permission,
) -> Entry:
    """An opening or time off in a calendar the actor may change, that calendar held.

    It may have been taken away by now.

    Of the permissions any one will do, as with ``lock_professional``.

    Read again under the lock: of two who take it back at once, the second finds nothing.
    """
    require(actor, *permissions)
    for_others = [each for each in permissions if each in ANYBODY]
    found = session.get(kind, id)
    own = found is not None and found.professional_id == actor.professional_id
    if found is None or not (own or allows(actor, *for_others)):
        raise NotFound(what=what)
    calendar_id = session.scalars(
        select(Professional.calendar_id).where(Professional.id == found.professional_id)
    ).one()
    lock_calendars(session, {calendar_id})
    still = session.get(kind, id, populate_existing=True)
    if still is None:
        raise NotFound(what=what)
    return still


def lock_entry(
    session: Session,
    actor: Actor,
    kind: type[Entry],
    id: int,
    what: str,
    *permissions: Permission,
) -> Entry:
    """The same, where it has not been taken away."""
    found = lock_any_entry(session, actor, kind, id, what, *permissions)
    if found.removed_at is not None:
        raise NotFound(what=what)
    return found


def lock_professionals(session: Session) -> None:
    """Every professional's calendar: what a closure touches."""
    lock_calendars(session, set(session.scalars(select(Professional.calendar_id))))
