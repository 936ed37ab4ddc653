"""Family on a patient's record: who looks after them, whom they look after, and the links."""

from collections.abc import Callable

import streamlit as st
from sqlalchemy.orm import Session

from core import dependants
from core.db import utc_now
from core.dependants import FamilyLink, Relative
from core.errors import BookingError
from core.models import Patient
from core.policy import Actor, Permission, allows
from dashboard import session
from dashboard.components.patient_picker import describe
from dashboard.feedback import flash, md, refuse
from dashboard.formatting import day
from dashboard.i18n import _
from dashboard.patients import finding
from dashboard.searching import find_patients

KEY = "patient_family"
MOST_FOUND = 5


def show(actor: Actor, patient: Patient) -> None:
    """Lines to open or part, and beneath them the search for somebody to link."""
    with session.reading() as db:
        family = dependants.load_family(db, actor, patient.id, now=utc_now())
    for each in family.guardians:
        pair = FamilyLink(each.patient_id, patient.id)
        words = _("Looked after by {name}").format(name=md(each.name))
        _line(_until(words, each), each, pair)
    for each in family.dependants:
        pair = FamilyLink(patient.id, each.patient_id)
        words = _("Looks after {name}").format(name=_named(each))
        _line(_until(words, each), each, pair)
    if allows(actor, Permission.PATIENTS_WRITE):
        with st.expander(_("Family: who books for whom"), icon=":material/family_restroom:"):
            _search(patient)


def forget() -> None:
    session.forget_typed(KEY)


def _named(each: Relative) -> str:
    if each.born_on is None:
        return md(each.name)
    return md(f"{each.name}, {_('born {date}').format(date=f'{each.born_on:%d.%m.%Y}')}")


def _until(words: str, each: Relative) -> str:
    """That it is over, once the child has come of age."""
    if each.ended_on is None:
        return words
    today = utc_now().astimezone(session.zone()).date()
    ended = _("no longer: of age since {day}").format(day=day(each.ended_on, today))
    return f"{words} · {md(ended)}"


def _line(words: str, each: Relative, pair: FamilyLink) -> None:
    # After two records became one, two may look after each other.
    tied = f"{pair.guardian_patient_id}_{pair.patient_id}"
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.markdown(words, width="content")
        with st.container(horizontal=True, width="content"):
            st.button(
                _("Open"),
                key=f"{KEY}_open_{tied}",
                help=_("The record of {name}").format(name=md(each.name)),
                on_click=finding.pick,
                args=(each.patient_id,),
            )
            st.button(
                _("Unlink"),
                key=f"{KEY}_unlink_{tied}",
                help=_("From now on the one does not book for the other. What is booked stays."),
                on_click=_unlink,
                args=(pair,),
            )


def _search(patient: Patient) -> None:
    words = st.text_input(
        _("Whose record"),
        key=f"{KEY}_words",
        type="search",
        live=True,
        placeholder=_("Name, phone or date of birth"),
    )
    found = [each for each in find_patients(words) if each.id != patient.id] if words else []
    if words and not found:
        st.caption(_("Nobody found."))
    for each in found[:MOST_FOUND]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(md(describe(each)), width="stretch")
            for label, pair in (
                (_("{name} looks after them"), FamilyLink(patient.id, each.id)),
                (_("They look after {name}"), FamilyLink(each.id, patient.id)),
            ):
                st.button(
                    label.format(name=md(patient.name)),
                    key=f"{KEY}_link_{pair.guardian_patient_id}_{pair.patient_id}",
                    on_click=_link,
                    args=(pair,),
                )


def _link(pair: FamilyLink) -> None:
    actor = session.signed_in()
    done = _("Linked: they book for {name} as well from now on.")
    if _do(lambda db: dependants.link(db, actor, pair, now=utc_now()), done):
        forget()


def _unlink(pair: FamilyLink) -> None:
    actor = session.signed_in()
    done = _("Unlinked: nobody of the two books for {name} by that any more.")
    _do(lambda db: dependants.unlink(db, actor, pair, now=utc_now()), done)


def _do(change: Callable[[Session], Patient], done: str) -> bool:
    try:
        with session.writing() as db:
            changed = change(db)
    except BookingError as refusal:
        refuse(refusal)
        return False
    flash(done.format(name=changed.name))
    return True
