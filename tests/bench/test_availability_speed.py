"""How fast free times are found, beside the floor: sqlite3 and one sweep on the same file.

Run by ``make bench``; the answers are asserted, the times are shown.
"""

import gc
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

import pytest
from sqlalchemy import insert, select, text

from core.availability import Days, Explainer, Rules, Visit, load_sheets, starts
from core.availability.next_free import NextAsked, Proposal, next_starts
from core.db import Database, sqlite_module
from core.interval import Span
from core.models import Claim, Professional, Role
from core.policy import Actor
from tests.bench import workload
from tests.bench.workload import FIRST, HALF_HOUR, NOW, Diary

DAY = 86400
HALF_HOURLY = Visit(1800, rules=Rules(step=1800))
DESK = Actor(Role.RECEPTIONIST, "bench")


class Question(NamedTuple):
    professionals: int
    first_day: int
    days: int
    right: int

    def __str__(self) -> str:
        return f"{self.professionals}x{self.days}d"

    @property
    def asked(self) -> Days:
        first = FIRST + timedelta(days=self.first_day)
        return Days(first, first + timedelta(days=self.days - 1))


ONE_DAY, ONE_MONTH, EVERYBODY = (
    Question(1, 2, 1, 3),
    Question(1, 0, 30, 92),
    Question(20, 0, 30, 1840),
)


def load_people(diary: Diary, question: Question) -> list[Professional]:
    ids = diary.professional_ids[: question.professionals]
    with diary.database.reading() as session:
        return list(
            session.scalars(
                select(Professional).where(Professional.id.in_(ids)).order_by(Professional.id)
            )
        )


def ours(diary: Diary, people: list[Professional], question: Question) -> int:
    """From opening the session to the last start; who they are is known, as it is to the floor."""
    with diary.database.reading() as session:
        sheets = load_sheets(session, people, question.asked, now=NOW)
        return sum(len(starts(each, HALF_HOURLY, now=NOW)) for each in sheets)


class Floor:
    """What the same answer costs with nothing around it: no rules, no reasons, one zone."""

    def __init__(self, diary: Diary) -> None:
        self.diary = diary
        self.connection = sqlite_module().connect(diary.database.engine.url.database)
        rows = self.connection.execute("SELECT id, calendar_id FROM professionals")
        self.calendars = dict(rows.fetchall())

    def ask(self, question: Question) -> int:
        begin = int(datetime.combine(question.asked.first, datetime.min.time(), UTC).timestamp())
        end = begin + question.days * DAY
        windows = list(self.windows(begin, question.days))
        return sum(
            len(self.sweep(self.taken(id, begin, end), windows))
            for id in self.diary.professional_ids[: question.professionals]
        )

    def taken(self, professional_id: int, begin: int, end: int) -> list[Span]:
        return self.connection.execute(
            "SELECT starts_at, ends_at FROM claims WHERE calendar_id = ?"
            " AND starts_at >= ? AND starts_at < ? AND held_until IS NULL ORDER BY starts_at",
            (self.calendars[professional_id], begin, end),
        ).fetchall()

    @staticmethod
    def windows(begin: int, days: int) -> Iterator[Span]:
        for midnight in range(begin, begin + days * DAY, DAY):
            if (midnight // DAY + 3) % 7 < 5:
                yield midnight + 9 * 3600, midnight + 12 * 3600
                yield midnight + 13 * 3600, midnight + 17 * 3600

    @staticmethod
    def sweep(taken: list[Span], windows: list[Span]) -> list[int]:
        free, at = [], 0
        for opens, closes in windows:
            for moment in range(opens, closes - 1799, 1800):
                while at < len(taken) and taken[at][1] <= moment:
                    at += 1
                if at == len(taken) or taken[at][0] >= moment + 1800:
                    free.append(moment)
        return free


@pytest.fixture(scope="module")
def floor(diary: Diary) -> Iterator[Floor]:
    made = Floor(diary)
    with closing(made.connection):
        yield made


def median_ms(function: Callable[[], object], rounds: int) -> float:
    """Of processor time, whatever else the machine does; the collector waits, as for ``timeit``."""
    function()
    gc.collect()
    gc.disable()
    try:
        taken = [timed(function) for _ in range(rounds)]
    finally:
        gc.enable()
    return statistics.median(taken) * 1000


def timed(function: Callable[[], object]) -> float:
    begin = time.process_time()
    function()
    return time.process_time() - begin


@pytest.mark.parametrize(
    ("question", "rounds"), [(ONE_DAY, 40), (ONE_MONTH, 20), (EVERYBODY, 6)], ids=str
)
def test_free_times(benchmark, diary, floor, question, rounds, capsys):
    people = load_people(diary, question)
    assert floor.ask(question) == question.right
    assert benchmark(ours, diary, people, question) == question.right
    if benchmark.disabled:
        return
    # In turns, so that what else the machine does weighs on both.
    turns = [
        (
            median_ms(partial(floor.ask, question), rounds),
            median_ms(partial(ours, diary, people, question), rounds),
        )
        for _ in range(7)
    ]
    least, whole = (statistics.median(each) for each in zip(*turns, strict=True))
    benchmark.extra_info["times the floor"] = round(whole / least, 1)
    with capsys.disabled():
        print(f"\n{question}: {whole:.2f} ms, floor {least:.3f} ms, {whole / least:.1f} times")


def test_reasons_for_a_whole_day_of_20_professionals(benchmark, diary):
    """Every quarter hour from 08:00 to 18:00, the day already loaded."""
    with diary.database.reading() as session:
        people = session.scalars(select(Professional).order_by(Professional.id)).all()
        sheets = load_sheets(session, people, ONE_DAY.asked, now=NOW)
    visit = Visit(1800, rules=Rules(fits_gap=True))

    def every_reason() -> list[bool]:
        return [
            bool(explainer.reasons(start))
            for sheet in sheets
            for explainer in [Explainer(sheet, visit, now=NOW)]
            for start in range(sheet.span[0] + 8 * 3600, sheet.span[0] + 18 * 3600, 900)
        ]

    refused = benchmark(every_reason)
    assert len(refused) == 20 * 40
    offered = sum(len(starts(sheet, visit, now=NOW)) for sheet in sheets)
    assert refused.count(False) == offered


@pytest.fixture(scope="module")
def booked_out(diary: Diary, tmp_path_factory) -> Iterator[Diary]:
    """The diary with no half hour left in the next 60 days."""
    path = tmp_path_factory.mktemp("bench") / "booked_out.db"
    shutil.copyfile(diary.database.engine.url.database, path)
    database = Database(f"sqlite:///{path}")
    with database.writing() as session:
        people = session.scalars(select(Professional).order_by(Professional.id)).all()
        days = Days(NOW.date(), NOW.date() + timedelta(days=59))
        session.execute(
            insert(Claim),
            [
                {
                    "booking_id": 1,
                    "calendar_id": person.calendar_id,
                    "starts_at": datetime.fromtimestamp(start, UTC),
                    "ends_at": datetime.fromtimestamp(start, UTC) + HALF_HOUR,
                }
                for person, sheet in zip(
                    people, load_sheets(session, people, days, now=NOW), strict=True
                )
                for start in starts(sheet, HALF_HOURLY, now=NOW)
            ],
        )
        session.execute(text("ANALYZE"))
    yield replace(diary, database=database)
    database.dispose()


def test_next_free_when_everybody_is_booked_out_for_60_days(benchmark, booked_out):
    asked = NextAsked(booked_out.service_id, count=3, patient_id=booked_out.patient_ids[0])

    def ask() -> list[Proposal]:
        with booked_out.database.reading() as session:
            return next_starts(session, DESK, asked, now=NOW)

    found = benchmark(ask)
    assert [each.days_to_wait for each in found] == [60, 60, 60]


def test_next_free_when_somebody_is_free_today(benchmark, diary):
    asked = NextAsked(diary.service_id, count=3)

    def ask() -> list[Proposal]:
        with diary.database.reading() as session:
            return next_starts(session, DESK, asked, now=NOW)

    assert len(benchmark(ask)) == 3


@pytest.fixture(scope="module")
def diary_of(migrated_file, tmp_path_factory) -> Iterator[Callable[[int], Diary]]:
    made: dict[int, Diary] = {}

    def make(bookings: int) -> Diary:
        if bookings not in made:
            path = tmp_path_factory.mktemp("bench") / f"{bookings}.db"
            shutil.copyfile(migrated_file, path)
            made[bookings] = workload.fill(Database(f"sqlite:///{path}"), bookings)
        return made[bookings]

    yield make
    for each in made.values():
        each.database.dispose()


CURVE = [
    pytest.param(0, 308, 6160),
    pytest.param(1000, 92, 5160),
    pytest.param(10_000, 92, 1840),
    pytest.param(100_000, 92, 1840, marks=pytest.mark.slow),
    pytest.param(1_000_000, 92, 1840, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("bookings", "one", "everybody"), CURVE)
def test_cost_follows_the_window_asked_and_not_the_history(
    benchmark, diary_of, bookings, one, everybody
):
    diary = diary_of(bookings)
    assert ours(diary, load_people(diary, EVERYBODY), EVERYBODY) == everybody
    assert benchmark(ours, diary, load_people(diary, ONE_MONTH), ONE_MONTH) == one
