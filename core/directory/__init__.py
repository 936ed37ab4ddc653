"""The directory: who can be booked by patients, for what, at what price, and when.

What is here may be read by anybody, where the place says so. It names nobody who is booked,
no reason why a time is not free, and no address of those who work here.
"""

from core.catalog.prices import PriceRule
from core.directory.finding import A_PAGE, Found, FoundPage, Order, Sought, find
from core.directory.profiles import (
    PublicProfile,
    PublicService,
    Tags,
    get_profile,
    is_open_to_visitors,
    load_offering,
    load_tags,
)
from core.directory.times import ANY_TIME, FreeDay, FreeTimes, TimesAsked, When, free_times
from core.directory.words import Understood, read_words

__all__ = [
    "ANY_TIME",
    "A_PAGE",
    "Found",
    "FoundPage",
    "FreeDay",
    "FreeTimes",
    "Order",
    "PriceRule",
    "PublicProfile",
    "PublicService",
    "Sought",
    "Tags",
    "TimesAsked",
    "Understood",
    "When",
    "find",
    "free_times",
    "get_profile",
    "is_open_to_visitors",
    "load_offering",
    "load_tags",
    "read_words",
]
