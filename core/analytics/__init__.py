"""Figures: what the book says of a period, counted in the database."""

from core.analytics.asked import AnalyticsAsked
from core.analytics.demand import (
    Made,
    Waited,
    WaitingList,
    all_made,
    all_waited,
    made,
    waited,
    waiting_list,
)
from core.analytics.desk import DeskCounts, desk_counts
from core.analytics.forecast import Forecast, ForecastWeek, forecast
from core.analytics.grouping import LEAD_DAYS, By, Key, first_day_booked
from core.analytics.hours import Gaps, UtilisationHour, gaps, utilisation_hours
from core.analytics.own import (
    LatestBooking,
    OwnAsked,
    OwnFigures,
    OwnNumbers,
    latest_bookings,
    own_numbers,
    own_table,
)
from core.analytics.people import Cohort, People, PeopleMonth, people
from core.analytics.quiet import Quiet, Used, find_quiet, least_used_first
from core.analytics.refilled import Refilled, refilled
from core.analytics.searches import SearchCounts, Searched, all_searches, searches
from core.analytics.seats import SeatCounts, Seats, all_seats, missed_most, seats
from core.analytics.utilisation import Totals, UtilisationWeek, total, utilisation
from core.analytics.worth import Worth, all_worth, worth

__all__ = [
    "LEAD_DAYS",
    "AnalyticsAsked",
    "By",
    "Cohort",
    "DeskCounts",
    "Forecast",
    "ForecastWeek",
    "Gaps",
    "Key",
    "LatestBooking",
    "Made",
    "OwnAsked",
    "OwnFigures",
    "OwnNumbers",
    "People",
    "PeopleMonth",
    "Quiet",
    "Refilled",
    "SearchCounts",
    "Searched",
    "SeatCounts",
    "Seats",
    "Totals",
    "Used",
    "UtilisationHour",
    "UtilisationWeek",
    "Waited",
    "WaitingList",
    "Worth",
    "all_made",
    "all_searches",
    "all_seats",
    "all_waited",
    "all_worth",
    "desk_counts",
    "find_quiet",
    "first_day_booked",
    "forecast",
    "gaps",
    "latest_bookings",
    "least_used_first",
    "made",
    "missed_most",
    "own_numbers",
    "own_table",
    "people",
    "refilled",
    "searches",
    "seats",
    "total",
    "utilisation",
    "utilisation_hours",
    "waited",
    "waiting_list",
    "worth",
]
