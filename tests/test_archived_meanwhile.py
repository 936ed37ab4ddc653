"""What is archived while somebody waits to book it: two real connections on PostgreSQL.

On SQLite whoever writes holds the whole database, so that nothing can happen meanwhile.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.booking import AnyRequest, BookingRequest, MoveRequest, book, book_any, move
from core.catalog.archive import StillBooked, archive_professional, archive_room, archive_service
from core.db import Database, lock_calendars
from core.holds import HoldRequest, hold
from core.models import Booking, Frequency, Professional, Role
from core.policy import Actor
from core.series import SeriesRequest, book_series
from core.series.repeats import Repeats
from core.series.requests import SeriesAsked
from tests import a, force
from tests.force import Practice

WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
Work = Callable[[Session], object]


@pytest.fixture
def place(postgresql_database: Database) -> Practice:
    with postgresql_database.writing() as session:
        return force.practice(session)


@contextmanager
def waiting_for(database: Database, first: Work, then: Work) -> Iterator[Future[str]]:
    """``first`` is done but not yet saved while ``then``, elsewhere, waits for its calendars."""
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            first(session)
            session.flush()
            outcome = pool.submit(force.outcome_of, database, then)
            _wait_until_somebody_waits(database)
        yield outcome


def _wait_until_somebody_waits(database: Database) -> None:
    deadline = time.monotonic() + 30
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as looking:
        while not looking.scalar(WAITING):
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.01)


def archive(admin: Actor, what: str, id: int) -> Work:
    verb = {"professional": archive_professional, "service": archive_service}[what]
    return lambda session: verb(session, admin, id, 1, now=a.BEFORE)


@pytest.fixture
def admin(postgresql_database: Database) -> Actor:
    with postgresql_database.writing() as session:
        return a.actor(session, Role.ADMIN)


def _book(session: Session, place: Practice) -> object:
    wanted = BookingRequest(
        place.professionals[0], place.services[0], place.patients[0], a.at(9), "a key"
    )
    return book(session, place.actor, wanted, now=a.BEFORE)


def _book_any(session: Session, place: Practice) -> object:
    wanted = AnyRequest(
        place.services[0], place.patients[0], a.at(9), "a key", place.professionals[:1]
    )
    return book_any(session, place.actor, wanted, now=a.BEFORE)


def _hold(session: Session, place: Practice) -> object:
    wanted = HoldRequest(place.professionals[0], place.services[0], a.at(9), "a key")
    return hold(session, place.actor, wanted, now=a.BEFORE)


def _move(session: Session, place: Practice) -> object:
    booked = session.scalars(select(Booking)).one()
    wanted = MoveRequest(booked.id, booked.version, place.professionals[0], a.at(9))
    return move(session, place.actor, wanted, now=a.BEFORE)


def _book_series(session: Session, place: Practice) -> object:
    repeats = Repeats(Frequency.WEEKLY, a.DAY, count=3)
    asked = SeriesAsked(
        place.professionals[0], place.services[0], place.patients[0], 9 * 60, repeats
    )
    return book_series(session, place.actor, SeriesRequest(asked, "a key"), now=a.BEFORE)


VERBS = pytest.mark.parametrize("verb", [_book, _book_any, _hold, _move, _book_series])


@pytest.fixture
def elsewhere(postgresql_database: Database, place: Practice) -> None:
    """A booking with the second professional, to be moved to the first."""
    with postgresql_database.writing() as session:
        wanted = BookingRequest(
            place.professionals[1], place.services[0], place.patients[1], a.at(9), "elsewhere"
        )
        book(session, place.actor, wanted, now=a.BEFORE)


@VERBS
def test_who_was_archived_while_a_desk_waited_is_not_booked(
    postgresql_database, place, admin, elsewhere, verb
):
    who = place.professionals[0]
    leaving = archive(admin, "professional", who)

    with waiting_for(postgresql_database, leaving, lambda s: verb(s, place)) as outcome:
        assert outcome.result(30) == ("invalid" if verb is _book_any else "not_found")

    with postgresql_database.reading() as session:
        assert who not in session.scalars(select(Booking.professional_id)).all()


@VERBS
def test_an_archiving_that_failed_leaves_the_desk_to_book(
    postgresql_database, place, admin, elsewhere, verb
):
    leaving = archive(admin, "professional", place.professionals[0])

    def leave_and_stay(session: Session) -> None:
        lock_calendars(session, set(session.scalars(select(Professional.calendar_id))))
        with session.begin_nested() as undone:
            leaving(session)
            undone.rollback()

    with waiting_for(postgresql_database, leave_and_stay, lambda s: verb(s, place)) as outcome:
        pass

    assert outcome.result(30) == "ok"


def test_a_service_archived_while_a_desk_waited_is_not_booked(postgresql_database, place, admin):
    gone = archive(admin, "service", place.services[0])

    with waiting_for(postgresql_database, gone, lambda s: _book(s, place)) as outcome:
        assert outcome.result(30) == "not_found"


def test_a_room_archived_while_a_desk_waited_is_not_given(postgresql_database, admin):
    with postgresql_database.writing() as session:
        old, new = a.room(session), a.room(session)
        service = a.service(session)
        a.needs(session, service, old, new)
        who, patient = a.professional(session, services=(service,)), a.patient(session)
        desk = a.actor(session)
        wanted = BookingRequest(who.id, service.id, patient.id, a.at(9), "a key")

    with waiting_for(
        postgresql_database,
        lambda session: archive_room(session, admin, old.id, 1, now=a.BEFORE),
        lambda session: book(session, desk, wanted, now=a.BEFORE),
    ) as outcome:
        assert outcome.result(30) == "ok"

    with postgresql_database.reading() as session:
        assert session.scalars(select(Booking.room_id)).all() == [new.id]


def test_who_was_booked_while_the_office_waited_is_not_archived(postgresql_database, place, admin):
    leaving = archive(admin, "professional", place.professionals[0])

    with waiting_for(postgresql_database, lambda s: _book(s, place), leaving) as outcome:
        assert outcome.result(30) == StillBooked.code
