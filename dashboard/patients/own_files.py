"""A person's rights at the desk: everything about them as a file, and everything gone."""

import logging

import streamlit as st

from core import privacy
from core.db import utc_now
from core.errors import BookingError
from core.models import Patient
from core.policy import Actor, Permission, allows
from core.privacy import ErasurePreview, ErasureRequest
from dashboard import confirming, open_booking, session
from dashboard.exporting import download_button
from dashboard.feedback import flash, md, refuse
from dashboard.formatting import plain, when
from dashboard.i18n import _, ngettext
from dashboard.patients import editing, finding

logger = logging.getLogger(__name__)

ERASING = "patient_erasing"


def show(actor: Actor, patient: Patient) -> None:
    """Folded away, and behind the password: both hurt if somebody else had sat down."""
    with st.expander(_("Their data: hand it over, erase it"), icon=":material/shield_person:"):
        if patient.erasure_asked_at is not None:
            st.warning(
                _("{name} asked to be erased, {time}.").format(
                    name=md(patient.name),
                    time=when(patient.erasure_asked_at, session.zone(), utc_now()),
                ),
                icon=":material/pan_tool:",
            )
        if not confirming.is_confirmed(actor):
            confirming.ask_password("patient_rights")
            return
        with st.container(horizontal=True):
            download_button(
                _("Download everything"), "patient", str(patient.id), key="patient_download"
            )
            if allows(actor, Permission.PATIENTS_ERASE):
                st.button(
                    _("Erase …"),
                    key="patient_erase",
                    icon=":material/delete_forever:",
                    on_click=_start_erasing,
                    args=(patient.id, patient.version),
                )
    if ERASING in st.session_state and not open_booking.is_open():
        _dialog()


def _start_erasing(patient_id: int, version: int) -> None:
    st.session_state[ERASING] = (patient_id, version)


def _stop_erasing() -> None:
    st.session_state.pop(ERASING, None)
    st.session_state.pop("patient_erase_typed", None)


def _dialog() -> None:
    st.dialog(_("Erase a patient"), width="medium", on_dismiss=_stop_erasing)(_erasing)()


def _erasing() -> None:
    actor, now = session.signed_in(), utc_now()
    patient_id, version = st.session_state[ERASING]
    with session.reading() as db:
        preview = privacy.preview_erasure(db, actor, patient_id, now=now)
    _say_what_happens(preview)
    if preview.is_here:
        st.error(
            _("{name} is here now. Please complete the visit first.").format(
                name=md(preview.patient.name)
            ),
            icon=":material/block:",
        )
        return
    typed = st.text_input(
        _("Type the name, or the number {number}, to be sure").format(number=patient_id),
        key="patient_erase_typed",
        autocomplete="off",
    )
    label = f":red[:material/delete_forever: **{_('Erase for good')}**]"
    if st.button(label, key="patient_erase_do", width="stretch"):
        _erase(actor, ErasureRequest(patient_id, version, typed))


def _say_what_happens(preview: ErasurePreview) -> None:
    st.markdown(_("**{name}** will be erased for good:").format(name=md(preview.patient.name)))
    goes = [_("name, phone, e-mail, date of birth, language and note")]
    if preview.username:
        goes.append(_("the account {username}").format(username=md(preview.username)))
    if preview.notes:
        goes.append(
            ngettext(
                "what was written on {count} visit",
                "what was written on {count} visits",
                preview.notes,
            ).format(count=preview.notes)
        )
    if preview.private_notes:
        goes.append(
            ngettext(
                "{count} private note of a professional",
                "{count} private notes of professionals",
                preview.private_notes,
            ).format(count=preview.private_notes)
        )
    if preview.waits:
        goes.append(
            ngettext(
                "their place on the waiting list",
                "their {count} places on the waiting list",
                preview.waits,
            ).format(count=preview.waits)
        )
    st.markdown("\n".join(f"- {each}" for each in goes))
    if preview.of_groups:
        sentence = ngettext(
            "{count} of the visits was a group's: what was written there goes for all of them, "
            "since it may name this patient.",
            "{count} of the visits were a group's: what was written there goes for all of them, "
            "since it may name this patient.",
            preview.of_groups,
        )
        st.caption(sentence.format(count=preview.of_groups))
    if preview.coming:
        count = len(preview.coming)
        sentence = ngettext(
            "{count} visit that is still to come is cancelled in the same step, {first} first.",
            "{count} visits that are still to come are cancelled in the same step, {first} first.",
            count,
        )
        first = when(preview.coming[0].starts_at, session.zone(), utc_now())
        st.warning(sentence.format(count=count, first=md(first)), icon=":material/event_busy:")
    st.caption(
        _(
            "Past visits stay in the figures under “Erased patient”. Backups made before still "
            "hold the name; restoring one erases it again. This cannot be undone."
        )
    )


def _erase(actor: Actor, request: ErasureRequest) -> None:
    try:
        with session.writing() as db:
            privacy.erase(db, actor, request, now=utc_now())
    except BookingError as refusal:
        refuse(refusal)
        return
    _stop_erasing()
    editing.forget()
    finding.put_back()
    flash(_settle())
    st.rerun()


def _settle() -> str:
    """After the commit, since no transaction can clear what files hold of it; how it went."""
    listed = privacy.list_file(session.configured())
    try:
        privacy.settle(session.database(), listed, now=utc_now())
    except BookingError as refusal:
        return _("Erased, but not yet for good. {why}").format(why=plain(refusal))
    except OSError as error:
        logger.exception("the list of erasures was not written")
        return _(
            "Erased, but not yet for good: the list of erasures was not written ({why}). "
            "Please make room for it, then run: python -m core erasures settle"
        ).format(why=error.strerror or error)
    return _("Erased. Nothing tells any more who it was.")
