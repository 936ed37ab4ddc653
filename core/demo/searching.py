"""What was looked for at the demo's practice in its weeks of history, and what was not found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core.availability import ReasonCode
from core.demo.practice import WEEKS_BACK, Practice
from core.models import Channel, Search

SEED = 11
"""Its own, so that the diary stays as it is."""
R = ReasonCode


@dataclass(frozen=True)
class Wanted:
    """How often a service is asked for in a week, and how that goes."""

    service: str
    a_week: float
    nothing: float
    """The share that finds nothing."""
    ahead: float
    """Days to the first time that is found, on average."""
    reasons: tuple[ReasonCode, ...] = (R.TAKEN, R.TAKEN, R.TAKEN, R.CLOSED)
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    """Which day it is asked for when it is not to be had."""


WANTED = (
    Wanted("Consultation", 26, 0.05, 0.6),
    Wanted("Follow-up", 16, 0.03, 0.8),
    Wanted("First consultation", 8, 0.08, 1.6),
    Wanted("Blood test", 7, 0.04, 0.7),
    Wanted("Skin check", 10, 0.18, 4.5, weekdays=(1, 1, 6)),
    Wanted("Minor surgery", 3, 0.16, 6.0, (R.ROOM, R.TAKEN)),
    Wanted("Ultrasound", 5, 0.07, 2.0),
    Wanted("Physiotherapy", 15, 0.36, 5.5, weekdays=(1, 3, 4, 5)),
    Wanted("Therapy session", 9, 0.38, 9.0, (R.TAKEN, R.DAY_LIMIT, R.CLOSED), (1, 2, 5)),
    Wanted("Child check-up", 7, 0.1, 1.8, (R.CLOSED, R.TAKEN), (3, 6)),
    Wanted("Career mentoring", 3, 0.45, 3.0, (R.CLOSED, R.CLOSED, R.NOTICE), (1, 5, 6)),
    Wanted("Video consultation", 4, 0.08, 1.5),
)
CHANNELS = (Channel.DESK,) * 13 + (Channel.PATIENT,) * 6 + (Channel.PROFESSIONAL,)
BUSY_DAYS = (1.4, 1.1, 1.0, 0.9, 1.0, 0.4, 0.2)
"""People call on Mondays; on Sundays they only look by themselves."""


def write(session: Session, practice: Practice, *, now: datetime) -> None:
    """The whole history, the same each time for the same day."""
    chance = Random(SEED)  # noqa: S311 - the same demo each time is what is wanted
    today = now.astimezone(practice.zone).date()
    days = [today - timedelta(days=back) for back in range(7 * WEEKS_BACK, 0, -1)]
    rows = [row for on in days for row in _of_day(chance, practice, on)]
    numbered = [row | {"key": f"demo-{number}"} for number, row in enumerate(rows)]
    session.execute(insert(Search), numbered)


def _of_day(chance: Random, practice: Practice, on: date) -> Iterator[dict[str, Any]]:
    for wanted in WANTED:
        offering = [who for who, what in practice.lengths if what == wanted.service]
        often = wanted.a_week / 6 * BUSY_DAYS[on.weekday()]
        count = int(often) + (chance.random() < often % 1)
        for _ in range(count):
            yield _search(chance, practice, wanted, offering, on)


def _search(
    chance: Random, practice: Practice, wanted: Wanted, offering: Sequence[str], on: date
) -> dict[str, Any]:
    service = practice.services[wanted.service]
    is_nothing = chance.random() < wanted.nothing
    asks_day, asks_whom = chance.random() < (0.6 if is_nothing else 0.25), chance.random() < 0.3
    weekday = chance.choice(wanted.weekdays if is_nothing else (1, 2, 3, 4, 5))
    whom = practice.professionals[chance.choice(offering)].id
    reason, ahead = chance.choice(wanted.reasons), int(chance.expovariate(1 / wanted.ahead))
    channel = Channel.PATIENT if on.weekday() == 6 else chance.choice(CHANNELS)
    return {
        "searched_on": on,
        "channel": channel,
        "service_id": service.id,
        "professional_id": whom if asks_whom else None,
        "weekday": weekday if asks_day else None,
        "first_on": on,
        "last_on": on + timedelta(days=service.horizon_days or 0),
        "found": 0 if is_nothing else chance.randint(1, 20),
        "days_ahead": None if is_nothing else min(ahead, 45),
        "reason": reason.value if is_nothing else "",
    }
