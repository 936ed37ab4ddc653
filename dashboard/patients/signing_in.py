"""Whether a patient signs in, on their record: the desk invites them, and sees what came of it."""

import streamlit as st

from core import inviting, mail
from core.activation import Invited
from core.db import utc_now
from core.errors import BookingError
from core.inviting import PatientInvitation, PatientSignIn
from core.models import Patient
from core.policy import Actor
from dashboard import confirming, open_booking, session, shown_link
from dashboard.feedback import flash, md, refuse
from dashboard.formatting import when
from dashboard.i18n import _

KEY = "patient_invite"
ASKED, LINK = f"{KEY}_asked", f"{KEY}_link"


def show(actor: Actor, patient: Patient) -> None:
    """One line: how they sign in, and the way to let them."""
    with session.reading() as db:
        found = inviting.load_sign_in(db, actor, patient.id, now=utc_now())
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.caption(_how(found), width="content")
        if found is None or (found.is_active and not found.has_password):
            pressed = st.button(
                _("Invite again") if found else _("Invite to sign in"),
                key=KEY,
                icon=":material/forward_to_inbox:",
                help=_why(patient),
            )
            if pressed:
                st.session_state[ASKED] = patient.id
    if st.session_state.get(ASKED) == patient.id:
        _go_on(actor, patient)
    if LINK in st.session_state and not open_booking.is_open():
        st.dialog(_("Activation link"), on_dismiss=forget)(_dialog)()


def forget() -> None:
    """Nobody is being invited; a link that was shown is not shown again."""
    for each in (ASKED, LINK):
        st.session_state.pop(each, None)


def _how(found: PatientSignIn | None) -> str:
    if found is None:
        return _("Does not sign in yet.")
    username = md(found.username)
    if not found.is_active:
        return _("The account {username} is switched off.").format(username=username)
    if found.has_password:
        return _("Signs in as {username}.").format(username=username)
    if found.invited_at is None:
        return _("Invited as {username}; not used yet.").format(username=username)
    time = when(found.invited_at, session.zone(), utc_now())
    return _("Invited {time} as {username}; not used yet.").format(username=username, time=md(time))


def _why(patient: Patient) -> str:
    if _goes_by_mail(patient):
        return _("They get a link by e-mail, choose a password and see their own visits.")
    return _("You get a link to hand over. With it they choose a password and see their visits.")


def _goes_by_mail(patient: Patient) -> bool:
    """A link that cannot be mailed, or to somebody who wants no messages, is handed over."""
    return mail.is_configured(session.configured()) and not patient.no_contact


def _go_on(actor: Actor, patient: Patient) -> None:
    by_mail = _goes_by_mail(patient)
    if not by_mail and not confirming.is_confirmed(actor):
        if patient.no_contact:
            st.caption(_("They want no messages: the link is shown to you, to hand over."))
        st.caption(_("Whoever has the link can sign in as {name}.").format(name=md(patient.name)))
        confirming.ask_password(KEY)
        return
    del st.session_state[ASKED]
    try:
        with session.writing() as db:
            invited = inviting.invite_patient(
                db, actor, PatientInvitation(patient.id, by_mail=by_mail), now=utc_now()
            )
    except BookingError as refusal:
        refuse(refusal)
        return
    _say(invited)
    st.rerun()


def _say(invited: Invited) -> None:
    if invited.link:
        st.session_state[LINK] = (invited.user.name, shown_link.address(invited))
    else:
        flash(_("A link is on its way to {email}.").format(email=invited.user.email))


def _dialog() -> None:
    session.signed_in()
    shown_link.show(*st.session_state[LINK])
    if st.button(_("Done"), key=f"{KEY}_done", type="primary", width="stretch"):
        forget()
        st.rerun()
