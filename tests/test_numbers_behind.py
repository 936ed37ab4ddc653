"""Behind a bar lie exactly the bookings it counts, and the file holds exactly what is shown."""

import csv
import io

import pytest
from sqlalchemy import update

from core import exports
from core.agenda import PAGE_LENGTH
from core.analytics import AnalyticsAsked, By, made, seats, waited, worth
from core.analytics.behind import Behind, BehindAsked, load_behind
from core.analytics.files import TABLES, FigureAsked, figure_table
from core.errors import NotAllowed, NotFound
from core.models import Booking, BookingState, Channel, Role, Search
from core.policy import CONSOLE
from tests import a, book_by_hand
from tests.book_by_hand import FIRST, LAST, NOW, Book
from tests.test_numbers import BY_HAND, has_come_before, is_one, within

S = BookingState
ASKED = AnalyticsAsked(FIRST, LAST)


@pytest.fixture
def book(session) -> Book:
    return book_by_hand.fill(session)


def found_behind(session, what: Behind, by: By, key, who=CONSOLE) -> list[int]:
    """Every page of it."""
    found: list[int] = []
    page, pages = 1, 1
    while page <= pages:
        asked = BehindAsked(ASKED, what, by, key, page)
        agenda = load_behind(session, who, asked, now=NOW)
        found += [each.id for each in agenda.bookings]
        pages, page = agenda.pages, page + 1
    assert len(found) == len(set(found)) == agenda.total
    return found


def test_behind_each_bar_of_no_shows_and_cancellations_lie_its_visits(session, book):
    for what, which in ((Behind.NO_SHOWS, "no_shows"), (Behind.CANCELLED, "cancelled")):
        for by in By:
            for bar in seats(session, CONSOLE, ASKED, by, now=NOW):
                counted = [
                    each
                    for each in book.seats
                    if each.counts
                    and within(each.visit)
                    and is_one(which, each)
                    and key_of(book, each, by) == getattr(bar.key, "value", bar.key)
                ]
                found = found_behind(session, what, by, bar.key)
                assert set(found) == {each.visit.id for each in counted}, (what, by, bar.key)


def key_of(book, seat, by):
    return has_come_before(book, seat) if by is By.RETURNING else BY_HAND[by](seat.visit)


def test_behind_money_demand_and_waits_lie_as_many_as_the_bar_says(session, book):
    for by in (By.MONTH, By.WEEK, By.TIER, By.SERVICE):
        for bar in worth(session, CONSOLE, ASKED, by, now=NOW):
            assert len(found_behind(session, Behind.BOOKED, by, bar.key)) == bar.visits
            lost = found_behind(session, Behind.LOST, by, bar.key)
            cents = sum(session.get_one(Booking, each).price_cents for each in lost)
            assert cents == bar.lost_cents
    for by in (By.DAY, By.HOUR, By.LEAD, By.CHANNEL):
        for bar in made(session, CONSOLE, ASKED, by):
            assert len(found_behind(session, Behind.MADE, by, bar.key)) == bar.made
    for bar in waited(session, CONSOLE, ASKED, By.WEEKDAY):
        assert len(found_behind(session, Behind.WAITED, By.WEEKDAY, bar.key)) == bar.visits


def test_behind_money_lies_nothing_that_was_sold_in_another_currency(session, book):
    other = Booking.id % 2 == 0
    session.execute(update(Booking).where(other).values(currency="USD"))

    for bar in worth(session, CONSOLE, ASKED, By.MONTH, now=NOW):
        assert len(found_behind(session, Behind.BOOKED, By.MONTH, bar.key)) == bar.visits
        lost = found_behind(session, Behind.LOST, By.MONTH, bar.key)
        cents = sum(session.get_one(Booking, each).price_cents for each in lost)
        assert cents == bar.lost_cents


def test_what_lies_behind_comes_page_by_page(session):
    ada, service, patient = a.professional(session), a.service(session), a.patient(session)
    for number in range(PAGE_LENGTH + 3):
        when = a.span(number / 4, number / 4 + 0.25, day=-60)
        a.booking(session, ada, when, service=service, patient=patient)
    asked = BehindAsked(ASKED, Behind.BOOKED, By.SERVICE, service.id, 2)

    second = load_behind(session, CONSOLE, asked, now=NOW)

    assert (second.total, second.pages, second.page, len(second.bookings)) == (53, 2, 2, 3)


def test_professionals_look_behind_their_own_bars_alone(session, book):
    ada, ben = book.professional_ids[:2]
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada)

    assert found_behind(session, Behind.BOOKED, By.PROFESSIONAL, ada, own)
    assert found_behind(session, Behind.BOOKED, By.PROFESSIONAL, ben, own) == []
    with pytest.raises(NotAllowed):
        found_behind(session, Behind.BOOKED, By.PROFESSIONAL, ada, a.actor(session))


# The file.


@pytest.fixture
def alex(session):
    a.organisation(session)
    return a.confirmed(session, Role.ADMIN, now=NOW)


def file_of(session, who, asked: FigureAsked) -> exports.LargeFile:
    link = exports.offer(session, who, "figure", *asked.words, now=NOW)
    return exports.take(session, who, link, now=NOW)


def content_of(database, file: exports.LargeFile) -> bytes:
    out = io.BytesIO()
    file.write(database, out)
    return out.getvalue()


@pytest.mark.parametrize("figure", list(TABLES))
def test_the_file_is_what_is_shown_line_by_line(database, session, book, alex, figure):
    by = By.SERVICE if figure == "searches" else By.MONTH
    asked = FigureAsked(figure, by, ASKED)
    days = {"searched_on": FIRST, "first_on": FIRST, "last_on": LAST, "found": 0, "reason": "taken"}
    session.add(Search(key="1", channel=Channel.DESK, service_id=book.service_ids[0], **days))
    session.flush()
    shown = figure_table(session, alex, asked, now=NOW)

    file = file_of(session, alex, asked)
    session.commit()

    assert file.name == f"{figure}-{by}-2026-10-05-2026-11-08.csv"
    lines = list(csv.reader(io.StringIO(content_of(database, file).decode("utf-8-sig"))))
    assert lines[0] == list(shown.titles)
    assert lines[1:] == [["" if each is None else str(each) for each in row] for row in shown.rows]
    assert len(lines) > 1


def test_nobody_waits_to_save_while_a_file_is_counted(database):
    with database.writing() as session:
        a.organisation(session)
        alex = a.confirmed(session, Role.ADMIN, now=NOW)
        a.booking(session, a.professional(session), a.span(9, 10), created_at=a.BEFORE)
        asked = FigureAsked("made", By.SERVICE, AnalyticsAsked(FIRST, a.DAY))
        file = file_of(session, alex, asked)

    with database.writing() as session:
        a.patient(session)
        assert content_of(database, file).count(b"\n") == 2


def test_a_name_that_is_a_formula_is_none_in_the_file(database, session, alex):
    ada = a.professional(session, name="=HYPERLINK(1)")
    a.booking(session, ada, a.span(9, 10), created_at=a.BEFORE)
    asked = FigureAsked("worth", By.PROFESSIONAL, AnalyticsAsked(a.DAY, a.DAY))

    file = file_of(session, alex, asked)
    session.commit()

    assert b"\n'=HYPERLINK(1)," in content_of(database, file).replace(b"\r", b"")


def test_a_link_says_what_was_asked_and_nothing_else(session, alex):
    asked = FigureAsked("seats", By.LEAD, AnalyticsAsked(FIRST, LAST, (3, 14), (), (2,)))
    assert FigureAsked.of_words(asked.words) == asked

    for words in (
        ("seats",),
        ("secrets", *asked.words[1:]),
        ("seats", "colour", *asked.words[2:]),
        (*asked.words[:2], "2026-13-01", *asked.words[3:]),
        (*asked.words[:4], "x", "0", "0"),
    ):
        with pytest.raises(NotFound):
            exports.offer(session, alex, "figure", *words, now=NOW)


def test_only_who_reads_figures_is_offered_their_file(session, alex):
    rita = a.confirmed(session, now=NOW)

    with pytest.raises(NotAllowed):
        exports.offer(session, rita, "figure", *FigureAsked("made", By.DAY, ASKED).words, now=NOW)
