"""The calls for the next day in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from core.calls import Call, Calls
from core.patients import lines_of
from dashboard import keys
from dashboard.components.board_lines import CONFIRM, UNDO, alert_of
from dashboard.components.day_board import BoardLine, RowButton
from dashboard.feedback import md
from dashboard.formatting import clock, day, phone, when
from dashboard.i18n import _, ngettext


@dataclass(frozen=True)
class CallLine:
    """``order`` keeps the rows of one heading together."""

    order: int
    line: BoardLine


def call_lines(calls: Calls, *, zone: ZoneInfo, now: datetime) -> Sequence[CallLine]:
    """One for each call, in the order of the calls."""
    return [_line(each, zone, now) for each in calls.rows]


def calls_line(calls: Calls, today: date) -> str:
    """Which day it is about and how many are left, as Markdown."""
    if calls.on is None:
        return ""
    count = len(calls.open)
    left = ngettext("{count} call to make", "{count} calls to make", count).format(count=count)
    return md(f"{day(calls.on, today)} · {left if count else _('nobody left to call')}")


def _line(call: Call, zone: ZoneInfo, now: datetime) -> CallLine:
    order, group = _group(call)
    status = ""
    if call.confirmed is not None:
        status = _("✓ {name}, {time}").format(
            name=call.confirmed.by, time=when(call.confirmed.at, zone, now)
        )
    button = RowButton(UNDO, _("Undo"), keys.UNDO.shown)
    if call.confirmed is None:
        button = RowButton(CONFIRM, _("Confirmed"), keys.CONFIRM.shown)
    number = phone(call.phone) or _("no telephone number")
    line = BoardLine(
        # Another row once confirmed: the focus goes on to the next call instead of following it.
        id=f"{order}-{call.booking_id}-{call.patient_id}.{call.version}",
        group=group,
        time=clock(call.starts_at, zone),
        title=call.patient,
        detail=" · ".join((number, call.professional, call.service)),
        state="completed" if call.confirmed else "expected",
        status=status,
        buttons=(button,),
        alert=alert_of(lines_of(call.alerts)),
    )
    return CallLine(order, line)


def _group(call: Call) -> tuple[int, str]:
    if call.confirmed is not None:
        return 2, _("Confirmed")
    if call.no_contact:
        return 1, _("Want no messages")
    return 0, _("To call")
