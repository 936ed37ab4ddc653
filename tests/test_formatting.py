"""Numbers, shares and money as they are read."""

from datetime import date

import pytest

from core.analytics import By, Cohort, People, Worth
from core.analytics.tables import cohorts_table, worth_table
from core.exports import csv_file
from dashboard import formatting
from dashboard.components.words import money
from dashboard.formatting import change, number, share


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (None, "–"),
        (0, "0%"),
        (0.049, "4.9%"),
        (0.05, "5.0%"),
        (0.0996, "10%"),
        (0.1, "10%"),
        (0.255, "26%"),
        (1.25, "125%"),
    ],
)
def test_a_share_below_a_tenth_has_one_decimal_and_others_none(part, says):
    assert share(part) == says


def test_money_has_its_thousands_apart_and_its_currency():
    assert money(123456789, "EUR") == "1,234,567.89 EUR"
    assert money(4500, "EUR") == "45.00 EUR"
    assert money(-5, "EUR") == "-0.05 EUR"


def test_a_change_has_its_sign():
    assert (change(1234), change(-3), change(0.25, 1)) == ("+1,234", "-3", "+0.2")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("1.234,5", "12.345,70"),
        ("1 234,5", "12 345,70"),
        ("1234.5", "12345.70"),
        ("nonsense", "12,345.70"),
    ],
)
def test_separators_are_those_of_the_reader(monkeypatch, written, says):
    monkeypatch.setattr(formatting, "_", lambda _sentence: written)

    assert number(12345.7, 2) == says


def test_the_file_keeps_plain_numbers_and_dates():
    table = worth_table(By.MONTH, [Worth(date(2026, 11, 1), "", 3, booked_cents=123450)])

    file = csv_file("figure.csv", table.titles, table.rows).content.decode("utf-8-sig")
    assert file.splitlines()[1] == "2026-11-01,3,1234.5,0.0,0.0,0.0"


def test_no_title_of_the_cohorts_is_taken_for_a_formula():
    months = [date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)]
    found = People(4, 0, 6, [], {}, [Cohort(months[0], 4, [2, 1]), *_empty(months[1:])])

    titles = cohorts_table(found).titles
    assert list(titles) == ["First came in", "Patients", "After 1 month", "After 2 months"]
    file = csv_file("figure.csv", titles, []).content.decode("utf-8-sig")
    assert file.splitlines()[0] == "First came in,Patients,After 1 month,After 2 months"


def _empty(months: list[date]) -> list[Cohort]:
    return [Cohort(each, 0, []) for each in months]
