"""For whom? Patients choose themselves, or somebody they look after; and add whom they do."""

from datetime import date

import streamlit as st

from core import dependants
from core.coming_of_age import ComeOfAge
from core.db import utc_now
from core.dependants import NewDependant, Relative
from core.errors import BookingError
from core.policy import Actor
from dashboard import last_step, session
from dashboard.components.patient_picker import EARLIEST_BIRTH
from dashboard.feedback import flash, md, refuse
from dashboard.formatting import day, say
from dashboard.i18n import _

KEY = "family"
WHOM = f"{KEY}_whom"


def choose() -> None:
    """The choice, where there is one. Everything on the page is about whoever is chosen."""
    me = session.account()
    family = _load(me)
    if refusal := st.session_state.pop(session.NO_LONGER, None):
        _say_no_longer(refusal)
    if not family or me.patient_id is None:
        return
    names = {me.patient_id: _("Myself"), **{each.patient_id: each.name for each in family}}
    acted_for = session.signed_in().patient_id
    if st.session_state.get(WHOM) != acted_for:
        st.session_state[WHOM] = acted_for
    st.pills(
        _("For whom?"),
        list(names),
        format_func=lambda id: md(names[id]),
        key=WHOM,
        required=True,
        on_change=_choose,
    )


def _say_no_longer(refusal: BookingError) -> None:
    said = _("You no longer act for them, and nothing was done. This is about yourself now.")
    if isinstance(refusal, ComeOfAge):
        said = f"{say(refusal)} {_('Nothing was done; this is about yourself now.')}"
    st.warning(said, icon=":material/family_restroom:")


def add_form() -> None:
    """Folded away in My data: somebody new, with a record of their own."""
    me = session.account()
    family = _load(me)
    st.markdown(f"**{_('Family')}**")
    for each in _load_of_age(me):
        st.caption(_of_age_line(each))
    if family:
        told = _("You act for {names}. To change that, please call us.")
        st.caption(told.format(names=md(", ".join(each.name for each in family))))
    else:
        st.caption(_("Book for a child, or for somebody in your care, as well."))
    with st.form(f"{KEY}_add", border=False, clear_on_submit=False):
        left, right = st.columns(2)
        name = left.text_input(_("Their name"), key=f"{KEY}_name", max_chars=200)
        born_on: date | None = right.date_input(
            _("Their date of birth"),
            None,
            key=f"{KEY}_born_on",
            min_value=EARLIEST_BIRTH,
            max_value="today",
            format="DD.MM.YYYY",
        )
        pressed = st.form_submit_button(_("Add them"), key=f"{KEY}_add_do")
    st.caption(_("They are with us already? Please call: we link the two records."))
    if pressed:
        _add(me, NewDependant(name, born_on))


def acts_for_another() -> bool:
    return session.signed_in().patient_id != session.account().patient_id


def name_of_another() -> str:
    """Who is acted for; empty where that is the reader themselves, who is "you"."""
    return session.signed_in().name if acts_for_another() else ""


def _of_age_line(each: Relative) -> str:
    """Until when one acted for them, and what to do if that is to go on."""
    today = utc_now().astimezone(session.zone()).date()
    line = _(
        "{name} came of age on {day} and acts for themselves now. If they still need you to act "
        "for them, please call us together."
    )
    return line.format(name=md(each.name), day=day(each.ended_on or today, today))


def _load_of_age(me: Actor) -> list[Relative]:
    if me.patient_id is None:
        return []
    with session.reading() as db:
        found = dependants.load_own_family(db, me, now=utc_now())
    return [each for each in found if each.ended_on is not None]


def _load(me: Actor) -> list[Relative]:
    if me.patient_id is None:
        return []
    with session.reading() as db:
        return list(dependants.load_own_dependants(db, me, now=utc_now()))


def _choose() -> None:
    me, chosen = session.account(), st.session_state[WHOM]
    before = session.signed_in().patient_id
    with session.reading() as db:
        whom = dependants.acting_for(db, me, chosen, now=utc_now()).patient_id
    last_step.turn_over(before, whom)
    session.act_for(whom)


def _add(me: Actor, request: NewDependant) -> None:
    try:
        with session.writing() as db:
            added = dependants.add_own_dependant(db, me, request, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    session.forget_typed(f"{KEY}_")
    flash(_("Added {name}: choose for whom at the top.").format(name=added.name))
    st.rerun()
