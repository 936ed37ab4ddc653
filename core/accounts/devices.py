"""Known devices: browsers somebody has signed in from before.

A cookie of its own, which outlives the session, tells them. It lets nobody in; wrong
passwords from there are only counted apart from those of strangers.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from core.models import AuthSession, KnownDevice, User
from core.passwords import secret_hash

KNOWN_FOR = timedelta(days=180)
MOST_DEVICES = 10


def is_known(session: Session, username: str, device: str, *, now: datetime) -> bool:
    """Whether this user has signed in with this cookie within the last half year."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    KnownDevice.token_sha256 == secret_hash(device),
                    KnownDevice.used_at > now - KNOWN_FOR,
                    KnownDevice.user_id == User.id,
                    User.username == username,
                )
            )
        )
    )


def know_device(session: Session, token: str, device: str, *, now: datetime) -> str:
    """Remember the browser that has just opened a session; what its device cookie holds now.

    Several people may sign in at one desk, so a cookie of ours stays. One we never gave out
    is replaced: nobody can plant theirs.
    """
    user_id = session.scalars(
        select(AuthSession.user_id).where(AuthSession.token_sha256 == secret_hash(token))
    ).one()
    given_out = exists().where(KnownDevice.token_sha256 == secret_hash(device))
    kept = device if session.scalar(select(given_out)) else secrets.token_urlsafe(32)
    mine = (KnownDevice.user_id == user_id, KnownDevice.token_sha256 == secret_hash(kept))
    seen = session.execute(
        update(KnownDevice).where(*mine).values(used_at=now).returning(KnownDevice.id)
    )
    if seen.scalar() is None:
        session.add(
            KnownDevice(
                user_id=user_id, token_sha256=secret_hash(kept), created_at=now, used_at=now
            )
        )
        session.flush()
        _forget_old(session, user_id, now)
    return kept


def _forget_old(session: Session, user_id: int, now: datetime) -> None:
    newest = (
        select(KnownDevice.id)
        .where(KnownDevice.user_id == user_id)
        .order_by(KnownDevice.used_at.desc(), KnownDevice.id.desc())
        .limit(MOST_DEVICES)
    )
    session.execute(
        delete(KnownDevice).where(
            KnownDevice.user_id == user_id, KnownDevice.id.not_in(newest.scalar_subquery())
        )
    )
    session.execute(delete(KnownDevice).where(KnownDevice.used_at <= now - KNOWN_FOR))
