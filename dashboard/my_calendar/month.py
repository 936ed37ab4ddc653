"""A professional's month: how many visits each day has, and how full it is."""

from datetime import date

import streamlit as st

from core.db import utc_now
from core.desk import DayAsked
from core.own_month import OwnDay, OwnMonth, load_own_month
from dashboard import session
from dashboard.components.month_cells import LEVELS, weekday_names
from dashboard.components.month_grid import DayCell, month_grid
from dashboard.components.view_switch import BY_DAY, BY_MONTH, go_to, title_of
from dashboard.escaping import md
from dashboard.formatting import day
from dashboard.i18n import _, ngettext

REFRESH_SECONDS = 15


@st.fragment(run_every=REFRESH_SECONDS)
def show(asked: DayAsked) -> None:
    """The month as it is now; a day that is chosen opens."""
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        month = load_own_month(db, actor, asked.on, now=now)
    today = now.astimezone(session.zone()).date()
    st.markdown(md(summary(month)))
    picked = month_grid(
        weekday_names(),
        [cell(each, today) for each in month.days],
        label=title_of(BY_MONTH, asked.on),
        key="my_month_grid",
        on_pick=lambda on: go_to(on, BY_DAY),
    )
    st.caption(
        _(
            "How full a day is: the time of its visits as a share of your hours that day, without "
            "breaks and time off. No-shows and cancelled visits do not count. A click opens the "
            "day."
        )
    )
    if picked:
        st.rerun()  # the view is switched outside the fragment


def summary(month: OwnMonth) -> str:
    """The month in one line."""
    visits = ngettext("{count} visit", "{count} visits", month.visits).format(count=month.visits)
    return _("{visits}, {booked} booked of {offered}").format(
        visits=visits, booked=hours(month.booked_minutes), offered=hours(month.offered_minutes)
    )


def cell(each: OwnDay, today: date) -> DayCell:
    """A day with its visits and how much of its hours they take."""
    kind = "visits" if each.visits else "open" if each.offered_minutes else "closed"
    words, short, said = _with_visits(each) if each.visits else _without(each)
    return DayCell(
        on=each.on.isoformat(),
        number=each.on.day,
        kind=kind,
        words=words,
        short=short,
        label=_("{date}: {what}").format(date=day(each.on, today), what=said),
        level=_level(each),
        is_today=each.on == today,
    )


def hours(minutes: int) -> str:
    """ "7 h", or "7 h 30"."""
    whole, rest = divmod(minutes, 60)
    if not rest:
        return _("{hours} h").format(hours=whole)
    return _("{hours} h {minutes:02}").format(hours=whole, minutes=rest)


def _with_visits(each: OwnDay) -> tuple[tuple[str, str], tuple[str, str], str]:
    count = ngettext("{count} visit", "{count} visits", each.visits).format(count=each.visits)
    booked = hours(each.booked_minutes)
    if each.fullness is None:
        said = _("{booked}, outside your hours").format(booked=booked)
        return (count, said), (str(each.visits), booked), f"{count}, {said}"
    share = f"{each.fullness:.0%}"
    said = _("{booked} booked of {offered}").format(
        booked=booked, offered=hours(each.offered_minutes)
    )
    full = _("{share} full").format(share=share)
    return (count, full), (str(each.visits), share), f"{count}, {said}"


def _without(each: OwnDay) -> tuple[tuple[str, str], tuple[str, str], str]:
    if each.offered_minutes:
        free = hours(each.offered_minutes)
        words = (_("no visits"), _("{hours} free").format(hours=free))
        return words, ("0", free), ", ".join(words)
    words = (_("no hours"), each.closed_for)
    return words, ("–", ""), ", ".join(word for word in words if word)


def _level(each: OwnDay) -> int:
    """How dark: in quarters of the hours, full and beyond alike."""
    share = 1.0 if each.fullness is None else each.fullness
    return min(LEVELS, max(1, -int(-share * LEVELS // 1))) if each.visits else 0
