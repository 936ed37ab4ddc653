"""Finding the next free time from the desk, without a browser."""

import pytest
from sqlalchemy import select

from core.db import utc_now
from core.models import Booking, BookingState, Claim, Role
from dashboard import find_time, new_booking, open_booking
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
