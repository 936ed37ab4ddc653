"""Weekly hours as a grid: for each weekday from, to, and one break."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import streamlit as st

from core.changing_hours import save_weekly_hours
from core.db import utc_now
from core.errors import N_, BookingError, Invalid
from core.models import HoursKind, Professional
from core.policy import Actor
from core.practice import HoursInForce, load_hours
from core.schedule import WeekdayWindow, WeeklyHours, load_weekly_hours
from core.what_if import preview_weekly_hours
from dashboard import feedback, session
from dashboard.formatting import WEEKDAYS, day
from dashboard.i18n import _
from dashboard.my_hours.saving import noted, show_preview
from dashboard.my_hours.typed import clock_of, minute_of
from dashboard.practice import forms
from dashboard.practice.forms import key

COLUMNS = (N_("from"), N_("to"), N_("break from"), N_("break to"))
PLACEHOLDERS = (N_("From"), N_("To"), N_("Break"), N_("until"))
SHOWN = key("hours_shown")
"""Once who would be stranded is on screen: the hours are tried again on each run."""


@dataclass(frozen=True)
class Line:
    """A weekday as it is typed. All empty: closed."""

    starts: str = ""
    ends: str = ""
    break_starts: str = ""
    break_ends: str = ""

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return self.starts, self.ends, self.break_starts, self.break_ends


def show(
    actor: Actor,
    professional: Professional,
    opened: forms.Opened,
    *,
    done: Callable[[Professional, str], None],
) -> None:
    today = utc_now().astimezone(session.zone()).date()
    with session.reading() as db:
        known = load_hours(db, actor, professional.id, today)
        on_record = load_weekly_hours(db, actor, professional.id, today)
    version = st.session_state.setdefault(key("hours_version"), on_record.version)
    _notes(known, today)
    with st.form(key("hours"), border=False):
        typed = _grid(known)
        starting_on = st.date_input(
            _("These hours apply from"), today, key=key("starting_on"), format="DD.MM.YYYY"
        )
        pressed = st.form_submit_button(_("Save"), type="primary", width="stretch")
    if not pressed and SHOWN not in st.session_state:
        return
    try:
        windows = tuple(window for line in _week(known, typed) for window in line)
        request = WeeklyHours(professional.id, windows, starting_on, version)
        agreed = _agreed(actor, request)
    except BookingError as refusal:
        feedback.refuse(refusal)
        return
    if agreed:
        forms.save(
            lambda db, now: save_weekly_hours(db, actor, request, now=now),
            lambda saved: done(professional, noted(saved, professional)),
            opened,
        )


def _agreed(actor: Actor, request: WeeklyHours) -> bool:
    """Whether these hours strand nobody, or it was shown whom they do and is meant."""
    with session.reading() as db:
        shown = preview_weekly_hours(db, actor, request, now=utc_now())
    if not shown.stranded:
        return True
    st.session_state[SHOWN] = True
    show_preview(shown)
    return st.button(
        _("Save all the same"), key=key("hours_all_the_same"), type="primary", width="stretch"
    )


def line_of(windows: Sequence[WeekdayWindow]) -> Line:
    """A weekday's windows as one line; time between two of them is a break."""
    work = sorted(_spans(windows, HoursKind.WORK))
    if not work:
        return Line()
    gaps = [(one[1], other[0]) for one, other in pairwise(work)]
    breaks = sorted([*_spans(windows, HoursKind.BREAK), *gaps])
    first = breaks[0] if breaks else None
    return Line(
        clock_of(work[0][0]),
        clock_of(work[-1][1]),
        clock_of(first[0]) if first else "",
        clock_of(first[1]) if first else "",
    )


def is_one_line(windows: Sequence[WeekdayWindow]) -> bool:
    """Whether a line says all there is."""
    work, breaks = _spans(windows, HoursKind.WORK), _spans(windows, HoursKind.BREAK)
    return len(work) + len(breaks) <= 2


def windows_of(weekday: int, line: Line) -> list[WeekdayWindow]:
    """What a line says, or ``Invalid`` naming the day."""
    named = WEEKDAYS[weekday - 1]
    starts, ends, break_starts, break_ends = (minute_of(each, named) for each in line.cells)
    if (starts is None) != (ends is None) or (break_starts is None) != (break_ends is None):
        raise Invalid(
            N_("{day}: one of the two times is missing. Please enter it."),
            field="windows",
            day=named,
        )
    if starts is None or ends is None:
        if break_starts is None:
            return []
        raise Invalid(
            N_("{day}: a break needs working hours. Please enter them, or clear the break."),
            field="windows",
            day=named,
        )
    windows = [WeekdayWindow(weekday, starts, ends)]
    if break_starts is not None and break_ends is not None:
        windows.append(WeekdayWindow(weekday, break_starts, break_ends, HoursKind.BREAK))
    return windows


def _notes(known: HoursInForce, today: date) -> None:
    """What the grid cannot show, before somebody overwrites it."""
    fuller = [
        _(WEEKDAYS[weekday - 1])
        for weekday in range(1, 8)
        if not is_one_line(_of_day(known.windows, weekday))
    ]
    if fuller:
        kept = _("More than one break on {days}: kept as it is unless you change its line.")
        st.caption(kept.format(days=", ".join(fuller)))
    if known.changes_on:
        later = _("Other hours apply from {day} on. Saving replaces them.")
        st.warning(later.format(day=day(known.changes_on, today)), icon=":material/event_repeat:")


def _grid(known: HoursInForce) -> list[Line]:
    st.caption(
        _("Leave a day empty when closed. Past midnight hours count on: 30:00 is 6 in the morning.")
    )
    lines = [_line(weekday, line_of(_of_day(known.windows, weekday))) for weekday in range(1, 8)]
    st.form_submit_button(
        _("Copy Monday to Tuesday-Friday"), icon=":material/content_copy:", on_click=_copy_monday
    )
    return lines


def _line(weekday: int, known: Line) -> Line:
    named = _(WEEKDAYS[weekday - 1])
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(named, width=88)
        with st.container(horizontal=True, gap="xsmall", width=320):
            cells = [
                st.text_input(
                    f"{named} {_(COLUMNS[index])}",
                    value,
                    key=key(f"hours_{weekday}_{index}"),
                    placeholder=_(PLACEHOLDERS[index]),
                    label_visibility="collapsed",
                    max_chars=5,
                    width=72,
                )
                for index, value in enumerate(known.cells)
            ]
    return Line(*cells)


def _copy_monday() -> None:
    for index in range(len(COLUMNS)):
        monday = st.session_state[key(f"hours_1_{index}")]
        for weekday in range(2, 6):
            st.session_state[key(f"hours_{weekday}_{index}")] = monday


def _week(known: HoursInForce, typed: Sequence[Line]) -> list[list[WeekdayWindow]]:
    """The windows of each day; a line nobody touched keeps what it stands for."""
    week = []
    for weekday, line in enumerate(typed, start=1):
        windows = _of_day(known.windows, weekday)
        week.append(windows if line == line_of(windows) else windows_of(weekday, line))
    return week


def _of_day(windows: Sequence[WeekdayWindow], weekday: int) -> list[WeekdayWindow]:
    return [each for each in windows if each.weekday == weekday]


def _spans(windows: Sequence[WeekdayWindow], kind: HoursKind) -> list[tuple[int, int]]:
    return [(each.starts_minute, each.ends_minute) for each in windows if each.kind is kind]
