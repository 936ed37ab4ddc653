"""The first run: a code on the console makes the first admin, once.

Nobody can sign in to an empty database and no account has a default password. Whoever can
read the server's console, or the file beside the database, gets to name the first admin.
"""

import secrets
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core import audit, one_time, throttle
from core.accounts import VISITOR, NewUser, add_user
from core.catalog import list_first_reasons
from core.db import Database, lock_audit
from core.errors import N_, Invalid, NotFound, TooManyAttempts, WrongSetUpCode
from core.models import Organisation, Role, User
from core.passwords import check_password, hash_password

SET_UP = "set_up"
CODE_LASTS = timedelta(minutes=15)
COUNTER = throttle.WindowCounter("set_up", window=CODE_LASTS, free=5)
"""The pause after the last try outlasts the code."""


@dataclass(frozen=True)
class SetUpRequest:
    """The first admin, and the place itself."""

    code: str
    username: str
    name: str
    password: str
    organisation: str
    zone: str
    country: str
    currency: str

    @property
    def about(self) -> tuple[str, ...]:
        """What the password must not contain."""
        return (self.username, self.name, self.organisation)


def is_needed(session: Session) -> bool:
    """Whether nobody can sign in yet."""
    return not session.scalar(select(exists(select(User.id))))


def issue_code(session: Session, *, now: datetime) -> str:
    """A new set-up code of 128 bits; any older one is void."""
    if not is_needed(session):
        raise NotFound(what=N_("set-up"))
    one_time.burn(session, SET_UP, now=now)
    throttle.forget(session, COUNTER)
    code = secrets.token_hex(16)
    one_time.issue(session, SET_UP, code, lasts=CODE_LASTS, now=now)
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def set_up(database: Database, request: SetUpRequest, *, now: datetime) -> None:
    """Make the place and its first admin in one transaction, against the printed code."""
    check_request(request)
    code = "".join(each for each in request.code.casefold() if each.isalnum())
    with database.writing() as session:
        known = _check_code(session, code, now=now)
    if not known:
        raise WrongSetUpCode
    hashed = hash_password(request.password, Role.ADMIN, request.about)
    with database.writing() as session:
        lock_audit(session)  # of two browsers with two codes, the second finds a user
        if not is_needed(session) or one_time.use(session, SET_UP, code, now=now) is None:
            raise WrongSetUpCode
        _add_organisation(session, request)
        user = add_user(
            session,
            NewUser(
                username=request.username,
                name=request.name,
                role=Role.ADMIN,
                password_hash=hashed,
            ),
        )
        audit.record(session, VISITOR, "set_up.done", user, now=now)


def check_request(request: SetUpRequest) -> None:
    """Everything but the code, so that a slip in the form does not cost a try."""
    if not request.organisation.strip():
        raise Invalid(N_("Please say what the practice is called."), field="organisation")
    if request.zone not in zoneinfo.available_timezones():
        raise Invalid(N_("This is not a time zone. Please choose one from the list."), field="zone")
    for field, value, length in (
        ("country", request.country, 2),
        ("currency", request.currency, 3),
    ):
        if len(value) != length or not (value.isascii() and value.isalpha()):
            raise Invalid(N_("Please enter {count} letters."), field=field, count=length)
    check_password(request.password, Role.ADMIN, request.about)


def _check_code(session: Session, code: str, *, now: datetime) -> bool:
    """Whether the code is right; after five wrong ones it is wrong until a new one is issued."""
    try:
        throttle.take(session, COUNTER, now=now)
    except TooManyAttempts:
        return False
    right = one_time.find(session, SET_UP, code, now=now) is not None
    if right:
        throttle.forget(session, COUNTER)
    return right


def _add_organisation(session: Session, request: SetUpRequest) -> None:
    if session.get(Organisation, 1) is None:
        session.add(
            Organisation(
                id=1,
                name=" ".join(request.organisation.split()),
                zone=request.zone,
                country=request.country.upper(),
                currency=request.currency.upper(),
            )
        )
        list_first_reasons(session)
