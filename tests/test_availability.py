"""When a visit can start, and why not: rules one by one, and over random calendars."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.availability import (
    Busy,
    ClosureSpan,
    Days,
    DaySheet,
    Explainer,
    Limits,
    ReasonCode,
    Rules,
    TimeOffSpan,
    Visit,
    clock_of,
    load_sheets,
    starts,
    starts_every_week,
)
from core.availability.hours import DateWindow, Habits, WeeklyWindow, spans_of_hours
from core.availability.starts import blocked, free_time
from core.errors import Invalid
from core.interval import intersect, subtract, to_instant, union
from core.models import Anchor, BufferRule
from tests import a

ZONES = ("Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
CHANGE_DAYS = (
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
    date(2026, 12, 7),
)


def sheet(day: date = a.DAY, zone: str = "UTC", **values) -> DaySheet:
    clock = clock_of(zone)
    made = {
        "professional_id": 1,
        "name": "Dr Ada",
        "clock": clock,
        "span": clock.span_of_days(day, day),
        "shifts": [(clock.at(day.toordinal(), 540), clock.at(day.toordinal(), 1020))],
    }
    return DaySheet(**(made | values))


def times(found: list[int], zone: str = "UTC") -> list[str]:
    return [to_instant(each).astimezone(ZoneInfo(zone)).strftime("%H:%M") for each in found]


def sec(hour: float) -> int:
    return int(a.at(hour).timestamp())


def visit(minutes: int = 30, *, before: int = 0, after: int = 0, **rules) -> Visit:
    return Visit(minutes * 60, before * 60, after * 60, Rules(**rules))


def test_starts_fall_on_the_step_and_the_last_one_ends_with_the_hours():
    found = starts(sheet(), visit(60, step=3600), now=a.BEFORE)
    assert times(found) == [f"{hour:02}:00" for hour in range(9, 17)]


def test_a_visit_takes_its_starts_away_and_the_lattice_stays():
    busy = [Busy(sec(9.17), sec(9.67))]
    found = starts(sheet(busy=busy), visit(30), now=a.BEFORE)
    assert times(found)[:2] == ["09:45", "10:00"]


def test_the_desk_is_also_offered_the_moment_behind_an_odd_visit():
    busy = [Busy(sec(9), sec(9) + 20 * 60)]
    desk = starts(sheet(busy=busy), visit(30, fits_gap=True), now=a.BEFORE)
    patient = starts(sheet(busy=busy), visit(30), now=a.BEFORE)
    assert times(desk)[:2] == ["09:20", "09:30"]
    assert times(patient)[:1] == ["09:30"]


def test_an_opening_anchor_counts_from_each_opening():
    own = sheet(shifts=[(sec(9) + 600, sec(11))])
    found = starts(own, visit(30, step=1800, anchor=Anchor.OPENING), now=a.BEFORE)
    assert times(found) == ["09:10", "09:40", "10:10"]


@pytest.mark.parametrize(("rule", "first"), [(BufferRule.GAP, "10:15"), (BufferRule.ADD, "10:25")])
def test_between_two_visits_the_larger_buffer_applies_or_both(rule, first):
    busy = [Busy(sec(9), sec(10), 0, 15)]
    wanted = visit(30, before=10, step=300, buffer_rule=rule)
    assert times(starts(sheet(busy=busy), wanted, now=a.BEFORE))[0] == first


def test_notice_includes_its_boundary_unless_told_otherwise():
    included = visit(30, notice=3600)
    excluded = visit(30, notice=3600, notice_included=False)
    assert times(starts(sheet(), included, now=a.at(9)))[0] == "10:00"
    assert times(starts(sheet(), excluded, now=a.at(9)))[0] == "10:15"


def test_the_horizon_counts_local_days():
    assert starts(sheet(), visit(horizon_days=3), now=a.BEFORE)
    assert not starts(sheet(), visit(horizon_days=2), now=a.BEFORE)


def test_a_room_must_be_free_for_the_whole_visit():
    rooms = [[Busy(sec(9), sec(16))], [Busy(sec(10), sec(17))]]
    found = starts(sheet(), visit(60, step=3600), now=a.BEFORE, rooms=rooms)
    assert times(found) == ["09:00", "16:00"]


def test_limits_count_the_local_day():
    busy = [Busy(sec(9), sec(9.5))]
    full = sheet(busy=busy, limits=Limits(visits_per_day=1))
    assert starts(full, visit(), now=a.BEFORE) == []
    assert starts(sheet(busy=busy, limits=Limits(visits_per_day=2)), visit(), now=a.BEFORE)


def test_hours_past_midnight_offer_a_start_before_it():
    """T027"""
    night = sheet(shifts=[(sec(22), sec(26))])
    assert "23:30" in times(starts(night, visit(60, step=1800), now=a.BEFORE))


def test_a_day_that_is_open_all_day_ends_with_midnight():
    """T028"""
    clock = clock_of("UTC")
    hours = Habits(clock, [WeeklyWindow(1, 0, 1440)])
    work, _breaks = spans_of_hours(hours, a.DAY.toordinal(), a.DAY.toordinal())
    found = starts(sheet(shifts=work), visit(60, step=3600), now=a.BEFORE)
    assert times(found)[-1] == "23:00"


def test_a_date_with_its_own_hours_takes_nothing_from_its_weekday():
    weekly = [WeeklyWindow(1, 540, 1080), WeeklyWindow(1, 720, 780, is_break=True)]
    ordinal = a.DAY.toordinal()
    own = Habits(clock_of("UTC"), weekly, [DateWindow(ordinal, 600, 840)])
    closed = Habits(clock_of("UTC"), weekly, [DateWindow(ordinal)])
    assert spans_of_hours(own, ordinal, ordinal) == ([(sec(10), sec(14))], [])
    assert spans_of_hours(closed, ordinal, ordinal) == ([], [])


def test_a_shift_over_the_clock_change_ends_by_the_wall_clock():
    weekly = [WeeklyWindow(7, 30, 390)]
    habits = Habits(clock_of("America/New_York"), weekly)
    for day, hours in ((date(2026, 3, 8), 5), (date(2025, 11, 2), 7), (date(2026, 6, 7), 6)):
        work, _breaks = spans_of_hours(habits, day.toordinal(), day.toordinal())
        assert (work[0][1] - work[0][0]) / 3600 == hours


def test_a_date_that_a_zone_skipped_offers_nothing():
    """T026"""
    day = date(2011, 12, 30)
    clock = clock_of("Pacific/Apia")
    start, end = clock.span_of_days(day, day)
    assert start == end
    own = sheet(day, "Pacific/Apia", shifts=[])
    assert starts(own, visit(), now=to_instant(start)) == []


def test_an_unknown_zone_is_refused():
    with pytest.raises(Invalid, match="no time zone called Mars/Olympus"):
        clock_of("Mars/Olympus")


def test_a_reversed_or_endless_range_is_refused():
    with pytest.raises(Invalid, match="last day lies before"):
        Days(a.DAY, a.DAY - timedelta(days=1))
    with pytest.raises(Invalid, match="At most"):
        Days(a.DAY, a.DAY + timedelta(days=3650))


REASONS = [
    pytest.param(8, ReasonCode.CLOSED, "Dr Ada starts work at", id="before work"),
    pytest.param(17, ReasonCode.CLOSED, "Dr Ada finishes work at", id="after work"),
    pytest.param(12, ReasonCode.BREAK, "has a break until", id="break"),
    pytest.param(11.75, ReasonCode.TOO_SHORT, "15 min too short: break", id="into the break"),
    pytest.param(14, ReasonCode.TIME_OFF, "is away until", id="time off"),
    pytest.param(13.75, ReasonCode.TOO_SHORT, "15 min too short: away", id="into time off"),
    pytest.param(15, ReasonCode.CLOSURE, "Closed: Holiday", id="closure"),
    pytest.param(10, ReasonCode.TAKEN, "Taken until", id="taken"),
    pytest.param(9.75, ReasonCode.TOO_SHORT, "15 min too short: next visit", id="into a visit"),
    pytest.param(10.5, ReasonCode.BUFFER, "10 min too close", id="too close"),
    pytest.param(11.1, ReasonCode.OFF_STEP, "start every 15 minutes", id="off the step"),
    pytest.param(16, ReasonCode.HELD, "Held until", id="held"),
]


@pytest.mark.parametrize(("hour", "code", "words"), REASONS)
def test_every_refused_start_says_why(hour, code, words):
    full = sheet(
        breaks=[(sec(12), sec(13))],
        time_off=[TimeOffSpan(sec(14), sec(15), 7)],
        closures=[ClosureSpan(sec(15), sec(15.5), 8, "Holiday")],
        busy=[
            Busy(sec(10), sec(10.5), 0, 10, booking_id=3),
            Busy(sec(16), sec(16.5), held=True),
        ],
    )
    found = Explainer(full, visit(), now=a.BEFORE).reasons(sec(hour))
    assert code in [each.code for each in found]
    assert words in " ".join(map(str, found))


def test_a_start_that_is_offered_has_no_reason_against_it():
    assert Explainer(sheet(), visit(), now=a.BEFORE).reasons(sec(9)) == []


@st.composite
def calendars(draw):
    """A professional's day in any zone, hours, breaks, time off and visits at random."""
    zone = draw(st.sampled_from(ZONES))
    day = draw(st.sampled_from(CHANGE_DAYS))
    clock = clock_of(zone)
    base = clock.span_of_days(day, day)[0]
    minute = st.integers(0, 30 * 12)

    def spans(most: int, longest: int) -> list[tuple[int, int]]:
        made = draw(st.lists(st.tuples(minute, st.integers(1, longest)), max_size=most))
        return sorted((base + s * 300, base + (s + n) * 300) for s, n in made)

    windows = [
        WeeklyWindow(day.isoweekday(), start * 15, start * 15 + length * 15)
        for start, length in draw(
            st.lists(st.tuples(st.integers(0, 80), st.integers(1, 40)), min_size=1, max_size=3)
        )
    ]
    shifts, _none = spans_of_hours(Habits(clock, windows), day.toordinal(), day.toordinal())
    busy = [
        Busy(
            start,
            end,
            draw(st.sampled_from([0, 0, 10])),
            draw(st.sampled_from([0, 15])),
            n + 1,
            seats=draw(st.sampled_from([1, 1, 2, 3])),
        )
        for n, (start, end) in enumerate(spans(6, 18))
    ]
    return sheet(
        day,
        zone,
        shifts=shifts,
        breaks=spans(2, 12),
        openings=spans(1, 24),
        time_off=[TimeOffSpan(*each) for each in spans(1, 24)],
        closures=[ClosureSpan(*each) for each in spans(1, 24)],
        busy=busy,
        limits=draw(st.sampled_from([Limits(), Limits(visits_per_day=3, minutes_per_week=200)])),
    )


VISITS = st.builds(
    lambda length, before, after, step, grid, seats, booking_id, **rules: Visit(
        length * 300,
        before * 300,
        after * 300,
        Rules(step=step * 60, grid=grid and grid * 60, **rules),
        booking_id,
        seats=seats,
    ),
    length=st.integers(1, 30),
    before=st.integers(0, 3),
    after=st.integers(0, 3),
    seats=st.sampled_from([1, 1, 2, 3]),
    booking_id=st.sampled_from([0, 0, 1]),
    step=st.sampled_from([5, 15, 20, 25, 30, 60]),
    grid=st.sampled_from([None, None, 5, 60]),
    grid_offset=st.sampled_from([0, 0, 300]),
    anchor=st.sampled_from(Anchor),
    after_visits=st.booleans(),
    start_offset=st.sampled_from([0, 0, 300]),
    fill_gaps=st.sampled_from([False, False, True]),
    buffer_rule=st.sampled_from(BufferRule),
    buffers_inside_hours=st.booleans(),
    end_tolerance=st.sampled_from([0, 0, 1, 300]),
    notice=st.sampled_from([0, 3600]),
    notice_included=st.booleans(),
    horizon_days=st.sampled_from([None, 0, 1]),
    horizon_weekdays=st.sampled_from([range(1, 8), range(1, 6)]),
    fits_gap=st.booleans(),
)


def check_offered_exactly_without_reasons(own, wanted, hours, rooms):
    """Over every five minutes of the day."""
    now = to_instant(own.span[0] + hours * 3600)
    taken = [own.busy[:2], own.busy[2:4]][:rooms] if rooms else None
    patient = own.busy[4:5]
    offered = set(starts(own, wanted, now=now, rooms=taken, patient=patient))
    explain = Explainer(own, wanted, now=now, rooms=taken, patient=patient)
    for moment in {*range(own.span[0], own.span[1], 300), *offered}:
        reasons = explain.reasons(moment)
        assert (moment in offered) == (not reasons), (moment, reasons)
    assert all(own.span[0] <= each < own.span[1] for each in offered)


ASKED = (calendars(), VISITS, st.integers(-6, 30), st.integers(0, 2))


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(*ASKED)
def test_what_is_offered_has_no_reason_and_what_has_none_is_offered(own, wanted, hours, rooms):
    """T018"""
    check_offered_exactly_without_reasons(own, wanted, hours, rooms)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(*ASKED)
def test_the_same_over_five_thousand_calendars(own, wanted, hours, rooms):
    """T018"""
    check_offered_exactly_without_reasons(own, wanted, hours, rooms)


def test_a_professional_in_another_zone_keeps_their_own_wall_clock(session):
    """T033"""
    azores = a.professional(session, zone="Atlantic/Azores")
    own = load_sheets(session, [azores], Days(a.DAY, a.DAY), now=a.BEFORE)[0]
    found = starts(own, visit(60, step=3600), now=a.BEFORE)
    assert (times(found)[0], times(found)[-1]) == ("10:00", "17:00")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calendars())
def test_free_taken_and_closed_time_make_up_the_whole_day(own):
    day = [own.span]
    free = intersect(free_time(own, visit(5)), day)
    taken = intersect(intersect(own.offered, day), union(blocked(own.busy, visit(5))))
    closed = subtract(day, own.offered)
    pieces = sorted([*free, *taken, *closed])
    assert union(pieces) == day
    assert sum(end - start for start, end in pieces) == own.span[1] - own.span[0]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calendars(), st.sampled_from([5, 15, 20, 30, 60]), st.integers(-6, 30))
def test_starts_lie_on_the_lattice_of_the_local_clock(own, step, hours):
    now = to_instant(own.span[0] + hours * 3600)
    for start in starts(own, visit(30, step=step * 60), now=now):
        local = own.clock.local(start)
        assert (local.hour * 60 + local.minute) % step == 0
        assert local.second == 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calendars(), st.randoms(use_true_random=False))
def test_the_order_of_windows_and_absences_changes_nothing(own, chance):
    def shuffled(rows):
        return chance.sample(list(rows), len(rows))

    mixed = replace(
        own, openings=shuffled(own.openings), closures=shuffled(own.closures), bad_rows=()
    )
    assert mixed.offered == own.offered
    assert starts(mixed, visit(30), now=a.BEFORE) == starts(own, visit(30), now=a.BEFORE)


def test_places_of_a_group_are_offered_until_the_last_is_taken():
    group = replace(visit(60, step=3600), seats=2)
    one = [Busy(sec(9), sec(10), seats=2)]
    two = [*one, Busy(sec(9), sec(10), seats=2)]
    assert times(starts(sheet(busy=one), group, now=a.BEFORE))[0] == "09:00"
    assert times(starts(sheet(busy=two), group, now=a.BEFORE))[0] == "10:00"
    explain = Explainer(sheet(busy=two), group, now=a.BEFORE)
    assert {each.code for each in explain.reasons(sec(9))} == {ReasonCode.FULL}


def test_a_group_shares_no_time_with_a_visit_of_one():
    group = replace(visit(60, step=3600), seats=2)
    alone = sheet(busy=[Busy(sec(9.25), sec(9.75))])
    assert times(starts(alone, group, now=a.BEFORE))[0] == "10:00"
    explain = Explainer(alone, group, now=a.BEFORE)
    assert "next visit at" in " ".join(map(str, explain.reasons(sec(9))))


def test_a_visit_too_close_to_be_left_cannot_be_moved():
    wanted = replace(visit(30, notice=3600), booking_id=3, moved_from=sec(9))
    assert starts(sheet(), wanted, now=a.at(8.5)) == []
    found = Explainer(sheet(), wanted, now=a.at(8.5)).reasons(sec(12))
    assert [each.code for each in found] == [ReasonCode.NOTICE]
    assert str(found[0]) == "Too late to be moved: that needs 60 minutes' notice."


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: Visit(0), id="no length"),
        pytest.param(lambda: Rules(step=0), id="no step"),
        pytest.param(lambda: starts(sheet(), visit(), now=datetime(2026, 12, 4)), id="naive"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_asked_is_refused(wrong):
    with pytest.raises(ValueError, match=r"after it starts|time apart|must be aware"):
        wrong()


def test_series_starts_are_free_at_the_same_wall_time_every_week():
    span = clock_of("UTC").span_of_days(a.DAY, a.DAY + timedelta(days=14))
    week = 7 * 86400
    shifts = [(sec(9) + week * each, sec(11) + week * each) for each in range(3)]
    own = sheet(span=span, shifts=shifts, busy=[Busy(sec(10) + week, sec(11) + week)])
    day = (sec(0), sec(24))
    hourly = visit(60, step=3600)
    assert times(starts_every_week(own, hourly, first=day, weeks=2, now=a.BEFORE)) == ["09:00"]
