"""The day on paper: one page for each professional, with room to write when the power is out.

Nothing on it depends on colour. What is written by hand has columns of its own, so that it
can be entered again later.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import phonenumbers
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Table
from reportlab.platypus.flowables import KeepInFrame
from sqlalchemy.orm import Session, joinedload, selectinload

from core import audit
from core.availability import Days, load_sheets, organisation_clock
from core.desk import DayAsked, load_columns
from core.errors import N_
from core.interval import comes_twice, subtract, to_instant, union
from core.models import Attendee, Booking, BookingState, Organisation
from core.policy import Actor, Permission, require, visible_bookings

P, S = Permission, BookingState
MARGIN = 10 * mm
PAGE = landscape(A4)
WIDTHS = tuple(each * mm for each in (24, 56, 36, 46, 26, 24, 20, 45))
FEWEST_ROWS = 12
"""Empty rows are added up to this many, for who comes unannounced."""

Say = Callable[[str], str]
ROOM, PROFESSIONAL = N_("Room"), N_("Professional")
BEFORE_WHERE = (N_("Time"), N_("Patient"), N_("Phone"), N_("Service"))
AFTER_WHERE = (N_("State"), N_("Arrived"), N_("By hand, to enter later"))


@dataclass(frozen=True)
class PrintedRow:
    """A visit, or a free stretch without a patient."""

    starts_at: datetime
    ends_at: datetime
    patient: str = ""
    phone: str = ""
    service: str = ""
    where: str = ""
    """The room; on the page of the whole desk the professional."""
    state: str = ""
    arrived_at: datetime | None = None


@dataclass(frozen=True)
class PrintedPage:
    title: str
    subtitle: str
    where: str
    """What its fifth column holds."""
    rows: Sequence[PrintedRow]


@dataclass(frozen=True)
class PrintedDay:
    organisation: str
    on: date
    zone: ZoneInfo
    printed_at: datetime
    pages: Sequence[PrintedPage]


def load_printed_day(
    session: Session, actor: Actor, asked: DayAsked, *, now: datetime
) -> PrintedDay:
    """The visits of the day and the time between them, a page for each professional at work."""
    require(actor, P.SCHEDULE_READ, P.SCHEDULE_READ_OWN)
    organisation = session.get_one(Organisation, 1)
    professionals = load_columns(session, actor, asked)
    days = Days(asked.on, asked.on)
    start, end = organisation_clock(session).span_of_days(asked.on, asked.on)
    rows: dict[int, list[PrintedRow]] = {each.id: [] for each in professionals}
    for booking in session.scalars(
        visible_bookings(actor)
        .where(
            Booking.professional_id.in_(list(rows)),
            Booking.starts_at >= to_instant(start),
            Booking.starts_at < to_instant(end),
            Booking.state.not_in((S.HELD, S.CANCELLED)),
        )
        .options(
            joinedload(Booking.service),
            joinedload(Booking.room),
            selectinload(Booking.attendees).joinedload(Attendee.patient),
        )
    ):
        rows[booking.professional_id].extend(_rows_of(booking))
    for sheet in load_sheets(session, professionals, days, now=now):
        taken = union((each.start, each.end) for each in sheet.busy)
        for free in subtract(sheet.offered, taken):
            if start <= free[0] < end:
                rows[sheet.professional_id].append(
                    PrintedRow(to_instant(free[0]), to_instant(min(free[1], end)))
                )
    pages = [
        PrintedPage(each.name, each.title, ROOM, sorted(rows[each.id], key=_by_time))
        for each in professionals
        if rows[each.id]
    ]
    if len(pages) > 1:
        pages.insert(0, _whole_desk(pages))
    audit.record(session, actor, "day.printed", now=now, on=asked.on, pages=len(pages))
    return PrintedDay(organisation.name, asked.on, ZoneInfo(organisation.zone), now, pages)


def as_pdf(day: PrintedDay, *, heading: str, say: Say = str) -> bytes:
    """The day as a PDF. ``heading`` is the date in words, ``say`` translates."""
    register_fonts()
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=PAGE,
        title=f"{day.organisation}, {heading}",
        author=day.organisation,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
    )
    frame = Frame(MARGIN, MARGIN, PAGE[0] - 2 * MARGIN, PAGE[1] - 2 * MARGIN, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    story: list[object] = []
    for page in day.pages:
        if story:
            story.append(PageBreak())
        # One page each, however full the day: a long one is set smaller.
        story.append(KeepInFrame(frame._width, frame._height, _page(day, page, heading, say)))
    if not story:
        story.append(Paragraph(escape(say(N_("Nobody works on this day."))), style(11)))
    document.build(story)
    return out.getvalue()


def _whole_desk(pages: Sequence[PrintedPage]) -> PrintedPage:
    """Everybody's visits by time, to find who stands at the counter."""
    rows = [replace(row, where=page.title) for page in pages for row in page.rows if row.patient]
    return PrintedPage(N_("Everybody"), "", PROFESSIONAL, sorted(rows, key=_by_time))


def _by_time(row: PrintedRow) -> tuple[datetime, str]:
    return row.starts_at, row.patient


def _rows_of(booking: Booking) -> list[PrintedRow]:
    """One row for a visit; one for each patient of a group."""
    seated = [
        each
        for each in booking.attendees
        if booking.seats == 1 or (not each.waiting and each.state is not S.CANCELLED)
    ]
    return [
        PrintedRow(
            booking.starts_at,
            booking.ends_at,
            each.patient.name,
            each.patient.phone,
            booking.service.name,
            booking.room.name if booking.room else "",
            (booking.state if booking.seats == 1 else each.state).value,
            booking.arrived_at,
        )
        for each in seated
    ]


def _page(day: PrintedDay, page: PrintedPage, heading: str, say: Say) -> list[object]:
    clock = _clock_in(day.zone)
    title = f"<b>{escape(say(page.title))}</b>"
    if page.subtitle:
        title += f" · {escape(page.subtitle)}"
    stamp = say(N_("{organisation}, as of {time}")).format(
        organisation=day.organisation, time=clock(day.printed_at)
    )
    titles = (*BEFORE_WHERE, page.where, *AFTER_WHERE)
    body = [[_cell(f"<b>{escape(say(each))}</b>") for each in titles]]
    body += [_cells(row, day.zone, say) for row in page.rows]
    body += [[""] * len(titles) for _ in range(len(page.rows), FEWEST_ROWS)]
    table = Table(body, colWidths=WIDTHS, rowHeights=None, repeatRows=1)
    table.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 3.2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.2),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("LINEBELOW", (0, 0), (-1, 0), 1.2, colors.black),
        ]
    )
    return [
        Paragraph(f"{escape(heading)} · {title}", style(15, after=3)),
        Paragraph(escape(stamp), style(8.5, after=6)),
        table,
    ]


def _cells(row: PrintedRow, zone: ZoneInfo, say: Say) -> list[object]:
    times, clock = escape(span_words(row.starts_at, row.ends_at, zone, say)), _clock_in(zone)
    if not row.patient:
        return [_cell(times), _cell(f"<i>{escape(say(N_('free')))}</i>"), *[""] * 6]
    state = say(row.state.replace("_", " "))
    arrived = clock(row.arrived_at) if row.arrived_at else ""
    said = (row.patient, _grouped(row.phone), row.service, row.where, state, arrived)
    return [_cell(f"<b>{times}</b>"), *(_cell(escape(each)) for each in said), ""]


def _grouped(phone: str) -> str:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _cell(text: str) -> Paragraph:
    return Paragraph(text, style(9.5))


def span_words(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, say: Say = str) -> str:
    """ "09:00-09:30"; in an hour that comes twice that night, which of the two is meant."""
    (start, which), (end, which_end) = (_told(each, zone, say) for each in (starts_at, ends_at))
    if which == which_end:
        return f"{start}-{end} {which}".strip()
    return f"{f'{start} {which}'.strip()}-{f'{end} {which_end}'.strip()}"


def _told(instant: datetime, zone: ZoneInfo, say: Say) -> tuple[str, str]:
    there = instant.astimezone(zone)
    which = N_("after the clocks change") if there.fold else N_("before the clocks change")
    return f"{there:%H:%M}", say(which) if comes_twice(there) else ""


def _clock_in(zone: ZoneInfo) -> Callable[[datetime], str]:
    return lambda instant: f"{instant.astimezone(zone):%H:%M}"


@cache
def style(size: float, *, after: float = 0) -> ParagraphStyle:
    """Plain text of that size, in points."""
    return ParagraphStyle(
        f"size{size}", fontName="Roboto", fontSize=size, leading=size * 1.22, spaceAfter=after
    )


@cache
def register_fonts() -> None:
    """Latin, Greek and Cyrillic letters; the fonts built into PDF readers have Latin alone."""
    folder = files("font_roboto") / "files"
    for name, file in (
        ("Roboto", "Roboto-Regular"),
        ("Roboto-Bold", "Roboto-Bold"),
        ("Roboto-Italic", "Roboto-Italic"),
        ("Roboto-BoldItalic", "Roboto-BoldItalic"),
    ):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{file}.ttf")))
    pdfmetrics.registerFontFamily(
        "Roboto", "Roboto", "Roboto-Bold", "Roboto-Italic", "Roboto-BoldItalic"
    )
