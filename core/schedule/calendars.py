"""Whose calendar a change of hours touches, locked and checked."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import lock_calendars
from core.errors import N_, NotFound
from core.models import Professional
from core.policy import Actor, Permission, allows, require

ANYBODY = (Permission.SCHEDULE_WRITE, Permission.BOOKINGS_WRITE)
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


def lock_professionals(session: Session) -> None:
    """Every professional's calendar: what a closure touches."""
    lock_calendars(session, set(session.scalars(select(Professional.calendar_id))))
