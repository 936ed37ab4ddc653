"""A record outside one's own patients: asked for with a reason, shown for an hour."""

from datetime import datetime

import streamlit as st

from core import audit, mail
from core.db import utc_now
from core.errors import BookingError
from core.exceptional_access import AccessRequest, Vain, load_open_records, open_exceptionally
from core.models import ExceptionalAccess, Patient
from core.patients import get_patient
from core.policy import Actor, Permission, allows
from dashboard import confirming, feedback, session, to_know
from dashboard.components.patient_picker import EARLIEST_BIRTH
from dashboard.feedback import md
from dashboard.formatting import clock, phone
from dashboard.i18n import _

KEY = "outside_record"
ASKING = f"{KEY}_asking"
SHOWN = f"{KEY}_shown"
"""The patient whose record is being read."""


def ways_in() -> None:
    """The button that asks, and one for each record that is open."""
    actor = session.signed_in()
    if not allows(actor, Permission.PATIENTS_OPEN_ANY):
        return
    with session.reading() as db:
        opened = load_open_records(db, actor, now=utc_now())
    zone = session.zone()
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for patient, ends_at in opened:
            st.button(
                _("{name}, open until {time}").format(
                    name=md(patient.name), time=clock(ends_at, zone)
                ),
                key=f"{KEY}_{patient.id}",
                icon=":material/lock_open:",
                on_click=_show,
                args=(patient.id,),
            )
        st.button(
            _("Open a record outside your patients"),
            key=f"{KEY}_ask",
            icon=":material/lock:",
            type="tertiary",
            on_click=_ask,
        )
    if st.session_state.get(ASKING):
        st.dialog(_("Open a record outside your patients"), on_dismiss=forget)(_form)()
    elif st.session_state.get(SHOWN):
        st.dialog(_("Record"), on_dismiss=forget)(_record)()


def _ask() -> None:
    st.session_state[ASKING] = True


def _show(patient_id: int) -> None:
    forget()
    st.session_state[SHOWN] = patient_id


def forget() -> None:
    """Close the dialog, and clear what was typed in it."""
    session.forget_typed(KEY)


def _form() -> None:
    """Who and why, once the person has shown that it is them."""
    actor = session.signed_in()
    st.write(
        _(
            "For when somebody needs you now and is not one of your patients. The record stays "
            "open for an hour, the reason goes on file, and the admins are told."
        )
    )
    if not confirming.is_confirmed(actor):
        confirming.ask_password(KEY)
        return
    with st.form(f"{KEY}_form", border=False):
        request = AccessRequest(
            phone=st.text_input(_("Full phone number"), key=f"{KEY}_phone"),
            name=st.text_input(_("Or the exact name, with the date of birth"), key=f"{KEY}_name"),
            born_on=st.date_input(
                _("Date of birth"),
                None,
                min_value=EARLIEST_BIRTH,
                max_value="today",
                key=f"{KEY}_born",
                format="DD.MM.YYYY",
            ),
            reason=st.text_area(_("Why you need it"), key=f"{KEY}_reason", height=80),
        )
        pressed = st.form_submit_button(_("Open for an hour"), type="primary", width="stretch")
    if pressed:
        _open(actor, request)


def _open(actor: Actor, request: AccessRequest) -> None:
    now, by_mail = utc_now(), mail.is_configured(session.configured())
    try:
        with session.writing() as db:
            access = open_exceptionally(db, actor, request, now=now, by_mail=by_mail)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    _opened(access)


def _opened(access: ExceptionalAccess | Vain) -> None:
    if isinstance(access, Vain):
        st.info(_why_not(access), icon=":material/person_search:")
        return
    _show(access.patient_id)
    st.rerun()


def _why_not(vain: Vain) -> str:
    if vain is Vain.SEVERAL_FIT:
        return _("Several patients fit. Please give the name and the date of birth.")
    return _("Nobody on file fits exactly. Check the number, or ask at the desk.")


def _record() -> None:
    """What is known about the patient, as far as it helps to reach and to recognise them."""
    actor, now = session.signed_in(), utc_now()
    with session.reading() as db:
        patient = get_patient(db, actor, st.session_state[SHOWN], now=now)
    audit.note_read(session.database(), actor, "patient.opened", patient, now=now)
    st.subheader(md(patient.name))
    to_know.tell(patient.id)
    for line in _lines(patient, now):
        st.text(line)


def _lines(patient: Patient, now: datetime) -> list[str]:
    lines = []
    if patient.born_on:
        years = now.year - patient.born_on.year
        years -= (now.month, now.day) < (patient.born_on.month, patient.born_on.day)
        born = patient.born_on.strftime("%d.%m.%Y")
        lines.append(_("Born {date}, {years} years old").format(date=born, years=years))
    if patient.phone:
        lines.append(phone(patient.phone))
    return [*lines, *(each for each in (patient.email, patient.desk_note) if each)]
