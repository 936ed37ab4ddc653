"""The bookings behind a bar of a figure: by the words the figure counts by."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from core.agenda import PAGE_LENGTH, Agenda, draw_page, page_within
from core.analytics.asked import AnalyticsAsked
from core.analytics.demand import has_waited, is_made
from core.analytics.facts import Facts, Mask
from core.analytics.grouping import By, Key, Picked, key_of, keys_of, pick
from core.analytics.seats import Seats, is_among
from core.analytics.worth import is_lost, is_sold, own_currency, takes_place
from core.models import Booking, Kept
from core.policy import Actor, Permission, require, visible_bookings

P = Permission


class Behind(enum.StrEnum):
    """What the bar counts."""

    NO_SHOWS = "no_shows"
    CANCELLED = "cancelled"
    MADE = "made"
    WAITED = "waited"
    BOOKED = "booked"
    LOST = "lost"


@dataclass(frozen=True)
class BehindAsked:
    """A bar: the group with that key, of a figure; and which page of its bookings."""

    asked: AnalyticsAsked
    what: Behind
    by: By
    key: Key
    page: int = 1


def load_behind(session: Session, actor: Actor, asked: BehindAsked, *, now: datetime) -> Agenda:
    """The bookings the actor may see of those the bar counts, by time, page by page.

    A group visit stands there once, however many of its seats are counted.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    of = Kept.MADE if asked.what is Behind.MADE else Kept.VISITS
    picked = pick(session, actor, asked.asked, of)
    counted = picked.only(CONDITIONS[asked.what](session, picked.facts, now))
    ids = _by_time(_in_group(session, counted, asked.by, asked.key))
    page = page_within(asked.page, len(ids))
    on_page = ids[(page - 1) * PAGE_LENGTH : page * PAGE_LENGTH]
    chosen = visible_bookings(actor).where(Booking.id.in_(on_page))
    return draw_page(session, chosen, len(ids), page)


def _in_group(session: Session, picked: Picked, by: By, key: Key) -> Facts:
    numbers, group = np.unique(keys_of(session, by, picked), return_inverse=True)
    is_one = np.array([key_of(by, each) == key for each in numbers.tolist()], np.bool_)
    return picked.facts[is_one[group]]


def _by_time(facts: Facts) -> list[int]:
    """The bookings, each once."""
    ordered = facts.booking[np.lexsort((facts.booking, facts.starts))]
    return list(dict.fromkeys(ordered.tolist()))


CONDITIONS: Mapping[Behind, Callable[[Session, Facts, datetime], Mask]] = {
    Behind.NO_SHOWS: lambda _session, facts, now: is_among(Seats.NO_SHOWS, facts, now),
    Behind.CANCELLED: lambda _session, facts, now: is_among(Seats.CANCELLED, facts, now),
    Behind.MADE: lambda _session, facts, _now: is_made(facts),
    Behind.WAITED: lambda _session, facts, _now: has_waited(facts),
    Behind.BOOKED: lambda session, facts, _now: _of_own(session, facts) & takes_place(facts),
    Behind.LOST: lambda session, facts, _now: _of_own(session, facts) & is_lost(facts),
}


def _of_own(session: Session, facts: Facts) -> Mask:
    return is_sold(facts, own_currency(session))
