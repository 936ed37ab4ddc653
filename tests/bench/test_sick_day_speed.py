"""How fast a desk has the next visit of a sick day before it, with ranked places to offer.

Run by ``make bench``; the answers are asserted, the times are shown.
"""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from core import sick_day
from core.models import Booking
from core.policy import Actor
from core.schedule import NewTimeOff, enter_time_off, remove_time_off
from tests import a
from tests.bench.workload import NOW, Diary

STRANDED = 20
ROUNDS = 7
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def away(diary: Diary) -> Iterator[tuple[Actor, int]]:
    """The first professional is away from December on, for long enough to strand twenty visits."""
    who = diary.professional_ids[0]
    with diary.database.writing() as session:
        desk = a.actor(session)
        booked = (
            select(Booking.ends_at)
            .where(Booking.professional_id == who, Booking.starts_at >= NOON)
            .order_by(Booking.starts_at)
            .limit(STRANDED)
        )
        until = session.scalars(booked).all()[-1].astimezone(UTC)
        asked = NewTimeOff(who, NOON, until, "ill")
        entered = enter_time_off(session, desk, asked, now=NOW).id
    yield desk, entered
    with diary.database.writing() as session:
        remove_time_off(session, desk, entered, now=NOW)


def test_20_stranded_visits_with_ranked_places(benchmark, diary, away, capsys):
    """The list as the page reads it, then the places for each visit on it."""
    desk, time_off_id = away
    took: list[float] = []

    def through() -> int:
        with diary.database.reading() as session:
            rows = sick_day.load_worklist(session, desk, time_off_id, now=NOW).rows
        for each in rows:
            begun = time.perf_counter()
            with diary.database.reading() as session:
                offered = sick_day.propose_instead(session, desk, each.booking.id, now=NOW)
            took.append((time.perf_counter() - begun) * 1000)
            assert len(offered) == 5
        return len(rows)

    assert benchmark.pedantic(through, rounds=ROUNDS, warmup_rounds=1) == STRANDED
    whole = statistics.median(benchmark.stats.stats.data) * 1000 if benchmark.stats else 0
    one = statistics.median(took)
    benchmark.extra_info["one visit, ms"] = round(one, 1)
    with capsys.disabled():
        print(f"\n{STRANDED} stranded visits: {whole:.0f} ms in all, {one:.1f} ms for one")
