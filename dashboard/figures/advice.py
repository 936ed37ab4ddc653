"""What can be acted on, in a sentence above the figures."""

from datetime import datetime

import streamlit as st

from core.analytics import (
    By,
    Quiet,
    SeatCounts,
    UtilisationWeek,
    Worth,
    all_worth,
    find_quiet,
    least_used_first,
    missed_most,
    seats,
)
from core.catalog.place import get_organisation
from core.policy import Actor
from dashboard import session
from dashboard.components.utilisation_chart import hours
from dashboard.components.words import money
from dashboard.escaping import md
from dashboard.figures.bar import Looked
from dashboard.formatting import WEEKDAYS, number, share
from dashboard.i18n import _


def advise_on_time(
    actor: Actor, looked: Looked, weeks: list[UtilisationWeek], *, now: datetime
) -> None:
    """Who has most time left, and when."""
    with session.reading() as db:
        quiet = find_quiet(db, actor, looked.asked, least_used_first(weeks), now=now)
    if quiet is not None:
        st.markdown(time_in_words(quiet))


def time_in_words(quiet: Quiet) -> str:
    """For Markdown."""
    used = {
        "name": md(quiet.used.professional),
        "share": share(quiet.used.time.utilisation),
        "offered": hours(quiet.used.time.offered_minutes),
    }
    if quiet.used.is_well_used:
        return _(
            "Even **{name}**, booked least of all, is booked {share} of {offered}: hardly any time "
            "is left."
        ).format(**used)
    half = _("{weekday} before noon") if quiet.before_noon else _("{weekday} after noon")
    when = half.format(weekday=_(WEEKDAYS[quiet.weekday]))
    return _(
        "**{name}** has most time left: {share} of {offered} booked. {when} has the largest part "
        "of it ({free} free): offer that time first, or change these hours."
    ).format(**used, when=when, free=hours(quiet.free_minutes))


def advise_on_no_shows(actor: Actor, looked: Looked, *, now: datetime) -> None:
    """What they cost, and the weekday they fall on."""
    with session.reading() as db:
        worth = all_worth(db, actor, looked.asked, now=now)
        weekdays = seats(db, actor, looked.asked, By.WEEKDAY, now=now)
        currency = get_organisation(db).currency
    said = [loss_in_words(worth, currency), where_in_words(missed_most(weekdays))]
    if any(said):
        st.markdown(" ".join(filter(None, said)))


def loss_in_words(worth: Worth, currency: str) -> str:
    """Nothing where nothing with a price was lost."""
    if not worth.lost_cents:
        return ""
    sentence = _("No-shows cost **{missed}**, late cancellations **{late}**.")
    return sentence.format(
        missed=md(money(worth.no_show_cents, currency)), late=md(money(worth.late_cents, currency))
    )


def where_in_words(worst: SeatCounts | None) -> str:
    """The weekday they gather on, where one stands out."""
    if worst is None or not isinstance(worst.key, int):
        return ""
    sentence = _(
        "{weekday} has the highest share ({no_shows} of {due} due): confirm its visits the day "
        "before."
    )
    return sentence.format(
        weekday=_(WEEKDAYS[worst.key]), no_shows=number(worst.no_shows), due=number(worst.due)
    )
