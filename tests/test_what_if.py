"""Hours tried before they are saved."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.errors import Invalid, NotFound
from core.models import Role, TimeOff, WorkingHours
from core.schedule import (
    DayWindow,
    HoursOfDate,
    NewTimeOff,
    WeekdayWindow,
    WeeklyHours,
    enter_time_off,
    set_weekly_hours,
)
from core.what_if import WhatIfAsked, what_if
from tests import a

FRIDAY = a.DAY + timedelta(days=4)
SHORT_DAYS = tuple(WeekdayWindow(day, 540, 780) for day in range(1, 6))


@pytest.fixture
def admin(session):
    return a.actor(session, Role.ADMIN)


@pytest.fixture
def service(session):
    return a.service(session, name="Visit", length_minutes=60, step_minutes=60)


@pytest.fixture
def ada(session, service):
    return a.professional(session, name="Dr Ada", services=(service,))


def ask(session, admin, ada, **changes):
    asked = WhatIfAsked(ada.id, a.DAY, FRIDAY, **changes)
    return what_if(session, admin, asked, now=a.BEFORE)


def test_nothing_changed_changes_nothing(session, admin, ada, service):
    a.booking(session, ada, a.span(9, 10), service=service)
    found = ask(session, admin, ada)
    assert found.stranded == []
    assert [(each.before, each.after, each.lost, each.won) for each in found.slots] == [
        (39, 39, 0, 0)
    ]
    assert found.utilisation_before == found.utilisation_after == 60 / (5 * 480)


def test_shorter_weeks_strand_the_afternoon_and_lose_its_slots(session, admin, ada, service):
    morning = a.booking(session, ada, a.span(9, 10), service=service)
    afternoon = a.booking(session, ada, a.span(15, 16, day=1), service=service)
    found = ask(session, admin, ada, weekly=SHORT_DAYS)
    assert [each.visit.id for each in found.stranded] == [afternoon.id]
    assert morning.id not in [each.visit.id for each in found.stranded]
    assert "finishes work at" in str(found.stranded[0].reasons[0])
    [slots] = found.slots
    assert (slots.service, slots.before, slots.after, slots.lost, slots.won) == (
        "Visit",
        38,
        19,
        19,
        0,
    )
    assert found.utilisation_after == 120 / (5 * 240)


def test_new_hours_begin_on_the_day_they_are_to_begin(session, admin, ada):
    found = ask(session, admin, ada, weekly=SHORT_DAYS, starting_on=a.DAY + timedelta(days=3))
    assert found.offered_minutes_after == 3 * 480 + 2 * 240


def test_a_date_of_its_own_can_win_slots_or_close(session, admin, ada):
    saturday = HoursOfDate(ada.id, FRIDAY, (DayWindow(540, 1140),))
    closed = HoursOfDate(ada.id, a.DAY, ())
    found = ask(session, admin, ada, dates=(saturday, closed))
    [slots] = found.slots
    assert (slots.lost, slots.won) == (8, 2)


def test_time_off_for_the_whole_week_leaves_no_utilisation(session, admin, ada, service):
    a.booking(session, ada, a.span(9, 10), service=service)
    away = NewTimeOff(ada.id, a.at(0), a.at(0, day=5))
    found = ask(session, admin, ada, time_off=(away,))
    assert found.utilisation_after is None
    assert len(found.stranded) == 1


def test_a_visit_that_is_outside_the_hours_already_is_not_stranded_by_this(
    session, admin, ada, service
):
    a.booking(session, ada, a.span(20, 21), service=service)
    assert ask(session, admin, ada, weekly=SHORT_DAYS).stranded == []


def test_the_slots_of_one_service_alone(session, admin, ada, service):
    a.offer(session, ada, a.service(session, name="Other"))
    assert len(ask(session, admin, ada).slots) == 2
    assert [each.service for each in ask(session, admin, ada, service_id=service.id).slots] == [
        "Visit"
    ]


def test_what_is_told_is_what_saving_does(session, admin, ada, service):
    away = NewTimeOff(ada.id, a.at(9, day=1), a.at(13, day=1))
    told = ask(session, admin, ada, weekly=SHORT_DAYS, starting_on=a.DAY, time_off=(away,))
    set_weekly_hours(session, admin, WeeklyHours(ada.id, SHORT_DAYS, a.DAY), now=a.BEFORE)
    enter_time_off(session, admin, away, now=a.BEFORE)
    saved = ask(session, admin, ada)
    assert saved.slots[0].before == told.slots[0].after
    assert saved.offered_minutes_before == told.offered_minutes_after


def test_nothing_is_saved(session, admin, ada):
    def count():
        kinds = (WorkingHours, TimeOff)
        return [session.scalar(select(func.count()).select_from(each)) for each in kinds]

    before = count()
    ask(session, admin, ada, weekly=(), time_off=(NewTimeOff(ada.id, a.at(9), a.at(10)),))
    assert count() == before


def test_hours_that_cannot_be_are_refused(session, admin, ada):
    with pytest.raises(Invalid):
        ask(session, admin, ada, weekly=(WeekdayWindow(1, 600, 540),))
    with pytest.raises(Invalid):
        ask(session, admin, ada, time_off=(NewTimeOff(ada.id, a.at(10), a.at(9)),))
    other = a.actor(session, Role.PROFESSIONAL, professional_id=a.professional(session).id)
    with pytest.raises(NotFound):
        ask(session, other, ada)
