"""The second step of signing in: six digits from a telephone, or a recovery code.

A right password answers with a ticket that opens nothing yet. Together with a code it is
traded for the ticket that does. Neither a link by mail nor a new password goes round this.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import Exists, delete, exists, func, select, update
from sqlalchemy.orm import Session

from core import audit, one_time, throttle
from core.db import Database
from core.edits import lock_row
from core.errors import N_, BookingError, TicketSpent
from core.models import AuthSession, Organisation, RecoveryCode, Role, SecondStep, User
from core.passwords import secret_hash
from core.policy import Actor

ASKED = "second_step"
ASKED_FOR = timedelta(minutes=5)
DIGITS = 6
RECOVERY_CODES = 10
MISREAD = str.maketrans("01", "ol")


class WrongCode(BookingError):
    code = "wrong_code"
    message = N_("This code is not right, or has been used. Enter the one your app shows now.")


@dataclass(frozen=True)
class CodeRequest:
    """What was typed as the second step; the ticket is the one the password was traded for."""

    ticket: str
    code: str
    ip: str = ""


def is_on(session: Session, user_id: int) -> bool:
    """Whether a password alone does not let this user in."""
    return bool(session.scalar(select(_is_on(user_id))))


def is_owed(session: Session, actor: Actor) -> bool:
    """Whether the actor has to set up a second step before anything else."""
    if actor.role is Role.PATIENT or actor.user_id is None:
        return False
    by_company = exists().where(AuthSession.id == actor.session_id, AuthSession.by_company)
    required = exists().where(Organisation.two_step_required)
    return bool(session.scalar(select(required & ~_is_on(actor.user_id) & ~by_company)))


def ask(session: Session, user_id: int, *, now: datetime) -> str:
    """A ticket for somebody who knew their password, good for ``confirm_code`` and no more."""
    return one_time.issue(session, ASKED, lasts=ASKED_FOR, now=now, user_id=user_id)


def confirm_code(database: Database, request: CodeRequest, *, now: datetime) -> str:
    """Check a code and answer with the ticket that opens a session.

    A wrong code leaves the person where they are, for as long as their ticket lasts; the
    attempts count for the user, however many tickets they are spread over.
    """
    with database.writing() as session:
        user = _find_asked(session, request.ticket, now=now)
        if user is None:
            raise TicketSpent
        own, address = throttle.of_second_step(user.id), throttle.of_address(request.ip)
        throttle.take(session, own, address, now=now)
        by_app = take_code(session, user.id, request.code, now=now)
        if by_app or _take_recovery_code(session, user.id, request.code, now=now):
            one_time.use(session, ASKED, request.ticket, now=now)
            throttle.give_back(session, own, address)
            ticket = one_time.issue(
                session, one_time.TICKET, lasts=one_time.TICKET_LASTS, now=now, user_id=user.id
            )
            if not by_app:
                _note_recovery_code(session, user, now)
            return ticket
        audit.record(session, _half_in(user), "second_step.refused", user, now=now)
    raise WrongCode


def take_code(session: Session, user_id: int, typed: str, *, now: datetime) -> bool:
    """Whether the digits are those of now, give or take half a minute; they count once."""
    step = session.get(SecondStep, user_id, populate_existing=True)
    digits = "".join(typed.split())
    if step is None or len(digits) != DIGITS or not digits.isascii():
        return False
    app = pyotp.TOTP(step.secret)
    current = app.timecode(now)
    shown = [
        count
        for count in range(current - 1, current + 2)
        if hmac.compare_digest(app.generate_otp(count), digits)
    ]
    return any(_count_up(session, user_id, count) for count in shown)


def make_recovery_codes(session: Session, user_id: int) -> list[str]:
    """Ten new codes in groups of four letters; those made before are void."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    made = [
        base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)
    ]
    session.add_all(RecoveryCode(user_id=user_id, code_sha256=secret_hash(code)) for code in made)
    session.flush()
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in made]


def count_recovery_codes(session: Session, user_id: int) -> int:
    """How many recovery codes are left."""
    left = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(left) or 0


def _is_on(user_id: int) -> Exists:
    return exists().where(SecondStep.user_id == user_id, SecondStep.on_since.is_not(None))


def _find_asked(session: Session, ticket: str, *, now: datetime) -> User | None:
    """Who is asked for a code by this ticket, if they still are.

    They are held until the transaction ends: a new password waits, or was first and voided it.
    """
    found = one_time.find(session, ASKED, ticket, now=now)
    if found is None or found.user_id is None:
        return None
    user = lock_row(session, User, found.user_id, what=N_("user"))
    still = one_time.find(session, ASKED, ticket, now=now) is not None
    return user if still and user.active and is_on(session, user.id) else None


def _note_recovery_code(session: Session, user: User, now: datetime) -> None:
    left = count_recovery_codes(session, user.id)
    actor = _half_in(user)
    audit.record(session, actor, "second_step.recovery_code_used", user, now=now, left=left)


def _half_in(user: User) -> Actor:
    """Somebody who knew this user's password, for the record; no session is theirs yet."""
    return Actor(role=user.role, name=user.name, user_id=user.id)


def _take_recovery_code(session: Session, user_id: int, typed: str, *, now: datetime) -> bool:
    code = "".join(each for each in typed.casefold() if each.isalnum()).translate(MISREAD)
    used = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_sha256 == secret_hash(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return used is not None


def _count_up(session: Session, user_id: int, count: int) -> bool:
    """Of two who send the same digits at once, one is heard."""
    taken = session.scalar(
        update(SecondStep)
        .where(SecondStep.user_id == user_id, SecondStep.last_count < count)
        .values(last_count=count)
        .returning(SecondStep.user_id)
    )
    return taken is not None
