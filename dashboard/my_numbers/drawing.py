"""A professional's figures, drawn: the headline, the bars, and the table below."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.analytics import By, OwnFigures, OwnNumbers
from dashboard.figures.figure import FEW, PERCENT, WHOLE, Bar, Figure, label_of
from dashboard.i18n import _
from dashboard.my_numbers.figures import EARNED, FIGURES, OwnFigure, change, said, told


def headline(numbers: OwnNumbers, before: OwnNumbers) -> None:
    """Each figure of the whole time, against as long before where there was anything."""
    whole, earlier = numbers.whole, before.whole
    compares = bool(before.periods[0].booked or before.periods[0].offered_minutes)
    with st.container(horizontal=True, gap="small", key="my_numbers_headline"):
        for each in FIGURES.values():
            delta = change(each, whole, earlier, numbers.currency) if compares else None
            st.metric(
                _(each.title),
                said(each, whole, numbers.currency),
                delta,
                delta_color="inverse" if each.is_loss else "normal",
                help=_(each.counts),
                border=True,
            )
    few = [_(each.title) for each in FIGURES.values() if each.is_few(whole)]
    if few:
        st.warning(
            _("Read with care: fewer than {few} visits stand behind {figures}.").format(
                few=FEW, figures=_(" and ").join(few)
            ),
            icon=":material/info:",
        )


def figure(numbers: OwnNumbers, asked: OwnFigure, by: By) -> Figure:
    """A bar for each week or month, with its value in words; pale where few stand behind it."""
    return Figure(
        key="my_numbers_chart",
        title=_(asked.title),
        counts=_(asked.counts),
        bars=[
            Bar(
                label=label_of(by, each.starts_on),
                heights=[_height(asked, each)],
                says=_over(asked, each),
                tells=_tells(asked, each, by, numbers.currency),
                few=asked.is_few(each),
            )
            for each in numbers.periods
        ],
        ticks=PERCENT if asked.is_share else WHOLE,
    )


def table(numbers: OwnNumbers, by: By) -> pd.DataFrame:
    """Every figure of every week or month, the newest first, with what stands behind the shares."""
    first = _("Week from") if by is By.WEEK else _("Month from")
    return pd.DataFrame([_row(first, each, numbers) for each in reversed(numbers.periods)])


def show_table(frame: pd.DataFrame) -> None:
    first = frame.columns[0]
    shares = st.column_config.NumberColumn(format="%.1f %%")
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height="content",
        key="my_numbers_table",
        column_config={
            first: st.column_config.DateColumn(format="DD.MM.YYYY", pinned=True),
            _("Booked h"): st.column_config.NumberColumn(format="%.1f"),
            _("Offered h"): st.column_config.NumberColumn(format="%.1f"),
            _("Utilisation"): shares,
            _("Due"): st.column_config.NumberColumn(
                help=_("Patients whose visit has begun and was not cancelled.")
            ),
            _("No-shows, share"): shares,
            _("Seats booked"): st.column_config.NumberColumn(
                help=_("Every patient who was booked, whatever became of it.")
            ),
            _("Late, share"): shares,
        },
    )


def _row(first: str, each: OwnFigures, numbers: OwnNumbers) -> dict[str, object]:
    return {
        first: each.starts_on,
        _("Visits"): each.visits,
        _("Booked h"): each.booked_minutes / 60,
        _("Offered h"): each.offered_minutes / 60,
        _("Utilisation"): _percent(each.utilisation),
        _("Due"): each.due,
        _("No-shows"): each.no_shows,
        _("No-shows, share"): _percent(each.no_show_share),
        _("Seats booked"): each.booked,
        _("Cancelled late"): each.late,
        _("Late, share"): _percent(each.late_share),
        _("Earnings, {currency}").format(currency=numbers.currency): each.earned_cents / 100,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100


def _height(figure: OwnFigure, each: OwnFigures) -> float | None:
    value = figure.value(each)
    return value / 100 if figure.title == EARNED and value is not None else value


def _over(figure: OwnFigure, each: OwnFigures) -> str:
    """What stands over a bar: an amount without its currency, which the axis would repeat."""
    return f"{each.earned_cents / 100:,.0f}" if figure.title == EARNED else said(figure, each, "")


def _tells(figure: OwnFigure, each: OwnFigures, by: By, currency: str) -> str:
    """What a bar says when it is pointed at."""
    when = _("Week from {date}") if by is By.WEEK else "{date}"
    lines: Sequence[str] = (
        when.format(date=label_of(by, each.starts_on)),
        f"{_(figure.title)}: {said(figure, each, currency)}",
        told(figure, each),
    )
    return "<br>".join(line for line in lines if line)
