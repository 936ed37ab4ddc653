"""When a visit can start, and why not: one engine for every screen and every rule.

Sheets are loaded once (``load_sheets``); all else is pure Python over them.
"""

from core.availability.clock import TypedTime, WallClock, clock_of
from core.availability.loading import (
    Days,
    load_busy,
    load_empty_sheets,
    load_sheets,
    load_sheets_and,
    organisation_clock,
)
from core.availability.reasons import Explainer, Reason, ReasonCode
from core.availability.seats import full_spans, peak
from core.availability.sheet import BadRow, Busy, ClosureSpan, DaySheet, Limits, TimeOffSpan
from core.availability.starts import Rules, Visit, starts, starts_every_week
from core.availability.together import (
    InTheWay,
    Part,
    TogetherExplainer,
    starts_with_all,
    starts_with_any,
)

__all__ = [
    "BadRow",
    "Busy",
    "ClosureSpan",
    "DaySheet",
    "Days",
    "Explainer",
    "InTheWay",
    "Limits",
    "Part",
    "Reason",
    "ReasonCode",
    "Rules",
    "TimeOffSpan",
    "TogetherExplainer",
    "TypedTime",
    "Visit",
    "WallClock",
    "clock_of",
    "full_spans",
    "load_busy",
    "load_empty_sheets",
    "load_sheets",
    "load_sheets_and",
    "organisation_clock",
    "peak",
    "starts",
    "starts_every_week",
    "starts_with_all",
    "starts_with_any",
]
