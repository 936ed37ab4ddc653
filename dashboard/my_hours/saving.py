"""Saving weekly hours: what it would do, before; what it did, and the way back, after."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.changing_hours import HoursSaved
from core.db import utc_now
from core.models import Professional
from core.what_if import HoursPreview, Stranded, WeekdayThen
from dashboard import last_step, session
from dashboard.formatting import WEEKDAYS, clock, day, plain, when
from dashboard.i18n import _, ngettext
from dashboard.practice import forms

FIT, LIST_HEIGHT = 5, 320


def show_preview(shown: HoursPreview) -> None:
    """Who would be left without hours, and what each weekday wins or loses."""
    today = utc_now().astimezone(session.zone()).date()
    if shown.stranded:
        show_stranded(shown.stranded)
    changed = [each for each in shown.weekdays if _differs(each)]
    if not changed:
        st.caption(_("No time is won or lost in the four weeks from then on."))
        return
    span = _("What changes from {first} to {last}, four weeks:")
    st.markdown(span.format(first=day(shown.first, today), last=day(shown.last, today)))
    st.table(pd.DataFrame([_row(each) for each in changed]).set_index(_("Day")))


def noted(saved: HoursSaved, professional: Professional) -> str:
    """What was saved and what the desk has to do now, offered to be taken back for a while."""
    sentence = _("Saved the hours of {name}.")
    if saved.handed:
        sentence += " " + handed_words(saved.handed)
    last_step.note_hours(saved.change_id, professional.id, sentence.format(name=professional.name))
    return sentence


def with_handed(sentence: str, count: int) -> str:
    """What was done, and how many visits the desk moves now."""
    return f"{sentence} {handed_words(count)}" if count else sentence


def handed_words(count: int) -> str:
    sentence = ngettext(
        "{count} visit outside the new hours stays booked; the desk moves it.",
        "{count} visits outside the new hours stay booked; the desk moves them.",
        count,
    )
    return sentence.format(count=count)


def show_stranded(stranded: Sequence[Stranded]) -> None:
    """Who would be left without hours, and what becomes of them."""
    now, zone, count = utc_now(), session.zone(), len(stranded)
    sentence = ngettext(
        "{count} visit would lie outside these hours. It stays booked, and the desk is asked to "
        "move it.",
        "{count} visits would lie outside these hours. They stay booked, and the desk is asked to "
        "move them.",
        count,
    )
    st.warning(sentence.format(count=count), icon=":material/event_busy:")
    with st.container(height=LIST_HEIGHT if count > FIT else "content", border=False):
        for each in stranded:
            visit = each.visit
            time = f"{when(visit.starts_at, zone, now)}-{clock(visit.ends_at, zone)}"
            why = plain(each.reasons[0])
            forms.entry(time, [", ".join(visit.patients), visit.service, why])


def _differs(each: WeekdayThen) -> bool:
    return bool(each.lost or each.won or each.minutes_before != each.minutes_after)


def _row(each: WeekdayThen) -> dict[str, str]:
    return {
        _("Day"): _(WEEKDAYS[each.weekday - 1]),
        _("Hours now"): _hours(each.minutes_before),
        _("Then"): _hours(each.minutes_after),
        _("Free starts won"): f"+{each.won}" if each.won else "",
        _("Free starts lost"): f"-{each.lost}" if each.lost else "",
    }


def _hours(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"
