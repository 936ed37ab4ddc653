"""Demand: what is booked when and through whom, and how long people wait here."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from core.analytics import (
    By,
    Made,
    Waited,
    all_made,
    all_waited,
    made,
    waited,
    waiting_list,
)
from core.analytics.behind import Behind
from core.analytics.files import FigureAsked
from core.analytics.tables import CHANNELS, made_table, waited_table, word_of
from core.policy import Actor
from dashboard import session
from dashboard.figures.bar import Looked
from dashboard.figures.behind import show_bars
from dashboard.figures.figure import (
    FEW,
    Bar,
    Figure,
    Grouped,
    choose,
    label_of,
    show_numbers,
)
from dashboard.figures.searches import GROUPS, advise_on_searches, headline_searches, show_searches
from dashboard.formatting import change, number, share
from dashboard.i18n import N_, _

MADE, IN_HOUSE, NOT_GOT = N_("Bookings made"), N_("Wait in house"), N_("Found nothing")
WAYS: Mapping[str, Mapping[str, By]] = {
    MADE: {
        N_("Week"): By.WEEK,
        N_("Day"): By.DAY,
        N_("Month"): By.MONTH,
        N_("Weekday"): By.WEEKDAY,
        N_("Hour"): By.HOUR,
        N_("Booked ahead"): By.LEAD,
        N_("Service"): By.SERVICE,
        N_("Professional"): By.PROFESSIONAL,
    },
    IN_HOUSE: {
        N_("Hour"): By.HOUR,
        N_("Weekday"): By.WEEKDAY,
        N_("Week"): By.WEEK,
        N_("Professional"): By.PROFESSIONAL,
        N_("Service"): By.SERVICE,
    },
    NOT_GOT: GROUPS,
}
LYING = (By.SERVICE, By.PROFESSIONAL)


def show_demand(actor: Actor, looked: Looked, *, now: datetime) -> None:
    """The view: the headline, one figure at a time, and its numbers."""
    asked = looked.asked
    with session.reading() as db:
        whole, waits = all_made(db, actor, asked), all_waited(db, actor, asked)
        listed = waiting_list(db, actor, asked)
        before = all_made(db, actor, asked.before()) if looked.compare else None
        before = before if before and before.made else None  # nothing compares with nothing
        waits_before = all_waited(db, actor, asked.before()) if looked.compare else None
    with st.container(horizontal=True, gap="small", key="demand_headline"):
        _headline_made(whole, before)
        headline_searches(actor, looked)
        _headline_waits(waits, waits_before)
        st.metric(
            _("Waiting list"),
            "–" if listed.days_to_booking is None else _days(listed.days_to_booking),
            _("{waiting} wait now").format(waiting=listed.waiting),
            delta_color="off",
            delta_arrow="off",
            border=True,
            help=_(
                "{booked} were booked from the waiting list in these days, half of them after no "
                "more than this; {closed} were taken off it without a booking. Filters by "
                "professional and room do not narrow it."
            ).format(booked=listed.booked, closed=listed.closed),
        )
    advise_on_searches(actor, looked)
    of, group = choose(WAYS, "demand")
    by = WAYS[of][group]
    if of == MADE:
        _show_made(actor, looked, by, group, now=now)
    elif of == NOT_GOT:
        show_searches(actor, looked, by, group)
    else:
        _show_waited(actor, looked, by, group, now=now)


def _headline_made(whole: Made, before: Made | None) -> None:
    st.metric(
        _("Bookings made"),
        number(whole.made),
        change(whole.made - before.made) if before else None,
        border=True,
        help=_("By the day they were made, whatever became of them, for whichever day."),
    )
    st.metric(
        _("By patients themselves"),
        f"{number(whole.patient)} · {share(whole.patient / whole.made if whole.made else None)}",
        change(whole.patient - before.patient) if before else None,
        border=True,
    )


def _headline_waits(waits: Waited, before: Waited | None) -> None:
    compared = before.minutes if before else None
    st.metric(
        _("Wait in house"),
        _minutes(waits.minutes),
        None
        if waits.minutes is None or compared is None
        else _("{minutes} min").format(minutes=change(waits.minutes - compared, 1)),
        delta_color="inverse",
        border=True,
        help=_(
            "On average from arriving to beginning, of {visits} visits on these days for which "
            "both were noted. {long} waited longer than 15 minutes."
        ).format(visits=waits.visits, long=waits.long),
    )


def _show_made(actor: Actor, looked: Looked, by: By, group: str, *, now: datetime) -> None:
    with session.reading() as db:
        found = made(db, actor, looked.asked, by)
    if not any(each.made for each in found):
        st.info(
            _("Nothing was booked on these days. Choose other days, or fewer filters."),
            icon=":material/event_busy:",
        )
        return
    figure = made_figure(by, group, found)
    show_bars(actor, figure, looked, now=now)
    show_numbers(made_table(by, found), FigureAsked("made", by, looked.asked))


def _show_waited(actor: Actor, looked: Looked, by: By, group: str, *, now: datetime) -> None:
    with session.reading() as db:
        found = waited(db, actor, looked.asked, by)
    if not any(each.visits for each in found):
        st.info(
            _(
                "For no visit of these days both arriving and beginning were noted. Press A and "
                "S under Today, and the wait shows here."
            ),
            icon=":material/hourglass_empty:",
        )
        return
    figure = waited_figure(by, group, found)
    show_bars(actor, figure, looked, now=now)
    show_numbers(waited_table(by, found), FigureAsked("waited", by, looked.asked))


def made_figure(by: By, group: str, found: Sequence[Made]) -> Figure:
    """Bookings made in each group, by where they came from."""
    bars = [
        Bar(
            label_of(by, word_of(by, each.key, each.name)),
            [each.desk, each.professional, each.patient, each.imported],
            number(each.made) if each.made else "",
            _(
                "{made} made<br>{desk} at the desk, {professional} by professionals, "
                "{patient} by patients, {imported} imported"
            ).format(
                made=each.made,
                desk=each.desk,
                professional=each.professional,
                patient=each.patient,
                imported=each.imported,
            ),
        )
        for each in found
    ]
    return Figure(
        f"made_{by}",
        _("Bookings made by {group}").format(group=_(group).lower()),
        _(
            "Counted by the day they were made, whatever became of them. Days, weekdays and "
            "hours are those of making the booking; holds do not count."
        ),
        bars,
        [_(each) for each in CHANNELS.values()],
        behind=Grouped(Behind.MADE, by, [each.key for each in found]),
        lying=by in LYING,
    )


def waited_figure(by: By, group: str, found: Sequence[Waited]) -> Figure:
    """Minutes between arriving and beginning, on average."""
    bars = [
        Bar(
            label_of(by, word_of(by, each.key, each.name)),
            [each.minutes],
            "" if each.minutes is None else number(each.minutes, 1),
            _("{minutes} on average of {visits} visits<br>{long} longer than 15 minutes").format(
                minutes=_minutes(each.minutes), visits=each.visits, long=each.long
            ),
            few=0 < each.visits < FEW,
        )
        for each in found
    ]
    return Figure(
        f"waited_{by}",
        _("Minutes of waiting in house by {group}").format(group=_(group).lower()),
        _(
            "On average from arriving to beginning, as the desk noted both; early arrivals "
            "count from when they came. Hours are those the visit was booked for."
        ),
        bars,
        behind=Grouped(Behind.WAITED, by, [each.key for each in found]),
        lying=by in LYING,
    )


def _minutes(count: float | None) -> str:
    return "–" if count is None else _("{minutes} min").format(minutes=number(count, 1))


def _days(count: float) -> str:
    return _("{days} days").format(days=number(count, 1))
