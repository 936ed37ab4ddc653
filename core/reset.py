"""A forgotten password: a link by mail to the address on file lets its owner choose a new one.

Whoever asks is told the same, whether anybody is known by that name or not. Asking changes
nothing. The link works once, for half an hour, and not once the password is another one.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core import audit, one_time, outbox, throttle
from core.accounts import NO_PASSWORD, VISITOR, SignInAnswer, fold_username
from core.activation import LinkKind, LinkSpent, PasswordChosen
from core.db import Database
from core.errors import N_, Invalid, TooManyAttempts
from core.models import OneTimeLink, OutboxMessage, User
from core.passwords import secret_hash

RESET = "reset"
LINK_LASTS = timedelta(minutes=30)
MOST_AN_HOUR = 3
MOST_AN_HOUR_FROM_ONE_ADDRESS = 15
MOST_WITH_ONE_MAILBOX = 5
HOUR = timedelta(hours=1)


class ResetSpent(LinkSpent):
    message = N_(
        "This link has been used or has run out. If you still need one, press "
        "\u201cForgot your password?\u201d again."
    )


class AskedTooOften(TooManyAttempts):
    code = "asked_too_often"
    message = N_("This was asked too often. Please try again in {minutes} minutes.")


@dataclass(frozen=True)
class ResetAsked:
    who: str
    """A user name or an e-mail address, as somebody typed it."""
    ip: str = ""


def ask_reset(database: Database, request: ResetAsked, *, now: datetime) -> None:
    """Have a link mailed to everybody known by that name or address who can sign in.

    For nobody the same is written and taken back, so that the answer takes as long.
    """
    who = fold_username(request.who)
    if not who:
        raise Invalid(N_("Please fill this in."), field="who")
    with database.writing() as session:
        try:
            throttle.take(session, *_counters(who, request.ip), now=now)
        except TooManyAttempts as refusal:
            minutes = math.ceil(refusal.details["seconds"] / 60)
            raise AskedTooOften(**refusal.details, minutes=minutes) from None
    with database.writing() as session:
        known = session.scalars(
            select(User)
            .where(or_(User.username == who, User.email == who), *_CAN_RESET)
            .order_by(User.id)
            .limit(MOST_WITH_ONE_MAILBOX)
        ).all()
        for user in known or (None,):
            with session.begin_nested() as step:
                is_wanted = _is_wanted(session, user, now)
                _enqueue(session, user, now)
                if not is_wanted:
                    step.rollback()
        audit.record(session, VISITOR, "reset.asked", known[0] if known else None, now=now)


def issue_link(session: Session, user: User, *, now: datetime) -> str:
    """The secret of a new link, for the mail and for nothing else."""
    return one_time.issue(
        session,
        RESET,
        lasts=LINK_LASTS,
        now=now,
        user_id=user.id,
        tied_to=user.password_hash,
    )


def find_resetting(session: Session, link: str, *, now: datetime) -> User | None:
    """Whose link this is, while it can be used."""
    found = one_time.find(session, RESET, link, now=now)
    user = session.get(User, found.user_id) if found is not None else None
    if found is None or user is None or not _fits(found, user):
        return None
    return user


def reset_password(database: Database, request: PasswordChosen, *, now: datetime) -> SignInAnswer:
    """Use the link up and set the password; the next step of signing in.

    Whoever was signed in as this user no longer is, and no other link of theirs works. A
    second step at sign-in stays as it is.
    """
    return LinkKind(RESET, find_resetting, ResetSpent, "user.password_reset").use(
        database, request, now=now
    )


_CAN_RESET = (User.active, User.email != "", User.password_hash != NO_PASSWORD)
"""Who never chose a password has none to forget: they have another way in, or a first link."""


def _fits(link: OneTimeLink, user: User) -> bool:
    """Whether the user may still come in, with the password they had when it was made."""
    return user.active and link.tied_to == secret_hash(user.password_hash)


def _counters(who: str, ip: str) -> tuple[throttle.WindowCounter, ...]:
    return (
        throttle.WindowCounter(f"reset:{who}", window=HOUR, free=MOST_AN_HOUR),
        throttle.WindowCounter(
            f"reset from:{throttle.network_of(ip)}", HOUR, MOST_AN_HOUR_FROM_ONE_ADDRESS
        ),
    )


def _is_wanted(session: Session, user: User | None, now: datetime) -> bool:
    """Somebody known, who was not written to too often: a name and an address both find them."""
    asked = session.scalar(
        select(func.count()).where(
            OutboxMessage.user_id == (user.id if user else None),
            OutboxMessage.kind == outbox.Kind.RESET,
            OutboxMessage.created_at > now - HOUR,
        )
    )
    return user is not None and (asked or 0) < MOST_AN_HOUR


def _enqueue(session: Session, user: User | None, now: datetime) -> None:
    name = user.id if user else "nobody"
    message = outbox.Message(
        dedupe=f"reset:{name}:{now.isoformat()}",
        kind=outbox.Kind.RESET,
        address=user.email if user else "",
        user_id=user.id if user else None,
    )
    outbox.enqueue(session, message, now=now)
