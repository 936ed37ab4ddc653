"""A professional's figures, drawn: the headline and the bars."""

from collections.abc import Sequence

import streamlit as st

from core.analytics import By, OwnFigures, OwnNumbers
from dashboard.figures.figure import FEW, PERCENT, WHOLE, Bar, Figure, label_of
from dashboard.formatting import number
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


def _height(figure: OwnFigure, each: OwnFigures) -> float | None:
    value = figure.value(each)
    return value / 100 if figure.title == EARNED and value is not None else value


def _over(figure: OwnFigure, each: OwnFigures) -> str:
    """What stands over a bar: an amount without its currency, which the axis would repeat."""
    return number(each.earned_cents / 100) if figure.title == EARNED else said(figure, each, "")


def _tells(figure: OwnFigure, each: OwnFigures, by: By, currency: str) -> str:
    """What a bar says when it is pointed at."""
    when = _("Week from {date}") if by is By.WEEK else "{date}"
    lines: Sequence[str] = (
        when.format(date=label_of(by, each.starts_on)),
        f"{_(figure.title)}: {said(figure, each, currency)}",
        told(figure, each),
    )
    return "<br>".join(line for line in lines if line)
