"""T091-T093, T134: whatever is sent is answered, nothing breaks and nothing is written."""

import io
import json
import random
import socket
import zipfile
from contextlib import suppress
from urllib.parse import quote_from_bytes, urlsplit

import pytest
from sqlalchemy import select

from core.catalog import typed as catalog_typed
from core.db import Database
from core.errors import BookingError
from core.models import Patient, Role
from core.patients import find_patients
from core.patients import typed as patients_typed
from core.transfer import ImportOptions, Keep, import_bookings, import_patients
from core.transfer.values import (
    DateOrder,
    read_cents,
    read_date,
    read_minutes,
    read_time,
    split_moment,
)
from tests import a
from tests.attacker.corpus import TEXTS, anything, noise, word
from tests.attacker.test_pages import check_forged

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
PATHS = (
    "/",
    "/desk",
    "/session",
    "/session/open",
    "/session/close",
    "/export",
    "/healthz",
    "/media/",
    "/_stcore/upload_file/a/b",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/static/",
    "/component/",
)
CONTENT_TYPES = (b"application/json", b"multipart/form-data; boundary=x", b"")
HARMLESS = (204, 200, 206, 301, 302, 304, 307, 308)
REFUSALS = (400, 401, 403, 404, 405, 411, 413, 414, 415, 416, 421, 422, 429, 431, 501)


# --- over HTTP


def raw_request(rng: random.Random, host: str, cookie: str) -> bytes:
    """A request no client library would let one send."""
    path = rng.choice(PATHS).encode()
    if rng.random() < 0.5:
        path += quote_from_bytes(anything(rng)[:200]).encode()
    if rng.random() < 0.3:
        path += b"?" + quote_from_bytes(anything(rng)[:200], safe="=&").encode()
    body = anything(rng)
    if rng.random() < 0.3:
        body = json.dumps(
            {"ticket": word(rng), "link": rng.choice([1, None, [], word(rng)])}
        ).encode()
    lines = [
        b"%s %s HTTP/1.1" % (rng.choice(METHODS).encode(), path),
        b"Host: " + (host.encode() if rng.random() < 0.9 else b"evil.example"),
        b"Origin: http://" + (host.encode() if rng.random() < 0.8 else b"evil.example"),
        b"Content-Length: " + (str(len(body)).encode() if rng.random() < 0.9 else b"-1"),
        b"Content-Type: "
        + rng.choice([b"application/json", b"multipart/form-data; boundary=x", b""]),
        b"Connection: close",
    ]
    if rng.random() < 0.5:
        lines.append(b"Cookie: frontdesk=" + cookie.encode())
    if rng.random() < 0.2:
        lines.append(b"X-Forwarded-For: " + anything(rng)[:50].replace(b"\n", b""))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def status_of(address: tuple[str, int], request: bytes) -> int:
    with socket.create_connection(address, timeout=20) as connection:
        try:
            connection.sendall(request)
            answer = connection.recv(100)
        except ConnectionError:
            return 400  # hung up on while still talking
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 400


def check_requests(target, count: int) -> None:
    rng, before = random.Random(91), target.rows()
    host = urlsplit(target.url).netloc
    name, port = host.split(":")
    token = target.token("rita")
    for _ in range(count):
        request = raw_request(rng, host, token)
        status = status_of((name, int(port)), request)
        assert status in HARMLESS + REFUSALS, (status, request[:300])
    assert target.rows() == before


def test_t091_malformed_requests_are_refused_or_harmless(target):
    check_requests(target, 150)


@pytest.mark.slow
def test_t091_eight_thousand_of_them(target):
    check_requests(target, 8_000)


@pytest.mark.slow
def test_t091_and_two_thousand_over_the_websocket(target):
    check_frames(target, 1_000)
    for _ in range(10):
        for who in ("ana", "ruiz", "rita", "alex"):
            check_forged(target, who, 25)


def test_t091_frames_that_are_no_messages_end_the_connection_and_nothing_else(target):
    check_frames(target, 20)


def check_frames(target, count: int) -> None:
    rng = random.Random(92)
    for _ in range(count):
        with target.tab(rng.choice(["", "rita"])) as tab:
            tab.socket.send(noise(rng, 5_000))
            tab.overhear(0.01)
    with target.tab("rita") as tab:
        assert not tab.run("desk").is_anonymous()


# --- the typed parsers of core

PLACE = patients_typed.Place("PT", "Europe/Lisbon")

PARSERS = {
    "date": lambda typed: read_date(typed, DateOrder.DMY, "date"),
    "time": read_time,
    "minutes": read_minutes,
    "cents": read_cents,
    "moment": split_moment,
    "e-mail": patients_typed.email_address,
    "line": lambda typed: patients_typed.line(typed, 200, "name"),
    "note": lambda typed: patients_typed.note(typed, "note"),
    "phone": lambda typed: patients_typed.phone_number(typed, PLACE),
    "name": catalog_typed.name_of,
    "zone": catalog_typed.zone_of_name,
    "country": catalog_typed.country_of,
    "currency": catalog_typed.currency_of,
    "colour": catalog_typed.colour_of,
}


@pytest.mark.parametrize("parser", PARSERS)
def test_t092_a_parser_answers_or_refuses_in_words(parser):
    rng = random.Random(parser)
    for typed in (*TEXTS, *(word(rng) for _ in range(300))):
        with suppress(BookingError):
            PARSERS[parser](typed)


def test_t093_what_is_searched_for_is_only_ever_a_text(session):
    a.organisation(session)
    admin = a.actor(session, Role.ADMIN)
    for name in ("Ana Silva", "O'Brien", "100% Sure_Thing", "back\\slash"):
        a.patient(session, name=name)
    rng = random.Random(93)
    for typed in (*TEXTS, *(word(rng) for _ in range(200))):
        find_patients(session, admin, typed, now=a.BEFORE)

    def names(typed):
        return [each.name for each in find_patients(session, admin, typed, now=a.BEFORE)]

    assert names("100% sure") == ["100% Sure_Thing"]
    for typed in ("' OR 1=1 --", "%", "_%", "' OR name LIKE '%"):
        assert names(typed) == []


# --- files


def archive() -> bytes:
    """Ten megabytes of zeros in ten kilobytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("patients.csv", b"0" * 10_000_000)
    return packed.getvalue()


FILES = {
    "a program": b"MZ\x90\x00\x03\x00\x00\x00\x04" + bytes(range(256)) * 50,
    "an archive": archive(),
    "nothing": b"",
    "zeros": b"\x00" * 100_000,
    "utf-16": "name,phone\nAna,912345678\n".encode("utf-16"),
    "half a character": "name,phone\nJosé".encode()[:-1],
    "one line": b"name" * 100_000,
    "only quotes": b'"' * 10_001,
    "separators": b"name" + b"," * 10_000 + b"\n",
    "a broken quote": b'name,phone\n"Ana,912345678\n' * 100,
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
}


def import_both(database: Database, content: bytes, keep: Keep) -> None:
    for verb in (import_patients, import_bookings):
        with suppress(BookingError), database.writing() as db:
            admin = a.actor(db, Role.ADMIN)
            a.organisation(db)
            verb(db, admin, content, ImportOptions(keep=keep), now=a.BEFORE)


@pytest.mark.parametrize("name", FILES)
def test_t134_a_file_that_is_no_list_is_refused_in_words(sqlite_database, name):
    import_both(sqlite_database, FILES[name], Keep.GOOD_ROWS)

    assert written_patients(sqlite_database) in ([], ["Ana"])


def test_t134_three_hundred_bent_files_write_nothing_that_was_not_asked_for(sqlite_database):
    rng = random.Random(134)
    head = b"name,phone,email,birth date,note\n"
    for _ in range(300):
        lines = b"\n".join(b",".join(anything(rng)[:50] for _ in range(5)) for _ in range(3))
        import_both(sqlite_database, rng.choice([head, b""]) + lines, Keep.NOTHING)

    assert written_patients(sqlite_database) == []


@pytest.mark.slow
def test_t134_a_million_rows_are_refused_or_counted_but_never_too_much(sqlite_database):
    content = b"name,phone\n" + b"Ana,912345678\n" * 1_000_000

    import_both(sqlite_database, content, Keep.NOTHING)

    assert written_patients(sqlite_database) == []


def written_patients(database: Database) -> list[str]:
    with database.reading() as db:
        return list(db.scalars(select(Patient.name)))
