"""My calendar: what a professional sees of it by day, week, month and as a list, and does there."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.errors import NotAllowed, NotFound
from core.models import Booking, BookingState, Opening, Professional, Role, TimeOff, User
from core.own_month import OwnDay, load_own_month
from core.policy import Actor
from core.week import find_next_visit, free_gaps, load_week, monday_of
from dashboard import open_booking
from dashboard.components.week_board import days_shown, week_title
from dashboard.my_calendar.month import cell
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

    press(page, "desk_on")
    assert "**14 to 20 December 2026**" in said(page)
    assert [row[2] for row in table(page)] == ["Next Monday"]

    press(press(page, "desk_back"), "desk_back")
    assert "**30 Nov to 6 Dec 2026**" in said(page)
    assert "**7 to 13 December 2026**" in said(press(page, "desk_today"))


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


@pytest.mark.parametrize(
    ("on", "first"), [(-3, "Fri 4"), (0, "Mon 7"), (9, "Mon 14")], ids=["past", "this", "coming"]
)
def test_on_a_phone_a_week_opens_on_its_day_nearest_to_today(calendar, on, first):
    page = calendar("Week", on=a.DAY + timedelta(days=on))
    (chooser,) = [each for each in page.segmented_control if each.label == "Day"]

    assert chooser.options[chooser.indices[0]] == first


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
    assert "free 15:00-15:40" in said(press(page, "desk_on"))


def test_only_a_professional_has_a_week(session):
    a.professional(session)
    for role in (Role.RECEPTIONIST, Role.ADMIN, Role.PATIENT):
        with pytest.raises(NotAllowed):
            load_week(session, Actor(role, "Rita"), a.DAY, now=NOW)
    with pytest.raises(NotFound):
        load_week(session, Actor(Role.PROFESSIONAL, "Gone"), a.DAY, now=NOW)


def views_of(page: AppTest, view: str, *, on: date = a.DAY) -> AppTest:
    page.run()
    page.date_input(key="day").set_value(on)
    return page.segmented_control(key="view").set_value(view).run()


@pytest.fixture
def calendar(monkeypatch, sqlite_database, ruiz):
    """``calendar(view)``: that view at Monday noon."""
    screen.set_clock(monkeypatch, NOW)
    page = screen.show_to(monkeypatch, sqlite_database, ruiz)
    return lambda view, on=a.DAY: views_of(page, view, on=on)


def test_the_day_is_ones_own_and_no_other_day(calendar, sqlite_database, ruiz):
    add(sqlite_database, ruiz, 14, 14.5, name="Ben Ito")
    add(sqlite_database, ruiz, 9, 10, day=1)
    with sqlite_database.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))

    page = calendar("Day")
    assert table(page) == [["Monday 7", "14:00-14:30", "Ben Ito", "Booked"]]
    assert "**Today** 1 to come" in said(page)
    assert press(page, "desk_on").date_input(key="day").value == a.DAY + timedelta(days=1)
    assert [row[2] for row in table(page)] == ["Ana Silva"]
    press(page, "desk_on")
    assert "No bookings on this day." in said(page)


def test_the_list_is_of_ones_own_and_shows_what_was_cancelled_when_asked(
    calendar, sqlite_database, ruiz
):
    add(sqlite_database, ruiz, 14, 15)
    add(sqlite_database, ruiz, 9, 10, day=3, state=S.CANCELLED)
    add(sqlite_database, ruiz, 9, 10, day=8)
    with sqlite_database.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))

    page = calendar("List")
    assert "**1 booking**" in said(page)
    page.multiselect(key="state").set_value([S.BOOKED, S.CANCELLED]).run()
    assert "**2 bookings**" in said(page)


def test_the_month_says_how_many_visits_and_how_much_of_the_hours(calendar, sqlite_database, ruiz):
    add(sqlite_database, ruiz, 9, 11)
    add(sqlite_database, ruiz, 9, 10, day=1)
    with sqlite_database.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))

    page = calendar("Month")
    assert "2 visits, 3 h booked of" in said(page)


def month_of(session, own, on=a.DAY, now=NOW):
    session.flush()
    return {each.on.day: each for each in load_own_month(session, own, on, now=now).days}


def test_a_day_of_the_month_counts_what_takes_its_time(session):
    doctor = a.professional(session, hours=((9, 17),))
    own = a.actor(session, Role.PROFESSIONAL, professional_id=doctor.id)
    a.booking(session, doctor, a.span(9, 11), state=S.COMPLETED)
    a.booking(session, doctor, a.span(12, 13))
    a.booking(session, doctor, a.span(14, 15), state=S.NO_SHOW)
    a.booking(session, doctor, a.span(15, 16), state=S.CANCELLED)
    a.booking(session, a.professional(session), a.span(9, 10))
    a.booking(session, doctor, a.span(10, 11, day=5))

    days = month_of(session, own)
    assert len(days) == 31
    monday, saturday = days[7], days[12]
    assert (monday.visits, monday.booked_minutes, monday.offered_minutes) == (2, 180, 480)
    assert monday.fullness == 180 / 480
    assert (saturday.visits, saturday.offered_minutes, saturday.fullness) == (1, 0, None)
    assert (days[8].visits, days[8].fullness) == (0, 0)


def test_a_closed_day_of_the_month_says_why(session):
    doctor = a.professional(session, hours=((9, 17),))
    own = a.actor(session, Role.PROFESSIONAL, professional_id=doctor.id)
    for day, (start, end) in enumerate(((0, 24), (9, 12))):
        span = a.span(start, end, day=day)
        session.add(
            TimeOff(
                professional_id=doctor.id,
                starts_at=span.start,
                ends_at=span.end,
                reason="Conference",
            )
        )

    days = month_of(session, own)
    assert (days[7].offered_minutes, days[7].closed_for) == (0, "Conference")
    assert (days[8].offered_minutes, days[8].closed_for) == (300, "")


def test_only_a_professional_has_a_month(session):
    a.professional(session)
    for role in (Role.RECEPTIONIST, Role.ADMIN, Role.PATIENT):
        with pytest.raises(NotAllowed):
            load_own_month(session, Actor(role, "Rita"), a.DAY, now=NOW)


@pytest.mark.parametrize(
    ("visits", "booked", "offered", "words", "level"),
    [
        (0, 0, 480, ("no visits", "8 h free"), 0),
        (1, 30, 480, ("1 visit", "6% full"), 1),
        (2, 121, 480, ("2 visits", "25% full"), 2),
        (9, 480, 480, ("9 visits", "100% full"), 4),
        (9, 540, 480, ("9 visits", "112% full"), 4),
        (1, 60, 0, ("1 visit", "1 h, outside your hours"), 4),
        (0, 0, 0, ("no hours", "Holiday"), 0),
    ],
)
def test_a_cell_of_the_month_in_words(visits, booked, offered, words, level):
    why = "" if offered or visits else "Holiday"
    drawn = cell(OwnDay(a.DAY, visits, booked, offered, why), today=a.DAY)
    assert (drawn.words, drawn.level, drawn.is_today) == (words, level, True)


def test_a_title_names_both_months_and_the_year(session):
    doctor = a.professional(session)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=doctor.id)

    titles = [
        week_title(load_week(session, own, day, now=NOW)) for day in (a.DAY, date(2026, 12, 28))
    ]
    assert titles == ["7 to 13 December 2026", "28 Dec to 3 Jan 2027"]
