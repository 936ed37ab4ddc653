"""A file of everything that somebody changed: a sentence, nothing kept, and never a traceback."""

import csv
import io
import json
import os
import random
import shutil
import struct
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest

from core.__main__ import main
from core.backup.copies import counted_rows
from core.db import Database
from core.errors import BookingError
from core.everything import bringing_in, carried_tables, export_everything, import_everything
from tests.matrix.world import NOW, World

TRIES = int(os.environ.get("FRONTDESK_TRIES", "15"))
NASTY = (
    "", "x", "-1", "0", "9" * 30, "1e9", "no", "2026-13-40", "9999-12-31T23:59:59-23:00",
    "0001-01-01T00:00:00+14:00", "=1+1", "\x00", "\ue000", "[]", "{", "AA==", "a\nb", "é" * 5000,
)  # fmt: skip


@pytest.fixture(scope="module")
def members(migrated_file, tmp_path_factory):
    """What is in the file of a place where everything has happened."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copyfile(migrated_file, folder / "here.db")
    database = Database(f"sqlite:///{folder / 'here.db'}")
    with database.writing() as session:
        World(session)
    export_everything(database, folder / "all.zip", now=NOW)
    database.dispose()
    with ZipFile(folder / "all.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def empty(migrated_file, tmp_path_factory):
    """A place that stays empty, for nothing that was changed gets in."""
    path = tmp_path_factory.mktemp("there") / "there.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.dispose()


def packed(tmp_path, members, how=ZIP_DEFLATED):
    path = tmp_path / "changed.zip"
    with ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def why_not(database, path):
    """The sentence it is refused with; the place is as empty as before."""
    with pytest.raises(BookingError) as refused:
        import_everything(database, path, now=NOW)
    rows = counted_rows(database)
    assert not any(rows.get(each.name) for each in carried_tables())
    return str(refused.value)


def table(members, name):
    return list(csv.reader(io.StringIO(members[f"{name}.csv"].decode())))


def with_table(members, name, lines):
    out = io.StringIO(newline="")
    csv.writer(out).writerows(lines)
    return members | {f"{name}.csv": out.getvalue().encode()}


def with_cell(members, name, column, value):
    lines = table(members, name)
    lines[1][lines[0].index(column)] = value
    return with_table(members, name, lines)


def test_the_file_itself_is_whole(members, migrated_file, tmp_path):
    shutil.copyfile(migrated_file, tmp_path / "there.db")
    database = Database(f"sqlite:///{tmp_path / 'there.db'}")
    assert import_everything(database, packed(tmp_path, members), now=NOW).audit_intact
    database.dispose()


@pytest.mark.parametrize(
    ("name", "column", "value", "says"),
    [
        ("bookings", "service_id", "999999", "breaks a rule"),
        ("professionals", "calendar_id", "999999", "breaks a rule"),
        ("bookings", "id", "9" * 30, "cannot be read"),
        ("bookings", "price_cents", "many", "cannot be read"),
        ("bookings", "state", "lost", "cannot be read"),
        ("bookings", "starts_at", "9999-12-31T23:59:59-23:00", "cannot be read"),
        ("bookings", "starts_at", "0001-01-01T00:00:00+14:00", "cannot be read"),
        ("bookings", "starts_at", "yesterday", "cannot be read"),
        ("patients", "born_on", "2026-02-30", "cannot be read"),
        ("services", "listed", "perhaps", "cannot be read"),
        ("services", "length_minutes", "-5", "breaks a rule"),
    ],
)
def test_a_cell_that_cannot_be_is_named(members, empty, tmp_path, name, column, value, says):
    why = why_not(empty, packed(tmp_path, with_cell(members, name, column, value)))

    assert says in why
    assert f"{name}.csv" in why


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("tiers", "id", "-1"),  # taken as a row, and no number to count on from
        ("patients", "name", "A\x00na"),
        ("bookings", "price_cents", "3000000000"),
        ("bookings", "service_id", "999999"),
    ],
)
def test_what_postgresql_does_not_take_is_a_sentence_too(
    members, postgresql_database, tmp_path, name, column, value
):
    path = packed(tmp_path, with_cell(members, name, column, value))

    assert "breaks a rule of the database" in why_not(postgresql_database, path)


@pytest.mark.parametrize(
    "header", [[], ["id"], ["id", "id"], ["x"] * 500, ["\ufeff"], ["name", "phone"]]
)
def test_a_file_with_other_headings_is_refused(members, empty, tmp_path, header):
    changed = with_table(members, "patients", [header, *table(members, "patients")[1:]])

    assert "patients.csv cannot be read at line" in why_not(empty, packed(tmp_path, changed))


@pytest.mark.parametrize("left_out", ["patients.csv", "audit_entries.csv", "manifest.json"])
def test_a_file_that_is_missing_is_missed(members, empty, tmp_path, left_out):
    rest = {name: content for name, content in members.items() if name != left_out}

    assert why_not(empty, packed(tmp_path, rest))


@pytest.mark.parametrize(
    "change",
    [
        {"rows": []},
        {"rows": None},
        {"rows": {"patients": "many"}},
        {"made_at": 5},
        {"made_at": "yesterday"},
        {"format": []},
        {"schema": {}},
        {"more": 1},
    ],
)
def test_a_manifest_that_says_something_else_is_refused(members, empty, tmp_path, change):
    said = json.loads(members["manifest.json"]) | change

    path = packed(tmp_path, members | {"manifest.json": json.dumps(said).encode()})

    assert why_not(empty, path)


@pytest.mark.parametrize("said", [b"", b"[]", b"null", b"\xff", b"[" * 90_000, b'{"format": 1}'])
def test_a_manifest_that_is_none_is_refused(members, empty, tmp_path, said):
    assert "no file of everything" in why_not(
        empty, packed(tmp_path, members | {"manifest.json": said})
    )


def try_anew(path, migrated_file, tmp_path):
    """Bring it into a new place: it may be harmless, and must not be a traceback."""
    shutil.copyfile(migrated_file, tmp_path / "anew.db")
    database = Database(f"sqlite:///{tmp_path / 'anew.db'}")
    try:
        import_everything(database, path, now=NOW)
    except BookingError:
        rows = counted_rows(database)
        assert not any(rows.get(each.name) for each in carried_tables())
        return False
    finally:
        database.dispose()
    return True


def test_any_cell_may_be_changed_to_anything(members, migrated_file, tmp_path):
    chance = random.Random(20261128 + TRIES)
    filled = [each.name for each in carried_tables() if len(table(members, each.name)) > 1]
    taken = 0
    for _ in range(TRIES):
        name = chance.choice(filled)
        column = chance.choice(table(members, name)[0])
        changed = with_cell(members, name, column, chance.choice(NASTY))
        taken += try_anew(packed(tmp_path, changed), migrated_file, tmp_path)
    assert taken < TRIES, "some of it must matter"


def test_any_byte_may_be_changed_and_the_file_cut_anywhere(members, migrated_file, tmp_path):
    chance = random.Random(20261129 + TRIES)
    whole = packed(tmp_path, members).read_bytes()
    path = tmp_path / "bytes.zip"
    taken = 0
    for _ in range(TRIES):
        is_cut = chance.random() < 0.3
        content = bytearray(whole[: chance.randrange(1, len(whole))] if is_cut else whole)
        for _turned in range(chance.choice((1, 10, 1000))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        taken += try_anew(path, migrated_file, tmp_path)
    assert taken < TRIES, "some of it must matter"


def test_one_that_is_packed_in_another_way_is_refused(members, empty, tmp_path):
    assert "packed in a way" in why_not(empty, packed(tmp_path, members, ZIP_BZIP2))


def test_one_for_a_later_zip_is_refused(members, empty, tmp_path):
    path = packed(tmp_path, members)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 165
    path.write_bytes(content)

    assert "damaged" in why_not(empty, path)


# Bombs.


def test_a_file_that_unpacks_to_more_than_any_place_is_refused_unread(
    members, empty, tmp_path, monkeypatch
):
    monkeypatch.setattr(bringing_in, "LARGEST_UNPACKED", 1_000_000)
    bomb = packed(tmp_path, members | {"patients.csv": bytes(2_000_000)})

    assert bomb.stat().st_size < 200_000
    assert "unpacks to more than" in why_not(empty, bomb)


def test_a_file_that_says_it_is_smaller_than_it_is_is_damaged(members, empty, tmp_path):
    path = packed(tmp_path, members | {"patients.csv": b"x" * 2_000_000})
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<L", 2_000_000), struct.pack("<L", 20)))

    assert why_not(empty, path)


def test_a_file_with_too_many_files_is_refused(members, empty, tmp_path):
    many = {f"{number}.csv": b"" for number in range(bringing_in.MOST_FILES)}

    assert "has too many files" in why_not(empty, packed(tmp_path, members | many))


@pytest.mark.parametrize("row", [b"," * 200_000, b'"\n",' * 60_000, b'"' + b"x\n" * 100_000])
def test_a_row_that_never_ends_is_refused(members, empty, tmp_path, monkeypatch, row):
    monkeypatch.setattr(bringing_in, "LARGEST_ROW", 100_000)
    changed = members | {"patients.csv": members["patients.csv"] + row}

    assert "longer than any" in why_not(empty, packed(tmp_path, changed))


def test_the_console_says_it_in_a_sentence(members, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    path = packed(tmp_path, with_cell(members, "bookings", "service_id", "999999"))

    assert main(["import-all", str(path), "--no-erasures"]) == 1

    said = capsys.readouterr().err
    assert "breaks a rule of the database" in said
    assert "Traceback" not in said
