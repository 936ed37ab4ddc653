"""The dates of a series as somebody asks for it, before anybody asks whether they are free."""

from datetime import date

import pytest

from core.errors import Invalid
from core.models import Frequency
from core.recurrence import MOST_DATES
from core.series import Repeats, dates_of

MONDAY = date(2026, 12, 7)


def dates(frequency: Frequency, first_on: date = MONDAY, **values) -> list[date]:
    return list(dates_of(Repeats(frequency, first_on, **values)).dates)


def skipped(frequency: Frequency, first_on: date, **values) -> list[date]:
    return list(dates_of(Repeats(frequency, first_on, **values)).skipped_months)


def test_a_daily_series_takes_every_so_many_days():
    found = dates(Frequency.DAILY, every=3, count=3)
    assert found == [date(2026, 12, 7), date(2026, 12, 10), date(2026, 12, 13)]


def test_a_weekly_series_without_weekdays_keeps_the_first_ones():
    found = dates(Frequency.WEEKLY, count=3)
    assert found == [date(2026, 12, 7), date(2026, 12, 14), date(2026, 12, 21)]


def test_a_series_on_several_weekdays_goes_by_calendar_weeks_from_monday():
    thursday = date(2026, 12, 10)
    found = dates(Frequency.WEEKLY, thursday, weekdays=(1, 4), every=2, count=4)
    assert found == [date(2026, 12, 10), date(2026, 12, 21), date(2026, 12, 24), date(2027, 1, 4)]


def test_the_last_day_is_still_part_of_the_series():
    assert dates(Frequency.WEEKLY, until_on=date(2026, 12, 21))[-1] == date(2026, 12, 21)
    assert dates(Frequency.WEEKLY, until_on=date(2026, 12, 20))[-1] == date(2026, 12, 14)


def test_of_a_count_and_a_last_day_the_first_to_come_ends_it():
    assert len(dates(Frequency.DAILY, count=30, until_on=date(2026, 12, 9))) == 3
    assert len(dates(Frequency.DAILY, count=2, until_on=date(2026, 12, 9))) == 2


def test_the_31st_is_skipped_in_short_months_and_they_are_told():
    values = {"first_on": date(2027, 1, 31), "until_on": date(2027, 5, 31)}
    found = dates(Frequency.MONTHLY_BY_DATE, **values)
    assert found == [date(2027, 1, 31), date(2027, 3, 31), date(2027, 5, 31)]
    assert skipped(Frequency.MONTHLY_BY_DATE, **values) == [date(2027, 2, 1), date(2027, 4, 1)]


def test_skipped_months_do_not_count_as_visits():
    found = dates(Frequency.MONTHLY_BY_DATE, date(2027, 1, 31), count=3)
    assert [each.month for each in found] == [1, 3, 5]


def test_t030_a_yearly_series_from_leap_day_waits_for_the_next_one():
    found = dates(Frequency.MONTHLY_BY_DATE, date(2028, 2, 29), every=12, count=3)
    assert found == [date(2028, 2, 29), date(2032, 2, 29), date(2036, 2, 29)]


def test_a_series_by_weekday_keeps_to_the_second_tuesday():
    found = dates(Frequency.MONTHLY_BY_WEEKDAY, date(2026, 12, 8), count=3)
    assert found == [date(2026, 12, 8), date(2027, 1, 12), date(2027, 2, 9)]


def test_a_fifth_weekday_is_skipped_where_there_is_none():
    fifth_thursday = date(2026, 12, 31)
    found = dates(Frequency.MONTHLY_BY_WEEKDAY, fifth_thursday, until_on=date(2027, 4, 30))
    assert found == [date(2026, 12, 31), date(2027, 4, 29)]
    months = skipped(Frequency.MONTHLY_BY_WEEKDAY, fifth_thursday, until_on=date(2027, 4, 30))
    assert [each.month for each in months] == [1, 2, 3]


def test_a_series_must_end():
    with pytest.raises(Invalid, match="when the series ends"):
        dates(Frequency.DAILY)


@pytest.mark.parametrize(
    "values",
    [
        {"count": 0},
        {"count": MOST_DATES + 1},
        {"until_on": date(2029, 1, 1)},
        {"until_on": date(2026, 12, 6)},
        {"count": 2, "every": 0},
        {"count": 2, "every": 100},
    ],
)
def test_a_slip_of_the_pen_is_refused(values):
    with pytest.raises(Invalid):
        dates(Frequency.DAILY, **values)


def test_the_longest_series_has_366_dates():
    assert len(dates(Frequency.DAILY, count=MOST_DATES)) == MOST_DATES


def test_weekdays_are_iso_weekdays():
    with pytest.raises(Invalid, match="choose the weekdays"):
        dates(Frequency.WEEKLY, weekdays=(0,), count=2)
