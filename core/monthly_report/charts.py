"""The report's charts, drawn as lines and fields: sharp at every size, and readable in grey."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reportlab.lib.colors import Color, HexColor, linearlyInterpolatedColor
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from core.analytics import By, Totals, Used, UtilisationHour
from core.analytics.tables import word_of
from core.errors import N_
from core.monthly_report.counting import MonthlyReport
from core.monthly_report.words import Line, Say, hours, percent

INK, MUTED, BAR, EMPTY = "#14232B", "#526570", "#2F8F85", "#E6ECEE"
SCALE = ((0.0, "#EEF5F4"), (0.5, "#B5DAD6"), (0.75, "#4E9D95"), (1.0, "#063F3A"))
"""As on the screen: one hue from pale to strong, so that lightness alone tells the order."""
TURNS_AT = 0.83
"""From here on numbers are white."""
PLAIN, BOLD = "Roboto", "Roboto-Bold"
SMALLEST = 0.85
"""To so much of its size text is set smaller before it is cut."""
MOST_BARS = 20
BAR_ROW, LINE_ROW, HEAD = 13.0, 11.5, 17.0
HEAT_HEIGHT, MOST_HEAT_ROW = 176.0, 13.0


@dataclass(frozen=True)
class Box:
    """A part of the page, from its lower left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def top(self) -> float:
        return self.y + self.height

    def cut_top(self, height: float) -> tuple["Box", "Box"]:
        """So much of it from above, and the rest below."""
        rest = self.height - height
        upper = Box(self.x, self.y + rest, self.width, height)
        return upper, Box(self.x, self.y, self.width, rest)

    def cut_bottom(self, height: float) -> tuple["Box", "Box"]:
        """So much of it from below, and the rest above."""
        rest, lower = self.cut_top(self.height - height)
        return lower, rest

    def halves(self, gap: float) -> tuple["Box", "Box"]:
        width = (self.width - gap) / 2
        left = Box(self.x, self.y, width, self.height)
        return left, Box(self.x + width + gap, self.y, width, self.height)


def text(
    canvas: Canvas,
    x: float,
    y: float,
    said: str,
    width: float,
    *,
    size: float,
    bold: bool = False,
    colour: str = INK,
) -> None:
    """One line that never is wider: set smaller first, then cut."""
    font = BOLD if bold else PLAIN
    wide = stringWidth(said, font, size)
    if wide > width:
        size = max(size * width / wide, size * SMALLEST)
    canvas.setFont(font, size)
    canvas.setFillColor(HexColor(colour))
    canvas.drawString(x, y, _cut(said, font, size, width))


def heading(canvas: Canvas, box: Box, said: str) -> Box:
    """A title above; what is left below it."""
    head, rest = box.cut_top(HEAD)
    text(canvas, head.x, head.top - 10, said, head.width, size=10, bold=True)
    return rest


def usage(canvas: Canvas, box: Box, report: MonthlyReport, say: Say) -> Box:
    """A bar for each professional, the least used first; of many, the others are one bar."""
    body = heading(canvas, box, say(N_("Utilisation, the least used first")))
    shown, others = list(report.used), Totals()
    if len(shown) > MOST_BARS:
        shown, rest = shown[: MOST_BARS - 1], shown[MOST_BARS - 1 :]
        others = added(rest)
        name = say(N_("{count} others, used more")).format(count=len(rest))
        shown.append(Used(0, name, others))
    if len(report.used) > 1:
        shown.append(Used(0, say(N_("Everybody")), report.figures.time))
    for number, each in enumerate(shown):
        row = Box(body.x, body.top - (number + 1) * BAR_ROW, body.width, BAR_ROW)
        _usage_bar(canvas, row, each, say)
    return body.cut_top(len(shown) * BAR_ROW + HEAD / 2)[1]


def added(used: Sequence[Used]) -> Totals:
    return Totals(
        sum(each.time.offered_minutes for each in used),
        sum(each.time.booked_minutes for each in used),
    )


def _usage_bar(canvas: Canvas, row: Box, used: Used, say: Say) -> None:
    label, bar = row.width * 0.42, row.width * 0.27
    everybody = not used.professional_id
    text(canvas, row.x, row.y + 3.5, used.professional, label - 4, size=8, bold=everybody)
    part = min(used.time.utilisation or 0, 1)
    _bar(canvas, Box(row.x + label, row.y + 2, bar, row.height - 4), part)
    said = say(N_("{share} of {hours}")).format(
        share=percent(used.time.utilisation), hours=hours(used.time.offered_minutes, say)
    )
    start = row.x + label + bar + 5
    text(canvas, start, row.y + 3.5, said, row.x + row.width - start, size=8, bold=everybody)


def line_chart(canvas: Canvas, box: Box, title: str, lines: Sequence[Line]) -> Box:
    """A small bar for each group, with its count and its share of all."""
    body = heading(canvas, box, title)
    whole = sum(each.count for each in lines)
    label, bar = body.width * 0.37, body.width * 0.38
    for number, each in enumerate(lines):
        part = each.count / whole if whole else 0
        y = body.top - (number + 1) * LINE_ROW
        text(canvas, body.x, y + 3, each.label, label - 4, size=8)
        _bar(canvas, Box(body.x + label, y + 1.5, bar, LINE_ROW - 3), part)
        said = f"{each.count:,} · {percent(part)}"
        start = body.x + label + bar + 5
        text(canvas, start, y + 3, said, body.x + body.width - start, size=8)
    return body.cut_top(len(lines) * LINE_ROW + HEAD / 2)[1]


def heat_map(canvas: Canvas, box: Box, found: Sequence[UtilisationHour], say: Say) -> Box:
    """Hours down, weekdays across; each field says its share in words as well."""
    body = heading(canvas, box, say(N_("Utilisation by weekday and hour, %")))
    if not found:
        return body
    days = sorted({each.weekday for each in found})
    first, last = min(each.hour for each in found), max(each.hour for each in found)
    high = min(MOST_HEAT_ROW, HEAT_HEIGHT / (last - first + 1))
    wide = (body.width - 28) / len(days)
    for across, day in enumerate(days):
        name = say(str(word_of(By.WEEKDAY, day)))[:3]
        canvas.setFont(PLAIN, 7.5)
        canvas.setFillColor(HexColor(MUTED))
        canvas.drawCentredString(body.x + 28 + (across + 0.5) * wide, body.top - 8, name)
    top = body.top - 12
    for hour in range(first, last + 1):
        y = top - (hour - first + 1) * high
        size = min(7.5, high - 1)
        text(canvas, body.x, y + (high - size) / 2 + 1, f"{hour:02}:00", 28, size=size)
    for each in found:
        x = body.x + 28 + days.index(each.weekday) * wide
        y = top - (each.hour - first + 1) * high
        _field(canvas, Box(x, y, wide - 1.2, high - 1.2), each.utilisation)
    return body.cut_top(12 + (last - first + 1) * high + HEAD / 2)[1]


def _field(canvas: Canvas, box: Box, part: float | None) -> None:
    canvas.setFillColor(HexColor("#FFFFFF") if part is None else _colour(min(part, 1)))
    canvas.rect(box.x, box.y, box.width, box.height, stroke=0, fill=1)
    size = min(7.0, box.height)
    said = "–" if part is None else f"{part * 100:.0f}"
    canvas.setFont(PLAIN, size)
    canvas.setFillColor(HexColor("#FFFFFF" if part is not None and part >= TURNS_AT else "#000000"))
    canvas.drawCentredString(
        box.x + box.width / 2, box.y + (box.height - size) / 2 + size * 0.15, said
    )


def _colour(part: float) -> Color:
    for (low, pale), (high, strong) in pairwise(SCALE):
        if part <= high:
            ends = HexColor(pale), HexColor(strong)
            return linearlyInterpolatedColor(*ends, low, high, part)
    return HexColor(SCALE[-1][1])


def _bar(canvas: Canvas, box: Box, part: float) -> None:
    canvas.setFillColor(HexColor(EMPTY))
    canvas.rect(box.x, box.y, box.width, box.height, stroke=0, fill=1)
    if part:
        canvas.setFillColor(HexColor(BAR))
        canvas.rect(box.x, box.y, box.width * part, box.height, stroke=0, fill=1)


def _cut(said: str, font: str, size: float, width: float) -> str:
    if stringWidth(said, font, size) <= width:
        return said
    while said and stringWidth(f"{said}…", font, size) > width:
        said = said[:-1]
    return f"{said.rstrip()}…"
