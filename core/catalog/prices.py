"""What a visit costs with somebody, and why so much."""

import enum
from dataclasses import dataclass

from core.models import Tier


class PriceRule(enum.StrEnum):
    """Where a price comes from."""

    SERVICE = "service"
    SURCHARGE = "surcharge"
    """The service's, and what the professional's tier adds."""
    OWN = "own"
    """This professional asks another one than the rest."""


@dataclass(frozen=True)
class Price:
    """``cents`` is to be paid; with a surcharge it is ``usual_cents`` and what ``tier`` adds."""

    cents: int
    rule: PriceRule
    usual_cents: int
    tier: str = ""
    percent: int = 0
    surcharge_cents: int = 0


def price_for(usual_cents: int, own_cents: int | None, tier: Tier | None) -> Price:
    """A professional's own price comes before any surcharge; what is free stays free."""
    adds = tier is not None and (tier.percent or tier.surcharge_cents) and usual_cents
    if own_cents is not None:
        is_usual = own_cents == usual_cents and not adds
        rule = PriceRule.SERVICE if is_usual else PriceRule.OWN
        return Price(own_cents, rule, usual_cents)
    if tier is None or not adds:
        return Price(usual_cents, PriceRule.SERVICE, usual_cents)
    added = (usual_cents * tier.percent + 50) // 100 + tier.surcharge_cents
    return Price(
        usual_cents + added,
        PriceRule.SURCHARGE,
        usual_cents,
        tier.name,
        tier.percent,
        tier.surcharge_cents,
    )
