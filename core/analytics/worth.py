"""Money: what was booked at the prices it was sold at, and what was lost of it.

A visit counts once, a group visit too. What was sold in another currency than the place's
own is left out: adding it up would mean nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.facts import Facts, Mask, Numbers, is_in
from core.analytics.grouping import By, Key, Picked, count_groups, pick, totals
from core.interval import to_seconds
from core.models import OCCUPYING, BookingState, Organisation
from core.policy import Actor, Permission, require

P, S = Permission, BookingState


@dataclass(frozen=True)
class Worth:
    """In cents. Booked takes place or took place; the rest was lost with little or no warning."""

    key: Key = None
    name: str = ""
    visits: int = 0
    booked_cents: int = 0
    to_come_cents: int = 0
    """The part of booked that has not begun."""
    no_show_cents: int = 0
    late_cents: int = 0

    @property
    def lost_cents(self) -> int:
        return self.no_show_cents + self.late_cents


def worth(
    session: Session, actor: Actor, asked: AnalyticsAsked, by: By, *, now: datetime
) -> list[Worth]:
    """The visits that begin on the days asked for, in groups, by their key."""
    picked = _sold(session, actor, asked)
    counts = _values(picked.facts, now)
    return [Worth(*each) for each in count_groups(session, by, asked, picked, counts)]


def all_worth(session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime) -> Worth:
    """All of them together."""
    picked = _sold(session, actor, asked)
    return Worth(None, "", *totals(_values(picked.facts, now)))


def is_sold(facts: Facts, currency: str) -> Mask:
    """Each visit once, and of those in the place's own currency alone."""
    return facts.leads & np.isin(facts.currency, [currency.encode()])


def own_currency(session: Session) -> str:
    return session.scalar(select(Organisation.currency)) or ""


def takes_place(facts: Facts) -> Mask:
    return is_in(facts.state, *(OCCUPYING - {S.HELD}))


def is_lost(facts: Facts) -> Mask:
    """With little or no warning."""
    return _missed(facts) | _late(facts)


def _sold(session: Session, actor: Actor, asked: AnalyticsAsked) -> Picked:
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    picked = pick(session, actor, asked)
    return picked.only(is_sold(picked.facts, own_currency(session)))


def _values(facts: Facts, now: datetime) -> Sequence[Mask | Numbers]:
    booked, price = takes_place(facts), facts.price.astype(np.int64)
    return [
        booked,
        price * booked,
        price * (booked & (facts.starts > to_seconds(now))),
        price * _missed(facts),
        price * _late(facts),
    ]


def _missed(facts: Facts) -> Mask:
    return is_in(facts.state, S.NO_SHOW)


def _late(facts: Facts) -> Mask:
    return is_in(facts.state, S.CANCELLED) & facts.by_patient & facts.late
