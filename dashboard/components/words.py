"""The words and forms that several screens share."""

from collections import Counter
from collections.abc import Iterable, Mapping

from core.catalog import Price, PriceRule
from core.errors import N_
from core.models import BookingState, OverrideKind
from dashboard.formatting import number
from dashboard.i18n import _

STATE_WORDS: Mapping[BookingState, str] = {
    BookingState.HELD: N_("Held"),
    BookingState.BOOKED: N_("Booked"),
    BookingState.ARRIVED: N_("Arrived"),
    BookingState.IN_PROGRESS: N_("In progress"),
    BookingState.COMPLETED: N_("Completed"),
    BookingState.NO_SHOW: N_("No-show"),
    BookingState.CANCELLED: N_("Cancelled"),
}


OVERRIDE_WORDS: Mapping[OverrideKind, str] = {
    OverrideKind.OVERLAP: N_("Overlap"),
    OverrideKind.OUTSIDE_HOURS: N_("Working hours"),
    OverrideKind.NOTICE: N_("Notice"),
    OverrideKind.OFF_STEP: N_("Step"),
    OverrideKind.BUFFER: N_("Buffer"),
    OverrideKind.LIMIT: N_("Limit"),
    OverrideKind.LATE_CANCEL: N_("Late cancellation"),
}


def told_apart(names: Iterable[str]) -> list[str]:
    """The names in their order, with its number beside each that has been there before."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def override_word(kind: OverrideKind) -> str:
    return _(OVERRIDE_WORDS[kind])


def state_word(state: BookingState) -> str:
    return _(STATE_WORDS[state])


def money(cents: int, currency: str) -> str:
    """An amount with its currency, "1,245.00 EUR", in the reader's form."""
    return _("{amount} {currency}").format(amount=number(cents / 100, 2), currency=currency)


def price_in_words(price: Price, currency: str) -> str:
    """The price and where it comes from: "72.00 EUR (60.00 EUR + 20 % Premium)"."""
    if not price.cents:
        return _("free of charge")
    amount = money(price.cents, currency)
    if price.rule is PriceRule.OWN:
        return _("{amount}, own price").format(amount=amount)
    if price.rule is PriceRule.SERVICE:
        return amount
    added = f"{price.percent} %" if price.percent else money(price.surcharge_cents, currency)
    usual = money(price.usual_cents, currency)
    return _("{amount} ({usual} + {added} {tier})").format(
        amount=amount, usual=usual, added=added, tier=price.tier
    )


def taxed(price: str, tax_rate: int) -> str:
    """The price, and how much of a hundred in it is tax: "60.00 EUR, incl. 23 % tax"."""
    if not price or not tax_rate:
        return price
    digits = 2 if tax_rate % 10 else 1 if tax_rate % 100 else 0
    percent = number(tax_rate / 100, digits)
    return _("{price}, incl. {percent} % tax").format(price=price, percent=percent)


def minutes(count: int) -> str:
    return _("{count} min").format(count=count)
