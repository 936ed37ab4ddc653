"""Proving again who it is: before what would hurt, to unlock a desk, for another password."""

from datetime import datetime

from sqlalchemy import exists, update
from sqlalchemy.orm import Session

from core import audit, throttle
from core.accounts.sessions import actor_in, check_confirmed, find_locked, shut_out
from core.accounts.signing_in import issue_ticket
from core.accounts.users import words_about
from core.db import Database
from core.edits import lock_row
from core.errors import N_, SignInNeeded, TooBusy, WrongPassword
from core.models import AuthSession, User
from core.passwords import check_password, hash_password, matches
from core.policy import Actor


def confirm(database: Database, actor: Actor, password: str, *, now: datetime) -> None:
    """Take the actor's own password as proof for the next ten minutes."""
    if actor.session_id is None or actor.user_id is None:
        raise SignInNeeded
    _prove(database, actor, password, "session.confirmed", now)


def unlock(database: Database, token: str, password: str, *, now: datetime) -> None:
    """Let a locked session go on where it was left, for its owner's password."""
    with database.reading() as session:
        locked = find_locked(session, token, now=now)
        if locked is None:
            raise SignInNeeded
        opened = session.get_one(AuthSession, locked.session_id)
        actor = actor_in(session.get_one(User, locked.user_id), opened)
    _prove(database, actor, password, "session.unlocked", now)


def change_password(database: Database, actor: Actor, password: str, *, now: datetime) -> str:
    """Set the actor's own password. Every session of theirs ends; the ticket opens a new one."""
    if actor.user_id is None:
        raise SignInNeeded
    with database.reading() as session:
        check_confirmed(session, actor, now=now)
        about = words_about(session, session.get_one(User, actor.user_id))
    hashed = hash_password(password, actor.role, about)
    with database.writing() as session:
        user = lock_row(session, User, actor.user_id, what=N_("user"))
        check_confirmed(session, actor, now=now)
        check_password(password, user.role)  # the role may just have changed
        user.password_hash = hashed
        shut_out(session, user, "new password", now)
        ticket = issue_ticket(session, user, now=now)
        audit.record(session, actor, "user.password_changed", user, now=now)
        return ticket


def _prove(database: Database, actor: Actor, password: str, action: str, now: datetime) -> None:
    """Check the password of the session's owner; tries are counted for the session alone."""
    counter = throttle.of_session(actor.session_id or 0)
    with database.writing() as session:
        throttle.take(session, counter, now=now)
        hashed = session.get_one(User, actor.user_id).password_hash
    try:
        right = matches(password, hashed or None)
    except TooBusy:
        with database.writing() as session:
            throttle.take_back(session, counter)
        raise
    with database.writing() as session:
        if right and _note_proof(session, actor, hashed, now):
            throttle.forget(session, counter)
            audit.record(session, actor, action, now=now)
            return
        audit.record(session, actor, "session.proof_refused", now=now)
    raise WrongPassword


def _note_proof(session: Session, actor: Actor, hashed: str, now: datetime) -> bool:
    """Whether the session is still open, and the password checked is still the one in force."""
    same = exists().where(User.id == actor.user_id, User.active, User.password_hash == hashed)
    noted = session.scalars(
        update(AuthSession)
        .where(
            AuthSession.id == actor.session_id,
            AuthSession.revoked_at.is_(None),
            AuthSession.expires_at > now,
            same,
        )
        .values(auth_at=now, last_seen_at=now)
        .returning(AuthSession.id)
    )
    return noted.first() is not None
