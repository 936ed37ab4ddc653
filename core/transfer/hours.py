"""Weekly hours out of a CSV file: a row is a window or a break, on a weekday, of somebody.

All rows of one professional are their week. Where it differs from what is on record it applies
from today on, or all of it is refused, lest somebody works half a week.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.catalog import load_professionals
from core.db import lock_calendars
from core.errors import N_, BookingError, Invalid
from core.models import HoursKind, Professional
from core.policy import Actor, Permission, require
from core.schedule import (
    WeekdayWindow,
    WeeklyHours,
    load_weekly_hours,
    set_weekly_hours,
    today_of,
)
from core.transfer.catalog_values import end_after, read_choice, read_minute, read_weekday
from core.transfer.names import Names, names_of, professional_keys
from core.transfer.reading import Row
from core.transfer.report import (
    ImportOptions,
    ImportReport,
    Outcome,
    Progress,
    RowReport,
    no_progress,
)
from core.transfer.running import bring_parts, open_table
from core.transfer.values import read_date

COLUMNS = {
    "professional": ("professional", "practitioner", "provider", "doctor", "staff", "name",
                     "clinician", "profesional"),
    "weekday": ("weekday", "day", "dayofweek", "dia", "wochentag", "jour"),
    "from": ("from", "start", "starts", "starttime", "opens", "desde", "de", "von"),
    "to": ("to", "end", "ends", "endtime", "closes", "hasta", "ate", "bis"),
    "kind": ("kind", "type"),
    "valid_from": ("validfrom", "since", "startdate", "appliesfrom"),
    "valid_to": ("validto", "validuntil", "until", "enddate", "appliesuntil"),
}  # fmt: skip
NEEDED = {each: (each,) for each in ("professional", "weekday", "from", "to")}


@dataclass(frozen=True)
class Line:
    """A row as it was read: whose it is and which window, or why it is neither."""

    row: Row
    professional_id: int | None = None
    window: WeekdayWindow | None = None
    refusal: BookingError | None = None

    @property
    def label(self) -> str:
        return self.row.cells.get("professional", "")


def import_hours(
    session: Session,
    actor: Actor,
    content: bytes,
    options: ImportOptions | None = None,
    *,
    now: datetime,
    progress: Progress = no_progress,
) -> ImportReport:
    """Make the weekly hours what a file says; the report tells what became of each row.

    Raises ``Invalid`` where the file as a whole cannot be read.
    """
    require(actor, Permission.SCHEDULE_WRITE)
    options = options or ImportOptions()
    table = open_table(session, actor, content, options, COLUMNS, NEEDED)
    names = names_of(session, load_professionals(session, actor))
    lines = [_read(row, names, options) for row in table.rows]
    lock_calendars(session, set(session.scalars(select(Professional.calendar_id))))
    report = bring_parts(
        session,
        table,
        options,
        _weeks(lines),
        lambda week: _settle(session, actor, week, now),
        progress,
    )
    if report.saved:
        added, changed = report.counts[Outcome.ADDED], report.counts[Outcome.CHANGED]
        audit.record(session, actor, "hours.imported", now=now, added=added, changed=changed)
    return report


def _read(row: Row, names: Names, options: ImportOptions) -> Line:
    professional_id = None
    try:
        if row.refusal is not None:
            raise row.refusal
        typed = row.cells.get("professional", "")
        professional_id = names.only(professional_keys(typed), typed)
        return Line(row, professional_id, _window(row, options))
    except BookingError as refusal:
        return Line(row, professional_id, refusal=refusal)


def _window(row: Row, options: ImportOptions) -> WeekdayWindow:
    cells = row.cells
    starts_minute = read_minute(cells.get("from", ""))
    kind = cells.get("kind", "")
    return WeekdayWindow(
        weekday=read_weekday(cells.get("weekday", "")),
        starts_minute=starts_minute,
        ends_minute=end_after(starts_minute, read_minute(cells.get("to", ""))),
        kind=read_choice(kind, HoursKind, "kind") if kind else HoursKind.WORK,
        valid_from=_date(cells.get("valid_from", ""), options, "valid_from"),
        valid_to=_date(cells.get("valid_to", ""), options, "valid_to"),
    )


def _date(typed: str, options: ImportOptions, field: str) -> date | None:
    return read_date(typed, options.date_order, field) if typed else None


def _weeks(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of each professional together; who is nobody here stands alone."""
    weeks: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        whose = ("of", line.professional_id) if line.professional_id else ("line", line.row.line)
        weeks.setdefault(whose, []).append(line)
    return list(weeks.values())


def _settle(session: Session, actor: Actor, week: list[Line], now: datetime) -> list[RowReport]:
    if any(each.refusal is not None for each in week):
        return [_refused(each, each.refusal or _another(each)) for each in week]
    try:
        with session.begin_nested():
            return _bring(session, actor, week, now)
    except BookingError as refusal:
        return [_refused(each, refusal) for each in week]


def _refused(line: Line, why: BookingError) -> RowReport:
    return RowReport(line.row.line, line.label, Outcome.REFUSED, why)


def _another(line: Line) -> Invalid:
    return Invalid(
        N_(
            "Another row of {name} is refused, so their hours stay as they are. Please correct "
            "that row."
        ),
        name=line.label[:80],
    )


def _bring(session: Session, actor: Actor, week: list[Line], now: datetime) -> list[RowReport]:
    professional = session.get_one(Professional, week[0].professional_id)
    today = today_of(session, professional, now)
    stands = load_weekly_hours(session, actor, professional.id, today).windows
    wanted = [each.window for each in week if each.window is not None]
    is_once = len(set(wanted)) == len(wanted)
    if stands and is_once and set(stands) == _from_today(wanted, today):
        return [RowReport(each.row.line, each.label, Outcome.UNCHANGED) for each in week]
    set_weekly_hours(session, actor, WeeklyHours(professional.id, tuple(wanted)), now=now)
    outcome = Outcome.CHANGED if stands else Outcome.ADDED
    gone = [each for each in stands if each not in _from_today(wanted, today)]
    reports = [RowReport(each.row.line, each.label, outcome) for each in week]
    return [replace(reports[0], ends=tuple(gone)), *reports[1:]]


def _from_today(windows: Sequence[WeekdayWindow], today: date) -> set[WeekdayWindow]:
    """The windows as they are on record today: what has begun has, and what is over is gone."""
    return {
        replace(each, valid_from=None)
        if each.valid_from is not None and each.valid_from <= today
        else each
        for each in windows
        if each.dates[1] >= today
    }
