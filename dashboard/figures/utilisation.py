"""Utilisation: how full calendars were and will be, by professional and week."""

from collections.abc import Sequence
from datetime import date, datetime

import streamlit as st

from core.analytics import (
    By,
    Gaps,
    UtilisationWeek,
    gaps,
    total,
    utilisation,
    utilisation_hours,
)
from core.analytics.files import FigureAsked
from core.analytics.tables import gaps_table, hours_table
from core.policy import Actor
from core.week import monday_of
from dashboard import session
from dashboard.components.utilisation_chart import (
    clock_hours,
    headline,
    heat_map,
    hours_map,
    is_whole,
    show_table,
    totals_table,
    weeks_table,
)
from dashboard.exporting import download_button
from dashboard.figures.advice import advise_on_time
from dashboard.figures.bar import Looked
from dashboard.figures.figure import Bar, Figure, choose, show, show_numbers, theme
from dashboard.figures.forecast import show_forecast
from dashboard.formatting import number
from dashboard.i18n import N_, _

WEEKS, HOURS, GAPS = N_("Weeks"), N_("Weekday and hour"), N_("Gaps")
AHEAD = N_("Weeks ahead")
COUNTS = N_(
    "Booked time as a share of the time offered: working hours and openings as they applied "
    "then, without breaks, time off and closures. Cancelled visits and no-shows do not count "
    "as booked."
)


def show_utilisation(actor: Actor, looked: Looked, *, today: date, now: datetime) -> None:
    """The view: the headline, a heat map of the weeks, and their numbers."""
    with session.reading() as db:
        weeks = utilisation(db, actor, looked.asked, now=now)
        earlier = utilisation(db, actor, looked.asked.before(), now=now) if looked.compare else []
    if not any(each.offered_minutes or each.visits or each.cancelled for each in weeks):
        st.info(
            _(
                "Nobody had working hours or bookings in these weeks. Choose other weeks, or "
                "everybody."
            ),
            icon=":material/event_busy:",
        )
        return
    headline(total(weeks), total(earlier) if is_whole(earlier) else None)
    advise_on_time(actor, looked, weeks, now=now)
    of, _group = choose({WEEKS: {}, HOURS: {}, GAPS: {}, AHEAD: {}}, "utilisation")
    if of == HOURS:
        _show_hours(actor, looked, now=now)
    elif of == GAPS:
        _show_gaps(actor, looked, now=now)
    elif of == AHEAD:
        show_forecast(actor, looked, now=now)
    else:
        _show_weeks(weeks, looked, today)


def _show_weeks(weeks: Sequence[UtilisationWeek], looked: Looked, today: date) -> None:
    st.plotly_chart(
        heat_map(weeks, this_week=monday_of(today), theme=theme()),
        key="utilisation_chart",
        config={"displayModeBar": False},
    )
    compared = _("Small numbers compare with the weeks just before.")
    st.caption(f"{_(COUNTS)} {compared}" if looked.compare else _(COUNTS))
    show_table(totals_table(weeks), key="utilisation_totals")
    with st.expander(_("Every week as a table")):
        show_table(weeks_table(weeks), key="utilisation_weeks")
        words = FigureAsked("utilisation", By.WEEK, looked.asked).words
        download_button(_("Download"), "figure", *words, key="utilisation_download")


def _show_hours(actor: Actor, looked: Looked, *, now: datetime) -> None:
    with session.reading() as db:
        found = utilisation_hours(db, actor, looked.asked, now=now)
    st.plotly_chart(
        hours_map(found, theme=theme()), key="hours_chart", config={"displayModeBar": False}
    )
    st.caption(
        _(COUNTS)
        + " "
        + _("Each hour holds the part of a visit that lies in it, over all weeks and everybody.")
    )
    show_numbers(hours_table(found), FigureAsked("hours", By.HOUR, looked.asked))


def _show_gaps(actor: Actor, looked: Looked, *, now: datetime) -> None:
    with session.reading() as db:
        found = gaps(db, actor, looked.asked, now=now)
    show(gaps_figure(found))
    show_numbers(gaps_table(found), FigureAsked("gaps", By.PROFESSIONAL, looked.asked))


def gaps_figure(found: Sequence[Gaps]) -> Figure:
    """Free hours by professional: those that can be sold, and those in pieces too short."""
    bars = [
        Bar(
            each.professional,
            [(each.free_minutes - each.short_minutes) / 60, each.short_minutes / 60],
            _("{short} of {free} h").format(
                short=number(each.short_minutes / 60, 1), free=number(each.free_minutes / 60)
            ),
            _("{short} of {free} free in {count} gaps too short").format(
                short=clock_hours(each.short_minutes),
                free=clock_hours(each.free_minutes),
                count=each.short_gaps,
            ),
        )
        for each in found
    ]
    counts = _(
        "Free is what was offered on these days and no visit takes, past and to come. A gap is "
        "too short when not even the shortest service its professional offers fits into it."
    )
    ways = (_("Long enough to book"), _("Too short for any service"))
    return Figure("gaps", _("Free hours, and gaps too short"), counts, bars, ways, lying=True)
