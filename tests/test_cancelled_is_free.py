"""What was cancelled takes no time, warns of nothing and counts for nobody, wherever one looks."""

from zoneinfo import ZoneInfo

import pytest

from core.agenda import AgendaAsked, load_agenda
from core.analytics import desk_counts
from core.availability import Days, organisation_clock
from core.booking import BookingRequest, CancelRequest, book, cancel
from core.day_board import Stage, load_board
from core.desk import DayAsked, day_starts, load_day, services_at
from core.interval import to_seconds
from core.models import BookingState, Claim
from core.month import load_month
from core.running_late import load_late, say_late
from core.schedule_check import load_visits_to_come
from core.week import WeekAsked, load_week_of, week_starts
from dashboard.components.board_lines import board_lines
from dashboard.desk_list import agenda_lines
from tests import a

BEFORE = a.at(8, day=-2)
NOW = a.at(11)
EARLY, LATE = a.at(9, day=-1), a.at(9)
"""The notice of a day is kept, and not."""
ZONE = ZoneInfo(a.ZONE)
ON = Days(a.DAY, a.DAY)
FRAME = [(to_seconds(a.at(8)), to_seconds(a.at(18)))]


@pytest.fixture
def desk(session):
    return a.actor(session)


@pytest.fixture
def place(session):
    """One professional, one room, one visit a day: each of them would be taken."""
    service = a.service(session, name="Visit", cancel_notice_minutes=1440, after_minutes=10)
    a.needs(session, service, a.room(session))
    limits = {"visits_per_day": 1, "hours": ((9, 18),)}
    return a.professional(session, name="Dr Ada", services=(service,), **limits), service


def ask(place, patient, key="first"):
    professional, service = place
    return BookingRequest(professional.id, service.id, patient.id, a.at(12), request_key=key)


def looked(session, desk, place, *, now=NOW):
    """Everything each view shows of that day, but what is listed as cancelled."""
    professional, service = place
    asked = DayAsked(a.DAY, service.id)
    day = load_day(session, desk, asked, now=now)
    week = load_week_of(session, desk, WeekAsked(professional.id, a.DAY, service.id), now=now)
    month = load_month(session, desk, asked, now=now)
    board = load_board(session, desk, a.DAY, now=now)
    rows = [each for each in board.rows if each.stage is not Stage.CANCELLED_LATE]
    clock = organisation_clock(session)
    there = services_at(session, desk, professional.id, a.at(12), now=now)
    counts = desk_counts(session, desk, a.DAY, now)
    return {
        "day": (day.bookings, day_starts(day, now=now), day.shown),
        "week": (week.week.bookings, week_starts(week, FRAME, now=now)),
        "month": [(each.times, each.people, each.first_at) for each in month.days],
        "list": load_agenda(session, desk, AgendaAsked(a.DAY, a.DAY)).bookings,
        "today": (rows, counts.expected, counts.arrived, counts.no_shows),
        "form": [(each.id, each.reasons) for each in there],
        "in the way": load_visits_to_come(session, desk, [professional.id], ON, clock),
        "late": [(each.professional_id, each.visits) for each in load_late(session, desk, now=now)],
        "claims": session.query(Claim).count(),
    }


@pytest.mark.parametrize("cancelled_at", [EARLY, LATE], ids=["in time", "late"])
def test_a_day_with_a_cancelled_visit_is_a_day_without_it(session, desk, place, cancelled_at):
    say_late(session, desk, place[0].id, 20, now=NOW)
    without = looked(session, desk, place)
    booking = book(session, desk, ask(place, a.patient(session)), now=BEFORE)
    session.flush()
    booked = looked(session, desk, place)
    assert [view for view in without if booked[view] == without[view]] == []

    request = CancelRequest(booking.id, booking.version, "Patient is ill")
    cancel(session, desk, request, now=cancelled_at)
    session.flush()

    assert looked(session, desk, place) == without


def test_its_time_can_be_booked_at_once_by_anybody_and_needs_no_override(session, desk, place):
    patient, other = a.patient(session, name="Ana Silva"), a.patient(session, name="Ben Costa")
    elsewhere = a.professional(session, services=(place[1],), hours=((9, 18),))
    booking = book(session, desk, ask(place, patient), now=BEFORE)
    session.flush()
    cancel(session, desk, CancelRequest(booking.id, booking.version, "Ill"), now=LATE)
    session.flush()

    again = book(session, desk, ask(place, other, "other"), now=NOW)
    session.flush()
    cancel(session, desk, CancelRequest(again.id, again.version, "Ill"), now=NOW)
    session.flush()
    moved = book(session, desk, ask((elsewhere, place[1]), patient, "elsewhere"), now=NOW)
    session.flush()

    day = load_day(session, desk, DayAsked(a.DAY), now=NOW)
    assert [(each.id, each.is_override) for each in day.bookings] == [(moved.id, False)]


def test_it_is_told_as_cancelled_where_it_is_listed_at_all(session, desk, place):
    booking = book(session, desk, ask(place, a.patient(session)), now=BEFORE)
    session.flush()
    cancel(session, desk, CancelRequest(booking.id, booking.version, "Ill"), now=LATE)
    session.flush()

    board = load_board(session, desk, a.DAY, now=NOW)
    assert [(each.status, each.buttons) for each in board_lines(board, zone=ZONE, now=NOW)] == [
        ("Cancelled late", ())
    ]
    listed = load_agenda(session, desk, AgendaAsked(a.DAY, a.DAY, states=(BookingState.CANCELLED,)))
    assert [each.status for each in agenda_lines(listed, today=a.DAY)] == ["Cancelled"]
