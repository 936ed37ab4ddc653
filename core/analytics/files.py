"""Any figure as a table by its name: what a page shows below it, and the file of it.

The words of a link say which figure it is of, by what, and what was asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from core.analytics import tables
from core.analytics.asked import AnalyticsAsked
from core.analytics.demand import made, waited
from core.analytics.forecast import forecast
from core.analytics.grouping import By
from core.analytics.hours import gaps, utilisation_hours
from core.analytics.people import people
from core.analytics.searches import searches
from core.analytics.seats import seats
from core.analytics.tables import Table
from core.analytics.utilisation import utilisation
from core.analytics.worth import worth
from core.errors import N_, NotFound
from core.policy import Actor

EVERYTHING = "0"
"""Stands in a link for no choice at all."""


@dataclass(frozen=True)
class FigureAsked:
    """Which figure, in which groups, of what."""

    figure: str
    by: By
    asked: AnalyticsAsked

    @property
    def words(self) -> tuple[str, ...]:
        """As a link says it."""
        asked = self.asked
        ids = (asked.professional_ids, asked.service_ids, asked.room_ids)
        days = (asked.first.isoformat(), asked.last.isoformat())
        return (self.figure, self.by.value, *days, *map(_ids_in_words, ids))

    @classmethod
    def of_words(cls, words: Sequence[str]) -> "FigureAsked":
        """The other way round. Raises ``NotFound`` for words that say nothing."""
        try:
            figure, by, first, last, *ids = words
            days = date.fromisoformat(first), date.fromisoformat(last)
            chosen = AnalyticsAsked(*days, *(_ids_of(each) for each in ids))
            return cls(_known(figure), By(by), chosen)
        except (ValueError, TypeError) as unreadable:
            raise NotFound(what=N_("figure")) from unreadable


def figure_table(session: Session, actor: Actor, asked: FigureAsked, *, now: datetime) -> Table:
    """The numbers of the figure, line by line; each asks whether the actor may read it."""
    return TABLES[_known(asked.figure)](session, actor, asked, now)


def _known(figure: str) -> str:
    if figure not in TABLES:
        raise NotFound(what=N_("figure"))
    return figure


def _ids_in_words(ids: Sequence[int]) -> str:
    return "-".join(map(str, ids)) or EVERYTHING


def _ids_of(word: str) -> tuple[int, ...]:
    return () if word == EVERYTHING else tuple(map(int, word.split("-")))


def _utilisation(session: Session, actor: Actor, asked: FigureAsked, now: datetime) -> Table:
    return tables.utilisation_table(utilisation(session, actor, asked.asked, now=now))


def _hours(session: Session, actor: Actor, asked: FigureAsked, now: datetime) -> Table:
    return tables.hours_table(utilisation_hours(session, actor, asked.asked, now=now))


def _gaps(session: Session, actor: Actor, asked: FigureAsked, now: datetime) -> Table:
    return tables.gaps_table(gaps(session, actor, asked.asked, now=now))


def _forecast(session: Session, actor: Actor, asked: FigureAsked, now: datetime) -> Table:
    return tables.forecast_table(forecast(session, actor, asked.asked, now=now))


def _seats(session: Session, actor: Actor, asked: FigureAsked, now: datetime) -> Table:
    found = seats(session, actor, asked.asked, asked.by, now=now)
    return tables.seats_table(asked.by, found)


def _made(session: Session, actor: Actor, asked: FigureAsked, _now: datetime) -> Table:
    return tables.made_table(asked.by, made(session, actor, asked.asked, asked.by))


def _waited(session: Session, actor: Actor, asked: FigureAsked, _now: datetime) -> Table:
    return tables.waited_table(asked.by, waited(session, actor, asked.asked, asked.by))


def _searches(session: Session, actor: Actor, asked: FigureAsked, _now: datetime) -> Table:
    return tables.searches_table(asked.by, searches(session, actor, asked.asked, asked.by))


def _worth(session: Session, actor: Actor, asked: FigureAsked, now: datetime) -> Table:
    found = worth(session, actor, asked.asked, asked.by, now=now)
    return tables.worth_table(asked.by, found)


def _months(session: Session, actor: Actor, asked: FigureAsked, now: datetime) -> Table:
    return tables.months_table(people(session, actor, asked.asked, now=now))


def _visits(session: Session, actor: Actor, asked: FigureAsked, now: datetime) -> Table:
    return tables.visits_table(people(session, actor, asked.asked, now=now))


def _cohorts(session: Session, actor: Actor, asked: FigureAsked, now: datetime) -> Table:
    return tables.cohorts_table(people(session, actor, asked.asked, now=now))


TABLES: Mapping[str, Callable[[Session, Actor, FigureAsked, datetime], Table]] = {
    "utilisation": _utilisation,
    "hours": _hours,
    "gaps": _gaps,
    "forecast": _forecast,
    "seats": _seats,
    "made": _made,
    "waited": _waited,
    "searches": _searches,
    "worth": _worth,
    "months": _months,
    "visits": _visits,
    "cohorts": _cohorts,
}
