"""How fast figures are counted at 1,000,000 bookings, and how large the process becomes.

Twenty professionals over fifteen years. Each figure is counted by a new process, which has
read nothing yet, and then again by the same one. Beside them, in the same run, the same sums by one
plain GROUP BY over the bookings: what figures would cost without days that are kept.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from core.analytics.kept import keep
from core.db import Database
from core.models import Role
from dashboard.figures.bar import VIEWS
from tests import a, screen
from tests.bench import workload
from tests.bench.numbers_once import FIGURES, PERIODS

BOOKINGS = 1_000_000
ROUNDS = 3


@pytest.fixture(scope="module")
def million(migrated_file, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("million") / "diary.db"
    path.write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{path}")
    workload.fill(database, BOOKINGS, patients=25_000)
    workload.vary(database)
    keep(database)
    database.dispose()
    return path


@pytest.mark.parametrize("period", PERIODS)
def test_every_figure_of_a_million_bookings(benchmark, million, period, capsys):
    turns = [once(million, period) for _ in range(ROUNDS)]
    benchmark.pedantic(once, (million, period), rounds=1)

    with capsys.disabled():
        print(f"\n{period}: figure, ms from cold, ms again")
        for name in (*FIGURES, "GROUP BY"):
            cold, again = (median(each[name][at] for each in turns) for at in (0, 1))
            print(f"  {name:24} {cold:7.1f} {again:7.1f}")
        print(f"  the process: {max(each['megabytes'][0] for each in turns):.0f} MB")
    assert all(turn["seats"][0] > 0 for turn in turns)


def test_the_page_of_a_million_bookings(benchmark, monkeypatch, million, capsys):
    """Each view of the last 12 months, as the page is run for an admin, without a browser."""
    database = Database(f"sqlite:///{million}")
    with database.writing() as session:
        alex = a.user(session, Role.ADMIN, name="Alex Moreau")
    screen.set_clock(monkeypatch, workload.NOW)
    page = screen.show_to(monkeypatch, database, alex).run()
    page.selectbox(key="dates").set_value("Last 12 months").run()
    for view in VIEWS:
        taken = []
        for _ in range(ROUNDS):
            begin = perf_counter()
            page.segmented_control(key="view").set_value(view).run()
            taken.append((perf_counter() - begin) * 1000)
            assert not page.exception
        with capsys.disabled():
            print(f"\n  {view}: {taken[0]:.0f} ms at first, {median(taken):.0f} ms")
    benchmark.pedantic(page.run, rounds=1)


def once(path: Path, period: str) -> dict[str, list[float]]:
    """In a process of its own."""
    command = [sys.executable, "-m", "tests.bench.numbers_once", str(path), period]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, list[float]] = json.loads(made.stdout)
    return found
