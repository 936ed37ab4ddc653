"""Signing in: a password gives a ticket, and the ticket gives the session.

Two steps, because the form lives on a websocket and cannot set a cookie. ``sign_in`` checks
the password and answers with a ticket; the browser posts the ticket back over HTTP, where
``redeem_ticket`` opens the session whose token becomes the cookie. Of tickets, codes and
tokens only hashes are kept.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit, one_time, second_step, throttle
from core.accounts.devices import is_known
from core.accounts.sessions import open_session, revoke
from core.accounts.users import NO_PASSWORD, VISITOR, fold_username
from core.db import Database
from core.edits import lock_row
from core.errors import N_, TicketSpent, TooBusy, WrongCredentials
from core.models import AuthSession, User
from core.passwords import PasswordHash, is_outdated, matches, rehash, secret_hash

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SignInRequest:
    username: str
    password: str
    ip: str = ""
    device: str = ""
    """What the browser's own cookie says, whoever uses it."""


@dataclass(frozen=True)
class SignInAnswer:
    """A ticket for the session, or, where a code is needed, for ``second_step.confirm_code``."""

    ticket: str
    needs_code: bool


@dataclass(frozen=True)
class TicketRequest:
    ticket: str
    ip: str = ""
    user_agent: str = ""
    old_token: str = ""
    """What the browser's cookie held until now; that session ends here."""


@dataclass(frozen=True)
class Attempt:
    """One try at a user name: what it counts against, and what it costs besides."""

    username: str
    ip: str
    device: str
    """Of a browser this user has signed in from before; else nothing."""

    @property
    def counters(self) -> tuple[throttle.WindowCounter, ...]:
        if self.device:
            return (throttle.of_device(self.device, self.username),)
        return (
            throttle.of_account(self.username),
            throttle.of_account_from(self.username, self.ip),
            throttle.of_address(self.ip),
            throttle.EVERYBODY,
        )

    def forgive(self, session: Session, *, now: datetime) -> None:
        """The password was right. What others tried on the same name still counts."""
        own, *others = self.counters
        if self.device:
            throttle.forget(session, own)
            return
        tally, *shared = others
        throttle.take_off(session, own, tally, now=now)
        throttle.take_back(session, *shared)


def sign_in(database: Database, request: SignInRequest, *, now: datetime) -> SignInAnswer:
    """Check a password and answer with a ticket that opens one session, once, within a minute.

    Every attempt that is heard costs one password check, whether the user exists or not,
    and no transaction is open while it runs.
    """
    attempt, wait = _begin(database, request, now)
    time.sleep(wait.total_seconds())
    answer = None
    while answer is None:
        answer = _check(database, attempt, request.password, now)
    return answer


def redeem_ticket(session: Session, request: TicketRequest, *, now: datetime) -> str:
    """Open the session a ticket stands for, and answer with its token for the cookie.

    The token is new each time, and whatever session the browser had is over: nobody can
    plant a token before somebody else signs in.
    """
    kinds = (one_time.TICKET, one_time.COMPANY_TICKET)
    found = (one_time.use(session, kind, request.ticket, now=now) for kind in kinds)
    ticket = next(filter(None, found), None)
    user = session.get(User, ticket.user_id) if ticket is not None else None
    if ticket is None or user is None or not user.active:
        raise TicketSpent
    revoke(session, AuthSession.token_sha256 == secret_hash(request.old_token), "replaced", now)
    return open_session(
        session,
        user,
        ip=request.ip,
        user_agent=request.user_agent,
        by_company=ticket.kind == one_time.COMPANY_TICKET,
        now=now,
    )


def issue_ticket(session: Session, user: User, *, now: datetime) -> str:
    """What opens one session of this user, who has proved who they are."""
    return one_time.issue(
        session, one_time.TICKET, lasts=one_time.TICKET_LASTS, now=now, user_id=user.id
    )


def admit(session: Session, user: User, *, now: datetime) -> SignInAnswer:
    """The next step for a user who knew their password, or has just chosen it."""
    if second_step.is_on(session, user.id):
        return SignInAnswer(second_step.ask(session, user.id, now=now), needs_code=True)
    return SignInAnswer(issue_ticket(session, user, now=now), needs_code=False)


def _begin(database: Database, request: SignInRequest, now: datetime) -> tuple[Attempt, timedelta]:
    """Count the attempt before it is made, and say how long it is held up."""
    username = fold_username(request.username)
    with database.writing() as session:
        device = request.device if is_known(session, username, request.device, now=now) else ""
        attempt = Attempt(username, request.ip, device)
        throttle.take(session, *attempt.counters, now=now)
        if device:
            return attempt, timedelta()
        if throttle.is_flood_new(session):
            logger.warning("very many wrong passwords: strangers are slowed down")
            audit.record(session, VISITOR, "sign_in.flood", now=now)
        return attempt, throttle.wait_in_flood(session)


def _strengthen(session: Session, user: User, stronger: PasswordHash) -> None:
    """Keep the hash of today's cost. Nobody has edited the user by that."""
    session.execute(update(User).where(User.id == user.id).values(password_hash=stronger))


def _check(
    database: Database, attempt: Attempt, password: str, now: datetime
) -> SignInAnswer | None:
    """What becomes of the attempt; None where the password was replaced while it was checked."""
    with database.reading() as session:
        user = session.scalar(select(User).where(User.username == attempt.username, User.active))
    known = user.password_hash if user else NO_PASSWORD
    try:
        right = matches(password, known or None)
        stronger = rehash(password) if right and is_outdated(known) else None
    except TooBusy:
        with database.writing() as session:
            throttle.take_back(session, *attempt.counters)
        raise
    with database.writing() as session:
        if user is not None and right:
            user = lock_row(session, User, user.id, what=N_("user"))
            if not user.active or user.password_hash != known:
                return None
            attempt.forgive(session, now=now)
            if stronger is not None:
                _strengthen(session, user, stronger)
            return admit(session, user, now=now)
        audit.record(session, VISITOR, "sign_in.refused", user, now=now)
    raise WrongCredentials
