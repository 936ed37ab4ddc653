"""Utilisation by weekday and hour, and what lies free in pieces too short to sell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.facts import Facts, Numbers, by_professional
from core.analytics.grouping import DAY, HOUR, THURSDAY, Frame, frame_of, pick
from core.analytics.kept import load_facts
from core.analytics.spans import Spans
from core.analytics.utilisation import readable_professionals, takes_time
from core.availability import Days, DaySheet, load_empty_sheets
from core.interval import Span, intersect
from core.models import LONGEST_VISIT_SECONDS, Kept, ProfessionalService, Service
from core.policy import Actor, Permission, require

P = Permission
HOURS = 7 * 24


@dataclass(frozen=True)
class UtilisationHour:
    """One hour of one weekday, over all the days asked for."""

    weekday: int
    hour: int
    offered_minutes: int
    booked_minutes: int

    @property
    def utilisation(self) -> float | None:
        """Booked over offered; None when nothing was offered."""
        return self.booked_minutes / self.offered_minutes if self.offered_minutes else None


@dataclass(frozen=True)
class Gaps:
    """What of a professional's time was or is free, and how much of it nobody can be sold."""

    professional_id: int
    professional: str
    free_minutes: int
    short_minutes: int
    short_gaps: int
    shortest_minutes: int | None
    """Of the services they offer; None where they offer none, and no gap is too short."""

    @property
    def short_share(self) -> float | None:
        return self.short_minutes / self.free_minutes if self.free_minutes else None


def utilisation_hours(
    session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime
) -> list[UtilisationHour]:
    """By weekday, then by hour; only hours in which something was offered or booked.

    Each hour has the part of a visit that lies in it, of visits that begin on the days asked
    for; so both add up to what the weeks of ``utilisation`` say.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    picked = pick(session, actor, asked)
    frame, sheets = picked.frame, _sheets(session, actor, asked, picked.frame)
    offered = _by_hour(frame, frame.span, Spans.of(each for one in sheets for each in one.offered))
    of_these = np.isin(picked.facts.professional, [each.professional_id for each in sheets])
    visits = picked.facts[of_these & takes_time(picked.facts, now)]
    longest = frame.span[0], frame.span[1] + LONGEST_VISIT_SECONDS
    booked = _by_hour(frame, longest, Spans(visits.starts, visits.ends))
    return [
        UtilisationHour(*divmod(number, 24), offered[number] // 60, booked[number] // 60)
        for number in range(HOURS)
        if offered[number] or booked[number]
    ]


def gaps(session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime) -> list[Gaps]:
    """By name. Free is what was offered and no visit takes, whatever service it is of.

    A piece is too short when no service they offer today fits into it; buffers are left out.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    frame = frame_of(session, asked)
    sheets = _sheets(session, actor, asked, frame)
    shortest = _shortest(session, [each.professional_id for each in sheets])
    # A visit of the night before may reach into the first day.
    first, last = (frame.span[0] - LONGEST_VISIT_SECONDS) // DAY, frame.span[1] // DAY
    facts = load_facts(session, Kept.VISITS, first, last)
    taken = by_professional(facts[takes_time(facts, now)])
    return [
        _gaps_of(each, frame.span, taken.get(each.professional_id, facts[:0]), shortest)
        for each in sheets
    ]


def _gaps_of(sheet: DaySheet, span: Span, taken: Facts, shortest: Mapping[int, int]) -> Gaps:
    offered = Spans.of(intersect(sheet.offered, [span]))
    free = offered.without(Spans(taken.starts, taken.ends).joined())
    least = shortest.get(sheet.professional_id)
    short = free.only(free.lengths < (least or 0) * 60)
    return Gaps(
        sheet.professional_id,
        sheet.name,
        free.minutes,
        short.minutes,
        len(short.starts),
        least,
    )


def _sheets(
    session: Session, actor: Actor, asked: AnalyticsAsked, frame: Frame
) -> Sequence[DaySheet]:
    people = readable_professionals(session, actor, asked, since=frame.span[0])
    return load_empty_sheets(session, people, Days(asked.first, asked.last))


def _shortest(session: Session, professional_ids: Sequence[int]) -> Mapping[int, int]:
    """The minutes of the shortest service each of them offers."""
    minutes = func.coalesce(ProfessionalService.length_minutes, Service.length_minutes)
    rows = session.execute(
        select(ProfessionalService.professional_id, func.min(minutes))
        .join(Service, Service.id == ProfessionalService.service_id)
        .where(
            ProfessionalService.professional_id.in_(professional_ids),
            Service.archived_at.is_(None),
        )
        .group_by(ProfessionalService.professional_id)
    )
    return {id: least for id, least in rows}  # noqa: C416 - rows are not pairs to mypy


def _by_hour(frame: Frame, within: Span, spans: Spans) -> Sequence[int]:
    """The seconds in each hour of each weekday; an hour that comes twice is one."""
    edges = _edges(frame, within)
    local = frame.local_seconds(edges[:-1])
    hours = (local // DAY + THURSDAY) % 7 * 24 + local % DAY // HOUR
    seconds: Sequence[int] = np.bincount(hours, spans.within(edges), HOURS).astype(int).tolist()
    return seconds


def _edges(frame: Frame, within: Span) -> Numbers:
    """The instants at which an hour of the wall clock begins, or the clock jumps."""
    quarters = np.arange(within[0], within[1] + 1, HOUR // 4)
    hours = quarters[frame.local_seconds(quarters) % HOUR == 0]
    jumps = frame.clock.changes(*within)
    return np.unique(np.concatenate([within, jumps, hours])).astype(np.int64)
