"""How long the first page of the directory keeps the database, at 200,000 bookings and 20,000
patients, on both engines; and the page as a whole.

Run by ``make bench``; what is found and how many questions it takes are asserted, times shown.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from core.availability.next_free import AFTERNOON
from core.db import Database
from core.directory import ANY_TIME, Sought, TimesAsked, When, find, free_times
from core.models import Role
from core.own_bookings import load_coming, load_past
from core.policy import Actor
from tests.bench import workload
from tests.bench.workload import NOW, Diary
from tests.conftest import ENGINES

BOOKINGS, PATIENTS, TURNS = 200_000, 20_000, 15
THURSDAY_AFTERNOON = When(frozenset({4}), (AFTERNOON,))


@pytest.fixture(scope="module", params=ENGINES)
def large(request, migrated_file, tmp_path_factory) -> Iterator[Diary]:
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("bench") / "directory.db"
        path.write_bytes(migrated_file.read_bytes())
        database = Database(f"sqlite:///{path}")
    else:
        database = request.getfixturevalue("migrated_postgresql")
    yield workload.fill(database, BOOKINGS, patients=PATIENTS)
    if request.param == "sqlite":
        database.dispose()


class Stopwatch:
    def __init__(self) -> None:
        self.seconds, self.questions, self._began = 0.0, 0, 0.0

    def begin(self, *_event) -> None:
        self._began = time.perf_counter()

    def end(self, *_event) -> None:
        self.seconds += time.perf_counter() - self._began
        self.questions += 1


@contextmanager
def watched(database: Database) -> Iterator[Stopwatch]:
    watch = Stopwatch()
    pairs = (("before_cursor_execute", watch.begin), ("after_cursor_execute", watch.end))
    for name, heard in pairs:
        event.listen(database.engine, name, heard)
    yield watch
    for name, heard in pairs:
        event.remove(database.engine, name, heard)


def test_the_first_page_at_200_000_bookings(large, capsys):
    ana = Actor(Role.PATIENT, "Ana", user_id=1, patient_id=large.patient_ids[7])
    asked = {
        "anybody, soonest first": Sought(),
        "Thursday afternoon": Sought(when=THURSDAY_AFTERNOON),
        "by name": Sought(words="dr 00"),
    }
    pages = {
        name: lambda db, sought=sought: find(db, ana, sought, now=NOW)
        for name, sought in asked.items()
    }
    who = TimesAsked(large.professional_ids[0], large.service_id, ANY_TIME)
    pages["one profile's times"] = lambda db: free_times(db, ana, who, now=NOW)
    pages["my bookings"] = lambda db: (
        load_coming(db, ana, now=NOW),
        load_past(db, ana, now=NOW + timedelta(days=1)),
    )
    for name, page in pages.items():
        times, whole, questions = measure(large.database, page)
        assert questions < 40, name
        with capsys.disabled():
            print(f"\n{name}: {times:.1f} ms of database, {whole:.1f} ms in all, {questions} q")


def measure(database: Database, page) -> tuple[float, float, int]:
    within, whole, questions = [], [], 0
    for _turn in range(TURNS):
        with watched(database) as watch, database.reading() as db:
            began = time.perf_counter()
            assert page(db)
            whole.append(time.perf_counter() - began)
        within.append(watch.seconds)
        questions = watch.questions
    return statistics.median(within) * 1000, statistics.median(whole) * 1000, questions
