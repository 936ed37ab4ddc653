"""The outbox: what is to be sent lies in the same transaction as what it is about.

A worker takes a message for a while (a lease), commits, looks again whether it is still
wanted, sends it and notes that. One that dies in between leaves the lease to run out, and the
message goes out again under the same Message-ID: none is lost, and a mail system that knows
its own can tell the second copy. What a message says is made when it is sent.
"""

import enum
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from core import audit
from core.errors import N_, NotFound
from core.models import (
    Booking,
    BookingState,
    MessageState,
    OutboxMessage,
    Patient,
    Registration,
    Role,
    User,
)
from core.policy import Actor, Permission, require

WORKER = Actor(role=Role.ADMIN, name="worker")
LEASE = timedelta(minutes=5)
"""Longer than a server can draw one mail out before it is given up."""
MOST_ATTEMPTS = 10
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
KEPT = timedelta(days=30)
"""How long after it was due a message can be looked up."""

S = MessageState


class Kind(enum.StrEnum):
    """What a message is about."""

    ACTIVATION = "activation"
    RESET = "reset"
    EMAIL_CHANGED = "email_changed"
    RECORD_OPENED = "record_opened"
    REGISTRATION = "registration"
    HAS_ACCOUNT = "has_account"
    LET_GO = "let_go"
    """To a guardian: whom they acted for has come of age."""
    OF_AGE = "of_age"
    """To them."""


LINKS = (Kind.ACTIVATION, Kind.RESET)
"""Letters with a link, which is made when they go out."""
LATE = timedelta(days=3)
VOIDED = N_("Its link is void.")
LATE_AFTER: Mapping[str, timedelta] = {Kind.RESET: timedelta(minutes=30)}
"""How long after it was due anybody waits for a message, where that is not three days."""


@dataclass(frozen=True)
class Message:
    """Somebody to write to; what happens to whom it is about decides whether it is sent."""

    dedupe: str
    """Names the occasion: of two messages with the same one, the second is none."""
    kind: str
    address: str
    user_id: int | None = None
    patient_id: int | None = None
    booking_id: int | None = None
    registration_id: int | None = None
    booking_version: int | None = None
    due_at: datetime | None = None
    """Not before; at once where there is none."""


@dataclass(frozen=True)
class MessageSeen:
    """A message as the admins see it."""

    id: int
    kind: str
    name: str
    address: str
    state: MessageState
    next_at: datetime
    finished_at: datetime | None
    attempts: int
    last_error: str


def enqueue(session: Session, message: Message, *, now: datetime) -> bool:
    """Put a message out in the caller's transaction; False when it was there already."""
    of_any_state = OutboxMessage.state.in_(list(S))  # as the index has them
    session.execute(delete(OutboxMessage).where(of_any_state, OutboxMessage.due_at < now - KEPT))
    values = {
        "dedupe": message.dedupe,
        "kind": str(message.kind),
        "address": message.address,
        "user_id": message.user_id,
        "patient_id": message.patient_id,
        "booking_id": message.booking_id,
        "registration_id": message.registration_id,
        "booking_version": message.booking_version,
        "created_at": now,
        "due_at": message.due_at or now,
    }
    return session.execute(_insert(session, values)).scalar() is not None


def is_any_due(session: Session, *, now: datetime) -> bool:
    return session.scalar(select(OutboxMessage.id).where(*_free(now)).limit(1)) is not None


def claim(session: Session, *, now: datetime) -> OutboxMessage | None:
    """Take the next message that is due; no other worker gets it while the lease lasts."""
    next_one = (
        select(OutboxMessage.id)
        .where(*_free(now))
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return session.scalar(
        update(OutboxMessage)
        .where(OutboxMessage.id == session.scalar(next_one))
        .values(lease_until=now + LEASE, attempts=OutboxMessage.attempts + 1)
        .returning(OutboxMessage)
    )


def why_not(session: Session, message: OutboxMessage, *, now: datetime) -> str:
    """Why a message is not wanted any more, read anew; empty when it is.

    It is held until the transaction ends, so that nobody voids its link before that is made.
    """
    state = select(OutboxMessage.state).where(OutboxMessage.id == message.id).with_for_update()
    if session.scalar(state) is not S.WAITING:
        return VOIDED
    if now - message.due_at > LATE_AFTER.get(message.kind, LATE):
        return N_("It is too late for it.")
    if message.attempts > MOST_ATTEMPTS:
        return N_("It was tried too often.")
    return (
        _why_not_the_user(session, message)
        or _why_not_the_patient(session, message)
        or _why_not_the_booking(session, message)
        or _why_not_the_registration(session, message, now)
    )


def note_sent(session: Session, message: OutboxMessage, message_id: str, *, now: datetime) -> None:
    """It is out, whoever holds the lease by now."""
    _finish(session, message, S.SENT, now, message_id=message_id, last_error="")


def drop(session: Session, message: OutboxMessage, reason: str, *, now: datetime) -> None:
    """It is not wanted any more."""
    _finish(session, message, S.DROPPED, now, last_error=reason)


def drop_links(
    session: Session,
    whose: ColumnElement[bool],
    kinds: Sequence[Kind] = LINKS,
    *,
    now: datetime,
) -> None:
    """Links are void now, so no letter that still waits may make a fresh one."""
    drop_waiting(session, whose & OutboxMessage.kind.in_(kinds), VOIDED, now=now)


def drop_waiting(
    session: Session, which: ColumnElement[bool], reason: str, *, now: datetime
) -> None:
    """Send none of them; whatever they are not wanted after is on record itself."""
    session.execute(
        update(OutboxMessage)
        .where(which, OutboxMessage.state == S.WAITING)
        .values(state=S.DROPPED, lease_until=None, finished_at=now, last_error=reason)
    )


def note_failed(
    session: Session, message: OutboxMessage, reason: str, *, permanent: bool, now: datetime
) -> MessageState:
    """Try again later, each time later still, until it is given up."""
    if permanent or message.attempts >= MOST_ATTEMPTS:
        _finish(session, message, S.FAILED, now, last_error=reason)
        return S.FAILED
    session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == message.id,
            OutboxMessage.state == S.WAITING,
            OutboxMessage.lease_until == message.lease_until,
        )
        .values(lease_until=now + pause_after(message.attempts), last_error=reason)
    )
    return S.WAITING


def pause_after(attempts: int) -> timedelta:
    """Doubling, and never quite the same: what failed together does not return together."""
    pause: timedelta = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    return pause * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def count_messages(session: Session, actor: Actor) -> dict[MessageState, int]:
    require(actor, Permission.ACCOUNTS_WRITE)
    counted = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    return dict.fromkeys(S, 0) | dict(session.execute(counted).all())


def load_messages(
    session: Session, actor: Actor, state: MessageState, *, limit: int = 100
) -> Sequence[MessageSeen]:
    """Messages in one state, the newest first."""
    require(actor, Permission.ACCOUNTS_WRITE)
    query = (
        select(
            OutboxMessage.id,
            OutboxMessage.kind,
            func.coalesce(User.name, Patient.name, ""),
            OutboxMessage.address,
            OutboxMessage.state,
            func.coalesce(OutboxMessage.lease_until, OutboxMessage.due_at),
            OutboxMessage.finished_at,
            OutboxMessage.attempts,
            OutboxMessage.last_error,
        )
        .outerjoin(User, OutboxMessage.user_id == User.id)
        .outerjoin(Patient, OutboxMessage.patient_id == Patient.id)
        .where(OutboxMessage.state == state)
        .order_by(OutboxMessage.id.desc())
        .limit(limit)
    )
    return [MessageSeen(*row) for row in session.execute(query)]


def send_again(session: Session, actor: Actor, message_id: int, *, now: datetime) -> OutboxMessage:
    """Have a message that was given up tried once more, from the beginning."""
    require(actor, Permission.ACCOUNTS_WRITE)
    found: OutboxMessage | None = session.scalar(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state == S.FAILED)
        .values(state=S.WAITING, due_at=now, lease_until=None, attempts=0, finished_at=None)
        .returning(OutboxMessage)
    )
    if found is None:
        raise NotFound(what=N_("message"))
    audit.record(session, actor, "message.sent_again", found, now=now)
    return found


def _insert(session: Session, values: Mapping[str, Any]) -> ReturningInsert[tuple[int]]:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    adding = (postgresql.insert if is_postgresql else sqlite.insert)(OutboxMessage).values(values)
    return adding.on_conflict_do_nothing(index_elements=["dedupe"]).returning(OutboxMessage.id)


def _free(now: datetime) -> tuple[Any, ...]:
    return (
        OutboxMessage.state == S.WAITING,
        OutboxMessage.due_at <= now,
        or_(OutboxMessage.lease_until.is_(None), OutboxMessage.lease_until <= now),
    )


def _finish(
    session: Session, message: OutboxMessage, state: MessageState, now: datetime, **values: str
) -> None:
    """Done with, unless it already was."""
    done = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message.id, OutboxMessage.state == S.WAITING)
        .values(state=state, lease_until=None, finished_at=now, **values)
        .returning(OutboxMessage.id)
    )
    if done.scalar() is not None:
        audit.record(session, WORKER, f"message.{state}", message, now=now, kind=message.kind)


def _why_not_the_user(session: Session, message: OutboxMessage) -> str:
    if message.user_id is None:
        return ""
    user = session.get(User, message.user_id)
    if user is None or not user.active:
        return N_("This person cannot sign in any more.")
    if message.kind != Kind.EMAIL_CHANGED and user.email != message.address:
        return N_("Their address has changed.")
    return ""


def _why_not_the_patient(session: Session, message: OutboxMessage) -> str:
    if message.patient_id is None:
        return ""
    patient = session.get(Patient, message.patient_id)
    if patient is None or patient.archived_at is not None:
        return N_("This patient is not on file any more.")
    if patient.no_contact:
        return N_("They want no messages.")
    return ""


def _why_not_the_registration(session: Session, message: OutboxMessage, now: datetime) -> str:
    if message.registration_id is None:
        return ""
    registration = session.get(Registration, message.registration_id)
    if registration is None or registration.expires_at <= now:
        return VOIDED
    return ""


def _why_not_the_booking(session: Session, message: OutboxMessage) -> str:
    if message.booking_id is None:
        return ""
    booking = session.get(Booking, message.booking_id)
    if booking is None or booking.state is not BookingState.BOOKED:
        return N_("The booking is not to come any more.")
    if booking.version != message.booking_version:
        return N_("The booking has changed.")
    return ""
