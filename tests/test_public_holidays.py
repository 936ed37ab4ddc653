"""Public holidays as closures."""

from datetime import date

import pytest
from sqlalchemy import select

from core.errors import Invalid, NotAllowed
from core.models import Closure, Role
from core.public_holidays import HolidaysAsked, import_holidays
from core.schedule import NewClosure, add_closure
from tests import a

PORTUGAL = HolidaysAsked("PT", (2026, 2027))


@pytest.fixture
def admin(session):
    a.organisation(session)
    return a.actor(session, Role.ADMIN)


def test_each_holiday_becomes_a_closure_with_its_own_name(session, admin):
    added = import_holidays(session, admin, PORTUGAL, now=a.BEFORE)
    names = {each.first_on: each.name for each in added}
    assert names[date(2026, 4, 25)] == "Dia da Liberdade"
    assert all(each.first_on == each.last_on for each in added)
    assert {each.year for each in names} == {2026, 2027}


def test_a_second_import_adds_nothing(session, admin):
    first = import_holidays(session, admin, PORTUGAL, now=a.BEFORE)
    assert import_holidays(session, admin, PORTUGAL, now=a.BEFORE) == []
    assert len(session.scalars(select(Closure)).all()) == len(first)


def test_days_that_are_closed_already_stay_as_they_are(session, admin):
    party = NewClosure(date(2026, 12, 24), date(2026, 12, 31), "Between the years")
    add_closure(session, admin, party, now=a.BEFORE)
    added = import_holidays(session, admin, PORTUGAL, now=a.BEFORE)
    assert date(2026, 12, 25) not in {each.first_on for each in added}
    assert date(2027, 12, 25) in {each.first_on for each in added}


def test_a_region_has_holidays_of_its_own(session, admin):
    country = import_holidays(session, admin, HolidaysAsked("de", (2026,)), now=a.BEFORE)
    bavaria = import_holidays(session, admin, HolidaysAsked("DE", (2026,), "by"), now=a.BEFORE)
    assert date(2026, 1, 6) not in {each.first_on for each in country}
    assert date(2026, 1, 6) in {each.first_on for each in bavaria}


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(HolidaysAsked("ZZ", (2026,)), id="no such country"),
        pytest.param(HolidaysAsked("PT", (2026,), "XX"), id="no such region"),
        pytest.param(HolidaysAsked("PT", ()), id="no years"),
        pytest.param(HolidaysAsked("PT", tuple(range(2000, 2026))), id="too many years"),
    ],
)
def test_what_cannot_be_found_is_refused(session, admin, wrong):
    with pytest.raises(Invalid):
        import_holidays(session, admin, wrong, now=a.BEFORE)


def test_only_who_writes_the_schedule_closes_the_place(session):
    with pytest.raises(NotAllowed):
        import_holidays(session, a.actor(session), PORTUGAL, now=a.BEFORE)
