"""When a visit can start, and why not: one engine for every screen and every rule.

Sheets are loaded once (``load_sheets``); all else is pure Python over them.
"""

from core.availability.clock import WallClock, clock_of
from core.availability.loading import Days, load_busy, load_sheets, organisation_clock
from core.availability.reasons import Explainer, Reason, ReasonCode
from core.availability.sheet import Busy, ClosureSpan, DaySheet, Limits, TimeOffSpan
from core.availability.starts import Rules, Visit, starts

__all__ = [
    "Busy",
    "ClosureSpan",
    "DaySheet",
    "Days",
    "Explainer",
    "Limits",
    "Reason",
    "ReasonCode",
    "Rules",
    "TimeOffSpan",
    "Visit",
    "WallClock",
    "clock_of",
    "load_busy",
    "load_sheets",
    "organisation_clock",
    "starts",
]
