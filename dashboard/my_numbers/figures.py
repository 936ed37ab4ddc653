"""The figures a professional reads of themselves: how each is said, drawn and explained."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.analytics import OwnFigures
from dashboard.components.utilisation_chart import points
from dashboard.figures.figure import FEW
from dashboard.formatting import change as change_of
from dashboard.formatting import number, share
from dashboard.i18n import N_, _

Say = Callable[[float, str], str]


@dataclass(frozen=True)
class OwnFigure:
    """``value`` of a week or month, None where it has none; ``of`` is how many stand behind a
    share."""

    title: str
    counts: str
    """A sentence on what it counts, and of what."""
    value: Callable[[OwnFigures], float | None]
    say: Say
    of: Callable[[OwnFigures], int] | None = None
    is_loss: bool = False
    """Less of it is better."""

    @property
    def is_share(self) -> bool:
        return self.say is _share

    def is_few(self, figures: OwnFigures) -> bool:
        return self.of is not None and 0 < self.of(figures) < FEW


def _count(value: float, _currency: str) -> str:
    return number(value)


def _share(value: float, _currency: str) -> str:
    return share(value)


def _amount(value: float, currency: str) -> str:
    """Whole units: the cents of a week are noise."""
    return _("{amount} {currency}").format(amount=number(value / 100), currency=currency)


VISITS, UTILISATION = N_("Visits"), N_("Utilisation")
NO_SHOWS, LATE, EARNED = N_("No-shows"), N_("Late cancellations"), N_("Booked earnings")
FIGURES: Mapping[str, OwnFigure] = {
    VISITS: OwnFigure(
        VISITS,
        N_(
            "Bookings that take place or took place, those still to come included; a group "
            "counts once. Cancelled visits and no-shows are left out."
        ),
        lambda each: each.visits,
        _count,
    ),
    UTILISATION: OwnFigure(
        UTILISATION,
        N_(
            "The time of your visits as a share of your hours: weekly hours and openings as they "
            "applied then, without breaks, time off and closures."
        ),
        lambda each: each.utilisation,
        _share,
    ),
    NO_SHOWS: OwnFigure(
        NO_SHOWS,
        N_(
            "Of the patients whose visit has begun and was not cancelled, the share that is "
            "marked as no-show. In a group each patient counts."
        ),
        lambda each: each.no_show_share,
        _share,
        of=lambda each: each.due,
        is_loss=True,
    ),
    LATE: OwnFigure(
        LATE,
        N_(
            "Of everything that was booked, whatever became of it, the share that patients "
            "cancelled with less warning than the service asks for."
        ),
        lambda each: each.late_share,
        _share,
        of=lambda each: each.booked,
        is_loss=True,
    ),
    EARNED: OwnFigure(
        EARNED,
        N_(
            "What your visits are booked at, by the price they were sold at, those still to come "
            "included. Cancelled visits, no-shows and what was sold in another currency are left "
            "out."
        ),
        lambda each: each.earned_cents,
        _amount,
    ),
}


def said(figure: OwnFigure, figures: OwnFigures, currency: str) -> str:
    """The value in words; a dash where there is none."""
    value = figure.value(figures)
    return "–" if value is None else figure.say(value, currency)


def told(figure: OwnFigure, figures: OwnFigures) -> str:
    """How many stand behind it, in words; empty where it counts by itself."""
    if figure.title == NO_SHOWS:
        return _("{count} of {due} due").format(count=figures.no_shows, due=figures.due)
    if figure.title == LATE:
        return _("{count} of {booked} booked").format(count=figures.late, booked=figures.booked)
    if figure.title == UTILISATION:
        return _("{booked} h of {offered} h").format(
            booked=number(figures.booked_minutes / 60, 1),
            offered=number(figures.offered_minutes / 60, 1),
        )
    return ""


def change(figure: OwnFigure, now: OwnFigures, before: OwnFigures, currency: str) -> str | None:
    """By how much it is more or less than before; None where one of them has no value."""
    one, other = figure.value(now), figure.value(before)
    if one is None or other is None:
        return None
    if figure.is_share:
        return points(one, other)
    if figure.say is _amount:
        sign = "-" if one < other else "+"
        return sign + _amount(abs(one - other), currency)
    return change_of(one - other)
