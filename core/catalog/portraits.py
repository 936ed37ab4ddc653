"""Portraits: the picture of a professional, one each, kept in the database."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.catalog.pictures import Picture
from core.catalog.professionals import check_may_shape, get_professional, lock_professional
from core.errors import N_, NotFound
from core.models import Portrait
from core.policy import Actor


@dataclass(frozen=True)
class NewPortrait:
    professional_id: int
    picture: Picture


def load_portrait_keys(session: Session, professional_ids: Collection[int]) -> dict[int, str]:
    """Under which key each portrait is found, by the professional's id; not all have one."""
    rows = session.execute(
        select(Portrait.professional_id, Portrait.key).where(
            Portrait.professional_id.in_(professional_ids)
        )
    )
    return dict(rows.all())


def set_portrait(session: Session, actor: Actor, request: NewPortrait, *, now: datetime) -> str:
    """Show this picture from now on; the key it is found under."""
    check_may_shape(actor, request.professional_id)
    professional = lock_professional(session, request.professional_id)
    content = request.picture.content
    key = hashlib.sha256(content).hexdigest()
    kept = session.get(Portrait, professional.id)
    if kept is None:
        kept = Portrait(professional_id=professional.id)
        session.add(kept)
    elif kept.key == key:
        return key
    kept.key, kept.content, kept.updated_at = key, content, now
    audit.record(session, actor, "portrait.set", professional, now=now)
    return key


def remove_portrait(session: Session, actor: Actor, professional_id: int, *, now: datetime) -> None:
    """Show no picture any more; nothing of it is kept."""
    check_may_shape(actor, professional_id)
    professional = get_professional(session, professional_id)
    kept = session.get(Portrait, professional_id)
    if kept is None:
        raise NotFound(what=N_("picture"))
    session.delete(kept)
    audit.record(session, actor, "portrait.removed", professional, now=now)
