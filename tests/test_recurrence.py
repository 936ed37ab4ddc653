"""The dates of a series."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.recurrence import End, daily, monthly_on_date, monthly_on_weekday, months_later, weekly

START = date(2026, 12, 7)


def test_every_other_day():
    found = daily(START, End(count=3), every=2)
    assert [each.day for each in found.dates] == [7, 9, 11]


def test_weekdays_of_every_second_calendar_week():
    found = weekly(date(2026, 12, 9), End(count=4), weekdays=[1, 3], every=2)
    assert [each.isoformat() for each in found.dates] == [
        "2026-12-09",
        "2026-12-21",
        "2026-12-23",
        "2027-01-04",
    ]


def test_the_week_may_begin_on_sunday():
    sunday_first = weekly(START, End(count=2), weekdays=[7], every=2, week_starts_on=7)
    monday_first = weekly(START, End(count=2), weekdays=[7], every=2)
    assert sunday_first.dates[0] == date(2026, 12, 20)
    assert monday_first.dates[0] == date(2026, 12, 13)


def test_months_without_a_31st_are_skipped_and_told():
    found = monthly_on_date(date(2026, 12, 31), End(until=date(2027, 5, 31)))
    assert [each.month for each in found.dates] == [12, 1, 3, 5]
    assert found.skipped_months == (date(2027, 2, 1), date(2027, 4, 1))


def test_months_without_a_fifth_thursday_are_skipped_and_told():
    found = monthly_on_weekday(date(2026, 12, 31), End(count=2))
    assert found.dates == (date(2026, 12, 31), date(2027, 4, 29))
    assert len(found.skipped_months) == 3


def test_t030_a_yearly_29_february_falls_on_leap_years_only():
    found = monthly_on_date(date(2024, 2, 29), End(count=3), every=12)
    assert [each.year for each in found.dates] == [2024, 2028, 2032]
    assert len(found.skipped_months) == 6


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: End(), id="no end"),
        pytest.param(lambda: End(count=0), id="no dates"),
        pytest.param(lambda: daily(START, End(until=date(2030, 1, 1))), id="too many"),
        pytest.param(lambda: daily(START, End(count=2), every=0), id="every 0"),
        pytest.param(lambda: weekly(START, End(count=2), weekdays=[]), id="no weekday"),
        pytest.param(lambda: weekly(START, End(count=2), weekdays=[8]), id="eighth weekday"),
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(Invalid):
        wrong()


def test_a_series_that_ends_before_it_begins_has_no_dates():
    assert daily(START, End(until=date(2026, 12, 6))).dates == ()


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.sets(st.integers(1, 7), min_size=1),
    st.integers(1, 10),
    st.integers(1, 7),
    st.integers(1, 60),
)
def test_weekly_dates_keep_their_weekdays_their_weeks_and_their_order(
    start, weekdays, every, week_starts_on, count
):
    found = weekly(
        start, End(count=count), weekdays=weekdays, every=every, week_starts_on=week_starts_on
    ).dates
    weeks = {(each.toordinal() - week_starts_on) // 7 for each in found}
    first = (start.toordinal() - week_starts_on) // 7
    assert len(found) == count
    assert sorted(set(found)) == list(found)
    assert found[0] >= start
    assert {each.isoweekday() for each in found} <= weekdays
    assert all((each - first) % every == 0 for each in weeks)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 13), st.integers(1, 40))
def test_monthly_dates_keep_their_day_and_no_month_goes_missing_unsaid(start, every, count):
    for found in (
        monthly_on_date(start, End(count=count), every=every),
        monthly_on_weekday(start, End(count=count), every=every),
    ):
        months = {each.replace(day=1) for each in found.dates} | set(found.skipped_months)
        steps = [12 * each.year + each.month for each in sorted(months)]
        assert len(found.dates) == count
        assert found.dates[0] == start
        assert steps == list(range(steps[0], steps[0] + every * len(steps), every))


@pytest.mark.parametrize(
    ("on", "months", "then"),
    [
        (date(2026, 11, 28), 1, date(2026, 12, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 6, date(2027, 6, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 31), -1, date(2026, 11, 30)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_a_short_one(on, months, then):
    assert months_later(on, months) == then
