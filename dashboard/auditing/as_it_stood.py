"""A professional's day as it stood at any past moment."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core import audit, catalog
from core.db import utc_now
from core.history import Stood, day_as_of, load_names
from core.models import Professional
from core.policy import Actor
from dashboard import session
from dashboard.components.words import state_word
from dashboard.formatting import clock, when
from dashboard.i18n import _


def show(actor: Actor) -> None:
    now, zone = utc_now(), session.zone()
    with session.reading() as db:
        professionals = {each.id: each for each in catalog.load_professionals(db, actor)}
    if not professionals:
        st.info(_("There are no professionals yet."), icon=":material/person_add:")
        return
    chosen, on, moment = _asked(professionals, now.astimezone(zone))
    if moment is None or on is None or chosen is None:
        return
    with session.reading() as db:
        stood = [
            each for each in day_as_of(db, actor, on, moment) if each.professional_id == chosen.id
        ]
        names = load_names(db, actor, stood, now=now)
    audit.note_read(session.database(), actor, "day.read_as_it_stood", chosen, now=now)
    st.caption(
        _("{professional}, as it stood {time}.").format(
            professional=chosen.name, time=when(moment, zone, now)
        )
    )
    if stood:
        st.dataframe(_table(stood, names, zone), hide_index=True, width="stretch")
    else:
        st.info(_("Nothing was booked then."), icon=":material/event_available:")


def _asked(
    professionals: dict[int, Professional], local_now: datetime
) -> tuple[Professional | None, date | None, datetime | None]:
    """Whose day, which day, and the moment at which somebody would have looked."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        chosen = st.selectbox(
            _("Professional"),
            list(professionals),
            format_func=lambda id: professionals[id].name,
            key="stood_professional",
            width=260,
        )
        on = st.date_input(
            _("Day"), local_now.date(), key="stood_day", format="DD.MM.YYYY", width=150
        )
        moment = st.datetime_input(
            _("As it stood on"),
            local_now.replace(tzinfo=None),
            key="stood_at",
            format="DD.MM.YYYY",
            width=230,
        )
    day = on if isinstance(on, date) else None
    at = moment.replace(tzinfo=local_now.tzinfo).astimezone(UTC) if moment else None
    return professionals.get(chosen), day, at


def _table(stood: Sequence[Stood], names: Mapping[int, str], zone: ZoneInfo) -> pd.DataFrame:
    return pd.DataFrame(
        {
            _("Time"): f"{clock(each.starts_at, zone)}\u2013{clock(each.ends_at, zone)}",
            _("Patients"): ", ".join(names.get(id, "?") for id in each.patient_ids),
            _("State"): state_word(each.state),
            _("Booking"): each.booking_id,
        }
        for each in stood
    )
