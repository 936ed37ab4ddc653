"""The next free starts: found, ranked, and no more read than it takes."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.availability import Days, load_sheets, starts
from core.availability import next_free as engine
from core.availability.next_free import AFTERNOON, MORNING, DayPart, NextAsked, next_starts
from core.errors import Invalid, NotFound
from core.models import Claim, Expertise, Professional, ProfessionalExpertise, Role, TimeOff
from core.visits import visit_of
from tests import a

MONDAY_MORNING = a.at(7)


@pytest.fixture
def desk(session):
    return a.actor(session)


@pytest.fixture
def service(session):
    return a.service(session, name="Visit", step_minutes=30)


def hours_of(found):
    return [each.starts_at.hour + each.starts_at.minute / 60 for each in found]


def test_the_first_starts_come_in_order(session, desk, service):
    ada = a.professional(session, name="Dr Ada", services=(service,))
    a.booking(session, ada, a.span(9, 10))
    found = next_starts(session, desk, NextAsked(service.id, count=3), now=MONDAY_MORNING)
    assert hours_of(found) == [10, 10.5, 11]
    first = found[0]
    assert (first.professional, first.ends_at - first.starts_at) == (
        "Dr Ada",
        timedelta(minutes=30),
    )
    assert (first.days_to_wait, first.is_usual, first.unusable_minutes, first.load) == (
        0,
        False,
        0,
        0.125,
    )


def test_one_day_is_ranked_by_the_usual_professional_then_gaps_then_load(session, desk, service):
    patient = a.patient(session)
    usual, _idle, busy = (
        a.professional(session, name=name, services=(service,), hours=((9, 11),))
        for name in ("Dr Usual", "Dr Idle", "Dr Busy")
    )
    a.booking(session, usual, a.span(9, 10, day=-7), service=service, patient=patient)
    a.booking(session, usual, a.span(9, 10.5), service=service)
    a.booking(session, busy, a.span(9, 9.5), service=service)
    asked = NextAsked(service.id, count=8, patient_id=patient.id)
    found = next_starts(session, desk, asked, now=MONDAY_MORNING)
    assert [each.professional for each in found] == ["Dr Usual", *["Dr Idle"] * 4, *["Dr Busy"] * 3]
    assert [each.is_usual for each in found] == [True] + [False] * 7
    assert sorted(found, key=lambda each: each.rank) == found


def test_what_leaves_a_gap_too_short_to_sell_comes_after_what_does_not(session, desk):
    service = a.service(session, length_minutes=40, step_minutes=20)
    a.professional(session, services=(service,), hours=((9, 10),))
    found = next_starts(session, desk, NextAsked(service.id, count=2), now=MONDAY_MORNING)
    assert [each.unusable_minutes for each in found] == [20, 20]
    shorter = a.service(session, length_minutes=20, step_minutes=20)
    a.offer(session, session.get_one(Professional, found[0].professional_id), shorter)
    found = next_starts(session, desk, NextAsked(service.id, count=2), now=MONDAY_MORNING)
    assert [each.unusable_minutes for each in found] == [0, 0]


def test_the_best_of_each_day_reach_further_than_the_first_day(session, desk, service):
    a.professional(session, name="Dr Ada", services=(service,), weekdays=(1, 2, 3, 4, 5))
    asked = NextAsked(service.id, count=6, most_a_day=2)

    found = next_starts(session, desk, asked, now=MONDAY_MORNING)

    assert [each.days_to_wait for each in found] == [0, 0, 1, 1, 2, 2]
    assert found[:2] == next_starts(session, desk, NextAsked(service.id, 2), now=MONDAY_MORNING)


def test_filters_choose_who_and_when(session, desk, service):
    heart = Expertise(name="Cardiology")
    session.add(heart)
    ada = a.professional(session, name="Dr Ada", services=(service,), premium=True)
    bob = a.professional(session, name="Dr Bob", services=(service,))
    a.professional(session, name="Dr Other")
    session.flush()
    session.add(ProfessionalExpertise(professional_id=bob.id, expertise_id=heart.id))

    def names(**asked):
        proposals = next_starts(
            session, desk, NextAsked(service.id, count=40, **asked), now=MONDAY_MORNING
        )
        return {each.professional for each in proposals}

    def first(**asked):
        return next_starts(
            session, desk, NextAsked(service.id, count=1, **asked), now=MONDAY_MORNING
        )[0].starts_at

    assert names() == {"Dr Ada", "Dr Bob"}
    assert names(premium=True) == {"Dr Ada"}
    assert names(premium=False) == {"Dr Bob"}
    assert names(expertise_id=heart.id) == {"Dr Bob"}
    assert names(professional_ids=(ada.id,)) == {"Dr Ada"}
    assert first(parts=(AFTERNOON,)) == a.at(12)
    assert first(parts=(DayPart(600, 660),)) == a.at(10)
    assert first(weekdays=frozenset({3})) == a.at(9, day=2)
    assert first(from_on=a.DAY + timedelta(days=1)) == a.at(9, day=1)
    assert first(from_on=date(2020, 1, 1), parts=(MORNING,)) == a.at(9)


def test_a_room_and_the_patient_must_be_free_too(session, desk, service):
    a.professional(session, services=(service,))
    other = a.professional(session)
    room, patient = a.room(session), a.patient(session)
    a.needs(session, service, room)
    session.add(claim_of(a.booking(session, other, a.span(9, 10)), room.calendar_id, a.span(9, 10)))
    a.booking(session, other, a.span(10, 11), patient=patient)
    asked = NextAsked(service.id, count=1, patient_id=patient.id)
    assert hours_of(next_starts(session, desk, asked, now=MONDAY_MORNING)) == [11]


def claim_of(booking, calendar_id, when):
    return Claim(
        booking_id=booking.id, calendar_id=calendar_id, starts_at=when.start, ends_at=when.end
    )


def test_no_more_days_are_read_than_it_takes(session, desk, service, monkeypatch):
    ada = a.professional(session, services=(service,))
    read: list[Days] = []
    load = engine.load_sheets_and

    def remember(session, people, days, others, *, now):
        read.append(days)
        return load(session, people, days, others, now=now)

    monkeypatch.setattr(engine, "load_sheets_and", remember)
    next_starts(session, desk, NextAsked(service.id, count=3), now=MONDAY_MORNING)
    assert len(read) == 1

    read.clear()
    session.add(TimeOff(professional_id=ada.id, starts_at=a.at(0), ends_at=a.at(0, day=60)))
    found = next_starts(session, desk, NextAsked(service.id, count=3), now=MONDAY_MORNING)
    assert found[0].days_to_wait == 60
    lengths = [(each.last - each.first).days + 1 for each in read]
    assert lengths == [3, 6, 12, 14, 14, 14]
    assert all(
        later.first - day.last == timedelta(days=1) for day, later in itertools.pairwise(read)
    )


def test_it_ends_with_the_horizon(session, desk):
    near = a.service(session, horizon_days=10)
    ada = a.professional(session, services=(near,))
    session.add(TimeOff(professional_id=ada.id, starts_at=a.at(0), ends_at=a.at(0, day=11)))
    assert next_starts(session, desk, NextAsked(near.id), now=MONDAY_MORNING) == []
    nobody = a.service(session)
    assert next_starts(session, desk, NextAsked(nobody.id), now=MONDAY_MORNING) == []


def test_the_answer_is_the_same_as_reading_everything_and_sorting_it(session, desk, service):
    people = [
        a.professional(session, services=(service,), hours=((9, 12), (13, 15))) for _ in range(3)
    ]
    for day, (number, person) in itertools.product(range(9), enumerate(people)):
        for hour in (9 + (day + number) % 3 * 0.5, 13):
            a.booking(session, person, a.span(hour, hour + 1.25, day=day), service=service)
    asked = NextAsked(service.id, count=30, weekdays=frozenset({1, 2, 4}))
    found = next_starts(session, desk, asked, now=MONDAY_MORNING)

    days = Days(a.DAY, a.DAY + timedelta(days=20))
    visit = visit_of(desk, service)
    everything = sorted(
        start
        for sheet in load_sheets(session, people, days, now=MONDAY_MORNING)
        for start in starts(sheet, visit, now=MONDAY_MORNING)
        if sheet.clock.date_of(start).isoweekday() in asked.weekdays
    )
    found_days = [each.starts_at.date() for each in found]
    assert found_days == sorted(found_days)
    complete = {each for each in found_days if each < found_days[-1]}
    seconds = sorted(
        int(each.starts_at.timestamp()) for each in found if each.starts_at.date() in complete
    )
    assert seconds == everything[: len(seconds)]


def test_patients_and_professionals_find_their_own(session, service):
    ada = a.professional(session, name="Dr Ada", services=(service,))
    a.professional(session, name="Dr Bob", services=(service,))
    patient, other = a.patient(session), a.patient(session)
    themselves = a.actor(session, Role.PATIENT, patient_id=patient.id)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    asked = NextAsked(service.id, count=5, patient_id=patient.id)
    assert len(next_starts(session, themselves, asked, now=MONDAY_MORNING)) == 5
    with pytest.raises(NotFound):
        next_starts(session, themselves, replace(asked, patient_id=other.id), now=MONDAY_MORNING)
    with pytest.raises(NotFound):
        next_starts(session, themselves, replace(asked, patient_id=None), now=MONDAY_MORNING)
    with pytest.raises(NotFound):
        next_starts(session, own, asked, now=MONDAY_MORNING)
    mine = next_starts(session, own, replace(asked, patient_id=None), now=MONDAY_MORNING)
    assert {each.professional for each in mine} == {"Dr Ada"}


def test_what_cannot_be_asked_is_refused(session, desk, service):
    for wrong in (
        NextAsked(service.id, count=0),
        NextAsked(service.id, weekdays=frozenset()),
        NextAsked(service.id, parts=(DayPart(600, 600),)),
    ):
        with pytest.raises(Invalid):
            next_starts(session, desk, wrong, now=MONDAY_MORNING)
    with pytest.raises(NotFound):
        next_starts(session, desk, NextAsked(9999), now=MONDAY_MORNING)
    with pytest.raises(NotFound):
        next_starts(session, desk, NextAsked(service.id, patient_id=9999), now=MONDAY_MORNING)
