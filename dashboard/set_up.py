"""The first run: the printed code makes the first admin. Gone once somebody can sign in."""

import zoneinfo

import streamlit as st

from core import first_admin
from core.db import utc_now
from core.errors import BookingError
from core.passwords import SHORTEST_FOR_ADMIN
from dashboard import hand_over, session
from dashboard.feedback import refuse
from dashboard.i18n import _


def show() -> None:
    st.title(_("Set up Frontdesk"), anchor=False)
    st.write(_("Nobody can sign in yet. The set-up code is printed where Frontdesk was started."))
    hand_over.show_failure()
    request = _ask()
    if request is None:
        return
    try:
        first_admin.set_up(session.database(), request, now=utc_now())
        hand_over.open_session(request.username, request.password)
    except BookingError as refusal:
        refuse(refusal)
        return
    st.rerun()


def _ask() -> first_admin.SetUpRequest | None:
    zones = sorted(zoneinfo.available_timezones())
    with st.form("frontdesk_set_up"):
        request = first_admin.SetUpRequest(
            code=st.text_input(_("Set-up code"), key="set_up_code"),
            organisation=st.text_input(_("Name of the practice"), key="set_up_organisation"),
            zone=st.selectbox(_("Time zone"), zones, index=_here(zones), key="set_up_zone") or "",
            country=st.text_input(
                _("Country, two letters"), max_chars=2, placeholder="PT", key="set_up_country"
            ),
            currency=st.text_input(
                _("Currency, three letters"), max_chars=3, placeholder="EUR", key="set_up_currency"
            ),
            name=st.text_input(_("Your name"), key="set_up_name"),
            username=st.text_input(_("Your user name"), key="set_up_username"),
            password=st.text_input(
                _("Your password, at least {count} characters").format(count=SHORTEST_FOR_ADMIN),
                type="password",
                autocomplete="new-password",
                key="set_up_password",
            ),
        )
        pressed = st.form_submit_button(_("Start Frontdesk"), type="primary", width="stretch")
    return request if pressed else None


def _here(zones: list[str]) -> int | None:
    """The browser's own zone, as the first guess."""
    here = st.context.timezone
    return zones.index(here) if here in zones else None
