"""The place itself: its name, time zone, country, currency, opening view and logo."""

import zoneinfo

import streamlit as st

from core import catalog
from core.catalog import EditedOrganisation, OrganisationDetails
from core.models import Organisation
from core.policy import Actor
from dashboard import session
from dashboard.components.view_switch import OPENS_WITH
from dashboard.i18n import _
from dashboard.practice import forms, logo
from dashboard.practice.forms import key

FORM = "place"


def show(_actor: Actor) -> None:
    with session.reading() as db:
        place = catalog.get_organisation(db)
        kept = catalog.find_logo(db)
    with (
        st.container(border=True, key="practice_place"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        view = _("The desk opens with: {view}").format(view=_(OPENS_WITH[place.opening_view]))
        forms.entry(place.name, (place.zone, place.country, place.currency, view))
        forms.edit_button(FORM, place.id, place.version, place.name)
    logo.show(place.name, kept)
    if forms.opened(FORM):
        forms.show_dialog(_("The practice"), _dialog)


def _dialog() -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    with session.reading() as db:
        place = catalog.get_organisation(db)
    with st.form(key("place"), border=False):
        details = _fields(place)
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if pressed:
        edited = EditedOrganisation(opened.version, details)
        forms.save(
            lambda db, now: catalog.edit_organisation(db, actor, edited, now=now),
            lambda saved: forms.finish(_("Saved {name}.").format(name=saved.name)),
            opened,
        )


def _fields(place: Organisation) -> OrganisationDetails:
    zones = sorted(zoneinfo.available_timezones())
    return OrganisationDetails(
        name=st.text_input(_("Name of the practice"), place.name, key=key("name")),
        zone=st.selectbox(
            _("Time zone"),
            zones,
            zones.index(place.zone),
            key=key("zone"),
            help=_("Hours follow it at once; what is booked keeps its instant."),
        ),
        country=st.text_input(
            _("Country, two letters"),
            place.country,
            max_chars=2,
            key=key("country"),
            help=_("Telephone numbers without a prefix are read as dialled there."),
        ),
        currency=st.text_input(
            _("Currency, three letters"),
            place.currency,
            max_chars=3,
            key=key("currency"),
            help=_("What is booked keeps the one it was sold in; prices keep their numbers."),
        ),
        opening_view=st.segmented_control(
            _("The desk opens with"),
            list(OPENS_WITH),
            default=place.opening_view,
            format_func=lambda each: _(OPENS_WITH[each]),
            key=key("opening_view"),
            required=True,
            help=_("A link to another view still opens that one."),
        )
        or place.opening_view,
    )
