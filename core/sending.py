"""The worker: takes what is due from the outbox and mails it.

It runs in a thread of the application where mail is set up; ``python -m core send`` is the
same as a process of its own. Any number of either may run: a lease gives each message to one.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import coming_of_age, letters, mail, outbox, registering
from core.db import Database, utc_now
from core.mail import MailFailed, MailServer
from core.models import MessageState, OutboxMessage
from core.settings import Settings

LOOKS_EVERY_SECONDS = 5.0
LOOKS_FOR_BIRTHDAYS_EVERY = timedelta(hours=1)
WAITS_FOR_THE_LAST_SECONDS = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Office:
    """Whom mail is given to, and what its links begin with."""

    server: MailServer
    public_url: str


def office_of(settings: Settings) -> Office:
    """The office the settings describe, or ``MailNotReady`` with what is missing."""
    return Office(mail.server_of(settings), settings.public_url)


def send_next(database: Database, office: Office, *, now: datetime) -> MessageState | None:
    """Deal with one message that is due: what became of it, or None where none was.

    No transaction is open while the mail server is talked to.
    """
    with database.reading() as session:
        if not outbox.is_any_due(session, now=now):
            return None
    with database.writing() as session:
        message = outbox.claim(session, now=now)
    if message is None:
        return None
    with database.writing() as session:
        if reason := outbox.why_not(session, message, now=now):
            outbox.drop(session, message, reason, now=now)
            return MessageState.DROPPED
        letter = letters.write(session, message, office.public_url, now=now)
    return _send(database, office.server, message, letter, now)


def send_all(database: Database, office: Office) -> Counter[MessageState]:
    """Everything that is due by now; how often what came of it."""
    outcomes = Counter[MessageState]()
    tell_who_came_of_age(database, now=utc_now())
    while (outcome := send_next(database, office, now=utc_now())) is not None:
        outcomes[outcome] += 1
    return outcomes


def keep_sending(database: Database, office: Office, stop: threading.Event) -> None:
    """Send until told to stop. No message that cannot be sent, and no database that cannot be
    used, ends this; the log names the kind of error and never what was to be sent."""
    looked_at: datetime | None = None
    while not stop.is_set():
        try:
            if looked_at is None or utc_now() - looked_at >= LOOKS_FOR_BIRTHDAYS_EVERY:
                looked_at = utc_now()
                tell_who_came_of_age(database, now=looked_at)
            if send_next(database, office, now=utc_now()) is not None:
                continue
            forget_registrations(database, now=utc_now())
        except Exception as error:
            logger.error("A message could not be sent: %s", type(error).__name__)  # noqa: TRY400
        stop.wait(LOOKS_EVERY_SECONDS)


def forget_registrations(database: Database, *, now: datetime) -> None:
    """Nothing is left of who registered and did not open the link in time."""
    with database.reading() as session:
        if not registering.is_any_over(session, now=now):
            return
    with database.writing() as session:
        registering.sweep(session, now=now)


def tell_who_came_of_age(database: Database, *, now: datetime) -> None:
    """Letters to those whose family link ended by itself."""
    with database.reading() as session:
        if not coming_of_age.is_anybody_to_tell(session, now=now):
            return
    with database.writing() as session:
        coming_of_age.tell(session, now=now)


@contextmanager
def in_background(database: Database, settings: Settings) -> Iterator[None]:
    """Keep sending in a thread until the block ends, where mail is set up."""
    if not mail.is_configured(settings):
        yield
        return
    stop = threading.Event()
    worker = threading.Thread(
        target=keep_sending,
        args=(database, office_of(settings), stop),
        name="outbox",
        daemon=True,
    )
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(WAITS_FOR_THE_LAST_SECONDS)


def _send(
    database: Database,
    server: MailServer,
    message: OutboxMessage,
    letter: mail.Letter,
    now: datetime,
) -> MessageState:
    try:
        composed = mail.compose(
            letter, to=message.address, dedupe=message.dedupe, sender=server.sender, now=now
        )
        mail.send(server, composed)
    except MailFailed as error:
        with database.writing() as session:
            return outbox.note_failed(
                session, message, str(error), permanent=error.permanent, now=now
            )
    with database.writing() as session:
        outbox.note_sent(session, message, composed["Message-ID"], now=now)
    return MessageState.SENT
