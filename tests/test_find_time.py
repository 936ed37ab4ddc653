"""Finding the next free time from the desk, without a browser."""

import pytest
from sqlalchemy import select

from core.availability.next_free import AFTERNOON
from core.db import utc_now
from core.models import (
    Booking,
    BookingState,
    Claim,
    PreferredProfessional,
    Professional,
    Role,
    WorkingHours,
)
from dashboard import find_time, new_booking, open_booking, waiting_asked
from tests import a, screen

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def service(sqlite_database):
    with sqlite_database.writing() as session:
        visit = a.service(session, name="Consultation")
        for name in ("Dr Ada", "Dr Ben"):
            a.professional(
                session, name=name, hours=((0, 24),), weekdays=EVERY_DAY, services=(visit,)
            )
        return visit


@pytest.fixture
def page(monkeypatch, sqlite_database, service):
    with sqlite_database.writing() as session:
        rita = a.user(session, Role.RECEPTIONIST, name="Rita")
    return screen.show_to(monkeypatch, sqlite_database, rita).run()


def press(page, label):
    next(each for each in page.button if each.label == label).click()
    return page.run()


def times(page):
    return [each for each in page.button if str(each.key).startswith("find_time_take")]


def test_the_next_times_of_a_service_are_listed_by_date_and_one_click_books(page, service):
    press(page, "Find a time")
    assert not times(page)
    page.selectbox(key="find_time_service").select(service.id).run()

    assert len(times(page)) == find_time.AT_FIRST
    assert any("Tomorrow" in each.value for each in page.markdown)
    last = times(page)[-1]
    last.click().run()
    page.run()

    assert find_time.KEY not in page.session_state
    asked = page.session_state[new_booking.KEY]
    assert (asked.service_id, asked.hold_id is not None) == (service.id, True)
    assert page.session_state["day"] == asked.starts_at.date()


def test_what_the_desk_has_chosen_is_chosen_already(page, service):
    page.selectbox(key="service").select(service.id).run()
    press(page, "Find a time")
    assert len(times(page)) == find_time.AT_FIRST


def test_wishes_that_nothing_meets_say_what_to_do(page, service, sqlite_database):
    page.selectbox(key="service").select(service.id).run()
    press(page, "Find a time")
    page.checkbox(key="find_time_premium").check().run()
    assert not times(page)
    assert "Try other days" in page.info[0].value


def test_where_no_time_suits_the_wishes_go_along_to_the_waiting_list(page, service):
    page.selectbox(key="service").select(service.id).run()
    press(page, "Find a time")
    page.pills(key="find_time_weekdays").set_value([2, 4]).run()
    page.pills(key="find_time_parts").set_value(["Afternoon"]).run()

    press(page, "No time suits? Put on the waiting list")

    assert find_time.KEY not in page.session_state
    start = page.session_state[waiting_asked.KEY].start
    assert (start.service_id, start.weekdays, start.parts) == (
        service.id,
        frozenset({2, 4}),
        (AFTERNOON,),
    )
    assert page.text_input(key="waiting_form_words")


def people(page):
    return page.multiselect(key="find_time_professionals").value


def parts(page):
    return page.pills(key="find_time_parts").value


@pytest.fixture
def reed(sqlite_database, service):
    """Mr Reed, who would rather come to Dr Ben, in the morning."""
    with sqlite_database.writing() as session:
        reed = a.patient(session, name="Mr Reed", alerts="Deaf", preferred_parts="morning")
        ben = session.scalars(select(Professional).where(Professional.name == "Dr Ben")).one()
        session.add(PreferredProfessional(patient_id=reed.id, professional_id=ben.id))
        return reed


def look_for(page, patient, service):
    page.session_state[find_time.KEY] = find_time.Looking("x", patient=find_time.known(patient))
    page.run()
    return page.selectbox(key="find_time_service").select(service.id).run()


def test_what_somebody_prefers_is_filled_in_said_and_can_be_cleared(page, service, reed):
    look_for(page, reed, service)
    assert page.warning[0].value == "Deaf"
    assert parts(page) == ["Morning"]
    assert all("Dr Ben" in each.label for each in times(page))
    assert any("as Mr Reed prefers" in each.value for each in page.caption)

    page.multiselect(key="find_time_professionals").set_value([]).run()
    assert any("Dr Ada" in each.label for each in times(page))
    page.run()
    assert people(page) == []


def test_whoever_they_prefer_but_does_not_do_it_is_not_filled_in(
    page, service, reed, sqlite_database
):
    with sqlite_database.writing() as session:
        other = a.service(session, name="Massage")
        a.professional(session, hours=((0, 24),), weekdays=EVERY_DAY, services=(other,))
    look_for(page, reed, other)
    assert (people(page), len(times(page)) > 0) == ([], True)

    page.selectbox(key="find_time_service").select(service.id).run()
    assert len(people(page)) == 1


def test_when_nothing_is_as_they_prefer_the_other_times_are_one_press_away(
    page, service, reed, sqlite_database
):
    with sqlite_database.writing() as session:
        for each in session.scalars(select(WorkingHours)):
            each.starts_minute = 13 * 60
    look_for(page, reed, service)
    assert not times(page)
    press(page, "Look at other times too")
    assert len(times(page)) == find_time.AT_FIRST


def test_a_past_visit_is_booked_again_with_everything_kept(page, service, sqlite_database):
    with sqlite_database.writing() as session:
        ana = a.patient(session, name="Ana Silva")
        ben = a.professional(
            session, name="Dr Cy", hours=((0, 24),), weekdays=EVERY_DAY, services=(service,)
        )
        visit = a.booking(session, ben, a.span(9, 9.5, day=-30), service=service, patient=ana)
    page.session_state[open_booking.KEY] = open_booking.Opened(visit.id)
    page.run()
    press(page, "Book again")
    page.run()

    assert all("Dr Cy" in each.label for each in times(page))
    times(page)[0].click().run()
    page.run()
    press(page, "Book Ana Silva")

    with sqlite_database.reading() as session:
        made = session.scalars(select(Booking).where(Booking.id != visit.id)).one()
        assert (made.professional_id, made.service_id, made.state, made.starts_at > utc_now()) == (
            ben.id,
            service.id,
            BookingState.BOOKED,
            True,
        )
        assert session.scalars(select(Claim).where(Claim.calendar_id == ana.calendar_id)).all()
