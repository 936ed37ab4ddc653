"""Professionals: who they are; what they offer and when they work are the next two parts."""

from collections.abc import Sequence
from dataclasses import fields, replace

import streamlit as st

from core import catalog
from core.catalog import EditedProfessional, NewProfessional, Profile
from core.db import utc_now
from core.errors import N_
from core.models import Professional
from core.policy import Actor
from core.practice import load_days_at_work
from dashboard import feedback, session
from dashboard.components.portrait import portrait
from dashboard.components.profile_fields import profile_fields
from dashboard.feedback import md
from dashboard.formatting import WEEKDAYS
from dashboard.i18n import _
from dashboard.my_profile import picture
from dashboard.practice import forms, hours, offers
from dashboard.practice.forms import key

FORM = "professional"
NO_TIER = 0
"""A choice like the others: a box whose choice is empty cannot be emptied again."""
PROFILE, PICTURE = N_("Profile"), N_("Picture")
OFFERS, HOURS = N_("Services"), N_("Weekly hours")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F6A00", "#5B4B8A")
"""Told apart by colour-blind people as well; each new professional gets the next one."""
SWATCH = '<div style="width: 6px; height: 2.4rem; border-radius: 3px; background: {colour}"></div>'


def show(actor: Actor) -> None:
    today = utc_now().astimezone(session.zone()).date()
    with session.reading() as db:
        professionals = catalog.load_professionals(db, actor)
        services = {each.id: each.name for each in catalog.load_services(db)}
        offered = catalog.load_offered(db, actor)
        days = load_days_at_work(db, actor, today)
        archived = catalog.load_archived(db, actor, Professional)
        portraits = catalog.load_portrait_keys(db, [each.id for each in professionals])
    forms.add_button(_("Add professional"), FORM)
    if professionals:
        with st.container(border=True, gap="small"):
            for each in professionals:
                names = [services[one.service_id] for one in offered.get(each.id, ())]
                _row(each, names, days.get(each.id, ()), portraits.get(each.id))
    else:
        st.caption(_("No professionals yet. Add one, then what they offer and when they work."))
    forms.archived_list(actor, Professional, archived)
    if opened := forms.opened(FORM):
        forms.show_dialog(_("Edit professional") if opened.id else _("New professional"), _dialog)


def _row(
    professional: Professional,
    services: Sequence[str],
    days: Sequence[int],
    portrait_key: str | None,
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(SWATCH.format(colour=professional.colour), width=8)
        portrait(portrait_key, professional.name, side=36)
        facts = [
            professional.title,
            ", ".join(_(WEEKDAYS[each - 1])[:3] for each in days),
            ", ".join(services),
        ]
        with forms.entry(professional.name, facts), st.container(horizontal=True):
            if not services:
                st.badge(_("Offers no service yet"), color="orange")
            if not days:
                st.badge(_("No hours yet"), color="orange")
        forms.edit_button(FORM, professional.id, professional.version, professional.name)


def _dialog() -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    if opened.id is None:
        _profile(actor, opened, None)
        return
    with session.reading() as db:
        professional = catalog.get_professional(db, opened.id)
        portrait_key = catalog.load_portrait_keys(db, [opened.id]).get(opened.id)
    st.markdown(f"**{md(professional.name)}**")
    part = st.segmented_control(
        _("Part"),
        [PROFILE, PICTURE, OFFERS, HOURS],
        default=PROFILE,
        format_func=_,
        key=key("part"),
        required=True,
        label_visibility="collapsed",
    )
    if part == OFFERS:
        offers.show(actor, professional, opened, done=go_on)
    elif part == PICTURE:
        picture.show(actor, professional, portrait_key)
    elif part == HOURS:
        hours.show(actor, professional, opened, done=go_on)
    else:
        _profile(actor, opened, professional)


def go_on(professional: Professional, sentence: str) -> None:
    """Close the form, or go on to what the professional still lacks."""
    lacking = _lacking(professional.id)
    forms.forget()
    if lacking is not None:
        forms.open_form(FORM, professional.id, professional.version)
        st.session_state[key("part")] = lacking
    feedback.flash(sentence.format(name=professional.name))
    st.rerun()


def _lacking(professional_id: int) -> str | None:
    """The part without which nobody can book them."""
    actor = session.signed_in()
    today = utc_now().astimezone(session.zone()).date()
    with session.reading() as db:
        is_there_something_to_offer = bool(catalog.load_services(db))
        offers_something = professional_id in catalog.load_offered(db, actor)
        works = professional_id in load_days_at_work(db, actor, today)
    if is_there_something_to_offer and not offers_something:
        return OFFERS
    return None if works else HOURS


def _profile(actor: Actor, opened: forms.Opened, professional: Professional | None) -> None:
    known = _details(professional) if professional else NewProfessional("", colour=_next_colour())
    with st.form(key("profile"), border=False):
        details = _fields(known)
        label = _("Save") if professional else _("Save and go on")
        pressed = st.form_submit_button(label, type="primary", width="stretch")
    if pressed:
        _save(actor, opened, details)
    if professional is not None:
        id = professional.id
        forms.archive_button(
            lambda db, now: catalog.archive_professional(db, actor, id, opened.version, now=now),
            opened,
        )


def _save(actor: Actor, opened: forms.Opened, details: NewProfessional) -> None:
    if opened.id is None:
        forms.save(
            lambda db, now: catalog.add_professional(db, actor, details, now=now),
            lambda saved: go_on(saved, _("Added {name}.")),
            opened,
        )
        return
    edited = EditedProfessional(opened.id, opened.version, details)
    forms.save(
        lambda db, now: catalog.edit_professional(db, actor, edited, now=now),
        lambda saved: go_on(saved, _("Saved {name}.")),
        opened,
    )


def _fields(known: NewProfessional) -> NewProfessional:
    name = st.text_input(_("Name"), known.name, key=key("name"), placeholder="Dr Elena Ruiz")
    profile = profile_fields(
        Profile(known.title, known.bio, known.languages, known.colour, known.expertise), key
    )
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        tier_id = _tier_box(known.tier_id)
    zone = right.text_input(
        _("Own time zone (optional)"),
        known.zone or "",
        key=key("zone"),
        placeholder=str(session.zone()),
    )
    listed = st.checkbox(
        _("Patients find and book them by themselves"), known.listed, key=key("listed")
    )
    return replace(
        known,
        name=name,
        title=profile.title,
        bio=profile.bio,
        languages=profile.languages,
        colour=profile.colour,
        expertise=profile.expertise,
        tier_id=tier_id,
        listed=listed,
        zone=zone.strip() or None,
    )


def _tier_box(known: int | None) -> int | None:
    with session.reading() as db:
        tiers = {each.id: each.name for each in catalog.load_tiers(db)}
    if not tiers:
        return None
    ids = [NO_TIER, *tiers]
    chosen = st.selectbox(
        _("Tier (optional)"),
        ids,
        index=ids.index(known) if known in tiers else 0,
        format_func=lambda id: tiers[id] if id else _("None"),
        key=key("tier"),
    )
    return chosen or None


def _details(professional: Professional) -> NewProfessional:
    names = [each.name for each in fields(NewProfessional) if each.name != "expertise"]
    values = {name: getattr(professional, name) for name in names}
    return NewProfessional(**values, expertise=tuple(each.name for each in professional.expertise))


def _next_colour() -> str:
    actor = session.signed_in()
    with session.reading() as db:
        taken = [each.colour for each in catalog.load_professionals(db, actor)]
    return min(COLOURS, key=taken.count)
