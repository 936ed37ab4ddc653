"""Looking at sessions and ending them: one's own, and those of somebody who left."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from core import audit
from core.accounts.sessions import (
    end_other_sessions,
    is_open,
    revoke,
    void_all_links,
    void_links,
)
from core.accounts.users import get_user
from core.errors import N_, NotFound, SignInNeeded
from core.models import AuthSession
from core.policy import Actor, Permission, allows, require


@dataclass(frozen=True)
class SessionSeen:
    """A session as its list tells it."""

    id: int
    user_agent: str
    ip: str
    since: datetime
    last_seen_at: datetime
    is_this: bool


def load_sessions(
    session: Session, actor: Actor, user_id: int, *, now: datetime
) -> list[SessionSeen]:
    """The open sessions of oneself, or for admins of anybody; the newest first."""
    _check_whose(actor, user_id)
    found = session.scalars(
        select(AuthSession)
        .options(joinedload(AuthSession.user))
        .where(AuthSession.user_id == user_id, AuthSession.revoked_at.is_(None))
        .order_by(AuthSession.last_seen_at.desc(), AuthSession.id.desc())
    )
    return [
        SessionSeen(
            each.id,
            each.user_agent,
            each.ip,
            each.created_at,
            each.last_seen_at,
            is_this=each.id == actor.session_id,
        )
        for each in found
        if is_open(each, now)
    ]


def end_session(session: Session, actor: Actor, session_id: int, *, now: datetime) -> None:
    """End one session. Somebody else's is not there, except for admins."""
    found = session.get(AuthSession, session_id)
    if found is None:
        raise NotFound(what=N_("session"))
    _check_whose(actor, found.user_id)
    if revoke(session, AuthSession.id == session_id, "ended", now):
        audit.record(session, actor, "session.ended", found, now=now)


def sign_out_elsewhere(session: Session, actor: Actor, *, now: datetime) -> int:
    """Sign the actor out everywhere but here; how many sessions that were."""
    if actor.user_id is None or actor.session_id is None:
        raise SignInNeeded
    ended = end_other_sessions(session, actor, "ended", now=now)
    if ended:
        audit.record(session, actor, "session.others_ended", now=now, ended=ended)
    return len(ended)


def end_sessions_of(session: Session, actor: Actor, user_id: int, *, now: datetime) -> int:
    """Sign somebody out everywhere, and void their links; how many sessions that were."""
    user = get_user(session, actor, user_id)
    void_links(session, user, now)
    ended = revoke(session, AuthSession.user_id == user.id, "ended", now)
    audit.record(session, actor, "session.all_ended", user, now=now, ended=ended)
    return len(ended)


def end_all_sessions(session: Session, actor: Actor, *, now: datetime) -> int:
    """Sign everybody out and void all links, as when something has leaked; how many sessions
    that were."""
    require(actor, Permission.ACCOUNTS_WRITE)
    void_all_links(session, now)
    ended = revoke(session, AuthSession.id > 0, "all ended", now)
    audit.record(session, actor, "session.everybody_ended", now=now, count=len(ended))
    return len(ended)


def _check_whose(actor: Actor, user_id: int) -> None:
    if user_id != actor.user_id and not allows(actor, Permission.ACCOUNTS_WRITE):
        raise NotFound(what=N_("session"))
