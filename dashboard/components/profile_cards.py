"""Those who can be booked, as patients read them: who they are, prices, free times by date."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core.directory import Found, FreeDay, PublicProfile, PublicService
from dashboard.components.portrait import portrait
from dashboard.components.words import minutes, price_in_words
from dashboard.feedback import md
from dashboard.formatting import clock, day
from dashboard.i18n import _

TIMES_SHOWN = 4

Take = Callable[[int, int, datetime], None]
"""Told the professional, the service and the start."""


def found_card(
    found: Found,
    *,
    currency: str,
    zone: ZoneInfo,
    today: date,
    on_take: Take,
    on_open: Callable[[int, int], None],
) -> None:
    """Somebody who fits, with the first free times of the next dates that have any."""
    profile, service = found.profile, found.service
    with st.container(border=True, gap="small", key=f"found_{profile.id}"):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            who_line(profile)
            st.button(
                _("Profile and all times"),
                key=f"open_{profile.id}",
                type="tertiary",
                icon=":material/arrow_forward:",
                help=_("Open {name}").format(name=md(profile.name)),
                on_click=on_open,
                args=(profile.id, service.id),
            )
        st.markdown(_service_and_others(profile, service, currency))
        if not found.days:
            st.caption(_("Nothing free with these wishes. Look at other times, or at all of them."))
            return
        for column, each in zip(st.columns(len(found.days), gap="small"), found.days, strict=True):
            with column:
                day_times(
                    each,
                    profile,
                    service,
                    zone=zone,
                    today=today,
                    on_take=on_take,
                    most=TIMES_SHOWN,
                )


def who_line(profile: PublicProfile, *, side: int = 56) -> None:
    """The picture, name and title, then what they know and speak."""
    badges = [f":orange-badge[:material/star: {md(profile.tier)}]"] if profile.tier else []
    badges += [f":gray-badge[{md(each)}]" for each in profile.expertise]
    first = f"**{md(profile.name)}**" + (f" · {md(profile.title)}" if profile.title else "")
    speaks = f":small[{md(', '.join(profile.languages))}]" if profile.languages else ""
    lines = [first, " ".join(badges), speaks]
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        portrait(profile.portrait_key, profile.name, side=side)
        st.markdown("  \n".join(each for each in lines if each), width="content")


def service_line(service: PublicService, currency: str) -> str:
    """ "Review · 60 min · 90.00 EUR"; whose price it is, where it is not the usual one."""
    price = price_in_words(service.price, currency)
    return md(" · ".join((service.name, minutes(service.length_minutes), price)))


def _service_and_others(profile: PublicProfile, service: PublicService, currency: str) -> str:
    """What the times below are for, and what else they offer."""
    line = service_line(service, currency)
    others = ", ".join(each.name for each in profile.services if each is not service)
    if not others:
        return line
    return f"{line}  \n:small[{md(_('Also: {services}').format(services=others))}]"


def day_times(
    free: FreeDay,
    profile: PublicProfile,
    service: PublicService,
    *,
    zone: ZoneInfo,
    today: date,
    on_take: Take,
    most: int | None = None,
) -> None:
    """A date, and its free starts to press."""
    st.markdown(f"**{md(day(free.on, today))}**")
    shown = free.starts[:most]
    with st.container(horizontal=True, gap="xsmall"):
        for start in shown:
            st.button(
                clock(start, zone),
                key=f"take_{profile.id}_{start.timestamp():.0f}",
                help=_("{name}, {day} {time}").format(
                    name=md(profile.name), day=md(day(free.on, today)), time=clock(start, zone)
                ),
                on_click=on_take,
                args=(profile.id, service.id, start),
            )
        if more := len(free.starts) - len(shown):
            st.caption(_("and {count} more").format(count=more), width="content")


def all_times(
    days: Sequence[FreeDay],
    profile: PublicProfile,
    service: PublicService,
    *,
    zone: ZoneInfo,
    today: date,
    on_take: Take,
) -> None:
    for each in days:
        day_times(each, profile, service, zone=zone, today=today, on_take=on_take)


def times_of_day(
    free: FreeDay,
    *,
    zone: ZoneInfo,
    today: date,
    key: str,
    on_choose: Callable[[datetime], None],
    but: datetime | None,
) -> None:
    """The same where it is known whose they are, without the time one has already."""
    st.markdown(f"**{md(day(free.on, today))}**")
    with st.container(horizontal=True, gap="xsmall"):
        for start in free.starts:
            if start != but:
                st.button(
                    clock(start, zone),
                    key=f"{key}_to_{start.timestamp():.0f}",
                    on_click=on_choose,
                    args=(start,),
                )
