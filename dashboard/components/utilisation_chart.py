"""Utilisation, drawn: the headline, the weeks as a heat map, and their numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analytics import Totals, UtilisationHour, UtilisationWeek, total
from core.db import utc_now
from dashboard import session
from dashboard.components.words import told_apart
from dashboard.formatting import MONTHS, WEEKDAYS, change, day, number, share
from dashboard.i18n import _

MOST_WRITTEN = 1000
"""Rows. Years of a large practice would take seconds to write, and are scanned in the file."""
ROW_PIXELS, FRAME_PIXELS = 40, 46
MOST_WITH_WORDS = 20
"""Fields side by side: in narrower ones words would run into each other."""
# One hue, from pale to strong: lightness alone tells the numbers apart, so that every eye
# sees the order. Each theme begins near its own background.
LIGHT = ((0.0, "#EEF5F4"), (0.5, "#B5DAD6"), (0.75, "#4E9D95"), (1.0, "#063F3A"))
DARK = ((0.0, "#1A2B2E"), (0.5, "#1F4F4C"), (0.75, "#2F8F85"), (1.0, "#A8F5E9"))
INK = {"light": "#14232B", "dark": "#E6EEF0"}
ON_FIELD = {"light": ("#000000", "#FFFFFF"), "dark": ("#FFFFFF", "#000000")}
"""On the first part of the scale and on the rest of it: nothing greyer can be read on both."""
TURNS_AT = {"light": 0.83, "dark": 0.70}
MUTED = {"light": "#526570", "dark": "#9FB1B8"}


def is_whole(weeks: Sequence[UtilisationWeek]) -> bool:
    """Whether somebody was at work from the first of the weeks on, so that they compare."""
    first = min((each.week_starts_on for each in weeks), default=None)
    return any(each.offered_minutes for each in weeks if each.week_starts_on == first)


def headline(now: Totals, compared: Totals | None) -> None:
    """The period in five numbers, each against the period before where there is one."""
    with st.container(horizontal=True, gap="small", key="utilisation_headline"):
        st.metric(
            _("Utilisation"),
            share(now.utilisation),
            points(now.utilisation, compared.utilisation if compared else None),
            border=True,
        )
        st.metric(
            _("Booked"),
            hours(now.booked_minutes),
            _hours_more(now.booked_minutes, compared.booked_minutes if compared else None),
            border=True,
        )
        st.metric(
            _("Visits"),
            number(now.visits),
            change(now.visits - compared.visits) if compared else None,
            border=True,
        )
        st.metric(
            _("No-shows"),
            f"{number(now.no_shows)} · {share(now.no_show_share)}",
            points(now.no_show_share, compared.no_show_share if compared else None),
            delta_color="inverse",
            border=True,
        )
        st.metric(
            _("Cancelled"),
            number(now.cancelled),
            change(now.cancelled - compared.cancelled) if compared else None,
            delta_color="inverse",
            border=True,
        )


@dataclass(frozen=True)
class _Field:
    """One field of a heat map: its share, its words, and what it says when pointed at."""

    share: float | None
    says: str
    tells: str


def heat_map(weeks: Sequence[UtilisationWeek], *, this_week: date, theme: str) -> go.Figure:
    """Professionals down, weeks across; each field says its share in words as well."""
    names = _names(weeks)
    mondays = sorted({each.week_starts_on for each in weeks})
    found = {(each.professional_id, each.week_starts_on): each for each in weeks}
    rows = [[_field_of(found[who, monday], this_week) for monday in mondays] for who in names]
    labels = [_week_label(monday, this_week) for monday in mondays]
    return _fields(rows, labels, [_plain(each) for each in names.values()], theme)


def hours_map(found: Sequence[UtilisationHour], *, theme: str) -> go.Figure:
    """Hours down, weekdays across, from the first hour to the last and without closed days."""
    known = {(each.weekday, each.hour): each for each in found}
    days = sorted({each.weekday for each in found})
    hours_shown = sorted({each.hour for each in found})
    rows = [
        [_field_of_hour(known.get((day, hour), UtilisationHour(day, hour, 0, 0))) for day in days]
        for hour in range(min(hours_shown, default=0), max(hours_shown, default=-1) + 1)
    ]
    labels = [_(WEEKDAYS[each])[:3] for each in days]
    clock = [f"{hour:02}:00" for hour in range(min(hours_shown, default=0), 24)][: len(rows)]
    return _fields(rows, labels, clock, theme)


def _field_of(week: UtilisationWeek, today: date) -> _Field:
    says = share(week.utilisation) if week.offered_minutes else _("away")
    return _Field(week.utilisation, says, _tells(week, today))


def _field_of_hour(hour: UtilisationHour) -> _Field:
    tells = _("<b>{weekday} {hour:02}:00</b><br>{booked} booked of {offered} offered").format(
        weekday=_(WEEKDAYS[hour.weekday]),
        hour=hour.hour,
        booked=clock_hours(hour.booked_minutes),
        offered=clock_hours(hour.offered_minutes),
    )
    return _Field(hour.utilisation, share(hour.utilisation), tells)


def _fields(
    rows: Sequence[Sequence[_Field]], across: Sequence[str], down: Sequence[str], theme: str
) -> go.Figure:
    figure = go.Figure(
        go.Heatmap(
            z=[[each.share for each in row] for row in rows],
            x=across,
            y=down,
            customdata=[[each.tells for each in row] for row in rows],
            hovertemplate="%{customdata}<extra></extra>",
            hoverongaps=True,
            colorscale=LIGHT if theme == "light" else DARK,
            zmin=0,
            zmax=1,
            xgap=3,
            ygap=3,
            showscale=False,
        )
    )
    if len(across) <= MOST_WITH_WORDS:
        _write_in(figure, rows, across, down, theme)
    figure.update_layout(
        height=FRAME_PIXELS + ROW_PIXELS * len(rows),
        margin={"l": 0, "r": 0, "t": 34, "b": 4},
        xaxis={"side": "top", "type": "category", "fixedrange": True, "ticks": ""},
        yaxis={
            "type": "category",
            "autorange": "reversed",
            "fixedrange": True,
            "automargin": True,
            "ticks": "",
        },
    )
    ink = {"size": 12, "color": INK[theme]}
    figure.update_xaxes(showgrid=False, zeroline=False, tickfont=ink)
    figure.update_yaxes(showgrid=False, zeroline=False, tickfont=ink, ticksuffix="  ")
    return figure


def _write_in(
    figure: go.Figure,
    rows: Sequence[Sequence[_Field]],
    across: Sequence[str],
    down: Sequence[str],
    theme: str,
) -> None:
    """What each field says, all of one ink at once: a note for each would take minutes."""
    fields = [
        (label, name, each)
        for name, row in zip(down, rows, strict=True)
        for label, each in zip(across, row, strict=True)
    ]
    for ink in sorted({_ink(each.share, theme) for *_at, each in fields}):
        written = [field for field in fields if _ink(field[2].share, theme) == ink]
        figure.add_scatter(
            x=[label for label, *_ in written],
            y=[name for _label, name, _field in written],
            text=[each.says for *_at, each in written],
            mode="text",
            textfont={"size": 13, "color": ink},
            hoverinfo="skip",
            showlegend=False,
        )


def totals_table(weeks: Sequence[UtilisationWeek]) -> pd.DataFrame:
    """The period by professional, and everybody together in the last line."""
    names = _names(weeks)
    rows = [
        _row(name, total([each for each in weeks if each.professional_id == who]))
        for who, name in names.items()
    ]
    if len(names) > 1:
        rows.append(_row(_("Everybody"), total(weeks)))
    return pd.DataFrame(rows)


def weeks_table(weeks: Sequence[UtilisationWeek]) -> pd.DataFrame:
    """What the figure shows, week by week."""
    names = _names(weeks)
    return pd.DataFrame(
        [
            {_("Week from"): each.week_starts_on} | _row(names[each.professional_id], total([each]))
            for each in weeks
        ]
    )


def show_table(frame: pd.DataFrame, *, key: str) -> None:
    today = utc_now().astimezone(session.zone()).date()
    forms: dict[Any, Any] = {
        _("Week from"): lambda each: day(each, today),
        _("Booked h"): lambda each: number(each, 1),
        _("Offered h"): lambda each: number(each, 1),
        **{_(each): number for each in ("Visits", "No-shows", "Cancelled")},
    }
    known = {each: form for each, form in forms.items() if each in frame}
    st.dataframe(
        frame.style.format(known) if len(frame) <= MOST_WRITTEN else frame,
        hide_index=True,
        width="stretch",
        height="content",
        placeholder="–",
        key=key,
        column_config={
            _("Utilisation"): st.column_config.ProgressColumn(
                format="%.0f%%", min_value=0, max_value=100
            ),
        },
    )


def hours(minutes: int) -> str:
    return _("{hours} h").format(hours=number(minutes / 60))


def _row(name: str, counted: Totals) -> dict[str, object]:
    return {
        _("Professional"): name,
        _("Utilisation"): None if counted.utilisation is None else counted.utilisation * 100,
        _("Booked h"): counted.booked_minutes / 60,
        _("Offered h"): counted.offered_minutes / 60,
        _("Visits"): counted.visits,
        _("No-shows"): counted.no_shows,
        _("Cancelled"): counted.cancelled,
    }


def points(part: float | None, before: float | None) -> str | None:
    if part is None or before is None:
        return None
    return _("{points} points").format(points=change((part - before) * 100, 1))


def _hours_more(minutes: int, before: int | None) -> str | None:
    if before is None:
        return None
    return _("{hours} h").format(hours=change((minutes - before) / 60))


def _names(weeks: Sequence[UtilisationWeek]) -> Mapping[int, str]:
    """By professional, in their order; two may bear one name."""
    names = {each.professional_id: each.professional for each in weeks}
    return dict(zip(names, told_apart(names.values()), strict=True))


def _plain(name: str) -> str:
    """A name for a figure, which would read a tag in it."""
    return name.replace("<", "‹")


def _week_label(monday: date, this_week: date) -> str:
    """The Monday; that of the week we are in stands out."""
    label = _("{day} {month}").format(day=monday.day, month=_(MONTHS[monday.month - 1])[:3])
    return f"<b>{label}</b>" if monday == this_week else label


def _tells(week: UtilisationWeek, today: date) -> str:
    """What a field says when it is pointed at."""
    return _(
        "<b>{professional}</b>, week from {day}<br>{booked} booked of {offered} offered<br>"
        "{visits} visits, {no_shows} no-shows, {cancelled} cancelled"
    ).format(
        professional=_plain(week.professional),
        day=day(week.week_starts_on, today),
        booked=clock_hours(week.booked_minutes),
        offered=clock_hours(week.offered_minutes),
        visits=week.visits,
        no_shows=week.no_shows,
        cancelled=week.cancelled,
    )


def clock_hours(minutes: int) -> str:
    return _("{hours} h {minutes:02}").format(hours=minutes // 60, minutes=minutes % 60)


def _ink(share: float | None, theme: str) -> str:
    if share is None:
        return MUTED[theme]
    return ON_FIELD[theme][share >= TURNS_AT[theme]]
