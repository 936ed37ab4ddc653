"""The cells of a figure's table as they are read; the values below them stay what is sorted by."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from core.analytics.grouping import By
from core.analytics.own import EARNINGS
from core.analytics.tables import FIRST_CAME, TITLES, Table, worth_table
from core.db import utc_now
from dashboard import session
from dashboard.components.words import money
from dashboard.formatting import day, month_of, number, share
from dashboard.i18n import N_

Form = Callable[[Any], str]
OF_MONTHS = (TITLES[By.MONTH], FIRST_CAME)
OF_MONEY = (*worth_table(By.MONTH, ()).titles[2:], EARNINGS)
ON_SCREEN = {TITLES[By.MONTH]: N_("Month")}
"""What says more than the title of the file, which has the first day there."""
DIGITS = 1
"""Of hours, minutes and days: a second one says nothing."""


def column_forms(table: Table, currency: str) -> list[Form]:
    """How the cells of each column are written."""
    columns = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.titles)
    return [
        _form(title, values, table, currency)
        for title, values in zip(table.titles, columns, strict=True)
    ]


def _form(title: str, values: Sequence[object], table: Table, currency: str) -> Form:
    if title in OF_MONTHS:
        return month_of
    if title in OF_MONEY:
        return lambda amount: money(round(amount * 100), currency)
    if title.endswith("%") or (table.titles[0] == FIRST_CAME and title not in table.titles[:2]):
        return lambda percent: share(percent / 100)
    known = [each for each in values if each is not None]
    if known and all(isinstance(each, date) for each in known):
        today = utc_now().astimezone(session.zone()).date()
        return lambda on: day(on, today)
    if any(isinstance(each, float) for each in known):
        return lambda value: number(value, DIGITS)
    return lambda value: number(value) if isinstance(value, int | float) else str(value)
