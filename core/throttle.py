"""Wrong attempts, counted in the database so that restarts and processes share them.

An attempt counts before it is made and is given back when it was right, so that many at
once cannot slip through together. The wait applies to the right password as well.
"""

import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.db import THROTTLE_LOCK, take_lock
from core.errors import TooManyAttempts
from core.models import Throttle
from core.passwords import secret_hash

SLOW_DOWN = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class WindowCounter:
    """So many attempts in a window, then a pause until it ends."""

    name: str
    window: timedelta
    free: int

    @property
    def key(self) -> str:
        return secret_hash(self.name)

    def next_at(self, row: Throttle, _now: datetime) -> datetime:
        return row.first_at if row.fails < self.free else row.first_at + self.window


@dataclass(frozen=True)
class DoublingCounter(WindowCounter):
    """So many attempts at once, then a wait that doubles with each further one."""

    def next_at(self, row: Throttle, now: datetime) -> datetime:
        if row.fails <= self.free:
            return row.first_at
        seconds = 2 ** min(row.fails - self.free, 20)
        return now + min(timedelta(seconds=seconds), LONGEST_WAIT)


@dataclass(frozen=True)
class Tally(WindowCounter):
    """Only counts: nobody waits for it."""

    def next_at(self, row: Throttle, _now: datetime) -> datetime:
        return row.first_at


EVERYBODY = Tally("everybody", window=timedelta(minutes=5), free=200)
"""Wrong attempts of strangers in all. Beyond the free ones, each is slowed down."""


def of_account(username: str) -> WindowCounter:
    """Attempts on one user name, whether it exists or not."""
    return DoublingCounter(f"account:{username}", window=LONGEST_WINDOW, free=5)


def of_second_step(user_id: int) -> WindowCounter:
    """Codes tried for one user, by whoever knows their password."""
    return DoublingCounter(f"second_step:{user_id}", window=LONGEST_WINDOW, free=5)


def of_account_from(username: str, ip: str) -> WindowCounter:
    """What one address has to answer for among the attempts on a user name."""
    return Tally(f"account:{username}:{ip}", window=LONGEST_WINDOW, free=0)


def of_device(device: str, username: str) -> WindowCounter:
    """Attempts from a browser this user has signed in from before.

    They are counted by themselves, so that a stranger who floods an account does not keep
    its owner out.
    """
    name = f"device:{secret_hash(device)}:{username}"
    return DoublingCounter(name, window=LONGEST_WINDOW, free=5)


def of_session(session_id: int) -> WindowCounter:
    """Passwords typed to prove again who has this session."""
    return DoublingCounter(f"session:{session_id}", window=LONGEST_WINDOW, free=5)


def of_address(ip: str) -> WindowCounter:
    return WindowCounter(f"address:{network_of(ip)}", window=timedelta(minutes=15), free=30)


def network_of(ip: str) -> str:
    """What one subscriber has: an address, or of the newer kind 2**64 to choose from."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))


def take(session: Session, *counters: WindowCounter, now: datetime) -> None:
    """Count one attempt, or raise ``TooManyAttempts`` and count nothing."""
    take_lock(session.connection(), THROTTLE_LOCK)
    session.execute(delete(Throttle).where(Throttle.first_at <= now - LONGEST_WINDOW))
    rows = [(counter, _row(session, counter, now)) for counter in counters]
    _check_heard([row for _, row in rows], now)
    for counter, row in rows:
        row.fails += 1
        row.next_at = counter.next_at(row, now)


def give_back(session: Session, own: WindowCounter, *shared: WindowCounter) -> None:
    """The attempt was right: its own count starts afresh, shared ones lose it again."""
    forget(session, own)
    take_back(session, *shared)


def take_back(session: Session, *counters: WindowCounter) -> None:
    """The attempt does not count after all."""
    take_lock(session.connection(), THROTTLE_LOCK)
    for counter in counters:
        row = session.get(Throttle, counter.key)
        if row is not None:
            row.fails = max(row.fails - 1, 0)
            row.next_at = row.first_at


def take_off(
    session: Session, counter: WindowCounter, tally: WindowCounter, *, now: datetime
) -> None:
    """Forgive what the tally has counted, and only that: the rest was somebody else's."""
    take_lock(session.connection(), THROTTLE_LOCK)
    row, counted = session.get(Throttle, counter.key), session.get(Throttle, tally.key)
    if row is not None and counted is not None:
        row.fails = max(row.fails - counted.fails, 0)
        row.next_at = counter.next_at(row, now)
    forget(session, tally)


def wait_in_flood(session: Session) -> timedelta:
    """How long a stranger's attempt is held up while there are very many wrong ones."""
    row = session.get(Throttle, EVERYBODY.key)
    return SLOW_DOWN if row is not None and row.fails > EVERYBODY.free else timedelta()


def is_flood_new(session: Session) -> bool:
    """Whether the attempt just taken is the one that made it a flood."""
    row = session.get(Throttle, EVERYBODY.key)
    return row is not None and row.fails == EVERYBODY.free + 1


def forget(session: Session, counter: WindowCounter) -> None:
    session.execute(delete(Throttle).where(Throttle.key == counter.key))


def _check_heard(rows: Sequence[Throttle], now: datetime) -> None:
    next_at = max(row.next_at for row in rows)
    if next_at > now:
        raise TooManyAttempts(seconds=math.ceil((next_at - now).total_seconds()))


def _row(session: Session, counter: WindowCounter, now: datetime) -> Throttle:
    row = session.get(Throttle, counter.key)
    if row is None:
        row = Throttle(key=counter.key, fails=0, first_at=now, next_at=now)
        session.add(row)
    elif not row.first_at <= now < row.first_at + counter.window:  # or the clock was set back
        row.fails, row.first_at, row.next_at = 0, now, now
    return row
