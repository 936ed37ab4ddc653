"""The pictures of those who can be seen, for those who may look."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.directory.profiles import check_may_look
from core.errors import N_, NotFound
from core.models import Portrait, Professional, Role
from core.policy import Actor


def get_portrait(session: Session, actor: Actor, key: str) -> bytes:
    """A JPEG. To patients and visitors who is not listed is as if they were not there."""
    check_may_look(session, actor)
    query = (
        select(Portrait.content)
        .join(Professional, Professional.id == Portrait.professional_id)
        .where(Portrait.key == key, Professional.archived_at.is_(None))
        .limit(1)
    )
    if actor.role is Role.PATIENT:
        query = query.where(Professional.listed)
    found = session.scalar(query)
    if found is None:
        raise NotFound(what=N_("picture"))
    return found
