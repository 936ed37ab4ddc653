"""Activation links: people choose their own password, and nobody else ever knows it.

An admin hands the link over, or has it mailed. It works once, within 24 hours, until it is
used, replaced by a newer one, or its user is changed or deactivated. Until then an old
password stays in force.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import update
from sqlalchemy.orm import Session

from core import audit, one_time, outbox
from core.accounts import (
    NO_PASSWORD,
    VISITOR,
    NewUser,
    SignInAnswer,
    add_user,
    admit,
    check_confirmed,
    shut_out,
    words_about,
)
from core.db import Database
from core.edits import lock_row
from core.errors import N_, BookingError, Invalid, NotFound
from core.models import OneTimeLink, OutboxMessage, Role, User
from core.passwords import check_password, hash_password
from core.policy import Actor, Permission, require

ACTIVATION = "activation"
LINK_LASTS = timedelta(hours=24)


class LinkSpent(BookingError):
    code = "link_spent"
    message = N_(
        "This link has been used or has run out. Ask whoever gave it to you for a new one."
    )


@dataclass(frozen=True)
class Invitation:
    """Somebody who shall be able to sign in, and whom their role is about."""

    username: str
    name: str
    role: Role
    patient_id: int | None = None
    professional_id: int | None = None
    email: str = ""
    by_mail: bool = False
    """Mail the link to this address, rather than hand it over."""


@dataclass(frozen=True)
class Invited:
    """A user and the secret of their link. It is kept nowhere, so it can be shown once.

    A link that is mailed is made when it is: there is none to show.
    """

    user: User
    link: str


@dataclass(frozen=True)
class PasswordChosen:
    link: str
    password: str


class FindOwner(Protocol):
    def __call__(self, session: Session, link: str, *, now: datetime) -> User | None: ...


@dataclass(frozen=True)
class LinkKind:
    """One kind of link with which its owner chooses a password."""

    kind: str
    find: FindOwner
    spent: type[LinkSpent]
    action: str

    def use(self, database: Database, request: PasswordChosen, *, now: datetime) -> SignInAnswer:
        """Set the password; nothing else opens anything, so its owner is let in right here."""
        with database.reading() as session:
            found = self.find(session, request.link, now=now)
            if found is None:
                raise self.spent
            about = words_about(session, found)
        hashed = hash_password(request.password, found.role, about)
        with database.writing() as session:
            user = lock_row(session, User, found.id, what=N_("user"))
            is_theirs = self.find(session, request.link, now=now) is user
            if not is_theirs or not one_time.use(session, self.kind, request.link, now=now):
                raise self.spent
            check_password(request.password, user.role)  # the role may just have changed
            user.password_hash = hashed
            shut_out(session, user, "new password", now)
            answer = admit(session, user, now=now)
            audit.record(session, VISITOR, self.action, user, now=now)
            return answer


def invite_user(session: Session, actor: Actor, request: Invitation, *, now: datetime) -> Invited:
    """Add a user who has no password yet, with the link that lets them choose one.

    Whoever has a link can sign in, so the actor proves who they are.
    """
    require(actor, Permission.ACCOUNTS_WRITE)
    check_confirmed(session, actor, now=now)
    user = add_user(
        session,
        NewUser(
            username=request.username,
            name=request.name,
            role=request.role,
            password_hash=NO_PASSWORD,
            patient_id=request.patient_id,
            professional_id=request.professional_id,
            email=request.email,
        ),
    )
    invited = make_link(session, user, by_mail=request.by_mail, now=now)
    audit.record(session, actor, "user.created", user, now=now, role=user.role.value)
    return invited


def renew_link(
    session: Session, actor: Actor, user_id: int, *, now: datetime, by_mail: bool = False
) -> Invited:
    """A new link for somebody who lost theirs, or forgot their password; older ones are void."""
    require(actor, Permission.ACCOUNTS_WRITE)
    check_confirmed(session, actor, now=now)
    user = lock_row(session, User, user_id, what=N_("user"))
    if not user.active:
        raise NotFound(what=N_("user"))
    invited = make_link(session, user, by_mail=by_mail, now=now)
    audit.record(session, actor, "user.link_made", user, now=now)
    return invited


def issue_link(session: Session, user: User, *, now: datetime) -> str:
    """The secret of a new link, beside those there are."""
    return one_time.issue(session, ACTIVATION, lasts=LINK_LASTS, now=now, user_id=user.id)


def find_invited(session: Session, link: str, *, now: datetime) -> User | None:
    """Whose link this is, while it can be used."""
    found = one_time.find(session, ACTIVATION, link, now=now)
    user = session.get(User, found.user_id) if found is not None else None
    return user if user is not None and user.active else None


def choose_password(database: Database, request: PasswordChosen, *, now: datetime) -> SignInAnswer:
    """Use the link up and set the password; the next step of signing in.

    Whoever was signed in as this user no longer is.
    """
    return LinkKind(ACTIVATION, find_invited, LinkSpent, "user.password_chosen").use(
        database, request, now=now
    )


def make_link(session: Session, user: User, *, by_mail: bool, now: datetime) -> Invited:
    """Make earlier links void; then mail a new one, or answer with it.

    Whoever calls this has asked whether it may be done.
    """
    outbox.drop_links(session, OutboxMessage.user_id == user.id, (outbox.Kind.ACTIVATION,), now=now)
    session.execute(
        update(OneTimeLink)
        .where(
            OneTimeLink.kind == ACTIVATION,
            OneTimeLink.user_id == user.id,
            OneTimeLink.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if not by_mail:
        return Invited(user, issue_link(session, user, now=now))
    if not user.email:
        raise Invalid(N_("Enter the e-mail address the link shall go to."), field="email")
    message = outbox.Message(
        dedupe=f"activation:{user.id}:{now.isoformat()}",
        kind=outbox.Kind.ACTIVATION,
        address=user.email,
        user_id=user.id,
    )
    outbox.enqueue(session, message, now=now)
    return Invited(user, link="")
