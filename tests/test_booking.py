"""Booking, moving, cancelling and marking, on both engines."""

from dataclasses import replace

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from core.availability import ReasonCode
from core.booking import (
    BookingRequest,
    CancelRequest,
    MarkRequest,
    MoveRequest,
    SetAside,
    UndoRequest,
    book,
    cancel,
    get_booking,
    mark,
    move,
    undo,
)
from core.errors import (
    CannotBook,
    Invalid,
    KeyReused,
    NotAllowed,
    NotFound,
    SlotTaken,
    Stale,
    WrongState,
)
from core.models import (
    AuditEntry,
    Booking,
    BookingEvent,
    BookingState,
    Claim,
    EventKind,
    Patient,
    Professional,
    Role,
    Service,
)
from core.policy import Actor
from tests import a


class Desk:
    """A practice with one professional, one service, one patient and somebody at the desk."""

    def __init__(self, session: Session, **service_values: object) -> None:
        self.session = session
        self.service: Service = a.service(session, name="Consultation", **service_values)
        self.ada: Professional = a.professional(session, name="Dr Ada", services=(self.service,))
        self.ben: Professional = a.professional(session, name="Dr Ben", services=(self.service,))
        self.ana: Patient = a.patient(session, name="Ana Silva")
        self.actor: Actor = a.actor(session, name="Rita")
        self.keys = iter(f"key-{number}" for number in range(1000))

    def ask(self, hour: float, **values: object) -> BookingRequest:
        made = {
            "professional_id": self.ada.id,
            "service_id": self.service.id,
            "patient_id": self.ana.id,
            "starts_at": a.at(hour),
            "request_key": next(self.keys),
        }
        return BookingRequest(**(made | values))

    def book(self, hour: float, **values: object) -> Booking:
        return book(self.session, self.actor, self.ask(hour, **values), now=a.BEFORE)

    def codes(self, hour: float, **values: object) -> list[str]:
        with pytest.raises(CannotBook) as refused:
            self.book(hour, **values)
        return [each.code for each in refused.value.details["reasons"]]


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def claims(session: Session, booking: Booking) -> list[tuple[int, object]]:
    rows = session.execute(
        select(Claim.calendar_id, Claim.starts_at)
        .where(Claim.booking_id == booking.id)
        .order_by(Claim.calendar_id)
    )
    return [tuple(row) for row in rows]


def test_a_booking_claims_the_professional_and_the_patient(desk):
    booking = desk.book(9)

    assert booking.interval == a.span(9, 9.5)
    assert {each for each, _start in claims(desk.session, booking)} == {
        desk.ada.calendar_id,
        desk.ana.calendar_id,
    }


def test_what_book_returns_is_what_stands_in_the_table(desk):
    made = desk.book(9, desk_note="by the window")
    columns = [each.key for each in inspect(Booking).column_attrs]
    assert inspect(made).unloaded.isdisjoint(columns)
    said = {each: getattr(made, each) for each in columns}

    desk.session.refresh(made)

    assert said == {each: getattr(made, each) for each in columns}


def test_booking_leaves_one_event_and_one_audit_entry(desk):
    booking = desk.book(9)
    desk.session.flush()

    events = desk.session.scalars(select(BookingEvent)).all()
    assert [(each.booking_id, each.kind) for each in events] == [(booking.id, EventKind.BOOKED)]
    actions = desk.session.scalars(select(AuditEntry.action)).all()
    assert actions == ["booking.booked"]


def test_a_taken_time_is_refused_with_who_took_it_and_the_three_nearest(desk):
    desk.book(9)
    other = a.patient(desk.session)

    with pytest.raises(SlotTaken, match="Dr Ada is already booked") as refused:
        desk.book(9, patient_id=other.id)

    assert refused.value.details["taken_by"] == "Rita"
    assert refused.value.details["alternatives"] == (a.at(9.5), a.at(9.75), a.at(10))


def test_times_that_touch_do_not_clash(desk):
    desk.book(9)
    assert desk.book(9.5, patient_id=a.patient(desk.session).id).starts_at == a.at(9.5)


def test_a_patient_cannot_be_in_two_places(desk):
    desk.book(9)
    assert desk.codes(9, professional_id=desk.ben.id) == [ReasonCode.PATIENT_BUSY]


@pytest.mark.parametrize(
    ("hour", "code"),
    [
        (8, ReasonCode.CLOSED),
        (16.75, ReasonCode.TOO_SHORT),
        (9.1, ReasonCode.OFF_STEP),
        (17, ReasonCode.CLOSED),
        (-100, ReasonCode.PAST),
    ],
)
def test_a_refused_time_says_why(desk, hour, code):
    assert code in desk.codes(hour)


def test_the_same_request_twice_books_once(desk):
    request = desk.ask(9)
    first = book(desk.session, desk.actor, request, now=a.BEFORE)
    again = book(desk.session, desk.actor, request, now=a.BEFORE)

    assert again.id == first.id
    assert len(desk.session.scalars(select(Booking)).all()) == 1


def test_one_key_for_two_different_requests_is_refused(desk):
    desk.book(9, request_key="same")
    with pytest.raises(KeyReused):
        desk.book(10, request_key="same")


def test_an_expired_hold_gives_its_time_back(desk):
    a.booking(
        desk.session,
        desk.ada,
        a.span(9, 9.5),
        state=BookingState.HELD,
        held_until=a.BEFORE,
    )
    assert desk.book(9).state is BookingState.BOOKED


def test_a_hold_that_still_runs_keeps_its_time(desk):
    a.booking(desk.session, desk.ada, a.span(9, 9.5), state=BookingState.HELD, held_until=a.at(8))
    assert desk.codes(9) == [ReasonCode.HELD]


def test_buffers_keep_visits_apart(session):
    desk = Desk(session, after_minutes=15)
    desk.book(9)
    other = a.patient(session)

    assert desk.codes(9.5, patient_id=other.id) == [ReasonCode.BUFFER]
    assert desk.book(9.75, patient_id=other.id).starts_at == a.at(9.75)


def test_patients_need_notice_and_the_desk_does_not(session):
    desk = Desk(session, notice_minutes=60)
    ana = a.actor(session, Role.PATIENT, patient_id=desk.ana.id)

    with pytest.raises(CannotBook) as refused:
        book(session, ana, desk.ask(9), now=a.at(8.5))
    assert [each.code for each in refused.value.details["reasons"]] == [ReasonCode.NOTICE]
    assert book(session, ana, desk.ask(9.5), now=a.at(8.5)).channel == "patient"
    later = desk.ask(9, patient_id=a.patient(session).id)
    assert book(session, desk.actor, later, now=a.at(8.5)).channel == "desk"


def test_patients_book_for_themselves_only(desk):
    stranger = a.actor(desk.session, Role.PATIENT, patient_id=a.patient(desk.session).id)
    with pytest.raises(NotFound):
        book(desk.session, stranger, desk.ask(9), now=a.BEFORE)


def test_a_service_that_needs_a_room_takes_a_free_one(session):
    desk = Desk(session)
    one, two = a.room(session), a.room(session)
    a.needs(session, desk.service, one, two)

    first = desk.book(9)
    second = desk.book(9, professional_id=desk.ben.id, patient_id=a.patient(session).id)

    assert [first.room_id, second.room_id] == [one.id, two.id]
    cleo = a.professional(session, services=(desk.service,))
    third = a.patient(session)
    assert desk.codes(9, professional_id=cleo.id, patient_id=third.id) == [ReasonCode.ROOM]


def test_a_professional_who_does_not_offer_the_service_is_refused(desk):
    dora = a.professional(desk.session, name="Dr Dora")
    with pytest.raises(Invalid, match="Dr Dora does not offer Consultation"):
        desk.book(9, professional_id=dora.id)


@pytest.mark.parametrize("what", ["professional_id", "service_id", "patient_id"])
def test_unknown_ids_are_not_found(desk, what):
    with pytest.raises(NotFound):
        desk.book(9, **{what: 999_999})


def test_a_note_of_ten_thousand_characters_is_refused(desk):
    with pytest.raises(Invalid, match="under 4000"):
        desk.book(9, desk_note="x" * 10_000)


def test_a_move_changes_place_at_once_and_remembers_the_old_one(desk):
    booking = desk.book(9)
    version = booking.version

    request = MoveRequest(booking.id, version, desk.ben.id, a.at(11))
    moved = move(desk.session, desk.actor, request, now=a.BEFORE)
    desk.session.flush()

    assert (moved.professional_id, moved.interval) == (desk.ben.id, a.span(11, 11.5))
    assert moved.version > version
    event = desk.session.scalars(select(BookingEvent).order_by(BookingEvent.id.desc())).first()
    assert (event.kind, event.old_starts_at, event.old_professional_id) == (
        EventKind.MOVED,
        a.at(9),
        desk.ada.id,
    )
    assert desk.book(9, patient_id=a.patient(desk.session).id)


def test_a_visit_can_move_into_its_own_time(desk):
    booking = desk.book(9)
    request = MoveRequest(booking.id, booking.version, desk.ada.id, a.at(9.25))
    assert move(desk.session, desk.actor, request, now=a.BEFORE).starts_at == a.at(9.25)


def test_a_refused_move_changes_nothing(desk):
    desk.book(10, patient_id=a.patient(desk.session).id)
    booking = desk.book(9)
    request = MoveRequest(booking.id, booking.version, desk.ada.id, a.at(10))

    with pytest.raises(SlotTaken):
        move(desk.session, desk.actor, request, now=a.BEFORE)

    assert get_booking(desk.session, desk.actor, booking.id).interval == a.span(9, 9.5)
    assert claims(desk.session, booking)[0][1] == a.at(9)


def test_a_stale_move_is_refused_and_names_who_was_quicker(desk):
    booking = desk.book(9)
    version = booking.version
    move(
        desk.session,
        desk.actor,
        MoveRequest(booking.id, version, desk.ada.id, a.at(10)),
        now=a.BEFORE,
    )
    with pytest.raises(Stale, match="Rita has changed this"):
        cancel(desk.session, desk.actor, CancelRequest(booking.id, version, "ill"), now=a.BEFORE)


def test_a_move_asked_for_twice_is_made_once_and_for_the_same_person(desk):
    booking = desk.book(9)
    request = MoveRequest(booking.id, booking.version, desk.ben.id, a.at(10))
    version = move(desk.session, desk.actor, request, now=a.BEFORE).version

    assert move(desk.session, desk.actor, request, now=a.BEFORE).version == version
    with pytest.raises(Stale, match="Rita has changed this"):
        move(desk.session, a.actor(desk.session, name="Bea"), request, now=a.BEFORE)
    with pytest.raises(Stale):
        move(desk.session, desk.actor, replace(request, starts_at=a.at(11)), now=a.BEFORE)


def test_cancelling_frees_the_time_at_once_and_keeps_the_reason(desk):
    booking = desk.book(9)
    request = CancelRequest(booking.id, booking.version, " patient is ill ")
    cancelled = cancel(desk.session, desk.actor, request, now=a.BEFORE)

    assert (cancelled.state, cancelled.cancel_reason) == (BookingState.CANCELLED, "patient is ill")
    assert cancelled.cancelled_late is False
    assert desk.book(9, patient_id=a.patient(desk.session).id)


def test_a_cancellation_within_the_notice_is_late(desk):
    booking = desk.book(9)
    request = CancelRequest(booking.id, booking.version, "overslept")
    assert cancel(desk.session, desk.actor, request, now=a.at(8)).cancelled_late is True


def test_a_cancellation_needs_a_reason(desk):
    booking = desk.book(9)
    with pytest.raises(Invalid, match="reason"):
        cancel(
            desk.session, desk.actor, CancelRequest(booking.id, booking.version, " "), now=a.BEFORE
        )


def test_the_stages_of_a_visit_are_stamped(desk):
    booking = desk.book(9)
    for state, hour in (
        (BookingState.ARRIVED, 8.9),
        (BookingState.IN_PROGRESS, 9.1),
        (BookingState.COMPLETED, 9.5),
    ):
        mark(
            desk.session,
            desk.actor,
            MarkRequest(booking.id, booking.version, state),
            now=a.at(hour),
        )
    stamps = (booking.arrived_at, booking.started_at, booking.completed_at)
    assert stamps == (a.at(8.9), a.at(9.1), a.at(9.5))


def test_undo_takes_the_last_stage_back(desk):
    booking = desk.book(9)
    mark(
        desk.session,
        desk.actor,
        MarkRequest(booking.id, booking.version, BookingState.ARRIVED),
        now=a.at(9),
    )
    undo(desk.session, desk.actor, UndoRequest(booking.id, booking.version), now=a.at(9))
    assert (booking.state, booking.arrived_at) == (BookingState.BOOKED, None)


def test_a_no_show_frees_the_time_and_can_be_corrected(desk):
    booking = desk.book(9)
    mark(
        desk.session,
        desk.actor,
        MarkRequest(booking.id, booking.version, BookingState.NO_SHOW),
        now=a.at(9.25),
    )
    assert claims(desk.session, booking) == []
    undo(desk.session, desk.actor, UndoRequest(booking.id, booking.version), now=a.at(9.3))
    assert booking.state is BookingState.BOOKED
    assert len(claims(desk.session, booking)) == 2


def test_a_no_show_cannot_be_called_before_the_visit_begins(desk):
    booking = desk.book(9)
    with pytest.raises(Invalid, match="too early"):
        mark(
            desk.session,
            desk.actor,
            MarkRequest(booking.id, booking.version, BookingState.NO_SHOW),
            now=a.at(8.9),
        )


def test_undoing_a_cancellation_is_refused_when_the_time_is_gone(desk):
    booking = desk.book(9)
    cancel(
        desk.session, desk.actor, CancelRequest(booking.id, booking.version, "ill"), now=a.BEFORE
    )
    desk.book(9, patient_id=a.patient(desk.session).id)
    with pytest.raises(SlotTaken):
        undo(desk.session, desk.actor, UndoRequest(booking.id, booking.version), now=a.BEFORE)


def test_a_completed_visit_cannot_be_cancelled(desk):
    booking = desk.book(9)
    mark(
        desk.session,
        desk.actor,
        MarkRequest(booking.id, booking.version, BookingState.COMPLETED),
        now=a.at(9.5),
    )
    with pytest.raises(WrongState):
        cancel(
            desk.session, desk.actor, CancelRequest(booking.id, booking.version, "x"), now=a.at(10)
        )


def test_a_professional_marks_in_their_own_calendar_only(desk):
    booking = desk.book(9)
    ada = a.actor(desk.session, Role.PROFESSIONAL, professional_id=desk.ada.id)
    ben = a.actor(desk.session, Role.PROFESSIONAL, professional_id=desk.ben.id)
    arrived = MarkRequest(booking.id, booking.version, BookingState.ARRIVED)

    with pytest.raises(NotFound):
        mark(desk.session, ben, arrived, now=a.at(9))
    assert mark(desk.session, ada, arrived, now=a.at(9)).state is BookingState.ARRIVED


def test_a_patient_cannot_mark_anything(desk):
    booking = desk.book(9)
    ana = a.actor(desk.session, Role.PATIENT, patient_id=desk.ana.id)
    with pytest.raises(NotAllowed):
        mark(
            desk.session,
            ana,
            MarkRequest(booking.id, booking.version, BookingState.ARRIVED),
            now=a.at(9),
        )


def mark_as(desk, booking, state, hour):
    request = MarkRequest(booking.id, booking.version, state)
    return mark(desk.session, desk.actor, request, now=a.at(hour))


def test_undoing_a_correction_frees_the_time_of_the_no_show_again(desk):
    booking = desk.book(9)
    mark_as(desk, booking, BookingState.NO_SHOW, 9.25)
    mark_as(desk, booking, BookingState.ARRIVED, 9.3)
    undo(desk.session, desk.actor, UndoRequest(booking.id, booking.version), now=a.at(9.3))
    assert booking.state is BookingState.NO_SHOW
    assert claims(desk.session, booking) == []
    assert mark_as(desk, booking, BookingState.ARRIVED, 9.4).state is BookingState.ARRIVED


def test_a_visit_booked_over_another_can_be_corrected_too(desk):
    desk.book(9)
    over = desk.book(9, patient_id=a.patient(desk.session).id, set_aside=SetAside("Urgent"))
    mark_as(desk, over, BookingState.NO_SHOW, 9.25)
    assert mark_as(desk, over, BookingState.ARRIVED, 9.3).state is BookingState.ARRIVED


def test_a_move_to_where_it_is_already_changes_nothing(desk):
    booking = desk.book(9)
    version = booking.version
    request = MoveRequest(booking.id, version, desk.ada.id, a.at(9))
    assert move(desk.session, desk.actor, request, now=a.BEFORE).version == version


def test_a_cancellation_that_is_not_the_patients_wish_is_never_late(desk):
    booking = desk.book(9)
    request = CancelRequest(booking.id, booking.version, "ill doctor", asked_by_patient=False)
    assert cancel(desk.session, desk.actor, request, now=a.at(8)).cancelled_late is False
