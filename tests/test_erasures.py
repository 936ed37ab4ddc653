"""Erased for good: no byte stays in the files, and no backup brings anybody back."""

import errno
import os
import secrets
import shutil
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from core import privacy
from core.backup import backup, restore
from core.booking import CancelRequest, SetAside, cancel
from core.booking.groups import SeatRequest, join
from core.db import Database
from core.errors import DatabaseNotReady, NotSaved
from core.models import (
    Attendee,
    AuthSession,
    Booking,
    BookingState,
    Erasure,
    ExceptionalAccess,
    OutboxMessage,
    Override,
    OverrideKind,
    Patient,
    Role,
    User,
)
from core.patients import EditedPatient, edit_patient
from core.policy import CONSOLE
from core.privacy.erasing import forget, hold
from core.privacy.inventory import ERASED_NAME
from core.settings import from_environment
from tests import a

S = BookingState
NOW = a.at(8)
NAME, RENAMED = "Zebedeu Quixabeira", "Zebedeu Quixabeirinha"
PHONE, PHONE_AFTER = "+351912347788", "+351912347799"
EMAIL = "zebedeu.quixabeira@example.org"
NOTE = "Afraid of xylophones"
TRACES = (
    "zebedeu",
    "quixabeira",
    "912347788",
    "912 347 788",
    "912347799",
    "xylophone",
    "19610509",
    "1961-05-09",
    "203.0.113.91",
    "zebedeu-browser",
)


def zebedeu(session, **values) -> Patient:
    made = {"name": NAME, "phone": PHONE, "email": EMAIL, "born_on": date(1961, 5, 9)}
    return a.patient(session, **(made | {"desk_note": NOTE} | values))


def erase(database, patient_id, *, now=NOW) -> None:
    """What an admin decides, without the screen."""
    with database.writing() as session:
        hold(session, patient_id, now)
        forget(session, CONSOLE, session.get_one(Patient, patient_id), now=now)


def traces_in(files) -> set[str]:
    """What is left, in any encoding a database may keep text in."""
    found = set()
    for file in files:
        content = file.read_bytes().lower()
        for each in TRACES:
            if any(each.encode(code) in content for code in ("utf-8", "utf-16-le", "utf-16-be")):
                found.add(f"{file.name}: {each}")
    return found


def files_of(database: Database) -> list[Path]:
    path = Path(str(database.engine.url.database))
    return sorted(path.parent.glob(f"{path.name}*"))


# No byte is left.


def live(session, steps) -> int:
    """A life at the practice, step by step; the id of the one who lived it."""
    doctor = a.professional(session, name="Dr Ruiz")
    desk = a.actor(session)
    patient = zebedeu(session)
    user = a.user(
        session, Role.PATIENT, username=EMAIL, name=NAME, email=EMAIL, patient_id=patient.id
    )
    doing = {
        "visit": lambda day: a.booking(
            session, doctor, a.span(9, 9.5, day=day), patient=patient, desk_note=NOTE * 40
        ),
        "past": lambda day: a.booking(
            session,
            doctor,
            a.span(11, 12, day=-1 - day),
            patient=patient,
            state=S.COMPLETED,
            desk_note=NAME,
        ),
        "cancelled": lambda day: cancel_one(session, desk, doctor, patient, day),
        "group": lambda day: join_group(session, desk, doctor, patient, day),
        "override": lambda day: set_aside(session, doctor, patient, day),
        "renamed": lambda day: rename(session, desk, patient, day),
        "signed_in": lambda _day: session.add(opened_by(user)),
        "message": lambda day: session.add(message_to(user, patient, day)),
        "looked_at": lambda day: session.add(
            ExceptionalAccess(
                user_id=desk.user_id,
                patient_id=patient.id,
                reason=f"{NAME} fell in the corridor",
                opened_at=a.at(0, day=-day),
                ends_at=a.at(1, day=-day),
            )
        ),
        "others": lambda _day: [a.patient(session, name="Somebody Else") for _ in range(30)],
    }
    for number, step in enumerate(steps, start=1):
        doing[step](number)
        session.flush()
    return patient.id


def cancel_one(session, desk, doctor, patient, day):
    booking = a.booking(session, doctor, a.span(13, 14, day=day), patient=patient)
    reason = f"{NAME} said: {NOTE}"
    cancel(session, desk, CancelRequest(booking.id, booking.version, reason), now=NOW)


def join_group(session, desk, doctor, patient, day):
    yoga = a.service(session, seats=2, length_minutes=60)
    group = a.booking(session, doctor, a.span(15, 16, day=day), service=yoga)
    group.seats, group.desk_note = 2, f"{NAME} brings a mat"
    session.flush()
    join(session, desk, SeatRequest(group.id, group.version, patient.id), now=NOW)


def set_aside(session, doctor, patient, day):
    booking = a.booking(session, doctor, a.span(20, 21, day=day), patient=patient)
    said = SetAside(f"{NAME} insists", NOTE)
    session.add(
        Override(
            booking_id=booking.id,
            kind=OverrideKind.OUTSIDE_HOURS,
            reason=said.reason,
            note=said.note,
            role=Role.RECEPTIONIST,
            at=NOW,
        )
    )


def rename(session, desk, patient, day):
    name, phone = (RENAMED, PHONE_AFTER) if day % 2 else (NAME, PHONE)
    asked = EditedPatient(patient.id, patient.version, name, phone, EMAIL, desk_note=NOTE * day)
    edit_patient(session, desk, asked, now=NOW)


def opened_by(user: User) -> AuthSession:
    return AuthSession(
        token_sha256=secrets.token_hex(32),
        user_id=user.id,
        created_at=NOW,
        last_seen_at=NOW,
        auth_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        ip="203.0.113.91",
        user_agent="Zebedeu-Browser/1.0",
    )


def message_to(user: User, patient: Patient, number: int) -> OutboxMessage:
    return OutboxMessage(
        dedupe=f"made:{number}:{EMAIL}",
        kind="reset",
        address=EMAIL,
        user_id=user.id,
        patient_id=patient.id,
        created_at=NOW,
        due_at=NOW,
        last_error=f"550 {EMAIL} unknown",
    )


STEPS = (
    "visit",
    "past",
    "cancelled",
    "group",
    "override",
    "renamed",
    "signed_in",
    "message",
    "looked_at",
    "others",
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(STEPS), max_size=12))
def test_t158_whatever_somebody_lived_through_no_byte_of_them_is_left(
    steps, migrated_file, tmp_path
):
    path = tmp_path / "lived.db"
    for each in path.parent.glob("lived.*"):
        each.unlink()
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    with database.writing() as session:
        patient_id = live(session, steps)
    assert traces_in(files_of(database))

    erase(database, patient_id)
    privacy.settle(database, tmp_path / "lived.erasures", now=NOW)

    assert traces_in(path.parent.glob("lived.*")) == set()
    with database.reading() as session:
        assert session.get_one(Patient, patient_id).name == ERASED_NAME
    database.dispose()


def test_t158_without_the_sweep_bytes_would_be_left(sqlite_database):
    """So the test above can see them."""
    with sqlite_database.writing() as session:
        patient_id = live(session, STEPS * 2)
    erase(sqlite_database, patient_id)

    assert traces_in(files_of(sqlite_database))


@pytest.fixture
def pages_of(postgresql_database):
    """``pages_of()``: the files of the tables on disk, once all of it is there."""

    def found() -> list[Path]:
        connection = postgresql_database.engine.raw_connection()
        try:
            connection.driver_connection.autocommit = True
            connection.driver_connection.execute("CHECKPOINT")
            row = connection.driver_connection.execute("SHOW data_directory").fetchone()
        finally:
            connection.driver_connection.autocommit = False
            connection.close()
        return [each for each in (Path(row[0]) / "base").rglob("*") if each.is_file()]

    return found


def test_t158_postgresql_keeps_nothing_in_its_tables_either(
    postgresql_database, pages_of, tmp_path
):
    """Its write-ahead log is another matter: it goes with the segments that are recycled."""
    with postgresql_database.writing() as session:
        patient_id = live(session, STEPS * 2)
    with postgresql_database.writing() as session:
        session.execute(text("ANALYZE patients"))
    assert traces_in(pages_of())

    erase(postgresql_database, patient_id)
    privacy.settle(postgresql_database, tmp_path / "erasures", now=NOW)

    assert traces_in(pages_of()) == set()


def test_a_sweep_that_somebody_is_in_the_way_of_is_said_and_done_later(
    sqlite_database, tmp_path, monkeypatch
):
    monkeypatch.setattr("core.db.BUSY_TIMEOUT_SECONDS", 0.1)
    file = tmp_path / "erasures"
    with sqlite_database.writing() as session:
        patient_id = zebedeu(session).id
    erase(sqlite_database, patient_id)
    quick = Database(str(sqlite_database.engine.url))
    with sqlite_database.reading() as reader:
        reader.scalar(select(Patient.id))
        with pytest.raises(NotSaved, match="not yet from the database's files"):
            privacy.settle(quick, file, now=NOW)

    assert [each.patient_id for each in privacy.read_list(file)] == [patient_id]
    privacy.settle(quick, file, now=NOW)
    assert traces_in(files_of(quick)) == set()
    with quick.reading() as session:
        assert session.scalars(select(Erasure.swept_at)).one() == NOW
    quick.dispose()


# The list.


def test_the_list_holds_numbers_and_times_for_its_owner_alone(database, tmp_path):
    file = tmp_path / "kept" / "frontdesk.erasures"
    with database.writing() as session:
        patient = zebedeu(session, created_at=a.at(7))
    erase(database, patient.id)
    privacy.settle(database, file, now=NOW)
    privacy.settle(database, file, now=NOW)

    assert file.read_text() == f"{patient.id},2026-12-07T07:00:00+00:00,2026-12-07T08:00:00+00:00\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_list_that_cannot_be_read_stops_the_service(database, tmp_path):
    file = tmp_path / "frontdesk.erasures"
    file.write_text("1,yesterday\n")

    with pytest.raises(DatabaseNotReady, match="could return"):
        privacy.settle(database, file, now=NOW)


LINE = "1,2026-12-07T06:00:00+00:00,2026-12-07T07:00:00+00:00\n"


@pytest.mark.parametrize("cut", [1, 20, len(LINE) - 10, len(LINE) - 2])
def test_t159_a_line_a_full_disk_cut_off_is_written_anew(database, tmp_path, cut):
    file = tmp_path / "frontdesk.erasures"
    with database.writing() as session:
        patient_id = zebedeu(session, created_at=a.at(7)).id
    erase(database, patient_id)
    file.write_text("900" + LINE + LINE[:cut])
    privacy.settle(database, file, now=NOW)

    assert file.read_text() == (
        f"900{LINE}{patient_id},2026-12-07T07:00:00+00:00,2026-12-07T08:00:00+00:00\n"
    )


def test_t159_a_last_line_that_only_lacks_its_end_counts(database, tmp_path):
    """As an editor leaves it."""
    file = tmp_path / "frontdesk.erasures"
    file.write_text(LINE.rstrip())
    assert [each.patient_id for each in privacy.read_list(file)] == [1]

    with database.writing() as session:
        others = [zebedeu(session, created_at=a.at(7)).id for _ in range(2)]
    erase(database, others[1])
    privacy.settle(database, file, now=NOW)
    assert [each.patient_id for each in privacy.read_list(file)] == [1, others[1]]


def test_t159_a_disk_that_takes_half_a_line_leaves_the_list_as_it_was(
    sqlite_database, tmp_path, monkeypatch
):
    file = tmp_path / "frontdesk.erasures"
    file.write_text("900" + LINE)
    with sqlite_database.writing() as session:
        patient_id = zebedeu(session).id
    erase(sqlite_database, patient_id)
    room, write = [12], os.write

    def nearly_full(opened, content):
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(opened, content[: room.pop()])

    with monkeypatch.context() as full:
        full.setattr("core.privacy.erasures.os.write", nearly_full)
        with pytest.raises(OSError, match="No space"):
            privacy.settle(sqlite_database, file, now=NOW)
    assert file.read_text() == "900" + LINE

    privacy.settle(sqlite_database, file, now=NOW)
    assert [each.patient_id for each in privacy.read_list(file)] == [9001, patient_id]


@pytest.mark.parametrize(
    ("environ", "file"),
    [
        ({"FRONTDESK_DATABASE_URL": "sqlite:////srv/frontdesk.db"}, "/srv/frontdesk.erasures"),
        ({"FRONTDESK_DATABASE_URL": "postgresql://db/clinic"}, "clinic.erasures"),
        ({"FRONTDESK_ERASURES": "/mnt/other/list"}, "/mnt/other/list"),
    ],
    ids=["beside the file", "among the data", "where it is set"],
)
def test_the_list_lies_where_the_backup_does_not(environ, file):
    assert str(privacy.list_file(from_environment(environ))).endswith(file)


# A backup brings nobody back.


def restored(made, tmp_path, file) -> Database:
    url = f"sqlite:///{tmp_path / 'again' / 'frontdesk.db'}"
    restore(made.path, url, now=NOW, erased=privacy.read_list(file))
    return Database(url)


def test_t159_a_backup_made_before_an_erasure_brings_nobody_back(database, tmp_path):
    with database.writing() as session:
        patient_id = live(session, STEPS)
        a.patient(session, name="Bea Stays")
    made = backup(database, tmp_path / "backups", now=a.BEFORE)
    assert traces_in([made.path])
    erase(database, patient_id)
    file = tmp_path / "frontdesk.erasures"
    privacy.settle(database, file, now=NOW)

    again = restored(made, tmp_path, file)

    with again.reading() as session:
        assert session.get_one(Patient, patient_id).name == ERASED_NAME
        assert session.scalars(select(Patient.name).where(Patient.name == "Bea Stays")).one()
        coming = select(Booking.state).join(Attendee).where(Attendee.patient_id == patient_id)
        assert S.BOOKED not in session.scalars(
            coming.where(Booking.starts_at > NOW, Booking.seats == 1)
        )
        assert session.get_one(Erasure, patient_id).erased_at == NOW
    assert traces_in(files_of(again)) == set()
    again.dispose()


def test_t159_without_the_list_the_backup_would_bring_them_back(sqlite_database, tmp_path):
    with sqlite_database.writing() as session:
        patient_id = zebedeu(session).id
    made = backup(sqlite_database, tmp_path / "backups", now=a.BEFORE)
    erase(sqlite_database, patient_id)

    again = restored(made, tmp_path, tmp_path / "none")

    with again.reading() as session:
        assert session.get_one(Patient, patient_id).name == NAME
    again.dispose()


def test_t159_a_file_copied_back_by_hand_is_settled_before_the_service_opens(
    sqlite_database, tmp_path
):
    path, file = Path(str(sqlite_database.engine.url.database)), tmp_path / "frontdesk.erasures"
    with sqlite_database.writing() as session:
        patient_id = zebedeu(session).id
    sqlite_database.dispose()
    shutil.copyfile(path, tmp_path / "yesterday.db")
    erase(sqlite_database, patient_id)
    privacy.settle(sqlite_database, file, now=NOW)
    sqlite_database.dispose()
    shutil.copyfile(tmp_path / "yesterday.db", path)

    assert privacy.settle(sqlite_database, file, now=NOW) == 1

    assert traces_in(files_of(sqlite_database)) == set()


def test_t159_a_number_that_went_to_somebody_else_erases_nobody(database, tmp_path):
    file = tmp_path / "frontdesk.erasures"
    with database.writing() as session:
        patient = zebedeu(session, created_at=a.at(6))
    file.write_text(f"{patient.id},2026-12-07T05:00:00+00:00,2026-12-07T07:00:00+00:00\n")

    assert privacy.settle(database, file, now=NOW) == 0
    with database.reading() as session:
        assert session.get_one(Patient, patient.id).name == NAME
