"""Figures: what the book says of a period, counted in the database."""

from core.analytics.asked import AnalyticsAsked
from core.analytics.desk import DeskCounts, desk_counts
from core.analytics.grouping import LEAD_DAYS, By, Key
from core.analytics.refilled import Refilled, refilled
from core.analytics.seats import SeatCounts, Seats, all_seats, seats
from core.analytics.utilisation import UtilisationWeek, utilisation

__all__ = [
    "LEAD_DAYS",
    "AnalyticsAsked",
    "By",
    "DeskCounts",
    "Key",
    "Refilled",
    "SeatCounts",
    "Seats",
    "UtilisationWeek",
    "all_seats",
    "desk_counts",
    "refilled",
    "seats",
    "utilisation",
]
