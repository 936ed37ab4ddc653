"""What is wrong with the schedule, told as data."""

from datetime import date, timedelta

import pytest

from core.errors import NotAllowed
from core.models import (
    Attendee,
    BookingState,
    DateHours,
    HoursKind,
    Opening,
    Role,
    TimeOff,
    WorkingHours,
)
from core.schedule_check import FindingKind, schedule_findings
from tests import a

K = FindingKind


@pytest.fixture
def admin(session):
    return a.actor(session, Role.ADMIN)


def hours(professional, weekday, start, end, kind=HoursKind.WORK):
    return WorkingHours(
        professional_id=professional.id,
        weekday=weekday,
        kind=kind,
        starts_minute=start,
        ends_minute=end,
    )


def findings(session, actor):
    return schedule_findings(session, actor, now=a.BEFORE)


def test_a_sound_schedule_has_nothing_to_tell(session, admin):
    service = a.service(session)
    ada = a.professional(session, services=(service,))
    session.add(hours(ada, 1, 720, 780, HoursKind.BREAK))
    a.booking(session, ada, a.span(9, 10), service=service)
    assert findings(session, admin) == []


def test_overlapping_hours_and_a_break_outside_them_are_told_once(session, admin):
    ada = a.professional(session, name="Dr Ada")
    session.add_all([hours(ada, 1, 960, 1080), hours(ada, 2, 1080, 1140, HoursKind.BREAK)])
    told = [(each.kind, str(each)) for each in findings(session, admin)]
    assert told == [
        (K.OVERLAPPING_HOURS, "Dr Ada, Monday: 09:00 to 17:00 overlaps other hours."),
        (K.BREAK_OUTSIDE_HOURS, "Dr Ada, Tuesday: the break from 18:00 to 19:00 is not at work."),
    ]


def test_hours_that_meet_across_midnight_overlap(session, admin):
    ada = a.professional(session, hours=())
    session.add_all([hours(ada, 7, 1320, 1560), hours(ada, 1, 60, 540)])
    assert [each.kind for each in findings(session, admin)] == [K.OVERLAPPING_HOURS]


def test_hours_that_begin_in_the_hour_left_out_are_told_with_the_day(session, admin):
    ada = a.professional(session, hours=(), zone="Europe/Madrid")
    session.add(hours(ada, 7, 150, 540))
    [found] = findings(session, admin)
    assert found.kind is K.CLOCK_CHANGE
    assert found.details["day"] == date(2027, 3, 28)
    assert found.details["time"] == "02:30"


def test_openings_over_one_another_are_told(session, admin):
    ada = a.professional(session)
    for start, end in ((18, 20), (19, 21), (21, 22)):
        session.add(Opening(professional_id=ada.id, starts_at=a.at(start), ends_at=a.at(end)))
    assert [each.kind for each in findings(session, admin)] == [K.OVERLAPPING_OPENINGS]


def test_a_service_nobody_offers_is_told_until_it_is_archived(session, admin):
    yoga = a.service(session, name="Yoga")
    gone = a.professional(session, services=(yoga,), archived_at=a.BEFORE)
    assert gone.archived_at
    assert [str(each) for each in findings(session, admin)] == ["Nobody offers Yoga."]
    yoga.archived_at = a.BEFORE
    assert findings(session, admin) == []


def test_visits_outside_the_hours_are_told_with_the_reason(session, admin):
    service = a.service(session)
    ada = a.professional(session, name="Dr Ada", services=(service,))
    session.add(TimeOff(professional_id=ada.id, starts_at=a.at(12), ends_at=a.at(14)))
    late = a.booking(
        session, ada, a.span(17, 18), service=service, patient=a.patient(session, name="Ana")
    )
    away = a.booking(session, ada, a.span(13, 13.5), service=service)
    a.booking(session, ada, a.span(16, 17, day=-30), service=service)
    a.booking(session, ada, a.span(20, 21), service=service, state=BookingState.CANCELLED)
    found = findings(session, admin)
    assert [(each.kind, each.refers_to) for each in found] == [
        (K.OUTSIDE_HOURS, away.id),
        (K.OUTSIDE_HOURS, late.id),
    ]
    assert "Ana, " in str(found[1])
    assert "Dr Ada finishes work at" in str(found[1])
    assert "is away until" in str(found[0])


def test_a_group_outside_the_hours_is_told_once_with_all_its_patients(session, admin):
    service = a.service(session, seats=3)
    ada = a.professional(session, services=(service,))
    group = a.booking(
        session, ada, a.span(18, 19), service=service, patient=a.patient(session, name="Ana")
    )
    second = a.patient(session, name="Rui")
    group.attendees.append(Attendee(patient_id=second.id, state=BookingState.BOOKED))
    session.flush()
    [found] = findings(session, admin)
    assert found.details["who"] == "Ana, Rui"


def test_professionals_are_told_of_their_own_and_patients_of_nothing(session):
    yoga = a.service(session, name="Yoga")
    ada, bob = a.professional(session), a.professional(session)
    session.add_all([hours(each, 1, 960, 1080) for each in (ada, bob)])
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    assert {each.professional_id for each in findings(session, own)} == {ada.id}
    assert yoga.name
    with pytest.raises(NotAllowed):
        findings(session, a.actor(session, Role.PATIENT))


def test_dates_in_the_past_are_left_alone(session, admin):
    ada = a.professional(session)
    for day in (a.DAY - timedelta(days=30), a.DAY):
        for start, end in ((540, 720), (660, 780)):
            session.add(
                DateHours(professional_id=ada.id, on_date=day, starts_minute=start, ends_minute=end)
            )
    [found] = findings(session, admin)
    assert (found.kind, found.details["day"]) == (K.OVERLAPPING_HOURS, a.DAY)
