"""Count every figure of one period twice, and print how long it took and how large we became."""

import json
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import perf_counter

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import analytics
from core.analytics import AnalyticsAsked, By
from core.analytics.behind import Behind, BehindAsked, load_behind
from core.availability import organisation_clock
from core.db import Database
from core.interval import to_seconds, whole_day
from core.policy import CONSOLE
from tests.bench.workload import NOW

PERIODS = {
    "4 weeks": AnalyticsAsked(date(2026, 10, 26), date(2026, 11, 22)),
    "12 months": AnalyticsAsked(date(2025, 12, 1), date(2026, 11, 30)),
    "26 months": AnalyticsAsked(date(2024, 10, 1), date(2026, 11, 30)),
}
Count = Callable[[Session, AnalyticsAsked], object]
FIGURES: dict[str, Count] = {
    "utilisation": lambda db, asked: analytics.utilisation(db, CONSOLE, asked, now=NOW),
    "weekday and hour": lambda db, asked: analytics.utilisation_hours(db, CONSOLE, asked, now=NOW),
    "gaps": lambda db, asked: analytics.gaps(db, CONSOLE, asked, now=NOW),
    "seats": lambda db, asked: analytics.all_seats(db, CONSOLE, asked, now=NOW),
    "seats by lead time": lambda db, asked: analytics.seats(db, CONSOLE, asked, By.LEAD, now=NOW),
    "seats by hour": lambda db, asked: analytics.seats(db, CONSOLE, asked, By.HOUR, now=NOW),
    "new and returning": lambda db, asked: analytics.seats(
        db, CONSOLE, asked, By.RETURNING, now=NOW
    ),
    "refilled": lambda db, asked: analytics.refilled(db, CONSOLE, asked),
    "made by day": lambda db, asked: analytics.made(db, CONSOLE, asked, By.DAY),
    "time in house": lambda db, asked: analytics.waited(db, CONSOLE, asked, By.HOUR),
    "money by month": lambda db, asked: analytics.worth(db, CONSOLE, asked, By.MONTH, now=NOW),
    "patients": lambda db, asked: analytics.people(db, CONSOLE, asked, now=NOW),
    "behind a bar": lambda db, asked: load_behind(
        db, CONSOLE, BehindAsked(asked, Behind.NO_SHOWS, By.WEEKDAY, 0), now=NOW
    ),
}
PLAIN = text(
    "SELECT professional_id, (starts_at / 86400 + 3) / 7, COUNT(*), SUM(ends_at - starts_at) / 60, "
    "SUM(state = 'no_show'), SUM(state = 'cancelled') FROM bookings "
    "WHERE starts_at >= :first AND starts_at < :last GROUP BY 1, 2"
)


def plain(session: Session, asked: AnalyticsAsked) -> object:
    """Bookings, minutes, no-shows and cancellations by professional and week."""
    zone = organisation_clock(session).zone
    bounds = (whole_day(each, zone) for each in (asked.first, asked.last))
    first, last = bounds
    return session.execute(
        PLAIN, {"first": to_seconds(first.start), "last": to_seconds(last.end)}
    ).all()


def main(path: str, period: str) -> None:
    database = Database(f"sqlite:///{path}")
    found: dict[str, list[float]] = {}
    for name, count in (FIGURES | {"GROUP BY": plain}).items():
        found[name] = [_milliseconds(database, count, PERIODS[period]) for _ in range(2)]
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    found["megabytes"] = [int(peak[1]) / 1024 if peak else 0]
    print(json.dumps(found))


def _milliseconds(database: Database, count: Count, asked: AnalyticsAsked) -> float:
    begin = perf_counter()
    with database.reading() as session:
        count(session, asked)
    return (perf_counter() - begin) * 1000


if __name__ == "__main__":
    main(*sys.argv[1:])
