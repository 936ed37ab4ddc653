"""One kind of what the place holds as a CSV: whatever goes out can come in again."""

import csv
import io
from datetime import date

import pytest

from core import exports, schema
from core.db import Database
from core.errors import ConfirmationNeeded, NotAllowed
from core.models import (
    Anchor,
    BookingState,
    HoursKind,
    Role,
)
from core.patients import NewPatient, Preferences, add_patient
from core.policy import CONSOLE
from core.schedule import WeekdayWindow, WeeklyHours, set_weekly_hours
from core.transfer import COLUMNS, IMPORTS, FileKind, Outcome, write_kind
from core.transfer.reading import title_key
from core.transfer.writing import KINDS
from tests import a

IN_ORDER = (
    FileKind.SERVICES,
    FileKind.PROFESSIONALS,
    FileKind.HOURS,
    FileKind.PATIENTS,
    FileKind.BOOKINGS,
)
WINDOWS = (
    WeekdayWindow(1, 540, 1020),
    WeekdayWindow(1, 720, 780, HoursKind.BREAK),
    WeekdayWindow(2, 1320, 1560),
    WeekdayWindow(4, 0, 1440),
    WeekdayWindow(5, 480, 1800, valid_from=date(2027, 1, 1), valid_to=date(2027, 6, 30)),
)


@pytest.fixture
def here(sqlite_database):
    """A place with one of everything that could be lost on the way."""
    with sqlite_database.writing() as session:
        a.organisation(session)
        group = a.service(
            session, name="=Back, school", length_minutes=60, step_minutes=20, seats=8,
            before_minutes=5, after_minutes=10, notice_minutes=90, horizon_days=30,
            anchor=Anchor.OPENING, price_cents=4505, tax_rate=550, listed=False,
        )  # fmt: skip
        a.needs(session, group, a.room(session, name="Pool, small"))
        visit = a.service(session, name="Visit")
        ada = a.professional(
            session, name="Dr Ada", services=(visit, group), hours=(), title="GP",
            bio="-Two\nlines", zone="Atlantic/Azores", visits_per_day=9, tier_id=a.tier(session).id,
        )  # fmt: skip
        set_weekly_hours(session, CONSOLE, WeeklyHours(ada.id, WINDOWS), now=a.BEFORE)
        ana = NewPatient(
            "Ana Silva", phone="+351912345678", email="ana@example.org", born_on=date(1984, 3, 12),
            language="pt", desk_note="+ likes tea", alerts="@stairs",
            preferences=Preferences(words="=mornings"),
        )  # fmt: skip
        ana = add_patient(session, CONSOLE, ana, now=a.BEFORE)
        bea = a.patient(session, name="Bea Costa", email="bea@example.org")
        a.booking(session, ada, a.span(9, 10), patient=ana, service=visit, desk_note="-bring")
        a.booking(
            session, ada, a.span(11, 12), patient=bea, service=visit, state=BookingState.CANCELLED
        )
    return sqlite_database


def written(database: Database, kind: FileKind) -> bytes:
    file = io.BytesIO()
    with database.reading() as session:
        write_kind(session, CONSOLE, kind, file, now=a.BEFORE)
    return file.getvalue()


def bring(database: Database, kind: FileKind, content: bytes):
    with database.writing() as session:
        report = IMPORTS[kind](session, CONSOLE, content, now=a.BEFORE)
    assert not report.ignored_columns
    return {each.outcome for each in report.rows}, [each.why for each in report.refused]


@pytest.mark.parametrize("kind", FileKind)
def test_every_column_that_goes_out_is_known_on_the_way_in(kind):
    known = COLUMNS[kind]
    assert all(title_key(each) in known[each] for each in KINDS[kind][0])


@pytest.mark.parametrize("kind", FileKind)
def test_what_goes_out_changes_nothing_where_it_came_from(here, kind):
    assert bring(here, kind, written(here, kind)) == ({Outcome.UNCHANGED}, [])


def test_what_goes_out_makes_the_same_in_an_empty_place(here, tmp_path):
    files = {kind: written(here, kind) for kind in IN_ORDER}
    there = a_place(tmp_path)

    for kind in IN_ORDER:
        assert bring(there, kind, files[kind]) == ({Outcome.ADDED}, [])

    assert {kind: written(there, kind) for kind in IN_ORDER} == files
    there.dispose()


def a_place(tmp_path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'there.sqlite'}")
    schema.migrate(database)
    with database.writing() as session:
        a.organisation(session)
        a.room(session, name="Pool, small")
        a.tier(session)
    return database


@pytest.mark.parametrize("kind", FileKind)
def test_nothing_that_goes_out_acts_as_a_formula(here, kind):
    lines = csv.reader(io.StringIO(written(here, kind).decode("utf-8-sig")))

    cells = [cell for line in lines for cell in line]
    assert cells
    assert not [each for each in cells if each.startswith(("=", "+", "-", "@"))]


def test_a_kind_goes_to_an_admin_who_has_shown_who_they_are(here):
    with here.writing() as session:
        admin, rita = a.actor(session, Role.ADMIN), a.actor(session)
        with pytest.raises(NotAllowed):
            exports.offer(session, rita, "all-of-a-kind", "patients", now=a.BEFORE)
        with pytest.raises(NotAllowed):
            write_kind(session, rita, FileKind.PATIENTS, io.BytesIO(), now=a.BEFORE)
        with pytest.raises(ConfirmationNeeded):
            exports.offer(session, admin, "all-of-a-kind", "patients", now=a.BEFORE)
        sure = a.confirmed(session, Role.ADMIN, now=a.BEFORE)
        link = exports.offer(session, sure, "all-of-a-kind", "patients", now=a.BEFORE)
        file = exports.take(session, sure, link, now=a.BEFORE)

    out = io.BytesIO()
    file.write(here, out)
    assert (file.name, out.getvalue()) == (
        f"patients-{a.BEFORE:%Y-%m-%d}.csv",
        written(here, FileKind.PATIENTS),
    )
