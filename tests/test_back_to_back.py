"""Two services for one patient, or a family one after another: booked in one go or not at all."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.availability import ReasonCode
from core.availability.next_free import AFTERNOON
from core.booking import (
    BookingRequest,
    ChainAsked,
    ChainRequest,
    Leg,
    book,
    book_back_to_back,
    next_chains,
    preview_chain,
)
from core.errors import ChainRefused, Invalid, KeyReused, NotFound
from core.holds import HoldRequest, hold
from core.models import AuditEntry, Booking, Claim, Patient, Professional, Service
from core.patient_slip import load_slip
from core.policy import Actor
from tests import a


class Desk:
    """A doctor who consults, two nurses who take blood, Mrs Silva and her daughter."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.visit: Service = a.service(session, name="Consultation", length_minutes=20)
        self.blood: Service = a.service(session, name="Blood test", length_minutes=10)
        self.ada: Professional = a.professional(session, name="Dr Ada", services=(self.visit,))
        self.nina: Professional = a.professional(session, name="Nina", services=(self.blood,))
        self.otto: Professional = a.professional(session, name="Otto", services=(self.blood,))
        self.ana: Patient = a.patient(session, name="Ana Silva")
        self.bea: Patient = a.patient(session, name="Bea Silva")
        self.actor: Actor = a.actor(session, name="Rita")

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Mrs Silva to the doctor, then for her blood to anybody; the daughter to the doctor."""
        return (
            Leg(self.visit.id, self.ana.id, self.ada.id),
            Leg(self.blood.id, self.ana.id),
            Leg(self.visit.id, self.bea.id, self.ada.id),
        )

    def asked(self, hour: float, *legs: Leg, **values: object) -> ChainAsked:
        return ChainAsked(legs or self.legs, a.at(hour), **values)

    def book(self, hour: float, *legs: Leg, key: str = "call") -> list[Booking]:
        request = ChainRequest(self.asked(hour, *legs), key)
        return book_back_to_back(self.session, self.actor, request, now=a.BEFORE)

    def taken(self, who: Professional, service: Service, hour: float) -> Booking:
        guest = a.patient(self.session)
        request = BookingRequest(who.id, service.id, guest.id, a.at(hour), f"{who.id} {hour}")
        return book(self.session, self.actor, request, now=a.BEFORE)

    def preview(self, hour: float, *legs: Leg, **values: object):
        asked = self.asked(hour, *legs, **values)
        return preview_chain(self.session, self.actor, asked, now=a.BEFORE)

    def next(self, hour: float, *legs: Leg, **values: object):
        asked = self.asked(hour, *legs)
        found = next_chains(self.session, self.actor, asked, now=a.BEFORE, **values)
        return [tuple(each.starts_at for each in chain) for chain in found]

    def count(self, what=Booking) -> int:
        return self.session.scalar(select(func.count()).select_from(what)) or 0


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


@pytest.fixture
def quick(sqlite_database):
    """The same where the engine cannot matter."""
    with sqlite_database.writing() as session:
        yield Desk(session)


def times(found):
    return [(each.starts_at, each.professional_id) for each in found]


def test_a_family_is_booked_one_after_another_each_at_the_next_start(desk):
    booked = desk.book(9)

    assert times(booked) == [
        (a.at(9), desk.ada.id),
        (a.at(9.5), desk.nina.id),
        (a.at(9.75), desk.ada.id),
    ]
    assert [each.ends_at for each in booked] == [
        a.at(9 + 1 / 3),
        a.at(9 + 2 / 3),
        a.at(10 + 1 / 12),
    ]
    assert desk.count(Claim) == 6
    actions = desk.session.scalars(select(AuditEntry.action)).all()
    assert actions == ["booking.booked"] * 3


def test_the_slip_lists_all_visits_of_the_day(quick):
    quick.book(9)

    visits = load_slip(quick.session, quick.actor, quick.ana.id, now=a.BEFORE).visits

    assert [each.service for each in visits] == ["Consultation", "Blood test"]


def test_the_same_request_again_answers_with_the_same_bookings(desk):
    first = desk.book(9)

    assert desk.book(9) == first
    assert desk.count() == 3


@pytest.mark.parametrize("other", ["time", "legs", "patient"])
def test_other_content_under_the_same_key_is_refused(quick, other):
    quick.book(9)
    legs, hour = quick.legs, 11 if other == "time" else 9
    if other == "legs":
        legs = legs[:2]
    if other == "patient":
        legs = (replace(legs[0], patient_id=quick.bea.id), *legs[1:])

    with pytest.raises(KeyReused):
        quick.book(hour, *legs)
    assert quick.count() == 3


def test_of_a_chain_that_does_not_fit_nothing_is_booked_and_the_leg_is_named(desk):
    for hour in (10, 10.5):
        desk.taken(desk.ada, desk.visit, hour)
    before = desk.count(), desk.count(Claim)

    with pytest.raises(ChainRefused, match="visit 3, Consultation, does not fit") as refused:
        desk.book(9.25)

    assert [each.code for each in refused.value.details["reasons"]] == [ReasonCode.TOO_SHORT]
    assert (desk.count(), desk.count(Claim)) == before


def test_the_leg_that_has_no_place_says_why_after_those_that_have(quick):
    for hour in (10, 10.5):
        quick.taken(quick.ada, quick.visit, hour)

    plan = quick.preview(9.25)

    assert times(plan.placed) == [(a.at(9.25), quick.ada.id), (a.at(9.75), quick.nina.id)]
    assert plan.no_place.number == 2
    assert [each.code for each in plan.no_place.reasons] == [ReasonCode.TOO_SHORT]


def test_where_anybody_would_do_whoever_is_free_first_does_it(quick):
    quick.taken(quick.nina, quick.blood, 9.5)

    assert times(quick.preview(9).placed)[1] == (a.at(9.5), quick.otto.id)


def test_of_those_free_at_once_the_emptier_calendar_comes_first(quick):
    quick.taken(quick.nina, quick.blood, 14)

    assert times(quick.preview(9).placed)[1] == (a.at(9.5), quick.otto.id)


def test_nobody_waits_longer_than_half_an_hour_between_two_visits(quick):
    chain = quick.legs[:2]
    for who in (quick.nina, quick.otto):
        quick.taken(who, quick.blood, 9.5)
        quick.taken(who, quick.blood, 9.75)
    assert quick.preview(9.25, *chain).placed[1].starts_at == a.at(9 + 55 / 60)

    plan = quick.preview(9, *chain)

    assert (plan.no_place.number, plan.no_place.earliest_at) == (1, a.at(9 + 1 / 3))
    assert plan.no_place.reasons == ()


def test_the_same_professional_keeps_their_buffer_between_two_of_the_chain(desk):
    desk.visit.after_minutes = 15
    desk.session.flush()
    twice = (
        Leg(desk.visit.id, desk.ana.id, desk.ada.id),
        Leg(desk.visit.id, desk.bea.id, desk.ada.id),
    )

    booked = desk.book(9, *twice)

    assert [each.starts_at for each in booked] == [a.at(9), a.at(9 + 35 / 60)]


def test_the_same_professional_goes_on_at_once_where_nothing_has_to_lie_between(quick):
    twice = (Leg(quick.visit.id, quick.ana.id), Leg(quick.visit.id, quick.bea.id))

    assert quick.book(9, *twice)[1].starts_at == a.at(9 + 1 / 3)


def test_a_limit_a_day_counts_the_visits_of_the_chain(quick):
    quick.ada.visits_per_day = 1
    quick.session.flush()

    plan = quick.preview(9)

    assert plan.no_place.number == 2
    assert [each.code for each in plan.no_place.reasons] == [ReasonCode.DAY_LIMIT]


def test_an_earlier_leg_takes_whom_a_later_one_can_spare(quick):
    """Of two who are free at once the one is chosen with whom the rest fits too."""
    a.offer(quick.session, quick.ada, quick.blood)
    quick.taken(quick.nina, quick.blood, 9.5)
    quick.taken(quick.otto, quick.blood, 15)
    quick.taken(quick.otto, quick.blood, 16)
    quick.ada.visits_per_day = 2

    chain = quick.preview(9)

    assert [each for _start, each in times(chain.placed)] == [
        quick.ada.id,
        quick.otto.id,
        quick.ada.id,
    ]


def test_who_does_what_is_tried_in_every_order_until_all_of_it_fits(quick):
    """Dr Ada needs 40 minutes before the last visit, and Dr Ben takes one a day: she goes first."""
    scan = a.service(quick.session, name="Scan", before_minutes=40)
    a.offer(quick.session, quick.ada, scan)
    ben = a.professional(quick.session, services=(quick.visit,), visits_per_day=1)
    quick.taken(quick.ada, quick.visit, 15)

    anybody = Leg(quick.visit.id, quick.ana.id)
    plan = quick.preview(9, anybody, anybody, Leg(scan.id, quick.ana.id))

    assert times(plan.placed) == [
        (a.at(9), quick.ada.id),
        (a.at(9.5), ben.id),
        (a.at(10), quick.ada.id),
    ]


def test_a_room_both_services_need_passes_from_one_to_the_next(quick):
    room = a.room(quick.session)
    for each in (quick.visit, quick.blood):
        a.needs(quick.session, each, room)

    assert {each.room_id for each in quick.book(9)} == {room.id}


def test_a_time_that_was_agreed_is_kept_or_refused_and_never_another(quick):
    first, then, _daughter = quick.legs
    agreed = replace(then, professional_id=quick.nina.id, starts_at=a.at(9.5))
    assert quick.preview(9, first, agreed).placed[1].starts_at == a.at(9.5)
    quick.taken(quick.nina, quick.blood, 9.5)

    with pytest.raises(ChainRefused, match="visit 2, Blood test") as refused:
        quick.book(9, first, agreed)

    assert [each.code for each in refused.value.details["reasons"]] == [ReasonCode.TAKEN]


def test_the_next_starts_are_those_at_which_all_of_it_fits(quick):
    quick.taken(quick.ada, quick.visit, 9.5)
    quick.taken(quick.ada, quick.visit, 10)

    found = quick.next(9, count=3)

    assert found == [
        (a.at(10 + 1 / 3), a.at(10.75), a.at(11)),
        (a.at(10.5), a.at(11), a.at(11.25)),
        (a.at(9, day=1), a.at(9.5, day=1), a.at(9.75, day=1)),
    ]
    for start, *_rest in found:
        assert quick.preview((start - a.at(0)).total_seconds() / 3600).no_place is None


def test_of_a_day_the_starts_with_the_least_waiting_come_first(quick):
    first, then, _daughter = quick.legs
    for hour in (9.25, 9.5):
        quick.taken(quick.nina, quick.blood, hour)
    to_nina = replace(then, professional_id=quick.nina.id)

    found = quick.next(9, first, to_nina, count=1, most_a_day=1)

    assert found == [(a.at(9.25), a.at(9 + 40 / 60))]


def test_the_days_and_the_part_of_the_day_that_suit_are_kept_to(quick):
    found = quick.next(9, count=3, weekdays=frozenset({2, 4}), parts=(AFTERNOON,), most_a_day=1)

    assert [chain[0] for chain in found] == [a.at(12, day=each) for each in (1, 3, 8)]


def test_a_chain_may_go_past_midnight(quick):
    night = a.professional(
        quick.session, hours=((0, 24),), weekdays=(1, 2, 3, 4, 5, 6, 7), services=(quick.visit,)
    )
    twice = tuple(Leg(quick.visit.id, each.id, night.id) for each in (quick.ana, quick.bea))

    assert quick.next(23.75, *twice, count=1) == [(a.at(23.75), a.at(24 + 5 / 60))]


def test_nothing_is_found_where_the_legs_never_follow_each_other(quick):
    late = a.professional(quick.session, hours=((18, 20),), services=(quick.blood,))
    first, then, _daughter = quick.legs

    assert quick.next(9, first, replace(then, professional_id=late.id)) == []


def test_the_hold_of_the_form_is_not_in_its_way_and_becomes_the_first_booking(desk):
    request = HoldRequest(desk.ada.id, desk.visit.id, a.at(9), "held")
    held = hold(desk.session, desk.actor, request, now=a.BEFORE)
    asked = desk.asked(9, hold_id=held.id)
    assert desk.preview(9).no_place is not None
    assert desk.preview(9, hold_id=held.id).no_place is None

    request = ChainRequest(asked, "call", "by the window")
    booked = book_back_to_back(desk.session, desk.actor, request, now=a.BEFORE)

    assert [each.desk_note for each in booked] == ["by the window", "by the window", ""]
    assert desk.count() == 3


def test_a_chain_is_two_to_six_visits(quick):
    (first, *_others) = quick.legs
    for legs in ((), (first,), (first,) * 7):
        request = ChainRequest(ChainAsked(legs, a.at(9)), "call")
        with pytest.raises(Invalid, match="2 to 6 visits"):
            book_back_to_back(quick.session, quick.actor, request, now=a.BEFORE)


def test_every_leg_needs_its_patient_and_somebody_who_offers_it(quick):
    first, then, _daughter = quick.legs
    with pytest.raises(Invalid, match="choose the patient"):
        quick.book(9, first, replace(then, patient_id=None))
    with pytest.raises(Invalid, match="offers this service"):
        quick.book(9, first, replace(then, professional_id=quick.ada.id))
    with pytest.raises(NotFound, match="service"):
        quick.book(9, first, replace(then, service_id=999))
    with pytest.raises(NotFound, match="patient"):
        quick.book(9, first, replace(then, patient_id=999))
