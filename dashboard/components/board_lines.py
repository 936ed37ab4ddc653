"""The rows of the day board in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from core.day_board import BoardRow, DayBoard, Stage
from core.errors import N_
from core.models import BookingState
from dashboard import keys
from dashboard.components.day_board import BoardLine, RowButton
from dashboard.formatting import clock, phone
from dashboard.i18n import _, ngettext
from dashboard.keys import Key

S = BookingState
STAGE_WORDS: Mapping[Stage, str] = {
    Stage.OVERDUE: N_("Overdue"),
    Stage.WAITING: N_("Waiting"),
    Stage.IN_PROGRESS: N_("With the professional"),
    Stage.EXPECTED: N_("Expected"),
    Stage.NO_SHOW: N_("No-show"),
    Stage.COMPLETED: N_("Completed"),
    Stage.CANCELLED_LATE: N_("Cancelled late"),
}
STEP_WORDS: Mapping[BookingState, tuple[str, Key]] = {
    S.ARRIVED: (N_("Arrived"), keys.ARRIVED),
    S.IN_PROGRESS: (N_("Start"), keys.START),
    S.COMPLETED: (N_("Finish"), keys.DONE),
    S.NO_SHOW: (N_("No-show"), keys.NO_SHOW),
}
OFFERED: Mapping[Stage, tuple[BookingState, ...]] = {
    Stage.OVERDUE: (S.ARRIVED, S.NO_SHOW),
    Stage.EXPECTED: (S.ARRIVED,),
    Stage.WAITING: (S.IN_PROGRESS, S.COMPLETED),
    Stage.IN_PROGRESS: (S.COMPLETED,),
    Stage.NO_SHOW: (S.ARRIVED,),
}
"""The steps worth a button; the rest is in the booking's own dialog."""
UNDO, CONFIRM = "undo", "confirm"
UNDOABLE = (Stage.WAITING, Stage.IN_PROGRESS, Stage.COMPLETED, Stage.NO_SHOW)


def board_lines(board: DayBoard, *, zone: ZoneInfo, now: datetime) -> list[BoardLine]:
    return [_line(each, zone, now) for each in board.rows]


def counts_line(board: DayBoard, now: datetime) -> str:
    """How the day stands, in one line of plain text."""
    said = [
        f"{board.count(stage)} {_(STAGE_WORDS[stage]).lower()}"
        for stage in Stage
        if board.count(stage)
    ]
    waits = [each.minutes(now) for each in board.rows if each.stage is Stage.WAITING]
    if waits:
        longest = ngettext(
            "longest wait {count} minute", "longest wait {count} minutes", max(waits)
        )
        said.append(longest.format(count=max(waits)))
    return " · ".join(said)


def step_of(button: str) -> BookingState | None:
    """The state a button stands for; None for the others."""
    return next((each for each in STEP_WORDS if each.value == button), None)


def _line(row: BoardRow, zone: ZoneInfo, now: datetime) -> BoardLine:
    buttons = [
        RowButton(step.value, _(STEP_WORDS[step][0]), STEP_WORDS[step][1].shown)
        for step in OFFERED.get(row.stage, ())
        if step in row.may
    ]
    if row.may_confirm and not row.confirmed:
        buttons.append(RowButton(CONFIRM, _("Confirmed"), keys.CONFIRM.shown))
    if row.stage in UNDOABLE or (row.may_confirm and row.confirmed):
        buttons.append(RowButton(UNDO, _("Undo"), keys.UNDO.shown))
    who = (
        row.patient
        if not row.others
        else _("{name} and {count} more").format(name=row.patient, count=row.others)
    )
    wanted_phone = row.phone if row.stage is Stage.OVERDUE else ""
    return BoardLine(
        id=f"{row.booking_id}.{row.version}",
        group=_(STAGE_WORDS[row.stage]),
        time=clock(row.starts_at, zone),
        title=who or row.service,
        detail=" · ".join(
            each for each in (row.professional, row.service, row.room, phone(wanted_phone)) if each
        ),
        alert=alert_of(row.alerts),
        state=row.stage.value,
        status=_status(row, zone, now),
        buttons=tuple(buttons),
    )


def alert_of(alerts: Sequence[str]) -> str:
    """What the mark in a row says; nothing where there is none."""
    return _("Alert: {words}").format(words=" · ".join(alerts)) if alerts else ""


def _status(row: BoardRow, zone: ZoneInfo, now: datetime) -> str:
    count = row.minutes(now)
    if row.stage is Stage.OVERDUE:
        return ngettext("{count} minute late", "{count} minutes late", count).format(count=count)
    if row.stage is Stage.WAITING:
        return ngettext("waits {count} minute", "waits {count} minutes", count).format(count=count)
    if row.stage is Stage.IN_PROGRESS:
        return _("since {time}").format(time=clock(row.since, zone))
    if row.stage is Stage.EXPECTED and row.confirmed:
        return _("✓ confirmed")
    if row.stage is Stage.COMPLETED:
        return _("until {time}").format(time=clock(row.since, zone))
    return _(STAGE_WORDS[row.stage])
