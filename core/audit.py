"""Every step on record: append-only, each entry sealed with the hash of the one before.

The chain shows an edited, deleted or inserted entry. A cut tail only shows against a head
kept elsewhere; ``head`` gives the line to keep.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import lock_audit
from core.models import AuditEntry, Base
from core.policy import Actor

BEFORE_THE_FIRST = "0" * 64


@dataclass(frozen=True)
class Head:
    """The newest entry: what to keep outside, so that a cut tail is noticed."""

    id: int
    hash: str


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: Base | None = None,
    *,
    now: datetime,
    **fields: object,
) -> AuditEntry:
    """Write one entry in the caller's transaction.

    ``fields`` name what changed and ids, never what a person wrote: an erased patient must
    not live on in here. Call it last, since it orders all writers behind one another.
    """
    session.flush()
    lock_audit(session)
    last = head(session)
    entry = AuditEntry(
        id=last.id + 1,
        at=now.replace(microsecond=0),
        user_id=actor.user_id,
        session_id=actor.session_id,
        action=action,
        object_kind=subject.__tablename__ if subject is not None else "",
        object_id=getattr(subject, "id", None),
        fields=json.dumps(fields, sort_keys=True, default=str),
        previous_hash=last.hash,
    )
    entry.hash = seal(entry)
    session.add(entry)
    session.flush()
    return entry


def head(session: Session) -> Head:
    newest = session.execute(
        select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)
    ).one_or_none()
    return Head(*newest) if newest else Head(0, BEFORE_THE_FIRST)


def seal(entry: AuditEntry) -> str:
    """The hash over everything an entry says, the previous hash included."""
    said = json.dumps(
        [
            entry.id,
            int(entry.at.timestamp()),
            entry.user_id,
            entry.session_id,
            entry.action,
            entry.object_kind,
            entry.object_id,
            entry.fields,
        ],
        separators=(",", ":"),
    )
    return hashlib.sha256(f"{entry.previous_hash}\x1e{said}".encode()).hexdigest()


def verify(session: Session) -> Iterator[int]:
    """The ids of entries that do not fit the chain; none when it is whole."""
    expected_id, expected_hash = 1, BEFORE_THE_FIRST
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id)).yield_per(1000):
        fits = entry.id == expected_id and entry.previous_hash == expected_hash
        if not fits or entry.hash != seal(entry):
            yield entry.id
        expected_id, expected_hash = entry.id + 1, entry.hash
