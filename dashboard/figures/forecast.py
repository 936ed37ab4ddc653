"""The weeks ahead: what is booked, where each will probably end, and which are thin."""

from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap

import streamlit as st

from core.analytics import By, Forecast, ForecastWeek, forecast
from core.analytics.files import FigureAsked
from core.analytics.forecast import FEWEST_WEEKS, FINISHED_WEEKS
from core.analytics.tables import forecast_table
from core.policy import Actor
from dashboard import session
from dashboard.components.utilisation_chart import clock_hours
from dashboard.escaping import md
from dashboard.figures.bar import Looked
from dashboard.figures.figure import PERCENT, Bar, Figure, label_of, show, show_numbers
from dashboard.formatting import month, share, weekday
from dashboard.i18n import _

LETTERS_ACROSS = 40
"""Of what a bar says when it is pointed at, so that it fits on a telephone."""


def show_forecast(actor: Actor, looked: Looked, *, now: datetime) -> None:
    """The figure, then the weeks that something can still be done about."""
    with session.reading() as db:
        found = forecast(db, actor, looked.asked, now=now)
    show(forecast_figure(found))
    if found.usual is None:
        st.caption(
            _(
                "Not enough history yet: where a week will end is said from {fewest} finished "
                "weeks on in which somebody worked."
            ).format(fewest=FEWEST_WEEKS)
        )
    else:
        _show_thin([each for each in found.weeks if each.thin], found.usual)
    show_numbers(forecast_table(found), FigureAsked("forecast", By.WEEK, looked.asked))


def forecast_figure(found: Forecast) -> Figure:
    """A bar for each week: booked, and what will probably come on top."""
    counts = _(
        "Booked is what stands in the calendars today, as a share of the time they offer. Where "
        "a week will probably end is that and what finished weeks still gained, or lost to "
        "cancellations and no-shows, from as many days before: the median of the last {weeks}, "
        "and their middle half as the range. The dates above do not matter here."
    ).format(weeks=FINISHED_WEEKS)
    bars = [
        Bar(
            str(label_of(By.WEEK, each.week_starts_on)),
            [each.booked, _to_come(each)],
            _says(each),
            "<br>".join(wrap(_sentence(each), LETTERS_ACROSS)),
        )
        for each in found.weeks
    ]
    ways = (_("Booked"), _("Expected"))
    title = _("The next weeks, and where they will probably end")
    return Figure("forecast", title, counts, bars, ways, lying=True, ticks=PERCENT)


def _show_thin(weeks: Sequence[ForecastWeek], usual: float) -> None:
    if not weeks:
        st.caption(
            _("None of these weeks is thin: finished weeks ended at {usual}.").format(
                usual=share(usual)
            )
        )
        return
    st.markdown(
        _("**Thin weeks.** Finished weeks ended at {usual}; these will probably not.").format(
            usual=share(usual)
        )
    )
    st.markdown("\n".join(f"- {md(_sentence(each))}" for each in weeks))


def _to_come(week: ForecastWeek) -> float | None:
    if week.likely is None or week.booked is None:
        return None
    return max(week.likely - week.booked, 0.0)


def _says(week: ForecastWeek) -> str:
    if week.booked is None:
        return _("away")
    if week.likely is None:
        return share(week.booked)
    return f"{share(week.booked)} → {share(week.likely)}"


def _sentence(week: ForecastWeek) -> str:
    """A week in words, with its Monday."""
    on = week.week_starts_on
    day = _("{weekday} {day} {month}").format(weekday=weekday(on), day=on.day, month=month(on))
    if week.booked is None:
        return _("Week from {day}: no hours are offered.").format(day=day)
    words = {
        "day": day,
        "booked": share(week.booked),
        "open": clock_hours(week.open_minutes),
    }
    if week.likely is None:
        return _(
            "Week from {day}: {booked} booked; {open} are still open. Not enough history to "
            "say where it will end."
        ).format(**words)
    return _(
        "Week from {day}: {booked} booked, will probably end near {likely}; {open} are still open."
    ).format(**words, likely=_with_range(week))


def _with_range(week: ForecastWeek) -> str:
    """Where it will probably end, and between what, where that is not the same."""
    likely, low, high = map(share, (week.likely, week.low, week.high))
    if low == high:
        return likely
    return _("{likely} ({low} to {high})").format(likely=likely, low=low, high=high)
