"""Passwords: what is accepted, how they are kept, and how one is checked.

Hashing takes a third of a second on purpose. Never call it inside a transaction.
"""

import base64
import functools
import hashlib
import hmac
import threading
from typing import NewType

import bcrypt

from core.errors import N_, Invalid
from core.models import Role

PasswordHash = NewType("PasswordHash", str)
"""A password that passed the policy, hashed: what ``create_user`` accepts."""

COST = 12
LONGEST = 256
SHORTEST = 12
SHORTEST_FOR_ADMIN = 15
PEPPER = b"frontdesk-password-v1"

_two_at_once = threading.BoundedSemaphore(2)


def hash_password(password: str, role: Role) -> PasswordHash:
    """Check a new password against the policy and hash it, exactly as typed."""
    check_password(password, role)
    return _hash(password, COST)


def check_password(password: str, role: Role) -> None:
    """Long enough and not endless; any character counts, spaces at the ends included."""
    shortest = SHORTEST_FOR_ADMIN if role is Role.ADMIN else SHORTEST
    if len(password) < shortest:
        raise Invalid(
            N_("The password needs at least {count} characters."), field="password", count=shortest
        )
    if len(password) > LONGEST:
        raise Invalid(
            N_("The password may have at most {count} characters."), field="password", count=LONGEST
        )


def matches(password: str, hashed: str | None) -> bool:
    """Whether the password is the hashed one. Without a hash it takes as long, and is not."""
    with _two_at_once:
        right = bcrypt.checkpw(_digest(password), (hashed or dummy_hash(COST)).encode())
    return right and hashed is not None


@functools.cache
def dummy_hash(cost: int) -> PasswordHash:
    """The hash of nobody's password, so that an unknown name costs what a known one does."""
    return _hash("nobody", cost)


def _hash(password: str, cost: int) -> PasswordHash:
    return PasswordHash(bcrypt.hashpw(_digest(password), bcrypt.gensalt(cost)).decode())


def _digest(password: str) -> bytes:
    # bcrypt reads 72 bytes and stops at a NUL; these are 44 characters of neither.
    keyed = hmac.new(PEPPER, password[: LONGEST + 1].encode("utf-8", "surrogatepass"), "sha256")
    return base64.b64encode(keyed.digest())


def secret_hash(secret: str) -> str:
    """How tickets, codes and session tokens are kept: they are random, so one hash will do."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
