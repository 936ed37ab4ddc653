"""How fast a month of free time is put together, beside the floor: sqlite3 and one sweep.

Run by ``make bench``; the answers are asserted, the times are shown.
"""

import statistics
from contextlib import closing
from datetime import UTC, date, datetime
from functools import partial

from core.desk import DayAsked
from core.month import load_month
from tests.bench.test_availability_speed import DESK, Floor, median_ms
from tests.bench.workload import NOW, Diary

DECEMBER = date(2026, 12, 1)
DAYS, DAY = 31, 86400
ROUNDS = 5


def ours(diary: Diary) -> list[int]:
    """How many times there are to offer on each day, with everybody."""
    asked = DayAsked(DECEMBER, diary.service_id)
    with diary.database.reading() as session:
        return [each.times for each in load_month(session, DESK, asked, now=NOW).days]


def least(floor: Floor) -> list[int]:
    """The same with nothing around it: no rules, no reasons, one zone."""
    begin = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp())
    windows = list(floor.windows(begin, DAYS))
    found: list[set[int]] = [set() for _day in range(DAYS)]
    for professional_id in floor.diary.professional_ids:
        taken = floor.taken(professional_id, begin, begin + DAYS * DAY)
        for moment in floor.sweep(taken, windows):
            found[(moment - begin) // DAY].add(moment)
    return [len(each) for each in found]


def test_a_month_of_20_professionals(benchmark, diary, capsys):
    floor = Floor(diary)
    with closing(floor.connection):
        right = least(floor)
        assert sum(right) > 200
        assert benchmark(ours, diary) == right
        if benchmark.disabled:
            return
        # In turns, so that what else the machine does weighs on both.
        turns = [
            (
                median_ms(partial(least, floor), ROUNDS),
                median_ms(partial(ours, diary), ROUNDS),
            )
            for _ in range(7)
        ]
    lower, whole = (statistics.median(each) for each in zip(*turns, strict=True))
    benchmark.extra_info["times the floor"] = round(whole / lower, 1)
    with capsys.disabled():
        print(f"\n20x{DAYS}d: {whole:.2f} ms, floor {lower:.3f} ms, {whole / lower:.1f} times")
