"""Utilisation by weekday and hour, and what lies free in pieces too short to sell."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import frame_of, is_asked_for
from core.analytics.utilisation import readable_professionals
from core.availability import Days, DaySheet, WallClock, load_sheets
from core.db import seconds_of
from core.interval import Span, intersect, minutes_of, subtract, union
from core.models import OCCUPYING, Booking, ProfessionalService, Service
from core.policy import Actor, Permission, require

P = Permission
HOUR = 3600
Cell = tuple[int, int]
"""A weekday, Monday being 0, and an hour of the wall clock."""


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
    session.flush()
    frame = frame_of(session, asked)
    sheets = _sheets(session, actor, asked, now)
    offered = _by_cell(
        frame.clock, (each for one in sheets for each in intersect(one.offered, [frame.span]))
    )
    of_these = [each.professional_id for each in sheets]
    visits = session.execute(
        select(seconds_of(Booking.starts_at), seconds_of(Booking.ends_at)).where(
            is_asked_for(actor, asked, frame),
            Booking.professional_id.in_(of_these),
            Booking.state.in_(OCCUPYING),
            or_(Booking.held_until.is_(None), Booking.held_until > now),
        )
    )
    booked = _by_cell(frame.clock, ((start, end) for start, end in visits))
    return [
        UtilisationHour(*cell, offered[cell] // 60, booked[cell] // 60)
        for cell in sorted(offered.keys() | booked.keys())
    ]


def gaps(session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime) -> list[Gaps]:
    """By name. Free is what was offered and no visit takes, whatever service it is of.

    A piece is too short when no service they offer today fits into it; buffers are left out.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    span = frame_of(session, asked).span
    sheets = _sheets(session, actor, asked, now)
    shortest = _shortest(session, [each.professional_id for each in sheets])
    return [_gaps_of(each, span, shortest.get(each.professional_id)) for each in sheets]


def _gaps_of(sheet: DaySheet, span: Span, shortest: int | None) -> Gaps:
    taken = union((each.start, each.end) for each in sheet.busy)
    free = subtract(intersect(sheet.offered, [span]), taken)
    short = [each for each in free if shortest and each[1] - each[0] < shortest * 60]
    return Gaps(
        sheet.professional_id,
        sheet.name,
        minutes_of(free),
        minutes_of(short),
        len(short),
        shortest,
    )


def _sheets(
    session: Session, actor: Actor, asked: AnalyticsAsked, now: datetime
) -> Sequence[DaySheet]:
    since = frame_of(session, asked).span[0]
    people = readable_professionals(session, actor, asked, since=since)
    return load_sheets(session, people, Days(asked.first, asked.last), now=now)


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


def _by_cell(clock: WallClock, spans: Iterable[Span]) -> Counter[Cell]:
    """The seconds in each hour of each weekday; an hour that comes twice is one."""
    found: Counter[Cell] = Counter()
    for start, end in spans:
        while start < end:
            into = clock.seconds_into_day(start)
            until = min(end, start + HOUR - into % HOUR)
            found[date.fromordinal(clock.ordinal_of(start)).weekday(), into // HOUR] += (
                until - start
            )
            start = until
    return found
