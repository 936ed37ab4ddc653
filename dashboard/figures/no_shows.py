"""No-shows and cancellations: how many, of what, and where they gather."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from core.analytics import By, Refilled, SeatCounts, all_seats, refilled, seats
from core.analytics.behind import Behind
from core.analytics.files import FigureAsked
from core.analytics.tables import seats_table, word_of
from core.policy import Actor
from dashboard import session
from dashboard.components.utilisation_chart import hours, points
from dashboard.figures.advice import advise_on_no_shows
from dashboard.figures.bar import Looked
from dashboard.figures.behind import show_bars
from dashboard.figures.figure import (
    FEW,
    PERCENT,
    Bar,
    Figure,
    Grouped,
    choose,
    label_of,
    show_numbers,
)
from dashboard.formatting import change, number, share
from dashboard.i18n import N_, _

MISSED, GIVEN_UP = N_("No-shows"), N_("Cancellations")
GROUPS: Mapping[str, By] = {
    N_("Week"): By.WEEK,
    N_("Month"): By.MONTH,
    N_("Weekday"): By.WEEKDAY,
    N_("Hour"): By.HOUR,
    N_("Booked ahead"): By.LEAD,
    N_("Service"): By.SERVICE,
    N_("Professional"): By.PROFESSIONAL,
    N_("New or returning"): By.RETURNING,
}
LYING = (By.SERVICE, By.PROFESSIONAL)
WAYS = (N_("In time"), N_("Late"), N_("By us"), N_("Left a group"))


def show_no_shows(actor: Actor, looked: Looked, *, now: datetime) -> None:
    """The view: the headline, one figure at a time, and its numbers."""
    with session.reading() as db:
        whole = all_seats(db, actor, looked.asked, now=now)
        again = refilled(db, actor, looked.asked)
        before = all_seats(db, actor, looked.asked.before(), now=now) if looked.compare else None
        earlier = refilled(db, actor, looked.asked.before()) if looked.compare else None
    if not whole.booked:
        st.info(
            _("Nothing was booked on these days. Choose other days, or fewer filters."),
            icon=":material/event_busy:",
        )
        return
    before = before if before and before.booked else None  # nothing compares with nothing
    headline(whole, before, again, earlier)
    advise_on_no_shows(actor, looked, now=now)
    of, group = choose({MISSED: GROUPS, GIVEN_UP: GROUPS}, "seats")
    with session.reading() as db:
        found = seats(db, actor, looked.asked, GROUPS[group], now=now)
    figure = missed(group, found) if of == MISSED else given_up(group, found)
    show_bars(actor, figure, looked, now=now, note=_not_marked(whole))
    by = GROUPS[group]
    show_numbers(seats_table(by, found), FigureAsked("seats", by, looked.asked))


def _not_marked(whole: SeatCounts) -> str:
    if not whole.unmarked:
        return ""
    return _(
        "{count} of the visits that were due are still marked as booked: whether the "
        "patient came is not known, and they count as if they had."
    ).format(count=whole.unmarked)


def headline(
    whole: SeatCounts, before: SeatCounts | None, again: Refilled, earlier: Refilled | None
) -> None:
    """What was missed, given up and used again, each with what it is a share of."""
    with st.container(horizontal=True, gap="small", key="no_shows_headline"):
        st.metric(
            _("No-shows"),
            f"{number(whole.no_shows)} · {share(whole.no_show_share)}",
            points(whole.no_show_share, before.no_show_share if before else None),
            delta_color="inverse",
            border=True,
            help=_(
                "{count} of {due} patients who were due did not come. Due: the visit has begun "
                "and was not cancelled. In a group each patient counts."
            ).format(count=whole.no_shows, due=whole.due),
        )
        st.metric(
            _("Cancelled"),
            f"{number(whole.cancelled)} · {share(whole.cancelled_share)}",
            points(whole.cancelled_share, before.cancelled_share if before else None),
            delta_color="inverse",
            border=True,
            help=_("{count} of {booked} that were booked for these days, by whomever.").format(
                count=whole.cancelled, booked=whole.booked
            ),
        )
        st.metric(
            _("Cancelled late"),
            number(whole.late),
            change(whole.late - before.late) if before else None,
            delta_color="inverse",
            border=True,
            help=_("By the patient, later than the service's notice for cancelling."),
        )
        st.metric(
            _("Used again"),
            share(again.share),
            points(again.share, earlier.share if earlier else None),
            border=True,
            help=_(
                "Of {freed} that patients gave back by cancelling, {refilled} were booked again."
            ).format(freed=hours(again.freed_minutes), refilled=hours(again.refilled_minutes)),
        )


def missed(group: str, found: Sequence[SeatCounts]) -> Figure:
    """The share of no-shows in each group."""
    by = GROUPS[group]
    bars = [
        Bar(
            label_of(by, word_of(by, each.key, each.name)),
            [each.no_show_share],
            share(each.no_show_share) if each.due else "",
            _("{count} no-shows of {due} due").format(count=each.no_shows, due=each.due),
            few=0 < each.due < FEW,
        )
        for each in found
    ]
    counts = _(
        "Of the patients who were due, those who did not come. Due: the visit has begun and "
        "was not cancelled. In a group each patient counts."
    )
    behind = Grouped(Behind.NO_SHOWS, by, [each.key for each in found])
    title = _("No-shows by {group}").format(group=_(group).lower())
    return Figure(
        f"no_shows_{group}", title, counts, bars, lying=by in LYING, ticks=PERCENT, behind=behind
    )


def given_up(group: str, found: Sequence[SeatCounts]) -> Figure:
    """The share of cancellations in each group, by who cancelled and when."""
    by = GROUPS[group]
    bars = [
        Bar(
            label_of(by, word_of(by, each.key, each.name)),
            [
                count / each.booked if each.booked else None
                for count in (each.early, each.late, each.by_us, each.left)
            ],
            share(each.cancelled_share) if each.booked else "",
            _(
                "{count} cancelled of {booked} booked<br>{early} in time, {late} late, "
                "{by_us} by us, {left} left a group"
            ).format(
                count=each.cancelled,
                booked=each.booked,
                early=each.early,
                late=each.late,
                by_us=each.by_us,
                left=each.left,
            ),
            few=0 < each.booked < FEW,
        )
        for each in found
    ]
    counts = _(
        "Of all that was booked, what was cancelled: by the patient in time, by the patient "
        "later than the service's notice, by us, or a seat in a group that went on."
    )
    behind = Grouped(Behind.CANCELLED, by, [each.key for each in found])
    title = _("Cancellations by {group}").format(group=_(group).lower())
    ways = [_(each) for each in WAYS]
    key = f"cancelled_{group}"
    return Figure(key, title, counts, bars, ways, lying=by in LYING, ticks=PERCENT, behind=behind)
