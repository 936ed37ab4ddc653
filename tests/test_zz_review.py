from datetime import timedelta
import pytest
from core import sick_day
from core.booking import ConfirmRequest, MoveRequest, SetAside, UndoRequest, confirm_by_phone, load_confirmed, move, undo, CancelRequest, cancel
from core.booking.groups import SeatRequest, join, leave
from core.errors import BookingError, SlotTaken
from core.running_late import say_late
from core.models import BookingState
from tests import a
from tests.test_booking import Desk
from tests.test_sick_day import Place
from tests.test_running_late import visit, late, expected, desk, doctor
from tests.test_sick_day_page import house, show, press, visit as visit_named


def test_a_move_over_another_taken_back_does_not_lie_over_whoever_has_the_old_time(session):
    d = Desk(session)
    booking = d.book(9)
    d.book(11, patient_id=a.patient(session).id)
    asked = MoveRequest(booking.id, booking.version, d.ada.id, a.at(11), set_aside=SetAside("The professional agreed"))
    move(session, d.actor, asked, now=a.BEFORE)
    d.book(9, patient_id=a.patient(session).id)
    with pytest.raises(SlotTaken), session.begin_nested():
        undo(session, d.actor, UndoRequest(booking.id, booking.version), now=a.BEFORE)

def test_moved_off_again_a_cancellation_taken_back_does_not_lie_over(session):
    d = Desk(session)
    booking = d.book(9)
    d.book(11, patient_id=a.patient(session).id)
    move(session, d.actor, MoveRequest(booking.id, booking.version, d.ada.id, a.at(11), set_aside=SetAside("The professional agreed")), now=a.BEFORE)
    move(session, d.actor, MoveRequest(booking.id, booking.version, d.ada.id, a.at(14)), now=a.BEFORE)
    cancel(session, d.actor, CancelRequest(booking.id, booking.version, "ill", asked_by_patient=False), now=a.BEFORE)
    d.book(14, patient_id=a.patient(session).id)
    with pytest.raises(SlotTaken), session.begin_nested():
        undo(session, d.actor, UndoRequest(booking.id, booking.version), now=a.BEFORE)

def test_undo_of_a_skip_does_not_take_the_visit_from_a_desk_that_calls(session):
    place = Place(session)
    for one in (place.nine, place.ten, place.eleven):
        place.take(); place.do(sick_day.skip, one)
    for _ in range(1):
        assert place.take(place.bea).id == place.nine.id
    place.do(sick_day.skip, place.nine, place.bea); place.take(place.bea); 
    held = place.list(place.bea).current.booking
    assert held.id == place.ten.id
    place.do(sick_day.skip, held, place.bea)
    assert place.take(place.bea).id == place.eleven.id
    with pytest.raises(BookingError):
        place.undo(place.rita)   # rita's last step was to skip eleven

def test_who_left_and_joins_again_is_asked_anew(session):
    d = Desk(session, seats=2)
    booking = d.book(9)
    ben = a.patient(session)
    join(session, d.actor, SeatRequest(booking.id, booking.version, ben.id), now=a.BEFORE)
    confirm_by_phone(session, d.actor, ConfirmRequest(booking.id, booking.version, ben.id), now=a.BEFORE)
    leave(session, d.actor, SeatRequest(booking.id, booking.version, ben.id), now=a.BEFORE)
    join(session, d.actor, SeatRequest(booking.id, booking.version, ben.id), now=a.BEFORE)
    session.flush()
    assert (booking.id, ben.id) not in load_confirmed(session, d.actor, [booking.id])

def test_somebody_who_never_came_does_not_use_the_delay_up(session, desk, doctor):
    visit(session, desk, doctor, 9)
    visit(session, desk, doctor, 14)
    say_late(session, desk, doctor.id, 30, now=a.at(13.5))
    assert (a.at(14), a.at(14.5)) in expected(late(session, desk, a.at(13.5)))

def test_a_second_press_of_cancel_does_not_find_the_next_visit(show, house):
    page = show("rita")
    first = {e.key for e in page.button if e.label == "Cancel the visit"}
    page = press(page, next(iter(first)))
    second = {e.key for e in page.button if e.label == "Cancel the visit"}
    assert second and not first & second
