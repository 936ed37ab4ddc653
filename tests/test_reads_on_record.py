"""Looking, searching and being refused leave their entries too."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core import audit, patients
from core.db import Database
from core.errors import NotAllowed, NotSaved
from core.models import AuditEntry, Role
from core.policy import Permission, require
from dashboard import searching
from dashboard import session as desk_session
from tests import a, screen


def actions(database):
    with database.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.fixture
def ana(session):
    return a.patient(session)


def opened(session):
    return session.scalars(select(AuditEntry).where(AuditEntry.action == "patient.opened")).all()


def test_t146_opening_a_record_is_on_record_with_who_and_whose(session, ana):
    rita = a.actor(session)
    audit.record_read(session, rita, "patient.opened", ana, now=a.BEFORE)

    (entry,) = opened(session)
    assert (entry.user_id, entry.object_kind, entry.object_id) == (rita.user_id, "patients", ana.id)


def test_t146_looking_again_within_a_minute_leaves_no_further_entry(session, ana):
    rita = a.actor(session)
    for seconds in (0, 59, 60, 61):
        later = a.BEFORE + timedelta(seconds=seconds)
        audit.record_read(session, rita, "patient.opened", ana, now=later)

    assert [each.at - a.BEFORE for each in opened(session)] == [
        timedelta(0),
        timedelta(seconds=60),
    ]


def test_t146_the_minute_is_of_one_person_and_one_patient(session, ana):
    for reader in (a.actor(session), a.actor(session)):
        for patient in (ana, a.patient(session)):
            audit.record_read(session, reader, "patient.opened", patient, now=a.BEFORE)

    assert len(opened(session)) == 4


def test_who_looked_is_not_taken_for_who_changed(session, ana):
    rita, paul = a.actor(session, name="Rita"), a.actor(session, name="Paul")
    new = patients.NewPatient("Ana Dias", email="ana@example.org")
    a.organisation(session)
    patients.change(session, rita, ana, new, now=a.BEFORE)
    audit.record_read(session, paul, "patient.opened", ana, now=a.BEFORE)

    assert patients.last_editor(session, ana) == "Rita"


def test_t146_a_search_is_on_record_by_its_count_and_without_its_words(
    monkeypatch, sqlite_database
):
    with sqlite_database.writing() as session:
        a.organisation(session)
        rita = a.user(session)
        a.patient(session, name="Ana Silva")
    screen.use(monkeypatch, sqlite_database)
    token = screen.open_session(sqlite_database, rita)
    monkeypatch.setattr(desk_session, "cookie_token", lambda: token)

    assert [each.name for each in searching.find_patients("silva")] == ["Ana Silva"]

    with sqlite_database.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.fields) == ("patients.searched", '{"found": 1}')


def test_t142_a_refusal_is_on_record_though_the_attempt_is_undone(monkeypatch, database):
    with database.writing() as session:
        rita = a.actor(session)
    screen.use(monkeypatch, database)

    def half_done():
        with desk_session.writing() as db:
            a.patient(db, name="Half done")
            require(rita, Permission.AUDIT_READ)

    with pytest.raises(NotAllowed):
        half_done()

    assert actions(database) == ["refused.audit.read"]
    with database.reading() as session:
        assert patients.find_patients(session, rita, "half", now=a.BEFORE) == []


def test_t142_so_is_one_while_reading(monkeypatch, database):
    with database.writing() as session:
        ana = a.actor(session, Role.PATIENT)
    screen.use(monkeypatch, database)

    with pytest.raises(NotAllowed), desk_session.reading():
        require(ana, Permission.IMPORT)

    assert actions(database) == ["refused.import"]


def test_what_may_be_done_leaves_no_refusal(monkeypatch, database):
    with database.writing() as session:
        admin = a.actor(session, Role.ADMIN)
    screen.use(monkeypatch, database)
    with desk_session.reading():
        require(admin, Permission.AUDIT_READ)

    assert actions(database) == []


def test_the_desk_goes_on_reading_when_nothing_can_be_written(monkeypatch, sqlite_database, caplog):
    with sqlite_database.writing() as session:
        rita, ana = a.actor(session), a.patient(session)

    def full(_self):
        raise NotSaved("The disk is full.")

    monkeypatch.setattr(Database, "writing", full)
    audit.note_read(sqlite_database, rita, "patient.opened", ana, now=a.BEFORE)

    assert "patient.opened" in caplog.text


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(typed=st.text())
def test_t145_whatever_stands_in_an_entry_it_is_one_line_of_plain_json(session, typed):
    with session.begin_nested() as step:
        audit.record(session, a.actor(session), "x", now=a.BEFORE, typed=typed)
        fields = session.scalars(
            select(AuditEntry.fields).order_by(AuditEntry.id.desc()).limit(1)
        ).one()
        assert list(audit.verify(session)) == []
        step.rollback()

    assert fields.isascii()
    assert fields.isprintable()
    assert json.loads(fields) == {"typed": typed}
