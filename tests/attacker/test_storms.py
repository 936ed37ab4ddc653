"""Hands that are too quick, connections that break, and clients that never stop."""

import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.check import find_broken
from core.db import Database, utc_now
from core.models import AuditEntry, Booking, BookingState, Claim
from dashboard.web.limits import MESSAGES
from tests.attacker.client import Tab
from tests.attacker.conftest import Target, fill
from tests.browser.conftest import ROOT, free_port, wait_until_healthy

CANCEL = "Cancel this booking"


def ask_to_cancel(tab: Tab) -> Tab:
    """Up to the last button, whose press the caller makes."""
    tab.run("my-bookings")
    tab.press("Cancel")
    return tab.set("In your own words (optional)", string_value="I cannot come")


def cancelled(target: Target, patient: str) -> tuple[BookingState, int, int]:
    """A booking's state, the claims it still has, and how often its cancelling is on record."""
    booking_id = target.bookings[patient]
    claims = select(func.count()).select_from(Claim).where(Claim.booking_id == booking_id)
    said = select(func.count()).where(
        AuditEntry.action == "booking.cancelled", AuditEntry.object_id == booking_id
    )
    with target.database.reading() as db:
        state = db.get_one(Booking, booking_id).state
        return state, db.scalar(claims) or 0, db.scalar(said) or 0


UNTOUCHED = (BookingState.BOOKED, 2, 0)
DONE = (BookingState.CANCELLED, 0, 1)


def test_t121_pressing_twice_or_five_times_cancels_once(fresh):
    for patient, presses, apart in (("ana", 2, 0.0), ("bea", 5, 0.05)):
        with fresh.tab(patient) as tab:
            ask_to_cancel(tab)
            button, fragment = tab.id_of(CANCEL), tab.fragment_of(CANCEL)
            for _ in range(presses):
                tab.trigger(button, fragment)
                time.sleep(apart)
            tab.overhear(3)
            wait_for(lambda who=patient: cancelled(fresh, who) == DONE)
        with fresh.tab(patient) as tab:
            assert "Cancelled" in tab.run("my-bookings").text
        assert cancelled(fresh, patient) == DONE


def wait_for(condition: Callable[[], bool], within: float = 10) -> None:
    ends = time.monotonic() + within
    while not condition() and time.monotonic() < ends:
        time.sleep(0.05)


def test_t122_what_comes_between_leaves_it_whole_or_undone(target):
    """Another step while the button is worked on, or a connection that breaks: never half."""
    rng = random.Random(122)
    for number in range(20):
        patient = rng.choice(["ana", "bea"])
        before = cancelled(target, patient)
        with target.tab(patient) as tab:
            if before == DONE:
                break
            ask_to_cancel(tab)
            button, fragment = tab.id_of(CANCEL), tab.fragment_of(CANCEL)
            tab.trigger(button, fragment)
            time.sleep(rng.random() * 0.05)
            if number % 2:
                tab.run("my-bookings", wait=False)
                tab.overhear(0.2)
        time.sleep(0.3)
        after = cancelled(target, patient)
        assert after in (before, DONE)
        with target.tab(patient) as tab:  # and whoever comes back sees what is true
            tab.run("my-bookings")
            assert ("Cancel" in tab.labels()) is (after == UNTOUCHED)
    with target.database.reading() as db:
        broken = {each.name for each in find_broken(db, now=utc_now())}
    assert broken <= {"first_event"}  # made by hand, without a history


@pytest.mark.slow
def test_t139_coming_and_going_leaves_nothing_behind(target):
    grown = grows(target, 80)

    assert grown < 50, f"{grown:.0f} MB for 80 tabs"


@pytest.mark.slow
def test_t139_two_thousand_times(target):
    grown = grows(target, 2000)

    assert grown < 50, f"{grown:.0f} MB for 2,000 tabs"


def grows(target: Target, tabs: int) -> float:
    """Megabytes the server has more after so many tabs, once it has forgotten them."""
    token, server = target.token("rita"), _server_of(target)
    for number in range(tabs + 20):
        if number == 20:
            before = _megabytes(server)
        with Tab(target.url, token=token if number % 2 else "") as tab:
            tab.run("desk" if number % 2 else "")
    return _megabytes(server) - before


def _server_of(target: Target) -> int:
    port = target.url.rsplit(":", 1)[1]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"STREAMLIT_SERVER_PORT={port}\0" in (process / "environ").read_text():
                return int(process.name)
        except (OSError, UnicodeDecodeError):
            continue
    pytest.skip("only where /proc tells which process serves")


def _megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def test_t140_whoever_never_stops_asking_is_heard_at_the_pace_of_a_hand(fresh):
    """A thousand questions at once, in as many tabs as one likes: answered a few a second."""
    token, began = fresh.token("bea"), time.monotonic()
    runs = 0
    for _ in range(5):
        with Tab(fresh.url, token=token) as tab:
            for _ in range(200):
                tab.run("my-bookings", wait=False)
            runs += tab.runs_begun(1)

    assert runs <= MESSAGES.at_once + MESSAGES.per_second * (time.monotonic() - began)


@pytest.mark.slow
def test_t140_and_the_others_hardly_notice(fresh):
    storm, waited = threading.Event(), []
    token = fresh.token("bea")

    def rage() -> None:
        with Tab(fresh.url, token=token) as tab:
            while not storm.is_set():
                tab.run("my-bookings", wait=False)
                time.sleep(0.001)

    raging = threading.Thread(target=rage)
    raging.start()
    try:
        with fresh.tab("rita") as tab:
            tab.run("desk")
            for _ in range(40):
                began = time.monotonic()
                tab.press("Today")
                waited.append(time.monotonic() - began)
                time.sleep(0.5)
    finally:
        storm.set()
        raging.join()

    assert statistics.quantiles(waited, n=20)[-1] < 2, waited


def start(path: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    url = f"http://localhost:{port}"
    told = {"STREAMLIT_SERVER_PORT": str(port), "FRONTDESK_DATABASE_URL": f"sqlite:///{path}"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"],
            cwd=ROOT,
            env=os.environ | told | {"STREAMLIT_SERVER_ADDRESS": "localhost"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    wait_until_healthy(process, f"{url}/healthz", log)
    return process


def test_t123_a_server_that_dies_between_saving_and_answering_loses_and_doubles_nothing(
    migrated_file, tmp_path
):
    """Pressed, killed, started again, pressed again: cancelled once, whenever it died."""
    path = tmp_path / "killed.db"
    path.write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{path}")
    users, bookings = fill(database)
    port, rng = free_port(), random.Random(123)
    for patient in ("ana",):
        server = start(path, port, tmp_path / "server.log")
        target = Target(f"http://localhost:{port}", database, tmp_path, users, bookings)
        token = target.token(patient)
        with Tab(target.url, token=token) as tab:
            ask_to_cancel(tab)
            tab.trigger(tab.id_of(CANCEL), tab.fragment_of(CANCEL))
            time.sleep(rng.random() * 0.06)
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
        assert cancelled(target, patient) in (UNTOUCHED, DONE)

        server = start(path, port, tmp_path / "server.log")
        with Tab(target.url, token=token) as tab:
            if cancelled(target, patient) == UNTOUCHED:
                ask_to_cancel(tab)
                tab.press(CANCEL, within_fragment=True)
        assert cancelled(target, patient) == DONE
        server.kill()
        server.wait()
    database.dispose()
