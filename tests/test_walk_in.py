"""Somebody at the counter without a booking."""

import pytest
from sqlalchemy import func, select

from core.db import utc_now
from core.errors import NotAllowed, SlotTaken
from core.models import Booking, BookingEvent, BookingState, Role
from core.walk_in import WalkInRequest, free_today, walk_in
from dashboard import places
from tests import a, screen

NOW = a.at(10.1)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def desk(session):
    return a.actor(session)


@pytest.fixture
def service(session):
    return a.service(session, name="Consultation", length_minutes=30, notice_minutes=600)


def ask(professional, service, patient, start, key="form"):
    return WalkInRequest(professional.id, service.id, patient.id, start, request_key=key)


def test_the_soonest_of_each_professional_is_offered(session, desk, service):
    ada = a.professional(session, name="Dr Ada", services=(service,))
    ben = a.professional(session, name="Dr Ben", hours=((11, 12),), services=(service,))
    a.booking(session, ada, a.span(10, 10.75), service=service)
    a.professional(session, name="Dr Cy", hours=((8, 9),), services=(service,))
    found = free_today(session, desk, service.id, now=NOW)
    assert [(each.professional_id, each.starts_at) for each in found] == [
        (ada.id, a.at(10.75)),
        (ben.id, a.at(11)),
    ]


def test_who_walks_in_is_booked_and_has_arrived_once(session, desk, service):
    ada = a.professional(session, name="Dr Ada", services=(service,))
    request = ask(ada, service, a.patient(session), a.at(10.25))
    booking = walk_in(session, desk, request, now=NOW)
    assert (booking.state, booking.arrived_at) == (BookingState.ARRIVED, NOW)
    assert walk_in(session, desk, request, now=NOW).id == booking.id
    assert session.scalar(select(func.count()).select_from(Booking)) == 1
    kinds = session.scalars(select(BookingEvent.kind).order_by(BookingEvent.id)).all()
    assert len(kinds) == 2


def test_of_two_at_the_counter_the_second_is_told(session, desk, service):
    ada = a.professional(session, name="Dr Ada", services=(service,))
    walk_in(session, desk, ask(ada, service, a.patient(session), a.at(10.25)), now=NOW)
    with pytest.raises(SlotTaken):
        walk_in(session, desk, ask(ada, service, a.patient(session), a.at(10.25), "b"), now=NOW)


def test_only_the_desk_checks_people_in(session, service):
    ada = a.professional(session, name="Dr Ada", services=(service,))
    patient = a.patient(session)
    own = a.actor(session, role=Role.PATIENT, patient_id=patient.id)
    with pytest.raises(NotAllowed):
        walk_in(session, own, ask(ada, service, patient, a.at(10.25)), now=NOW)


def test_a_walk_in_in_one_dialog(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        visit = a.service(session, name="Consultation", step_minutes=1, length_minutes=1)
        a.professional(
            session, name="Dr Ada", hours=((0, 24),), weekdays=EVERY_DAY, services=(visit,)
        )
        a.patient(session, name="Ana Silva")
        rita = a.user(session, Role.RECEPTIONIST, name="Rita")
    page = screen.show_to(monkeypatch, sqlite_database, rita).run()
    page.switch_page(str(places.PAGES / "today.py")).run()
    next(each for each in page.button if each.label == "Walk-in").click().run()
    page.selectbox(key="walk_in_service").select(visit.id).run()
    page.text_input(key="walk_in_words").input("silva").run()
    next(each for each in page.button if "Dr Ada" in each.label).click().run()
    with sqlite_database.reading() as session:
        booking = session.scalars(select(Booking)).one()
        assert booking.state is BookingState.ARRIVED
        assert booking.arrived_at <= utc_now()
