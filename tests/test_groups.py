"""Group visits: seats, who waits beyond them, and each patient's own state."""

import pytest
from sqlalchemy import func, select

from core.analytics import AnalyticsAsked, all_seats
from core.booking import (
    BookingRequest,
    CancelRequest,
    ConfirmRequest,
    MarkRequest,
    book,
    cancel,
    confirm_by_phone,
    get_booking,
    load_confirmed,
    mark,
)
from core.booking.groups import SeatMark, SeatRequest, join, leave, mark_seat, seats_taken
from core.errors import Invalid, NotFound, SlotTaken, Stale, WrongState
from core.models import BookingEvent, BookingState, Claim, EventKind, Role
from core.policy import CONSOLE
from tests import a


@pytest.fixture
def service(session):
    return a.service(session, name="Back class", seats=2)


@pytest.fixture
def ada(session, service):
    return a.professional(session, name="Dr Ada", services=(service,))


@pytest.fixture
def rita(session):
    return a.actor(session, name="Rita")


@pytest.fixture
def group(session, ada, service, rita):
    first = a.patient(session, name="Ana")
    request = BookingRequest(ada.id, service.id, first.id, a.at(9), request_key="group")
    return book(session, rita, request, now=a.BEFORE)


def add(session, rita, group, patient):
    return join(session, rita, SeatRequest(group.id, group.version, patient.id), now=a.BEFORE)


def claims_on(session, calendar_id):
    return session.scalar(select(func.count()).where(Claim.calendar_id == calendar_id))


def test_a_second_patient_takes_a_seat_and_the_professional_is_claimed_once(
    session, ada, rita, group
):
    ben = a.patient(session)
    seat = add(session, rita, group, ben)
    assert seat.waiting is False
    assert seats_taken(group) == 2
    assert claims_on(session, ada.calendar_id) == 1
    assert claims_on(session, ben.calendar_id) == 1


def test_a_group_with_seats_left_is_joined_and_not_booked_beside(
    session, ada, service, rita, group
):
    ben = a.patient(session)
    beside = BookingRequest(ada.id, service.id, ben.id, a.at(9), request_key="beside")
    with pytest.raises(SlotTaken):
        book(session, rita, beside, now=a.BEFORE)

    assert add(session, rita, group, ben).waiting is False


def test_beyond_the_seats_patients_wait_and_the_first_moves_up(session, rita, group):
    ben, cleo = a.patient(session), a.patient(session)
    add(session, rita, group, ben)
    waiting = add(session, rita, group, cleo)
    assert waiting.waiting is True
    assert claims_on(session, cleo.calendar_id) == 0

    leave(session, rita, SeatRequest(group.id, group.version, ben.id), now=a.BEFORE)

    assert waiting.waiting is False
    assert claims_on(session, cleo.calendar_id) == 1
    assert claims_on(session, ben.calendar_id) == 0


def test_who_leaves_while_waiting_has_given_up_no_seat(session, rita, group):
    ben, cleo = a.patient(session), a.patient(session)
    for each in (ben, cleo):
        add(session, rita, group, each)

    leave(session, rita, SeatRequest(group.id, group.version, cleo.id), now=a.BEFORE)

    counted = all_seats(session, CONSOLE, AnalyticsAsked(a.DAY, a.DAY), now=a.BEFORE)
    assert (counted.booked, counted.cancelled) == (2, 0)
    assert seats_taken(group) == 2


def test_who_waits_but_is_busy_then_is_passed_over(session, rita, group):
    ben, cleo, dora = a.patient(session), a.patient(session), a.patient(session)
    for each in (ben, cleo, dora):
        add(session, rita, group, each)
    a.booking(session, a.professional(session), a.span(9, 10), patient=cleo)
    leave(session, rita, SeatRequest(group.id, group.version, ben.id), now=a.BEFORE)
    waiting = {each.patient_id: each.waiting for each in group.attendees}
    assert (waiting[cleo.id], waiting[dora.id]) == (True, False)


def test_who_left_may_come_back(session, rita, group):
    ben = a.patient(session)
    add(session, rita, group, ben)
    leave(session, rita, SeatRequest(group.id, group.version, ben.id), now=a.BEFORE)
    assert add(session, rita, group, ben).state is BookingState.BOOKED


def test_who_left_and_comes_back_is_asked_to_confirm_anew(session, rita, group):
    ben = a.patient(session)
    add(session, rita, group, ben)
    asked = ConfirmRequest(group.id, group.version, ben.id)
    confirm_by_phone(session, rita, asked, now=a.BEFORE)
    assert (group.id, ben.id) in load_confirmed(session, rita, [group.id])

    leave(session, rita, SeatRequest(group.id, group.version, ben.id), now=a.BEFORE)
    add(session, rita, group, ben)
    assert (group.id, ben.id) not in load_confirmed(session, rita, [group.id])


def test_nobody_sits_twice_or_in_two_places(session, rita, group):
    ben = a.patient(session)
    add(session, rita, group, ben)
    with pytest.raises(Invalid, match="in this group already"):
        add(session, rita, group, ben)
    busy = a.patient(session)
    a.booking(session, a.professional(session), a.span(9, 10), patient=busy)
    leave(session, rita, SeatRequest(group.id, group.version, ben.id), now=a.BEFORE)
    with pytest.raises(SlotTaken):
        add(session, rita, group, busy)


def test_a_stale_group_is_not_changed(session, rita, group):
    stale = SeatRequest(group.id, group.version, a.patient(session).id)
    add(session, rita, group, a.patient(session))
    with pytest.raises(Stale, match="Rita"):
        join(session, rita, stale, now=a.BEFORE)


def test_each_patient_has_a_state_of_their_own(session, rita, group):
    ben = a.patient(session)
    add(session, rita, group, ben)
    request = SeatMark(group.id, group.version, ben.id, BookingState.NO_SHOW)
    with pytest.raises(Invalid, match="too early"):
        mark_seat(session, rita, request, now=a.BEFORE)
    mark_seat(session, rita, request, now=a.at(9.25))
    states = {each.patient_id: each.state for each in group.attendees}
    assert states[ben.id] is BookingState.NO_SHOW
    assert group.state is BookingState.BOOKED
    assert claims_on(session, ben.calendar_id) == 0


def test_a_no_show_in_a_group_can_be_corrected(session, rita, group):
    ben = a.patient(session)
    add(session, rita, group, ben)
    for state in (BookingState.NO_SHOW, BookingState.ARRIVED):
        request = SeatMark(group.id, group.version, ben.id, state)
        mark_seat(session, rita, request, now=a.at(9.25))
    assert claims_on(session, ben.calendar_id) == 1


def test_joining_and_leaving_are_remembered_by_patient(session, rita, group):
    ben = a.patient(session)
    add(session, rita, group, ben)
    leave(session, rita, SeatRequest(group.id, group.version, ben.id), now=a.BEFORE)
    session.flush()
    events = session.execute(
        select(BookingEvent.kind, BookingEvent.patient_id).order_by(BookingEvent.id)
    ).all()
    assert [tuple(each) for each in events] == [
        (EventKind.BOOKED, None),
        (EventKind.JOINED, ben.id),
        (EventKind.LEFT, ben.id),
    ]


def test_an_ordinary_visit_has_no_seats_to_give(session, ada, rita):
    single = a.booking(session, ada, a.span(12, 13))
    with pytest.raises(Invalid, match="not a group"):
        add(session, rita, get_booking(session, rita, single.id), a.patient(session))


def test_a_cancelled_group_takes_nobody(session, rita, group):
    cancel(session, rita, CancelRequest(group.id, group.version, "ill"), now=a.BEFORE)
    with pytest.raises(WrongState):
        add(session, rita, group, a.patient(session))


def test_an_unknown_patient_is_not_found(session, rita, group):
    with pytest.raises(NotFound):
        join(session, rita, SeatRequest(group.id, group.version, 999_999), now=a.BEFORE)


def test_a_patient_who_cancels_gives_up_their_own_seat_only(session, rita, group):
    ben = a.patient(session)
    add(session, rita, group, ben)
    own = a.actor(session, Role.PATIENT, patient_id=ben.id)
    cancel(session, own, CancelRequest(group.id, group.version, "ill"), now=a.BEFORE)
    assert group.state is BookingState.BOOKED
    assert seats_taken(group) == 1


def test_who_has_left_a_group_has_no_say_in_it(session, rita, group):
    ben = a.patient(session)
    add(session, rita, group, ben)
    leave(session, rita, SeatRequest(group.id, group.version, ben.id), now=a.BEFORE)
    own = a.actor(session, Role.PATIENT, patient_id=ben.id)
    with pytest.raises(NotFound):
        cancel(session, own, CancelRequest(group.id, group.version, "ill"), now=a.BEFORE)


def test_who_comes_back_waits_behind_those_who_stayed(session, rita, group):
    ben, cleo, dora = a.patient(session), a.patient(session), a.patient(session)
    for each in (ben, cleo, dora):
        add(session, rita, group, each)
    leave(session, rita, SeatRequest(group.id, group.version, cleo.id), now=a.BEFORE)
    add(session, rita, group, cleo)
    leave(session, rita, SeatRequest(group.id, group.version, ben.id), now=a.BEFORE)
    waiting = {each.patient_id: each.waiting for each in group.attendees}
    assert (waiting[dora.id], waiting[cleo.id]) == (False, True)


def test_a_group_is_not_called_a_no_show_as_a_whole(session, rita, group):
    request = MarkRequest(group.id, group.version, BookingState.NO_SHOW)
    with pytest.raises(Invalid, match="each patient"):
        mark(session, rita, request, now=a.at(10))
