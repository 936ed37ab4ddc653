"""Expertise: the words professionals describe themselves by, and which of them mean the same."""

from collections.abc import Sequence

import streamlit as st

from core import catalog
from core.catalog import EditedExpertise, KnownExpertise, MergedExpertise, typed_tags
from core.errors import N_, NotFound
from core.policy import Actor
from dashboard import session
from dashboard.feedback import md
from dashboard.i18n import _, ngettext
from dashboard.practice import forms
from dashboard.practice.forms import key

FORM = "expertise"


def show(actor: Actor) -> None:
    with session.reading() as db:
        known = catalog.load_vocabulary(db, actor)
    if known:
        st.caption(
            _(
                "What professionals enter on their profiles. Where two words mean the same, say so "
                "here: whoever types either gets the one."
            )
        )
        with st.container(border=True, gap="small"):
            for each in known:
                _row(each)
    else:
        st.caption(_("None yet. It comes from what professionals enter on their profiles."))
    if forms.opened(FORM):
        forms.show_dialog(_("Edit expertise"), _dialog)


def _row(tag: KnownExpertise) -> None:
    count = ngettext("{count} professional", "{count} professionals", tag.professionals)
    facts = [count.format(count=tag.professionals)]
    if tag.synonyms:
        facts.append(_("also: {words}").format(words=", ".join(tag.synonyms)))
    with st.container(horizontal=True, vertical_alignment="center"):
        forms.entry(tag.name, facts)
        forms.edit_button(FORM, tag.id, 0, tag.name)


def _dialog() -> None:
    actor, opened = session.signed_in(), forms.current(FORM)
    with session.reading() as db:
        vocabulary = catalog.load_vocabulary(db, actor)
    tag = next((each for each in vocabulary if each.id == opened.id), None)
    if tag is None:
        raise NotFound(what=N_("expertise"))
    seen = st.session_state.setdefault(key("seen"), tag)
    with st.form(key("expertise"), border=False):
        name = st.text_input(_("Name"), tag.name, key=key("name"))
        words = st.text_input(
            _("Other words that mean the same, separated by commas"),
            ", ".join(tag.synonyms),
            key=key("synonyms"),
            placeholder=_("heart, heart doctor"),
        )
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if pressed:
        edited = EditedExpertise(tag.id, name, typed_tags(words), seen)
        forms.save(
            lambda db, now: catalog.edit_expertise(db, actor, edited, now=now),
            forms.finish_with(_("Saved {name}.")),
            opened,
        )
    _merge(actor, opened, tag, [each for each in vocabulary if each.id != tag.id])


def _merge(
    actor: Actor, opened: forms.Opened, tag: KnownExpertise, others: Sequence[KnownExpertise]
) -> None:
    """The way to make one of two; the tag of this dialog is the one that goes."""
    if not others:
        return
    names = {each.id: each.name for each in others}
    st.divider()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kept_id = st.selectbox(
            _("Make {name} part of").format(name=md(tag.name)),
            list(names),
            index=None,
            format_func=lambda id: names[id],
            placeholder=_("Choose the one to keep"),
            key=key("merge"),
        )
        pressed = st.button(_("Merge"), key=key("merge_now"), disabled=kept_id is None)
    if pressed and kept_id is not None:
        merged = MergedExpertise(kept_id, tag.id)
        forms.save(
            lambda db, now: catalog.merge_expertise(db, actor, merged, now=now),
            lambda kept: forms.finish(
                _("Everybody with {gone} now has {name}.").format(gone=tag.name, name=kept.name)
            ),
            opened,
        )
