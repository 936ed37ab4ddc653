"""The words of the booking line in the reader's language.

Where a sentence lists several words they are divided by spaces; translators may give more.
"""

from core.booking_line import LineWords
from core.patients import fold
from dashboard.formatting import MONTHS, WEEKDAYS
from dashboard.i18n import _


def line_words() -> LineWords:
    return LineWords(
        weekdays=[fold(_(each)) for each in WEEKDAYS],
        months=[fold(_(each)) for each in MONTHS],
        today=_set(_("today now")),
        tomorrow=_set(_("tomorrow tmrw")),
        yesterday=_set(_("yesterday")),
        next=_set(_("next")),
        this=_set(_("this")),
        within=_set(_("in within")),
        days=_set(_("day days")),
        weeks=_set(_("week weeks")),
        months_ahead=_set(_("month months")),
        numbers=[_set(each) for each in _numbers()],
        half=_set(_("half")),
        quarter=_set(_("quarter")),
        past=_set(_("past")),
        before=_set(_("to")),
        morning=_set(_("morning")),
        afternoon=_set(_("afternoon")),
        evening=_set(_("evening")),
        titles=_set(_("dr dra doctor prof professor")),
        fillers=_set(_("at with for on the and to a an please anybody anyone")),
    )


def line_examples() -> list[str]:
    """What may be typed, each in another way."""
    return [
        _("tue 10 silva follow-up"),
        _("tomorrow 5pm ana silva"),
        _("in 2 weeks 17h30 dr ruiz silva"),
    ]


def _numbers() -> list[str]:
    return _("one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve").split(",")


def _set(words: str) -> frozenset[str]:
    return frozenset(fold(words).split())
