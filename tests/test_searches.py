"""Searches are kept, tell nothing about a person, and are counted as by hand."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from random import Random
from statistics import median

import pytest
from sqlalchemy import func, select

from core import searches
from core.analytics import AnalyticsAsked, By, all_searches
from core.analytics import searches as by_group
from core.analytics.files import FigureAsked, figure_table
from core.analytics.searches import WHY_NOT
from core.availability import ReasonCode
from core.availability.next_free import AFTERNOON, EVENING, NextAsked, next_starts
from core.errors import NotAllowed
from core.models import (
    Channel,
    Claim,
    Role,
    Search,
    TimeOff,
    WaitingEntry,
    WaitingProfessional,
    WaitingState,
)
from core.policy import CONSOLE
from core.searches import KEPT_MONTHS, MOST_A_DAY, SearchKept, SearchMade
from tests import a
from tests.plans import Listening

R = ReasonCode
NOW = a.at(8)
FIRST, LAST = date(2026, 10, 5), date(2026, 11, 8)
ASKED = AnalyticsAsked(FIRST, LAST)


@pytest.fixture
def check(session):
    return a.service(session, name="Check-up", length_minutes=60, step_minutes=60, horizon_days=30)


def described(session, asked: NextAsked, *, role: Role = Role.RECEPTIONIST, **made) -> SearchKept:
    """As the desk's search would have it described, with what the engine really finds."""
    actor = a.actor(session, role)
    found = next_starts(session, CONSOLE, asked, now=NOW)
    first = min((each.starts_at for each in found), default=None)
    made = {"found": len(found), "first_at": first} | made
    return searches.describe(session, actor, SearchMade(asked, **made), now=NOW)


def test_a_search_that_found_something_says_how_far_ahead_it_lay(session, check):
    ada = a.professional(session, services=(check,))
    for hour in range(9, 17):
        a.booking(session, ada, a.span(hour, hour + 1), service=check)

    kept = described(session, NextAsked(check.id, professional_ids=(ada.id,)))

    assert kept == SearchKept(
        searched_on=a.DAY,
        channel=Channel.DESK,
        service_id=check.id,
        professional_id=ada.id,
        weekday=None,
        first_on=a.DAY,
        last_on=a.DAY + timedelta(days=30),
        found=5,
        days_ahead=1,
        reason="",
    )


def test_days_ahead_count_from_the_first_day_that_would_do(session, check):
    a.professional(session, services=(check,))
    saturday = a.DAY + timedelta(days=5)

    kept = described(session, NextAsked(check.id, from_on=saturday, weekdays=frozenset({1})))

    assert (kept.first_on, kept.days_ahead, kept.weekday) == (saturday, 2, 1)


def test_nothing_is_found_because_all_is_booked(session, check):
    ada = a.professional(session, services=(check,), hours=((9, 12),), weekdays=(1,))
    for week, hour in ((week, hour) for week in range(5) for hour in (9, 10, 11)):
        a.booking(session, ada, a.span(hour, hour + 1, day=7 * week), service=check)

    kept = described(session, NextAsked(check.id))

    assert (kept.found, kept.days_ahead, kept.reason) == (0, None, R.TAKEN)


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"weekdays": frozenset({7})}, R.CLOSED),
        ({"parts": (EVENING,)}, R.CLOSED),
        ({"premium": True}, ""),
    ],
)
def test_nothing_is_found_because_nobody_works_then_or_does_it(session, check, wishes, reason):
    a.professional(session, services=(check,))

    assert described(session, NextAsked(check.id, **wishes)).reason == reason


def test_nothing_is_found_because_of_holidays_or_for_want_of_a_room(session, check):
    ada = a.professional(session, services=(check,))
    away = TimeOff(professional_id=ada.id, starts_at=a.at(0), ends_at=a.at(0, day=40))
    session.add(away)
    session.flush()
    assert described(session, NextAsked(check.id)).reason == R.TIME_OFF

    session.delete(away)
    room = a.room(session)
    a.needs(session, check, room)
    session.flush()
    afternoon = NextAsked(check.id, parts=(AFTERNOON,))
    other = a.professional(session, hours=((0, 24),))
    busy = a.booking(session, other, a.span(12, 17))
    session.add(
        Claim(
            booking_id=busy.id,
            calendar_id=room.calendar_id,
            starts_at=busy.starts_at,
            ends_at=busy.ends_at,
        )
    )
    session.flush()
    today = described(session, afternoon, found=0, first_at=None, until_on=a.DAY)
    assert (today.reason, today.last_on, today.weekday) == (R.ROOM, a.DAY, 1)


def test_who_looks_by_themselves_is_a_patient(session, check):
    a.professional(session, services=(check,))
    roles = {
        Role.PATIENT: Channel.PATIENT,
        Role.PROFESSIONAL: Channel.PROFESSIONAL,
        Role.RECEPTIONIST: Channel.DESK,
        Role.ADMIN: Channel.DESK,
    }
    for role, channel in roles.items():
        actor = a.actor(session, role)
        made = SearchMade(NextAsked(check.id), 1, a.at(9))
        assert searches.describe(session, actor, made, now=NOW).channel is channel


# Kept.


def of(check, on: date, **values: object) -> SearchKept:
    kept = {"professional_id": None, "weekday": None, "found": 0, "days_ahead": None}
    kept |= {"channel": Channel.DESK, "reason": "taken"} | values
    return SearchKept(searched_on=on, service_id=check.id, first_on=on, last_on=on, **kept)


def test_the_same_search_looked_at_again_is_one_row(session, check):
    searches.keep(session, "one", of(check, a.DAY, found=3, days_ahead=0, reason=""))
    searches.keep(session, "one", of(check, a.DAY))
    searches.keep(session, "two", of(check, a.DAY))

    rows = session.execute(select(Search.key, Search.found).order_by(Search.key)).all()
    assert [tuple(each) for each in rows] == [("one", 0), ("two", 0)]


def test_what_is_older_than_two_years_and_two_months_is_dropped(session, check):
    today = date(2026, 12, 7)
    for key, on in (("old", date(2024, 10, 6)), ("kept", date(2024, 10, 7))):
        searches.keep(session, key, of(check, on))
    searches.keep(session, "new", of(check, today))

    assert set(session.scalars(select(Search.key))) == {"kept", "new"}
    assert KEPT_MONTHS == 26


def test_patients_and_visitors_cannot_fill_the_table(session, check):
    values = {key: getattr(of(check, a.DAY), key) for key in SearchKept.__annotations__}
    own = values | {"channel": Channel.PATIENT}
    session.add_all(Search(key=str(number), **own) for number in range(MOST_A_DAY))
    session.flush()

    searches.keep(session, "patient", of(check, a.DAY, channel=Channel.PATIENT))
    searches.keep(session, "desk", of(check, a.DAY))

    assert session.scalar(select(func.count()).select_from(Search)) == MOST_A_DAY + 1
    assert session.get(Search, "desk") is not None


def test_nothing_of_a_row_is_about_a_person():
    about_the_search = {"key", "searched_on", "channel", "service_id", "professional_id"}
    about_the_search |= {"weekday", "first_on", "last_on", "found", "days_ahead", "reason"}

    assert set(Search.__table__.columns.keys()) == about_the_search
    assert {each.target_fullname for each in Search.__table__.foreign_keys} == {
        "services.id",
        "professionals.id",
    }


# Counted.


@pytest.fixture
def history(session):
    """Searches and waiting of every kind, and as plain values what was written."""
    chance = Random(3)
    services = [a.service(session, name=each) for each in ("Physio", "Check-up", "X-ray", "None")]
    people = [a.professional(session, name=each) for each in ("Dr Ada", "Dr Ben")]
    made = [_search(chance, services[:3], people, number) for number in range(400)]
    session.add_all(Search(**each) for each in made)
    waits = [_waits(session, chance, services, people) for _ in range(90)]
    session.flush()
    return made, [each for each in waits if each[0] is WaitingState.WAITING], services, people


def _search(chance, services, people, number):
    on = FIRST + timedelta(days=chance.randint(-9, 43))
    nothing = chance.random() < 0.4
    return {
        "key": str(number),
        "searched_on": on,
        "channel": chance.choice([Channel.DESK, Channel.PROFESSIONAL, Channel.PATIENT]),
        "service_id": chance.choice(services).id,
        "professional_id": chance.choice([None, *(each.id for each in people)]),
        "weekday": chance.choice([None, 1, 2, 5]),
        "first_on": on,
        "last_on": on,
        "found": 0 if nothing else chance.randint(1, 9),
        "days_ahead": None if nothing else chance.choice((0, 0, 1, 2, 9, 30)),
        "reason": chance.choice(["taken", "held", "closed", "closed", ""]) if nothing else "",
    }


def _waits(session, chance, services, people):
    service, state = (
        chance.choice(services),
        chance.choice([*WaitingState, WaitingState.WAITING]),
    )
    booked = state is WaitingState.BOOKED
    visit = a.booking(session, people[0], _long_ago(chance), service=service) if booked else None
    entry = WaitingEntry(
        patient_id=a.patient(session).id,
        service_id=service.id,
        from_on=FIRST,
        state=state,
        closed_at=None if state is WaitingState.WAITING else NOW,
        booking_id=visit.id if visit else None,
        request_key=str(chance.random()),
    )
    session.add(entry)
    session.flush()
    named = chance.sample(people, chance.randint(0, 2))
    for each in named:
        session.add(WaitingProfessional(entry_id=entry.id, professional_id=each.id))
    return state, service.id, named[0].id if len(named) == 1 else None


_used = iter(range(1000))


def _long_ago(_chance):
    return a.span(9, 10, day=-next(_used) - 1)


def counted(found):
    return {
        each.key: (each.searches, each.nothing, each.days_ahead, each.why, each.waiting)
        for each in found
        if each.searches or each.waiting
    }


def by_hand(rows, waits, row_key, wait_key=None):
    groups, waiting = defaultdict(list), Counter(map(wait_key, waits)) if wait_key else Counter()
    for each in rows:
        groups[row_key(each)].append(each)
    return {key: (*_by_hand(groups.get(key, [])), waiting[key]) for key in {*groups, *waiting}}


def _by_hand(rows):
    nothing = [each for each in rows if not each["found"]]
    ahead = [each["days_ahead"] for each in rows if each["found"]]
    why = Counter(WHY_NOT[each["reason"]] for each in nothing).most_common()
    why = sorted(word for word, count in why if count == why[0][1])
    return len(rows), len(nothing), median(ahead) if ahead else None, why[0] if why else ""


BY_HAND = {
    By.SERVICE: (lambda each: each["service_id"], lambda each: each[1]),
    By.PROFESSIONAL: (lambda each: each["professional_id"], lambda each: each[2]),
    By.WEEKDAY: (lambda each: each["weekday"] and each["weekday"] - 1, None),
    By.CHANNEL: (lambda each: each["channel"], None),
}


def test_searches_are_counted_as_by_hand(session, history):
    made, waits, _services, _people = history
    rows = [each for each in made if FIRST <= each["searched_on"] <= LAST]
    for by, (row_key, wait_key) in BY_HAND.items():
        found = counted(by_group(session, CONSOLE, ASKED, by))
        assert found == by_hand(rows, waits, row_key, wait_key), by

    whole = all_searches(session, CONSOLE, ASKED)
    assert (whole.searches, whole.nothing) == _by_hand(rows)[:2]
    assert whole.waiting == len(waits) > 0
    assert 0 < whole.nothing < whole.searches < len(made)


def test_filters_narrow_searches_and_those_who_wait(session, history):
    made, waits, services, people = history
    asked = AnalyticsAsked(FIRST, LAST, (people[0].id,), (services[0].id, services[1].id))
    rows = [
        each
        for each in made
        if FIRST <= each["searched_on"] <= LAST
        and each["professional_id"] == people[0].id
        and each["service_id"] in asked.service_ids
    ]
    waits = [each for each in waits if each[1] in asked.service_ids and each[2] == people[0].id]

    found = counted(by_group(session, CONSOLE, asked, By.SERVICE))

    assert found == by_hand(rows, waits, *BY_HAND[By.SERVICE])
    assert rows
    assert waits


def test_what_is_had_least_stands_first_and_who_only_waits_is_there_too(session, history):
    found = by_group(session, CONSOLE, ASKED, By.SERVICE)
    not_got = [each.nothing + each.waiting for each in found]

    assert not_got == sorted(not_got, reverse=True)
    assert [each.name for each in found if not each.searches] == ["None"]
    table = figure_table(session, CONSOLE, FigureAsked("searches", By.SERVICE, ASKED), now=NOW)
    assert [row[0] for row in table.rows] == [each.name for each in found]
    assert sum(row[2] for row in table.rows) == all_searches(session, CONSOLE, ASKED).nothing


def test_without_searches_there_are_no_shares(session):
    a.organisation(session)

    assert by_group(session, CONSOLE, ASKED, By.WEEKDAY) == []
    assert all_searches(session, CONSOLE, ASKED).share is None


def test_what_people_ask_for_is_for_those_who_read_all_figures(session):
    a.organisation(session)
    with pytest.raises(NotAllowed):
        by_group(session, a.actor(session, Role.PROFESSIONAL), ASKED, By.SERVICE)


def test_figures_are_counted_without_a_look_at_the_rows(sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session)
        with Listening(session) as heard:
            all_searches(session, CONSOLE, ASKED)
            for by in BY_HAND:
                by_group(session, CONSOLE, ASKED, by)
        asked = [each for each in heard.questions if "FROM searches" in each[0]]
        plans = [plan_of(session, *each) for each in asked]

    assert len(plans) == 1 + len(BY_HAND)
    assert all("USING COVERING INDEX ix_searches_counted" in each for each in plans), plans


def plan_of(session, statement, values) -> str:
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    return " ".join(row[3] for row in rows)
