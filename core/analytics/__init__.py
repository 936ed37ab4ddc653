"""Figures: what the book says of a period, counted in the database."""

from core.analytics.asked import AnalyticsAsked
from core.analytics.desk import DeskCounts, desk_counts
from core.analytics.utilisation import UtilisationWeek, utilisation

__all__ = ["AnalyticsAsked", "DeskCounts", "UtilisationWeek", "desk_counts", "utilisation"]
