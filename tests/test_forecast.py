"""The weeks ahead: forecasts against a count by hand, and against what then happened."""

import itertools
from datetime import UTC, date, datetime, timedelta
from random import Random
from statistics import median, quantiles
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from core.analytics import AnalyticsAsked, forecast, utilisation
from core.errors import NotAllowed
from core.models import (
    Attendee,
    Booking,
    BookingEvent,
    BookingState,
    Channel,
    Closure,
    EventKind,
    Role,
)
from core.policy import CONSOLE
from tests import a
from tests.plans import Listening

S, K = BookingState, EventKind
ZONE = ZoneInfo(a.ZONE)
MONDAY = date(2026, 12, 7)
NOW = datetime(2026, 12, 9, 10, 20, tzinfo=ZONE).astimezone(UTC)
ANY = AnalyticsAsked(MONDAY, MONDAY)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
_number = itertools.count(1)
HOURS = 40
"""Offered in a whole week: five days from nine to five."""


def local(on: date, hour: float = 9) -> datetime:
    midnight = datetime(on.year, on.month, on.day, tzinfo=ZONE)
    return (midnight + timedelta(hours=hour)).astimezone(UTC)


@pytest.fixture
def ada(session):
    a.organisation(session)
    return a.professional(session, name="Dr Ada", hours=((9, 17),))


class Written:
    """One booking and what happened to it, in the tables and as plain values."""

    def __init__(self, session, who, made_at, starts_at, hours=1.0, *, service, patient) -> None:
        self.session, self.hours, self.steps = session, hours, []
        self.row = Booking(
            service_id=service.id,
            professional_id=who.id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=hours),
            created_at=made_at,
            state=S.BOOKED,
            price_cents=0,
            currency="EUR",
            channel=Channel.DESK,
            request_key=f"written-{next(_number)}",
            request_sha256="",
            attendees=[Attendee(patient_id=patient.id, state=S.BOOKED)],
        )
        session.add(self.row)
        session.flush()
        self._remember(K.BOOKED, made_at)

    def move(self, at, starts_at) -> None:
        self.row.starts_at, self.row.ends_at = starts_at, starts_at + timedelta(hours=self.hours)
        self._remember(K.MOVED, at)

    def mark(self, at, state, kind=K.MARKED) -> None:
        self.row.state, self.row.cancelled_at = state, at if state is S.CANCELLED else None
        self._remember(kind, at)

    def _remember(self, kind, at) -> None:
        row, last = self.row, self.steps[-1] if self.steps else None
        self.steps.append((at, row.state, row.professional_id, row.starts_at))
        self.session.add(
            BookingEvent(
                booking_id=row.id,
                at=at,
                kind=kind,
                old_starts_at=last and last[3],
                new_state=row.state,
                new_professional_id=row.professional_id,
                new_starts_at=row.starts_at,
                new_ends_at=row.ends_at,
            )
        )

    def stood(self, at, monday, who=None) -> float:
        """The hours it had in that week at that time."""
        done = [each for each in self.steps if each[0] <= at]
        if not done or done[-1][1] in (S.CANCELLED, S.NO_SHOW):
            return 0
        _at, _state, professional_id, starts_at = done[-1]
        inside = local(monday) - 9 * HOUR <= starts_at < local(monday + WEEK) - 9 * HOUR
        return self.hours if inside and who in (None, professional_id) else 0


@pytest.fixture
def random_book(session, ada):
    """Twenty weeks behind and eight ahead, with moves over weeks and back, and cancellations."""
    chance = Random(11)
    ben = a.professional(session, name="Dr Ben", hours=((9, 17),))
    shared = {"service": a.service(session), "patient": a.patient(session)}
    written = []
    for _number in range(420):
        on = MONDAY + DAY * chance.randrange(-20 * 7, 9 * 7)
        starts_at = local(on, chance.choice((0.5, 9, 11, 16, 23)))
        made_at = min(starts_at, NOW) - timedelta(hours=chance.randrange(1, 24 * 80))
        who, hours = chance.choice((ada, ben)), chance.choice((0.5, 1, 3))
        each = Written(session, who, made_at, starts_at, hours, **shared)
        written.append(each)
        _go_on(chance, each, made_at, starts_at)
    return written, ada, ben


def _go_on(chance, written, made_at, starts_at) -> None:
    """Some of them are moved, cancelled, brought back or missed before now."""
    later = [made_at + (NOW - made_at) * share for share in (0.2, 0.5, 0.7, 0.9)]
    if chance.random() < 0.4:
        written.move(later[0], starts_at + WEEK * chance.randrange(-2, 3))
    if chance.random() < 0.4:
        written.mark(later[1], S.CANCELLED, K.CANCELLED)
        if chance.random() < 0.4:
            written.mark(later[2], S.BOOKED, K.UNDONE)
    elif chance.random() < 0.2:
        written.mark(later[3], S.NO_SHOW)


def by_hand(written, professionals, who=None):
    """Booked, pick-ups and ends of every week ahead, as shares of the time offered."""
    offered = HOURS * professionals
    begun = min(each.steps[0][0] for each in written)
    for ahead in range(1, 9):
        booked = sum(each.stood(NOW, MONDAY + WEEK * ahead, who) for each in written) / offered
        ends, pick_ups = [], []
        for behind in range(1, 13):
            past = MONDAY - WEEK * behind
            there = NOW.astimezone(ZONE).replace(tzinfo=None) - WEEK * (behind + ahead)
            at = there.replace(tzinfo=ZONE).astimezone(UTC)
            if at < begun:
                continue
            ends.append(sum(each.stood(NOW, past, who) for each in written) / offered)
            pick_ups.append(ends[-1] - sum(each.stood(at, past, who) for each in written) / offered)
        yield booked, ends, pick_ups


@pytest.mark.parametrize("alone", [False, True], ids=["everybody", "one professional"])
def test_weeks_ahead_are_as_counted_by_hand(session, random_book, alone):
    written, ada, _ben = random_book
    asked = AnalyticsAsked(MONDAY, MONDAY, (ada.id,) if alone else ())

    found = forecast(session, CONSOLE, asked, now=NOW)

    expected = list(by_hand(written, 1 if alone else 2, ada.id if alone else None))
    assert found.usual == pytest.approx(median(expected[0][1]))
    assert [each.week_starts_on for each in found.weeks] == [
        MONDAY + WEEK * ahead for ahead in range(1, 9)
    ]
    for each, (booked, ends, pick_ups) in zip(found.weeks, expected, strict=True):
        low, _middle, high = quantiles(pick_ups, n=4, method="inclusive")
        shares = [
            max(0.0, min(booked + added, max(booked, *ends)))
            for added in (low, median(pick_ups), high)
        ]
        assert each.booked == pytest.approx(booked)
        assert each.finished_weeks == len(ends) == 12
        assert [each.low, each.likely, each.high] == pytest.approx(shares)
    assert len({each.likely for each in found.weeks}) > 4, "the weeks differ"


def steady(session, who):
    """Each week ends with 24 of 40 hours; of them 8 are booked 60 days ahead, 8 at 20, 8 at 6."""
    shared = {"service": a.service(session), "patient": a.patient(session)}
    chance = Random(5)
    for week in range(-22, 9):
        for number in range(24):
            starts_at = local(MONDAY + WEEK * week + DAY * (number % 5), 9 + number // 5)
            ahead = (60, 20, 6)[number // 8] + chance.choice((-0.3, 0, 0.3))
            made_at = local(MONDAY + WEEK * week) - timedelta(days=ahead)
            if made_at <= NOW:
                yield Written(session, who, made_at, starts_at, **shared)


def test_a_past_week_ended_near_what_was_said_of_it(session, ada):
    list(steady(session, ada))
    for weeks_ago in (9, 10):
        then = NOW - WEEK * weeks_ago

        said = forecast(session, CONSOLE, ANY, now=then)

        for each in said.weeks[:6]:
            last = each.week_starts_on + WEEK - DAY
            asked = AnalyticsAsked(each.week_starts_on, last)
            (happened,) = utilisation(session, CONSOLE, asked, now=NOW)
            assert happened.utilisation == pytest.approx(0.6)
            assert each.likely == pytest.approx(happened.utilisation, abs=0.03)


def test_what_is_not_booked_yet_is_expected_as_it_came_before(session, ada):
    list(steady(session, ada))

    found = forecast(session, CONSOLE, ANY, now=NOW)

    assert [each.booked for each in found.weeks[:4]] == pytest.approx([0.6, 0.4, 0.4, 0.2])
    assert {round(each.likely, 2) for each in found.weeks} == {0.6}
    assert not any(each.thin for each in found.weeks)
    assert found.weeks[0].open_minutes == 16 * 60


def test_a_week_that_lags_behind_is_thin(session, ada):
    for each in steady(session, ada):
        if each.row.starts_at >= local(MONDAY + WEEK * 2):
            each.mark(NOW - HOUR, S.CANCELLED, K.CANCELLED)

    found = forecast(session, CONSOLE, ANY, now=NOW)

    assert [each.thin for each in found.weeks[:3]] == [False, True, True]


@pytest.mark.parametrize(("more", "share"), [(4, 0.6), (15, 31 / 40)])
def test_no_week_is_said_to_end_fuller_than_the_fullest_unless_it_is(session, ada, more, share):
    list(steady(session, ada))
    shared = {"service": a.service(session), "patient": a.patient(session)}
    for number in range(more):
        at = local(MONDAY + WEEK * 2 + DAY * (number % 5), 14 + number // 5)
        Written(session, ada, NOW - HOUR, at, **shared)

    second = forecast(session, CONSOLE, ANY, now=NOW).weeks[1]

    assert second.booked == pytest.approx((16 + more) / 40)
    assert second.high == second.likely == pytest.approx(share)


def test_a_closed_week_says_nothing_and_teaches_nothing(session, ada):
    list(steady(session, ada))
    for week in (-3, 2):
        on = MONDAY + WEEK * week
        session.add(Closure(first_on=on, last_on=on + WEEK - DAY, name="Closed"))

    found = forecast(session, CONSOLE, ANY, now=NOW)

    assert found.weeks[1].booked is found.weeks[1].likely is None
    assert {each.finished_weeks for each in found.weeks} == {11}


@pytest.mark.parametrize(("weeks", "enough"), [(6, True), (5, False)])
def test_fewer_than_six_finished_weeks_are_not_enough(session, ada, weeks, enough):
    begun = local(MONDAY - WEEK * (weeks + 1), 9)
    shared = {"service": a.service(session), "patient": a.patient(session)}
    for week in range(weeks):
        on = MONDAY - WEEK * (week + 1)
        Written(session, ada, max(begun, local(on) - WEEK), local(on), 4, **shared)

    following = forecast(session, CONSOLE, ANY, now=NOW).weeks[0]

    assert following.finished_weeks == weeks
    assert (following.likely is not None) is enough


def test_weeks_brought_in_without_the_day_of_booking_teach_nothing(session, ada):
    shared = {"service": a.service(session), "patient": a.patient(session)}
    for week in range(-12, 0):
        at = local(MONDAY + WEEK * week)
        Written(session, ada, at, at, **shared).row.channel = Channel.IMPORT
    Written(session, ada, local(MONDAY - WEEK * 30), local(MONDAY + WEEK), **shared)

    found = forecast(session, CONSOLE, ANY, now=NOW)

    assert found.usual is None
    assert {each.finished_weeks for each in found.weeks} == {0}
    assert found.weeks[0].booked == pytest.approx(1 / HOURS)


def test_what_was_brought_in_and_then_moved_counts_from_the_day_it_was_booked_on(session, ada):
    shared = {"service": a.service(session), "patient": a.patient(session)}
    Written(session, ada, NOW - WEEK * 30, local(MONDAY - WEEK * 25), **shared)
    for week in range(1, 13):
        on = MONDAY - WEEK * week
        each = Written(session, ada, local(on) - WEEK * 10, local(on), **shared)
        each.move(local(on) - HOUR, local(on, 10))
    written_down = NOW - WEEK * 2
    session.flush()
    session.execute(
        update(BookingEvent).where(BookingEvent.kind == K.BOOKED).values(at=written_down)
    )

    found = forecast(session, CONSOLE, ANY, now=NOW)

    assert [(each.booked, each.likely) for each in found.weeks] == [(0, 0)] * 8


def test_a_patient_may_not_ask(session, ada):
    patient = a.actor(session, Role.PATIENT, patient_id=a.patient(session).id)

    with pytest.raises(NotAllowed):
        forecast(session, patient, ANY, now=NOW)


def test_what_was_moved_is_found_without_reading_every_event(sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session)
        with Listening(session) as heard:
            forecast(session, CONSOLE, ANY, now=NOW)
        (asked,) = (each for each in heard.questions if "'moved'" in each[0])
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0]}", asked[1])
        steps = [row[3] for row in plan]

    assert any("ix_booking_events_changed" in each for each in steps)
    assert "SCAN booking_events" not in steps
