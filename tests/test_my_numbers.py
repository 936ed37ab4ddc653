"""My numbers: a professional's own figures, by week and month, and what was booked last."""

import io
from datetime import date, timedelta

import pytest

from core import exports
from core.analytics import (
    AnalyticsAsked,
    By,
    OwnAsked,
    OwnFigures,
    OwnNumbers,
    latest_bookings,
    own_numbers,
    own_table,
    seats,
    utilisation,
)
from core.errors import NotAllowed, NotFound
from core.models import BookingState, Professional, Role, User
from core.policy import Actor
from dashboard import open_booking, places
from dashboard.my_numbers.drawing import figure
from dashboard.my_numbers.figures import FIGURES, NO_SHOWS, change
from tests import a, screen

NOW = a.at(12)
S = BookingState
WEEKS = OwnAsked(By.WEEK, a.DAY, 2)


@pytest.fixture
def ada(session):
    return a.professional(session, name="Dr Ada", hours=((9, 17),))


@pytest.fixture
def own(session, ada):
    return a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)


@pytest.fixture
def visit(session):
    return a.service(session, name="Consultation", price_cents=4500)


def numbers(session, own, asked=WEEKS, now=NOW):
    session.flush()
    return own_numbers(session, own, asked, now=now)


def test_the_weeks_and_months_asked_for_end_with_the_one_that_holds_the_day():
    weeks = OwnAsked(By.WEEK, date(2026, 12, 9), 3)
    assert weeks.starts() == [date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 7)]
    assert weeks.ends()[-1] == date(2026, 12, 13)
    assert weeks.before().ends()[-1] == date(2026, 11, 22)

    months = OwnAsked(By.MONTH, date(2026, 3, 31), 2)
    assert months.starts() == [date(2026, 2, 1), date(2026, 3, 1)]
    assert months.ends() == [date(2026, 2, 28), date(2026, 3, 31)]
    assert months.before().starts() == [date(2025, 12, 1), date(2026, 1, 1)]
    assert months.before().ends()[-1] == date(2026, 1, 31)


def test_each_figure_counts_what_it_says(session, ada, own, visit):
    late = {"cancel_asked_by_patient": True, "cancelled_late": True}
    a.booking(session, ada, a.span(9, 11), service=visit, state=S.COMPLETED)
    a.booking(session, ada, a.span(14, 15), service=visit)
    a.booking(session, ada, a.span(11, 12), service=visit, state=S.NO_SHOW)
    a.booking(session, ada, a.span(15, 16), service=visit, state=S.CANCELLED, **late)
    a.booking(session, ada, a.span(16, 17), service=visit, state=S.CANCELLED)
    a.booking(session, ada, a.span(9, 10, day=-7), service=visit, state=S.COMPLETED)
    a.booking(session, a.professional(session), a.span(9, 10), service=visit)

    before, this = numbers(session, own).periods
    assert this == OwnFigures(
        starts_on=a.DAY,
        offered_minutes=5 * 480,
        booked_minutes=180,
        visits=2,
        booked=5,
        due=2,
        no_shows=1,
        late=1,
        earned_cents=9000,
    )
    assert (this.no_show_share, this.late_share, this.utilisation) == (0.5, 0.2, 180 / 2400)
    assert (before.visits, before.earned_cents, before.starts_on) == (1, 4500, date(2026, 11, 30))
    whole = numbers(session, own).whole
    assert (whole.visits, whole.earned_cents, whole.due) == (3, 13500, 3)


def test_what_was_sold_in_another_currency_is_not_added_up(session, ada, own, visit):
    a.booking(session, ada, a.span(9, 10), service=visit)
    a.booking(session, ada, a.span(10, 11), service=visit).currency = "CHF"

    assert numbers(session, own).currency == "EUR"
    assert numbers(session, own).whole.earned_cents == 4500


def test_a_month_is_its_days_whichever_weeks_they_fall_in(session, ada, own, visit):
    for day in (-8, -7, -6, 24, 25):  # 29 November to 1 December, 31 December, 1 January
        a.booking(session, ada, a.span(9, 10, day=day), service=visit)

    found = numbers(session, own, OwnAsked(By.MONTH, date(2027, 1, 5), 3)).periods
    assert [each.starts_on for each in found] == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]
    assert [(each.visits, each.booked, each.earned_cents) for each in found] == [
        (2, 2, 9000),
        (2, 2, 9000),
        (1, 1, 4500),
    ]
    assert [each.booked_minutes for each in found] == [120, 120, 60]


def test_the_figures_are_those_the_place_counts(session, ada, own, visit):
    admin = a.actor(session, Role.ADMIN)
    for hour, state in ((9, S.COMPLETED), (10, S.NO_SHOW), (11, S.BOOKED)):
        a.booking(session, ada, a.span(hour, hour + 1), service=visit, state=state)
    this = numbers(session, own).periods[1]

    asked = AnalyticsAsked(a.DAY, a.DAY + timedelta(days=6), (ada.id,))
    (theirs,) = utilisation(session, admin, asked, now=NOW)
    (seat,) = seats(session, admin, asked, By.WEEK, now=NOW)
    assert (this.utilisation, this.visits) == (theirs.utilisation, theirs.visits)
    assert (this.no_show_share, this.due) == (seat.no_show_share, seat.due)


def test_nothing_is_counted_where_nothing_was(session, own):
    whole = numbers(session, Actor(Role.PROFESSIONAL, "Gone")).whole
    assert whole == OwnFigures(starts_on=date(2026, 11, 30))
    assert (whole.utilisation, whole.no_show_share, whole.late_share) == (None, None, None)


def test_what_was_booked_last_comes_first(session, ada, own):
    second = a.booking(session, ada, a.span(9, 10, day=3), created_at=a.at(11))
    a.booking(session, a.professional(session), a.span(9, 10), created_at=NOW)
    first = a.booking(session, ada, a.span(9, 10), state=S.CANCELLED, created_at=a.at(10))
    a.booking(session, ada, a.span(9, 10, day=-61), created_at=NOW)
    session.flush()

    found = latest_bookings(session, own, now=NOW)
    assert [(each.booking.id, each.made_at) for each in found] == [
        (second.id, a.at(11)),
        (first.id, a.at(10)),
    ]
    (newest,) = latest_bookings(session, own, now=NOW, limit=1)
    assert newest.booking.id == second.id


@pytest.mark.parametrize("role", [Role.PATIENT, Role.RECEPTIONIST, Role.ADMIN])
def test_own_numbers_are_a_professional_s(session, ada, role):
    with pytest.raises(NotAllowed):
        own_numbers(session, Actor(role, "Rita"), WEEKS, now=NOW)
    with pytest.raises(NotAllowed):
        latest_bookings(session, Actor(role, "Rita"), now=NOW)


# --- the page


@pytest.fixture
def ruiz(sqlite_database) -> User:
    with sqlite_database.writing() as session:
        doctor = a.professional(session, name="Dr Elena Ruiz", hours=((9, 17),))
        return a.user(session, Role.PROFESSIONAL, professional_id=doctor.id, name="Dr Elena Ruiz")


@pytest.fixture
def show(monkeypatch, sqlite_database, ruiz):
    """``show()`` opens the page at Monday noon, 7 December 2026."""

    def opened():
        page = screen.show_to(monkeypatch, sqlite_database, ruiz).run()
        return page.switch_page(str(places.PAGES / "my_numbers.py")).run()

    screen.set_clock(monkeypatch, NOW)
    return opened


def add(database, user: User, start: float, end: float, *, day: int = 0, **values):
    with database.writing() as session:
        doctor = session.get(Professional, user.professional_id)
        ana = a.patient(session, name="Ana Silva")
        made = {"patient": ana, "service": a.service(session, price_cents=6000)} | values
        return a.booking(session, doctor, a.span(start, end, day=day), created_at=NOW, **made)


def metrics(page) -> dict[str, tuple[str, str]]:
    assert not page.exception
    return {each.label: (each.value, each.delta) for each in page.metric}


def test_the_headline_says_each_figure_and_compares_with_as_long_before(
    show, sqlite_database, ruiz
):
    for week in (-2, -6):
        add(sqlite_database, ruiz, 9, 13, day=7 * week, state=S.COMPLETED)
    add(sqlite_database, ruiz, 9, 17, state=S.COMPLETED)
    add(sqlite_database, ruiz, 9, 10, day=-21, state=S.NO_SHOW)

    page = show()
    assert metrics(page) == {
        "Visits": ("2", "+1"),
        "Utilisation": ("7.5%", "+5.0 points"),
        "No-shows": ("33%", "+33.3 points"),
        "Late cancellations": ("0%", "+0.0 points"),
        "Booked earnings": ("120 EUR", "+60 EUR"),
    }
    (warning,) = page.warning
    assert "fewer than 20 visits stand behind No-shows and Late cancellations" in warning.value
    assert [each.proto.help != "" for each in page.metric] == [True] * 5


def test_the_months_are_chosen_and_each_has_a_row(show, sqlite_database, ruiz):
    add(sqlite_database, ruiz, 9, 13, day=-10, state=S.COMPLETED)
    page = show()
    page.segmented_control(key="period").set_value("Last 12 months").run()

    rows = page.dataframe[0].value
    assert list(rows["Month"])[-2:] == [date(2026, 11, 1), date(2026, 12, 1)]
    assert list(rows["Visits"])[-2:] == [1, 0]
    assert len(rows) == 12


def test_its_table_is_written_as_it_is_read(show, sqlite_database, ruiz):
    with sqlite_database.writing() as session:
        dear = a.service(session, price_cents=123450)
    add(sqlite_database, ruiz, 9, 17, state=S.COMPLETED, service=dear)

    last = screen.cells(show().dataframe[0])[-1]
    assert last["Week from"] == "Monday 7 December"
    assert last["Booked earnings"] == "1,234.50 EUR"
    assert (last["Booked h"], last["Utilisation %"]) == ("8.0", "20%")
    assert last["Cancelled late %"] == "0%"


def test_without_hours_and_bookings_it_says_what_to_do(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        doctor = a.professional(session, hours=())
        new = a.user(session, Role.PROFESSIONAL, professional_id=doctor.id)
    screen.set_clock(monkeypatch, NOW)
    page = screen.show_to(monkeypatch, sqlite_database, new)
    page.run().switch_page(str(places.PAGES / "my_numbers.py")).run()

    assert "Enter your hours" in page.info[0].value
    assert not page.metric
    assert not page.dataframe


def test_a_booking_opens_from_the_page(show, sqlite_database, ruiz):
    booking = add(sqlite_database, ruiz, 14, 15)
    page = show()
    page.session_state[open_booking.KEY] = open_booking.Opened(booking.id)
    page.run()

    assert "Arrived" in [each.label for each in page.button]


def few(**values) -> OwnFigures:
    return OwnFigures(a.DAY, **values)


@pytest.mark.parametrize(
    ("due", "is_few", "says"), [(19, True, "5.3%"), (20, False, "5.0%"), (0, False, "–")]
)
def test_a_bar_that_rests_on_few_is_told_from_the_others(due, is_few, says):
    numbers = OwnNumbers("EUR", [few(due=due, no_shows=1 if due else 0)])

    (bar,) = figure(numbers, FIGURES[NO_SHOWS], By.WEEK).bars
    assert (bar.few, bar.says) == (is_few, says)
    assert f"{1 if due else 0} of {due} due" in bar.tells


def test_the_table_has_what_stands_behind_each_share():
    numbers = OwnNumbers("EUR", [few(due=4, no_shows=1, booked=5, late=1, earned_cents=4550)])

    table = own_table(By.MONTH, numbers)
    (row,) = [dict(zip(table.titles, each, strict=True)) for each in table.rows]
    assert (row["Due"], row["No-shows"], row["No-shows %"]) == (4, 1, 25)
    assert (row["Seats booked"], row["Cancelled late"], row["Cancelled late %"]) == (5, 1, 20)
    assert (row["Booked earnings"], row["Utilisation %"]) == (45.5, None)


def test_the_file_has_the_lines_of_the_table(database, session, ada, visit):
    own = a.confirmed(session, Role.PROFESSIONAL, professional_id=ada.id, now=NOW)
    a.booking(session, ada, a.span(9, 11), service=visit, state=S.COMPLETED)
    link = exports.offer(session, own, "own-numbers", *WEEKS.words, now=NOW)

    made, out = exports.take(session, own, link, now=NOW), io.BytesIO()
    session.commit()
    made.write(database, out)
    assert made.name == "my-numbers-week-2026-11-30-2026-12-13.csv"
    titles, before, this = out.getvalue().decode("utf-8-sig").splitlines()
    assert titles.startswith("Week from,Visits,Booked h,Offered h")
    assert before.startswith("2026-11-30,0,0.0,40.0")
    assert this.startswith("2026-12-07,1,2.0,40.0,5.0,1,0,0.0,1,0,0.0,45")


@pytest.mark.parametrize(
    "words",
    [("week",), ("hour", "2026-12-07", "2"), ("week", "soon", "2"), ("week", "2026-12-07", "0")],
)
def test_a_file_of_nothing_that_is_known_is_not_made(session, own, words):
    with pytest.raises(NotFound):
        exports.offer(session, own, "own-numbers", *words, now=NOW)


def test_a_file_of_own_numbers_is_for_professionals(session):
    with pytest.raises(NotAllowed):
        exports.offer(session, a.actor(session), "own-numbers", *WEEKS.words, now=NOW)


def test_a_change_is_said_only_between_two_values():
    assert change(FIGURES[NO_SHOWS], few(due=4, no_shows=1), few(), "EUR") is None
    earned = FIGURES["Booked earnings"]
    assert change(earned, few(), few(earned_cents=150000), "EUR") == "-1,500 EUR"
