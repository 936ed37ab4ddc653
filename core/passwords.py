"""Passwords: what is accepted, how they are kept, and how one is checked.

Hashing takes a third of a second on purpose. Never call it inside a transaction.
"""

import base64
import functools
import hashlib
import hmac
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NewType

import bcrypt

from core.errors import N_, Invalid, TooBusy
from core.models import Role

PasswordHash = NewType("PasswordHash", str)
"""A password that passed the policy, hashed: what ``create_user`` accepts."""

COST = 12
CHEAPEST = 4
"""The lowest cost bcrypt knows."""
LONGEST = 256
SHORTEST = 12
SHORTEST_FOR_ADMIN = 15
SHORTEST_WORD = 4
"""Shorter words, as of a name, turn up in passwords by chance."""
PEPPER = b"frontdesk-password-v1"
AT_ONCE = 2
MOST_WAITING = 8

WORD = re.compile(r"[^\W_]+")
RUNS = ("1234567890" * 26, "abcdefghijklmnopqrstuvwxyz" * 10, "qwertyuiopasdfghjklzxcvbnm" * 10)
LONGEST_REPEATED = 5

_turns = threading.BoundedSemaphore(AT_ONCE)
_line = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)


def hash_password(password: str, role: Role, about: Iterable[str] = ()) -> PasswordHash:
    """Check a new password against the policy and hash it, exactly as typed."""
    check_password(password, role, about)
    return rehash(password)


def check_password(password: str, role: Role, about: Iterable[str] = ()) -> None:
    """Long enough and not endless, and not what somebody would try first.

    Any character counts, spaces at the ends included. ``about`` is what is known of the
    person and the place: their names do not belong into the password.
    """
    shortest = SHORTEST_FOR_ADMIN if role is Role.ADMIN else SHORTEST
    if len(password) < shortest:
        raise Invalid(
            N_("The password needs at least {count} characters."), field="password", count=shortest
        )
    if len(password) > LONGEST:
        raise Invalid(
            N_("The password may have at most {count} characters."), field="password", count=LONGEST
        )
    for word in _words_in(about):
        if word in password.casefold():
            raise Invalid(
                N_("Leave \u201c{word}\u201d out of the password: it is easy to guess for you."),
                field="password",
                word=word,
            )
    if is_common(password):
        raise Invalid(
            N_("This password is among the first that are tried. A few unrelated words do well."),
            field="password",
        )


def is_common(password: str) -> bool:
    """Whether it is one of those everybody uses, or one of them with trimmings.

    Digits and signs around a common password add nothing, nor does saying it twice.
    """
    folded = password.casefold()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    unit = _repeated(folded)
    if len(unit) <= LONGEST_REPEATED or any(folded in run or folded[::-1] in run for run in RUNS):
        return True
    return not common_passwords().isdisjoint({folded, core, unit, _repeated(core)})


@functools.cache
def common_passwords() -> frozenset[str]:
    """The 30,000 passwords most often found in lists that were stolen, in lower case."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # 12 MB: read when first needed

    return frozenset(FREQUENCY_LISTS["passwords"])


def matches(password: str, hashed: str | None) -> bool:
    """Whether the password is the hashed one. Without a hash it takes as long, and is not.

    What was hashed at a lower cost is topped up when it is wrong, so that each wrong password
    costs the same: two checks at one cost take as long as one at the next.
    """
    stored = hashed or dummy_hash(COST)
    with _turn():
        right = bcrypt.checkpw(_digest(password), stored.encode())
        if not right:
            for cost in range(cost_of(stored), COST):
                bcrypt.checkpw(_digest(password), dummy_hash(cost).encode())
    return right and hashed is not None


def is_outdated(hashed: str) -> bool:
    """Whether it was hashed at a lower cost than today's."""
    return cost_of(hashed) < COST


def rehash(password: str) -> PasswordHash:
    """A password that is known to be somebody's, hashed at today's cost."""
    with _turn():
        return _hash(password, COST)


def cost_of(hashed: str) -> int:
    return int(hashed.split("$")[2])


def prepare() -> None:
    """Make now what the first visitor would otherwise wait for."""
    for cost in range(CHEAPEST, COST + 1):
        dummy_hash(cost)


@functools.cache
def dummy_hash(cost: int) -> PasswordHash:
    """The hash of nobody's password, so that an unknown name costs what a known one does."""
    return _hash("nobody", cost)


@contextmanager
def _turn() -> Iterator[None]:
    """One of the few that are hashed at once; ``TooBusy`` when too many wait for that."""
    if not _line.acquire(blocking=False):
        raise TooBusy
    try:
        with _turns:
            yield
    finally:
        _line.release()


def _hash(password: str, cost: int) -> PasswordHash:
    return PasswordHash(bcrypt.hashpw(_digest(password), bcrypt.gensalt(cost)).decode())


def _digest(password: str) -> bytes:
    # bcrypt reads 72 bytes and stops at a NUL; these are 44 characters of neither.
    keyed = hmac.new(PEPPER, password[: LONGEST + 1].encode("utf-8", "surrogatepass"), "sha256")
    return base64.b64encode(keyed.digest())


def _words_in(about: Iterable[str]) -> list[str]:
    found = {word for each in about for word in WORD.findall(each.casefold())}
    return sorted(word for word in found if len(word) >= SHORTEST_WORD)


def _repeated(text: str) -> str:
    """What the text says again and again, or the text itself."""
    length = (text + text).find(text, 1)
    return text[:length] if length > 0 else text


def secret_hash(secret: str) -> str:
    """How tickets, codes and session tokens are kept: they are random, so one hash will do."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
