"""What became of the time that patients gave back."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import frame_of, is_asked_for
from core.db import seconds_of
from core.interval import Span, intersect, minutes_of, to_instant, union
from core.models import LONGEST_VISIT_SECONDS, OCCUPYING, Booking, BookingState
from core.policy import Actor, Permission, require

P, S = Permission, BookingState


@dataclass(frozen=True)
class Refilled:
    """Minutes that patients gave back by cancelling, and how many of them were used again."""

    freed_minutes: int
    refilled_minutes: int

    @property
    def share(self) -> float | None:
        return self.refilled_minutes / self.freed_minutes if self.freed_minutes else None


def refilled(session: Session, actor: Actor, asked: AnalyticsAsked) -> Refilled:
    """Time freed twice counts once, and so does time filled by two visits at once.

    What the place cancelled by itself is not counted: it was not to be sold again.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    frame = frame_of(session, asked)
    freed = [
        is_asked_for(actor, asked, frame),
        Booking.state == S.CANCELLED,
        Booking.cancel_asked_by_patient.is_(True),
    ]
    span = (seconds_of(Booking.starts_at), seconds_of(Booking.ends_at))
    given_back: dict[int, list[Span]] = defaultdict(list)
    for who, start, end in session.execute(select(Booking.professional_id, *span).where(*freed)):
        given_back[who].append((start, end))
    used = _used(session, given_back, frame.span)
    pairs = [(union(spans), union(used[who])) for who, spans in given_back.items()]
    return Refilled(
        sum(minutes_of(each) for each, _ in pairs),
        sum(minutes_of(intersect(each, taken)) for each, taken in pairs),
    )


def _used(session: Session, given_back: dict[int, list[Span]], span: Span) -> dict[int, list[Span]]:
    """The visits that lie over time given back, by professional."""
    gone, other = aliased(Booking), aliased(Booking)
    start, end = to_instant(span[0]), to_instant(span[1])
    rows = session.execute(
        select(other.professional_id, seconds_of(other.starts_at), seconds_of(other.ends_at))
        .join(
            gone,
            and_(
                gone.professional_id == other.professional_id,
                gone.starts_at < other.ends_at,
                seconds_of(other.starts_at) > seconds_of(gone.starts_at) - LONGEST_VISIT_SECONDS,
                other.starts_at < gone.ends_at,
            ),
        )
        .where(
            gone.professional_id.in_(list(given_back)),
            gone.state == S.CANCELLED,
            gone.starts_at >= start,
            gone.starts_at < end,
            other.starts_at > to_instant(span[0] - LONGEST_VISIT_SECONDS),
            other.starts_at < to_instant(span[1] + LONGEST_VISIT_SECONDS),
            other.state.in_(OCCUPYING - {S.HELD}),
        )
        .distinct()
    )
    found: dict[int, list[Span]] = defaultdict(list)
    for who, begins, ends in rows:
        found[who].append((begins, ends))
    return found
