"""Who runs late, and whom to call for it, in words."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from core.running_late import Late, LateVisit
from dashboard import keys
from dashboard.components.board_lines import UNDO
from dashboard.components.day_board import BoardLine, RowButton
from dashboard.formatting import clock, phone
from dashboard.i18n import _, ngettext

CALLED = "called"


def late_lines(late: Sequence[Late], *, zone: ZoneInfo) -> list[BoardLine]:
    """Those who have not come yet, under whom they come to."""
    return [
        _line(each, _heading(one), zone) for one in late for each in one.visits if not each.is_here
    ]


def runs_late(late: Late) -> str:
    """ "Dr Ada runs 20 minutes late"."""
    sentence = ngettext(
        "{professional} runs {count} minute late",
        "{professional} runs {count} minutes late",
        late.minutes,
    )
    return sentence.format(professional=late.professional, count=late.minutes)


def late_word(minutes: int) -> str:
    """For the head of a column."""
    return _("runs {count} min late").format(count=minutes)


def seen_expected(line_id: str) -> datetime:
    """The beginning a row showed when it was pressed."""
    return datetime.fromisoformat(line_id.partition("/")[2])


def _heading(late: Late) -> str:
    return _("To call for {professional}").format(professional=late.professional)


def _line(visit: LateVisit, group: str, zone: ZoneInfo) -> BoardLine:
    button = RowButton(CALLED, _("Called"), keys.CONFIRM.shown)
    if visit.is_told:
        button = RowButton(UNDO, _("Undo"), keys.UNDO.shown)
    who = visit.patient
    if visit.others:
        who = _("{name} and {count} more").format(name=who, count=visit.others)
    return BoardLine(
        id=f"{visit.booking_id}.{visit.version}/{visit.expected_at.isoformat()}",
        group=group,
        time=clock(visit.expected_at, zone),
        title=who,
        detail=" · ".join(
            (
                phone(visit.phone) or _("no telephone number"),
                _("booked for {time}").format(time=clock(visit.starts_at, zone)),
            )
        ),
        state="completed" if visit.is_told else "overdue",
        status=_("✓ called") if visit.is_told else _("to call"),
        buttons=(button,),
    )
