"""A day at the desk, counted by how far its visits have come."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlalchemy.orm import Session

from core.availability import organisation_clock
from core.interval import to_instant
from core.models import Booking, BookingState
from core.policy import Actor, Permission, require, visible_bookings

P, S = Permission, BookingState


@dataclass(frozen=True)
class DeskCounts:
    """A day at the desk: where its visits stand now."""

    expected: int = 0
    arrived: int = 0
    in_progress: int = 0
    completed: int = 0
    no_shows: int = 0
    cancelled: int = 0


def desk_counts(session: Session, actor: Actor, day: date, now: datetime) -> DeskCounts:
    """How many of the day's visits are expected, there, in progress, done, missed, cancelled.

    Holds are not counted. ``now`` closes the day's book: what was made after it is left out.
    """
    require(actor, P.SCHEDULE_READ, P.SCHEDULE_READ_OWN)
    start, end = organisation_clock(session).span_of_days(day, day)
    rows = session.execute(
        visible_bookings(actor)
        .with_only_columns(Booking.state, func.count())
        .where(
            Booking.starts_at >= to_instant(start),
            Booking.starts_at < to_instant(end),
            Booking.created_at <= now,
        )
        .group_by(Booking.state)
    )
    found = {state: count for state, count in rows}  # noqa: C416 - rows are not pairs to mypy
    return DeskCounts(
        expected=found.get(S.BOOKED, 0),
        arrived=found.get(S.ARRIVED, 0),
        in_progress=found.get(S.IN_PROGRESS, 0),
        completed=found.get(S.COMPLETED, 0),
        no_shows=found.get(S.NO_SHOW, 0),
        cancelled=found.get(S.CANCELLED, 0),
    )
