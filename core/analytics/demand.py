"""Demand: what was booked when and through whom, and how long people wait here."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.facts import CHANNELS, Facts, Mask, Numbers, is_in
from core.analytics.grouping import By, Key, Picked, count_groups, frame_of, pick, totals
from core.interval import to_instant
from core.models import BookingState, Channel, Kept, WaitingEntry, WaitingState
from core.policy import Actor, Permission, require

P, S = Permission, BookingState
LONG_WAIT_SECONDS = 15 * 60


@dataclass(frozen=True)
class Made:
    """Bookings made, whatever became of them, by where they came from."""

    key: Key = None
    name: str = ""
    made: int = 0
    desk: int = 0
    professional: int = 0
    patient: int = 0
    imported: int = 0


@dataclass(frozen=True)
class Waited:
    """Visits of which both arriving and beginning were noted, and how long lay between."""

    key: Key = None
    name: str = ""
    visits: int = 0
    seconds: int = 0
    long: int = 0
    """Longer than a quarter of an hour."""

    @property
    def minutes(self) -> float | None:
        """On average; None without visits."""
        return self.seconds / 60 / self.visits if self.visits else None


@dataclass(frozen=True)
class WaitingList:
    """What became of those whose waiting ended in the period, and who waits now."""

    booked: int
    closed: int
    days_to_booking: float | None
    """Half of those who were booked waited no longer; None when nobody was."""
    waiting: int


def made(session: Session, actor: Actor, asked: AnalyticsAsked, by: By) -> list[Made]:
    """What was booked on the days asked for, by the instant of booking. Holds are no bookings."""
    picked = _made(session, actor, asked)
    counts = _channels(picked.facts)
    return [Made(*each) for each in count_groups(session, by, asked, picked, counts)]


def all_made(session: Session, actor: Actor, asked: AnalyticsAsked) -> Made:
    """All of it together."""
    return Made(None, "", *totals(_channels(_made(session, actor, asked).facts)))


def is_made(facts: Facts) -> Mask:
    return ~is_in(facts.state, S.HELD)


def _made(session: Session, actor: Actor, asked: AnalyticsAsked) -> Picked:
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    picked = pick(session, actor, asked, Kept.MADE)
    return picked.only(is_made(picked.facts))


def _channels(facts: Facts) -> Sequence[Mask]:
    channels = (Channel.DESK, Channel.PROFESSIONAL, Channel.PATIENT, Channel.IMPORT)
    each_of = [facts.channel == CHANNELS[each] for each in channels]
    return [facts.leads, *each_of]


def waited(session: Session, actor: Actor, asked: AnalyticsAsked, by: By) -> list[Waited]:
    """Time in house between arriving and beginning, of visits on the days asked for."""
    picked = _waited(session, actor, asked)
    counts = _waits(picked.facts)
    return [Waited(*each) for each in count_groups(session, by, asked, picked, counts)]


def all_waited(session: Session, actor: Actor, asked: AnalyticsAsked) -> Waited:
    """All of it together."""
    return Waited(None, "", *totals(_waits(_waited(session, actor, asked).facts)))


def has_waited(facts: Facts) -> Mask:
    """Each visit once, where both was noted."""
    return facts.leads & (facts.arrived > 0) & (facts.began >= facts.arrived)


def _waited(session: Session, actor: Actor, asked: AnalyticsAsked) -> Picked:
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    picked = pick(session, actor, asked)
    return picked.only(has_waited(picked.facts))


def _waits(facts: Facts) -> Sequence[Mask | Numbers]:
    seconds = facts.began - facts.arrived
    return [facts.leads, seconds, seconds > LONG_WAIT_SECONDS]


def waiting_list(session: Session, actor: Actor, asked: AnalyticsAsked) -> WaitingList:
    """Waiting that ended on the days asked for, and how many wait now, for the services asked."""
    require(actor, P.ANALYTICS_READ)
    session.flush()
    start, end = (to_instant(each) for each in frame_of(session, asked).span)
    query = select(WaitingEntry.state, WaitingEntry.created_at, WaitingEntry.closed_at)
    if asked.service_ids:
        query = query.where(WaitingEntry.service_id.in_(asked.service_ids))
    ended = and_(WaitingEntry.closed_at >= start, WaitingEntry.closed_at < end)
    rows = session.execute(query.where(or_(WaitingEntry.closed_at.is_(None), ended))).all()
    days = [
        (closed_at - made_at).total_seconds() / 86400
        for state, made_at, closed_at in rows
        if state is WaitingState.BOOKED and closed_at is not None
    ]
    return WaitingList(
        booked=len(days),
        closed=sum(state is WaitingState.CLOSED for state, *_ in rows),
        days_to_booking=median(days) if days else None,
        waiting=sum(state is WaitingState.WAITING for state, *_ in rows),
    )
