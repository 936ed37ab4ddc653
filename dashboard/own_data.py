"""What patients say about themselves, and may have of us: all of it, or that it goes."""

import streamlit as st

from core import privacy
from core.db import utc_now
from core.errors import BookingError
from core.patients import get_patient
from core.policy import Actor
from dashboard import family, own_contact, session
from dashboard.exporting import download_button
from dashboard.feedback import flash, md, refuse
from dashboard.formatting import when
from dashboard.i18n import _


def show(actor: Actor, practice: str) -> None:
    """At the end of their own page, folded away."""
    if actor.patient_id is None:
        return
    with session.reading() as db:
        patient = get_patient(db, actor, actor.patient_id, now=utc_now())
    is_anothers = family.acts_for_another()
    title = _("Data of {name}").format(name=md(patient.name)) if is_anothers else _("My data")
    with st.expander(title, icon=":material/shield_person:"):
        own_contact.show(patient, practice)
        st.divider()
        if is_anothers:
            st.caption(
                _("What {practice} keeps about {name}.").format(
                    practice=md(practice), name=md(patient.name)
                )
            )
            label = _("Download everything about {name}").format(name=md(patient.name))
            download_button(label, "patient", str(patient.id), key="own_data_download")
            return
        family.add_form()
        st.divider()
        st.caption(
            _(
                "What {practice} keeps about you: your contact data, your bookings, your sign-ins "
                "and what was done with them."
            ).format(practice=md(practice))
        )
        download_button(
            _("Download everything about me"), "patient", str(patient.id), key="own_data_download"
        )
        if patient.erasure_asked_at is None:
            st.caption(
                _(
                    "You can ask to be erased. {practice} then removes your name and all contact "
                    "data, closes this account and cancels what is still to come."
                ).format(practice=md(practice))
            )
            st.button(_("Ask to be erased"), key="own_data_ask", on_click=_ask)
            return
        asked = when(patient.erasure_asked_at, session.zone(), utc_now())
        st.info(
            _("You asked to be erased, {time}. {practice} will do it soon.").format(
                time=asked, practice=md(practice)
            ),
            icon=":material/hourglass_top:",
        )
        st.button(_("I have changed my mind"), key="own_data_withdraw", on_click=_withdraw)


def _ask() -> None:
    actor = session.signed_in()
    try:
        with session.writing() as db:
            privacy.ask_for_erasure(db, actor, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    flash(_("We have noted that you want to be erased."))


def _withdraw() -> None:
    actor = session.signed_in()
    try:
        with session.writing() as db:
            privacy.withdraw_request(db, actor, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    flash(_("Good. You stay with us."))
