"""Utilisation: the headline, the figure and its numbers."""

import itertools
from datetime import timedelta

import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from core.analytics import Totals, UtilisationWeek, total
from core.models import BookingState, Professional, Role, User, WorkingHours
from dashboard.components.utilisation_chart import (
    heat_map,
    totals_table,
    weeks_table,
)
from dashboard.formatting import share
from tests import a, screen

NOW = a.at(12)
S = BookingState


@pytest.fixture
def alex(sqlite_database) -> User:
    with sqlite_database.writing() as session:
        a.organisation(session)
        return a.user(session, Role.ADMIN, name="Alex Moreau")


@pytest.fixture
def figures(monkeypatch, sqlite_database, alex):
    """``figures()`` opens the page on 7 December 2026; the usual weeks are 16 November on."""
    screen.set_clock(monkeypatch, NOW)
    return lambda: screen.show_to(monkeypatch, sqlite_database, alex).run()


@pytest.fixture
def ada(sqlite_database, alex) -> Professional:
    """At work four hours each Monday; booked for one of them this week, two last week."""
    with sqlite_database.writing() as session:
        made = a.professional(session, name="Dr Ada", weekdays=(1,), hours=((9, 13),))
        a.booking(session, made, a.span(9, 10), state=S.COMPLETED)
        a.booking(session, made, a.span(9, 11, day=-7), state=S.COMPLETED)
        a.booking(session, made, a.span(11, 12, day=-7), state=S.NO_SHOW)
        a.booking(session, made, a.span(9, 13, day=-28), state=S.COMPLETED)
        a.booking(session, made, a.span(9, 10, day=-63), state=S.COMPLETED)  # the book's first
        return made


def metrics(page: AppTest) -> dict[str, tuple[str, str]]:
    assert not page.exception
    return {each.label: (each.value, each.delta) for each in page.metric}


def test_the_headline_adds_up_and_compares_with_the_weeks_before(figures, ada):
    assert metrics(figures()) == {
        "Utilisation": ("19%", "-6.2 points"),
        "Booked": ("3 h", "-1 h"),
        "Visits": ("2", "+1"),
        "No-shows": ("1 · 33%", "+33.3 points"),
        "Cancelled": ("0", "+0"),
    }


def test_the_table_says_the_same_by_professional(figures, ada, sqlite_database):
    with sqlite_database.writing() as session:
        a.professional(session, name="Dr Ben", weekdays=(1,), hours=((9, 11),))

    found = figures().dataframe[0].value
    columns = ["Professional", "Utilisation", "Booked h", "Offered h", "Visits", "No-shows"]
    assert found[columns].values.tolist() == [
        ["Dr Ada", 18.75, 3, 16, 2, 1],
        ["Dr Ben", 0, 0, 8, 0, 0],
        ["Everybody", 12.5, 3, 24, 2, 1],
    ]


def test_every_week_can_be_read_as_a_table(figures, ada):
    found = figures().dataframe[1].value

    assert found["Utilisation"].tolist() == [0, 0, 50, 25]
    assert found["Week from"].tolist()[-1] == a.DAY


def test_other_weeks_are_chosen(figures, ada):
    page = figures()
    page.selectbox(key="dates").set_value("Last 8 weeks").run()
    assert metrics(page)["Visits"][0] == "3"

    page.selectbox(key="dates").set_value("Next 4 weeks").run()
    assert metrics(page)["Utilisation"][0] == "0%"


def test_one_professional_is_chosen(figures, ada, sqlite_database):
    with sqlite_database.writing() as session:
        ben = a.professional(session, name="Dr Ben")
    page = figures()
    page.multiselect(key="professionals").set_value([ben.id]).run()

    assert page.dataframe[0].value["Professional"].tolist() == ["Dr Ben"]


def test_weeks_before_the_first_hours_are_nothing_to_compare_with(figures, sqlite_database, alex):
    with sqlite_database.writing() as session:
        made = a.professional(session, hours=())
        session.add(
            WorkingHours(
                professional_id=made.id,
                weekday=1,
                starts_minute=540,
                ends_minute=720,
                valid_from=a.DAY - timedelta(weeks=5),
            )
        )

    assert {delta for _value, delta in metrics(figures()).values()} == {""}


def test_without_hours_and_bookings_the_page_says_what_to_do(figures):
    page = figures()

    assert "Choose other weeks" in page.info[0].value
    assert not page.metric


def test_a_sentence_says_what_the_figure_counts(figures, ada):
    captions = [each.value for each in figures().caption]

    assert any("without breaks, time off and closures" in each for each in captions)


def test_the_receptionist_does_not_see_it(monkeypatch, sqlite_database, ada):
    with sqlite_database.writing() as session:
        rita = a.user(session, Role.RECEPTIONIST)
    page = screen.show_to(monkeypatch, sqlite_database, rita).run()
    from streamlit.util import calc_hash

    page._page_hash = calc_hash("numbers")
    page.run()

    assert [each.value for each in page.error] == ["Your role does not open this page."]


# What is drawn, without a page around it.


def made(name: str, number: int, offered: int, booked: int, *, id: int = 1) -> UtilisationWeek:
    monday = a.DAY + timedelta(weeks=number)
    return UtilisationWeek(id, name, monday, offered, booked, 1, 1, 0, 0)


WEEKS = [made("Dr Ada", 0, 100, 95), made("Dr Ada", 1, 0, 0), made("Dr <b>Ben", 0, 100, 10, id=2)]
WEEKS.append(made("Dr <b>Ben", 1, 100, 130, id=2))


def drawn(theme: str) -> go.Figure:
    return heat_map(WEEKS, this_week=a.DAY, theme=theme)


def test_each_field_says_its_share_in_words():
    _field, *written = drawn("light").data

    said = {
        (name, week): text
        for each in written
        for name, week, text in zip(each.y, each.x, each.text, strict=True)
    }
    assert set(said.values()) == {"95%", "away", "10%", "130%"}
    assert {name for (name, _week), text in said.items() if text in ("95%", "away")} == {"Dr Ada"}


def test_a_year_of_weeks_is_told_by_colour_and_pointer_alone():
    year = [made("Dr Ada", number, 100, number) for number in range(52)]

    (field,) = heat_map(year, this_week=a.DAY, theme="light").data

    assert len(field.z[0]) == len(field.customdata[0]) == 52


def test_the_figure_holds_one_row_each_and_a_hole_where_nothing_was_offered():
    field, *_written = drawn("light").data

    assert [list(row) for row in field.z] == [[0.95, None], [0.1, 1.3]]
    assert list(field.y) == ["Dr Ada", "Dr ‹b>Ben"]


def test_two_of_one_name_have_a_row_and_a_line_each():
    weeks = [made("Dr Ada", 0, 100, 95, id=1), made("Dr Ada", 0, 100, 10, id=2)]

    field, *_written = heat_map(weeks, this_week=a.DAY, theme="light").data

    assert ([list(row) for row in field.z], list(field.y)) == (
        [[0.95], [0.1]],
        ["Dr Ada", "Dr Ada (2)"],
    )
    assert totals_table(weeks)["Utilisation"].tolist()[:2] == [95, 10]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_their_field(theme):
    """At least 4.5 to 1, by the rule for text that has to be read."""
    figure = drawn(theme)
    steps = figure.data[0].colorscale
    for part in [each / 100 for each in range(101)]:
        ink = heat_map([made("Dr Ada", 0, 100, round(part * 100))], this_week=a.DAY, theme=theme)
        colour = ink.data[1].textfont.color
        assert contrast(colour, at(steps, part)) >= 4.5, part


def at(steps, share: float) -> tuple[float, ...]:
    for (low, one), (high, other) in itertools.pairwise(steps):
        if low <= share <= high:
            part = (share - low) / (high - low)
            pairs = zip(rgb(one), rgb(other), strict=True)
            return tuple(first + (last - first) * part for first, last in pairs)
    raise AssertionError(share)


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))


def contrast(ink: str, field: tuple[float, ...]) -> float:
    light, dark = sorted((luminance(rgb(ink)), luminance(field)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: tuple[float, ...]) -> float:
    def linear(part: float) -> float:
        part /= 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_totals_add_up_and_know_their_shares():
    found = total(WEEKS)

    assert (found.offered_minutes, found.booked_minutes) == (300, 235)
    assert found.utilisation == pytest.approx(235 / 300)
    assert Totals().utilisation is None
    assert Totals().no_show_share is None
    assert Totals(visits=3, due=4, no_shows=1).no_show_share == 0.25


def test_one_professional_alone_needs_no_line_for_everybody():
    assert totals_table(WEEKS[:2])["Professional"].tolist() == ["Dr Ada"]
    assert len(weeks_table(WEEKS)) == 4


def test_no_share_is_a_dash():
    assert (share(None), share(0.756)) == ("–", "76%")
