"""Practice, Data: what the place takes along, and what it brings in, as its admin sees it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.models import AuditEntry, AuthSession, Booking, Patient, Role
from core.policy import CONSOLE, Actor
from core.schedule import load_weekly_hours
from core.transfer import COLUMNS, FileKind, read_headings
from dashboard import places
from dashboard.practice.bringing_in import LABELS
from tests import a, screen


@pytest.fixture
def admin(sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session)
        return a.user(session, Role.ADMIN, name="Alex Moreau", password_hash="x")


@pytest.fixture
def data(monkeypatch, sqlite_database, admin):
    screen.set_clock(monkeypatch, a.BEFORE)
    page = screen.show_to(monkeypatch, sqlite_database, admin).run()
    page.switch_page(str(places.PAGES / "practice.py")).run()
    return shown(page.segmented_control(key="section").set_value("Data").run())


def shown(page):
    assert not page.exception
    return page


def test_everything_is_offered_and_on_record(data, sqlite_database):
    shown(data.button(key="practice_everything_download").click().run())

    with sqlite_database.reading() as session:
        entry = session.scalars(select(AuditEntry)).all()[-1]
    assert (entry.action, entry.fields) == ("export.offered", '{"kind": "everything"}')


@pytest.mark.parametrize("kind", FileKind)
def test_one_kind_is_offered_and_on_record(data, sqlite_database, kind):
    shown(data.button(key=f"practice_all_{kind}").click().run())

    with sqlite_database.reading() as session:
        entry = session.scalars(select(AuditEntry)).all()[-1]
    assert (entry.action, entry.fields) == ("export.offered", '{"kind": "all-of-a-kind"}')


def test_after_a_while_the_password_comes_first(data, sqlite_database):
    with sqlite_database.writing() as session:
        for each in session.scalars(select(AuthSession)):
            each.auth_at = a.BEFORE - timedelta(minutes=11)
    shown(data.run())

    assert "practice_everything_download" not in {each.key for each in data.button}
    assert data.text_input(key="practice_everything_confirm_password")


# --- a file of another system


def test_every_column_that_can_be_read_has_a_name():
    assert {"", *(name for columns in COLUMNS.values() for name in columns)} == set(LABELS)


PATIENTS = "Kunde;Handy;Akte\nAna Silva;642110478;likes tea\n=1+1 *x*;nonsense;\n"


def upload(page, text, kind="patients", name="old.csv"):
    if kind != "patients":
        page.segmented_control(key="bring_kind").set_value(kind).run()
    return shown(page.file_uploader[0].set_value((name, text.encode(), "text/csv")).run())


def column(page, title):
    return next(each for each in page.selectbox if str(each.key).endswith(f"_{title}"))


def choose(page, **columns):
    for title, wanted in columns.items():
        column(page, title).set_value(wanted).run()
    return shown(page)


def press(page, key):
    return shown(page.button(key=key).click().run())


def names(database):
    with database.reading() as session:
        return session.scalars(select(Patient.name).order_by(Patient.id)).all()


def test_a_file_is_looked_at_first_and_then_brought_in(data, sqlite_database):
    choose(upload(data, PATIENTS), Kunde="name", Akte="desk_note")

    press(data, "bring_look")
    assert data.warning[0].value == "This would happen: 1 added, 1 refused."
    assert data.dataframe[0].value.to_dict("list") == {
        "Line": [3],
        "Patients": ["=1+1 *x*"],
        "What to look at": ["This does not look like a phone number. Please check it."],
    }
    assert names(sqlite_database) == []

    press(data, "bring_import")
    assert names(sqlite_database) == ["Ana Silva"]
    assert [each.value for each in data.toast] == ["Imported: 1 added, 1 refused."]
    assert "bring_import" not in {each.key for each in data.button}


@pytest.mark.parametrize(
    ("kind", "text", "is_asked"),
    [("patients", PATIENTS, True), ("services", "name;length\nScan;30\n", False)],
)
def test_how_dates_are_written_is_asked_only_of_files_that_hold_some(data, kind, text, is_asked):
    upload(data, text, kind)

    assert ("bring_order" in {each.key for each in data.selectbox}) is is_asked


def test_what_columns_hold_is_remembered_for_the_next_file(data, admin, sqlite_database):
    choose(upload(data, PATIENTS), Kunde="name", Akte="desk_note", Handy="")
    assert [column(data, each).value for each in ("Kunde", "Handy", "Akte")] == [
        "name",
        "",
        "desk_note",
    ]
    choose(data, Handy="phone")
    press(press(data, "bring_look"), "bring_import")

    with sqlite_database.reading() as session:
        actor = Actor(Role.ADMIN, "Alex", admin.id)
        found = read_headings(session, actor, FileKind.PATIENTS, b"AKTE,KUNDE,phone\n1,2,3\n")
    assert [(each.title, each.column) for each in found] == [
        ("AKTE", "desk_note"),
        ("KUNDE", "name"),
        ("phone", "phone"),
    ]


def test_another_reading_is_looked_at_anew(data):
    press(choose(upload(data, PATIENTS), Kunde="name"), "bring_look")
    assert "bring_import" in {each.key for each in data.button}

    choose(data, Akte="alerts")

    assert "bring_import" not in {each.key for each in data.button}


def test_bookings_come_the_same_way(data, sqlite_database):
    with sqlite_database.writing() as session:
        a.professional(session, name="Dr Ada", services=(a.service(session, name="Visit"),))
        a.patient(session, name="Ana Silva")
    row = "patient,professional,service,start\nAna Silva,Dr Ada,Visit,2026-12-07 10:00\n"

    press(press(upload(data, row, "bookings"), "bring_look"), "bring_import")

    assert data.success[0].value == "Imported: 1 added."
    with sqlite_database.reading() as session:
        assert session.scalars(select(Booking.channel)).one() == "import"


def test_what_a_file_of_hours_would_end_is_shown_before_it_does(data, sqlite_database):
    with sqlite_database.writing() as session:
        ada = a.professional(session, name="Dr Ada", weekdays=(1,))
    row = "Arzt,weekday,from,to\nAda,Tuesday,10:00,12:00\n"

    press(choose(upload(data, row, "hours"), Arzt="professional"), "bring_look")

    assert data.success[0].value == "This would happen: 1 changed."
    assert data.dataframe[0].value.to_dict("list") == {
        "Line": [2],
        "Weekly hours": ["Ada"],
        "What to look at": ["No longer: Monday 09:00-17:00"],
    }
    press(data, "bring_import")
    with sqlite_database.reading() as session:
        found = load_weekly_hours(session, CONSOLE, ada.id, a.DAY)
    assert [each.weekday for each in found.windows] == [2]


def test_what_a_file_of_services_would_change_is_named(data, sqlite_database):
    with sqlite_database.writing() as session:
        a.service(session, name="Visit")
    row = "name,price\nVisit,70\n"

    press(upload(data, row, "services"), "bring_look")

    assert data.dataframe[0].value["What to look at"].to_list() == ["Changes: Price"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "This file is empty"),
        ("PK\x03\x04", "This is a spreadsheet"),
        ("name,b\n1,2", "no column"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data, text, says):
    upload(data, text)
    if not data.error:
        press(data, "bring_look")

    assert says in data.error[0].value
