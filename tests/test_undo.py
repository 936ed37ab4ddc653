"""Taking the last step back: from the booking, from the line on screen, and not over anybody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core import waiting
from core.booking import (
    UNDO_FOR,
    CancelRequest,
    MarkRequest,
    MoveRequest,
    SetAside,
    UndoRequest,
    cancel,
    mark,
    move,
    undo,
)
from core.booking.groups import SeatRequest, join, leave
from core.check import find_broken
from core.db import utc_now
from core.errors import CannotBook, NotFound, SlotTaken, Stale, WrongState
from core.models import (
    AuditEntry,
    Booking,
    BookingEvent,
    BookingState,
    Claim,
    EventKind,
    Role,
)
from core.policy import Actor
from dashboard import last_step, open_booking
from tests import a
from tests.test_booking import Desk
from tests.test_desk_page import Desk as Screen
from tests.test_desk_page import said, toasts

URGENT = SetAside("Urgent", "pain since this morning")
JUST_BEFORE = a.BEFORE + UNDO_FOR - timedelta(seconds=1)


@pytest.fixture
def desk(session):
    return Desk(session)


def undone(desk, booking, *, actor=None, now=a.BEFORE):
    request = UndoRequest(booking.id, booking.version)
    return undo(desk.session, actor or desk.actor, request, now=now)


def moved(desk, booking, hour, professional=None):
    request = MoveRequest(booking.id, booking.version, (professional or desk.ada).id, a.at(hour))
    return move(desk.session, desk.actor, request, now=a.BEFORE)


def cancelled(desk, booking):
    request = CancelRequest(booking.id, booking.version, "ill", asked_by_patient=False)
    return cancel(desk.session, desk.actor, request, now=a.BEFORE)


def claimed(desk, booking):
    asked = select(Claim.calendar_id, Claim.starts_at).where(Claim.booking_id == booking.id)
    return set(desk.session.execute(asked).all())


def guarded_of(booking):
    return select(Claim.guarded).where(Claim.booking_id == booking.id)


def last_kinds(desk, booking):
    asked = select(BookingEvent.kind).where(BookingEvent.booking_id == booking.id)
    return desk.session.scalars(asked.order_by(BookingEvent.id)).all()


def test_a_move_taken_back_leaves_everything_as_it_was(desk):
    booking = desk.book(9)
    before = claimed(desk, booking)

    moved(desk, booking, 11, desk.ben)
    undone(desk, booking, now=JUST_BEFORE)

    assert (booking.professional_id, booking.starts_at) == (desk.ada.id, a.at(9))
    assert claimed(desk, booking) == before
    assert last_kinds(desk, booking)[-1] is EventKind.UNDONE
    newest = select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(1)
    assert desk.session.scalar(newest) == "booking.undone"
    assert find_broken(desk.session, now=a.BEFORE) == []


def test_a_move_to_another_service_taken_back_gives_service_length_and_price_back(desk):
    desk.service.price_cents = 5000
    longer = a.service(desk.session, length_minutes=60, price_cents=9000, after_minutes=15)
    a.offer(desk.session, desk.ada, longer)
    booking = desk.book(9)
    before = claimed(desk, booking)
    request = MoveRequest(booking.id, booking.version, desk.ada.id, a.at(11), longer.id)
    move(desk.session, desk.actor, request, now=a.BEFORE)
    assert (booking.price_cents, booking.interval) == (9000, a.span(11, 12))

    undone(desk, booking)

    assert (booking.service_id, booking.service.id) == (desk.service.id, desk.service.id)
    assert (booking.price_cents, booking.interval) == (5000, a.span(9, 9.5))
    assert claimed(desk, booking) == before
    steps = select(BookingEvent.old_service_id, BookingEvent.old_price_cents)
    assert desk.session.execute(steps.order_by(BookingEvent.id)).all() == [
        (None, None),
        (desk.service.id, 5000),
        (longer.id, 9000),
    ]


def test_a_step_from_before_services_were_remembered_leaves_the_service(desk):
    booking = desk.book(9)
    moved(desk, booking, 11)
    forgotten = {"old_service_id": None, "old_price_cents": None}
    desk.session.execute(update(BookingEvent).values(forgotten))
    undone(desk, booking)
    assert (booking.service_id, booking.starts_at) == (desk.service.id, a.at(9))


def test_undo_asked_for_twice_takes_one_step_back(desk):
    booking = desk.book(9)
    moved(desk, booking, 11)
    seen = UndoRequest(booking.id, moved(desk, booking, 12).version)

    version = undo(desk.session, desk.actor, seen, now=a.BEFORE).version

    assert undo(desk.session, desk.actor, seen, now=a.BEFORE).version == version
    assert booking.starts_at == a.at(11)
    with pytest.raises(Stale):
        undo(desk.session, a.actor(desk.session), seen, now=a.BEFORE)


def test_after_ten_minutes_a_move_stays(desk):
    booking = desk.book(9)
    moved(desk, booking, 11)
    with pytest.raises(WrongState):
        undone(desk, booking, now=a.BEFORE + UNDO_FOR)
    assert booking.starts_at == a.at(11)


def test_a_cancellation_taken_back_has_no_trace_of_its_reason(desk):
    booking = desk.book(9)
    before = claimed(desk, booking)

    cancelled(desk, booking)
    undone(desk, booking)

    assert booking.state is BookingState.BOOKED
    assert [each.state for each in booking.attendees] == [BookingState.BOOKED]
    assert (booking.cancel_reason, booking.cancel_asked_by_patient) == ("", True)
    assert claimed(desk, booking) == before
    assert find_broken(desk.session, now=a.BEFORE) == []


@pytest.mark.parametrize("step", [cancelled, lambda desk, one: moved(desk, one, 11)])
def test_time_taken_meanwhile_stays_with_whoever_took_it(desk, step):
    booking = desk.book(9)
    step(desk, booking)
    desk.book(9, patient_id=a.patient(desk.session).id)

    with pytest.raises(SlotTaken) as refused, desk.session.begin_nested():
        undone(desk, booking)

    assert refused.value.details["taken_by"] == "Rita"
    assert a.at(9) not in refused.value.details["alternatives"]
    assert refused.value.details["alternatives"]


@pytest.mark.parametrize("step", [cancelled, lambda desk, one: moved(desk, one, 13)])
def test_a_visit_over_another_comes_back_over_that_one_and_over_nobody_new(desk, step):
    first, other = desk.book(9), a.patient(desk.session)
    over = desk.book(9, patient_id=other.id, set_aside=URGENT)

    step(desk, over)
    undone(desk, over)
    assert (over.state, over.starts_at) == (BookingState.BOOKED, a.at(9))

    step(desk, over)
    cancelled(desk, first)
    desk.book(9, patient_id=a.patient(desk.session).id)
    with pytest.raises(SlotTaken), desk.session.begin_nested():
        undone(desk, over)


def test_a_visit_moved_over_another_goes_back_to_a_time_of_its_own_only(desk):
    booking = desk.book(9)
    desk.book(11, patient_id=a.patient(desk.session).id)
    request = MoveRequest(booking.id, booking.version, desk.ada.id, a.at(11), set_aside=URGENT)
    before = claimed(desk, booking)
    move(desk.session, desk.actor, request, now=a.BEFORE)
    back = desk.session.begin_nested()

    undone(desk, booking)
    assert claimed(desk, booking) == before
    assert desk.session.scalars(guarded_of(booking)).all() == [True, True]

    back.rollback()
    desk.session.expire_all()
    desk.book(9, patient_id=a.patient(desk.session).id)
    with pytest.raises(SlotTaken), desk.session.begin_nested():
        undone(desk, booking)


def test_who_had_arrived_has_waited_since_then(desk):
    booking, came = desk.book(9), a.at(8.75)
    arrived = MarkRequest(booking.id, booking.version, BookingState.ARRIVED)
    mark(desk.session, desk.actor, arrived, now=came)
    for minutes in (10, 20):  # once more: what was put back counts like the first time
        cancelled(desk, booking)
        assert booking.arrived_at is None
        undone(desk, booking, now=came + timedelta(minutes=minutes))

        assert (booking.state, booking.arrived_at) == (BookingState.ARRIVED, came)


def test_who_had_not_arrived_has_not_after_a_cancellation_either(desk):
    booking = desk.book(9)
    arrived = MarkRequest(booking.id, booking.version, BookingState.ARRIVED)
    mark(desk.session, desk.actor, arrived, now=a.at(8.75))
    undone(desk, booking, now=a.at(8.8))
    cancelled(desk, booking)
    undone(desk, booking, now=a.at(8.9))

    assert (booking.state, booking.arrived_at) == (BookingState.BOOKED, None)


def test_nothing_comes_back_to_a_room_that_is_archived(desk):
    booking, room = desk.book(9), a.room(desk.session)
    booking.room_id = room.id
    desk.session.flush()
    cancelled(desk, booking)
    room.archived_at = a.BEFORE

    with pytest.raises(NotFound):
        undone(desk, booking)


def test_time_being_offered_to_who_waits_is_not_taken_from_them(desk):
    booking = desk.book(9)
    cancelled(desk, booking)
    wishes = waiting.Wishes(desk.service.id)
    ask = waiting.NewEntry(a.patient(desk.session).id, wishes, "waits")
    entry = waiting.add(desk.session, desk.actor, ask, now=a.BEFORE)
    offer = waiting.OfferRequest(entry.id, entry.version, desk.ada.id, a.at(9))
    waiting.offer(desk.session, desk.actor, offer, now=a.BEFORE)

    with pytest.raises(SlotTaken):
        undone(desk, booking)


def test_a_patient_who_is_elsewhere_by_now_is_not_booked_twice(desk):
    booking = desk.book(9)
    cancelled(desk, booking)
    desk.book(9, professional_id=desk.ben.id)
    with pytest.raises(CannotBook):
        undone(desk, booking)


def test_nothing_comes_back_to_a_professional_who_is_archived(desk):
    booking = desk.book(9)
    moved(desk, booking, 9, desk.ben)
    desk.ada.archived_at = a.BEFORE
    with pytest.raises(NotFound):
        undone(desk, booking)


def test_of_two_who_undo_at_once_the_second_is_told(desk):
    booking = desk.book(9)
    cancelled(desk, booking)
    seen = UndoRequest(booking.id, booking.version)
    undo(desk.session, desk.actor, seen, now=a.BEFORE)
    with pytest.raises(Stale):
        undo(desk.session, a.actor(desk.session, name="Bea"), seen, now=a.BEFORE)


def test_professionals_put_back_into_their_own_calendar_only(desk):
    booking = desk.book(9)
    moved(desk, booking, 11, desk.ben)
    ben = a.actor(desk.session, Role.PROFESSIONAL, professional_id=desk.ben.id)
    with pytest.raises(NotFound):
        undone(desk, booking, actor=ben)

    moved(desk, booking, 13, desk.ben)
    assert undone(desk, booking, actor=ben).starts_at == a.at(11)


def test_a_seat_left_by_mistake_is_given_back(session):
    desk = Desk(session, seats=2)
    booking = desk.book(9)
    ben = a.patient(session)
    join(session, desk.actor, SeatRequest(booking.id, booking.version, ben.id), now=a.BEFORE)
    before = claimed(desk, booking)

    leave(session, desk.actor, SeatRequest(booking.id, booking.version, ben.id), now=a.BEFORE)
    assert claimed(desk, booking) != before
    undone(desk, booking, now=JUST_BEFORE)

    assert claimed(desk, booking) == before
    assert find_broken(session, now=a.BEFORE) == []


def test_a_seat_that_somebody_moved_up_to_is_not_taken_from_them(session):
    desk = Desk(session, seats=2)
    booking = desk.book(9)
    for one in (ben := a.patient(session), a.patient(session)):
        request = SeatRequest(booking.id, booking.version, one.id)
        join(session, desk.actor, request, now=a.BEFORE)
    leave(session, desk.actor, SeatRequest(booking.id, booking.version, ben.id), now=a.BEFORE)

    with pytest.raises(WrongState):
        undone(desk, booking)


@pytest.fixture
def screen(monkeypatch, sqlite_database):
    return Screen(monkeypatch, sqlite_database)


def cancel_on_screen(screen, booking):
    screen.open(booking)
    screen.page.pills(key="open_booking_reason").set_value("Patient is ill").run()
    screen.press("Cancel booking")


def test_the_line_on_screen_takes_a_cancellation_back(screen):
    booking = screen.booked()
    cancel_on_screen(screen, booking)
    assert any(": cancelled." in each.value for each in screen.page.markdown)

    screen.press("Undo")

    assert screen.read(booking).state is BookingState.BOOKED
    assert "Undone for Ana Silva" in toasts(screen.page)
    assert "Undo" not in [each.label for each in screen.page.button]


def test_the_line_is_gone_after_ten_minutes(screen):
    cancel_on_screen(screen, screen.booked())
    noted = screen.page.session_state[last_step.KEY]
    screen.page.session_state[last_step.KEY] = replace(noted, at=utc_now() - UNDO_FOR)
    screen.page.run()
    assert "Undo" not in [each.label for each in screen.page.button]


def test_the_line_never_takes_back_what_another_desk_did(screen):
    booking = screen.booked()
    screen.open(booking)
    screen.page.session_state[last_step.KEY] = last_step.Noted((booking.id,), utc_now())
    with screen.database.writing() as session:
        request = CancelRequest(booking.id, booking.version, "patient called")
        cancel(session, screen.bea, request, now=utc_now())
    screen.page.run()
    assert "Undo" not in [each.label for each in screen.page.button]


def test_a_refused_undo_says_who_has_the_time_and_books_the_nearest(screen):
    booking = screen.booked()
    cancel_on_screen(screen, booking)
    with screen.database.writing() as session:
        ben = a.patient(session, name="Ben")
    screen.booked(patient=ben, start=screen.start)

    screen.press("Undo")

    assert "Dr Ada is already booked" in said(screen.page)
    assert any("Booked by Bea" in each.value for each in screen.page.caption)
    assert any(
        (each.key or "").startswith(f"{open_booking.KEY}_instead_") for each in screen.page.button
    )
    assert screen.read(booking).state is BookingState.CANCELLED


def test_a_drop_is_taken_back_from_the_line(screen):
    booking = screen.booked()
    there = booking.starts_at + timedelta(hours=2)
    rita = Actor(role=Role.RECEPTIONIST, name="Rita", user_id=screen.rita.id)
    with screen.database.writing() as session:
        request = MoveRequest(booking.id, booking.version, screen.ada.id, there)
        move(session, rita, request, now=utc_now())
    screen.page.session_state[last_step.KEY] = last_step.Noted((booking.id,), utc_now())
    screen.page.run()

    screen.press("Undo")

    with screen.database.reading() as session:
        assert session.get(Booking, booking.id).starts_at == booking.starts_at
