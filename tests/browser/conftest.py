"""A real server and a real browser.

``live_server`` serves a database as new with one sign-in per role (``PEOPLE``);
``new_page()`` opens a window; ``sign_in(page, "rita")`` signs somebody in there.
"""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from core import passwords
from core.db import Database
from core.models import Role, User
from tests import a, screen

ROOT = Path(__file__).resolve().parent.parent.parent
STARTS_WITHIN = 120
"""Seconds, on a machine with much else to do; so for leaving as well."""
PASSWORD = "opens the desk at nine"
PEOPLE = {
    "rita": (Role.RECEPTIONIST, "Rita Fonseca"),
    "ruiz": (Role.PROFESSIONAL, "Dr Elena Ruiz"),
    "ana": (Role.PATIENT, "Ana Silva"),
    "alex": (Role.ADMIN, "Alex Moreau"),
}

LOOKS = pytest.mark.parametrize(
    ("width", "dark"),
    [
        pytest.param(1400, False, id="wide and light"),
        pytest.param(390, True, id="narrow and dark"),
        pytest.param(1400, True, id="wide and dark", marks=pytest.mark.slow),
        pytest.param(390, False, id="narrow and light", marks=pytest.mark.slow),
    ],
)
"""Each width and each colour in the short run, each of both in the long one."""


@dataclass(frozen=True)
class LiveServer:
    url: str
    database: Database
    log: Path


@pytest.fixture(scope="session")
def people_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with ``PEOPLE``, to be copied."""
    database = copy_with_people(migrated_file, tmp_path_factory.mktemp("people"))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    return Path(str(database.engine.url.database))


@pytest.fixture(scope="session")
def standing_server(
    people_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """Starting takes seconds, so one server stands for the whole run, and forgets: ``renew``."""
    folder = tmp_path_factory.mktemp("standing")
    shutil.copyfile(people_file, folder / "live.db")
    database = Database(f"sqlite:///{folder / 'live.db'}")
    with serve(database, {}, folder / "server.log") as server:
        yield server
    database.dispose()


def renew(server: LiveServer, people_file: Path) -> None:
    """Make what is served as new, in one transaction under the server's open connections."""
    path = Path(str(server.database.engine.url.database))
    with closing(sqlite3.connect(people_file)) as new, closing(sqlite3.connect(path)) as served:
        new.backup(served)
    path.with_suffix(".erasures").unlink(missing_ok=True)


@pytest.fixture
def own_database(people_file: Path, tmp_path: Path) -> Iterator[Database]:
    """For a server that only one test starts."""
    shutil.copyfile(people_file, tmp_path / "live.db")
    database = Database(f"sqlite:///{tmp_path / 'live.db'}")
    yield database
    database.dispose()


@pytest.fixture
def live_environment() -> dict[str, str]:
    """What ``live_server`` runs with besides; override it, and it is a server of one's own."""
    return {}


@pytest.fixture
def live_database(
    request: pytest.FixtureRequest, live_environment: dict[str, str], people_file: Path
) -> Database:
    """What ``live_server`` serves, as new; override it, or write to it first, for other data."""
    if live_environment:
        own: Database = request.getfixturevalue("own_database")
        return own
    server: LiveServer = request.getfixturevalue("standing_server")
    renew(server, people_file)
    return server.database


@pytest.fixture
def live_server(
    request: pytest.FixtureRequest,
    live_database: Database,
    live_environment: dict[str, str],
    tmp_path: Path,
) -> Iterator[LiveServer]:
    """The application as ``make run`` starts it, on a free port."""
    if live_environment:
        with serve(live_database, live_environment, tmp_path / "server.log") as server:
            yield server
        return
    standing: LiveServer = request.getfixturevalue("standing_server")
    yield standing
    check_log_tells_nothing(standing.log)


@pytest.fixture(scope="module")
def shared_server(standing_server: LiveServer, people_file: Path) -> LiveServer:
    """For tests that leave each other's data alone: as new for the module, not for each."""
    renew(standing_server, people_file)
    return standing_server


NewPage = Callable[..., Page]


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Kept from test to test for what the browser has fetched and compiled; see ``forget``."""
    kept: list[BrowserContext] = []
    yield kept
    for each in kept:
        each.close()


@pytest.fixture
def new_page(browser: Browser, windows: list[BrowserContext]) -> Iterator[NewPage]:
    """Opens windows that share nothing with each other, as new for each test."""
    used: list[BrowserContext] = []

    def open_page(*, width: int = 1400, height: int = 900, dark: bool = False) -> Page:
        if len(used) == len(windows):
            windows.append(browser.new_context(locale="en-GB", timezone_id="Europe/Lisbon"))
        used.append(windows[len(used)])
        page = used[-1].new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        return page

    yield open_page
    for each in used:
        forget(each)


def forget(window: BrowserContext) -> None:
    """Close its tabs and keep nothing of who was here but the application's own files."""
    for page in window.pages:
        if page.url.startswith("http"):
            shown = {"origin": "/".join(page.url.split("/")[:3]), "storageTypes": "local_storage"}
            window.new_cdp_session(page).send("Storage.clearDataForOrigin", shown)
        page.close()
    window.clear_cookies()


SignIn = Callable[..., None]


@pytest.fixture
def sign_in(live_server: LiveServer) -> SignIn:
    """``sign_in(page, "rita")``: signed in at ``path``, without the seconds a password takes."""

    def sign_in_as(page: Page, username: str, path: str = "/") -> None:
        let_in(page, live_server, username)
        page.goto(live_server.url + path)
        expect_signed_in(page)

    return sign_in_as


@pytest.fixture
def sign_in_by_hand(live_server: LiveServer) -> SignIn:
    """The same through the form, where signing in is what it is about."""

    def sign_in_as(page: Page, username: str, path: str = "/") -> None:
        page.goto(live_server.url + path)
        fill_sign_in(page, username, PASSWORD)
        expect_signed_in(page)

    return sign_in_as


def let_in(page: Page, server: LiveServer, username: str) -> None:
    """The cookie of a session of that person's, for all tabs of the window."""
    with server.database.reading() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
    token = screen.open_session(server.database, user)
    cookie = {"name": "frontdesk", "value": token, "url": server.url}
    page.context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Lax"}])


def expect_signed_in(page: Page) -> None:
    expect(page.locator(".st-key-frontdesk_who")).to_be_visible(timeout=30_000)


def fill_sign_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    """Through the menu beside the navigation, as people do."""
    come_to_rest(page)
    page.locator(".st-key-frontdesk_who").get_by_role("button").click()
    page.get_by_text("Sign out", exact=True).click()
    expect(page.get_by_label("User name")).to_be_visible(timeout=30_000)


def press(page: Page, key: str) -> None:
    come_to_rest(page)
    page.keyboard.press(key)


def come_to_rest(page: Page) -> None:
    """Wait until the page is drawn to its end: until then its buttons are being made anew."""
    app, quiet = page.get_by_test_id("stApp"), 0
    expect(app).to_be_visible()
    deadline = time.monotonic() + STARTS_WITHIN
    while quiet < 4 and time.monotonic() < deadline:
        page.wait_for_timeout(40)
        is_quiet = app.get_attribute("data-test-script-state") == "notRunning"
        quiet = quiet + 1 if is_quiet else 0


def copy_with_people(migrated_file: Path, folder: Path) -> Database:
    path = folder / "live.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    add_people(database)
    return database


def add_people(database: Database) -> None:
    """One of each role, Dr Ruiz with working hours; all with the same ``PASSWORD``."""
    hashed = passwords.hash_password(PASSWORD, Role.ADMIN)
    with database.writing() as session:
        a.organisation(session)
        doctor = a.professional(session, name="Dr Elena Ruiz")
        patient = a.patient(session, name="Ana Silva")
        links = {
            Role.PROFESSIONAL: {"professional_id": doctor.id},
            Role.PATIENT: {"patient_id": patient.id},
        }
        for username, (role, name) in PEOPLE.items():
            values = {"username": username, "name": name, "password_hash": hashed}
            a.user(session, role, **values, **links.get(role, {}))


@contextmanager
def serve(database: Database, environment: dict[str, str], log: Path) -> Iterator[LiveServer]:
    """The application over ``database`` until the block ends."""
    url = database.engine.url.render_as_string(hide_password=False)
    with run_streamlit(
        "dashboard/app.py", environment | {"FRONTDESK_DATABASE_URL": url}, log, health="/healthz"
    ) as address:
        yield LiveServer(address, database, log)


@contextmanager
def run_streamlit(
    script: str, environment: dict[str, str], log: Path, *, health: str = "/_stcore/health"
) -> Iterator[str]:
    """Any Streamlit script on a free port; its address."""
    port = free_port()
    url = f"http://localhost:{port}"
    told = {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_ADDRESS": "localhost"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script],
            cwd=ROOT,
            env=os.environ | told | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_healthy(process, url + health, log)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=STARTS_WITHIN)
    check_log_tells_nothing(log)


TOLD = re.compile(
    r"frontdesk(?:-device)?=\w|(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[A-Za-z0-9_-]{43}"
)
"""A cookie, or a random word of 256 bits."""


def check_log_tells_nothing(log: Path) -> None:
    """T109: no secret and nobody's name in any line of a server that ran under a test."""
    patients = [name for role, name in PEOPLE.values() if role is Role.PATIENT]
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        assert not TOLD.search(line), line
        assert not [each for each in (PASSWORD, *patients) if each in line], line


def wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        port: int = found.getsockname()[1]
        return port
