"""Malformed input, by kind: what people, broken programs and attackers send."""

import random
import string

TEXTS = (
    "",
    " ",
    "\x00",
    "NaN",
    "1e400",
    "-0",
    str(10**18),
    "١٢٣",
    "²",
    "\ud800",
    "\u202egnp.exe",
    "' OR 1=1 --",
    "'; DROP TABLE users; --",
    '") UNION SELECT password_hash FROM users --',
    "%",
    "_%\\",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\r\nSet-Cookie: a=b",
    "\x1b[31mred",
    "2026-02-30",
    "9999-12-31T23:59:60Z",
    "0000-00-00",
    "24:60",
    "a" * 10_000,
    "🦷" * 500,
    "[" * 10_000,
    '{"a":' * 2_000,
)


def word(rng: random.Random) -> str:
    """One of those, or one of those bent."""
    chosen = rng.choice(TEXTS)
    if rng.random() < 0.5 and chosen:
        at = rng.randrange(len(chosen))
        chosen = chosen[:at] + rng.choice(string.printable) + chosen[at + rng.randrange(2) :]
    return chosen


def noise(rng: random.Random, most: int = 2_000) -> bytes:
    return rng.randbytes(rng.randrange(most))


def anything(rng: random.Random) -> bytes:
    return noise(rng) if rng.random() < 0.3 else word(rng).encode("utf-8", "surrogatepass")
