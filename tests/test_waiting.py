"""The waiting list: who is on it, who fits a time that is free, and how it is offered."""

import random
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import waiting
from core.availability.next_free import AFTERNOON, MORNING, DayPart
from core.booking import BookingRequest, CancelRequest, book, cancel
from core.check import find_broken
from core.errors import BookingError, CannotBook, Invalid, KeyReused, NotAllowed, NotFound, Stale
from core.holds import HELD_FOR_A_CALL, HoldRequest, hold
from core.models import (
    Answer,
    AuditEntry,
    Booking,
    BookingState,
    Offer,
    Priority,
    Role,
    WaitingEntry,
    WaitingState,
)
from core.schedule import NewOpening, publish_opening
from core.visits import load_around, reasons_against, want
from core.waiting import EditedEntry, Gap, NewEntry, OfferRequest, Wishes
from tests import a

NOW = a.BEFORE


class Place:
    """Dr Ada and Dr Ben at work; Rita and Bea at two desks."""

    def __init__(self, session):
        self.session = session
        self.visit = a.service(session, name="Visit", length_minutes=30)
        self.long = a.service(session, name="Long visit", length_minutes=60)
        services = (self.visit, self.long)
        self.ada = a.professional(session, name="Dr Ada", services=services)
        self.ben = a.professional(session, name="Dr Ben", services=services)
        self.rita = a.actor(session, name="Rita")
        self.bea = a.actor(session, name="Bea")
        self.count = 0

    def add(self, name="", *, now=NOW, service=None, **wishes):
        self.count += 1
        patient = a.patient(
            self.session, name=name or f"Patient {self.count}", phone="+351912345678"
        )
        wished = Wishes((service or self.visit).id, **wishes)
        return waiting.add(
            self.session, self.rita, NewEntry(patient.id, wished, f"key {self.count}"), now=now
        )

    def gap(self, start=10, end=10.5, *, day=0, professional=None):
        when = a.span(start, end, day=day)
        return Gap(when.start, when.end, (professional or self.ada).id)

    def fits(self, gap=None, *, now=NOW):
        return waiting.fitting_entries(self.session, self.rita, gap or self.gap(), now=now)

    def names(self, gap=None, *, now=NOW):
        return [each.waiting.patient for each in self.fits(gap, now=now)]

    def offer(self, entry, hour=10, *, actor=None, professional=None, now=NOW):
        request = OfferRequest(entry.id, entry.version, (professional or self.ada).id, a.at(hour))
        return waiting.offer(self.session, actor or self.rita, request, now=now)

    def book(self, hour, patient_id, *, now=NOW, professional=None, service=None):
        self.count += 1
        request = BookingRequest(
            (professional or self.ada).id,
            (service or self.visit).id,
            patient_id,
            a.at(hour),
            f"booked {self.count}",
        )
        return book(self.session, self.rita, request, now=now)


@pytest.fixture
def place(session):
    return Place(session)


def codes(refused):
    return [str(each.code) for each in refused.value.details["reasons"]]


# Who is on the list.


def test_a_patient_is_put_on_the_list_with_everything_they_wish(session, place):
    parts = (AFTERNOON, DayPart(8 * 60, 9 * 60))
    entry = place.add(
        professional_ids=(place.ben.id,),
        until_on=a.DAY,
        weekdays=frozenset({1, 3}),
        parts=parts,
        notice_minutes=120,
        priority=Priority.URGENT,
        note="after work",
    )
    (line,) = waiting.load_waiting(session, place.rita, now=NOW)

    assert (line.id, line.wishes.from_on) == (entry.id, NOW.date())
    assert line.wishes.professional_ids == (place.ben.id,)
    assert line.wishes.weekdays == {1, 3}
    assert set(line.wishes.parts) == set(parts)
    assert (line.wishes.notice_minutes, line.wishes.note) == (120, "after work")


def test_the_same_form_sent_twice_adds_once(session, place):
    patient, wishes = a.patient(session), Wishes(place.visit.id)
    one = waiting.add(session, place.rita, NewEntry(patient.id, wishes, "k"), now=NOW)
    two = waiting.add(session, place.rita, NewEntry(patient.id, wishes, "k"), now=NOW)

    assert one.id == two.id
    with pytest.raises(KeyReused):
        waiting.add(session, place.rita, NewEntry(a.patient(session).id, wishes, "k"), now=NOW)


def test_nobody_waits_twice_for_the_same_service_but_for_another_one(session, place):
    patient = session.get_one(WaitingEntry, place.add().id).patient_id
    other = NewEntry(patient, Wishes(place.long.id), "other")
    assert waiting.add(session, place.rita, other, now=NOW).id

    with pytest.raises(Invalid, match="waits for Visit already"):
        waiting.add(session, place.rita, NewEntry(patient, Wishes(place.visit.id), "x"), now=NOW)


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"until_on": a.DAY - timedelta(days=30)}, "until"),
        ({"from_on": a.DAY + timedelta(days=900)}, "until"),
        ({"weekdays": frozenset()}, "weekdays"),
        ({"weekdays": frozenset({8})}, "weekdays"),
        ({"parts": (DayPart(600, 600),)}, "parts"),
        ({"parts": (DayPart(0, 1500),)}, "parts"),
        ({"notice_minutes": -1}, "notice"),
        ({"professional_ids": (999,)}, "professionals"),
    ],
)
def test_a_wish_nobody_can_have_is_refused(place, wishes, field):
    with pytest.raises(Invalid) as refused:
        place.add(**wishes)
    assert refused.value.field == field


def test_a_group_has_waiting_places_of_its_own(session, place):
    group = a.service(session, name="Group", seats=4)
    a.offer(session, place.ada, group)
    with pytest.raises(Invalid, match="waiting places of its own"):
        place.add(service=group)


def test_the_list_has_urgent_ones_first_then_who_waits_longest(session, place):
    place.add("Late", now=NOW)
    place.add("Early", now=NOW - timedelta(days=3))
    place.add("Urgent", now=NOW, priority=Priority.URGENT)
    place.add("Ben's", now=NOW, professional_ids=(place.ben.id,), service=place.long)

    def names(**asked):
        found = waiting.load_waiting(session, place.rita, now=NOW, **asked)
        return [each.patient for each in found]

    assert names() == ["Urgent", "Early", "Late", "Ben's"]
    assert names(service_id=place.long.id) == ["Ben's"]
    assert names(professional_id=place.ada.id) == ["Urgent", "Early", "Late"]


def test_an_entry_is_changed_once_and_a_stale_change_is_refused(session, place):
    entry = place.add()
    wishes = Wishes(place.visit.id, professional_ids=(place.ada.id,), note="mornings only")
    changed = waiting.edit(session, place.rita, EditedEntry(entry.id, 1, wishes), now=NOW)

    assert (changed.version, changed.note) == (2, "mornings only")
    (line,) = waiting.load_waiting(session, place.rita, now=NOW)
    assert line.wishes.professional_ids == (place.ada.id,)
    with pytest.raises(Stale, match="Rita"):
        waiting.edit(session, place.bea, EditedEntry(entry.id, 1, wishes), now=NOW)


def test_two_entries_never_become_one_by_a_change(session, place):
    entry = place.add()
    other = NewEntry(entry.patient_id, Wishes(place.long.id), "other")
    waiting.add(session, place.rita, other, now=NOW)
    with pytest.raises(Invalid, match="already"):
        waiting.edit(session, place.rita, EditedEntry(entry.id, 1, Wishes(place.long.id)), now=NOW)


def test_an_entry_is_closed_with_a_reason_and_not_without(session, place):
    entry = place.add()
    with pytest.raises(Invalid):
        waiting.close(session, place.rita, entry.id, 1, " ", now=NOW)
    waiting.close(session, place.rita, entry.id, 1, "Found a time elsewhere", now=NOW)

    assert waiting.load_waiting(session, place.rita, now=NOW) == []
    with pytest.raises(Invalid, match="not waiting any more"):
        waiting.close(session, place.rita, entry.id, 2, "again", now=NOW)


def test_closing_gives_back_what_is_being_offered(session, place):
    entry = place.add()
    made = place.offer(entry)
    waiting.close(session, place.bea, entry.id, entry.version, "Called us", now=NOW)

    assert session.get_one(Offer, made.id).answer is Answer.TAKEN_BACK
    assert place.book(10, a.patient(session).id)


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PROFESSIONAL])
def test_only_the_desk_adds_offers_and_looks(session, place, role):
    entry = place.add()
    own = {
        Role.PATIENT: {"patient_id": entry.patient_id},
        Role.PROFESSIONAL: {"professional_id": place.ada.id},
    }
    other = a.actor(session, role, **own[role])
    request = OfferRequest(entry.id, 1, place.ada.id, a.at(10))
    made = place.offer(entry)
    by_themselves = (
        (waiting.add, (NewEntry(entry.patient_id, Wishes(place.long.id), "k"),)),
        (waiting.close, (entry.id, 1, "no")),
    )
    for verb, asked in (
        *(() if role is Role.PATIENT else by_themselves),
        (waiting.edit, (EditedEntry(entry.id, 1, Wishes(place.visit.id)),)),
        (waiting.offer, (request,)),
        (waiting.accept, (made.id,)),
        (waiting.decline, (made.id,)),
        (waiting.no_answer, (made.id,)),
        (waiting.take_back, (made.id,)),
        (waiting.fitting_entries, (place.gap(),)),
        (waiting.gaps_for_waiting, ()),
    ):
        with pytest.raises(NotAllowed):
            verb(session, other, *asked, now=NOW)


def test_patients_see_their_own_entry_and_professionals_none(session, place):
    entry, _other = place.add("Ana"), place.add("Bo")
    ana = a.actor(session, Role.PATIENT, patient_id=entry.patient_id)
    ada = a.actor(session, Role.PROFESSIONAL, professional_id=place.ada.id)

    assert [each.patient for each in waiting.load_waiting(session, ana, now=NOW)] == ["Ana"]
    assert waiting.load_waiting(session, ada, now=NOW) == []


# Who fits.


def test_urgent_ones_come_first_then_the_best_fit_then_who_waits_longest(session, place):
    place.add("Short, early", now=NOW - timedelta(days=9))
    place.add("Long, late", service=place.long, now=NOW - timedelta(days=1))
    place.add("Long, early", service=place.long, now=NOW - timedelta(days=5))
    place.add("Urgent", priority=Priority.URGENT)

    fits = place.fits(place.gap(10, 11))

    assert [each.waiting.patient for each in fits] == [
        "Urgent",
        "Long, early",
        "Long, late",
        "Short, early",
    ]
    assert [str(each) for each in fits[0].why][:2] == ["Urgent", "leaves 30 min free"]
    assert [str(each) for each in fits[1].why] == ["fills the time", "waits since 2026-11-29"]


@pytest.mark.parametrize(
    ("fits", "does_not"),
    [
        ({"parts": (MORNING,)}, {"parts": (AFTERNOON,)}),
        ({"parts": (DayPart(600, 630),)}, {"parts": (DayPart(480, 570),)}),
        ({"weekdays": frozenset({1})}, {"weekdays": frozenset({2, 3, 4, 5})}),
        ({"from_on": a.DAY}, {"from_on": a.DAY + timedelta(days=1)}),
        ({"until_on": a.DAY}, {"until_on": a.DAY - timedelta(days=1)}),
        ({"notice_minutes": 60}, {"notice_minutes": 8 * 24 * 60}),
    ],
)
def test_each_wish_lets_in_and_keeps_out(place, fits, does_not):
    place.add("Fits", **fits)
    place.add("Does not", **does_not)
    assert place.names() == ["Fits"]


def test_whoever_wants_a_certain_professional_waits_for_that_one(place):
    place.add("For Ada", professional_ids=(place.ada.id,))
    place.add("For Ben", professional_ids=(place.ben.id,))
    place.add("For any")
    assert place.names() == ["For Ada", "For any"]
    assert place.names(place.gap(professional=place.ben)) == ["For Ben", "For any"]


def test_who_is_too_long_for_the_gap_or_busy_then_does_not_fit(session, place):
    place.book(10.5, a.patient(session).id)
    place.book(9.5, a.patient(session).id)
    place.add("Too long", service=place.long)
    busy = place.add("Busy")
    place.book(10, busy.patient_id, professional=place.ben, service=place.long)
    place.add("Free")
    assert place.names() == ["Free"]


def test_a_room_that_is_taken_keeps_everybody_out(session, place):
    room = a.room(session)
    a.needs(session, place.visit, room)
    place.add("Needs the room")
    assert place.names() == ["Needs the room"]
    place.book(10, a.patient(session).id, professional=place.ben)
    assert place.names() == []


def test_the_visit_may_reach_past_the_gap_into_other_free_time(place):
    place.add(service=place.long)
    (fit,) = place.fits(place.gap(10, 10.5))
    assert fit.starts_at == a.at(9.5)
    assert fit.left_minutes == 0


def test_time_that_was_cancelled_moved_off_opened_or_given_back_fits(session, place):
    """Whatever made it free: the engine is asked, not the event."""
    booking = place.book(10, a.patient(session).id)
    place.add("Ana")
    assert place.names() == []
    cancel(session, place.rita, CancelRequest(booking.id, 1, "ill"), now=NOW)
    assert place.names() == ["Ana"]

    evening = place.gap(19, 19.5)
    assert place.names(evening) == []
    admin = a.actor(session, Role.ADMIN)
    publish_opening(session, admin, NewOpening(place.ada.id, a.at(19), a.at(20)), now=NOW)
    assert place.names(evening) == ["Ana"]


@pytest.mark.parametrize("seed", range(4))
def test_only_what_the_desk_can_book_is_proposed(session, place, seed):
    """Every proposal is a start the engine has no reason against; what is left out has one."""
    chance = random.Random(seed)
    room = a.room(session)
    a.needs(session, place.long, room)
    place.ada.visits_per_day = 5
    entries = [place.add(service=chance.choice((place.visit, place.long))) for _ in range(6)]
    for _ in range(14):
        try:
            place.book(
                chance.randrange(36, 68) / 4,
                chance.choice(entries).patient_id,
                professional=chance.choice((place.ada, place.ben)),
                service=chance.choice((place.visit, place.long)),
            )
        except CannotBook:
            continue
    proposed = {}
    for hour in range(8, 18):
        gap = place.gap(hour, hour + 1)
        for fit in place.fits(gap):
            proposed[fit.waiting.id, hour] = fit
            wanted = want(
                session,
                place.rita,
                professional_id=place.ada.id,
                service_id=fit.waiting.wishes.service_id,
                patient_ids=(fit.waiting.patient_id,),
            )
            loaded = load_around(session, wanted, fit.starts_at, now=NOW)
            assert reasons_against(wanted, loaded, fit.starts_at, now=NOW) == []
    for entry in entries:
        wanted = want(
            session,
            place.rita,
            professional_id=place.ada.id,
            service_id=entry.service_id,
            patient_ids=(entry.patient_id,),
        )
        loaded = load_around(session, wanted, a.at(9), now=NOW)
        for hour in range(8, 18):
            quarters = [a.at(hour + each / 4) for each in range(4)]
            free = [each for each in quarters if not reasons_against(wanted, loaded, each, now=NOW)]
            if free:
                assert (entry.id, hour) in proposed


def test_each_who_waits_is_proposed_once_in_the_coming_days(session, place):
    for start in (9, 10, 11, 12, 13, 14, 15, 16):
        place.book(start, a.patient(session).id, service=place.long)
    place.add("For Ada", professional_ids=(place.ada.id,), from_on=a.DAY, until_on=a.DAY)
    place.add("For Ben", professional_ids=(place.ben.id,), from_on=a.DAY)
    place.add("Any")
    found = waiting.gaps_for_waiting(session, place.rita, now=NOW)

    assert [(each.waiting.patient, each.professional) for each in found] == [
        ("Any", "Dr Ada"),
        ("For Ben", "Dr Ben"),
    ]
    assert found[0].starts_at >= NOW
    only = waiting.gaps_for_waiting(session, place.rita, now=NOW, professional_id=place.ben.id)
    assert {each.professional for each in only} == {"Dr Ben"}


# Offering.


def test_what_is_offered_is_held_for_ten_minutes_for_that_patient_alone(session, place):
    entry = place.add()
    made = place.offer(entry)
    held = session.get_one(Booking, made.hold_id)

    assert held.state is BookingState.HELD
    assert made.held_until == NOW + HELD_FOR_A_CALL == NOW + timedelta(minutes=10)
    with pytest.raises(CannotBook) as refused:
        place.book(10, a.patient(session).id)
    assert codes(refused) == ["held"]
    with pytest.raises(CannotBook) as refused:
        place.book(10, entry.patient_id, professional=place.ben)
    assert codes(refused) == ["patient_busy"]
    assert find_broken(session, now=NOW) == []


def test_the_same_offer_again_is_the_one_that_runs_and_another_is_refused(session, place):
    entry = place.add()
    assert place.offer(entry).id == place.offer(entry, actor=place.bea).id
    with pytest.raises(Invalid, match="Rita is offering"):
        place.offer(entry, 11, actor=place.bea)


def test_two_desks_cannot_offer_one_time_to_two(place):
    one, two = place.add(), place.add()
    place.offer(one)
    with pytest.raises(CannotBook) as refused:
        place.offer(two, actor=place.bea)
    assert codes(refused) == ["held"]


def test_a_time_that_cannot_be_booked_cannot_be_offered(session, place):
    entry = place.add()
    with pytest.raises(CannotBook) as refused:
        place.offer(entry, 20)
    assert codes(refused) == ["closed"]
    place.book(10, entry.patient_id, professional=place.ben)
    with pytest.raises(CannotBook) as refused:
        place.offer(entry)
    assert codes(refused) == ["patient_busy"]


def test_an_entry_that_was_changed_meanwhile_is_not_offered_anything(session, place):
    entry = place.add()
    changed = Wishes(place.visit.id, note="not on Mondays")
    old = OfferRequest(entry.id, entry.version, place.ada.id, a.at(10))
    waiting.edit(session, place.bea, EditedEntry(entry.id, 1, changed), now=NOW)
    with pytest.raises(Stale, match="Bea"):
        waiting.offer(session, place.rita, old, now=NOW)


def test_who_accepts_is_booked_and_waits_no_longer(session, place):
    entry = place.add()
    made = place.offer(entry)
    booking = waiting.accept(session, place.rita, made.id, now=NOW + timedelta(minutes=2))

    assert (booking.starts_at, booking.state) == (a.at(10), BookingState.BOOKED)
    assert (entry.state, entry.booking_id) == (WaitingState.BOOKED, booking.id)
    assert session.scalar(select(func.count()).select_from(Booking)) == 1
    assert waiting.accept(session, place.rita, made.id, now=NOW).id == booking.id
    assert find_broken(session, now=NOW) == []
    with pytest.raises(Invalid, match="accepted already"):
        waiting.decline(session, place.rita, made.id, now=NOW)


def test_what_is_booked_is_what_was_offered_whatever_the_entry_says_by_now(session, place):
    entry = place.add()
    made = place.offer(entry)
    longer = EditedEntry(entry.id, entry.version, Wishes(place.long.id))
    waiting.edit(session, place.bea, longer, now=NOW)
    booking = waiting.accept(session, place.rita, made.id, now=NOW)
    assert (booking.service_id, booking.ends_at) == (place.visit.id, a.at(10.5))


def test_another_desk_may_take_the_answer(session, place):
    made = place.offer(place.add())
    assert waiting.accept(session, place.bea, made.id, now=NOW).starts_at == a.at(10)


def test_accepted_after_the_hold_ran_out_is_booked_while_it_is_free_and_refused_after(
    session, place
):
    late = NOW + timedelta(minutes=11)
    first = place.offer(place.add())
    assert waiting.accept(session, place.rita, first.id, now=late)

    second = place.offer(place.add(), 11)
    place.book(11, a.patient(session).id, now=late)
    with pytest.raises(CannotBook) as refused:
        waiting.accept(session, place.rita, second.id, now=late)
    assert codes(refused) == ["taken"]


def test_who_declines_waits_on_and_the_time_goes_to_the_next(session, place):
    first = place.add("First", now=NOW - timedelta(days=2))
    place.add("Second")
    made = place.offer(first)
    waiting.decline(session, place.rita, made.id, now=NOW)

    assert place.names() == ["Second"]
    assert place.names(place.gap(14, 14.5)) == ["First", "Second"]
    assert session.get_one(Offer, made.id).hold_id is None
    assert session.scalar(select(func.count()).select_from(Booking)) == 0
    assert find_broken(session, now=NOW) == []
    with pytest.raises(Invalid, match="declined already"):
        waiting.accept(session, place.rita, made.id, now=NOW)


def test_who_does_not_answer_comes_after_the_others(session, place):
    first = place.add("First", now=NOW - timedelta(days=2))
    place.add("Second")
    waiting.no_answer(session, place.rita, place.offer(first).id, now=NOW)

    fits = place.fits()
    assert [each.waiting.patient for each in fits] == ["Second", "First"]
    assert "no answer" in str(fits[1].why[0])


def test_an_offer_that_runs_out_passes_on_by_itself(session, place):
    """T015"""
    first = place.add("First", now=NOW - timedelta(days=2))
    second = place.add("Second")
    place.offer(first)
    assert place.names() == []
    late = NOW + HELD_FOR_A_CALL

    assert place.names(now=late) == ["Second", "First"]
    assert place.offer(second, now=late).runs(late)
    assert find_broken(session, now=late) == []


def test_what_is_taken_back_counts_as_never_asked(session, place):
    made = place.offer(place.add("Ana"))
    waiting.take_back(session, place.bea, made.id, now=NOW)
    (fit,) = place.fits()
    assert (fit.waiting.patient, fit.asked_at) == ("Ana", None)


def test_who_is_being_offered_a_time_is_proposed_no_other(session, place):
    place.offer(place.add("Ana"))
    assert place.names(place.gap(14, 14.5)) == []
    (line,) = waiting.load_waiting(session, place.bea, now=NOW)
    assert (line.running.starts_at, line.running.offered_by) == (a.at(10), "Rita")


def test_the_log_keeps_every_offer_and_its_answer(session, place):
    entry = place.add()
    waiting.decline(session, place.rita, place.offer(entry).id, now=NOW)
    waiting.no_answer(session, place.bea, place.offer(entry, 11).id, now=NOW)
    place.offer(entry, 12)
    log = waiting.load_log(session, place.rita, entry.id, now=NOW)

    assert [each.answer for each in log] == [None, Answer.NO_ANSWER, Answer.DECLINED]
    assert [each.runs for each in log] == [True, False, False]
    assert log[0].professional == "Dr Ada"


def test_whoever_has_an_earlier_visit_by_now_comes_last_and_is_told_of(session, place):
    served = place.add("Served", now=NOW - timedelta(days=5))
    place.add("Waits")
    place.book(9, served.patient_id)
    fits = place.fits()

    assert [each.waiting.patient for each in fits] == ["Waits", "Served"]
    assert "earlier visit" in str(fits[1].why[0])
    (line, _other) = waiting.load_waiting(session, place.rita, now=NOW)
    assert line.visit_at == a.at(9)


def test_a_booking_they_waited_for_ends_the_waiting_and_a_later_one_does_not(session, place):
    entry = place.add(until_on=a.DAY)
    later = a.at(10, day=7)
    request = BookingRequest(place.ada.id, place.visit.id, entry.patient_id, later, "later")
    booking = book(session, place.rita, request, now=NOW)
    assert waiting.close_served(session, place.rita, booking, now=NOW) is None

    sooner = place.book(10, entry.patient_id)
    closed = waiting.close_served(session, place.rita, sooner, now=NOW)
    assert (closed.state, closed.booking_id) == (WaitingState.BOOKED, sooner.id)
    assert waiting.close_served(session, place.rita, sooner, now=NOW) is None


def test_what_is_not_there_is_not_found(session, place):
    for verb in (waiting.accept, waiting.decline, waiting.no_answer, waiting.take_back):
        with pytest.raises(NotFound):
            verb(session, place.rita, 999, now=NOW)
    with pytest.raises(NotFound):
        waiting.offer(session, place.rita, OfferRequest(9, 1, place.ada.id, a.at(10)), now=NOW)


def test_a_hold_at_the_desk_keeps_those_who_wait_out(session, place):
    place.add()
    request = HoldRequest(place.ada.id, place.visit.id, a.at(10), "desk")
    hold(session, place.bea, request, now=NOW)
    assert place.names() == []


def test_every_step_is_one_entry_on_record(session, place):
    def actions():
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))

    entry = place.add()
    waiting.decline(session, place.rita, place.offer(entry).id, now=NOW)
    waiting.accept(session, place.rita, place.offer(entry, 11).id, now=NOW)
    assert actions() == [
        "waiting.added",
        "offer.made",
        "offer.declined",
        "offer.made",
        "booking.booked",
        "offer.accepted",
    ]


def at_once(database, *works):
    """Each in a transaction of its own, at the same moment; how each ended."""
    barrier, outcomes = threading.Barrier(len(works)), []

    def desk(work):
        barrier.wait()
        try:
            with database.writing() as session:
                work(session)
        except BookingError as refusal:
            outcomes.append(refusal.code)
        else:
            outcomes.append("ok")

    desks = [threading.Thread(target=desk, args=(each,)) for each in works]
    for each in desks:
        each.start()
    for each in desks:
        each.join()
    return sorted(outcomes)


def test_of_many_desks_that_offer_one_gap_one_wins(database):
    """T003"""
    with database.writing() as session:
        place = Place(session)
        requests = [OfferRequest(place.add().id, 1, place.ada.id, a.at(10)) for _ in range(4)]
    actors = (place.rita, place.bea, place.rita, place.bea)

    def offers(actor, request):
        return lambda session: waiting.offer(session, actor, request, now=NOW)

    outcomes = at_once(database, *map(offers, actors, requests))

    assert outcomes == ["ok", "slot_taken", "slot_taken", "slot_taken"]
    with database.reading() as session:
        assert find_broken(session, now=NOW) == []


def test_of_many_desks_that_offer_one_patient_two_times_one_wins(database):
    with database.writing() as session:
        place = Place(session)
        entry = place.add()
        requests = [OfferRequest(entry.id, 1, place.ada.id, a.at(hour)) for hour in (10, 11, 12)]

    def offers(request):
        return lambda session: waiting.offer(session, place.bea, request, now=NOW)

    assert at_once(database, *map(offers, requests)) == ["invalid", "invalid", "ok"]


def test_of_two_answers_at_once_one_counts(database):
    with database.writing() as session:
        place = Place(session)
        offer_id = place.offer(place.add()).id

    outcomes = at_once(
        database,
        lambda session: waiting.accept(session, place.rita, offer_id, now=NOW),
        lambda session: waiting.decline(session, place.bea, offer_id, now=NOW),
    )

    assert outcomes == ["invalid", "ok"]
    with database.reading() as session:
        assert find_broken(session, now=NOW) == []
        booked = session.scalar(select(func.count()).select_from(Booking))
        answer = session.scalar(select(Offer.answer))
    assert booked == (1 if answer is Answer.ACCEPTED else 0)
