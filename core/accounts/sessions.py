"""Sessions: how long one lasts, whose it is, and how it ends."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session, joinedload

from core import audit, outbox
from core.errors import ConfirmationNeeded
from core.models import AuthSession, OneTimeLink, OutboxMessage, Role, User
from core.passwords import secret_hash
from core.policy import CONSOLE, Actor

MOST_SESSIONS = 5
SEEN_EVERY = timedelta(minutes=1)
CONFIRMED_FOR = timedelta(minutes=10)
LONGEST_NAME = 200


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts without and with use, and whether it is locked or over by then."""

    idle: timedelta
    absolute: timedelta
    locks: bool


OF_STAFF = SessionLimits(timedelta(minutes=15), timedelta(hours=12), locks=True)
SESSION_LIMITS: Mapping[Role, SessionLimits] = {
    Role.PATIENT: SessionLimits(timedelta(minutes=30), timedelta(hours=24), locks=False),
    Role.PROFESSIONAL: OF_STAFF,
    Role.RECEPTIONIST: OF_STAFF,
    Role.ADMIN: OF_STAFF,
}


@dataclass(frozen=True)
class SignedIn:
    """A session in use: whose it is, when it was last used, and when it ends in any case."""

    actor: Actor
    last_seen_at: datetime
    expires_at: datetime

    def is_stamp_due(self, now: datetime) -> bool:
        """Whether ``touch`` would write: it does so once a minute at most."""
        return now - self.last_seen_at >= SEEN_EVERY


@dataclass(frozen=True)
class Locked:
    """A session nobody has used for a while. Nobody acts in it until its owner unlocks it."""

    session_id: int
    user_id: int
    name: str
    has_password: bool


def shut_out(session: Session, user: User, reason: str, now: datetime) -> None:
    """End every session of a user; nothing that was handed to them opens one any more.

    The links first: who is just using one is waited for, and their session ends with the rest.
    """
    void_links(session, user, now)
    revoke(session, AuthSession.user_id == user.id, reason, now)


def void_links(session: Session, user: User, now: datetime) -> None:
    """Nothing that was handed or mailed to a user works any more, or is still on its way."""
    outbox.drop_links(session, OutboxMessage.user_id == user.id, now=now)
    _void(session, OneTimeLink.user_id == user.id, now)


def void_all_links(session: Session, now: datetime) -> None:
    """The same for everybody."""
    outbox.drop_links(session, OutboxMessage.user_id.is_not(None), now=now)
    _void(session, OneTimeLink.user_id.is_not(None), now)


def check_confirmed(session: Session, actor: Actor, *, now: datetime) -> None:
    """``ConfirmationNeeded`` unless the actor proved who they are within the last ten minutes.

    Whoever has the console has the machine.
    """
    if actor == CONSOLE:
        return
    recent = exists().where(
        AuthSession.id == actor.session_id,
        AuthSession.user_id == actor.user_id,
        AuthSession.auth_at > now - CONFIRMED_FOR,
    )
    if not session.scalar(select(recent)):
        raise ConfirmationNeeded


def find_signed_in(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """Who a cookie belongs to, if its session is open, in use and its user still active."""
    found = _find(session, token)
    if found is None or not is_open(found, now) or is_idle(found, now):
        return None
    return SignedIn(actor_in(found.user, found), found.last_seen_at, found.expires_at)


def find_locked(session: Session, token: str, *, now: datetime) -> Locked | None:
    """Whose a session is that waits to be unlocked."""
    found = _find(session, token)
    if found is None or not is_open(found, now) or not is_idle(found, now):
        return None
    user = found.user
    return Locked(found.id, user.id, user.name, has_password=bool(user.password_hash))


def actor_from_token(session: Session, token: str, *, now: datetime) -> Actor | None:
    found = find_signed_in(session, token, now=now)
    return found.actor if found else None


def touch(session: Session, actor: Actor, *, now: datetime) -> None:
    """Note that a person, not a timer, used the session; written once a minute at most."""
    session.execute(
        update(AuthSession)
        .where(
            AuthSession.id == actor.session_id,
            AuthSession.revoked_at.is_(None),
            AuthSession.last_seen_at <= now - SEEN_EVERY,
            AuthSession.last_seen_at > now - SESSION_LIMITS[actor.role].idle,
        )
        .values(last_seen_at=now)
    )


def open_session(
    session: Session,
    user: User,
    *,
    ip: str,
    user_agent: str,
    by_company: bool = False,
    now: datetime,
) -> str:
    """A new session and its token; of too many, the oldest ends."""
    token = secrets.token_urlsafe(32)
    opened = AuthSession(
        token_sha256=secret_hash(token),
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        auth_at=now,
        expires_at=now + SESSION_LIMITS[user.role].absolute,
        ip=ip[:LONGEST_NAME],
        user_agent=user_agent[:LONGEST_NAME],
        by_company=by_company,
    )
    session.add(opened)
    session.flush()
    _revoke_oldest(session, user, now)
    audit.record(session, actor_in(user, opened), "session.opened", opened, now=now)
    return token


def sign_out(session: Session, actor: Actor, *, now: datetime) -> None:
    """End the actor's session; a copy of its cookie is worth nothing from now on."""
    if revoke(session, AuthSession.id == actor.session_id, "signed out", now):
        audit.record(session, actor, "session.closed", now=now)


def close_session(session: Session, token: str, *, now: datetime) -> None:
    """The same for whoever has the cookie, whether the session is locked or not."""
    found = _find(session, token)
    if found is not None:
        sign_out(session, actor_in(found.user, found), now=now)


def revoke(session: Session, which: ColumnElement[bool], reason: str, now: datetime) -> list[int]:
    """End the open sessions among ``which``; their ids."""
    ended = session.scalars(
        update(AuthSession)
        .where(which, AuthSession.revoked_at.is_(None))
        .values(revoked_at=now, revoke_reason=reason)
        .returning(AuthSession.id)
    )
    return list(ended)


def end_other_sessions(session: Session, actor: Actor, reason: str, *, now: datetime) -> list[int]:
    """End every session of the actor but this one; their ids."""
    others = (AuthSession.user_id == actor.user_id) & (AuthSession.id != actor.session_id)
    return revoke(session, others, reason, now)


def is_open(found: AuthSession, now: datetime) -> bool:
    """Whether a session can be used, or at least unlocked. Its user must be loaded."""
    limits = SESSION_LIMITS[found.user.role]
    return (
        found.revoked_at is None
        and found.user.active
        and now < found.expires_at
        and (limits.locks or not is_idle(found, now))
    )


def is_idle(found: AuthSession, now: datetime) -> bool:
    return now >= found.last_seen_at + SESSION_LIMITS[found.user.role].idle


def _void(session: Session, which: ColumnElement[bool], now: datetime) -> None:
    session.execute(
        update(OneTimeLink).where(which, OneTimeLink.used_at.is_(None)).values(used_at=now)
    )


def _find(session: Session, token: str) -> AuthSession | None:
    return session.scalar(
        select(AuthSession)
        .options(joinedload(AuthSession.user))
        .where(AuthSession.token_sha256 == secret_hash(token))
    )


def _revoke_oldest(session: Session, user: User, now: datetime) -> None:
    newest = (
        select(AuthSession.id)
        .where(AuthSession.user_id == user.id, AuthSession.revoked_at.is_(None))
        .order_by(AuthSession.id.desc())
        .limit(MOST_SESSIONS)
    )
    older = (AuthSession.user_id == user.id) & AuthSession.id.not_in(newest)
    revoke(session, older, "too many", now)


def actor_in(user: User, opened: AuthSession) -> Actor:
    return Actor(
        role=user.role,
        name=user.name,
        user_id=user.id,
        patient_id=user.patient_id,
        professional_id=user.professional_id,
        session_id=opened.id,
    )
