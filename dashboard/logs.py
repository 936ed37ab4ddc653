"""Log lines that can be read by machines and kept: one record is one line, and tells no secret.

Nothing of ours logs what people wrote. What other libraries put into their messages and
errors passes here, so that a line break cannot forge a record and a token, an address or a
telephone number does not stay in a file.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

HIDDEN = "[hidden]"
SECRETS = (
    re.compile(r"(?i)((?:cookie|authorization|password|ticket|token|secret)\W{1,4})[^\s,;'\"]+"),
    re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"),
    re.compile(r"()(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[A-Za-z0-9_-]{40,}"),
    re.compile(r"()[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"()(?<![\w.])\+?\d(?:[ ()/.-]{0,2}\d){8,14}(?![\w:])"),
    re.compile(r"((?:DETAIL|CONTEXT):).*"),
)
"""What follows a telling word; a password in a URL; long random words; addresses; telephone
numbers; and PostgreSQL's details, which quote the row."""
UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """The text with everything that moves a cursor or reverses a line written out."""
    return UNPRINTABLE.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def without_secrets(text: str) -> str:
    for secret in SECRETS:
        text = secret.sub(rf"\1{HIDDEN}", text)
    return text


@contextmanager
def tidied() -> Iterator[None]:
    """Every record of this process is made like that, whoever's logger it comes from."""
    logging.basicConfig(format=FORMAT)
    make = logging.getLogRecordFactory()
    logging.setLogRecordFactory(lambda *args, **more: tidy(make(*args, **more)))
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)


def tidy(record: logging.LogRecord) -> logging.LogRecord:
    """The message on one line; each line of a traceback on its own, behind a bar."""
    try:
        said = record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit; a log never breaks what it tells
        said = str(record.msg)
    record.msg, record.args = one_line(without_secrets(said)), None
    if record.exc_info and record.exc_info[0] is not None:
        traceback = logging.Formatter().formatException(record.exc_info)
        lines = without_secrets(traceback).split("\n")
        record.exc_text = "\n".join(f"  | {one_line(line)}" for line in lines)
    return record
