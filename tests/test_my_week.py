"""My week: what a professional sees of it and does there."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.errors import NotAllowed, NotFound
from core.models import Booking, BookingState, Opening, Professional, Role, User
from core.policy import Actor
from core.week import find_next_visit, free_gaps, load_week, monday_of
from dashboard import open_booking
from dashboard.components.week_board import days_shown, week_title
from tests import a, screen

NOW = a.at(12)
S = BookingState


@pytest.fixture
def ruiz(sqlite_database) -> User:
    with sqlite_database.writing() as session:
        doctor = a.professional(session, name="Dr Elena Ruiz")
        return a.user(session, Role.PROFESSIONAL, professional_id=doctor.id, name="Dr Elena Ruiz")


@pytest.fixture
def week(monkeypatch, sqlite_database, ruiz):
    """``week()`` opens the page at Monday noon, 7 December 2026."""
    screen.set_clock(monkeypatch, NOW)
    return lambda: screen.show_to(monkeypatch, sqlite_database, ruiz).run()


def add(database, user: User, start: float, end: float, *, day: int = 0, **values) -> Booking:
    with database.writing() as session:
        doctor = session.get(Professional, user.professional_id)
        name = values.pop("name", "Ana Silva")
        return a.booking(
            session,
            doctor,
            a.span(start, end, day=day),
            patient=a.patient(session, name=name),
            created_at=a.BEFORE,
            **values,
        )


def said(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(each.value for each in page.markdown)


def table(page: AppTest) -> list[list[object]]:
    return page.dataframe[0].value[["Day", "Time", "Patient", "State"]].values.tolist()


def press(page: AppTest, named: str) -> AppTest:
    return next(each for each in page.button if named in (each.label, each.key)).click().run()


def state_of(database, booking: Booking) -> BookingState:
    with database.reading() as session:
        return session.scalars(select(Booking.state).where(Booking.id == booking.id)).one()


def test_the_week_lists_ones_own_visits_by_time(week, sqlite_database, ruiz):
    add(sqlite_database, ruiz, 14, 14.5, name="Ben Ito")
    add(sqlite_database, ruiz, 9, 10, day=1)
    with sqlite_database.writing() as session:
        other = a.professional(session)
        a.booking(session, other, a.span(9, 10))

    assert table(week()) == [
        ["Monday 7", "14:00-14:30", "Ben Ito", "Booked"],
        ["Tuesday 8", "09:00-10:00", "Ana Silva", "Booked"],
    ]


def test_an_empty_week_says_so(week):
    page = week()

    assert "No bookings in this week." in said(page)
    assert "**Today** no visits" in said(page)


def test_the_line_above_tells_how_today_stands_and_who_is_next(week, sqlite_database, ruiz):
    add(sqlite_database, ruiz, 9, 10, state=S.COMPLETED)
    add(sqlite_database, ruiz, 10, 11, state=S.NO_SHOW)
    add(sqlite_database, ruiz, 13, 14, name="[Ana](http://x)")

    line = said(week())
    assert "1 to come · 1 completed · 1 no-show" in line
    assert "next **" in line
    assert "today 13:00" in line
    assert "[Ana](http" not in line


def test_weeks_are_turned_and_the_way_back_is_one_press(week, sqlite_database, ruiz):
    add(sqlite_database, ruiz, 9, 10, day=7, name="Next Monday")
    page = week()
    assert "**7 to 13 December 2026**" in said(page)

    press(page, "week_on")
    assert "**14 to 20 December 2026**" in said(page)
    assert [row[2] for row in table(page)] == ["Next Monday"]

    press(press(page, "week_back"), "week_back")
    assert "**30 Nov to 6 Dec 2026**" in said(page)
    assert "**7 to 13 December 2026**" in said(press(page, "week_this"))


def test_a_booking_opens_and_is_marked_and_the_mark_taken_back(week, sqlite_database, ruiz):
    booking = add(sqlite_database, ruiz, 12.25, 13)
    page = open_on(week(), booking)
    assert "Ana Silva" in said(page)

    press(page, "Arrived")
    assert state_of(sqlite_database, booking) is S.ARRIVED
    assert [toast.value for toast in page.toast] == ["Ana Silva: Arrived."]

    press(open_on(page, booking), "Undo last step")
    assert state_of(sqlite_database, booking) is S.BOOKED


def open_on(page: AppTest, booking: Booking) -> AppTest:
    """As the calendar does when a booking in it is pressed."""
    page.session_state[open_booking.KEY] = open_booking.Opened(booking.id)
    return page.run()


def test_a_no_show_is_not_offered_before_its_time(week, sqlite_database, ruiz):
    booking = add(sqlite_database, ruiz, 14, 15)
    offered = [each.label for each in open_on(week(), booking).button]
    assert "Arrived" in offered
    assert "No-show" not in offered


def test_somebody_elses_booking_does_not_open(week, sqlite_database):
    with sqlite_database.writing() as session:
        booking = a.booking(session, a.professional(session), a.span(13, 14))
    page = open_on(week(), booking)

    assert "not there" in page.error[0].value


def test_on_a_phone_one_day_is_chosen_and_today_comes_first(week):
    page = week()
    (chooser,) = [each for each in page.segmented_control if each.label == "Day"]

    assert chooser.value == a.DAY
    assert chooser.options == ["Mon 7", "Tue 8", "Wed 9", "Thu 10", "Fri 11"]


def test_the_weekend_is_shown_when_there_is_work_on_it(session):
    doctor = a.professional(session)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=doctor.id)

    def shown() -> list[int]:
        session.flush()
        return [on.weekday() for on in days_shown(load_week(session, own, a.DAY, now=NOW))]

    assert shown() == [0, 1, 2, 3, 4]
    session.add(
        Opening(professional_id=doctor.id, starts_at=a.at(9, day=5), ends_at=a.at(11, day=5))
    )
    assert shown() == [0, 1, 2, 3, 4, 5]
    a.booking(session, doctor, a.span(9, 10, day=6))
    assert shown() == [0, 1, 2, 3, 4, 5, 6]


def test_a_week_begins_on_monday_whatever_the_day():
    assert {monday_of(a.DAY + timedelta(days=number)) for number in range(7)} == {a.DAY}
    assert monday_of(a.DAY - timedelta(days=1)) == date(2026, 11, 30)


def test_the_next_visit_is_the_first_that_is_not_over(session):
    doctor = a.professional(session)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=doctor.id)
    assert find_next_visit(session, own, now=NOW) is None

    a.booking(session, doctor, a.span(9, 10))
    a.booking(session, doctor, a.span(15, 16), state=S.CANCELLED)
    a.booking(session, doctor, a.span(16, 17), patient=a.patient(session, name="Zoe"))
    found = find_next_visit(session, own, now=NOW)
    assert (found.patient, found.starts_at) == ("Zoe", a.at(16))


def test_gaps_of_today_are_what_is_left_between_visits(session):
    doctor = a.professional(session, hours=((9, 17),))
    own = a.actor(session, Role.PROFESSIONAL, professional_id=doctor.id)

    def gaps(now):
        session.flush()
        found = free_gaps(load_week(session, own, a.DAY, now=now), now=now)
        return [(each.start, each.end) for each in found]

    assert gaps(a.at(8)) == [(a.at(9), a.at(17))]
    a.booking(session, doctor, a.span(9, 12))
    a.booking(session, doctor, a.span(12.25, 15))
    a.booking(session, doctor, a.span(15 + 2 / 3, 16.8))
    a.booking(session, doctor, a.span(9, 12, day=1))
    a.booking(session, doctor, a.span(13, 14), state=S.CANCELLED)
    assert gaps(a.at(8)) == [(a.at(12), a.at(12.25)), (a.at(15), a.at(15 + 2 / 3))]
    assert gaps(a.at(15.25)) == [(a.at(15.25), a.at(15 + 2 / 3))]
    assert gaps(a.at(18)) == []


def test_the_line_above_names_the_gaps_of_today_whichever_week_is_shown(
    week, sqlite_database, ruiz
):
    add(sqlite_database, ruiz, 12, 15)
    add(sqlite_database, ruiz, 15 + 2 / 3, 17)
    page = week()

    assert "free 15:00-15:40" in said(page)
    assert "free 15:00-15:40" in said(press(page, "week_on"))


def test_only_a_professional_has_a_week(session):
    a.professional(session)
    for role in (Role.RECEPTIONIST, Role.ADMIN, Role.PATIENT):
        with pytest.raises(NotAllowed):
            load_week(session, Actor(role, "Rita"), a.DAY, now=NOW)
    with pytest.raises(NotFound):
        load_week(session, Actor(Role.PROFESSIONAL, "Gone"), a.DAY, now=NOW)


def test_a_title_names_both_months_and_the_year(session):
    doctor = a.professional(session)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=doctor.id)

    titles = [
        week_title(load_week(session, own, day, now=NOW)) for day in (a.DAY, date(2026, 12, 28))
    ]
    assert titles == ["7 to 13 December 2026", "28 Dec to 3 Jan 2027"]
