"""The weekly hours of one professional: painted or typed, tried, saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import streamlit as st

from core.changing_hours import save_weekly_hours
from core.db import utc_now
from core.errors import BookingError, Invalid
from core.interval import Span
from core.models import HoursKind
from core.policy import Actor
from core.schedule import HoursOnRecord, WeekdayWindow, WeeklyHours, load_weekly_hours
from core.what_if import preview_weekly_hours
from dashboard import feedback, keys, session
from dashboard.components.hours_grid import GridDay, GridHours, hours_grid
from dashboard.formatting import WEEKDAYS
from dashboard.i18n import N_, _, ngettext
from dashboard.my_hours.painting import Brush, Stroke, in_force, paint, spans_on, week_from
from dashboard.my_hours.saving import noted, show_preview
from dashboard.my_hours.table import hours_table, windows_in
from dashboard.practice import forms

PREFIX = "my_hours_"
DRAFT = f"{PREFIX}draft"
"""Begins the name of all that is forgotten once it is saved."""
SAVED = f"{DRAFT}_saved"
"""What follows once it is saved: a second click finds it here and saves nothing."""
PAINT, TABLE = N_("Paint"), N_("Table")
DAY_STARTS, DAY_ENDS, WHOLE_DAY = 7 * 60, 20 * 60, 24 * 60
STEP = 30


@dataclass(frozen=True)
class Draft:
    """Hours being changed: what they were when they were opened, and what they say now."""

    known: HoursOnRecord
    windows: tuple[WeekdayWindow, ...]
    turn: int = 0
    """Grows when the table has to forget what was typed in it."""
    refusal: BookingError | None = None
    """What is wrong with the table as it is typed."""

    @property
    def is_changed(self) -> bool:
        return self.refusal is not None or self.windows != self.known.windows


def forget() -> None:
    """Begin again with what is on record, in the same view of the same date."""
    session.forget_typed(DRAFT)


def show(actor: Actor, professional_id: int) -> None:
    """Draw the hours, what saving them would do, and the button that does it."""
    saving: forms.Opened = st.session_state.setdefault(SAVED, forms.Opened(PREFIX))
    if saving.then is not None:
        saving.then()
    draft, today = _draft(actor, professional_id), utc_now().astimezone(session.zone()).date()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        starting_on = st.date_input(
            _("These hours apply from"),
            _first_day(draft.known, today),
            min_value=today,
            key=f"{PREFIX}from",
            format="DD.MM.YYYY",
            width=180,
            persist_state="session",  # as long as what is painted
        )
        view = st.segmented_control(
            _("Enter the hours as"),
            [PAINT, TABLE],
            default=PAINT,
            format_func=_,
            key=f"{PREFIX}view",
            required=True,
        )
    if view == TABLE:
        _table(draft)
    else:
        if _begun(draft) in st.session_state:
            # A table that is not drawn forgets what was typed in it.
            draft = st.session_state[DRAFT] = replace(draft, turn=draft.turn + 1, refusal=None)
        _painted(draft, starting_on)
    _save(actor, st.session_state[DRAFT], starting_on, saving)


def _first_day(known: HoursOnRecord, today: date) -> date:
    """Today, or when the first hours begin where there are none before."""
    begins = [each.valid_from for each in known.windows if each.valid_from]
    if not begins or in_force(known.windows, today):
        return today
    return max(today, min(begins))


def _draft(actor: Actor, professional_id: int) -> Draft:
    """What is being changed here; somebody else's is dropped."""
    draft: Draft | None = st.session_state.get(DRAFT)
    if draft is None or draft.known.professional.id != professional_id:
        today = utc_now().astimezone(session.zone()).date()
        with session.reading() as db:
            known = load_weekly_hours(db, actor, professional_id, today)
        draft = st.session_state[DRAFT] = Draft(known, known.windows)
    return draft


def _table(draft: Draft) -> None:
    """The rows as they are typed: the table keeps them itself, so they are only read here."""
    rows = st.session_state.setdefault(_begun(draft), draft.windows)
    frame = hours_table(rows, key=f"{DRAFT}_table_{draft.turn}")
    st.caption(
        _(
            "One row for each window or break; days may have several. Past midnight hours count "
            "on: 30:00 is 6 in the morning. Without a last day, hours apply until others do."
        )
    )
    try:
        windows = windows_in(frame)
    except Invalid as refusal:
        st.session_state[DRAFT] = replace(draft, refusal=refusal)
    else:
        st.session_state[DRAFT] = replace(draft, windows=windows, refusal=None)


def _begun(draft: Draft) -> str:
    """Where the table keeps the rows it began with."""
    return f"{DRAFT}_begun_{draft.turn}"


def _painted(draft: Draft, on: date) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        brush = st.segmented_control(
            _("Paint"),
            list(Brush),
            default=Brush.WORK,
            format_func=_,
            key=f"{PREFIX}brush",
            required=True,
            label_visibility="collapsed",
        )
        is_whole = st.toggle(_("Early and late hours"), key=f"{PREFIX}whole_day")
    shown = in_force(draft.windows, on)
    first, last = hours_shown(shown, is_whole=is_whole)
    hours_grid(
        GridHours(first, last, STEP, tuple(_day(shown, weekday) for weekday in range(1, 8))),
        key=f"{PREFIX}grid",
        label=_("Weekly hours, to be painted"),
        on_paint=partial(_take, brush=brush or Brush.WORK, on=on),
    )
    st.caption(
        _(
            "Drag over days and hours, or touch the first and the last. With the keyboard: arrow "
            "keys, then the space bar at the first and at the last."
        )
    )
    others = len(draft.windows) - len(shown)
    if others:
        sentence = ngettext(
            "{count} row applies on other dates: it is in the table.",
            "{count} rows apply on other dates: they are in the table.",
            others,
        )
        st.caption(sentence.format(count=others))


def _take(stroke: Stroke, *, brush: Brush, on: date) -> None:
    """A stroke arrived: the table begins again with what it made."""
    draft: Draft | None = st.session_state.get(DRAFT)
    if draft is not None:
        windows = paint(draft.windows, stroke, brush, on)
        st.session_state[DRAFT] = replace(draft, windows=windows, turn=draft.turn + 1, refusal=None)


def hours_shown(windows: Sequence[WeekdayWindow], *, is_whole: bool) -> Span:
    """From when to when the grid reaches: all of what there is, whole hours."""
    if is_whole or any(each.ends_minute > WHOLE_DAY for each in windows):
        return 0, WHOLE_DAY
    first = min([DAY_STARTS, *(each.starts_minute for each in windows)])
    last = max([DAY_ENDS, *(each.ends_minute for each in windows)])
    return first // 60 * 60, -(-last // 60) * 60


def _day(windows: Sequence[WeekdayWindow], weekday: int) -> GridDay:
    return GridDay(
        _(WEEKDAYS[weekday - 1]),
        tuple(spans_on(windows, weekday, HoursKind.WORK)),
        tuple(spans_on(windows, weekday, HoursKind.BREAK)),
    )


def _save(actor: Actor, draft: Draft, starting_on: date, saving: forms.Opened) -> None:
    professional = draft.known.professional
    # What is on record and has ended by then stays there without being sent along.
    ended = [each for each in draft.known.windows if each.dates[1] < starting_on]
    lasting = tuple(each for each in draft.windows if each not in ended)
    windows = week_from(lasting, starting_on)
    request = WeeklyHours(professional.id, windows, starting_on, draft.known.version)
    is_good = draft.is_changed and _tried(actor, draft, request)
    with st.container(horizontal=True):
        pressed = st.button(
            _("Save the hours"),
            key=f"{PREFIX}save",
            type="primary",
            disabled=not is_good,
            shortcut=keys.TAKE.press,
        )
        if draft.is_changed:
            st.button(_("Begin again"), key=f"{PREFIX}again", on_click=forget)
    if pressed and is_good:
        forms.save(
            lambda db, now: save_weekly_hours(db, actor, request, now=now),
            lambda saved: _finish(noted(saved, professional).format(name=professional.name)),
            saving,
        )


def _tried(actor: Actor, draft: Draft, request: WeeklyHours) -> bool:
    """Show what saving would do; whether it could be done."""
    if draft.refusal is not None:
        feedback.refuse(draft.refusal)
        return False
    try:
        with session.reading() as db:
            shown = preview_weekly_hours(db, actor, request, now=utc_now())
    except BookingError as refusal:
        feedback.refuse(refusal)
        return False
    show_preview(shown)
    return True


def _finish(sentence: str) -> None:
    forget()
    feedback.flash(sentence)
    st.rerun()
