"""What was taken away by mistake comes back as it was, for ten minutes."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import sick_day, waiting
from core.edits import UNDO_FOR
from core.errors import Invalid, NotAllowed, NotFound
from core.models import AbsenceCall, WaitingState
from core.practice import load_closures
from core.public_holidays import HolidaysAsked, import_holidays
from core.schedule import (
    NewClosure,
    NewOpening,
    NewTimeOff,
    add_closure,
    enter_time_off,
    load_time_off,
    publish_opening,
    put_back_closure,
    put_back_opening,
    put_back_time_off,
    remove_closure,
    remove_time_off,
    withdraw_opening,
)
from tests import a
from tests.test_schedule import House
from tests.test_waiting import Place

NOW = a.BEFORE
JUST_BEFORE = NOW + UNDO_FOR - timedelta(seconds=1)


@pytest.fixture
def house(session):
    return House(session)


def away(house):
    asked = NewTimeOff(house.ben.id, a.at(12), a.at(20), "Dentist")
    return enter_time_off(house.session, house.desk, asked, now=NOW)


def extra(house, start=18.0, end=20.0):
    asked = NewOpening(house.ben.id, a.at(start), a.at(end))
    return publish_opening(house.session, house.admin, asked, now=NOW)


def closed(house):
    asked = NewClosure(a.DAY, a.DAY, "Team day")
    return add_closure(house.session, house.admin, asked, now=NOW)


EACH = pytest.mark.parametrize(
    ("add", "remove", "put_back"),
    [
        (away, remove_time_off, put_back_time_off),
        (extra, withdraw_opening, put_back_opening),
        (closed, remove_closure, put_back_closure),
    ],
    ids=["time off", "an opening", "a closure"],
)


@EACH
def test_it_is_as_if_it_had_never_been_taken_away(house, add, remove, put_back):
    id = add(house).id
    before = house.offered(professional=house.ben)

    remove(house.session, house.admin, id, now=NOW)
    assert house.offered(professional=house.ben) != before
    put_back(house.session, house.admin, id, now=JUST_BEFORE)
    assert house.offered(professional=house.ben) == before


@EACH
def test_after_ten_minutes_it_is_gone_for_good(house, add, remove, put_back):
    first, second = add(house), None
    kind, id = type(first), first.id
    remove(house.session, house.admin, id, now=NOW)
    with pytest.raises(NotFound), house.session.begin_nested():
        put_back(house.session, house.admin, id, now=NOW + UNDO_FOR)

    second = add(house).id
    remove(house.session, house.admin, second, now=NOW + UNDO_FOR)
    left = select(kind.id).where(kind.removed_at.is_not(None))
    assert house.session.scalars(left).all() == [second]


@EACH
def test_it_is_taken_away_once_and_put_back_once(house, add, remove, put_back):
    id = add(house).id
    with pytest.raises(NotFound), house.session.begin_nested():
        put_back(house.session, house.admin, id, now=NOW)
    remove(house.session, house.admin, id, now=NOW)
    with pytest.raises(NotFound), house.session.begin_nested():
        remove(house.session, house.admin, id, now=NOW)

    put_back(house.session, house.admin, id, now=NOW)
    with pytest.raises(NotFound):
        put_back(house.session, house.admin, id, now=NOW)


def test_what_is_taken_away_stands_in_no_list(house):
    remove_time_off(house.session, house.desk, away(house).id, now=NOW)
    remove_closure(house.session, house.admin, closed(house).id, now=NOW)

    assert load_time_off(house.session, house.desk, now=NOW) == []
    assert load_closures(house.session, house.admin, since=a.DAY) == []


def test_a_holiday_that_was_opened_is_imported_again(house):
    asked = HolidaysAsked("PT", (2027,))
    first = import_holidays(house.session, house.admin, asked, now=NOW)
    remove_closure(house.session, house.admin, first[0].id, now=NOW)
    assert len(import_holidays(house.session, house.admin, asked, now=NOW)) == 1


def test_an_opening_does_not_come_back_over_another(house):
    id = extra(house).id
    withdraw_opening(house.session, house.admin, id, now=NOW)
    other = extra(house, 19, 21)
    with pytest.raises(Invalid, match="already has an opening"), house.session.begin_nested():
        put_back_opening(house.session, house.admin, id, now=NOW)

    withdraw_opening(house.session, house.admin, other.id, now=NOW)
    assert put_back_opening(house.session, house.admin, id, now=NOW).id == id


def test_an_absence_comes_back_with_the_calls_that_were_made(house):
    patient = a.patient(house.session)
    booking = a.booking(house.session, house.ben, a.span(13, 14), patient=patient)
    id = away(house).id
    sick_day.take_next(house.session, house.desk, id, now=NOW)
    sick_day.no_answer(house.session, house.desk, id, booking.id, 0, now=NOW)
    remove_time_off(house.session, house.desk, id, now=NOW)
    with pytest.raises(NotFound), house.session.begin_nested():
        sick_day.load_worklist(house.session, house.desk, id, now=NOW)

    put_back_time_off(house.session, house.desk, id, now=NOW)
    (row,) = sick_day.load_worklist(house.session, house.desk, id, now=NOW).rows
    assert row.unanswered == 1


def test_nobody_puts_back_into_a_calendar_that_is_not_theirs(house):
    id, opening, closure = away(house).id, extra(house).id, closed(house).id
    remove_time_off(house.session, house.admin, id, now=NOW)
    withdraw_opening(house.session, house.admin, opening, now=NOW)
    remove_closure(house.session, house.admin, closure, now=NOW)
    for put_back, what in ((put_back_time_off, id), (put_back_opening, opening)):
        with pytest.raises(NotFound):
            put_back(house.session, house.own, what, now=NOW)
    with pytest.raises(NotAllowed):
        put_back_closure(house.session, house.desk, closure, now=NOW)
    assert house.session.scalar(select(func.count()).select_from(AbsenceCall)) == 0


def test_who_was_taken_off_the_waiting_list_waits_since_when_they_waited(session):
    place = Place(session)
    entry = place.add("Ana Silva")
    before = place.names()
    waiting.close(session, place.rita, entry.id, entry.version, "Called us", now=NOW)
    assert place.names() != before

    waiting.reopen(session, place.bea, entry.id, now=JUST_BEFORE)
    assert place.names() == before
    assert (entry.state, entry.close_reason) == (WaitingState.WAITING, "")
    with pytest.raises(Invalid):
        waiting.reopen(session, place.rita, entry.id, now=NOW)


def test_who_is_on_the_list_again_or_was_booked_or_taken_off_long_ago_is_not_put_back(session):
    place = Place(session)
    entry = place.add("Ana Silva")
    waiting.close(session, place.rita, entry.id, entry.version, "Called us", now=NOW)
    with pytest.raises(Invalid, match="Put Ana Silva on the list anew"):
        waiting.reopen(session, place.rita, entry.id, now=NOW + UNDO_FOR)

    asked = waiting.NewEntry(entry.patient_id, waiting.Wishes(place.visit.id), "anew")
    waiting.add(session, place.rita, asked, now=NOW)
    with pytest.raises(Invalid, match="waits for Visit already"):
        waiting.reopen(session, place.rita, entry.id, now=NOW)

    served = place.add("Bea Lima")
    visit = place.book(10, served.patient_id)
    waiting.close_served(session, place.rita, visit, now=NOW)
    with pytest.raises(Invalid):
        waiting.reopen(session, place.rita, served.id, now=NOW)
