"""What somebody has typed and not saved: theirs alone, for a day and a half.

A draft is no change of anything, so it is not on record. It may name people who are not on
file, so nothing is found by what stands in it, and an erasure takes every draft along.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.errors import SignInNeeded
from core.models import Draft, Erasure
from core.policy import Actor

KEPT = timedelta(hours=36)
"""What was typed on one day is offered until the evening of the next."""
MOST_FORMS = 20
MOST_ENTRIES = 60
"""A visit of several services one after the other has some dozens of fields."""
LONGEST_ENTRY = 4_000
"""As long as the longest note."""


@dataclass(frozen=True)
class DraftKept:
    """``entries`` hold words, numbers, dates and times by the name of their field."""

    form: str
    entries: Mapping[str, Any]
    saved_at: datetime


def keep(
    session: Session,
    actor: Actor,
    form: str,
    entries: Mapping[str, Any],
    about: int | None = None,
    *,
    now: datetime,
) -> None:
    """Keep what stands in a form in place of what was kept of it; only so much of it.

    ``about`` is the patient whose record the form belongs to: of one who was erased meanwhile
    nothing is kept.
    """
    user_id = _user_of(actor)
    if about is not None and session.get(Erasure, about) is not None:
        return
    sweep(session, now=now)
    values = {"patient_id": about, "entries": _written(entries), "saved_at": now}
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    adding = (postgresql.insert if is_postgresql else sqlite.insert)(Draft)
    session.execute(
        adding.values(user_id=user_id, form=form, **values).on_conflict_do_update(
            index_elements=["user_id", "form"], set_=values
        )
    )
    own = select(Draft.form).where(Draft.user_id == user_id)
    newest = own.order_by(Draft.saved_at.desc(), Draft.form != form).limit(MOST_FORMS)
    too_many = set(session.scalars(own)) - set(session.scalars(newest))
    if too_many:
        session.execute(delete(Draft).where(Draft.user_id == user_id, Draft.form.in_(too_many)))


def find(session: Session, actor: Actor, form: str, *, now: datetime) -> DraftKept | None:
    """What this very person left in the form, if that is not too long ago."""
    kept = select(Draft.entries, Draft.saved_at).where(
        Draft.user_id == _user_of(actor), Draft.form == form, Draft.saved_at > now - KEPT
    )
    found = session.execute(kept).one_or_none()
    return found and DraftKept(form, _read(found.entries), found.saved_at)


def discard(session: Session, actor: Actor, form: str) -> None:
    """It was saved, or is not wanted."""
    session.execute(delete(Draft).where(Draft.user_id == _user_of(actor), Draft.form == form))


def sweep(session: Session, *, now: datetime) -> None:
    """Remove what nobody came back to."""
    session.execute(delete(Draft).where(Draft.saved_at <= now - KEPT))


def forget_all(session: Session) -> None:
    """Remove every draft: whom its words name, nobody can tell."""
    session.execute(delete(Draft))


def _user_of(actor: Actor) -> int:
    if actor.user_id is None:
        raise SignInNeeded
    return actor.user_id


def _written(entries: Mapping[str, Any]) -> str:
    cut = {
        name: value[:LONGEST_ENTRY] if isinstance(value, str) else value
        for name, value in list(entries.items())[:MOST_ENTRIES]
    }
    return json.dumps(cut, default=_named, ensure_ascii=False)


def _named(value: object) -> dict[str, str]:
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, time):
        return {"time": value.isoformat()}
    raise TypeError(f"not kept in a draft: {value!r}")


def _read(entries: str) -> dict[str, Any]:
    def read(found: dict[str, Any]) -> Any:
        if set(found) == {"date"}:
            return date.fromisoformat(found["date"])
        if set(found) == {"time"}:
            return time.fromisoformat(found["time"])
        return found

    fields = json.loads(entries)
    return {name: read(each) if isinstance(each, dict) else each for name, each in fields.items()}
