"""How full calendars were and are.

Utilisation is booked minutes over offered minutes. Offered is what could be sold: the hours
that applied at that time, breaks, time off and closures taken away, openings added. Booked
is every visit that takes its time; no-shows and cancellations do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import or_
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.facts import Facts, Mask, Numbers, by_professional, is_in
from core.analytics.grouping import pick
from core.analytics.seats import Seats, is_among
from core.analytics.spans import Spans
from core.availability import Days, DaySheet, WallClock, load_empty_sheets
from core.interval import to_instant, to_seconds
from core.models import OCCUPYING, BookingState, Professional
from core.patients import fold
from core.policy import Actor, Permission, require, visible_figures

P, S = Permission, BookingState


@dataclass(frozen=True)
class UtilisationWeek:
    """One professional's week, Monday first; of a week cut short, the days asked for."""

    professional_id: int
    professional: str
    week_starts_on: date
    offered_minutes: int
    booked_minutes: int
    visits: int
    due: int
    no_shows: int
    cancelled: int
    """Seats, each patient of a group by themselves: as they are counted everywhere else."""

    @property
    def utilisation(self) -> float | None:
        """Booked over offered, above 1 after overtime; None when nothing was offered."""
        return self.booked_minutes / self.offered_minutes if self.offered_minutes else None


@dataclass(frozen=True)
class Totals:
    """Some weeks added up."""

    offered_minutes: int = 0
    booked_minutes: int = 0
    visits: int = 0
    due: int = 0
    no_shows: int = 0
    cancelled: int = 0

    @property
    def utilisation(self) -> float | None:
        return self.booked_minutes / self.offered_minutes if self.offered_minutes else None

    @property
    def no_show_share(self) -> float | None:
        """Of the patients who were due, those who did not come."""
        return self.no_shows / self.due if self.due else None


def total(weeks: Sequence[UtilisationWeek]) -> Totals:
    """Some weeks, of one professional or of many, added up."""
    return Totals(
        sum(each.offered_minutes for each in weeks),
        sum(each.booked_minutes for each in weeks),
        sum(each.visits for each in weeks),
        sum(each.due for each in weeks),
        sum(each.no_shows for each in weeks),
        sum(each.cancelled for each in weeks),
    )


def utilisation(
    session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime
) -> list[UtilisationWeek]:
    """Every week of every professional, by name, then by week; weeks without work included.

    What was booked is of the services and rooms asked for; what was offered, of them all.
    A visit counts whole on the local day it begins.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    picked = pick(session, actor, asked)
    professionals = readable_professionals(session, actor, asked, since=picked.frame.span[0])
    sheets = load_empty_sheets(session, professionals, Days(asked.first, asked.last))
    weeks = _weeks(picked.frame.clock, asked)
    facts = by_professional(picked.facts)
    none = picked.facts[:0]
    return [
        each
        for sheet in sheets
        for each in _weeks_of(sheet, weeks, facts.get(sheet.professional_id, none), now)
    ]


def readable_professionals(
    session: Session, actor: Actor, asked: AnalyticsAsked, *, since: int
) -> list[Professional]:
    """Whoever was there at some time of the period, by name."""
    query = visible_figures(actor).where(
        or_(Professional.archived_at.is_(None), Professional.archived_at > to_instant(since))
    )
    if asked.professional_ids:
        query = query.where(Professional.id.in_(asked.professional_ids))
    return sorted(session.scalars(query), key=lambda each: (fold(each.name), each.id))


def takes_time(facts: Facts, now: datetime) -> Mask:
    """Each visit once that takes its time; holds until they run out."""
    over = is_in(facts.state, S.HELD) & (facts.held_until <= to_seconds(now))
    return facts.leads & ~over & is_in(facts.state, *OCCUPYING)


@dataclass(frozen=True)
class _Weeks:
    """The weeks the days fall in: their Mondays, and the instants at which each begins and ends."""

    mondays: Sequence[date]
    edges: Numbers


def _weeks(clock: WallClock, asked: AnalyticsAsked) -> _Weeks:
    """Of the first and the last week only the days asked for."""
    mondays = [asked.first - timedelta(days=asked.first.weekday())]
    while (following := mondays[-1] + timedelta(days=7)) <= asked.last:
        mondays.append(following)
    begins = [asked.first, *mondays[1:], asked.last + timedelta(days=1)]
    return _Weeks(mondays, np.array([clock.day(each.toordinal())[0] for each in begins]))


def _weeks_of(sheet: DaySheet, weeks: _Weeks, facts: Facts, now: datetime) -> list[UtilisationWeek]:
    """One professional's."""
    offered = Spans.of(sheet.offered).within(weeks.edges)
    week_of = np.searchsorted(weeks.edges, facts.starts, side="right") - 1
    taking = takes_time(facts, now)

    def added(counts: Numbers | Mask) -> list[int]:
        sums: list[int] = np.bincount(week_of, counts, len(weeks.mondays)).astype(np.int64).tolist()
        return sums

    columns = zip(
        weeks.mondays,
        (offered // 60).tolist(),
        (each // 60 for each in added((facts.ends - facts.starts) * taking)),
        added(taking),
        *(added(is_among(which, facts, now)) for which in LOST),
        strict=True,
    )
    return [UtilisationWeek(sheet.professional_id, sheet.name, *each) for each in columns]


LOST = (Seats.DUE, Seats.NO_SHOWS, Seats.CANCELLED)
