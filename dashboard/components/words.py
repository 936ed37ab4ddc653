"""The words and forms that several screens share."""

from collections.abc import Mapping

from core.errors import N_
from core.models import BookingState, OverrideKind
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


def override_word(kind: OverrideKind) -> str:
    return _(OVERRIDE_WORDS[kind])


def state_word(state: BookingState) -> str:
    return _(STATE_WORDS[state])


def money(cents: int, currency: str) -> str:
    """An amount with its currency: "45.00 EUR"."""
    return f"{cents // 100}.{cents % 100:02} {currency}"


def minutes(count: int) -> str:
    return _("{count} min").format(count=count)
