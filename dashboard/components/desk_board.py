"""The day at the desk, drawn: columns, bookings, closed time and the starts of a service."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from core.availability import DaySheet, ReasonCode, clock_of
from core.booking import MOVABLE
from core.desk import CancelledBooking, DayBooking, DeskDay, StartCell
from core.interval import Span, intersect, subtract, to_instant, union
from core.models import BookingState, Professional
from dashboard.components.day_grid import (
    GridBlock,
    GridColumn,
    GridEvent,
    GridStart,
    GridWords,
    day_grid,
)
from dashboard.components.late_lines import late_word
from dashboard.components.service_colours import shade_of
from dashboard.components.words import state_word
from dashboard.feedback import md
from dashboard.formatting import clock as clock_time
from dashboard.formatting import plain, which_of_two
from dashboard.i18n import _

NOBODY_LATE: Mapping[int, int] = MappingProxyType({})


@dataclass(frozen=True)
class DayMinutes:
    """Between instants and the minutes of one local day."""

    on: date
    zone: str

    def of(self, instant: datetime) -> int:
        there = instant.astimezone(ZoneInfo(self.zone))
        days = (there.date() - self.on).days
        return max(0, days * 1440 + there.hour * 60 + there.minute)

    def end_of(self, start: datetime, end: datetime) -> int:
        """Where something ends that is drawn from its start; when the clock goes back meanwhile,
        as long as it takes, for it may end at an earlier time than it began."""
        begins, ends = self.of(start), self.of(end)
        return ends if ends > begins else begins + int((end - start).total_seconds()) // 60

    def is_drawn(self, start: datetime) -> bool:
        """Whether a minute of the day stands for this start: of an hour that comes twice the
        grid has but the first."""
        return not start.astimezone(ZoneInfo(self.zone)).fold

    def which_of_two(self, start: datetime) -> Iterator[str]:
        """A badge, where two times that night are written alike: each has a sign of its own,
        for blocks without room for words."""
        zone = ZoneInfo(self.zone)
        if which := which_of_two(start, zone):
            yield ("◑ " if start.astimezone(zone).fold else "◐ ") + which

    def clock(self, instant: datetime) -> str:
        return clock_time(instant, ZoneInfo(self.zone))

    def instant(self, minute: int) -> datetime:
        return to_instant(clock_of(self.zone).at(self.on.toordinal(), minute))


def desk_board(
    day: DeskDay,
    cells: Sequence[StartCell],
    *,
    late: Mapping[int, int] = NOBODY_LATE,
    now: datetime,
    key: str,
) -> GridEvent | None:
    """Draw the day; answer what was done on it. ``late`` are minutes, by professional."""
    minutes = DayMinutes(day.on, day.zone)
    shown = [to_instant(each) for each in day.shown]
    first, last = minutes.of(shown[0]), minutes.end_of(*shown)
    is_today = minutes.on == now.astimezone(ZoneInfo(day.zone)).date()
    return day_grid(
        [column_of(each, late.get(each.id, 0)) for each in day.professionals],
        [
            *(block_of(each, minutes) for each in day.bookings),
            *closed_blocks(day.sheets, minutes, day.shown),
        ],
        [
            start_of(each, minutes)
            for each in cells
            if not is_past(each) and minutes.is_drawn(to_instant(each.start))
        ],
        starts_minute=first,
        ends_minute=last,
        now_minute=minutes.of(now) if is_today else None,
        step=day.service.step_minutes if day.service else 15,
        key=key,
        words=grid_words(),
    )


def day_table(day: DeskDay) -> None:
    """The same day as a table, for keyboards and screen readers."""
    zone = ZoneInfo(day.zone)
    names = {each.id: each.name for each in day.professionals}
    rows = [
        {
            _("Time"): f"{clock_time(each.starts_at, zone)}-{clock_time(each.ends_at, zone)}",
            _("Professional"): names[each.professional_id],
            _("Patient"): title_of(each),
            _("Service"): each.service,
            _("Room"): each.room,
            _("State"): state_word(each.state),
        }
        for each in day.bookings
    ]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    else:
        st.write(_("No bookings on this day."))


def cancelled_list(cancelled: Sequence[CancelledBooking], *, zone: ZoneInfo) -> int | None:
    """What was cancelled on the day, each to be opened again; the one pressed, if any."""
    pressed = None
    if cancelled:
        st.markdown(f"**{_('Cancelled')}**")
    for each in cancelled:
        with st.container(horizontal=True, vertical_alignment="center"):
            words = (
                clock_time(each.starts_at, zone),
                each.patient,
                each.professional,
                each.reason,
            )
            st.markdown(md(" · ".join(word for word in words if word)), width="stretch")
            if st.button(_("Open"), key=f"desk_cancelled_{each.id}", type="tertiary"):
                pressed = each.id
    return pressed


def column_of(professional: Professional, late: int = 0) -> GridColumn:
    return GridColumn(
        id=str(professional.id),
        title=professional.name,
        subtitle=late_word(late) if late else professional.title,
        colour=professional.colour,
    )


def block_of(booking: DayBooking, minutes: DayMinutes) -> GridBlock:
    is_hold = booking.state is BookingState.HELD
    return GridBlock(
        id=f"{booking.id}.{booking.version}",
        column=str(booking.professional_id),
        kind="hold" if is_hold else "booking",
        starts_minute=minutes.of(booking.starts_at),
        ends_minute=minutes.end_of(booking.starts_at, booking.ends_at),
        title=title_of(booking),
        detail=" · ".join(each for each in (booking.service, booking.room) if each),
        state=booking.state.value,
        state_word=state_word(booking.state),
        movable=booking.state in MOVABLE,
        colour=shade_of(booking.colour),
        badges=(*minutes.which_of_two(booking.starts_at), *badges_of(booking)),
    )


def booking_drawn(block_id: str) -> tuple[int, int]:
    """The booking a block stood for, and its version when it was drawn."""
    booking_id, _dot, version = block_id.partition(".")
    return int(booking_id), int(version)


def time_drawn(block_id: str) -> tuple[int, datetime]:
    """Whose time a block without a booking stood for, and from when."""
    _kind, professional_id, start = block_id.split("-")
    return int(professional_id), to_instant(int(start))


def title_of(booking: DayBooking) -> str:
    """The patient; of a group how many there are; of a hold whose it is, and for whom."""
    if booking.state is BookingState.HELD and booking.patient:
        held = _("Held by {name} for {patient}")
        return held.format(name=booking.held_by, patient=booking.patient)
    if booking.state is BookingState.HELD:
        return _("Held by {name}").format(name=booking.held_by)
    if booking.seats > 1:
        return _("{service}, {taken} of {seats}").format(
            service=booking.service, taken=len(booking.patients), seats=booking.seats
        )
    return booking.patient


def badges_of(booking: DayBooking) -> Iterator[str]:
    """Each in words; a sign before them stays where the words have no room."""
    if booking.has_alert:
        yield "⚠ " + _("alert")
    if booking.is_confirmed and booking.state is BookingState.BOOKED:
        yield _("✓ confirmed")
    if booking.is_override:
        yield "✱ " + _("override")
    if booking.waiting:
        yield _("{count} waiting").format(count=booking.waiting)
    if booking.is_series:
        yield _("series")
    if booking.has_note:
        yield _("note")


def closed_blocks(sheets: Iterable[DaySheet], minutes: DayMinutes, frame: Span) -> list[GridBlock]:
    """Time in which nobody can be booked: outside hours, breaks, time off, closures."""
    blocks: list[GridBlock] = []
    for sheet in sheets:
        column = str(sheet.professional_id)
        away = [(each.start, each.end) for each in sheet.time_off]
        closed = [(each.start, each.end) for each in sheet.closures]
        outside = subtract([frame], [*union([*sheet.shifts, *sheet.openings]), *away, *closed])
        breaks = subtract(
            intersect(union(sheet.breaks), union(sheet.shifts)),
            [*sheet.openings, *away, *closed],
        )
        blocks += _spans(column, "closed", outside, minutes, frame, "")
        blocks += _spans(column, "break", breaks, minutes, frame, _("Break"))
        for off in sheet.time_off:
            title = off.reason or (_("Not bookable") if off.keeps else _("Time off"))
            blocks += _spans(column, "time_off", [(off.start, off.end)], minutes, frame, title)
        for closure in sheet.closures:
            span = [(closure.start, closure.end)]
            blocks += _spans(column, "time_off", span, minutes, frame, closure.name)
    return blocks


def start_of(cell: StartCell, minutes: DayMinutes) -> GridStart:
    reasons = " ".join(plain(each, time=minutes.clock) for each in cell.reasons)
    return GridStart(
        column=str(cell.professional_id),
        starts_minute=minutes.of(to_instant(cell.start)),
        ends_minute=minutes.end_of(to_instant(cell.start), to_instant(cell.end)),
        reason=reasons,
        short=bool(cell.reasons) and cell.reasons[0].code is ReasonCode.TOO_SHORT,
    )


def is_past(cell: StartCell) -> bool:
    return any(each.code is ReasonCode.PAST for each in cell.reasons)


def _spans(
    column: str,
    kind: str,
    spans: Iterable[Span],
    minutes: DayMinutes,
    frame: Span,
    title: str,
) -> list[GridBlock]:
    return [
        GridBlock(
            id=f"{kind}-{column}-{start}",
            column=column,
            kind=kind,  # type: ignore[arg-type]
            starts_minute=minutes.of(to_instant(start)),
            ends_minute=minutes.end_of(to_instant(start), to_instant(end)),
            title=title,
        )
        for start, end in intersect(union(spans), [frame])
    ]


def grid_words() -> GridWords:
    return GridWords(
        grid=_("Day calendar"),
        free=_("free"),
        refused=_("not free"),
        free_times=_("Free times"),
        now=_("Now"),
        earlier=_("Earlier"),
        moving=_("Moving…"),
        hold=_("Held"),
        break_=_("Break"),
        time_off=_("Time off"),
        closed=_("Closed"),
        no_bookings=_("No bookings on this day."),
        no_columns=_("Nobody offers this on this day. Choose another service or expertise."),
        overlaps=_("Overlaps {title}"),
        carry=_("{title}: {column}, {time}. Enter drops it there, Escape puts it back."),
        dropped=_("Moving {title} to {column}, {time}."),
        put_back=_("{title} stays with {column}, {time}."),
        keys=_(
            "Arrow keys move around, Enter opens or picks, Alt with arrow keys moves a booking, "
            "Page Up and Page Down jump from booking to booking."
        ),
    )
