"""Today: who is expected, who waits, who is with whom; one key for each step of a visit."""

import streamlit as st

from core import catalog
from core.booking import ConfirmRequest, MarkRequest, UndoRequest, mark, undo
from core.day_board import DayBoard, load_board
from core.db import utc_now
from core.errors import BookingError
from core.policy import Permission, allows
from dashboard import calls, feedback, keys, open_booking, paper, running_late, session, walk_in
from dashboard.components.board_lines import CONFIRM, UNDO, board_lines, counts_line, step_of
from dashboard.components.day_board import OPEN, Pressed, day_board
from dashboard.components.desk_board import booking_drawn
from dashboard.components.words import state_word
from dashboard.formatting import plain
from dashboard.i18n import _

REFRESH_SECONDS = 15


@st.fragment(run_every=REFRESH_SECONDS)
def board() -> None:
    """The day as it is now; what others change appears by itself."""
    actor, now, zone = session.signed_in(), utc_now(), session.zone()
    feedback.show_flash()
    with session.reading() as db:
        names = {each.id: each.name for each in catalog.load_professionals(db, actor)}
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        chosen = st.multiselect(
            _("Professionals"),
            list(names),
            format_func=lambda id: names[id],
            key="with",
            placeholder=_("Everybody"),
            label_visibility="collapsed",
            width=320,
            bind="query-params",
        )
        on = now.astimezone(zone).date()
        with session.reading() as db:
            shown = load_board(db, actor, on, professional_ids=chosen, now=now)
        calling = calls.is_open()
        if not calling:
            st.markdown(f"**{counts_line(shown, now)}**", width="stretch")
        running_late.button()
        calls.switch()
        if allows(actor, Permission.BOOKINGS_WRITE) and st.button(
            _("Walk-in"),
            key="today_walk_in",
            icon=":material/directions_walk:",
            shortcut=keys.WALK_IN.press,
        ):
            walk_in.open()
            st.rerun()
    if calling:
        calls.board(chosen)
        return
    running_late.board(actor)
    paper.title(on, now=now)
    pressed = day_board(
        board_lines(shown, zone=zone, now=now),
        label=_("Visits of today"),
        empty=_("No visits today."),
        key="today_board",
    )
    if pressed is not None:
        act(shown, pressed)


def act(shown: DayBoard, pressed: Pressed) -> None:
    """Take the step that was pressed, or open the booking."""
    booking_id, version = booking_drawn(pressed.row)
    if pressed.button == OPEN.id:
        open_booking.open(booking_id)
        st.rerun()
    actor, now, step = session.signed_in(), utc_now(), step_of(pressed.button)
    row = next(each for each in shown.rows if each.booking_id == booking_id)
    if row.patient_id is not None and (
        pressed.button == CONFIRM or (row.may_confirm and pressed.button == UNDO)
    ):
        asked = ConfirmRequest(booking_id, version, row.patient_id)
        calls.tick(asked, row.patient, back=pressed.button == UNDO)
        st.rerun(scope="fragment")
    try:
        with session.writing() as db:
            if pressed.button == UNDO:
                undo(db, actor, UndoRequest(booking_id, version), now=now)
            elif step is not None:
                mark(db, actor, MarkRequest(booking_id, version, step), now=now)
    except BookingError as refusal:
        feedback.flash(plain(refusal))
    else:
        done = state_word(step) if step else _("last step undone")
        feedback.flash(_("{name}: {state}.").format(name=row.patient, state=done))
    st.rerun(scope="fragment")


session.signed_in()
board()
if running_late.is_open():
    running_late.show()
elif walk_in.is_open():
    walk_in.show()
elif open_booking.is_open():
    open_booking.show()
