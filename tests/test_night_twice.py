"""The night the clocks go back has one hour twice: on the grid and on paper each says which."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.booking import BookingRequest, book
from core.day_print import as_pdf, load_printed_day, span_words
from core.desk import DayAsked, StartCell, load_day
from core.interval import to_seconds
from core.patient_slip import as_pdf as slip_pdf
from core.patient_slip import load_slip
from dashboard import slip
from dashboard.components import desk_board
from dashboard.components.desk_board import DayMinutes, block_of, start_of
from tests import a

NIGHT = date(2026, 10, 25)
"""In Lisbon the clocks go from two back to one, at one o'clock UTC."""
NOW = datetime(2026, 10, 24, 12, tzinfo=UTC)
ZONE = ZoneInfo(a.ZONE)
MINUTES = DayMinutes(NIGHT, a.ZONE)


def at(hour, minute=0):
    return datetime(2026, 10, 25, hour, minute, tzinfo=UTC)


@pytest.fixture
def night(sqlite_database):
    """Visits at 00:30, at 01:30 before and at 01:30 after the clocks change, and at 02:30."""
    with sqlite_database.writing() as session:
        visit = a.service(session, name="Consultation", length_minutes=30)
        ada = a.professional(
            session, name="Dr Night", hours=((0, 6),), weekdays=(7,), services=(visit,)
        )
        ana, desk = a.patient(session, name="Ana"), a.actor(session)
        # Summer time is an hour ahead of UTC, winter time is not.
        for begins in (at(0) - timedelta(minutes=30), at(0, 30), at(1, 30), at(2, 30)):
            asked = BookingRequest(ada.id, visit.id, ana.id, begins, request_key=str(begins))
            book(session, desk, asked, now=NOW)
            session.flush()
        yield session, desk, ana


def test_on_the_grid_each_of_the_two_says_which_it_is_and_ends_after_it_begins(night):
    session, desk, _ana = night
    day = load_day(session, desk, DayAsked(NIGHT), now=NOW)

    blocks = [block_of(each, MINUTES) for each in day.bookings]

    assert [(each.starts_minute, each.ends_minute, each.badges) for each in blocks] == [
        (30, 60, ()),
        (90, 120, ("◐ before the clocks change",)),
        (90, 120, ("◑ after the clocks change",)),
        (150, 180, ()),
    ]


def test_the_grid_offers_the_first_of_two_starts_written_alike(night, monkeypatch):
    session, desk, _ana = night
    day = load_day(session, desk, DayAsked(NIGHT), now=NOW)
    drawn = []
    monkeypatch.setattr(desk_board, "day_grid", lambda *what, **_how: drawn.extend(what[2]))
    professional = day.professionals[0].id
    cells = [
        StartCell(professional, to_seconds(each), to_seconds(each + timedelta(minutes=30)), ())
        for each in (at(0), at(1), at(2))
    ]

    desk_board.desk_board(day, cells, now=NOW, key="grid")

    assert [each.starts_minute for each in drawn] == [60, 120]
    assert [MINUTES.instant(each.starts_minute) for each in drawn] == [at(0), at(2)]
    assert start_of(cells[1], MINUTES).ends_minute == 90


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        (at(9), at(9, 30), "09:00-09:30"),
        (at(0, 0), at(0, 30), "01:00-01:30 before the clocks change"),
        (at(1, 0), at(1, 30), "01:00-01:30 after the clocks change"),
        (at(0, 30), at(1, 0), "01:30 before the clocks change-01:00 after the clocks change"),
        (at(1, 30), at(2, 0), "01:30 after the clocks change-02:00"),
    ],
)
def test_on_paper_a_time_that_comes_twice_says_which_it_is(begins, ends, words):
    assert span_words(begins, ends, ZONE) == words


def test_day_sheet_and_slip_of_that_night_are_printed(night):
    session, desk, ana = night
    printed = load_printed_day(session, desk, DayAsked(NIGHT), now=NOW)
    assert as_pdf(printed, heading="Sunday 25 October 2026").startswith(b"%PDF-")

    taken = load_slip(session, desk, ana.id, now=NOW)

    assert slip_pdf(taken).startswith(b"%PDF-")
    assert "01:30 before the clocks change" in slip.as_text(taken)
    assert "01:30 after the clocks change" in slip.as_text(taken)
