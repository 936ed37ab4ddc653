"""The place as one file: everything that may leave is in it, and builds the place up again."""

import csv
import io
import json
import shutil
import tracemalloc
from datetime import timedelta
from zipfile import ZipFile

import pytest
from sqlalchemy import insert, select

from core import everything, exports
from core.check import find_broken
from core.db import Database
from core.errors import ConfirmationNeeded, DatabaseNotReady, Invalid, NotAllowed
from core.everything import LEFT_OUT, carried_tables, export_everything, import_everything
from core.everything.tables import ABOUT, carried_columns
from core.figures import count_figures
from core.models import (
    AbsenceCall,
    AuditEntry,
    Base,
    Calendar,
    CalendarKind,
    CallStep,
    Channel,
    Confirmation,
    DateHours,
    Delay,
    DelayCall,
    Dependant,
    Draft,
    Erasure,
    ExpertiseSynonym,
    Frequency,
    HoursChange,
    ImportColumn,
    Logo,
    MessageState,
    OutboxMessage,
    Override,
    OverrideKind,
    Patient,
    PatientMerge,
    Portrait,
    PreferredProfessional,
    ProfessionalExpertise,
    Role,
    Search,
    SecondStep,
    Series,
    ServiceRoom,
    StrandedVisit,
    ToldApart,
    VisitNote,
    WaitingProfessional,
    WorkingHours,
)
from core.patients import NewPatient, add_patient
from core.policy import CONSOLE
from core.privacy import Listed
from tests import a
from tests.matrix.world import NOW, World

NASTY = "  =HYPERLINK(\"x\"), '-1\r\n\n;\t👩🏽‍⚕️ ''@ "
SECRETS = (
    "hash-of-a-password",
    "totp-secret",
    "words of a note",
    "begun words",
    "to@write.example",
)


@pytest.fixture
def lived_in(database):
    return fill(database)


@pytest.fixture
def small(sqlite_database):
    """One booking and somebody to see, on SQLite alone."""
    with sqlite_database.writing() as session:
        a.organisation(session)
        add_patient(session, CONSOLE, NewPatient("Ana", "+34642110478"), now=NOW)
    return sqlite_database


@pytest.fixture
def elsewhere(migrated_file, tmp_path):
    path = tmp_path / "elsewhere.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


def fill(database):
    """Every table has a row in it, those that stay behind too."""
    with database.writing() as session:
        world = World(session)
        add_rows(session, world)
    return database


def add_rows(session, w):
    user, visit = w.admin.user_id, w.own.id
    seat = session.scalar(select(Base.metadata.tables["attendees"].c.id).limit(1))
    away, now = w.away_ada.id, {"at": NOW}
    series = Series(frequency=Frequency.WEEKLY, first_on=a.DAY, count=3, created_by=user)
    session.add_all(
        (
            a.patient(session, name=NASTY, phone=""),
            Delay(professional_id=w.ada.id, day_on=a.DAY, minutes=10, said_at=NOW),
            DelayCall(booking_id=visit, expected_at=NOW, called_at=NOW, user_id=user),
            series,
            Confirmation(attendee_id=seat, confirmed_at=NOW, user_id=user),
            DateHours(professional_id=w.ada.id, on_date=a.DAY),
            WorkingHours(professional_id=w.ada.id, weekday=7, starts_minute=540, ends_minute=600),
            ImportColumn(kind="patients", title="akte", column="desk_note"),
            Search(
                key="k",
                searched_on=a.DAY,
                channel=Channel.DESK,
                service_id=w.spare.id,
                first_on=a.DAY,
                last_on=a.DAY,
                found=0,
                reason="taken",
            ),
            HoursChange(professional_id=w.ada.id, before="[]", **now),
            ExpertiseSynonym(folded="heart", word="Heart", expertise_id=w.hearts.id),
            ProfessionalExpertise(professional_id=w.ben.id, expertise_id=w.hearts.id),
            PreferredProfessional(patient_id=w.ana.id, professional_id=w.ben.id),
            Logo(organisation_id=1, key="l", content=b"\x89P\xff", updated_at=NOW),
            Portrait(professional_id=w.ada.id, key="k", content=b"\x00\xff", updated_at=NOW),
            ServiceRoom(service_id=w.spare.id, room_id=w.room.id),
            StrandedVisit(booking_id=visit, starts_at=NOW, handed_at=NOW),
            WaitingProfessional(entry_id=w.entry_ana.id, professional_id=w.ada.id),
            Erasure(patient_id=w.bea.id, added_at=NOW, erased_at=NOW, swept_at=NOW),
            Dependant(guardian_patient_id=w.ana.id, patient_id=w.bea.id, added_at=NOW),
            ToldApart(first_id=w.ana.id, second_id=w.bea.id, user_id=user, **now),
            PatientMerge(
                merged_id=w.cleo.id, kept_id=w.ana.id, kept_version=1, moved="", before="", **now
            ),
            AbsenceCall(
                time_off_id=away, booking_id=visit, step=CallStep.SKIPPED, booking_version=1, **now
            ),
            Override(
                booking_id=visit,
                kind=OverrideKind.BUFFER,
                reason="urgent",
                user_id=user,
                role=Role.ADMIN,
                **now,
            ),
            a.user(session, name="Pat", password_hash=SECRETS[0]),
            SecondStep(user_id=user, secret=SECRETS[1], offered_at=NOW),
            VisitNote(booking_id=visit, user_id=user, words=SECRETS[2]),
            Draft(user_id=user, form="note_1", entries=SECRETS[3], saved_at=NOW),
            OutboxMessage(
                dedupe="y",
                kind="reset",
                address=SECRETS[4],
                created_at=NOW,
                due_at=NOW,
                state=MessageState.WAITING,
            ),
        )
    )


def content(database):
    """What the new place must have to the letter."""
    with database.reading() as session:
        found = {
            table.name: session.execute(
                select(*carried_columns(table)).order_by(*table.primary_key.columns)
            ).all()
            for table in carried_tables()
        }
    found["audit_entries"] = [e for e in found["audit_entries"] if e.action != "place.imported"]
    return found


def made_from(database, tmp_path):
    path = tmp_path / "everything.zip"
    export_everything(database, path, now=NOW)
    return path


def changed(path, **files):
    """The same file with some of its members written anew; None leaves one out."""
    other = path.with_name("changed.zip")
    with ZipFile(path) as old, ZipFile(other, "w") as new:
        for name in old.namelist():
            stem = name.partition(".")[0]
            change = files.get(stem, lambda text: text)
            if change is not None:
                new.writestr(name, change(old.read(name).decode()))
    return other


# There and back.


def test_a_place_is_built_up_again_on_the_same_engine_and_the_other(lived_in, elsewhere, tmp_path):
    check_same(lived_in, elsewhere, tmp_path)


def test_a_place_moves_from_sqlite_to_postgresql(sqlite_database, postgresql_database, tmp_path):
    check_same(fill(sqlite_database), postgresql_database, tmp_path)

    with postgresql_database.writing() as session:  # its counters go on behind what came
        add_patient(session, CONSOLE, NewPatient("New", "+34642110999"), now=NOW)


def check_same(old, new, tmp_path):
    before = content(old)
    assert [name for name, rows in before.items() if not rows] == []

    brought = import_everything(new, made_from(old, tmp_path), now=NOW)

    assert content(new) == before
    assert brought.rows == {name: len(rows) for name, rows in before.items()}
    assert brought.audit_intact
    with old.reading() as there, new.reading() as here:
        assert find_broken(here, now=NOW) == find_broken(there, now=NOW)
        arrived = {"steps on record": count_figures(there)["steps on record"] + 1}
        assert count_figures(here) == {**count_figures(there), **arrived}


def test_nobody_brings_a_password_along(small, elsewhere, tmp_path):
    with small.writing() as session:
        a.user(session, username="pat", password_hash="secret")

    import_everything(elsewhere, made_from(small, tmp_path), now=NOW)

    users = Base.metadata.tables["users"]
    with elsewhere.reading() as session:
        assert session.execute(select(users.c.username, users.c.password_hash)).all() == [
            ("pat", "")
        ]


def test_whoever_was_erased_since_does_not_come_back(small, elsewhere, tmp_path):
    file = made_from(small, tmp_path)
    with small.reading() as session:
        ana = session.scalars(select(Patient)).one()
    listed = Listed(ana.id, ana.created_at, NOW)

    brought = import_everything(elsewhere, file, now=NOW, erased=[listed])

    assert brought.erased_again == 1
    with elsewhere.reading() as session:
        assert session.scalars(select(Patient.name)).one() != "Ana"


# What is in it.


def test_every_table_is_in_it_or_left_out_for_a_reason():
    assert set(ABOUT) | set(LEFT_OUT) == set(Base.metadata.tables)
    assert set(ABOUT) & set(LEFT_OUT) == set()


def test_no_secret_and_no_private_note_is_in_it(lived_in, tmp_path):
    with ZipFile(made_from(lived_in, tmp_path)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}

    assert {f"{each}.csv" for each in LEFT_OUT} & set(files) == set()
    assert [each for each in SECRETS if each in "".join(files.values())] == []
    assert [name for name in files if name not in files["README.md"] and name != "README.md"] == []


def test_nothing_in_it_is_a_formula(small, tmp_path):
    with small.writing() as session:
        a.patient(session, name="=1+1")

    with ZipFile(made_from(small, tmp_path)) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("patients.csv").decode())))

    assert [each["name"] for each in rows] == ["Ana", "'=1+1"]


def test_it_is_one_moment_while_others_write(database, elsewhere, tmp_path):
    """A patient comes with each part of the first tables; nobody arrives without a calendar."""
    parts = iter(range(20))

    class Busy(io.FileIO):
        def write(self, part):
            if next(parts, None) is not None:
                with database.writing() as session:
                    add_patient(session, CONSOLE, NewPatient("Ana", "+34642110478"), now=NOW)
            return super().write(part)

    with database.writing() as session:
        a.organisation(session)
    path = tmp_path / "busy.zip"
    with Busy(path, "w+b") as file:
        made = everything.write_everything(database, file, now=NOW)
    import_everything(elsewhere, path, now=NOW)

    assert made.rows["patients"] == made.rows["calendars"] == made.rows["audit_entries"]
    with database.reading() as session:
        assert session.query(Patient).count() > made.rows["patients"]


def test_its_size_needs_no_memory(sqlite_database, tmp_path):
    with sqlite_database.writing() as session:
        session.connection().execute(insert(Calendar), [{"kind": CalendarKind.ROOM}] * 2_000)
    peak_of(sqlite_database, tmp_path)  # what is loaded once is loaded
    few = peak_of(sqlite_database, tmp_path)
    with sqlite_database.writing() as session:
        session.connection().execute(insert(Calendar), [{"kind": CalendarKind.ROOM}] * 20_000)

    assert peak_of(sqlite_database, tmp_path) - few < 200_000


def peak_of(database, tmp_path):
    tracemalloc.start()
    try:
        made_from(database, tmp_path).unlink()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_it_is_for_its_owner_alone_and_overwrites_nothing(small, tmp_path):
    path = made_from(small, tmp_path)

    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        export_everything(small, path, now=NOW)
    assert path.exists()


def test_one_that_fails_leaves_nothing_behind(tmp_path):
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(DatabaseNotReady):
        made_from(empty, tmp_path)
    assert not (tmp_path / "everything.zip").exists()
    empty.dispose()


# What is refused.


def test_it_goes_into_an_empty_place_only(small, tmp_path):
    with pytest.raises(DatabaseNotReady, match=r"already holds data .*patients"):
        import_everything(small, made_from(small, tmp_path), now=NOW)


def without_last_line(text):
    return "".join(text.splitlines(keepends=True)[:-1])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"patients": without_last_line}, "patients.csv has 0 rows where manifest.json says 1"),
        ({"patients": None}, "patients.csv is missing"),
        ({"patients": lambda text: text.replace("Ana", '"A"na')}, "patients.csv cannot be read"),
        (
            {"patients": lambda text: text.replace(",no,", ",perhaps,")},
            r"patients.csv cannot be read at line 2 \('perhaps'\)",
        ),
        ({"patients": lambda text: text.replace("phone", "fax")}, "columns: fax, phone"),
        ({"calendars": without_last_line}, "calendars.csv has|patients.csv breaks|A row of"),
        ({"manifest": lambda _text: "{}"}, "no file of everything"),
        (
            {"manifest": lambda text: json.dumps({**json.loads(text), "schema": "0001"})},
            "of another Frontdesk",
        ),
    ],
)
def test_a_file_that_is_not_whole_brings_nothing(small, elsewhere, tmp_path, change, says):
    with pytest.raises(Invalid, match=says):
        import_everything(elsewhere, changed(made_from(small, tmp_path), **change), now=NOW)

    assert all(not rows for rows in content(elsewhere).values())


def inside(path, name):
    """A byte among those that are packed, not one that nobody reads."""
    with ZipFile(path) as archive:
        entry = archive.getinfo(name)
    start = entry.header_offset
    extra = int.from_bytes(path.read_bytes()[start + 28 : start + 30], "little")
    return start + 30 + len(name) + extra + entry.compress_size // 2


def test_what_is_no_zip_or_was_cut_off_is_refused(small, elsewhere, tmp_path):
    path = made_from(small, tmp_path)
    whole = path.read_bytes()
    middle = inside(path, "patients.csv")
    damaged = whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
    for bytes_ in (b"no zip", whole[: len(whole) // 2], damaged):
        path.write_bytes(bytes_)
        with pytest.raises(Invalid, match=r"damaged|cannot be read"):
            import_everything(elsewhere, path, now=NOW)


# Who may have it.


def test_one_that_was_packed_with_a_password_is_refused(small, elsewhere, tmp_path):
    export_everything(small, tmp_path / "all.zip", now=NOW)
    packed = bytearray((tmp_path / "all.zip").read_bytes())
    with ZipFile(tmp_path / "all.zip") as archive:
        for each in archive.infolist():
            packed[each.header_offset + 6] |= 1
    entry = packed.find(b"PK\x01\x02")
    while entry >= 0:
        packed[entry + 8] |= 1
        entry = packed.find(b"PK\x01\x02", entry + 4)
    (tmp_path / "locked.zip").write_bytes(packed)

    with pytest.raises(Invalid, match="has a password"):
        import_everything(elsewhere, tmp_path / "locked.zip", now=NOW)


def test_an_admin_who_has_just_shown_who_they_are_gets_it_once(session):
    alex = a.confirmed(session, Role.ADMIN, now=NOW)
    link = exports.offer(session, alex, "everything", now=NOW)

    file = exports.take(session, alex, link, now=NOW)

    assert (file.name, file.media_type) == (f"frontdesk-{NOW:%Y-%m-%d}.zip", "application/zip")
    said = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert said == ["export.offered", "export.taken"]


def test_nobody_else_gets_it_nor_an_admin_who_has_been_away(session):
    with pytest.raises(NotAllowed):
        exports.offer(session, a.confirmed(session, now=NOW), "everything", now=NOW)
    alex = a.confirmed(session, Role.ADMIN, now=NOW)
    with pytest.raises(ConfirmationNeeded):
        exports.offer(session, alex, "everything", now=NOW + timedelta(minutes=11))
