"""Confirmed by telephone: ticked by somebody at a time, and gone when the visit moves."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from core.booking import (
    BookingRequest,
    ConfirmRequest,
    MarkRequest,
    MoveRequest,
    book,
    confirm_by_phone,
    get_booking,
    load_confirmed,
    mark,
    move,
    take_back_confirmation,
)
from core.calls import load_calls
from core.day_board import load_board
from core.desk import DayAsked, load_day
from core.errors import Invalid, NotAllowed, NotFound, Stale
from core.models import AuditEntry, Booking, BookingState, Confirmation, Role
from dashboard import open_booking
from dashboard.components.board_lines import board_lines
from dashboard.components.call_lines import call_lines, calls_line
from dashboard.components.desk_board import badges_of
from tests import a, screen

NOW = a.at(8)


@pytest.fixture
def desk(session):
    return a.actor(session)


@pytest.fixture
def doctor(session):
    service = a.service(session, name="Visit", length_minutes=30)
    return a.professional(session, name="Dr Ada", services=(service,)), service


def visit(session, desk, doctor, hour, *, day=0, **patient):
    professional, service = doctor
    person = a.patient(session, **patient)
    request = BookingRequest(
        professional.id, service.id, person.id, a.at(hour, day=day), f"{day} {hour}"
    )
    booking = book(session, desk, request, now=a.BEFORE)
    return get_booking(session, desk, booking.id)


def of(booking):
    return ConfirmRequest(booking.id, booking.version, booking.attendees[0].patient_id)


def confirmed(session, desk, booking):
    confirm_by_phone(session, desk, of(booking), now=NOW)
    session.flush()
    return booking


def ticks(session):
    return session.scalar(select(func.count()).select_from(Confirmation))


def test_a_tick_says_who_and_when_and_leaves_the_version_alone(session, desk, doctor):
    booking = visit(session, desk, doctor, 10)
    version = booking.version
    confirmed(session, desk, booking)

    (tick,) = load_confirmed(session, desk, [booking.id]).values()
    assert (tick.at, tick.by) == (NOW, desk.name)
    assert booking.version == version


def test_ticked_at_two_desks_it_is_noted_once(session, desk, doctor):
    booking = visit(session, desk, doctor, 10)
    confirmed(session, desk, booking)
    entries = session.scalar(select(func.count()).select_from(AuditEntry))
    confirmed(session, a.actor(session), booking)

    (tick,) = load_confirmed(session, desk, [booking.id]).values()
    assert tick.by == desk.name
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == entries


def test_a_move_clears_the_tick_and_the_time_said_before_cannot_be_confirmed(session, desk, doctor):
    booking = confirmed(session, desk, visit(session, desk, doctor, 10))
    before = of(booking)
    move(session, desk, MoveRequest(booking.id, 1, doctor[0].id, a.at(11)), now=NOW)
    session.flush()

    assert not ticks(session)
    with pytest.raises(Stale):
        confirm_by_phone(session, desk, before, now=NOW)
    confirmed(session, desk, booking)
    assert ticks(session) == 1


def test_a_refused_or_needless_move_keeps_the_tick(session, desk, doctor):
    booking = confirmed(session, desk, visit(session, desk, doctor, 10))
    move(session, desk, MoveRequest(booking.id, 1, doctor[0].id, a.at(10)), now=NOW)
    assert ticks(session) == 1


def test_a_tick_is_taken_back(session, desk, doctor):
    booking = confirmed(session, desk, visit(session, desk, doctor, 10))
    take_back_confirmation(session, desk, of(booking), now=NOW)
    session.flush()
    assert not ticks(session)
    take_back_confirmation(session, desk, of(booking), now=NOW)  # at another desk: nothing left


def test_what_has_begun_or_is_somebody_elses_cannot_be_confirmed(session, desk, doctor):
    booking = visit(session, desk, doctor, 10)
    with pytest.raises(Invalid):
        confirm_by_phone(session, desk, of(booking), now=a.at(10))
    with pytest.raises(NotFound):
        confirm_by_phone(session, desk, ConfirmRequest(booking.id, 1, 0), now=NOW)
    with pytest.raises(NotAllowed):
        confirm_by_phone(session, a.actor(session, Role.PATIENT), of(booking), now=NOW)
    mark(session, desk, MarkRequest(booking.id, 1, BookingState.ARRIVED), now=NOW)
    with pytest.raises(Invalid):
        confirm_by_phone(session, desk, of(booking), now=NOW)


def test_calls_are_those_of_the_next_day_with_visits(session, desk, doctor):
    visit(session, desk, doctor, 10, name="Today")
    sure = visit(session, desk, doctor, 9, day=3, name="Sure", phone="+351912345601")
    visit(session, desk, doctor, 10, day=3, name="To call", phone="+351912345602", alerts="Deaf")
    visit(session, desk, doctor, 11, day=3, name="Silent", no_contact=True)
    visit(session, desk, doctor, 9, day=4, name="The day after")
    confirmed(session, desk, sure)

    calls = load_calls(session, desk, now=NOW)
    assert calls.on == a.at(9, day=3).date()
    assert [each.patient for each in calls.rows] == ["Sure", "To call", "Silent"]
    assert [(each.patient, each.phone) for each in calls.open] == [("To call", "+351912345602")]
    assert calls_line(calls, NOW.date()).endswith("1 call to make")
    lines = call_lines(calls, zone=ZoneInfo(a.ZONE), now=NOW)
    assert [each.line.group for each in lines] == ["Confirmed", "To call", "Want no messages"]
    assert [each.line.buttons[0].key for each in lines] == ["U", "C", "C"]
    assert [each.line.alert for each in lines] == ["", "Alert: Deaf", ""]


def test_a_professional_calls_their_own_patients_and_a_patient_nobody(session, desk, doctor):
    visit(session, desk, doctor, 9, day=1)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=doctor[0].id)
    other = a.actor(session, Role.PROFESSIONAL, professional_id=a.professional(session).id)
    assert len(load_calls(session, own, now=NOW).rows) == 1
    assert load_calls(session, other, now=NOW).on is None
    with pytest.raises(NotAllowed):
        load_calls(session, a.actor(session, Role.PATIENT), now=NOW)


def test_the_mark_is_on_today_and_on_the_grid(session, desk, doctor):
    confirmed(session, desk, visit(session, desk, doctor, 10))
    visit(session, desk, doctor, 11)

    board = load_board(session, desk, NOW.date(), now=NOW)
    lines = board_lines(board, zone=ZoneInfo(a.ZONE), now=NOW)
    assert [each.status for each in lines] == ["✓ confirmed", "Expected"]
    assert [each.key for each in lines[0].buttons] == ["A", "U"]
    assert [each.key for each in lines[1].buttons] == ["A", "C"]
    day = load_day(session, desk, DayAsked(NOW.date()), now=NOW)
    assert [list(badges_of(each)) for each in day.bookings] == [["✓ confirmed"], []]


@pytest.fixture
def rita(sqlite_database):
    with sqlite_database.writing() as session:
        doctor = a.professional(
            session, name="Dr Ada", services=(a.service(session, name="Visit"),)
        )
        for day, name in ((1, "Nuria García"), (2, "Ben Ito")):
            patient = a.patient(session, name=name, phone="+34642110478")
            span = a.span(9, 9.5, day=day)
            a.booking(session, doctor, span, patient=patient, created_at=a.BEFORE)
        return a.user(session, name="Rita Lima")


@pytest.fixture
def today(monkeypatch, sqlite_database, rita):
    screen.set_clock(monkeypatch, NOW)
    page = screen.show_to(monkeypatch, sqlite_database, rita)
    page.switch_page(str(screen.ROUTER.parent.parent / "pages" / "today.py"))
    return page.run()


def test_the_receptionist_sees_whom_to_call_and_comes_back_to_today(today):
    next(each for each in today.button if each.key == "calls_switch").click().run()
    assert not today.exception
    assert "Tuesday 8 December · 1 call to make" in today.markdown[-1].value
    next(each for each in today.button if each.label == "Back to today").click().run()
    assert [each.label for each in today.button if each.key == "calls_switch"] == [
        "Calls for the next day"
    ]


def test_the_opened_booking_is_ticked_and_unticked(monkeypatch, sqlite_database, today):
    with sqlite_database.reading() as session:
        booking_id = session.scalars(select(Booking.id).order_by(Booking.id)).first()
    today.session_state["open_booking"] = open_booking.Opened(booking_id)
    today.run()
    today.checkbox[0].check().run()
    assert today.checkbox[0].label == "Confirmed by telephone · Rita Lima, today 08:00"
    with sqlite_database.reading() as session:
        assert ticks(session) == 1
    today.checkbox[0].uncheck().run()
    assert today.checkbox[0].label == "Confirmed by telephone"
    with sqlite_database.reading() as session:
        assert not ticks(session)
