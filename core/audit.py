"""Every step on record: append-only, each entry sealed with the hash of the one before.

The chain shows an edited, deleted or inserted entry. A cut tail only shows against a head
kept elsewhere; ``head`` gives the line to keep.
"""

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from core.db import Database, lock_audit
from core.errors import NotAllowed, NotSaved
from core.models import AuditEntry, Base
from core.policy import Actor

logger = logging.getLogger(__name__)

BEFORE_THE_FIRST = "0" * 64
ONCE_IN = timedelta(minutes=1)
"""Looking at the same thing again within this time leaves no further entry."""
READS = frozenset(
    {
        "patient.opened",
        "patient.opened_exceptionally",
        "patient.exported",
        "patient.slip_printed",
    }
)
"""What is done to a patient's record without changing it."""


@dataclass(frozen=True)
class Head:
    """The newest entry: what to keep outside, so that a cut tail is noticed."""

    id: int
    hash: str


class Said(NamedTuple):
    """What an entry says, in the order it is sealed in."""

    id: int
    at: datetime
    user_id: int | None
    session_id: int | None
    action: str
    object_kind: str
    object_id: int | None
    fields: str


ENTRIES = AuditEntry.__table__
APPEND = insert(AuditEntry)
NEWEST = select(ENTRIES.c.id, ENTRIES.c.hash).order_by(ENTRIES.c.id.desc()).limit(1)
WHOLE_CHAIN = select(
    *(ENTRIES.c[name] for name in (*Said._fields, "previous_hash", "hash"))
).order_by(ENTRIES.c.id)


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: Base | None = None,
    *,
    now: datetime,
    **fields: object,
) -> None:
    """Write one entry in the caller's transaction.

    ``fields`` name what changed and ids, never what a person wrote: an erased patient must
    not live on in here. Call it last, since it orders all writers behind one another.
    """
    session.flush()
    lock_audit(session)
    last = head(session)
    said = Said(
        id=last.id + 1,
        at=now.replace(microsecond=0),
        user_id=actor.user_id,
        session_id=actor.session_id,
        action=action,
        object_kind=subject.__tablename__ if subject is not None else "",
        object_id=getattr(subject, "id", None),
        fields=json.dumps(fields, sort_keys=True, default=str),
    )
    sealed = {"previous_hash": last.hash, "hash": seal(last.hash, said)}
    session.connection().execute(APPEND, said._asdict() | sealed)


def record_read(
    session: Session,
    actor: Actor,
    action: str,
    subject: Base | None = None,
    *,
    now: datetime,
    **fields: object,
) -> None:
    """The same for what is only looked at: once a minute for each person, action and subject.

    The transaction must be one that commits. ``note_read`` is for screens that only read.
    """
    if not _is_recent(session, actor, action, subject, now):
        record(session, actor, action, subject, now=now, **fields)


def note_read(
    database: Database,
    actor: Actor,
    action: str,
    subject: Base | None = None,
    *,
    now: datetime,
    **fields: object,
) -> None:
    """``record_read`` in a transaction of its own, after the reading is done.

    On a disk that takes nothing more the desk goes on reading, and the log says so.
    """
    with database.reading() as session:
        if _is_recent(session, actor, action, subject, now):
            return
    try:
        with database.writing() as session:
            record_read(session, actor, action, subject, now=now, **fields)
    except NotSaved:
        logger.warning("could not put %s on record", action)


def note_refusal(database: Database, refusal: NotAllowed, *, now: datetime) -> None:
    """Put on record who asked for what they may not do, once the refused attempt is undone."""
    actor, permission = refusal.details.get("actor"), refusal.details.get("permission")
    if isinstance(actor, Actor):
        note_read(database, actor, f"refused.{permission}", now=now)


def _is_recent(
    session: Session, actor: Actor, action: str, subject: Base | None, now: datetime
) -> bool:
    entry = AuditEntry
    return bool(
        session.scalar(
            select(
                exists().where(
                    entry.user_id == actor.user_id,
                    entry.at > now - ONCE_IN,
                    entry.action == action,
                    entry.object_id == getattr(subject, "id", None),
                )
            )
        )
    )


def head(session: Session) -> Head:
    newest = session.connection().execute(NEWEST).one_or_none()
    return Head(*newest) if newest else Head(0, BEFORE_THE_FIRST)


def seal(previous_hash: str, said: Said) -> str:
    """The hash over everything an entry says, the previous hash included."""
    content = json.dumps([said.id, int(said.at.timestamp()), *said[2:]], separators=(",", ":"))
    return hashlib.sha256(f"{previous_hash}\x1e{content}".encode()).hexdigest()


def verify(session: Session) -> Iterator[int]:
    """The ids of entries that do not fit the chain; none when it is whole."""
    expected_id, expected_hash = 1, BEFORE_THE_FIRST
    for *said, previous_hash, own_hash in session.execute(WHOLE_CHAIN).yield_per(1000):
        entry = Said(*said)
        fits = entry.id == expected_id and previous_hash == expected_hash
        if not fits or own_hash != seal(previous_hash, entry):
            yield entry.id
        expected_id, expected_hash = entry.id + 1, own_hash
