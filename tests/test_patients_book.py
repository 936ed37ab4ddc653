"""What patients book, move and keep by themselves, and what they are told when they cannot."""

from datetime import timedelta

import pytest

from core import catalog, schedule, waiting
from core.accounts import VISITOR
from core.availability import ReasonCode
from core.booking import (
    BookingRequest,
    CancelRequest,
    MoveRequest,
    SetAside,
    UndoRequest,
    book,
    cancel,
    move,
    take_back_cancellation,
)
from core.errors import (
    CannotBook,
    Invalid,
    NotAllowed,
    NotFound,
    NotFree,
    PatientsDoNotBook,
    SignInNeeded,
    Stale,
    TooLateByYourself,
)
from core.holds import HELD_FOR_A_PATIENT, HoldRequest, hold
from core.models import Channel, Priority, Role, WaitingState
from tests import a

NOW = a.BEFORE


class House:
    def __init__(self, session):
        self.session = session
        self.visit = a.service(session, name="Visit", cancel_notice_minutes=24 * 60)
        self.ada = a.professional(session, name="Dr Ada", services=(self.visit,))
        self.ben = a.professional(session, name="Dr Ben", services=(self.visit,))
        self.patient = a.patient(session)
        self.ana = a.actor(session, Role.PATIENT, patient_id=self.patient.id)
        self.admin = a.actor(session, Role.ADMIN)

    def ask(self, hour, *, day=0, **values):
        values = {
            "professional_id": self.ada.id,
            "service_id": self.visit.id,
            "patient_id": self.patient.id,
        } | values
        key = f"{hour} {day} {values['professional_id']} {values['service_id']}"
        return BookingRequest(starts_at=a.at(hour, day=day), request_key=key, **values)

    def book(self, hour=9, *, actor=None, **values):
        return book(self.session, actor or self.ana, self.ask(hour, **values), now=NOW)

    def move(self, booking, hour, *, now=NOW, day=0, who=None, **values):
        to = who or self.ada
        request = MoveRequest(booking.id, booking.version, to.id, a.at(hour, day=day), **values)
        return move(self.session, self.ana, request, now=now)

    def hold(self, hour, **values):
        request = HoldRequest(self.ada.id, self.visit.id, a.at(hour), f"h{hour}", **values)
        return hold(self.session, self.ana, request, now=NOW)


@pytest.fixture
def house(session):
    return House(session)


@pytest.fixture
def small(sqlite_database):
    with sqlite_database.writing() as session:
        yield House(session)


def test_a_patient_keeps_three_visits_and_the_desk_books_more(house):
    for hour in (9, 10, 11):
        house.book(hour)
    for over in (lambda: house.book(12), lambda: house.hold(13)):
        with pytest.raises(Invalid, match=r"kept at a time \(3\)"):
            over()
    assert house.book(12, actor=house.admin).channel is Channel.DESK


def test_what_the_desk_booked_or_is_over_does_not_count(small):
    for hour in (9, 10, 11):
        small.book(hour, actor=small.admin)
    assert small.book(12).channel is Channel.PATIENT
    for hour in (13, 14):
        small.book(hour)
    later = a.at(14.5)
    assert book(small.session, small.ana, small.ask(9, day=2), now=later)


def test_taking_a_cancellation_back_is_no_way_round_the_limit(small):
    first = small.book(9)
    for hour in (10, 11):
        small.book(hour)
    cancel(small.session, small.ana, CancelRequest(first.id, 1, "Ill"), now=NOW)
    small.book(12)
    with pytest.raises(Invalid, match=r"kept at a time \(3\)"):
        take_back_cancellation(
            small.session, small.ana, UndoRequest(first.id, first.version), now=NOW
        )


def test_the_same_request_again_is_the_same_booking_at_the_limit_too(small):
    a.organisation(small.session).most_open_bookings = 1
    assert small.book(9).id == small.book(9).id


def unlisted_professional(house):
    house.ada.listed = False


def unlisted_service(house):
    house.visit.listed = False


def closed(house):
    a.organisation(house.session).patients_book = False


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (unlisted_professional, NotFound),
        (unlisted_service, NotFound),
        (closed, PatientsDoNotBook),
    ],
)
def test_what_is_not_listed_is_booked_at_the_desk_alone(small, change, refusal):
    change(small)
    small.session.flush()
    for ask in (small.book, lambda: small.hold(9)):
        with pytest.raises(refusal):
            ask()
    assert small.book(actor=small.admin)


@pytest.mark.parametrize("what", ["professional", "service"])
@pytest.mark.parametrize("offered", [True, False])
def test_what_is_hidden_is_refused_like_what_is_missing(small, what, offered):
    hidden = {
        "professional": lambda: a.professional(small.session, name="Dr Hidden", listed=False),
        "service": lambda: a.service(small.session, name="Hidden", listed=False),
    }[what]()
    if offered:
        a.offer(
            small.session,
            hidden if what == "professional" else small.ada,
            small.visit if what == "professional" else hidden,
        )
    said = set()
    for id in (hidden.id, 999_999):
        values = {f"{what}_id": id}
        wanted = {"professional_id": small.ada.id, "service_id": small.visit.id} | values
        request = HoldRequest(starts_at=a.at(9), request_key=f"{id}", **wanted)
        for ask in (
            lambda values=values: small.book(**values),
            lambda request=request: hold(small.session, small.ana, request, now=NOW),
        ):
            with pytest.raises(NotFound) as refused:
                ask()
            said.add((str(refused.value), str(refused.value.details)))
    assert len(said) == 1


def test_a_group_is_joined_by_calling(small):
    group = a.service(small.session, name="Yoga", seats=5)
    a.offer(small.session, small.ada, group)
    with pytest.raises(Invalid, match="Yoga is for a group"):
        small.book(service_id=group.id)


def test_nobody_holds_or_books_without_a_record(small):
    with pytest.raises(SignInNeeded):
        hold(
            small.session,
            VISITOR,
            HoldRequest(small.ada.id, small.visit.id, a.at(9), "x"),
            now=NOW,
        )
    with pytest.raises(NotFound):
        small.book(actor=VISITOR)


def test_patients_set_no_rule_aside(small):
    with pytest.raises(NotAllowed):
        small.book(20, set_aside=SetAside("Urgent"))


def test_the_own_hold_becomes_the_booking(house):
    held = house.hold(9)
    booking = house.book(9, hold_id=held.id)
    assert booking.starts_at == a.at(9)


def test_a_time_that_is_kept_is_booked_at_the_price_it_was_kept_at(house):
    price = house.visit.price_cents
    held = house.hold(9)
    house.visit.price_cents = price + 4000
    house.session.flush()

    booking = house.book(9, hold_id=held.id)
    assert booking.price_cents == price


@pytest.mark.parametrize(
    ("hour", "later"), [(10, timedelta()), (9, HELD_FOR_A_PATIENT)], ids=["another", "run_out"]
)
def test_a_kept_price_is_for_that_time_alone_and_as_long_as_it_is_kept(small, hour, later):
    held = small.hold(9)
    small.visit.price_cents += 4000
    small.session.flush()

    asked = small.ask(hour, hold_id=held.id)
    booking = book(small.session, small.ana, asked, now=NOW + later)
    assert booking.price_cents == small.visit.price_cents


def test_why_a_time_is_not_free_stays_with_the_practice(small):
    """Booked, away and closed are told in the same words, with the nearest times."""
    away = schedule.NewTimeOff(small.ada.id, a.at(9), a.at(10), reason="Surgery")
    schedule.enter_time_off(small.session, small.admin, away, now=NOW)
    a.booking(small.session, small.ada, a.span(10, 11))
    said = set()
    for hour in (9, 10, 20):
        with pytest.raises(NotFree) as refused:
            small.book(hour)
        assert not refused.value.details["reasons"]
        assert refused.value.details["alternatives"]
        assert refused.value.details["taken_by"] == ""
        said.add(str(refused.value))
    assert said == {"Dr Ada is not free at that time. Please choose another."}


def test_what_is_the_patients_own_is_told(small):
    small.book(9)
    with pytest.raises(CannotBook) as refused:
        small.book(9, professional_id=small.ben.id)
    assert ReasonCode.PATIENT_BUSY in {each.code for each in refused.value.details["reasons"]}


def test_a_patient_moves_up_to_the_notice_and_not_later(house):
    booking = house.book(9, day=1)
    on_time = a.at(9)  # a day before, to the minute
    assert house.move(booking, 15, day=1, now=on_time).starts_at == a.at(15, day=1)
    with pytest.raises(TooLateByYourself, match="call us"):
        house.move(booking, 16, day=1, now=a.at(15) + timedelta(seconds=1))


def test_who_one_comes_to_already_may_be_listed_no_longer_and_nobody_else(small):
    booking = small.book(9)
    small.ada.listed = small.ben.listed = False
    small.session.flush()
    assert small.move(booking, 10).starts_at == a.at(10), "who they come to already"
    with pytest.raises(NotFound, match="professional"):
        small.move(booking, 11, who=small.ben, agreed_cents=booking.price_cents)


def test_with_somebody_else_a_visit_costs_what_they_ask_and_the_patient_has_read(small):
    small.visit.price_cents = 5000
    small.session.flush()
    booking = small.book(9)
    before = booking.price_cents
    small.ben.tier_id = a.tier(small.session, percent=20).id
    small.session.flush()
    for agreed in (None, before, 1):
        with pytest.raises(Invalid, match="Dr Ben costs has changed"):
            small.move(booking, 10, who=small.ben, agreed_cents=agreed)
    assert (booking.professional_id, booking.price_cents) == (small.ada.id, before)

    dear = 6000
    moved = small.move(booking, 10, who=small.ben, agreed_cents=dear)
    assert (moved.professional_id, moved.starts_at, moved.price_cents) == (
        small.ben.id,
        a.at(10),
        dear,
    )
    at_the_desk = MoveRequest(booking.id, booking.version, small.ada.id, a.at(9))
    assert move(small.session, small.admin, at_the_desk, now=NOW).price_cents == dear


def test_a_move_changes_neither_the_service_nor_a_groups_time(small):
    booking = small.book(9)
    dear = a.service(small.session)
    a.offer(small.session, small.ada, dear)
    with pytest.raises(Invalid, match="cancel this visit"):
        small.move(booking, 10, service_id=dear.id)
    group = a.service(small.session, seats=5)
    a.offer(small.session, small.ada, group)
    shared = small.book(12, service_id=group.id, actor=small.admin)
    with pytest.raises(Invalid, match="for a group"):
        small.move(shared, 14)


def test_the_admin_lets_patients_book_and_a_stale_form_changes_nothing(small):
    place = catalog.get_organisation(small.session)
    asked = catalog.PatientsBook(place.version, False, True, 2)
    catalog.let_patients_book(small.session, small.admin, asked, now=NOW)
    small.session.flush()
    assert (place.patients_book, place.directory_open, place.most_open_bookings) == (False, True, 2)
    with pytest.raises(Stale):
        catalog.let_patients_book(small.session, small.admin, asked, now=NOW)
    for most in (0, 51):
        again = catalog.PatientsBook(place.version, True, False, most)
        with pytest.raises(Invalid):
            catalog.let_patients_book(small.session, small.admin, again, now=NOW)


def wait(house, *, actor=None, patient=None, **wishes):
    who = patient or house.patient
    asked = waiting.NewEntry(who.id, waiting.Wishes(house.visit.id, **wishes), f"{who.id}")
    return waiting.add(house.session, actor or house.ana, asked, now=NOW)


def test_a_patient_joins_the_waiting_list_once_and_leaves_it(house):
    entry = wait(house, professional_ids=(house.ada.id,))
    assert wait(house, professional_ids=(house.ada.id,)).id == entry.id
    seen = waiting.load_waiting(house.session, house.ana, now=NOW)
    assert [each.id for each in seen] == [entry.id]
    waiting.close(house.session, house.ana, entry.id, entry.version, "Found one", now=NOW)
    house.session.flush()
    assert waiting.load_waiting(house.session, house.ana, now=NOW) == []


def test_what_was_waited_for_and_booked_leaves_the_list_by_itself(small):
    entry = wait(small)
    waiting.close_served(small.session, small.ana, small.book(9), now=NOW)
    assert entry.state is WaitingState.BOOKED


def test_nobody_waits_for_another_for_what_is_hidden_or_urgently(small):
    other = a.patient(small.session)
    with pytest.raises(NotFound):
        wait(small, patient=other)
    with pytest.raises(Invalid, match="call us"):
        wait(small, priority=Priority.URGENT)
    theirs = wait(small, actor=small.admin, patient=other)
    with pytest.raises(NotFound):
        waiting.close(small.session, small.ana, theirs.id, theirs.version, "x", now=NOW)
    small.ben.listed = False
    small.session.flush()
    with pytest.raises(NotFound):
        wait(small, professional_ids=(small.ben.id,))
    closed(small)
    small.session.flush()
    with pytest.raises(PatientsDoNotBook):
        wait(small)
