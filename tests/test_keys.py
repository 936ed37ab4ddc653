"""Keys: one table, one meaning each, and a help sheet that says what the buttons do."""

import ast
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.booking_line import read_line
from core.db import utc_now
from core.interval import Interval
from core.models import BookingState, Role
from dashboard import key_help, keys, open_booking, places
from dashboard.components.board_lines import OFFERED, STEP_WORDS
from dashboard.keys import BOOKING, EVERYWHERE
from dashboard.line_words import line_examples, line_words
from tests import a, screen

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
BOARD = {keys.ARRIVED, keys.START, keys.DONE, keys.NO_SHOW, keys.UNDO, keys.CONFIRM}


@pytest.fixture
def practice(sqlite_database):
    """Somebody in each role, and a visit under way at Dr Ada's."""
    with sqlite_database.writing() as session:
        visit = a.service(session, name="Consultation")
        ada = a.professional(session, name="Dr Ada", services=(visit,))
        start = utc_now().replace(second=0, microsecond=0) - timedelta(minutes=10)
        span = Interval(start, start + timedelta(minutes=30))
        booking = a.booking(session, ada, span, service=visit)
        people = {
            Role.RECEPTIONIST: a.user(session, Role.RECEPTIONIST),
            Role.PROFESSIONAL: a.user(session, Role.PROFESSIONAL, professional_id=ada.id),
        }
    return people, booking


@pytest.fixture
def show(monkeypatch, sqlite_database, practice):
    def show_at(url, role=Role.RECEPTIONIST):
        page = screen.show_to(monkeypatch, sqlite_database, practice[0][role])
        page.run()
        place = next(each for each in places.PLACES if each.url == url)
        return page.switch_page(str(places.PAGES / place.file)).run()

    return show_at


def drawn(page):
    return {each.proto.shortcut for each in page.button if each.proto.shortcut}


def named(found):
    return {each.press.lower() for each in found if each.on_button}


def sheet(page):
    return " ".join(each.value for each in page.markdown)


def test_a_key_means_the_same_wherever_it_works():
    assert max(Counter(each.press.lower() for each in keys.KEYS).values()) == 1
    assert max(Counter(each.letter for each in places.PLACES).values()) == 1


def test_every_key_of_the_table_works_where_the_table_says():
    known = {EVERYWHERE, BOOKING, *(place.url for place in places.PLACES)}
    assert {where for each in keys.KEYS for where in each.where} <= known


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_button_has_a_key_of_its_own(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    given = [
        keyword.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "shortcut"
    ]
    assert not [
        text
        for value in given
        for text in ast.walk(value)
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    ]


@pytest.mark.parametrize(
    ("url", "role"),
    [
        ("desk", Role.RECEPTIONIST),
        ("today", Role.RECEPTIONIST),
        ("waiting-list", Role.RECEPTIONIST),
        ("my-calendar", Role.PROFESSIONAL),
    ],
)
def test_the_buttons_of_a_page_carry_exactly_the_keys_of_the_table(show, url, role):
    assert drawn(show(url, role)) == named(set(keys.keys_at(url)) - BOARD)


def test_the_board_of_today_answers_to_the_keys_of_the_table():
    offered = {STEP_WORDS[step][1] for steps in OFFERED.values() for step in steps}
    assert {*offered, keys.UNDO, keys.CONFIRM} == BOARD
    assert set(keys.keys_at("today")) >= BOARD


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        (BookingState.BOOKED, {keys.ARRIVED, keys.START, keys.DONE, keys.NO_SHOW}),
        (BookingState.ARRIVED, {keys.START, keys.DONE}),
    ],
)
def test_an_opened_booking_answers_to_the_keys_of_its_next_steps(
    show, sqlite_database, practice, state, steps
):
    with sqlite_database.writing() as session:
        session.merge(practice[1]).state = state
    page = show("today")
    page.session_state[open_booking.KEY] = open_booking.Opened(practice[1].id)
    page.run()

    assert drawn(page) == named({*steps, keys.AGAIN, keys.WALK_IN, keys.CALLS, keys.LATE})
    assert {*steps, keys.AGAIN} <= set(keys.keys_at(BOOKING))
    assert keys.marked("Move", keys.MOVE) in [each.label for each in page.expander]


def test_the_sheet_shows_the_keys_of_its_page_and_the_booking_line(show):
    page = show("desk")
    page.session_state[key_help.KEY] = "desk"
    page.run()

    for each in keys.keys_at("desk"):
        assert f":gray-badge[{each.shown}] " in sheet(page)
    assert ":gray-badge[W] " not in sheet(page)
    assert ":gray-badge[G T] Today" in sheet(page)
    assert "tue 10 silva follow-up" in sheet(page)


def test_every_example_of_the_booking_line_is_understood():
    for each in line_examples():
        read = read_line(each, line_words(), today=date(2026, 3, 2), minute=600, country="PT")
        assert read.on
        assert read.minute
        assert read.unread == []
        assert not {*read.words} & {"in", "weeks", "5pm", "tue"}


def test_the_sheet_names_no_page_and_no_line_that_are_closed_to_the_reader(show):
    page = show("my-calendar", Role.PROFESSIONAL)
    page.session_state[key_help.KEY] = "my-calendar"
    page.run()

    assert ":gray-badge[T] " in sheet(page)
    assert "G S" not in sheet(page)
    assert "tue 10 silva" not in sheet(page)


def test_the_sheet_is_put_away_on_another_page(show):
    page = show("desk")
    page.session_state[key_help.KEY] = "today"
    page.run()

    assert key_help.KEY not in page.session_state
