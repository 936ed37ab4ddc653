"""Openings, time off and closures that were taken away: gone at once, back for ten minutes."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.edits import UNDO_FOR
from core.errors import NotFound
from core.models import Closure, Opening, TimeOff


def take_away(session: Session, row: Opening | TimeOff | Closure, *, now: datetime) -> None:
    """Out of use; what was taken away before and cannot come back any more is deleted."""
    kind = type(row)
    session.execute(delete(kind).where(kind.removed_at <= now - UNDO_FOR))
    row.removed_at = now


def bring_back(row: Opening | TimeOff | Closure | None, what: str, *, now: datetime) -> None:
    """In use again, unless it is too late or somebody was quicker."""
    if row is None or row.removed_at is None or row.removed_at <= now - UNDO_FOR:
        raise NotFound(what=what)
    row.removed_at = None
