"""A day's calendar as it stood at any past moment."""

from datetime import timedelta

import pytest

from core.booking import (
    BookingRequest,
    CancelRequest,
    MarkRequest,
    MoveRequest,
    UndoRequest,
    book,
    cancel,
    mark,
    move,
    undo,
)
from core.booking.groups import SeatRequest, join, leave
from core.history import day_as_of
from core.models import BookingState, Role
from tests import a

MINUTE = timedelta(minutes=1)


class Clock:
    """Every step happens a minute after the one before."""

    def __init__(self):
        self.now = a.BEFORE

    def tick(self):
        self.now += MINUTE
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(session):
    return a.actor(session)


@pytest.fixture
def service(session):
    return a.service(session)


@pytest.fixture
def ada(session, service):
    return a.professional(session, name="Dr Ada", services=(service,))


@pytest.fixture
def ben(session, service):
    return a.professional(session, name="Dr Ben", services=(service,))


@pytest.fixture
def ana(session):
    return a.patient(session)


@pytest.fixture
def booked(session, desk, service, ada, ana, clock):
    request = BookingRequest(ada.id, service.id, ana.id, a.at(9), "key")
    return book(session, desk, request, now=clock.tick())


def stood(session, actor, moment, *, on=a.DAY):
    return [
        (each.professional_id, each.starts_at, each.state)
        for each in day_as_of(session, actor, on, moment)
    ]


def test_before_it_was_booked_the_day_was_empty(session, desk, booked, clock):
    assert stood(session, desk, clock.now - MINUTE) == []
    assert stood(session, desk, clock.now) == [
        (booked.professional_id, a.at(9), BookingState.BOOKED)
    ]


def test_a_moved_booking_stands_where_it_was_until_it_moved(session, desk, booked, ada, ben, clock):
    before = clock.now
    request = MoveRequest(booked.id, booked.version, ben.id, a.at(11, day=1))
    move(session, desk, request, now=clock.tick())
    tomorrow = a.DAY + timedelta(days=1)

    assert stood(session, desk, before) == [(ada.id, a.at(9), BookingState.BOOKED)]
    assert stood(session, desk, clock.now) == []
    assert stood(session, desk, before, on=tomorrow) == []
    assert stood(session, desk, clock.now, on=tomorrow) == [
        (ben.id, a.at(11, day=1), BookingState.BOOKED)
    ]


def test_each_step_shows_from_the_moment_it_was_taken(session, desk, booked, clock):
    moments = [clock.now]
    clock.now = a.at(9)
    for state in (BookingState.ARRIVED, BookingState.COMPLETED):
        request = MarkRequest(booked.id, booked.version, state)
        mark(session, desk, request, now=clock.tick())
        moments.append(clock.now)
    undo(session, desk, UndoRequest(booked.id, booked.version), now=clock.tick())
    moments.append(clock.now)

    assert [stood(session, desk, each)[0][2] for each in moments] == [
        BookingState.BOOKED,
        BookingState.ARRIVED,
        BookingState.COMPLETED,
        BookingState.ARRIVED,
    ]


def test_a_cancelled_booking_still_shows_what_became_of_it(session, desk, booked, clock):
    cancel(session, desk, CancelRequest(booked.id, booked.version, "ill"), now=clock.tick())
    assert [each[2] for each in stood(session, desk, clock.now)] == [BookingState.CANCELLED]


def test_a_group_shows_who_took_part_then(session, desk, ada, ana, clock):
    group = a.service(session, seats=3)
    a.offer(session, ada, group)
    bea = a.patient(session)
    visit = book(
        session,
        desk,
        BookingRequest(ada.id, group.id, ana.id, a.at(14), "group"),
        now=clock.tick(),
    )
    there = []

    def note():
        there.append(day_as_of(session, desk, a.DAY, clock.now)[-1].patient_ids)

    note()
    for step, patient in ((join, bea), (leave, ana), (join, ana), (leave, bea)):
        step(session, desk, SeatRequest(visit.id, visit.version, patient.id), now=clock.tick())
        note()

    assert there == [(ana.id,), (ana.id, bea.id), (bea.id,), (ana.id, bea.id), (ana.id,)]
    earliest = clock.now - 4 * MINUTE
    assert day_as_of(session, desk, a.DAY, earliest)[-1].patient_ids == (ana.id,)


def test_professionals_see_their_own_past_and_patients_none(session, booked, ada, ben, ana, clock):
    of_ada = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    of_ben = a.actor(session, Role.PROFESSIONAL, professional_id=ben.id)
    of_ana = a.actor(session, Role.PATIENT, patient_id=ana.id)

    assert len(stood(session, of_ada, clock.now)) == 1
    assert stood(session, of_ben, clock.now) == []
    assert stood(session, of_ana, clock.now) == []
