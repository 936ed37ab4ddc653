"""Reasons: what the desk chooses from when it cancels, or sets a rule aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core import catalog
from core.catalog import EditedReason, MovedReason, NewReason, ReasonDetails
from core.models import ListedReason, ReasonKind
from core.policy import Actor
from dashboard import session
from dashboard.feedback import md
from dashboard.i18n import N_, _
from dashboard.practice import forms
from dashboard.practice.forms import key

K = ReasonKind


@dataclass(frozen=True)
class Words:
    """How one list is spoken of."""

    title: str
    what_for: str
    add: str
    example: str


LISTS: Mapping[ReasonKind, Words] = {
    K.CANCEL: Words(
        N_("Why a booking is cancelled"),
        N_(
            "What the desk chooses from. Whose wish it was decides whether a late cancellation "
            "counts as late. Patients who cancel by themselves are asked in words of their own."
        ),
        N_("Add reason to cancel"),
        N_("Patient has moved away"),
    ),
    K.OVERRIDE: Words(
        N_("Why a rule is set aside"),
        N_("What the desk chooses from when it books against a rule all the same."),
        N_("Add reason to set a rule aside"),
        N_("Sent by a colleague"),
    ),
}
BY_PATIENT: Mapping[bool, str] = {True: N_("The patient's"), False: N_("Ours")}


def show(actor: Actor) -> None:
    with session.reading() as db:
        listed = {kind: catalog.load_reasons(db, kind) for kind in LISTS}
        archived = catalog.load_archived(db, actor, ListedReason)
    for kind, words in LISTS.items():
        st.subheader(_(words.title), anchor=False)
        st.caption(_(words.what_for))
        forms.add_button(_(words.add), _form(kind))
        _rows(listed[kind])
        forms.archived_list(actor, ListedReason, [each for each in archived if each.kind is kind])
    for kind in LISTS:
        if opened := forms.opened(_form(kind)):
            title = _("Edit reason") if opened.id else _(LISTS[kind].add)
            forms.show_dialog(title, partial(_dialog, kind))


def _form(kind: ReasonKind) -> str:
    return f"reason_{kind}"


def _rows(listed: Sequence[ListedReason]) -> None:
    with st.container(border=True, gap="small"):
        for number, each in enumerate(listed, start=1):
            with st.container(horizontal=True, vertical_alignment="center"):
                forms.entry(_(each.name), _facts(each))
                with st.container(horizontal=True, gap="xsmall", width="content"):
                    _arrow(each, up=True, disabled=number == 1)
                    _arrow(each, up=False, disabled=number == len(listed))
                    forms.edit_button(_form(each.kind), each.id, each.version, _(each.name))


def _facts(reason: ListedReason) -> list[str]:
    if reason.kind is K.CANCEL:
        return [_("the patient's wish") if reason.by_patient else _("our doing, never late")]
    return [_("needs words of one's own")] if reason.needs_words else []


def _arrow(reason: ListedReason, *, up: bool, disabled: bool) -> None:
    sentence = _("Move {name} up") if up else _("Move {name} down")
    st.button(
        "",
        icon=":material/arrow_upward:" if up else ":material/arrow_downward:",
        key=f"practice_reason_{'up' if up else 'down'}_{reason.id}",
        help=sentence.format(name=md(_(reason.name))),
        disabled=disabled,
        on_click=_move,
        args=(MovedReason(reason.id, reason.version, up),),
    )


def _move(request: MovedReason) -> None:
    actor = session.signed_in()
    forms.save(
        lambda db, now: catalog.move_reason(db, actor, request, now=now), lambda _moved: None
    )


def _dialog(kind: ReasonKind) -> None:
    actor, opened = session.signed_in(), forms.current(_form(kind))
    with session.reading() as db:
        listed = catalog.load_reasons(db, kind)
    reason = next((each for each in listed if each.id == opened.id), None)
    with st.form(key("reason"), border=False):
        details = _fields(kind, reason)
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if pressed:
        _save(actor, opened, kind, details)
    if reason is not None:
        id = reason.id
        forms.archive_button(
            lambda db, now: catalog.archive_reason(db, actor, id, opened.version, now=now),
            opened,
        )


def _fields(kind: ReasonKind, reason: ListedReason | None) -> ReasonDetails:
    name = st.text_input(
        _("Reason"),
        reason.name if reason else "",
        key=key("name"),
        placeholder=_(LISTS[kind].example),
    )
    if kind is K.CANCEL:
        by_patient = st.radio(
            _("Whose wish it is"),
            list(BY_PATIENT),
            index=list(BY_PATIENT).index(reason.by_patient if reason else True),
            format_func=lambda each: _(BY_PATIENT[each]),
            captions=[
                _("Late, when it comes later than the service allows."),
                _("Never late: the place cancels."),
            ],
            key=key("by_patient"),
        )
        return ReasonDetails(name, by_patient=by_patient)
    needs_words = st.checkbox(
        _("Says nothing by itself: ask for words of one's own"),
        reason.needs_words if reason else False,
        key=key("needs_words"),
    )
    return ReasonDetails(name, needs_words=needs_words)


def _save(actor: Actor, opened: forms.Opened, kind: ReasonKind, details: ReasonDetails) -> None:
    if opened.id is None:
        forms.save(
            lambda db, now: catalog.add_reason(db, actor, NewReason(kind, details), now=now),
            forms.finish_with(_("Added {name}.")),
            opened,
        )
        return
    edited = EditedReason(opened.id, opened.version, details)
    forms.save(
        lambda db, now: catalog.edit_reason(db, actor, edited, now=now),
        forms.finish_with(_("Saved {name}.")),
        opened,
    )
