"""What each kind of message says.

Nothing in it tells anything about anybody: a mailbox is read on locked screens and by others.
Which practice writes stands in it, so that whoever has to do with several can tell.
Links begin with the address from the settings. Each try at sending makes a secret of its own,
and those of earlier tries stay good until they run out, since any of them may have arrived.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from textwrap import dedent

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import activation, registering, reset
from core.mail import Letter
from core.models import Organisation, OutboxMessage, Registration, User
from core.outbox import Kind

Words = Callable[[Session, OutboxMessage, str, datetime], Letter]


def write(session: Session, message: OutboxMessage, public_url: str, *, now: datetime) -> Letter:
    """The letter for a message, with a link of its own where it needs one."""
    letter = WORDS[message.kind](session, message, public_url, now)
    practice = session.scalar(select(Organisation.name))
    if not practice:
        return letter
    return Letter(f"{letter.subject} · {practice}", f"{letter.text}\n{practice}\n")


def _activation(session: Session, message: OutboxMessage, public_url: str, now: datetime) -> Letter:
    link = activation.issue_link(session, _user_of(session, message), now=now)
    return _letter(
        "Your way into Frontdesk",
        f"""\
        Hello,

        open this link within 24 hours to choose your own password for Frontdesk:

        {public_url}/activate?link={link}

        It works once. Has it run out? Whoever asked you to join can send a new one.
        """,
    )


def _registration(
    session: Session, message: OutboxMessage, public_url: str, now: datetime
) -> Letter:
    registration = session.get_one(Registration, message.registration_id)
    link = registering.issue_link(session, registration, now=now)
    return _letter(
        "Please confirm your address for Frontdesk",
        f"""\
        Hello,

        somebody, we hope it was you, registered with this address to make appointments. Open
        this link within 24 hours to confirm it and to choose a password:

        {public_url}/register?link={link}

        It works once. If it was not you, there is nothing to do: what was typed is deleted.
        """,
    )


def _has_account(
    _session: Session, _message: OutboxMessage, public_url: str, _now: datetime
) -> Letter:
    return _letter(
        "You have an account at Frontdesk already",
        f"""\
        Hello,

        somebody, we hope it was you, registered with this address to make appointments. You
        have an account with it already. Sign in here:

        {public_url}

        If you do not know your password any more, press "Forgot your password?" there, and
        type this address. If it was not you, there is nothing to do: nothing has changed.
        """,
    )


def _reset(session: Session, message: OutboxMessage, public_url: str, now: datetime) -> Letter:
    link = reset.issue_link(session, _user_of(session, message), now=now)
    return _letter(
        "Choose a new password for Frontdesk",
        f"""\
        Hello,

        somebody, we hope it was you, asked for a new password. Open this link within
        30 minutes to choose one:

        {public_url}/reset?link={link}

        It works once. If it was not you, there is nothing to do: nothing has changed.
        """,
    )


def _email_changed(
    _session: Session, _message: OutboxMessage, public_url: str, _now: datetime
) -> Letter:
    return _letter(
        "Your e-mail address in Frontdesk has changed",
        f"""\
        Hello,

        messages for your account at {public_url} go to another e-mail address from now on.

        If you did not expect this, please tell whoever looks after Frontdesk where you work
        or have your appointments, today.
        """,
    )


def _record_opened(
    _session: Session, _message: OutboxMessage, public_url: str, _now: datetime
) -> Letter:
    return _letter(
        "A record was opened for a reason",
        f"""\
        Hello,

        somebody has opened the record of a patient who is not one of theirs, and has said why.
        It stays open for an hour. Please take note of it here:

        {public_url}/audit
        """,
    )


def _let_go(_session: Session, _message: OutboxMessage, public_url: str, _now: datetime) -> Letter:
    return _letter(
        "Somebody you act for is of age now",
        f"""\
        Hello,

        somebody whose appointments you looked after at {public_url} has come of age. They act
        for themselves from now on, and you no longer see or change their appointments there.
        What is booked stays booked.

        If they still need you to act for them, please call us together.
        """,
    )


def _of_age(_session: Session, _message: OutboxMessage, public_url: str, _now: datetime) -> Letter:
    return _letter(
        "Your appointments are in your own hands now",
        f"""\
        Hello,

        you have come of age, so nobody sees, makes or changes your appointments at {public_url}
        for you any more. What is booked stays booked.

        To do so yourself, please ask us for your own way in. If you want somebody to go on
        acting for you, please call us together.
        """,
    )


WORDS: Mapping[str, Words] = {
    Kind.ACTIVATION: _activation,
    Kind.RESET: _reset,
    Kind.EMAIL_CHANGED: _email_changed,
    Kind.RECORD_OPENED: _record_opened,
    Kind.REGISTRATION: _registration,
    Kind.HAS_ACCOUNT: _has_account,
    Kind.LET_GO: _let_go,
    Kind.OF_AGE: _of_age,
}


def _user_of(session: Session, message: OutboxMessage) -> User:
    return session.get_one(User, message.user_id)


def _letter(subject: str, text: str) -> Letter:
    return Letter(subject, dedent(text))
