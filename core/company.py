"""Signing in with the company's own account: whoever its provider vouches for, if we know them.

The provider says who somebody is, by an address it has verified, and asks for whatever second
step the company wants. What they may do follows from their role here. Nobody is ever added.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core import audit, one_time
from core.accounts import VISITOR
from core.db import Database
from core.errors import N_, BookingError, TicketSpent
from core.models import User

ANSWER = "company_answer"
ANSWER_LASTS = timedelta(minutes=2)


class NotLetThrough(BookingError):
    code = "company_not_let_through"
    message = N_(
        "Your company's sign-in did not let you through. Try again, or enter your password here."
    )


class NotVerified(BookingError):
    code = "company_not_verified"
    message = N_(
        "Your company's sign-in has not verified the address {email}. Ask whoever looks after it."
    )


class NotKnown(BookingError):
    code = "company_not_known"
    message = N_(
        "{email} is not the address of anybody who signs in here. "
        "Ask an admin to add it to your account."
    )


class NotOneAlone(BookingError):
    code = "company_not_one_alone"
    message = N_(
        "{email} is the address of several people here. Ask an admin to give each their own."
    )


@dataclass(frozen=True)
class CompanyAnswer:
    """What the provider says of somebody."""

    mark: str = field(repr=False)
    """What tells this answer from all others; it counts once, and soon after it came in."""
    email: str
    is_verified: bool


def expect(session: Session, mark: str, *, now: datetime) -> None:
    """Note that an answer came in, straight from the provider."""
    one_time.issue(session, ANSWER, mark, lasts=ANSWER_LASTS, now=now)


def is_expected(session: Session, mark: str, *, now: datetime) -> bool:
    """Whether this answer came in a moment ago and has not counted yet."""
    return one_time.find(session, ANSWER, mark, now=now) is not None


def sign_in(database: Database, answer: CompanyAnswer, *, now: datetime) -> str:
    """A ticket that opens a session for the one active user who has the verified address."""
    with database.writing() as session:
        if one_time.use(session, ANSWER, answer.mark, now=now) is None:
            raise TicketSpent
        found = _find_users(session, answer.email) if answer.is_verified else []
        if len(found) == 1:
            return one_time.issue(
                session,
                one_time.COMPANY_TICKET,
                lasts=one_time.TICKET_LASTS,
                now=now,
                user_id=found[0].id,
            )
        audit.record(session, VISITOR, "sign_in.refused", now=now, by="company")
    if not answer.is_verified:
        raise NotVerified(email=answer.email)
    raise NotOneAlone(email=answer.email) if found else NotKnown(email=answer.email)


def _find_users(session: Session, email: str) -> Sequence[User]:
    """Who has this address, two at most. Look-alike letters are other addresses, so none count."""
    address = email.lower()
    if not email.isascii() or "@" not in address:
        return []
    is_theirs = or_(User.username == address, func.lower(User.email) == address)
    return session.scalars(select(User).where(User.active, is_theirs).limit(2)).all()
