"""Accounts: users, signing in and out.

Signing in has two steps, because the form lives on a websocket and cannot set a cookie.
``sign_in`` checks the password and answers with a ticket; the browser posts the ticket
back over HTTP, where ``redeem_ticket`` opens the session whose token becomes the cookie.
Of tickets, codes and tokens only hashes are kept.
"""

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, exists, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from core import audit, one_time, throttle
from core.db import Database
from core.edits import change, check_version, lock_row
from core.errors import N_, BookingError, Invalid, NotFound, TicketSpent, WrongCredentials
from core.models import AuthSession, OneTimeLink, Role, User
from core.passwords import PasswordHash, matches, secret_hash
from core.policy import Actor, Permission, require

TICKET = "sign_in"
TICKET_LASTS = timedelta(seconds=60)
MOST_SESSIONS = 5
SEEN_EVERY = timedelta(minutes=1)
LONGEST_NAME = 200

NO_PASSWORD = PasswordHash("")
"""Somebody who has not chosen a password yet. No password is the right one."""

VISITOR = Actor(role=Role.PATIENT, name="")
"""Somebody who has not signed in, for the record of what was tried."""


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts without and with use."""

    idle: timedelta
    absolute: timedelta


SESSION_LIMITS: Mapping[Role, SessionLimits] = {
    Role.PATIENT: SessionLimits(timedelta(minutes=30), timedelta(hours=24)),
    Role.PROFESSIONAL: SessionLimits(timedelta(minutes=60), timedelta(hours=12)),
    Role.RECEPTIONIST: SessionLimits(timedelta(minutes=60), timedelta(hours=12)),
    Role.ADMIN: SessionLimits(timedelta(minutes=60), timedelta(hours=12)),
}


@dataclass(frozen=True)
class NewUser:
    username: str
    name: str
    role: Role
    password_hash: PasswordHash
    """From ``passwords.hash_password``, called before the transaction begins."""
    patient_id: int | None = None
    professional_id: int | None = None


@dataclass(frozen=True)
class EditedUser:
    """A user as a form sends it back; ``version`` is the one the form was opened on."""

    user_id: int
    version: int
    name: str
    role: Role
    patient_id: int | None = None
    professional_id: int | None = None


class LastAdmin(BookingError):
    """With nobody left to let people in, only the console could."""

    code = "last_admin"
    message = N_("{name} is the only admin who can sign in. Make somebody else an admin first.")


@dataclass(frozen=True)
class SignInRequest:
    username: str
    password: str
    ip: str = ""


@dataclass(frozen=True)
class TicketRequest:
    ticket: str
    ip: str = ""
    user_agent: str = ""
    old_token: str = ""
    """What the browser's cookie held until now; that session ends here."""


@dataclass(frozen=True)
class SignedIn:
    """An open session: who it belongs to, and when it was last used."""

    actor: Actor
    last_seen_at: datetime

    def is_stamp_due(self, now: datetime) -> bool:
        """Whether ``touch`` would write: it does so once a minute at most."""
        return now - self.last_seen_at >= SEEN_EVERY


# --- users


def create_user(session: Session, actor: Actor, request: NewUser, *, now: datetime) -> User:
    """Add somebody who can sign in; a user name exists once, whatever its case."""
    require(actor, Permission.ACCOUNTS_WRITE)
    user = add_user(session, request)
    audit.record(session, actor, "user.created", user, now=now, role=user.role.value)
    return user


def add_user(session: Session, request: NewUser) -> User:
    """The part of ``create_user`` that the first run shares, where nobody may grant it yet."""
    user = _user_from(request)
    check_user(user)
    if session.scalar(select(exists().where(User.username == user.username))):
        raise Invalid(N_("This user name is taken."), field="username")
    _check_nobody_elses(session, user)
    session.add(user)
    session.flush()
    return user


def load_users(session: Session, actor: Actor, *, words: str = "", limit: int = 200) -> list[User]:
    """Users whose name or user name holds ``words``: staff before patients, then by name."""
    require(actor, Permission.ACCOUNTS_WRITE)
    query = select(User)
    for word in words.split():
        query = query.where(
            or_(
                User.name.icontains(word, autoescape=True),
                User.username.contains(fold_username(word), autoescape=True),
            )
        )
    order = (case((User.role == Role.PATIENT, 1), else_=0), func.lower(User.name), User.id)
    return list(session.scalars(query.order_by(*order).limit(limit)))


def get_user(session: Session, actor: Actor, user_id: int) -> User:
    require(actor, Permission.ACCOUNTS_WRITE)
    found = session.get(User, user_id)
    if found is None:
        raise NotFound(what=N_("user"))
    return found


def load_admin_names(session: Session, actor: Actor) -> list[str]:
    """Whom the desk asks for what only an admin may do."""
    require(actor, Permission.BOOKINGS_READ)
    return list(session.scalars(select(User.name).where(*_IS_ADMIN).order_by(User.name)))


def edit_user(session: Session, actor: Actor, request: EditedUser, *, now: datetime) -> User:
    """Change a user's name, role and whom the role is about.

    With another role every session of theirs ends, and links handed to them are void.
    """
    require(actor, Permission.ACCOUNTS_WRITE)
    user = _locked(session, request.user_id)
    check_version(session, user, request.version)
    if request.role is not Role.ADMIN:
        _check_other_admin(session, user)
    changed = change(
        user,
        {
            "name": " ".join(request.name.split()),
            "role": request.role,
            "patient_id": request.patient_id if request.role is Role.PATIENT else None,
            "professional_id": (
                request.professional_id if request.role is Role.PROFESSIONAL else None
            ),
        },
    )
    with session.no_autoflush:
        check_user(user)
        _check_nobody_elses(session, user)
    if set(changed) - {"name"}:
        shut_out(session, user, "changed", now)
    if changed:
        audit.record(session, actor, "user.edited", user, now=now, changed=changed)
    return user


def deactivate_user(
    session: Session, actor: Actor, user_id: int, version: int, *, now: datetime
) -> User:
    """Let somebody in no more: their sessions end now, and their links are void."""
    require(actor, Permission.ACCOUNTS_WRITE)
    user = _locked(session, user_id)
    check_version(session, user, version)
    _check_other_admin(session, user)
    if user.active:
        user.active = False
        shut_out(session, user, "deactivated", now)
        audit.record(session, actor, "user.deactivated", user, now=now)
    return user


def activate_user(
    session: Session, actor: Actor, user_id: int, version: int, *, now: datetime
) -> User:
    """Let somebody in again, with the password they had."""
    require(actor, Permission.ACCOUNTS_WRITE)
    user = _locked(session, user_id)
    check_version(session, user, version)
    if not user.active:
        user.active = True
        audit.record(session, actor, "user.activated", user, now=now)
    return user


def shut_out(session: Session, user: User, reason: str, now: datetime) -> None:
    """End every session of a user; nothing that was handed to them opens one any more."""
    _revoke(session, AuthSession.user_id == user.id, reason, now)
    session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.user_id == user.id, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
    )


_IS_ADMIN = (User.role == Role.ADMIN, User.active, User.password_hash != NO_PASSWORD)
"""An admin who can sign in."""


def _locked(session: Session, user_id: int) -> User:
    """The user, and all admins, held until commit: two admins cannot dismiss each other."""
    session.execute(
        select(User.id)
        .where(User.role == Role.ADMIN)
        .order_by(User.id)
        .with_for_update(key_share=True)
    )
    return lock_row(session, User, user_id, what=N_("user"))


def _check_other_admin(session: Session, user: User) -> None:
    others = session.scalar(select(exists().where(*_IS_ADMIN, User.id != user.id)))
    if user.role is Role.ADMIN and user.active and not others:
        raise LastAdmin(name=user.name)


def _check_nobody_elses(session: Session, user: User) -> None:
    """A patient's record and a professional's calendar belong to one user each."""
    for field in ("patient_id", "professional_id"):
        linked = getattr(user, field)
        if linked is None:
            continue
        others = select(User.username).where(getattr(User, field) == linked)
        other = session.scalar(others.where(User.id.is_distinct_from(user.id)))
        if other is not None:
            raise Invalid(
                N_("{username} signs in for this person already."), field=field, username=other
            )


def fold_username(username: str) -> str:
    """One spelling for all the ways to type a user name."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def _user_from(request: NewUser) -> User:
    return User(
        username=fold_username(request.username),
        name=" ".join(request.name.split()),
        role=request.role,
        password_hash=request.password_hash,
        patient_id=request.patient_id,
        professional_id=request.professional_id,
    )


def check_user(user: User) -> None:
    """A user name and a name that can be typed and read, and the person a role is about."""
    for field, value in (("username", user.username), ("name", user.name)):
        if not value:
            raise Invalid(N_("Please fill this in."), field=field)
        if len(value) > LONGEST_NAME or not value.isprintable():
            raise Invalid(N_("Please use fewer and plainer characters."), field=field)
    if user.role is Role.PATIENT and user.patient_id is None:
        raise Invalid(N_("Choose whose record this patient sees."), field="patient_id")
    if user.role is Role.PROFESSIONAL and user.professional_id is None:
        raise Invalid(N_("Choose whose calendar this professional has."), field="professional_id")


# --- signing in and out


def sign_in(database: Database, request: SignInRequest, *, now: datetime) -> str:
    """Check a password and answer with a ticket that opens one session, once, within a minute.

    Every attempt that is heard costs one password check, whether the user exists or not,
    and no transaction is open while it runs.
    """
    username = fold_username(request.username)
    account, address = throttle.of_account(username), throttle.of_address(request.ip)
    with database.writing() as session:
        throttle.take(session, account, address, now=now)
    with database.reading() as session:
        user = session.scalar(select(User).where(User.username == username, User.active))
    known = user.password_hash if user else NO_PASSWORD
    right = matches(request.password, known or None)
    with database.writing() as session:
        if user is not None and right:
            throttle.give_back(session, account, address)
            return one_time.issue(session, TICKET, lasts=TICKET_LASTS, now=now, user_id=user.id)
        audit.record(session, VISITOR, "sign_in.refused", user, now=now)
    raise WrongCredentials


def redeem_ticket(session: Session, request: TicketRequest, *, now: datetime) -> str:
    """Open the session a ticket stands for, and answer with its token for the cookie.

    The token is new each time, and whatever session the browser had is over: nobody can
    plant a token before somebody else signs in.
    """
    ticket = one_time.use(session, TICKET, request.ticket, now=now)
    user = session.get(User, ticket.user_id) if ticket is not None else None
    if user is None or not user.active:
        raise TicketSpent
    _revoke(session, AuthSession.token_sha256 == secret_hash(request.old_token), "replaced", now)
    token = secrets.token_urlsafe(32)
    opened = AuthSession(
        token_sha256=secret_hash(token),
        user_id=user.id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + SESSION_LIMITS[user.role].absolute,
        ip=request.ip[:LONGEST_NAME],
        user_agent=request.user_agent[:LONGEST_NAME],
    )
    session.add(opened)
    session.flush()
    _revoke_oldest(session, user, now)
    audit.record(session, _actor(user, opened), "session.opened", opened, now=now)
    return token


def find_signed_in(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """Who a cookie belongs to, if its session is open, in use and its user still active."""
    found = session.scalar(
        select(AuthSession)
        .options(joinedload(AuthSession.user))
        .where(AuthSession.token_sha256 == secret_hash(token))
    )
    if found is None or not _is_open(found, now):
        return None
    return SignedIn(_actor(found.user, found), found.last_seen_at)


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
        )
        .values(last_seen_at=now)
    )


def sign_out(session: Session, actor: Actor, *, now: datetime) -> None:
    """End the actor's session; a copy of its cookie is worth nothing from now on."""
    if _revoke(session, AuthSession.id == actor.session_id, "signed out", now):
        audit.record(session, actor, "session.closed", now=now)


def _revoke(session: Session, which: ColumnElement[bool], reason: str, now: datetime) -> list[int]:
    """End the open sessions among ``which``; their ids."""
    ended = session.scalars(
        update(AuthSession)
        .where(which, AuthSession.revoked_at.is_(None))
        .values(revoked_at=now, revoke_reason=reason)
        .returning(AuthSession.id)
    )
    return list(ended)


def _revoke_oldest(session: Session, user: User, now: datetime) -> None:
    newest = (
        select(AuthSession.id)
        .where(AuthSession.user_id == user.id, AuthSession.revoked_at.is_(None))
        .order_by(AuthSession.id.desc())
        .limit(MOST_SESSIONS)
    )
    older = (AuthSession.user_id == user.id) & AuthSession.id.not_in(newest)
    _revoke(session, older, "too many", now)


def _is_open(found: AuthSession, now: datetime) -> bool:
    idle = SESSION_LIMITS[found.user.role].idle
    return (
        found.revoked_at is None
        and found.user.active
        and now < found.expires_at
        and now < found.last_seen_at + idle
    )


def _actor(user: User, opened: AuthSession) -> Actor:
    return Actor(
        role=user.role,
        name=user.name,
        user_id=user.id,
        patient_id=user.patient_id,
        professional_id=user.professional_id,
        session_id=opened.id,
    )
