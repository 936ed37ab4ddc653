"""Demand: what was booked when and through whom, and how long people wait here."""

from dataclasses import dataclass
from statistics import median

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import By, Counts, Frame, Key, count_groups, frame_of, is_asked_for
from core.db import seconds_of
from core.interval import to_instant
from core.models import Booking, BookingState, Channel, WaitingEntry, WaitingState
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
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    frame = frame_of(session, asked, Booking.created_at.expression)
    query = _made(actor, asked, frame)
    return [Made(*each) for each in count_groups(session, by, asked, frame, query)]


def all_made(session: Session, actor: Actor, asked: AnalyticsAsked) -> Made:
    """All of it together."""
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    frame = frame_of(session, asked, Booking.created_at.expression)
    row = session.execute(_made(actor, asked, frame)).one()
    return Made(None, "", *(int(each or 0) for each in row))


def _made(actor: Actor, asked: AnalyticsAsked, frame: Frame) -> Counts:
    channels = (Channel.DESK, Channel.PROFESSIONAL, Channel.PATIENT, Channel.IMPORT)
    counts = (func.sum(case((Booking.channel == each, 1), else_=0)) for each in channels)
    query = select(func.count(), *counts).select_from(Booking)
    return query.where(is_asked_for(actor, asked, frame), Booking.state != S.HELD)


def waited(session: Session, actor: Actor, asked: AnalyticsAsked, by: By) -> list[Waited]:
    """Time in house between arriving and beginning, of visits on the days asked for."""
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    frame = frame_of(session, asked)
    query = _waited(actor, asked, frame)
    return [Waited(*each) for each in count_groups(session, by, asked, frame, query)]


def all_waited(session: Session, actor: Actor, asked: AnalyticsAsked) -> Waited:
    """All of it together."""
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    row = session.execute(_waited(actor, asked, frame_of(session, asked))).one()
    return Waited(None, "", *(int(each or 0) for each in row))


def _waited(actor: Actor, asked: AnalyticsAsked, frame: Frame) -> Counts:
    seconds = seconds_of(Booking.started_at) - seconds_of(Booking.arrived_at)
    return select(
        func.count(),
        func.sum(seconds),
        func.sum(case((seconds > LONG_WAIT_SECONDS, 1), else_=0)),
    ).where(
        is_asked_for(actor, asked, frame),
        Booking.arrived_at.is_not(None),
        Booking.started_at >= Booking.arrived_at,
    )


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
