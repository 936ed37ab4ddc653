"""Hours of the week and gaps too short to sell, against a count minute by minute."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from core.analytics import AnalyticsAsked, Gaps, gaps, utilisation, utilisation_hours
from core.errors import NotAllowed
from core.models import OCCUPYING, BookingState, Closure, HoursKind, Role, TimeOff, WorkingHours
from core.policy import CONSOLE
from dashboard.components.utilisation_chart import hours_map
from tests import a, book_by_hand
from tests.book_by_hand import FIRST, LAST, NOW, ZONE
from tests.test_numbers import within

S = BookingState
ASKED = AnalyticsAsked(FIRST, LAST)
MINUTE = timedelta(minutes=1)


def minutes_between(start: datetime, end: datetime):
    while start < end:
        yield start.astimezone(ZONE)
        start += MINUTE


def test_each_hour_of_the_week_is_counted_minute_by_minute(session):
    book = book_by_hand.fill(session, visits=120)
    ada, ben = book.professional_ids[:2]
    lunch = {"starts_minute": 750, "ends_minute": 795, "kind": HoursKind.BREAK}
    night = {"starts_minute": 22 * 60, "ends_minute": 30 * 60}
    away = datetime(2026, 10, 14, 10, 30, tzinfo=UTC), datetime(2026, 10, 14, 14, 15, tzinfo=UTC)
    session.add_all(
        [
            WorkingHours(professional_id=ada, weekday=3, **lunch),
            WorkingHours(professional_id=ada, weekday=6, **night),  # over the clock change
            TimeOff(professional_id=ben, starts_at=away[0], ends_at=away[1]),
            Closure(first_on=LAST - timedelta(days=4), last_on=LAST, name="Works"),
        ]
    )
    offered, booked = Counter(), Counter()
    begin = datetime(2026, 10, 5, tzinfo=ZONE).astimezone(UTC)
    end = datetime(2026, 11, 9, tzinfo=ZONE).astimezone(UTC)
    for who in book.professional_ids:
        for at in minutes_between(begin, end):
            minute = at.hour * 60 + at.minute
            works = at.weekday() < 5 and 540 <= minute < 1020
            if who == ada:
                works = works and not (at.weekday() == 2 and 750 <= minute < 795)
                works = works or (at.weekday() == 5 and minute >= 1320)
                works = works or (at.weekday() == 6 and minute < 360)
            closed = at.date() >= LAST - timedelta(days=4)
            off = who == ben and away[0] <= at < away[1]
            if works and not closed and not off:
                offered[at.weekday(), at.hour] += 1
    for each in book.visits:
        if each.state in OCCUPYING and within(each):
            for at in minutes_between(each.starts_at, each.ends_at):
                booked[at.weekday(), at.hour] += 1

    found = utilisation_hours(session, CONSOLE, ASKED, now=NOW)

    assert {(each.weekday, each.hour): each.booked_minutes for each in found} == {
        each: booked[each] for each in offered.keys() | booked.keys()
    }
    assert {(each.weekday, each.hour): each.offered_minutes for each in found} == {
        each: offered[each] for each in offered.keys() | booked.keys()
    }
    weeks = utilisation(session, CONSOLE, ASKED, now=NOW)
    for minutes in ("offered_minutes", "booked_minutes"):
        assert sum(getattr(each, minutes) for each in found) == sum(
            getattr(each, minutes) for each in weeks
        )


def test_a_gap_is_too_short_when_no_service_fits_into_it(session):
    brief, usual = a.service(session, length_minutes=20), a.service(session, length_minutes=45)
    gone = a.service(session, length_minutes=5, archived_at=a.BEFORE)
    ada = a.professional(session, name="Ada", hours=((9, 12),), services=(usual, gone))
    ben = a.professional(session, name="Ben", hours=((9, 12),), services=(brief, usual))
    a.professional(session, name="Cleo", hours=((9, 12),))
    for who in (ada, ben):
        for start, end in ((9, 10), (10.5, 11.25)):  # leaves 30 and 45 minutes
            a.booking(session, who, a.span(start, end))
    a.booking(session, ada, a.span(11.25, 12), state=S.CANCELLED)

    found = gaps(session, CONSOLE, AnalyticsAsked(a.DAY, a.DAY), now=a.at(12))

    ids = {each.professional: each.professional_id for each in found}
    assert found == [
        Gaps(ids["Ada"], "Ada", 75, 30, 1, 45),
        Gaps(ids["Ben"], "Ben", 75, 0, 0, 20),
        Gaps(ids["Cleo"], "Cleo", 180, 0, 0, None),
    ]
    assert found[0].short_share == 0.4


def test_an_own_length_is_the_one_that_counts(session):
    service = a.service(session, length_minutes=60)
    ada = a.professional(session, hours=((9, 10),))
    a.offer(session, ada, service, length_minutes=15)
    a.booking(session, ada, a.span(9, 9.5))

    (found,) = gaps(session, CONSOLE, AnalyticsAsked(a.DAY, a.DAY), now=a.at(12))
    assert (found.free_minutes, found.short_minutes, found.shortest_minutes) == (30, 0, 15)


def test_professionals_see_their_own_hours_and_gaps(session):
    ada, _ben = a.professional(session), a.professional(session)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    asked = AnalyticsAsked(a.DAY, a.DAY)

    assert [each.professional_id for each in gaps(session, own, asked, now=NOW)] == [ada.id]
    mine = utilisation_hours(session, own, asked, now=NOW)
    assert sum(each.offered_minutes for each in mine) == 8 * 60
    for ask in (gaps, utilisation_hours):
        with pytest.raises(NotAllowed):
            ask(session, a.actor(session), asked, now=NOW)


def test_the_map_shows_days_of_work_and_every_hour_between(session):
    ada = a.professional(session, weekdays=(1, 3), hours=((9, 10), (12, 13)))
    a.booking(session, ada, a.span(9, 9.5))
    asked = AnalyticsAsked(a.DAY, a.DAY + timedelta(days=6))

    fields, *_written = hours_map(
        utilisation_hours(session, CONSOLE, asked, now=NOW), theme="light"
    ).data

    assert list(fields.x) == ["Mon", "Wed"]
    assert list(fields.y) == ["09:00", "10:00", "11:00", "12:00"]
    assert [list(row) for row in fields.z] == [[0.5, 0], [None, None], [None, None], [0, 0]]
