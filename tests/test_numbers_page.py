"""The numbers on the page: the bar above them, and each view with its figures."""

from datetime import date, timedelta

import plotly.graph_objects as go
import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.analytics import Forecast, ForecastWeek, Quiet, SeatCounts, Totals, Used, missed_most
from core.models import (
    Booking,
    BookingState,
    Channel,
    Professional,
    Role,
    Search,
    User,
    WaitingEntry,
)
from dashboard.figures.advice import time_in_words, where_in_words
from dashboard.figures.bar import days_of
from dashboard.figures.figure import Bar, Figure, drawn
from dashboard.figures.forecast import forecast_figure
from dashboard.formatting import share
from tests import a, screen

S = BookingState
NOW = a.at(18)


@pytest.fixture
def alex(sqlite_database) -> User:
    with sqlite_database.writing() as session:
        a.organisation(session)
        return a.user(session, Role.ADMIN, name="Alex Moreau")


@pytest.fixture
def numbers(monkeypatch, sqlite_database, alex):
    """``numbers(view)`` opens that view on the evening of Monday, 7 December 2026."""
    screen.set_clock(monkeypatch, NOW)

    def opened(view: str) -> AppTest:
        page = screen.show_to(monkeypatch, sqlite_database, alex).run()
        return page.segmented_control(key="view").set_value(view).run()

    return opened


@pytest.fixture
def booked(sqlite_database, alex):
    """Of five visits on Monday one was missed, one cancelled late; last week one took place."""
    with sqlite_database.writing() as session:
        ada = a.professional(session, name="Dr Ada")
        ben = a.professional(session, name="Dr Ben")
        check = a.service(session, name="Check-up", price_cents=4000)
        states = (S.COMPLETED, S.COMPLETED, S.NO_SHOW, S.CANCELLED, S.BOOKED)
        for hour, state in enumerate(states, start=9):
            late = state is S.CANCELLED
            a.booking(
                session,
                ben if hour == 9 else ada,
                a.span(hour, hour + 1),
                service=check,
                state=state,
                cancelled_late=late,
                created_at=a.at(9, day=-2),
            )
        a.booking(session, ada, a.span(9, 10, day=-7), service=check, state=S.COMPLETED)
        return ada, ben, check


def metrics(page: AppTest) -> dict[str, tuple[str, str]]:
    assert not page.exception
    return {each.label: (each.value, each.delta) for each in page.metric}


def choose_today(page: AppTest) -> AppTest:
    page.selectbox(key="dates").set_value("Own dates").run()
    return page.date_input(key="days").set_value((a.DAY, a.DAY)).run()


def rows(page: AppTest, number: int = 0) -> list[list[object]]:
    return page.dataframe[number].value.values.tolist()


def test_no_shows_stand_beside_what_they_are_of(numbers, booked):
    page = numbers("No-shows")

    assert metrics(page) == {
        "No-shows": ("1 · 20%", ""),
        "Cancelled": ("1 · 17%", ""),
        "Cancelled late": ("1", ""),
        "Used again": ("0%", ""),
    }
    assert "1 of the visits that were due are still marked as booked" in page.caption[-1].value


def test_they_are_grouped_another_way(numbers, booked):
    page = numbers("No-shows")
    page.selectbox(key="seats_by_0").set_value("Professional").run()

    assert [row[:4] for row in rows(page)] == [["Dr Ada", 4, 1, 25], ["Dr Ben", 1, 0, 0]]
    assert [each.value for each in page.subheader] == ["No-shows by professional"]

    page.segmented_control(key="seats_of").set_value("Cancellations").run()
    assert [each.value for each in page.subheader] == ["Cancellations by professional"]


def test_a_bar_shows_the_bookings_behind_it(numbers, booked):
    page = numbers("No-shows")
    page.selectbox(key="seats_by_0").set_value("Professional").run()
    page.selectbox(key="no_shows_Professional_bar").set_value(0).run()

    assert not page.exception
    assert "**1 booking**" in [each.value for each in page.markdown]

    page.selectbox(key="no_shows_Professional_bar").set_value(1).run()
    assert "**0 bookings**" in [each.value for each in page.markdown]


def test_dates_of_ones_own_and_filters_narrow_everything(numbers, booked):
    _ada, ben, _check = booked
    page = choose_today(numbers("No-shows"))
    assert metrics(page)["No-shows"][0] == "1 · 25%"

    page.multiselect(key="professionals").set_value([ben.id]).run()
    assert metrics(page)["No-shows"][0] == "0 · 0%"
    page.button(key="numbers_clear").click().run()
    assert metrics(page)["No-shows"][0] == "1 · 25%"


def test_without_comparing_nothing_stands_below_the_numbers(numbers, booked):
    page = numbers("No-shows")
    page.selectbox(key="dates").set_value("Own dates").run()
    page.date_input(key="days").set_value((a.DAY, a.DAY + timedelta(days=6))).run()
    assert metrics(page)["Cancelled late"] == ("1", "+1")

    page.toggle(key="compare").set_value(False).run()
    assert {delta for _value, delta in metrics(page).values()} == {""}


def test_days_without_bookings_say_what_to_do(numbers, booked):
    page = numbers("No-shows")
    page.selectbox(key="dates").set_value("Next 4 weeks").run()

    assert not page.exception
    assert "Choose other days" in page.info[0].value


def test_utilisation_is_shown_by_hour_and_what_lies_in_gaps(numbers, booked):
    page = numbers("Utilisation")
    page.segmented_control(key="utilisation_of").set_value("Weekday and hour").run()
    assert ["Monday", "11:00", 0, 0, 8] in rows(page)

    page.segmented_control(key="utilisation_of").set_value("Gaps").run()
    assert not page.exception
    assert [row[0] for row in rows(page)] == ["Dr Ada", "Dr Ben"]
    assert [each.value for each in page.subheader] == ["Free hours, and gaps too short"]


def test_demand_says_what_was_booked_when_and_through_whom(numbers, booked, sqlite_database):
    with sqlite_database.writing() as session:
        first = session.scalars(select(Booking).order_by(Booking.id)).first()
        first.channel = Channel.PATIENT
        first.arrived_at, first.started_at = a.at(8.75), a.at(9.1)
    page = numbers("Demand")
    page.selectbox(key="dates").set_value("Last 4 weeks").run()

    found = metrics(page)
    assert found["By patients themselves"][0].startswith("1 · ")
    assert found["Wait in house"] == ("21.0 min", "")
    assert found["Waiting list"] == ("–", "0 wait now")

    page.selectbox(key="demand_by_0").set_value("Booked ahead").run()
    assert ["1–2 days", 6, 5, 0, 1, 0] in rows(page)

    page.segmented_control(key="demand_of").set_value("Wait in house").run()
    assert rows(page) == [["09:00", 1, 21, 1, 100]]


def test_money_says_what_was_booked_and_what_was_lost(numbers, booked):
    page = numbers("Money")

    assert {title: value for title, (value, _delta) in metrics(page).items()} == {
        "Booked": "160.00 EUR",
        "Of that to come": "0.00 EUR",
        "Lost to no-shows": "40.00 EUR",
        "Lost to late cancellations": "40.00 EUR",
    }
    page.selectbox(key="money_by_0").set_value("Professional").run()
    assert rows(page) == [["Dr Ada", 3, 120, 0, 40, 40], ["Dr Ben", 1, 40, 0, 0, 0]]

    page.segmented_control(key="money_of").set_value("Lost").run()
    page.selectbox(key="money_by_0").set_value("Service").run()
    assert [each.value for each in page.subheader] == ["EUR lost by service"]
    assert rows(page) == [["Check-up", 4, 160, 0, 40, 40]]


def test_patients_are_new_or_returning_and_some_came_again(numbers, booked, sqlite_database):
    with sqlite_database.writing() as session:
        ada = session.scalars(select(Professional)).first()
        loyal = a.patient(session)
        for day in (-40, 0):
            when = a.span(6, 7, day=day)
            a.booking(session, ada, when, patient=loyal, state=S.COMPLETED)
    page = numbers("Patients")

    assert {title: value for title, (value, _delta) in metrics(page).items()} == {
        "Patients": "5",
        "New": "4",
        "Returning": "1",
        "Visits each": "1.0",
    }
    page.segmented_control(key="patients_of").set_value("Visits each").run()
    assert rows(page) == [[1, 5]]

    page.selectbox(key="dates").set_value("Last 12 months").run()
    page.segmented_control(key="patients_of").set_value("Who came again").run()
    october = rows(page)[9]
    assert october[:4] == [date(2026, 10, 1), 1, 0, 100]


@pytest.mark.parametrize("view", ["Utilisation", "No-shows", "Demand", "Money", "Patients"])
def test_an_empty_book_says_what_to_do(numbers, view):
    page = numbers(view)

    assert not page.exception
    assert len(page.info) == 1


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("Last 4 weeks", date(2026, 11, 16), date(2026, 12, 13)),
        ("Next 4 weeks", date(2026, 12, 14), date(2027, 1, 10)),
        ("This month", date(2026, 12, 1), date(2026, 12, 31)),
        ("Last month", date(2026, 11, 1), date(2026, 11, 30)),
        ("Last 12 months", date(2026, 1, 1), date(2026, 12, 31)),
        ("What nobody offered", date(2026, 11, 16), date(2026, 12, 13)),
    ],
)
def test_periods_are_whole_weeks_and_months(period, first, last):
    assert days_of(period, a.DAY) == (first, last)
    assert days_of(period, a.DAY + timedelta(days=6)) == (first, last)


# What is drawn, without a page around it.


def figure(**changed: object) -> Figure:
    bars = [
        Bar("Dr <b>Ada", [0.2], "20%", "2 of 10<br>seats", few=True),
        Bar("Dr Ben", [None], "", "0 of 0"),
    ]
    made = {"key": "x", "title": "", "counts": "", "bars": bars}
    return Figure(**(made | changed))


def test_a_bar_that_rests_on_few_is_paler_and_names_have_no_tags():
    (bars,) = drawn(figure(), "light").data

    assert list(bars.x) == ["Dr ‹b>Ada", "Dr Ben"]
    assert list(bars.marker.opacity) == [0.45, 1]
    assert bars.customdata[0] == "2 of 10<br>seats"


def test_bars_of_one_name_stand_beside_one_another():
    bars = [Bar("Dr Ada", [1], "1", ""), Bar("Dr Ada", [2], "2", "")]

    (made,) = drawn(figure(bars=bars), "light").data

    assert list(made.x) == ["Dr Ada", "Dr Ada (2)"]


def test_names_lie_and_series_stand_on_one_another_with_patterns_of_their_own():
    bars = [Bar("Ada", [1, 2], "3", "")]
    made: go.Figure = drawn(figure(bars=bars, series=("In time", "Late"), lying=True), "dark")

    assert [list(each.x) for each in made.data] == [[1], [2]]
    assert len({each.marker.pattern.shape for each in made.data}) == 2
    assert made.layout.barmode == "stack"
    assert made.layout.showlegend


def test_shares_below_a_tenth_are_told_to_the_part_of_a_point():
    assert [share(each) for each in (None, 0, 0.046, 0.46)] == ["–", "0%", "4.6%", "46%"]


@pytest.fixture
def asked_for(sqlite_database, booked):
    """Of 24 searches for a *Scan* 9 found nothing; one of a Check-up did not; one waits for it."""
    ada, _ben, check = booked
    with sqlite_database.writing() as session:
        scan = a.service(session, name="*Scan*")
        tried = [(scan, number < 9) for number in range(24)] + [(check, True), (check, False)]
        session.add_all(
            Search(
                key=str(number),
                searched_on=a.DAY,
                channel=Channel.DESK,
                service_id=service.id,
                professional_id=ada.id if number == 0 else None,
                weekday=6 if nothing else None,
                first_on=a.DAY,
                last_on=a.DAY,
                found=0 if nothing else 3,
                days_ahead=None if nothing else 8,
                reason="taken" if nothing else "",
            )
            for number, (service, nothing) in enumerate(tried)
        )
        entry = WaitingEntry(
            patient_id=a.patient(session).id,
            service_id=check.id,
            from_on=a.DAY,
            request_key="w",
        )
        session.add(entry)


def test_what_people_ask_for_and_cannot_get_says_what_to_do(numbers, asked_for):
    page = numbers("Demand")
    assert metrics(page)["Found nothing"] == ("10 · 38%", "")
    assert (
        "People ask for **\\*Scan\\*** most often without getting it. 9 of 24 searches found "
        "nothing (38%). Those who offer it are booked up: more hours for it would be used. "
        "Half of those who found a time had to look 8 days or more ahead."
    ) in [each.value for each in page.markdown]

    page.segmented_control(key="demand_of").set_value("Found nothing").run()

    assert not page.exception
    assert [each.value for each in page.subheader] == [
        "Which services people ask for and cannot get"
    ]
    assert rows(page) == [
        ["*Scan*", 24, 9, 37.5, 8, "Booked up", 0],
        ["Check-up", 2, 1, 50, 8, "Booked up", 1],
    ]
    assert any("rest on fewer than 20" in each.value for each in page.caption)


def test_they_are_looked_at_by_the_day_that_was_asked_for(numbers, asked_for):
    page = numbers("Demand")
    page.segmented_control(key="demand_of").set_value("Found nothing").run()
    page.selectbox(key="demand_by_2").set_value("Day asked for").run()

    found = {row[0]: row[1:3] for row in rows(page)}
    assert found["Saturday"] == [10, 10]
    assert found["Any day, or several"] == [16, 0]
    assert found["Monday"] == [0, 0]


def test_searches_are_compared_with_the_days_before(numbers, asked_for, sqlite_database):
    page = numbers("Demand")
    page.selectbox(key="dates").set_value("Own dates").run()
    later = a.DAY + timedelta(days=1)
    page.date_input(key="days").set_value((later, later)).run()

    assert metrics(page)["Found nothing"] == ("0 · –", "-10")


def test_without_searches_the_page_says_so(numbers, booked):
    page = numbers("Demand")
    page.segmented_control(key="demand_of").set_value("Found nothing").run()

    assert not page.exception
    assert "Nobody looked for a time on these days" in page.info[0].value


def test_thin_weeks_ahead_are_named_with_what_is_still_open(numbers, booked, sqlite_database):
    page = numbers("Utilisation")
    page.segmented_control(key="utilisation_of").set_value("Weeks ahead").run()
    assert "Not enough history yet" in page.caption[-1].value

    with sqlite_database.writing() as session:
        ada, _ben, check = booked
        for week in range(-8, 0):
            for day in range(5):
                on = 7 * week + day
                if on != -7:
                    a.booking(
                        session,
                        session.get_one(Professional, ada.id),
                        a.span(9, 13, day=on),
                        service=session.merge(check, load=False),
                        state=S.COMPLETED,
                        created_at=a.at(9, day=on - 90),
                    )
    page.run()

    assert [each.value for each in page.subheader] == [
        "The next weeks, and where they will probably end"
    ]
    assert "**Thin weeks.** Finished weeks ended at 25%" in page.markdown[-2].value
    assert (
        "Week from Monday 14 December: 0% booked, will probably end near 0%; "
        "80 h 00 are still open."
    ) in page.markdown[-1].value
    assert len(rows(page)) == 8


def test_a_week_ahead_says_between_what_it_will_probably_end():
    week = ForecastWeek(a.DAY, 60 * 60, 30 * 60, 12, low=0.6, likely=0.7, high=0.75)

    bar = forecast_figure(Forecast([week], 0.7)).bars[0]

    assert bar.says == "50% → 70%"
    assert bar.tells.replace("<br>", " ") == (
        "Week from Monday 7 December: 50% booked, will probably end near 70% (60% to 75%); "
        "30 h 00 are still open."
    )


# What can be acted on.


def test_who_has_most_time_left_and_when_is_said_first(numbers, booked):
    page = numbers("Utilisation")

    said = [each.value for each in page.markdown if "most time left" in each.value]
    assert said == [
        "**Dr Ben** has most time left: 0.6% of 160 h booked. Monday after noon has the "
        "largest part of it (20 h free): offer that time first, or change these hours."
    ]


def test_what_no_shows_cost_is_said_and_of_few_no_weekday(numbers, booked):
    page = numbers("No-shows")

    said = [each.value for each in page.markdown if "No-shows cost" in each.value]
    assert said == [r"No-shows cost **40\.00 EUR**, late cancellations **40\.00 EUR**."]


def test_the_weekday_most_stay_away_on_is_said_where_there_are_enough():
    tuesday, friday = SeatCounts(1, due=40, no_shows=8), SeatCounts(4, due=90, no_shows=9)
    few = SeatCounts(2, due=4, no_shows=4)

    assert where_in_words(missed_most([tuesday, few, friday])) == (
        "Tuesday has the highest share (8 of 40 due): confirm its visits the day before."
    )
    assert missed_most([tuesday, few]) is None
    assert where_in_words(None) == ""


def test_where_all_are_nearly_full_it_says_so():
    full = Quiet(Used(1, "Dr *Ada*", Totals(600, 570)), 4, False, 30)

    assert time_in_words(full).startswith(
        r"Even **Dr \*Ada\***, booked least of all, is booked 95%"
    )


def test_days_before_the_book_began_are_not_compared_with(numbers, booked):
    page = numbers("No-shows")

    assert page.toggle(key="compare").disabled
    assert "nothing to compare" in page.toggle(key="compare").help
    page = page.selectbox(key="dates").set_value("This month").run()
    assert page.toggle(key="compare").disabled
    page = choose_today(page)
    assert not page.toggle(key="compare").disabled
