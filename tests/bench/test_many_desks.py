"""Twenty desks at one process: how long each waits for what it asked, over raw websockets.

Run by ``make bench``, or alone by
``pytest tests/bench/test_many_desks.py --benchmark-enable --benchmark-only -m "" -s``;
nothing here asserts a time.
"""

import itertools
import random
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from core.db import Database
from core.models import User
from tests import a, screen
from tests.attacker.client import Tab
from tests.bench.workload import FIRST, Diary
from tests.browser.conftest import LiveServer, serve

DESKS = 20
SECONDS = 60
THINKS = (2.5, 7.5)
"""Between two presses; five seconds on average, as somebody on the telephone does."""


@pytest.fixture(scope="module")
def served(diary: Diary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    place: Path = tmp_path_factory.mktemp("many")
    shutil.copyfile(diary.database.engine.url.database, place / "many.db")
    database = Database(f"sqlite:///{place / 'many.db'}")
    with database.writing() as session:
        for number in range(DESKS):
            a.user(session, username=f"desk{number}", name=f"Desk {number}")
    with serve(database, {}, place / "log") as server:
        yield server
    database.dispose()


def test_twenty_desks_with_five_seconds_of_thought(benchmark, served):
    waited: list[float] = []
    with served.database.reading() as session:
        users = session.scalars(select(User).where(User.username.like("desk%"))).all()
    tokens = [screen.open_session(served.database, each) for each in users]

    def all_at_work() -> None:
        desks = [threading.Thread(target=work, args=(served, each, waited)) for each in tokens]
        for desk in desks:
            desk.start()
        for desk in desks:
            desk.join()

    benchmark.pedantic(all_at_work, rounds=1)
    centiles = statistics.quantiles(waited, n=100)
    told = {"answers": len(waited), "p50, ms": centiles[49], "p95, ms": centiles[94]}
    benchmark.extra_info |= {name: round(value) for name, value in told.items()}
    print("\n" + ", ".join(f"{name}: {value:.0f}" for name, value in told.items()))
    assert len(waited) > DESKS  # everybody was served more than once


def work(served: LiveServer, token: str, waited: list[float]) -> None:
    """Look through a full week, to and fro, as somebody does who looks for a time."""
    hand = random.Random(token)
    with Tab(served.url, token=token) as tab:
        time.sleep(hand.uniform(0, THINKS[1]))
        tab.run("desk", query=f"day={FIRST:%Y-%m-%d}")
        ends = time.monotonic() + SECONDS
        turns = itertools.cycle(["Next day"] * 4 + ["Previous day"] * 4)
        while time.monotonic() < ends:
            time.sleep(hand.uniform(*THINKS))
            began = time.monotonic()
            tab.press(next(turns))
            waited.append((time.monotonic() - began) * 1000)
            assert "Dr " in tab.text
