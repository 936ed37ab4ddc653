"""No-shows and cancellations, counted by seat: each patient of a group visit by themselves.

A seat is *due* when its visit has begun and was not cancelled; of those, no-shows are the
share that is missed. A seat is *booked* whatever became of it; of those, cancellations are
the share that is given up. Holds and whoever only waited for a seat count nowhere.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.facts import Facts, Mask, is_in
from core.analytics.grouping import By, Key, Picked, count_groups, pick, totals
from core.interval import to_seconds
from core.models import BookingState
from core.policy import Actor, Permission, require

P, S = Permission, BookingState
FEW_DUE, FEW_NO_SHOWS = 20, 3
"""Of fewer than these a share says little."""


class Seats(enum.StrEnum):
    """Which seats are counted."""

    BOOKED = "booked"
    DUE = "due"
    NO_SHOWS = "no_shows"
    UNMARKED = "unmarked"
    """Due, and nobody has noted whether the patient came."""
    CANCELLED = "cancelled"
    EARLY = "early"
    LATE = "late"
    BY_US = "by_us"
    LEFT = "left"
    """A seat in a group that was given up while the group went on."""


@dataclass(frozen=True)
class SeatCounts:
    """One group of seats, or all of them; the four ways of cancelling add up to all."""

    key: Key = None
    name: str = ""
    booked: int = 0
    due: int = 0
    no_shows: int = 0
    unmarked: int = 0
    cancelled: int = 0
    early: int = 0
    late: int = 0
    by_us: int = 0
    left: int = 0

    @property
    def no_show_share(self) -> float | None:
        """Of the seats that were due; None when none was."""
        return self.no_shows / self.due if self.due else None

    @property
    def cancelled_share(self) -> float | None:
        """Of all that were booked; None when none was."""
        return self.cancelled / self.booked if self.booked else None


def seats(
    session: Session, actor: Actor, asked: AnalyticsAsked, by: By, *, now: datetime
) -> list[SeatCounts]:
    """The seats of visits that begin on the days asked for, in groups, by their key.

    A day, weekday or hour nothing was booked for is there as well, between others.
    """
    picked = _seats_of(session, actor, asked)
    counts = _counts(picked.facts, now)
    return [SeatCounts(*each) for each in count_groups(session, by, asked, picked, counts)]


def all_seats(
    session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime
) -> SeatCounts:
    """All of them together."""
    picked = _seats_of(session, actor, asked)
    return SeatCounts(None, "", *totals(_counts(picked.facts, now)))


def missed_most(groups: Sequence[SeatCounts]) -> SeatCounts | None:
    """The group with the highest share of no-shows, of those that have enough of them to say so;
    None where it would have no other to stand out from."""
    enough = [each for each in groups if each.due >= FEW_DUE and each.no_shows >= FEW_NO_SHOWS]
    if len(enough) < 2:
        return None
    return max(enough, key=lambda each: each.no_show_share or 0)


def is_among(which: Seats, facts: Facts, now: datetime) -> Mask:
    """Which seats are of those, of seats that count at all."""
    return is_counted(facts) & AMONG[which](facts, now)


def is_counted(facts: Facts) -> Mask:
    return ~is_in(facts.state, S.HELD) & ~facts.waiting & (facts.patient > 0)


def _seats_of(session: Session, actor: Actor, asked: AnalyticsAsked) -> Picked:
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    picked = pick(session, actor, asked)
    return picked.only(is_counted(picked.facts))


def _counts(facts: Facts, now: datetime) -> Sequence[Mask]:
    return [AMONG[which](facts, now) for which in Seats]


def _given_up(facts: Facts) -> Mask:
    return is_in(facts.seat, S.CANCELLED) & (facts.seats > 1)


def _whole(facts: Facts) -> Mask:
    """The visit itself was cancelled, for all who had not left it before."""
    return is_in(facts.state, S.CANCELLED) & ~_given_up(facts)


def _lost(facts: Facts) -> Mask:
    return is_in(facts.state, S.CANCELLED) | is_in(facts.seat, S.CANCELLED)


def _due(facts: Facts, now: datetime) -> Mask:
    return ~_lost(facts) & (facts.starts <= to_seconds(now))


AMONG: Mapping[Seats, Callable[[Facts, datetime], Mask]] = {
    Seats.BOOKED: lambda facts, _now: np.ones(len(facts), np.bool_),
    Seats.DUE: _due,
    Seats.NO_SHOWS: lambda facts, now: _due(facts, now) & is_in(facts.seat, S.NO_SHOW),
    Seats.UNMARKED: lambda facts, now: _due(facts, now) & is_in(facts.seat, S.BOOKED),
    Seats.CANCELLED: lambda facts, _now: _lost(facts),
    Seats.EARLY: lambda facts, _now: _whole(facts) & facts.by_patient & ~facts.late,
    Seats.LATE: lambda facts, _now: _whole(facts) & facts.by_patient & facts.late,
    Seats.BY_US: lambda facts, _now: _whole(facts) & ~facts.by_patient,
    Seats.LEFT: lambda facts, _now: _given_up(facts),
}
