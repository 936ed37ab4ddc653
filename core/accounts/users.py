"""Users: who can sign in, as what, and whom their role is about."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import audit
from core.accounts.sessions import LONGEST_NAME, check_confirmed, shut_out
from core.edits import change, check_version, lock_row
from core.errors import N_, BookingError, Invalid, NotFound
from core.models import Organisation, Role, User
from core.passwords import PasswordHash
from core.patients.typed import LONGEST_EMAIL, email_address, line
from core.policy import Actor, Permission, require

NO_PASSWORD = PasswordHash("")
"""Somebody who has not chosen a password yet. No password is the right one."""

NEVER_TYPED = {"Cc", "Cs"}
"""Control characters and halves of characters, which no database takes everywhere."""

VISITOR = Actor(role=Role.PATIENT, name="")
"""Somebody who has not signed in, for the record of what was tried."""


@dataclass(frozen=True)
class NewUser:
    username: str
    name: str
    role: Role
    password_hash: PasswordHash
    """From ``passwords.hash_password``, called before the transaction begins."""
    patient_id: int | None = None
    professional_id: int | None = None
    email: str = ""


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
        raise Invalid(N_("This user name is taken. Please choose another."), field="username")
    _check_nobody_elses(session, user)
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:  # somebody else has just taken the name, or the person
        raise Invalid(
            N_("This user name is taken. Please choose another."), field="username"
        ) from None
    return user


def words_about(session: Session, user: User) -> tuple[str, ...]:
    """What somebody who knows the user or the place would try first as the password."""
    return (user.username, user.name, session.scalar(select(Organisation.name)) or "")


def has_password(session: Session, actor: Actor) -> bool:
    """Whether the actor can prove who they are with a password; some only come in otherwise."""
    return bool(session.scalar(select(User.password_hash).where(User.id == actor.user_id)))


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

    With another role every session of theirs ends, and links handed to them are void. Who
    becomes an admin chooses a new password: nobody can tell whether the old one is long enough.
    """
    require(actor, Permission.ACCOUNTS_WRITE)
    user = _locked(session, request.user_id)
    check_version(session, user, request.version)
    rises = request.role is Role.ADMIN and user.role is not Role.ADMIN
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
        check_confirmed(session, actor, now=now)
        shut_out(session, user, "changed", now)
    if rises:
        user.password_hash = NO_PASSWORD
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
                N_("{username} signs in for this person already. Change that account instead."),
                field=field,
                username=other,
            )


def clean_email(typed: str) -> str:
    """The address as it is kept, or ``Invalid``; empty for none."""
    return email_address(line(typed, LONGEST_EMAIL, "email"))


def fold_username(username: str) -> str:
    """One spelling for all the ways to type a user name."""
    typed = "".join(each for each in username if unicodedata.category(each) not in NEVER_TYPED)
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def _user_from(request: NewUser) -> User:
    return User(
        username=fold_username(request.username),
        name=" ".join(request.name.split()),
        role=request.role,
        password_hash=request.password_hash,
        patient_id=request.patient_id if request.role is Role.PATIENT else None,
        professional_id=request.professional_id if request.role is Role.PROFESSIONAL else None,
        email=clean_email(request.email),
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
