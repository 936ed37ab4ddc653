"""The day board: who stands where, in which order, and what may be done next."""

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select

from core.booking import BookingRequest, CancelRequest, MarkRequest, book, cancel, mark
from core.booking.groups import SeatRequest, join
from core.day_board import Stage, load_board
from core.errors import NotAllowed
from core.models import BookingState, Patient, Role
from dashboard.components.board_lines import board_lines, counts_line
from dashboard.components.day_board import Pressed, pressed
from tests import a

S = BookingState
NOW = a.at(11)


@pytest.fixture
def desk(session):
    return a.actor(session)


@pytest.fixture
def doctor(session):
    service = a.service(session, name="Consultation", length_minutes=30, cancel_notice_minutes=1440)
    return a.professional(session, name="Dr Ada", hours=((8, 18),), services=(service,)), service


def visit(session, desk, doctor, hour, name, *states, at=None):
    """A visit booked the day before, and marked at its hour or ``at``."""
    professional, service = doctor
    patient = a.patient(session, name=name, phone=f"+3519123456{int(hour * 2):02}")
    request = BookingRequest(professional.id, service.id, patient.id, a.at(hour), request_key=name)
    booking = book(session, desk, request, now=a.at(8, day=-1))
    for state in states:
        marked = MarkRequest(booking.id, booking.version, state)
        booking = mark(session, desk, marked, now=at or a.at(hour))
        session.flush()
    return booking


def board(session, actor, **more):
    return load_board(session, actor, NOW.date(), now=NOW, **more)


@contextmanager
def counted(session) -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(_connection, _cursor, statement, *_rest):
        heard.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", hear)
    yield heard
    event.remove(session.get_bind(), "before_cursor_execute", hear)


def test_overdue_comes_first_then_who_waits_longest_then_the_rest_by_time(session, desk, doctor):
    visit(session, desk, doctor, 15, "Expected later")
    visit(session, desk, doctor, 12, "Expected next")
    visit(session, desk, doctor, 9, "Done", S.COMPLETED)
    visit(session, desk, doctor, 11.5, "Waits", S.ARRIVED, at=a.at(10.75))
    visit(session, desk, doctor, 13, "Waits longest", S.ARRIVED, at=a.at(10.5))
    visit(session, desk, doctor, 10, "Overdue")
    visit(session, desk, doctor, 10.5, "Inside", S.IN_PROGRESS)
    visit(session, desk, doctor, 8, "Missed", S.NO_SHOW)

    assert [each.patient for each in board(session, desk).rows] == [
        *("Overdue", "Waits longest", "Waits", "Inside", "Expected next", "Expected later"),
        *("Missed", "Done"),
    ]


def test_each_row_says_how_long_and_what_may_come_next(session, desk, doctor):
    visit(session, desk, doctor, 10, "Overdue")
    visit(session, desk, doctor, 11.5, "Waits", S.ARRIVED, at=a.at(10.75))
    overdue, waits = board(session, desk).rows
    assert (overdue.stage, overdue.minutes(NOW)) == (Stage.OVERDUE, 60)
    assert S.NO_SHOW in overdue.may
    assert (waits.stage, waits.minutes(NOW)) == (Stage.WAITING, 15)
    assert waits.may == (S.IN_PROGRESS, S.COMPLETED)


def test_a_late_cancellation_stays_on_the_board_and_an_early_one_does_not(session, desk, doctor):
    early = visit(session, desk, doctor, 14, "Early")
    late = visit(session, desk, doctor, 15, "Late")
    for booking, at in ((early, a.at(9, day=-1)), (late, a.at(10))):
        request = CancelRequest(booking.id, booking.version, "Patient is ill")
        cancel(session, desk, request, now=at)
    session.flush()
    assert [(each.patient, each.stage) for each in board(session, desk).rows] == [
        ("Late", Stage.CANCELLED_LATE)
    ]


def test_it_can_be_narrowed_and_a_professional_sees_only_their_own(session, desk, doctor):
    visit(session, desk, doctor, 12, "With Ada")
    other = a.professional(session, name="Dr Ben", services=(doctor[1],))
    assert not board(session, desk, professional_ids=[other.id]).rows
    assert len(board(session, desk, professional_ids=[doctor[0].id]).rows) == 1
    ben = a.actor(session, role=Role.PROFESSIONAL, professional_id=other.id)
    assert not board(session, ben).rows
    with pytest.raises(NotAllowed):
        board(session, a.actor(session, role=Role.PATIENT))


def test_lines_tell_time_state_and_keys_and_take_no_other_button(session, desk, doctor):
    booking = visit(session, desk, doctor, 10, "Overdue")
    shown = board(session, desk)
    (line,) = board_lines(shown, zone=ZoneInfo(a.ZONE), now=NOW)
    assert (line.time, line.status) == ("10:00", "60 minutes late")
    assert [each.key for each in line.buttons] == ["A", "X"]
    assert counts_line(shown, NOW) == "1 overdue"
    row = f"{booking.id}.{booking.version}"
    assert pressed({"row": row, "button": "arrived"}, [line]) == Pressed(row, "arrived")
    for forged in ({"row": row, "button": "completed"}, {"row": "9.1", "button": "arrived"}, "x"):
        assert pressed(forged, [line]) is None


def test_the_whole_day_is_read_in_a_fixed_number_of_statements(session, desk, doctor):
    for hour in (8, 9, 10):
        visit(session, desk, doctor, hour, f"Patient {hour}")
    session.expunge_all()
    with counted(session) as statements:
        board(session, desk)
    few = len(statements)
    for hour in (12, 13, 14, 15):
        visit(session, desk, doctor, hour, f"Patient {hour}")
    session.expunge_all()
    with counted(session) as statements:
        board(session, desk)
    assert len(statements) == few


def test_what_has_to_be_known_stands_in_the_row(session, desk, doctor):
    visit(session, desk, doctor, 12, "Mr Reed")
    session.scalars(select(Patient)).one().alerts = "Deaf\nPays in advance"
    visit(session, desk, doctor, 13, "Ana")

    found = board(session, desk)

    assert [each.alerts for each in found.rows] == [("Deaf", "Pays in advance"), ()]
    lines = board_lines(found, zone=ZoneInfo("Europe/Lisbon"), now=NOW)
    assert [each.alert for each in lines] == ["Alert: Deaf · Pays in advance", ""]


def test_of_a_group_each_alert_says_whose_it_is(session, desk):
    yoga = a.service(session, name="Yoga", seats=3)
    ada = a.professional(session, name="Dr Ada", services=(yoga,))
    reed = a.patient(session, name="Mr Reed", alerts="Deaf")
    ana = a.patient(session, name="Ana")
    group = a.booking(session, ada, a.span(12, 13), service=yoga, patient=ana)
    group.seats = 3
    session.flush()
    join(session, desk, SeatRequest(group.id, group.version, reed.id), now=NOW)

    (row,) = board(session, desk).rows

    assert row.alerts == ("Mr Reed: Deaf",)
