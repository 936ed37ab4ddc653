"""Backups: whole, proven, and restored only where nothing can be lost."""

import filecmp
import hashlib
import json
import secrets
import stat
import tempfile
import threading
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from core import audit, outbox, schema
from core.backup import backup, restore
from core.backup.sealing import MAGIC, PIECE, seal, unseal
from core.db import Database
from core.errors import DatabaseNotReady, Invalid
from core.models import (
    MADE_AGAIN,
    Attendee,
    AuditEntry,
    AuthSession,
    Base,
    Booking,
    Calendar,
    CalendarKind,
    Claim,
    Patient,
    Role,
)
from core.patients import NewPatient, add_patient
from core.policy import CONSOLE
from tests import a

RECORDED_BY_THE_RESTORE = {"audit_entries", "auth_sessions"}


@pytest.fixture
def filled(database):
    """A database with a day of work in it."""
    with database.writing() as session:
        visit = a.service(session, before_minutes=5)
        doctor = a.professional(session, services=(visit,))
        for hour in range(9, 13):
            a.booking(session, doctor, a.span(hour, hour + 0.5), service=visit)
        add_patient(session, CONSOLE, NewPatient("Łukasz 👩🏽‍⚕️", "+34642110478"), now=a.BEFORE)
        user = a.user(session, Role.ADMIN)
        session.add(
            AuthSession(
                token_sha256="0" * 64,
                user_id=user.id,
                created_at=a.BEFORE,
                last_seen_at=a.BEFORE,
                auth_at=a.BEFORE,
                expires_at=a.BEFORE + timedelta(hours=12),
            )
        )
    return database


@pytest.fixture
def elsewhere(tmp_path):
    return f"sqlite:///{tmp_path / 'elsewhere' / 'frontdesk.db'}"


def made_from(database, tmp_path):
    return backup(database, tmp_path / "backups", now=a.BEFORE)


def content(database):
    """Every row of every table that a restore brings back as it was."""
    with database.reading() as session:
        return {
            name: session.execute(table.select().order_by(*table.primary_key.columns)).all()
            for name, table in Base.metadata.tables.items()
            if name not in RECORDED_BY_THE_RESTORE and table.info != MADE_AGAIN
        }


def count(database, table):
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


# Making one.


def test_a_backup_says_what_it_holds(filled, tmp_path):
    made = made_from(filled, tmp_path)

    manifest = json.loads(made.manifest_path.read_text())
    with filled.reading() as session:
        head = audit.head(session)
    assert made.path.name == manifest["file"] == "frontdesk-20261204T120000Z.db"
    assert manifest["rows"]["bookings"] == 4
    assert manifest["schema"] == schema.newest_revision()
    assert (manifest["audit_id"], manifest["audit_hash"]) == (head.id, head.hash)
    assert manifest["audit_intact"] is True


def test_a_backup_is_for_its_owner_alone_and_lies_alone(filled, tmp_path):
    made = made_from(filled, tmp_path)

    assert {each.name for each in made.path.parent.iterdir()} == {
        made.path.name,
        made.manifest_path.name,
    }
    for each in (made.path, made.manifest_path):
        assert stat.S_IMODE(each.stat().st_mode) == 0o600


def test_a_backup_never_overwrites_another(filled, tmp_path):
    first, second = made_from(filled, tmp_path), made_from(filled, tmp_path)

    assert first.path != second.path
    assert first.path.exists()
    assert second.path.exists()


def test_an_empty_file_is_nothing_to_back_up(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")

    with pytest.raises(DatabaseNotReady, match="nothing to back up"):
        made_from(database, tmp_path)
    assert not (tmp_path / "backups").exists()
    database.dispose()


def test_a_backup_that_fails_leaves_nothing_behind(filled, tmp_path, monkeypatch):
    monkeypatch.setattr("core.backup.making.sha256_of", lambda path: path.read_bytes()[-1:0][0])

    with pytest.raises(IndexError):
        made_from(filled, tmp_path)
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_broken_audit_trail_is_backed_up_and_said(sqlite_database, tmp_path):
    with sqlite_database.writing() as session:
        audit.record(session, CONSOLE, "desk.opened", now=a.BEFORE)
        session.execute(text("DROP TRIGGER audit_entries_keep_update"))
        session.execute(text("UPDATE audit_entries SET action = 'desk.closed'"))

    assert made_from(sqlite_database, tmp_path).manifest.audit_intact is False


def test_t115_a_backup_during_work_holds_every_row_committed_before_it(sqlite_database, tmp_path):
    """Writers count what was committed; each backup must hold at least what was counted."""
    stop, done = threading.Event(), [0]

    def work():
        while not stop.is_set():
            with sqlite_database.writing() as session:
                add_patient(session, CONSOLE, NewPatient("Ana", "+34642110478"), now=a.BEFORE)
            done[0] += 1

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    try:
        for _ in range(5):
            before = done[0]
            manifest = made_from(sqlite_database, tmp_path).manifest
            assert manifest.rows["patients"] >= before
            assert manifest.rows["patients"] == manifest.rows["audit_entries"]
            assert manifest.audit_intact
    finally:
        stop.set()
        for each in workers:
            each.join()


def test_t115_a_backup_of_postgresql_is_one_snapshot(postgresql_database, tmp_path):
    stop = threading.Event()

    def work():
        while not stop.is_set():
            with postgresql_database.writing() as session:
                add_patient(session, CONSOLE, NewPatient("Ana", "+34642110478"), now=a.BEFORE)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(3):
            manifest = made_from(postgresql_database, tmp_path).manifest
            assert manifest.rows["patients"] == manifest.rows["audit_entries"]
            assert manifest.audit_intact
    finally:
        stop.set()
        worker.join()


# Restoring one.


def test_a_restored_database_is_the_one_that_was_backed_up(filled, elsewhere, tmp_path):
    made = made_from(filled, tmp_path)

    restored = restore(made.path, elsewhere, now=a.BEFORE)

    again = Database(elsewhere)
    assert content(again) == content(filled)
    assert restored.rows["bookings"] == 4
    assert count(again, AuditEntry) == count(filled, AuditEntry) + 1
    with again.reading() as session:
        assert list(audit.verify(session)) == []
    again.dispose()


def test_a_backup_of_either_engine_goes_into_postgresql(
    sqlite_database, postgresql_database, tmp_path
):
    with sqlite_database.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))
        a.booking(session, a.professional(session), a.span(9, 10))
    made = made_from(sqlite_database, tmp_path)

    restore(made.path, _url(postgresql_database), now=a.BEFORE)

    assert content(postgresql_database) == content(sqlite_database)
    with postgresql_database.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))
    assert count(postgresql_database, Booking) == 3


def test_work_goes_on_after_a_restore(filled, elsewhere, tmp_path):
    restore(made_from(filled, tmp_path).path, elsewhere, now=a.BEFORE)

    again = Database(elsewhere)
    with again.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))
    assert count(again, Claim) == 10
    again.dispose()


def test_a_restore_signs_everybody_out(filled, elsewhere, tmp_path):
    restore(made_from(filled, tmp_path).path, elsewhere, now=a.BEFORE)

    again = Database(elsewhere)
    with again.reading() as session:
        found = session.scalars(select(AuthSession)).one()
    assert (found.revoked_at, found.revoke_reason) == (a.BEFORE, "restored")
    again.dispose()


def test_a_restore_sends_nothing_that_was_waiting_then(filled, elsewhere, tmp_path):
    """It may have gone out since, and its link may have been used."""
    with filled.writing() as session:
        message = outbox.Message("one", outbox.Kind.RECORD_OPENED, "alex@example.org")
        outbox.enqueue(session, message, now=a.BEFORE)
    restore(made_from(filled, tmp_path).path, elsewhere, now=a.BEFORE)

    again = Database(elsewhere)
    with again.reading() as session:
        assert not outbox.is_any_due(session, now=a.BEFORE)
    again.dispose()
    with filled.reading() as session:
        assert outbox.is_any_due(session, now=a.BEFORE)


def test_a_restore_leaves_the_backup_as_it_was(filled, elsewhere, tmp_path):
    made = made_from(filled, tmp_path)
    before = made.path.read_bytes()

    restore(made.path, elsewhere, now=a.BEFORE)

    assert made.path.read_bytes() == before
    assert len(list(made.path.parent.iterdir())) == 2


def test_t116_a_place_that_holds_data_is_left_alone(filled, tmp_path):
    made = made_from(filled, tmp_path)
    before = content(filled)

    with pytest.raises(DatabaseNotReady, match="already holds data"):
        restore(made.path, _url(filled), now=a.BEFORE)
    assert content(filled) == before


def test_a_migrated_but_empty_place_takes_a_backup(sqlite_database, elsewhere, tmp_path):
    with sqlite_database.writing() as session:
        a.patient(session)
    made = made_from(sqlite_database, tmp_path)
    empty = Database(elsewhere)
    schema.migrate(empty)

    restore(made.path, elsewhere, now=a.BEFORE)

    assert count(empty, Patient) == 1
    empty.dispose()


def _damage(path: Path) -> None:
    changed = bytearray(path.read_bytes())
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4096])


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_damage, "damaged"),
        (_truncate, "damaged"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: path.with_suffix(".json").unlink(), "no manifest"),
        (lambda path: path.with_suffix(".json").write_text("{"), "cannot be read"),
        (lambda path: path.with_suffix(".json").write_text("{}"), "cannot be read"),
        (lambda path: path.with_suffix(".json").write_text("[]"), "cannot be read"),
    ],
    ids=["changed", "truncated", "emptied", "no manifest", "half", "bare", "list"],
)
def test_t116_a_backup_that_is_not_what_it_was_is_refused(
    sqlite_database, elsewhere, tmp_path, spoil, says
):
    made = made_from(sqlite_database, tmp_path)
    spoil(made.path)

    with pytest.raises(Invalid, match=says):
        restore(made.path, elsewhere, now=a.BEFORE)
    assert not (tmp_path / "elsewhere").exists()


def test_t116_a_manifest_that_counts_other_rows_is_refused(sqlite_database, elsewhere, tmp_path):
    made = made_from(sqlite_database, tmp_path)
    manifest = json.loads(made.manifest_path.read_text())
    manifest["rows"]["patients"] += 1
    made.manifest_path.write_text(json.dumps(manifest))

    with pytest.raises(Invalid, match="does not hold what its manifest says"):
        restore(made.path, elsewhere, now=a.BEFORE)


def test_t116_a_backup_of_a_newer_frontdesk_is_refused(sqlite_database, elsewhere, tmp_path):
    with sqlite_database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    made = made_from(sqlite_database, tmp_path)

    with pytest.raises(DatabaseNotReady, match="newer Frontdesk"):
        restore(made.path, elsewhere, now=a.BEFORE)


def test_t116_a_journal_left_by_another_database_is_refused(sqlite_database, tmp_path):
    made = made_from(sqlite_database, tmp_path)
    (tmp_path / "lost.db-wal").write_bytes(b"left over")

    with pytest.raises(Invalid, match=r"lost\.db-wal of another database"):
        restore(made.path, f"sqlite:///{tmp_path / 'lost.db'}", now=a.BEFORE)


def test_a_missing_backup_is_said_so(elsewhere, tmp_path):
    with pytest.raises(Invalid, match="no manifest"):
        restore(tmp_path / "none.db", elsewhere, now=a.BEFORE)


def test_a_restore_that_fails_half_way_leaves_an_empty_place(sqlite_database, elsewhere, tmp_path):
    with sqlite_database.writing() as session:
        first = a.booking(session, a.professional(session), a.span(9, 10))
        calendar_id = session.scalars(select(Claim.calendar_id)).first()
        session.execute(text("DROP TRIGGER claims_guard_insert"))
        session.execute(
            insert(Claim),
            [
                {
                    "booking_id": first.id,
                    "calendar_id": calendar_id,
                    "starts_at": a.at(9),
                    "ends_at": a.at(10),
                }
            ],
        )
    made = made_from(sqlite_database, tmp_path)

    with pytest.raises(DatabaseNotReady, match="nothing was restored"):
        restore(made.path, elsewhere, now=a.BEFORE)
    again = Database(elsewhere)
    assert count(again, Booking) == 0
    again.dispose()


def _url(database):
    return database.engine.url.render_as_string(hide_password=False)


def test_the_calendars_of_a_backup_keep_their_kinds(filled, elsewhere, tmp_path):
    restore(made_from(filled, tmp_path).path, elsewhere, now=a.BEFORE)

    again = Database(elsewhere)
    with again.reading() as session:
        kinds = set(session.scalars(select(Calendar.kind)))
        assert kinds == {CalendarKind.PROFESSIONAL, CalendarKind.PATIENT}
        assert session.scalar(select(func.count()).select_from(Attendee)) == 4
    again.dispose()


def test_t117_from_nothing_to_the_first_booking(sqlite_database, tmp_path):
    """The drill: the data directory is gone, the backup is all there is."""
    with sqlite_database.writing() as session:
        a.professional(session, name="Dr Elena Ruiz")
    made = made_from(sqlite_database, tmp_path)
    place = Path(str(sqlite_database.engine.url.database))
    sqlite_database.dispose()
    for each in place.parent.glob("frontdesk.db*"):
        each.unlink()

    restore(made.path, f"sqlite:///{place}", now=a.BEFORE)

    again = Database(f"sqlite:///{place}")
    with again.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))
    assert count(again, Booking) == 1
    again.dispose()


# Encrypted.

KEY = "correct horse battery staple"


def sealed_from(database, tmp_path):
    return backup(database, tmp_path / "backups", now=a.BEFORE, key=KEY)


def with_its_new_manifest(made):
    """As somebody would leave it who changes the file and knows about manifests."""
    manifest = json.loads(made.manifest_path.read_text())
    manifest["sha256"] = hashlib.sha256(made.path.read_bytes()).hexdigest()
    made.manifest_path.write_text(json.dumps(manifest))


def test_t155_without_its_key_a_backup_says_nothing(filled, elsewhere, tmp_path):
    made = sealed_from(filled, tmp_path)

    content = made.path.read_bytes()
    assert made.path.suffix == ".sealed"
    assert b"SQLite" not in content
    assert b"642110478" not in content
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    with pytest.raises(Invalid, match="is encrypted"):
        restore(made.path, elsewhere, now=a.BEFORE)
    assert not (tmp_path / "elsewhere").exists()


def test_t155_with_its_key_a_backup_is_whole(filled, elsewhere, tmp_path):
    made = sealed_from(filled, tmp_path)

    restore(made.path, elsewhere, now=a.BEFORE, key=KEY)

    again = Database(elsewhere)
    assert content(again) == content(filled)
    again.dispose()


def test_t155_nothing_is_left_in_plain(filled, tmp_path, monkeypatch):
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    made = sealed_from(filled, tmp_path)

    assert list(private.iterdir()) == []
    assert {each.name for each in made.path.parent.iterdir()} == {
        made.path.name,
        made.manifest_path.name,
    }


def test_t155_a_key_that_can_be_guessed_is_refused(filled, tmp_path):
    with pytest.raises(Invalid, match="too short"):
        backup(filled, tmp_path / "backups", now=a.BEFORE, key="fifteen letters")
    assert not (tmp_path / "backups").exists()


def test_t116_another_key_is_said_to_be_the_wrong_one(sqlite_database, elsewhere, tmp_path):
    made = sealed_from(sqlite_database, tmp_path)

    with pytest.raises(Invalid, match="not the key it was made with"):
        restore(made.path, elsewhere, now=a.BEFORE, key=KEY + "r")
    assert not (tmp_path / "elsewhere").exists()


def _swap_pieces(path: Path) -> None:
    content = path.read_bytes()
    start, size = len(MAGIC) + 16 + 7, PIECE + 16
    first, second = content[start : start + size], content[start + size : start + 2 * size]
    path.write_bytes(content[:start] + second + first + content[start + 2 * size :])


@pytest.mark.parametrize(
    "spoil",
    [
        _damage,
        _truncate,
        lambda path: path.write_bytes(path.read_bytes()[: len(MAGIC) + 23 + 2 * (PIECE + 16)]),
        lambda path: path.write_bytes(path.read_bytes() + b"more"),
        lambda path: path.write_bytes(path.read_bytes()[:30]),
        _swap_pieces,
    ],
    ids=["changed", "truncated", "cut between pieces", "longer", "only the header", "swapped"],
)
def test_t116_an_encrypted_backup_that_is_not_what_it_was_is_refused(
    sqlite_database, elsewhere, tmp_path, spoil
):
    """Its manifest lies beside it and may have been changed as well."""
    with sqlite_database.writing() as session:
        a.patient(session, desk_note="long " * 600_000)
    made = sealed_from(sqlite_database, tmp_path)
    spoil(made.path)
    with pytest.raises(Invalid, match="damaged"):
        restore(made.path, elsewhere, now=a.BEFORE, key=KEY)

    with_its_new_manifest(made)
    with pytest.raises(Invalid, match="cannot be decrypted"):
        restore(made.path, elsewhere, now=a.BEFORE, key=KEY)
    assert not (tmp_path / "elsewhere").exists()


def test_t155_a_piece_at_a_time_is_in_memory(tmp_path):
    plain, sealed, again = (tmp_path / name for name in ("plain", "sealed", "again"))
    with plain.open("wb") as file:
        file.truncate(64 * PIECE)
    tracemalloc.start()
    seal(plain, sealed, KEY)
    unseal(sealed, again, KEY)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 8 * PIECE
    assert filecmp.cmp(plain, again, shallow=False)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_t155_files_of_any_length_come_back(tmp_path, size):
    plain, sealed, again = (tmp_path / name for name in ("plain", "sealed", "again"))
    plain.write_bytes(secrets.token_bytes(size))

    seal(plain, sealed, KEY)
    unseal(sealed, again, KEY)

    assert again.read_bytes() == plain.read_bytes()
