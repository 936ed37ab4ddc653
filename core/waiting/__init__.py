"""The waiting list: who waits, what fits whom, and the times held for them while they are asked."""

from core.waiting.entries import (
    EditedEntry,
    NewEntry,
    Waiting,
    add,
    close,
    close_served,
    edit,
    load_waiting,
    reopen,
)
from core.waiting.fitting import Fit, Gap, Why, fitting_entries, gaps_for_waiting
from core.waiting.offers import (
    Offered,
    OfferRequest,
    accept,
    decline,
    get_offer,
    load_log,
    no_answer,
    offer,
    take_back,
)
from core.waiting.running import Running
from core.waiting.wishes import Wishes, suits

__all__ = [
    "EditedEntry",
    "Fit",
    "Gap",
    "NewEntry",
    "OfferRequest",
    "Offered",
    "Running",
    "Waiting",
    "Why",
    "Wishes",
    "accept",
    "add",
    "close",
    "close_served",
    "decline",
    "edit",
    "fitting_entries",
    "gaps_for_waiting",
    "get_offer",
    "load_log",
    "load_waiting",
    "no_answer",
    "offer",
    "reopen",
    "suits",
    "take_back",
]
