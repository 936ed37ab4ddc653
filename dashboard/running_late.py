"""Running late: said in two clicks or keys, and whom to call for it."""

import streamlit as st

from core import catalog
from core.day_board import Stage, load_board
from core.db import utc_now
from core.errors import BookingError
from core.policy import Actor, Permission, allows
from core.running_late import (
    CHOICES,
    Late,
    ToldRequest,
    load_late,
    note_told,
    say_late,
    say_on_time,
    take_back_told,
)
from dashboard import feedback, keys, open_booking, session
from dashboard.components.board_lines import UNDO
from dashboard.components.day_board import OPEN, Pressed, day_board
from dashboard.components.late_lines import late_lines, runs_late, seen_expected
from dashboard.feedback import md
from dashboard.formatting import plain
from dashboard.i18n import _

KEY = "running_late"
TO_COME = frozenset({Stage.OVERDUE, Stage.WAITING, Stage.EXPECTED})


def button() -> None:
    """The way to the dialog."""
    if st.button(
        _("Running late"), key="today_late", icon=":material/schedule:", shortcut=keys.LATE.press
    ):
        st.session_state[KEY] = True
        st.rerun()


def is_open() -> bool:
    return KEY in st.session_state


def forget() -> None:
    session.forget_typed(KEY)


def show() -> None:
    """Draw the dialog; its own reruns leave the page alone."""
    st.dialog(_("Running late"), width="medium", on_dismiss=forget)(_dialog)()


def board(actor: Actor) -> None:
    """Who runs late now, and those to call for it, with the time to tell them."""
    now, zone = utc_now(), session.zone()
    with session.reading() as db:
        late = load_late(db, actor, now=now)
    if not late:
        return
    lines = late_lines(late, zone=zone)
    said = " · ".join(runs_late(each) for each in late)
    st.warning(md(said), icon=":material/schedule:")
    if not lines:
        return
    pressed = day_board(
        lines, label=_("Patients to call about a delay"), empty="", key="today_late_board"
    )
    if pressed is not None:
        _act(actor, pressed)


def _act(actor: Actor, pressed: Pressed) -> None:
    drawn = pressed.row.partition("/")[0].split(".")
    booking_id, version = int(drawn[0]), int(drawn[1])
    if pressed.button == OPEN.id:
        open_booking.open(booking_id)
        st.rerun()
    now = utc_now()
    try:
        with session.writing() as db:
            if pressed.button == UNDO:
                take_back_told(db, actor, booking_id, version, now=now)
            else:
                told = ToldRequest(booking_id, version, seen_expected(pressed.row))
                note_told(db, actor, told, now=now)
    except BookingError as refusal:
        feedback.flash(plain(refusal))
    st.rerun(scope="fragment")


def _dialog() -> None:
    actor, now = session.signed_in(), utc_now()
    if not is_open():
        st.rerun()
    with session.reading() as db:
        professionals = catalog.load_professionals(db, actor)
        late = {each.professional_id: each for each in load_late(db, actor, now=now)}
        today = load_board(db, actor, now.astimezone(session.zone()).date(), now=now)
    expecting = {each.professional_id for each in today.rows if each.stage in TO_COME}
    names = {
        each.id: each.name
        for each in professionals
        if each.id in expecting
        and (allows(actor, Permission.TIME_OFF_WRITE) or each.id == actor.professional_id)
    }
    if not names:
        st.info(_("Nobody is expected any more today."), icon=":material/event_available:")
    if len(names) == 1:
        ((professional_id, name),) = names.items()
        _by_key(actor, professional_id, name, late.get(professional_id))
        return
    for professional_id, name in names.items():
        _by_click(actor, professional_id, name, late.get(professional_id))


def _by_key(actor: Actor, professional_id: int, name: str, late: Late | None) -> None:
    """One professional: the first digit of the minutes says it, 0 that it is over."""
    st.markdown(f"**{md(runs_late(late) if late else name)}**")
    with st.container(horizontal=True):
        for minutes in CHOICES:
            pressed = st.button(
                _("{count} min").format(count=minutes),
                key=f"{KEY}_{minutes}",
                shortcut=_digit(minutes),
                type="primary" if late and late.said == minutes else "secondary",
            )
            if pressed:
                _say(actor, professional_id, name, minutes)
        if late and st.button(_("On time again"), key=f"{KEY}_0", shortcut=_digit(0)):
            _say(actor, professional_id, name, None)


def _digit(minutes: int) -> str:
    return str(minutes)[0]


def _by_click(actor: Actor, professional_id: int, name: str, late: Late | None) -> None:
    """One of several: the minutes pressed say it, pressed again that it is over."""
    said = late.said if late else None
    chosen = st.segmented_control(
        md(name),
        CHOICES,
        default=said if said in CHOICES else None,
        format_func=lambda minutes: _("{count} min").format(count=minutes),
        key=f"{KEY}_{professional_id}_{said}",
    )
    if chosen != said:
        _say(actor, professional_id, name, chosen)


def _say(actor: Actor, professional_id: int, name: str, minutes: int | None) -> None:
    now = utc_now()
    try:
        with session.writing() as db:
            if minutes is None:
                say_on_time(db, actor, professional_id, now=now)
            else:
                say_late(db, actor, professional_id, minutes, now=now)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    forget()
    done = _("{name} runs {count} minutes late.") if minutes else _("{name} is on time again.")
    feedback.flash(done.format(name=name, count=minutes))
    st.rerun()
