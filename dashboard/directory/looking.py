"""Looking for somebody: the list, and one profile with all its free times."""

from datetime import date

import streamlit as st

from core import catalog, directory
from core.db import utc_now
from core.directory import A_PAGE, FoundPage, PublicProfile, TimesAsked, When
from core.errors import NotFound
from core.policy import Actor
from dashboard import session
from dashboard.components.bookings_list import zone_note
from dashboard.components.profile_card import about
from dashboard.components.profile_cards import all_times, found_card, service_line, who_line
from dashboard.directory import booking, filters, searching, wishing
from dashboard.feedback import refuse
from dashboard.formatting import day
from dashboard.i18n import _

WHO, CHOSEN, SINCE = "who", "directory_service", "directory_since"
SAID = "directory_said"
"""The service they chose themselves; where none is chosen, a profile shows the first."""
DATES = 5


def show(actor: Actor) -> None:
    """The profile the address names, else the list."""
    booking.take_from_address()
    opened = st.query_params.get(WHO, "")
    if opened.isdecimal() and len(opened) < 10:
        _profile(actor, int(opened))
    else:
        _list(actor)
    _show_dialog()


def _list(actor: Actor) -> None:
    zone, now = session.zone(), utc_now()
    with session.reading() as db:
        tags = directory.load_tags(db, actor)
        currency = catalog.get_organisation(db).currency
    sought = filters.ask(tags)
    st.session_state[SAID] = sought.service_id
    with session.reading() as db:
        page = directory.find(db, actor, sought, now=now)
    searching.note_list(actor, sought, page, now=now)
    if not page.count:
        _nobody()
        return
    today = now.astimezone(zone).date()
    for each in page.found:
        found_card(
            each,
            currency=currency,
            zone=zone,
            today=today,
            on_take=booking.take,
            on_open=open_profile,
        )
    _pages(page)
    zone_note(zone)


def _nobody() -> None:
    st.info(
        _("Nobody fits all of this. Use fewer words, or look at everybody."),
        icon=":material/person_search:",
    )
    st.button(_("Look at everybody"), key="directory_everybody", on_click=filters.clear)


def _pages(page: FoundPage) -> None:
    if page.pages > 1:
        st.pagination(page.pages, key=filters.PAGE, bind="query-params")
        st.caption(
            _("{first} to {last} of {count}").format(
                first=(page.page - 1) * A_PAGE + 1,
                last=(page.page - 1) * A_PAGE + len(page.found),
                count=page.count,
            )
        )


def open_profile(professional_id: int, service_id: int) -> None:
    """Show the profile on the next run, with the times of this service."""
    st.query_params[WHO] = str(professional_id)
    st.session_state[CHOSEN] = service_id
    st.session_state.pop(SINCE, None)


def _close() -> None:
    st.query_params.pop(WHO, None)
    for each in (CHOSEN, SINCE):
        st.session_state.pop(each, None)


def _profile(actor: Actor, professional_id: int) -> None:
    st.button(_("Everybody"), key="directory_back", icon=":material/arrow_back:", on_click=_close)
    try:
        with session.reading() as db:
            profile = directory.get_profile(db, actor, professional_id)
            currency = catalog.get_organisation(db).currency
    except NotFound as refusal:
        refuse(refusal)
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        _about(profile, currency)
    with right:
        _times(actor, profile)
    zone_note(session.zone())


def _about(profile: PublicProfile, currency: str) -> None:
    who_line(profile, side=96)
    about(profile.bio)
    lines = [service_line(each, currency) for each in profile.services]
    st.markdown("  \n".join([f"**{_('Services and prices')}**", *lines]))


def _times(actor: Actor, profile: PublicProfile) -> None:
    services = {each.id: each for each in profile.services}
    before = st.session_state.get(CHOSEN)
    key = f"{CHOSEN}_{profile.id}"
    service_id = st.selectbox(
        _("Service"),
        list(services),
        index=list(services).index(before) if before in services else 0,
        format_func=lambda id: services[id].name,
        key=key,
        on_change=_say_service,
        args=(key,),
    )
    since: date | None = st.session_state.get(SINCE)
    zone, now = session.zone(), utc_now()
    asked = TimesAsked(profile.id, service_id, When(from_on=since), days=DATES)
    with session.reading() as db:
        found = directory.free_times(db, actor, asked, now=now)
    if len(services) == 1 or service_id == st.session_state.get(SAID):
        searching.note_times(actor, asked, found, now=now)
    today = now.astimezone(zone).date()
    if not found.days:
        st.info(_nothing_free(found.next_on, today), icon=":material/event_busy:")
    all_times(
        found.days,
        profile,
        services[service_id],
        zone=zone,
        today=today,
        on_take=booking.take,
    )
    with st.container(horizontal=True):
        if since is not None:
            st.button(_("From the start"), key="directory_first", on_click=_from_the_start)
        if found.next_on is not None:
            st.button(
                _("Later dates"),
                key="directory_later",
                icon=":material/arrow_forward:",
                on_click=_show_since,
                args=(found.next_on,),
            )
    wishing.ask_button(actor, profile.id, service_id)


def _nothing_free(next_on: date | None, today: date) -> str:
    if next_on is None:
        return _("Nothing is free as far ahead as this is booked. Choose another service.")
    return _("Nothing is free before {day}. Look at later dates.").format(day=day(next_on, today))


def _show_dialog() -> None:
    """One at a time."""
    if wishing.is_asked():
        wishing.show()
    else:
        booking.show_if_asked()


def _say_service(key: str) -> None:
    st.session_state[SAID] = st.session_state[key]
    _from_the_start()


def _from_the_start() -> None:
    st.session_state.pop(SINCE, None)


def _show_since(on: date) -> None:
    st.session_state[SINCE] = on
