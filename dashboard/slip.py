"""A patient's visits to come, as text to copy and as a small PDF to print."""

import streamlit as st

from core import audit
from core.db import utc_now
from core.patient_slip import Slip, load_slip
from core.patients import get_patient
from core.policy import Actor
from dashboard import session
from dashboard.exporting import download_button
from dashboard.formatting import clock, day
from dashboard.i18n import _


def offer(actor: Actor, patient_id: int, *, key: str) -> None:
    """A button; behind it the slip. What others booked is read only once it is asked for."""
    shown = f"{key}_slip_shown"
    if st.session_state.get(shown) != patient_id:
        st.button(
            _("Slip to take home"),
            key=f"{key}_slip",
            icon=":material/receipt_long:",
            on_click=_show,
            args=(shown, patient_id),
        )
        return
    now = utc_now()
    with session.reading() as db:
        patient = get_patient(db, actor, patient_id, now=now)
        slip = load_slip(db, actor, patient_id, now=now)
    audit.note_read(session.database(), actor, "patient.opened", patient, now=now)
    if not slip.visits:
        st.caption(_("No visits to come."))
        return
    st.code(as_text(slip), language=None, wrap_lines=True)
    download_button(_("Slip (PDF)"), "slip", str(patient_id), key=f"{key}_slip_pdf")


def _show(shown: str, patient_id: int) -> None:
    st.session_state[shown] = patient_id


def as_text(slip: Slip) -> str:
    """One visit a line, as one would write it in a message; without the patient's name."""
    today, lines = slip.made_at.astimezone(slip.zone).date(), [slip.organisation]
    for each in slip.visits:
        on = day(each.starts_at.astimezone(slip.zone).date(), today)
        time = f"{clock(each.starts_at, slip.zone)}-{clock(each.ends_at, slip.zone)}"
        what = (f"{on}, {time}", each.professional, each.service, each.room)
        lines.append(" · ".join(one for one in what if one))
    return "\n".join(lines)
