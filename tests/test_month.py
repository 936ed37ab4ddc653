"""A month of free time: what each day offers, counted as the days themselves count it."""

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.desk import DayAsked, day_starts, load_day
from core.errors import NotFound
from core.models import Anchor, Claim, Closure, Opening, Role, TimeOff
from core.month import DayKind, days_of_month, load_month
from dashboard.components.month_cells import month_cells, summary
from dashboard.components.month_grid import picked
from dashboard.components.view_switch import BY_MONTH
from tests import a, screen

NOW = a.at(12)
DECEMBER = [date(2026, 12, number) for number in range(1, 32)]
K = DayKind


@pytest.mark.parametrize("anchor", list(Anchor))
def test_a_month_counts_what_the_days_themselves_offer(session, anchor):
    rita = a.actor(session)
    visit = a.service(session, name="Visit", step_minutes=20, anchor=anchor, after_minutes=5)
    room = a.room(session)
    a.needs(session, visit, room)
    ada = a.professional(session, services=(visit,), hours=((9, 11), (13.25, 15)))
    ben = a.professional(session, services=(visit,), hours=((10, 12),), visits_per_day=1)
    a.professional(session)
    a.booking(session, ada, a.span(9, 9.75, day=1), service=visit)
    a.booking(session, ben, a.span(10, 10.5, day=1), service=visit)
    taken = a.booking(session, a.professional(session), a.span(9, 11, day=2))
    times = {"starts_at": taken.starts_at, "ends_at": taken.ends_at}
    session.add_all(
        [
            Claim(booking_id=taken.id, calendar_id=room.calendar_id, **times),
            TimeOff(professional_id=ada.id, starts_at=a.at(0, day=3), ends_at=a.at(24, day=3)),
            Opening(professional_id=ben.id, starts_at=a.at(9, day=5), ends_at=a.at(11, day=5)),
            Closure(first_on=date(2026, 12, 25), last_on=date(2026, 12, 25), name="Christmas"),
        ]
    )
    asked = DayAsked(a.DAY, visit.id)

    month = load_month(session, rita, asked, now=NOW)
    counted = {}
    for on in DECEMBER:
        day = load_day(session, rita, DayAsked(on, visit.id), now=NOW)
        free = [cell for cell in day_starts(day, now=NOW) if not cell.reasons]
        counted[on] = (
            len({cell.start for cell in free}),
            len({cell.professional_id for cell in free}),
            min((cell.start for cell in free), default=None),
        )
    assert {
        each.on: (each.times, each.people, each.first_at and int(each.first_at.timestamp()))
        for each in month.days
    } == counted
    assert sum(times for times, _people, _first in counted.values()) > 100
    assert {people for _times, people, _first in counted.values()} == {0, 1, 2}


def test_a_day_without_free_time_says_what_it_is(session):
    rita = a.actor(session)
    visit = a.service(session, name="Visit", horizon_days=9)
    ada = a.professional(session, services=(visit,), hours=((9, 10),))
    a.booking(session, ada, a.span(9, 10, day=1), service=visit)
    session.add(Closure(first_on=date(2026, 12, 9), last_on=date(2026, 12, 9), name="Feast"))

    days = load_month(session, rita, DayAsked(a.DAY, visit.id), now=NOW).days
    kinds = {each.on.day: each.kind for each in days}
    assert [kinds[number] for number in (4, 6, 8, 10)] == [K.PAST, K.PAST, K.FULL, K.FREE]
    assert [kinds[number] for number in (7, 9, 13)] == [K.FULL, K.CLOSED, K.CLOSED]
    assert [kinds[number] for number in (16, 17)] == [K.FREE, K.NOT_YET]
    assert next(each.closure for each in days if each.on.day == 9) == "Feast"


def test_a_month_is_of_those_who_are_chosen(session):
    rita = a.actor(session)
    visit = a.service(session, name="Visit")
    ada = a.professional(session, services=(visit,), hours=((9, 10),))
    a.professional(session, services=(visit,), hours=((9, 12),))

    def times(*chosen):
        month = load_month(session, rita, DayAsked(a.DAY, visit.id, None, chosen), now=NOW)
        return month.professionals, month.days[7].times

    assert times() == (2, 11)
    assert times(ada.id) == (1, 3)


def test_a_month_needs_a_service_that_is_there(session):
    for service_id in (None, 999):
        with pytest.raises(NotFound):
            load_month(session, a.actor(session), DayAsked(a.DAY, service_id), now=NOW)


def test_a_month_ends_where_the_next_one_begins():
    lengths = []
    for month in range(1, 13):
        days = days_of_month(date(2028, month, 15))
        assert (days.last + timedelta(days=1)).day == 1
        lengths.append(days.last.day)
    assert lengths == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def test_a_cell_says_in_words_what_its_colour_shows(session):
    visit = a.service(session, name="Visit")
    a.professional(session, services=(visit,), hours=((9, 10),))
    session.add(Closure(first_on=date(2026, 12, 9), last_on=date(2026, 12, 9), name="Feast"))
    month = load_month(session, a.actor(session), DayAsked(a.DAY, visit.id), now=NOW)

    cells = {each.number: each for each in month_cells(month, today=a.DAY)}
    assert cells[8].words == ("3 times", "from 09:00")
    assert cells[8].short == ("3", "09:00")
    said = "Tuesday 8 December: 3 times from 09:00, with 1 professional"
    assert (cells[8].label, cells[8].level) == (said, 4)
    assert cells[9].words == ("closed", "Feast")
    assert cells[9].label == "Wednesday 9 December: Feast"
    assert cells[7].label == "Monday 7 December: no time left to offer"
    assert (cells[7].is_today, cells[8].is_today) == (True, False)
    assert "first on Tuesday 8 December" in summary(month, today=a.DAY)
    assert picked({"pick": "2026-12-08"}, list(cells.values())) == date(2026, 12, 8)
    for sent in ({"pick": "2027-01-01"}, {"pick": 8}, {}, None):
        assert picked(sent, list(cells.values())) is None


@pytest.fixture
def desk(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        visit = a.service(session, name="Check *up*")
        a.service(session, name="Nobody's")
        a.professional(session, name="Dr Ada", services=(visit,))
        rita = a.user(session, Role.RECEPTIONIST, name="Rita")
    screen.set_clock(monkeypatch, NOW)
    page = screen.show_to(monkeypatch, sqlite_database, rita).run()
    return page.segmented_control(key="view").set_value(BY_MONTH).run()


def said(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(each.value for each in [*page.markdown, *page.info, *page.caption])


def test_the_desk_asks_for_which_service_and_shows_its_month(desk):
    assert "Free time for which service?" in said(desk)

    next(each for each in desk.button if "Check" in each.label).click().run()
    assert "**Check \\*up\\***" in said(desk)
    assert "days with free time, the first on Monday 7 December" in said(desk)
    assert "different times can be offered" in said(desk)

    desk.button(key="desk_on").click().run()
    assert "**January 2027**" in said(desk)


def test_a_service_nobody_offers_has_no_month(desk):
    next(each for each in desk.button if each.label == "Nobody's").click().run()

    assert "Nobody offers this." in said(desk)
