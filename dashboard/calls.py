"""The calls before the next day with visits: one key for each patient who will come."""

from collections.abc import Sequence

import streamlit as st

from core.booking import ConfirmRequest, confirm_by_phone, take_back_confirmation
from core.calls import load_calls
from core.db import utc_now
from core.errors import BookingError
from dashboard import feedback, keys, open_booking, session
from dashboard.components.board_lines import CONFIRM, UNDO
from dashboard.components.call_lines import call_lines, calls_line
from dashboard.components.day_board import OPEN, day_board
from dashboard.formatting import plain
from dashboard.i18n import _

KEY = "calls"


def is_open() -> bool:
    return bool(st.session_state.get(KEY))


def switch() -> None:
    """From today's board to the calls, and back."""
    word = _("Back to today") if is_open() else _("Calls for the next day")
    icon = ":material/today:" if is_open() else ":material/call:"
    st.button(word, key="calls_switch", icon=icon, shortcut=keys.CALLS.press, on_click=_turn)


def board(professional_ids: Sequence[int]) -> None:
    """Who is to be called, by time, with the telephone number; and who has confirmed."""
    actor, now, zone = session.signed_in(), utc_now(), session.zone()
    with session.reading() as db:
        shown = load_calls(db, actor, professional_ids=professional_ids, now=now)
    st.markdown(f"**{calls_line(shown, now.astimezone(zone).date())}**")
    rows = dict(zip(call_lines(shown, zone=zone, now=now), shown.rows, strict=True))
    lines = sorted(rows, key=lambda line: line.order)
    pressed = day_board(
        [each.line for each in lines],
        label=_("Calls for the next day"),
        empty=_("Nothing is booked after today yet."),
        key="calls_board",
    )
    if pressed is None:
        return
    call = next(rows[each] for each in lines if each.line.id == pressed.row)
    if pressed.button == OPEN.id:
        open_booking.open(call.booking_id)
        st.rerun()
    if pressed.button in (CONFIRM, UNDO):
        asked = ConfirmRequest(call.booking_id, call.version, call.patient_id)
        tick(asked, call.patient, back=pressed.button == UNDO)
        st.rerun(scope="fragment")


def tick(asked: ConfirmRequest, name: str, *, back: bool) -> None:
    """Note that the patient will come, or take it back; say what became of it."""
    actor, now = session.signed_in(), utc_now()
    verb = take_back_confirmation if back else confirm_by_phone
    try:
        with session.writing() as db:
            verb(db, actor, asked, now=now)
    except BookingError as refusal:
        feedback.flash(plain(refusal))
    else:
        done = _("{name} is not confirmed any more.") if back else _("{name} has confirmed.")
        feedback.flash(done.format(name=name))


def _turn() -> None:
    session.signed_in()
    st.session_state[KEY] = not is_open()
