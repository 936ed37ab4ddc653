"""A series before it is saved: every date with its state, to be left out or put elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import streamlit as st

from core.series import RowKey, RowState, SeriesPlan, SeriesRow
from dashboard.feedback import md
from dashboard.formatting import clock, day, month, plain, say
from dashboard.i18n import _, ngettext

MOST_ROWS = 60
"""Of a longer series only the rows that are not simply free are drawn."""
SCROLLS_FROM = 9
HEIGHT = 360
ICONS = {
    RowState.FREE: ":green[:material/check_circle:]",
    RowState.REFUSED: ":red[:material/block:]",
    RowState.LEFT_OUT: ":gray[:material/remove_circle:]",
    RowState.SKIPPED: ":orange[:material/schedule:]",
}


class ChangeRow(Protocol):
    """Give a row another time, leave it out (no time), or put it back as it was."""

    def __call__(self, row: RowKey, starts_at: datetime | None, *, back: bool = False) -> None: ...


@dataclass(frozen=True)
class Reader:
    """Where and when the reader is."""

    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def time(self, instant: datetime, on: date) -> str:
        """The time alone on that day, else with its own day."""
        if instant.astimezone(self.zone).date() == on:
            return self.clock(instant)
        return _("{date}, {time}").format(date=self.day(instant), time=self.clock(instant))

    def clock(self, instant: datetime) -> str:
        return clock(instant, self.zone)

    def day(self, instant: datetime) -> str:
        return day(instant.astimezone(self.zone).date(), self.today)


def series_preview(plan: SeriesPlan, reader: Reader, *, key: str, change: ChangeRow) -> None:
    """Draw the dates with what is in their way and the ways out of it."""
    st.markdown(_summary(plan))
    if len(plan.refused) > 1:
        st.button(
            _("Leave out all {count} that are not free").format(count=len(plan.refused)),
            key=f"{key}_leave_out_all",
            icon=":material/remove_circle:",
            on_click=_leave_out,
            args=(plan.refused, change),
        )
    rows = [each for each in plan.rows if len(plan.rows) <= MOST_ROWS or _is_special(each)]
    if not rows:
        return
    height = HEIGHT if len(rows) >= SCROLLS_FROM else "content"
    with st.container(height=height, border=True, gap="xsmall", key=f"{key}_rows"):  # type: ignore[arg-type]
        for row in rows:
            _draw(row, reader, key=f"{key}_row_{row.key}", change=change)


def _summary(plan: SeriesPlan) -> str:
    count, refused = len(plan.chosen), len(plan.refused)
    lines = [ngettext("{count} visit is free.", "{count} visits are free.", count)]
    if refused:
        lines.append(
            ngettext(
                "**{refused} is not: choose another time or leave it out.**",
                "**{refused} are not: choose other times or leave them out.**",
                refused,
            )
        )
    if plan.skipped_months:
        lines.append(_("No such day in {months}."))
    months = ", ".join(f"{month(each)} {each.year}" for each in plan.skipped_months)
    return " ".join(lines).format(count=count, refused=refused, months=months)


def _draw(row: SeriesRow, reader: Reader, *, key: str, change: ChangeRow) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key=key
    ):
        st.markdown(f"{ICONS[row.state]} {_words(row, reader)}", width="content")
        if row.changed:
            st.button(
                _("Put back"),
                key=f"{key}_back",
                type="tertiary",
                icon=":material/undo:",
                on_click=change,
                args=(row.key, None),
                kwargs={"back": True},
            )
        elif row.state is not RowState.SKIPPED:
            st.button(
                _("Leave out"),
                key=f"{key}_out",
                type="tertiary",
                icon=":material/close:",
                on_click=change,
                args=(row.key, None),
            )
    if row.alternatives:
        _alternatives(row, reader, key=key, change=change)


def _words(row: SeriesRow, reader: Reader) -> str:
    """The date and time in bold, then how it stands, as Markdown."""
    if row.starts_at is None:
        words = say(row.skipped_because) if row.skipped_because else _("left out")
        return f"**{md(day(row.on, reader.today))}** · {words}"
    when = f"**{md(reader.day(row.starts_at))}, {reader.clock(row.starts_at)}**"
    if row.reasons:
        reasons = (plain(each, time=lambda at: reader.time(at, row.on)) for each in row.reasons)
        return f"{when} · {' '.join(md(each) for each in reasons)}"
    return f"{when} · {_('free, another time') if row.changed else _('free')}"


def _alternatives(row: SeriesRow, reader: Reader, *, key: str, change: ChangeRow) -> None:
    with st.container(horizontal=True, gap="xsmall", key=f"{key}_instead"):
        for each in row.alternatives:
            st.button(
                reader.time(each, row.on),
                key=f"{key}_instead_{each.isoformat()}",
                help=_("Take this time instead"),
                on_click=change,
                args=(row.key, each),
            )


def _leave_out(rows: Sequence[SeriesRow], change: ChangeRow) -> None:
    for row in rows:
        change(row.key, None)


def _is_special(row: SeriesRow) -> bool:
    return row.changed or row.state is not RowState.FREE
