"""The door to the database: what is set, what is kept, what is refused."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import StatementError

from core import schema
from core.booking import BookingRequest, MoveRequest, UndoRequest, book, move, undo
from core.db import Database, journal_mode, sqlite_module
from core.errors import DatabaseNotReady
from core.models import AbsenceCall, Base, Booking, CallStep, Service, TimeOff, User
from tests import a


def test_sqlite_runs_with_full_sync_foreign_keys_and_no_traces(tmp_path):
    """T153"""
    database = Database(f"sqlite:///{tmp_path / 'opened.db'}")
    with database.reading() as session:
        found = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("synchronous", "foreign_keys", "secure_delete")
        }
        mode = session.scalar(text("PRAGMA journal_mode"))
    database.dispose()
    assert found == {"synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    assert mode == journal_mode(sqlite_module().sqlite_version_info).lower()


@pytest.mark.parametrize(
    ("version", "mode"),
    [((3, 6, 23), "WAL"), ((3, 40, 1), "DELETE"), ((3, 51, 2), "DELETE"), ((3, 51, 3), "WAL")],
)
def test_a_sqlite_that_could_corrupt_a_wal_gets_the_old_journal(version, mode):
    assert journal_mode(version) == mode


def test_an_instant_comes_back_in_utc_to_the_second(session):
    professional = a.professional(session)
    lisbon = datetime(2026, 7, 1, 10, 0, 0, 999, tzinfo=UTC)
    session.add(TimeOff(professional_id=professional.id, starts_at=lisbon, ends_at=a.at(9)))
    session.flush()
    session.expire_all()
    assert session.scalars(select(TimeOff.starts_at)).one() == lisbon.replace(microsecond=0)


def test_a_naive_instant_is_refused(session):
    professional = a.professional(session)
    naive = datetime(2026, 7, 1, 10)  # noqa: DTZ001 - the point of the test
    session.add(TimeOff(professional_id=professional.id, starts_at=naive, ends_at=a.at(9)))
    with pytest.raises(StatementError, match="must be aware"):
        session.flush()


def test_what_is_changed_while_reading_is_not_kept(database):
    with database.reading() as session:
        a.service(session)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Service)) == 0


def test_an_exception_while_writing_keeps_nothing(database):
    def write_and_fail() -> None:
        with database.writing() as session:
            a.service(session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Service)) == 0


def test_the_models_are_what_the_migrations_make(database):
    """T118"""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_go_down_and_up_with_data_in_them(database):
    """T118"""
    with database.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))
    schema.downgrade(database, "base")
    schema.migrate(database)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 0
    assert schema.current_revision(database) == schema.newest_revision()


def test_migrations_take_nothing_along_that_hangs_on_what_they_change(database):
    """T118: a call of an absence would go with the absence, were its table made anew."""
    with database.writing() as session:
        ada = a.professional(session)
        booking = a.booking(session, ada, a.span(9, 10))
        away = TimeOff(professional_id=ada.id, starts_at=a.at(8), ends_at=a.at(12))
        session.add(away)
        session.flush()
        step = {"step": CallStep.NO_ANSWER, "at": a.BEFORE, "booking_version": 1}
        session.add(AbsenceCall(time_off_id=away.id, booking_id=booking.id, **step))
    schema.downgrade(database, "0012")
    schema.migrate(database)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AbsenceCall)) == 1


def test_who_signs_in_already_is_found_without_accents_as_soon_as_it_is_migrated(database):
    """T118"""
    with database.writing() as session:
        a.user(session, name="João Ávila")
    schema.downgrade(database, "0036")
    schema.migrate(database)
    with database.reading() as session:
        assert session.scalars(select(User.folded)).all() == ["joao avila"]


def test_what_happened_to_a_booking_stays_when_services_begin_to_be_remembered(database):
    """T118"""
    with database.writing() as session:
        desk = a.actor(session)
        service = a.service(session)
        ada = a.professional(session, services=(service,))
        asked = BookingRequest(ada.id, service.id, a.patient(session).id, a.at(9), "once")
        booking = book(session, desk, asked, now=a.BEFORE)
        asked = MoveRequest(booking.id, booking.version, ada.id, a.at(11))
        move(session, desk, asked, now=a.BEFORE)
    schema.downgrade(database, "0023")
    schema.migrate(database)
    with database.writing() as session:
        booking = session.scalars(select(Booking)).one()
        back = undo(session, desk, UndoRequest(booking.id, booking.version), now=a.BEFORE)
        assert (back.starts_at, back.service_id) == (a.at(9), service.id)


def test_a_database_of_a_newer_version_is_left_alone(database):
    """T120"""
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        for refuses in (schema.migrate, schema.check_ready):
            with pytest.raises(DatabaseNotReady, match="Install the newer version"):
                refuses(database)
    finally:
        with database.writing() as session:
            session.execute(
                text("UPDATE alembic_version SET version_num = :now"),
                {"now": schema.newest_revision()},
            )


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_a_database_that_would_forget_or_is_unknown_is_refused(url):
    with pytest.raises(DatabaseNotReady):
        Database(url)
