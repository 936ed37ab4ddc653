"""Secrets that work once and not for long. Only their hashes are kept."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.orm import Session

from core.models import OneTimeLink
from core.passwords import secret_hash

TICKET = "sign_in"
TICKET_LASTS = timedelta(seconds=60)
"""What a password, or a password and a code, is traded for: it opens one session."""
COMPANY_TICKET = "company"
"""The same for somebody the company's own sign-in vouches for."""


def issue(
    session: Session,
    kind: str,
    secret: str = "",
    *,
    lasts: timedelta,
    now: datetime,
    user_id: int | None = None,
    registration_id: int | None = None,
    tied_to: str | None = None,
) -> str:
    """A new secret, or the given one; those that ran out an hour ago are swept away.

    It can be ``tied_to`` what must still be the same when it is used.
    """
    made = secret or secrets.token_urlsafe(32)
    session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < now - timedelta(hours=1)))
    session.add(
        OneTimeLink(
            kind=kind,
            token_sha256=secret_hash(made),
            user_id=user_id,
            registration_id=registration_id,
            tied_to="" if tied_to is None else secret_hash(tied_to),
            expires_at=now + lasts,
        )
    )
    session.flush()
    return made


def find(session: Session, kind: str, secret: str, *, now: datetime) -> OneTimeLink | None:
    """The link that could be used now, without using it."""
    return session.scalar(_usable(kind, now).where(OneTimeLink.token_sha256 == secret_hash(secret)))


def is_open(session: Session, kind: str, *, now: datetime) -> bool:
    """Whether any secret of this kind could be used now."""
    return bool(session.scalar(select(exists(_usable(kind, now)))))


def use(session: Session, kind: str, secret: str, *, now: datetime) -> OneTimeLink | None:
    """The link, used up by this call: of two at once, one gets it."""
    found = find(session, kind, secret, now=now)
    if found is None:
        return None
    used = session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.id == found.id, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
        .returning(OneTimeLink.id)
    )
    return found if used.scalar() is not None else None


def burn(session: Session, kind: str, *, now: datetime) -> None:
    """No secret of this kind works any more."""
    session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.kind == kind, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
    )


def _usable(kind: str, now: datetime) -> Select[OneTimeLink]:
    return select(OneTimeLink).where(
        OneTimeLink.kind == kind, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now
    )
