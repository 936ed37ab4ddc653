"""T154: no secret lies in the repository."""

import math
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
KINDS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY"),
    "a cloud key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a token of a code host": re.compile(r"\b(?:gh[pousr]_\w{30,}|glpat-[\w-]{20,})"),
    "a token of a chat": re.compile(r"\bxox[abprs]-[\w-]{10,}"),
    "a payment key": re.compile(r"\b[sr]k_live_\w{10,}"),
    "a signed token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a password in an address": re.compile(r"://(?!user:password@)[a-z0-9._-]+:[^\s@/{'\"]+@[a-z]"),
}
ASSIGNED = re.compile(
    r"(?i)\b\w*(?:secret|passwd|api_?key|auth_?token|private_?key)\w*\s*[:=]\s*['\"]([^'\"\s]{16,})['\"]"
)
FORBIDDEN_FILES = re.compile(
    r"(^|/)(\.env(\..*)?|secrets\.toml|setup-code|.*\.(pem|key|p12|db|db-wal|sqlite|dump))$"
)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a repository")
    return [Path(line) for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def found_in(text: str) -> Iterator[str]:
    for kind, pattern in KINDS.items():
        yield from (f"{kind}: {found.group()[:20]}" for found in pattern.finditer(text))
    for found in ASSIGNED.finditer(text):
        if randomness(found.group(1)) > 3.7:
            yield f"a secret: {found.group()[:30]}"


def randomness(text: str) -> float:
    """Bits a character, as Shannon counts them; words of a language have fewer than 3.5."""
    return -sum(
        count / len(text) * math.log2(count / len(text)) for count in Counter(text).values()
    )


def test_t154_no_file_of_the_repository_holds_a_secret():
    found = {}
    for path in tracked():
        if path.parts[0] == "tests":  # made-up ones, to be refused or hidden
            continue
        text = (ROOT / path).read_text(encoding="utf-8", errors="ignore")
        if secrets := list(found_in(text)):
            found[str(path)] = secrets
    assert found == {}


def test_t154_no_file_that_keeps_secrets_is_in_it():
    assert [str(path) for path in tracked() if FORBIDDEN_FILES.search(str(path))] == []


MADE_UP = (
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1" * 18,
    "postgresql://desk:" + "hunter2@db.example/x",
    "SECRET_KEY = '" + "q8Zr5Tn2Lw9Vx4Bc7Mk1'",
)


@pytest.mark.parametrize("secret", MADE_UP)
def test_the_search_would_find_one(secret):
    assert list(found_in(f"x {secret} y"))


@pytest.mark.parametrize(
    "harmless",
    ["postgresql://user:password@host/name", "secret = 'the words on the screen'", "token = ''"],
)
def test_and_does_not_cry_wolf(harmless):
    assert not list(found_in(harmless))
