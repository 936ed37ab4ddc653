"""The report on its one page of A4, whatever there is to say: drawn, never flowing on."""

import io
from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from core.day_print import register_fonts, style
from core.errors import N_
from core.monthly_report import words
from core.monthly_report.charts import (
    INK,
    MUTED,
    Box,
    heading,
    heat_map,
    line_chart,
    text,
    usage,
)
from core.monthly_report.counting import MonthlyReport
from core.monthly_report.words import Say, Tile, month_in_words

MARGIN = 14 * mm
LOGO = (45 * mm, 14 * mm)
"""At most so wide and high."""
TILES_ACROSS, TILE_HEIGHT = 4, 54.0
GAP = 8.0
MOST_WANTED = 4
BETWEEN = 3.0
"""Two paragraphs."""
SIZES = (9.5, 9.0, 8.5, 8.0, 7.5, 7.0)
"""Of the sentences, the largest that fits."""
TO_DO_HEIGHT, NOTES_HEIGHT = 104.0, 34.0


def as_pdf(report: MonthlyReport, *, say: Say = str, language: str = "en") -> bytes:
    """The report as a PDF of one page. ``say`` translates, ``language`` says into what."""
    register_fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, lang=language)
    canvas.setTitle(f"{report.organisation}, {month_in_words(report.month, say)}")
    canvas.setAuthor(report.organisation)
    whole = Box(MARGIN, MARGIN, A4[0] - 2 * MARGIN, A4[1] - 2 * MARGIN)
    head, rest = whole.cut_top(52)
    _head(canvas, head, report, say)
    if report.figures.is_empty:
        _nothing(canvas, rest, report, say)
    else:
        _body(canvas, rest, report, say)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _head(canvas: Canvas, box: Box, report: MonthlyReport, say: Say) -> None:
    width = box.width - (_logo(canvas, box, report.logo) if report.logo else 0)
    title = f"{say(N_('Monthly report'))} · {month_in_words(report.month, say)}"
    stamp = say(N_("as of {time}")).format(time=_stamp(report, say))
    text(canvas, box.x, box.top - 10, report.organisation, width, size=10, colour=MUTED)
    text(canvas, box.x, box.top - 30, title, width, size=18, bold=True)
    text(canvas, box.x, box.top - 43, stamp, width, size=8, colour=MUTED)


def _stamp(report: MonthlyReport, say: Say) -> str:
    there: datetime = report.made_at.astimezone(report.zone)
    return f"{there.day} {month_in_words(there.date(), say)}, {there:%H:%M}"


def _logo(canvas: Canvas, box: Box, content: bytes) -> float:
    """At the right edge; how much of the width it takes."""
    image = ImageReader(io.BytesIO(content))
    width, height = image.getSize()
    size = min(LOGO[0] / width, LOGO[1] / height)
    drawn: tuple[float, float] = (width * size, height * size)
    canvas.drawImage(image, box.x + box.width - drawn[0], box.top - drawn[1], *drawn, mask="auto")
    return drawn[0] + GAP


def _nothing(canvas: Canvas, box: Box, report: MonthlyReport, say: Say) -> None:
    sentence = say(
        N_(
            "Nobody had working hours in {month}, and nothing was booked."
            " There is nothing to count."
        )
    ).format(month=month_in_words(report.month, say))
    _paragraphs(canvas, box.cut_top(60)[0], [escape(sentence)])


def _body(canvas: Canvas, box: Box, report: MonthlyReport, say: Say) -> None:
    headlines, rest = box.cut_top(2 * TILE_HEIGHT + 2 * GAP)
    _tiles(canvas, headlines, words.tiles(report, say))
    to_do, rest = rest.cut_top(TO_DO_HEIGHT)
    _to_do(canvas, to_do, report, say)
    notes, rest = rest.cut_bottom(NOTES_HEIGHT)
    said = " ".join(escape(each) for each in words.notes(report, say))
    _paragraphs(canvas, notes, [said], sizes=(7.0, 6.5, 6.0), colour="#526570")
    left, right = rest.halves(2 * GAP)
    _left(canvas, left, report, say)
    _right(canvas, right, report, say)


def _tiles(canvas: Canvas, box: Box, tiles: Sequence[Tile]) -> None:
    width = (box.width - (TILES_ACROSS - 1) * GAP) / TILES_ACROSS
    for number, tile in enumerate(tiles):
        down, across = divmod(number, TILES_ACROSS)
        x, top = box.x + across * (width + GAP), box.top - down * (TILE_HEIGHT + GAP)
        canvas.setStrokeColor(HexColor("#C9D3D8"))
        canvas.setLineWidth(0.6)
        canvas.roundRect(x, top - TILE_HEIGHT, width, TILE_HEIGHT, 4)
        inner = width - 2 * 6
        text(canvas, x + 6, top - 11, tile.title, inner, size=8, colour=MUTED)
        text(canvas, x + 6, top - 27, tile.value, inner, size=14, bold=True)
        text(canvas, x + 6, top - 38, tile.of, inner, size=7.5)
        text(canvas, x + 6, top - 48, tile.before, inner, size=7.5, colour=MUTED)


def _to_do(canvas: Canvas, box: Box, report: MonthlyReport, say: Say) -> None:
    body = heading(canvas, box, say(N_("What to act on")))
    said = [
        f"<b>{number}.</b> {escape(each)}"
        for number, each in enumerate(words.sentences(report, say), start=1)
    ]
    _paragraphs(canvas, body.cut_bottom(GAP)[1], said)


def _left(canvas: Canvas, box: Box, report: MonthlyReport, say: Say) -> None:
    rest = usage(canvas, box, report, say)
    wanted = report.wanted[:MOST_WANTED]
    if wanted:
        body = heading(canvas, rest, say(N_("Searches that found no time")))
        for number, each in enumerate(wanted):
            said = say(N_("{nothing:,} of {searches:,} · {waiting:,} waiting")).format(
                nothing=each.nothing, searches=each.searches, waiting=each.waiting
            )
            y = body.top - 9 - number * 12
            text(canvas, body.x, y, each.name, body.width * 0.38, size=8)
            text(canvas, body.x + body.width * 0.42, y, said, body.width * 0.58, size=8)


def _right(canvas: Canvas, box: Box, report: MonthlyReport, say: Say) -> None:
    rest = heat_map(canvas, box, report.hours, say)
    rest = line_chart(canvas, rest, say(N_("Bookings made through")), words.channels(report, say))
    line_chart(canvas, rest, say(N_("Booked ahead")), words.leads(report, say))


def _paragraphs(
    canvas: Canvas,
    box: Box,
    said: Sequence[str],
    *,
    sizes: Sequence[float] = SIZES,
    colour: str = INK,
) -> None:
    """One below the other, in the largest of the sizes in which all of them fit."""
    for size in sizes:
        made = [Paragraph(f'<font color="{colour}">{each}</font>', style(size)) for each in said]
        heights = [each.wrap(box.width, box.height)[1] + BETWEEN for each in made]
        if sum(heights) <= box.height:
            break
    y = box.top
    for each, height in zip(made, heights, strict=True):
        y -= height
        each.drawOn(canvas, box.x, y + BETWEEN)
