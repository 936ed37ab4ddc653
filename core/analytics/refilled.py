"""What became of the time that patients gave back."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.facts import DAY, Facts, by_professional, is_in
from core.analytics.grouping import pick
from core.analytics.kept import load_facts
from core.analytics.spans import Spans
from core.interval import Span
from core.models import OCCUPYING, BookingState, Kept
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
    picked = pick(session, actor, asked)
    cancelled = is_in(picked.facts.state, S.CANCELLED) & picked.facts.by_patient
    freed = by_professional(picked.facts[cancelled])
    used = by_professional(_used(session, picked.frame.span))
    pairs = [(_time(each), _time(used.get(id, each[:0]))) for id, each in freed.items()]
    return Refilled(
        sum(given_back.minutes for given_back, _ in pairs),
        sum(given_back.common(taken).minutes for given_back, taken in pairs),
    )


def _used(session: Session, span: Span) -> Facts:
    """Every visit that may lie over time of the span: whoever made it, and for what."""
    first, last = span[0] // DAY - 1, span[1] // DAY + 1
    facts = load_facts(session, Kept.VISITS, first, last)
    return facts[is_in(facts.state, *(OCCUPYING - {S.HELD}))]


def _time(facts: Facts) -> Spans:
    return Spans(facts.starts, facts.ends).joined()
