"""How fast the whole of ``book`` is, beside the same work by hand in plain SQL.

Both run in turns on copies of the same diary, with the same guards and the same full sync, so
that a busy machine slows both. Run by ``make bench``; nothing here asserts a time.
"""

import itertools
import multiprocessing
import random
import shutil
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from core.booking import BookingRequest, book
from core.check import find_broken
from core.db import Database
from core.policy import Actor
from tests import a, force
from tests.bench import workload
from tests.bench.by_hand import Plain
from tests.bench.workload import NOW, Diary, window_starts

TURNS = 5
BOOKINGS_A_TURN = 160
HOT_WRITERS = 16
HOT_BOOKINGS = 20
WARM_UP = 3
"""A client's first bookings meet statements that nobody has compiled yet."""

Save = Callable[[BookingRequest], object]


@dataclass
class Rates:
    """Bookings a second of each turn: the whole of it, and by hand."""

    whole: list[float]
    by_hand: list[float]

    def tell(self, benchmark, name: str) -> None:
        whole, floor = statistics.median(self.whole), statistics.median(self.by_hand)
        said = f"{whole:.0f}/s of {floor:.0f}/s by hand: {100 * whole / floor:.0f} %"
        benchmark.extra_info[name] = said
        print(f"\n{name}: {said}")


@pytest.fixture(scope="module")
def diary_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100,000 bookings on SQLite, to be copied."""
    path = tmp_path_factory.mktemp("speed") / "diary.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    workload.fill(database, 100_000)
    with database.writing() as session:
        a.actor(session)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    return path


@pytest.fixture
def two_files(diary_file: Path, tmp_path: Path) -> Iterator[tuple[Database, str]]:
    """The same diary twice: one to be booked in, one to be written by hand."""
    for name in ("ours.db", "hand.db"):
        shutil.copyfile(diary_file, tmp_path / name)
    ours = Database(f"sqlite:///{tmp_path / 'ours.db'}")
    yield ours, f"sqlite:///{tmp_path / 'hand.db'}"
    for database in (ours, Database(f"sqlite:///{tmp_path / 'hand.db'}")):
        assert_sound(database)
        database.dispose()


@pytest.fixture
def on_postgresql(postgresql_database: Database) -> Iterator[Diary]:
    diary = workload.fill(postgresql_database, 100_000)
    with postgresql_database.writing() as session:
        for table in ("bookings", "calendars", "patients"):
            count_on = f"SELECT setval('{table}_id_seq', (SELECT MAX(id) FROM {table}))"
            session.execute(text(count_on))
        a.actor(session)
    postgresql_database.engine.dispose()
    yield diary
    assert_sound(postgresql_database)


def assert_sound(database: Database) -> None:
    """But for the made diary itself, whose bookings have no history."""
    with database.reading() as session:
        assert {each.name for each in find_broken(session, now=NOW)} <= {"first_event"}


ACTOR = Actor(role=a.Role.RECEPTIONIST, name="Rita", user_id=1)


def requests(seed: int, *, professionals: int = 20, patients: int = 5000) -> list[BookingRequest]:
    """Free times far from the diary, each once, in an order of their own."""
    times = window_starts(date(2027, 3, 1), date(2027, 8, 30))
    free = list(itertools.product(times, range(1, professionals + 1)))
    random.Random(seed).shuffle(free)
    return [
        BookingRequest(who, 1, 1 + number % patients, start, f"{seed}-{number}")
        for number, (start, who) in enumerate(free)
    ]


def whole(database: Database) -> Save:
    def save(request: BookingRequest) -> None:
        with database.writing() as session:
            book(session, ACTOR, request, now=NOW)

    return save


def by_hand(plain: Plain) -> Save:
    def save(request: BookingRequest) -> None:
        assert plain.book(ACTOR, request, NOW)

    return save


def rate(savers: list[Save], wanted: Iterator[BookingRequest], count: int) -> float:
    """Bookings a second, shared among as many threads as there are savers."""
    shares = [list(itertools.islice(wanted, count // len(savers))) for _ in savers]

    def run(save: Save, share: list[BookingRequest]) -> None:
        for each in share:
            save(each)

    threads = [threading.Thread(target=run, args=each) for each in zip(savers, shares, strict=True)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(map(len, shares)) / (time.perf_counter() - begin)


@pytest.mark.parametrize("writers", [1, 8])
def test_whole_bookings_on_sqlite(benchmark, two_files, writers):
    ours, hand_url = two_files
    turn = threading.Lock()
    sides = [
        ([whole(ours)] * writers, iter(requests(1))),
        ([by_hand(Plain.to(hand_url, turn)) for _ in range(writers)], iter(requests(1))),
    ]

    def take_turns() -> Rates:
        for each in sides:
            rate(*each, 10 * writers)
        turns = [[rate(*each, BOOKINGS_A_TURN) for each in sides] for _ in range(TURNS)]
        return Rates([each[0] for each in turns], [each[1] for each in turns])

    rates = benchmark.pedantic(take_turns, rounds=1)
    rates.tell(benchmark, f"book on SQLite, {writers} writer(s)")


@pytest.mark.parametrize("clients", [1, 8])
def test_whole_bookings_on_postgresql(benchmark, on_postgresql, clients):
    url = force.url_of(on_postgresql.database)

    def take_turns() -> Rates:
        with crowd(clients) as pool:
            turns = [
                [together(pool, client_rate, url, clients, turn, hand) for hand in (False, True)]
                for turn in range(TURNS + 1)
            ][1:]
        return Rates([sum(each[0]) for each in turns], [sum(each[1]) for each in turns])

    rates = benchmark.pedantic(take_turns, rounds=1)
    rates.tell(benchmark, f"book on PostgreSQL, {clients} client(s)")


def test_sixteen_writers_on_one_hot_professional_on_sqlite(benchmark, two_files):
    """T005"""
    save = whole(two_files[0])
    wanted = requests(2, professionals=1)

    def run() -> list[float]:
        found: list[float] = []
        threads = [
            threading.Thread(target=lambda each=each: found.extend(times(save, each)))
            for each in shares(wanted)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    tell_slowest(benchmark, "16 threads on SQLite", benchmark.pedantic(run, rounds=1))


def test_sixteen_writers_on_one_hot_professional_on_postgresql(benchmark, on_postgresql):
    """T005"""
    url = force.url_of(on_postgresql.database)

    def run() -> list[float]:
        with crowd(HOT_WRITERS) as pool:
            return together(pool, client_times, url, HOT_WRITERS)

    found = [each for one in benchmark.pedantic(run, rounds=1) for each in one]
    tell_slowest(benchmark, "16 processes on PostgreSQL", found)


def shares(wanted: list[BookingRequest]) -> list[list[BookingRequest]]:
    return [wanted[each::HOT_WRITERS][:HOT_BOOKINGS] for each in range(HOT_WRITERS)]


def times(save: Save, wanted: list[BookingRequest]) -> list[float]:
    found = []
    for each in wanted:
        begin = time.perf_counter()
        save(each)
        found.append((time.perf_counter() - begin) * 1000)
    return found


def tell_slowest(benchmark, name: str, found: list[float]) -> None:
    cuts = statistics.quantiles(found, n=100)
    said = f"median {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms, slowest {max(found):.0f} ms"
    benchmark.extra_info[name] = said
    print(f"\none hot professional, {name}: {said}")


# Clients that are processes.


def crowd(clients: int) -> ProcessPoolExecutor:
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tests.bench.test_booking_speed"])
    return ProcessPoolExecutor(
        clients, mp_context=server, initializer=force.meet_at, initargs=(server.Barrier(clients),)
    )


def together(pool: ProcessPoolExecutor, work: Callable, url: str, clients: int, *more) -> list:
    waiting = [pool.submit(work, url, each, clients, *more) for each in range(clients)]
    return [each.result() for each in waiting]


def client_rate(url: str, number: int, clients: int, turn: int, hand: bool) -> float:
    """One client's bookings a second, from when all have begun."""
    count = BOOKINGS_A_TURN // clients
    begin = ((turn * 2 + hand) * clients + number) * (count + WARM_UP)
    wanted = requests(3)[begin : begin + count + WARM_UP]
    with force.opened(url) as database:
        save = by_hand(Plain.to(url)) if hand else whole(database)
        times(save, wanted[:WARM_UP])
        del wanted[:WARM_UP]
        force.meet()
        started = time.perf_counter()
        for each in wanted:
            save(each)
        return count / (time.perf_counter() - started)


def client_times(url: str, number: int, clients: int) -> list[float]:
    wanted = shares(requests(4, professionals=1))[number]
    with force.opened(url) as database:
        times(whole(database), wanted[:WARM_UP])
        force.meet()
        return times(whole(database), wanted[WARM_UP:])
