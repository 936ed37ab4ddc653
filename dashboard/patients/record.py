"""The record: who it is on the left, what is to come and what has been on the right."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from core import audit
from core.db import utc_now
from core.errors import NotFound
from core.models import BookingState, Patient
from core.patient_record import PatientRecord, Visit, load_record
from core.policy import Actor, Permission, allows
from dashboard import find_time, open_booking, session, slip, to_know, waiting_asked, waiting_form
from dashboard.components.bookings_list import badge
from dashboard.components.patient_picker import PatientChosen
from dashboard.feedback import md, refuse
from dashboard.formatting import day, phone, when
from dashboard.i18n import _, ngettext
from dashboard.patients import editing, finding, languages, own_files, relatives, signing_in, twice

S = BookingState
SHOWN, OPEN = "patient_past_shown", "patient_open"
A_PAGE = 8


def show(actor: Actor, patient_id: int) -> None:
    """One patient's record. That it was opened goes on record."""
    now = utc_now()
    st.button(
        _("All patients"),
        key="patient_back",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=_back,
    )
    shown = st.session_state.get(SHOWN, A_PAGE)
    try:
        with session.reading() as db:
            record = load_record(db, actor, patient_id, now=now, past=shown)
    except NotFound as refusal:
        refuse(refusal)
        return
    audit.note_read(session.database(), actor, "patient.opened", record.patient, now=now)
    _title(record.patient)
    to_know.tell(record.patient.id)
    twice.suggest(actor, record.patient)
    who, visits = st.columns([6, 5], gap="large")
    with who:
        _who(actor, record)
    with visits:
        _visits(actor, record, session.zone(), now, shown)
    if record.erased_at is None and allows(actor, Permission.PATIENTS_EXPORT):
        own_files.show(actor, record.patient)
    if open_booking.is_open():
        open_booking.show()
    elif waiting_asked.is_asked():
        waiting_form.show()


def leave(picked: int | None) -> None:
    """Close what stood open on another record, whichever way it was left."""
    if st.session_state.get(OPEN, picked) != picked:
        _forget()
    st.session_state[OPEN] = picked


def _back() -> None:
    finding.put_back()
    _forget()


def _forget() -> None:
    open_booking.forget()
    editing.forget()
    twice.forget()
    signing_in.forget()
    relatives.forget()
    waiting_asked.forget()
    st.session_state.pop(SHOWN, None)


def _title(patient: Patient) -> None:
    st.subheader(md(patient.name), anchor=False)
    facts = [
        _("No. {number}").format(number=patient.id),
        _("on file since {date}").format(
            date=day(patient.created_at.astimezone(session.zone()).date(), utc_now().date())
        ),
    ]
    st.caption(" · ".join(facts))


def _who(actor: Actor, record: PatientRecord) -> None:
    patient = record.patient
    if record.erased_at is not None:
        st.info(
            _("This patient was erased. Their visits still count, without a name."),
            icon=":material/person_off:",
        )
    elif allows(actor, Permission.PATIENTS_WRITE):
        if patient.archived_at is not None:
            st.info(_("Archived: not offered for new bookings."), icon=":material/archive:")
        editing.fields(patient)
        if patient.archived_at is None and allows(actor, Permission.PATIENTS_INVITE):
            signing_in.show(actor, patient)
        relatives.show(actor, patient)
    else:
        _read_only(patient)


def _read_only(patient: Patient) -> None:
    facts = (
        (_("Phone"), phone(patient.phone)),
        (_("E-mail"), patient.email),
        (_("Date of birth"), patient.born_on.strftime("%d.%m.%Y") if patient.born_on else ""),
        (_("Language"), languages.in_words(patient.language)),
        (_("Note for the desk"), patient.desk_note),
    )
    st.markdown("  \n".join(f":small[{label}]  \n{md(value)}\n" for label, value in facts if value))


def _visits(actor: Actor, record: PatientRecord, zone: ZoneInfo, now: datetime, shown: int) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.markdown(f"**{_('To come')}**", width="content")
        with st.container(horizontal=True, width="content"):
            _book(actor, record)
            _put_on_waiting_list(actor, record)
    if record.coming:
        _lines(record.coming, zone, now, may_open=True)
        slip.offer(actor, record.patient.id, key="patient")
    else:
        st.caption(_("Nothing is booked."))
    st.markdown(f"**{_('Past and cancelled')}**")
    if not record.past:
        st.caption(_("No visits yet."))
        return
    st.caption(_how_it_went(record))
    _lines(record.past, zone, now)
    if sum(record.counts.values()) > shown:
        st.button(_("Show earlier"), key="patient_more", on_click=_show_more)


def _book(actor: Actor, record: PatientRecord) -> None:
    """The way to the desk, where the next free times are shown for this patient."""
    if _is_gone(record) or not allows(actor, Permission.BOOKINGS_WRITE):
        return
    if st.button(_("Book"), key="patient_book", icon=":material/event_available:"):
        find_time.open_for(record.patient)
        find_time.go()


def _put_on_waiting_list(actor: Actor, record: PatientRecord) -> None:
    if _is_gone(record) or not allows(actor, Permission.BOOKINGS_WRITE):
        return
    st.button(
        _("Put on the waiting list"),
        key="patient_wait",
        icon=":material/hourglass_top:",
        on_click=waiting_asked.ask,
        args=(PatientChosen(known=find_time.known(record.patient)),),
    )


def _is_gone(record: PatientRecord) -> bool:
    return record.erased_at is not None or record.patient.archived_at is not None


def _how_it_went(record: PatientRecord) -> str:
    visits = record.counts.get(S.COMPLETED, 0)
    missed = record.counts.get(S.NO_SHOW, 0)
    return " · ".join(
        (
            ngettext("{count} visit", "{count} visits", visits).format(count=visits),
            ngettext("{count} no-show", "{count} no-shows", missed).format(count=missed),
        )
    )


def _show_more() -> None:
    st.session_state[SHOWN] = st.session_state.get(SHOWN, A_PAGE) + A_PAGE


def _lines(
    visits: Sequence[Visit], zone: ZoneInfo, now: datetime, *, may_open: bool = False
) -> None:
    with st.container(border=True):
        for each in visits:
            words = [badge(each.state)]
            waits = each.is_waiting and each.state is not S.CANCELLED
            words += [_("waiting for a seat")] if waits else []
            words += [_("late")] if each.was_late and each.state is S.CANCELLED else []
            what = _("{service} with {professional}").format(
                service=each.service, professional=each.professional
            )
            lines = [f"**{md(when(each.starts_at, zone, now))}** {' · '.join(words)}", md(what)]
            if each.reason and each.state is S.CANCELLED:
                lines.append(f"*{md(each.reason)}*")
            if may_open:
                _line_to_open(lines, each)
            else:
                st.markdown("  \n".join(lines))


def _line_to_open(lines: Sequence[str], visit: Visit) -> None:
    """Whoever sees the visit may open it; the dialog offers each what they may do."""
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.markdown("  \n".join(lines), width="content")
        st.button(
            _("Open"),
            key=f"patient_visit_{visit.booking_id}",
            icon=":material/event_note:",
            on_click=open_booking.open,
            args=(visit.booking_id,),
        )
