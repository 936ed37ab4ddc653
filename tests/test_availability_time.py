"""Clocks: every zone on the days its clock changes, and the times people type."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest

from core.availability import DaySheet, Explainer, Rules, Visit, WallClock, clock_of, starts
from core.availability.hours import Habits, WeeklyWindow, spans_of_hours
from core.interval import to_instant

ZONES = sorted(zoneinfo.available_timezones())
YEAR = 2026
QUARTER = 900


def change_days(clock: WallClock) -> list[int]:
    """Ordinals of the days of the year that do not keep one offset."""
    first = date(YEAR, 1, 1).toordinal()
    return [each for each in range(first, first + 365) if not clock.day(each)[1]]


def sheet(zone: str, day: int, *windows: tuple[int, int]) -> DaySheet:
    clock = clock_of(zone)
    hours = [WeeklyWindow(each, *window) for each in range(1, 8) for window in windows]
    shifts, _breaks = spans_of_hours(Habits(clock, hours), day, day)
    span = clock.day(day)[0], clock.day(day + 1)[0]
    return DaySheet(1, "Dr Ada", clock, span, shifts)


def wall(found: list[int], clock: WallClock) -> list[str]:
    return [f"{clock.local(each):%H:%M}" for each in found]


def test_t025_a_working_day_is_eight_hours_in_every_zone_on_every_change_day():
    hourly = Visit(3600, rules=Rules(step=3600))
    usual = [f"{hour:02}:00" for hour in range(9, 17)]
    seen = 0
    for zone in ZONES:
        for day in change_days(clock_of(zone)):
            own = sheet(zone, day, (540, 1020))
            found = starts(own, hourly, now=to_instant(own.span[0]))
            assert wall(found, own.clock) == usual, (zone, date.fromordinal(day))
            seen += 1
    assert seen > 300


def test_hours_over_the_night_of_a_change_are_cut_by_the_wall_clock_in_every_zone():
    """T021, T022: each quarter hour the wall shows is offered once for each time it comes."""
    visit = Visit(QUARTER, rules=Rules(step=QUARTER))
    for zone in ZONES:
        for day in change_days(clock_of(zone)):
            own = sheet(zone, day, (0, 1440))
            found = starts(own, visit, now=to_instant(own.span[0]))
            assert found == list(range(*own.span, QUARTER)), (zone, date.fromordinal(day))


def test_a_typed_time_means_what_the_wall_shows_in_every_zone_on_every_change_day():
    """Against a walk over the day in quarter hours."""
    for zone in ZONES:
        clock = clock_of(zone)
        for ordinal in change_days(clock):
            day = date.fromordinal(ordinal)
            shown: dict[str, list[int]] = {}
            around = int(datetime.combine(day, datetime.min.time(), UTC).timestamp())
            for moment in range(around - 86400, around + 2 * 86400, QUARTER):
                shown.setdefault(f"{clock.local(moment):%F %H:%M}", []).append(moment)
            for minute in range(0, 1440, 15):
                typed = clock.typed_time(day, minute)
                there = shown.get(f"{day} {minute // 60:02}:{minute % 60:02}")
                assert typed.exists == (there is not None), (zone, day, minute)
                assert typed.exists is False or list(typed.instants) == there


CHANGES = [
    pytest.param("Europe/Madrid", date(2026, 3, 29), 150, ["03:00 +0200"], id="T021 Madrid"),
    pytest.param("America/New_York", date(2026, 3, 8), 150, ["03:00 -0400"], id="T021 New York"),
    pytest.param(
        "Europe/Madrid", date(2026, 10, 25), 150, ["02:30 +0200", "02:30 +0100"], id="T022"
    ),
    pytest.param("Australia/Lord_Howe", date(2026, 10, 4), 135, ["02:30 +1100"], id="T023"),
    pytest.param("America/Sao_Paulo", date(2018, 11, 4), 0, ["01:00 -0200"], id="T024 Sao Paulo"),
    pytest.param("Africa/Cairo", date(2026, 4, 24), 0, ["01:00 +0300"], id="T024 Cairo"),
    pytest.param("Pacific/Apia", date(2011, 12, 30), 600, ["00:00 +1400"], id="T026"),
    pytest.param("Europe/Madrid", date(2026, 6, 1), 150, ["02:30 +0200"], id="any other day"),
]


@pytest.mark.parametrize(("zone", "day", "minute", "meant"), CHANGES)
def test_a_time_comes_once_twice_or_not_at_all(zone, day, minute, meant):
    clock = clock_of(zone)
    typed = clock.typed_time(day, minute)
    assert [f"{clock.local(each):%H:%M %z}" for each in typed.instants] == meant
    there = [f"{clock.local(each):%H:%M}" for each in typed.instants]
    assert typed.exists == (there[0] == f"{minute // 60:02}:{minute % 60:02}")


def test_t024_a_day_without_a_midnight_keeps_its_hours():
    own = sheet("America/Sao_Paulo", date(2018, 11, 4).toordinal(), (540, 1020))
    found = starts(own, Visit(3600, rules=Rules(step=3600)), now=to_instant(own.span[0]))
    assert wall(found, own.clock)[0] == "09:00"
    assert own.span[1] - own.span[0] == 23 * 3600


def test_t027_a_night_shift_offers_its_starts_on_the_evening_and_the_morning_once():
    day = date(2026, 6, 1).toordinal()
    night = (22 * 60, 26 * 60)
    visit = Visit(3600, rules=Rules(step=1800))
    evening, morning = sheet("UTC", day, night), sheet("UTC", day + 1, night)
    shifts, _breaks = spans_of_hours(
        Habits(evening.clock, [WeeklyWindow(each, *night) for each in range(1, 8)]), day, day + 1
    )
    found = [
        starts(DaySheet(1, "", each.clock, each.span, shifts), visit, now=to_instant(0))
        for each in (evening, morning)
    ]
    assert "23:30" in wall(found[0], evening.clock)
    assert wall(found[1], morning.clock)[:3] == ["00:00", "00:30", "01:00"]
    assert not set(found[0]) & set(found[1])


@pytest.mark.parametrize(("seconds", "allowed"), [(-1, False), (0, True), (1, True)])
def test_t031_notice_holds_to_the_second(seconds, allowed):
    own = sheet("UTC", date(2026, 6, 1).toordinal(), (540, 1020))
    nine = own.shifts[0][0]
    visit = Visit(1800, rules=Rules(notice=3600))
    now = to_instant(nine - 3600 - seconds)
    assert (nine in starts(own, visit, now=now)) is allowed
    assert (not Explainer(own, visit, now=now).reasons(nine)) is allowed


def test_a_wall_time_is_found_again_weeks_later_unless_the_clock_leaves_it_out():
    clock = clock_of("America/New_York")
    half_past_two = clock.at(date(2026, 3, 1).toordinal(), 150)
    nine = clock.at(date(2026, 3, 1).toordinal(), 540)
    assert clock.same_time_later(half_past_two, 7) is None
    assert clock.same_time_later(nine, 7) == nine + 7 * 86400 - 3600


def test_the_table_of_days_agrees_with_the_zone_everywhere():
    for number, zone in enumerate(ZONES):
        clock = clock_of(zone)
        for year in range(1975, 2037, 6):
            moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=number * 37 % 8760)
            local = moment.astimezone(clock.zone)
            seconds = int(moment.timestamp())
            into = local.hour * 3600 + local.minute * 60 + local.second
            assert clock.date_of(seconds) == local.date()
            assert clock.seconds_into_day(seconds) == into
