"""How fast the desk is: its data, a booking, and the page in a real browser.

Run by ``make bench``; nothing here asserts a time.
"""

import itertools
import shutil
from datetime import date, timedelta

import psutil
import pytest
from playwright.sync_api import Page, expect

from core import passwords
from core.booking import BookingRequest, book
from core.db import Database
from core.desk import DayAsked, day_starts, load_day
from core.models import Role
from core.policy import Actor
from tests import a
from tests.bench.workload import FIRST, NOW, Diary, window_starts
from tests.browser.conftest import PASSWORD, serve

RERUNS = 20
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.fixture
def actor(diary: Diary) -> Actor:
    with diary.database.writing() as session:
        return a.actor(session)


def test_data_of_a_day_of_20_professionals(benchmark, diary, actor):
    asked = DayAsked(FIRST + timedelta(days=2), diary.service_id)

    def read() -> int:
        with diary.database.reading() as session:
            return len(load_day(session, actor, asked, now=NOW).bookings)

    assert benchmark(read) > 100


def test_reasons_for_a_day_of_20_professionals(benchmark, diary, actor):
    asked = DayAsked(FIRST + timedelta(days=2), diary.service_id)
    with diary.database.reading() as session:
        day = load_day(session, actor, asked, now=NOW)
    assert (
        len(benchmark(day_starts, day, now=NOW)) == 20 * 20
    )  # every half hour shown, 08:00 to 18:00


def test_book_with_full_sync(benchmark, diary, actor):
    free = itertools.product(
        window_starts(date(2027, 3, 1), date(2027, 5, 30)), diary.professional_ids
    )
    patients = itertools.cycle(diary.patient_ids)
    keys = itertools.count()

    def one() -> tuple[tuple[BookingRequest], dict[str, object]]:
        start, professional_id = next(free)
        key = f"bench-{next(keys)}"
        return (BookingRequest(professional_id, diary.service_id, next(patients), start, key),), {}

    def save(request: BookingRequest) -> None:
        with diary.database.writing() as session:
            book(session, actor, request, now=NOW)

    benchmark.pedantic(save, setup=one, rounds=300, warmup_rounds=10)


@pytest.fixture(scope="module")
def served(diary: Diary, tmp_path_factory: pytest.TempPathFactory):
    """The real application over a copy of the diary, brought to today."""
    place = tmp_path_factory.mktemp("served")
    shutil.copyfile(diary.database.engine.url.database, place / "served.db")
    database = Database(f"sqlite:///{place / 'served.db'}")
    hashed = passwords.hash_password(PASSWORD, Role.ADMIN)
    with database.writing() as session:
        a.user(session, username="rita", name="Rita Fonseca", password_hash=hashed)
    with serve(database, {}, place / "log") as server:
        yield server
    database.dispose()


@pytest.fixture
def desk(served, new_page) -> Page:
    """A desk at a full day, signed in."""
    page = new_page()
    page.goto(served.url + "/desk")
    page.get_by_label("User name").fill("rita")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Today")).to_be_visible(timeout=20_000)
    expect(page.get_by_label("Day calendar").first).to_be_visible()
    while not page.get_by_text("Monday", exact=True).is_visible():
        page.keyboard.press("n")
        page.wait_for_timeout(700)
    return page


def server_process(served) -> psutil.Process:
    port = int(served.url.rsplit(":", 1)[1])
    found = next(
        each
        for each in psutil.net_connections("tcp")
        if each.laddr and each.laddr.port == port and each.pid
    )
    return psutil.Process(found.pid)


def cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def test_click_to_redrawn(benchmark, desk, served):
    """From the key for the next day to that day drawn; CPU of the server beside it."""
    names = itertools.cycle(
        [("n", "Tuesday"), ("n", "Wednesday"), ("p", "Tuesday"), ("p", "Monday")]
    )

    def turn() -> None:
        key, weekday = next(names)
        desk.keyboard.press(key)
        desk.get_by_text(weekday, exact=True).wait_for()
        desk.locator(IDLE).wait_for()

    process = server_process(served)
    before = cpu_of(process)
    benchmark.pedantic(turn, rounds=RERUNS, warmup_rounds=0)
    cpu = (cpu_of(process) - before) / RERUNS * 1000
    benchmark.extra_info["server CPU per full rerun, ms"] = round(cpu)
    print(f"\nserver CPU per full rerun: {cpu:.0f} ms")


def test_cpu_of_the_board_refreshing_itself(benchmark, desk, served):
    """A minute of a desk nobody touches: four runs of the fragment."""
    process = server_process(served)
    desk.wait_for_timeout(1000)
    before = cpu_of(process)
    benchmark.pedantic(desk.wait_for_timeout, args=(60_000,), rounds=1)
    cpu = (cpu_of(process) - before) / 4 * 1000
    benchmark.extra_info["server CPU per refresh, ms"] = round(cpu)
    print(f"\nserver CPU per refresh of the board: {cpu:.0f} ms")


def test_start_up(benchmark, served, tmp_path):
    """From the command to the first answer of /healthz, on a database in use."""

    def start() -> None:
        with serve(served.database, {}, tmp_path / "log"):
            pass

    benchmark.pedantic(start, rounds=3)
