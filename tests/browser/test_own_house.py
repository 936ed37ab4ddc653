"""T096, T097, T099, T102, T138: hostile names everywhere, every page, every role.

Nothing acts, nothing is asked of another house, and the content policy has nothing to stop.
"""

import itertools
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import Page, expect

from core.db import Database, utc_now
from core.interval import Interval
from core.models import Override, OverrideKind, Role, User
from core.policy import Actor
from dashboard import places
from tests import a, screen
from tests.browser.conftest import LiveServer, serve
from tests.browser.hostile import NAMES

pytestmark = pytest.mark.browser

STOPPED = "script-src wasm-eval"
"""Streamlit's own page tries WebAssembly when it opens, and does without."""
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@pytest.fixture(scope="module")
def house(migrated_file, tmp_path_factory) -> Iterator[tuple[LiveServer, dict[Role, User]]]:
    folder = tmp_path_factory.mktemp("house")
    shutil.copyfile(migrated_file, folder / "house.db")
    database = Database(f"sqlite:///{folder / 'house.db'}")
    users = fill(database)
    with serve(database, {}, folder / "server.log") as server:
        yield server, users
    database.dispose()


def fill(database: Database) -> dict[Role, User]:
    """A day in which everybody and everything is called something else than a name."""
    names = itertools.cycle(" ".join(name.split()) for name in NAMES)
    today = datetime.combine(utc_now().date(), time(8), UTC)
    with database.writing() as db:
        a.organisation(db, zone="UTC", name=next(names))
        service, group = (a.service(db, name=f"{next(names)} {each}") for each in "ab")
        a.room(db, name=next(names))
        doctors = [
            a.professional(
                db, name=next(names), services=(service, group), weekdays=(1, 2, 3, 4, 5, 6, 7)
            )
            for _ in range(3)
        ]
        rita = a.user(db, name=next(names))
        for number, name in enumerate(NAMES):
            slot = Interval(*(today + timedelta(minutes=30 * (number // 3 + n)) for n in (0, 1)))
            guest = a.patient(db, name=" ".join(name.split()))
            doctor = doctors[number % 3]
            booking = a.booking(db, doctor, slot, service=service, patient=guest)
            made = {"reason": name, "note": f"={name}", "user_id": rita.id, "role": rita.role}
            kind = OverrideKind.NOTICE
            db.add(Override(booking_id=booking.id, kind=kind, at=utc_now(), **made))
        return {
            Role.RECEPTIONIST: rita,
            Role.PATIENT: a.user(db, Role.PATIENT, name=next(names), patient_id=guest.id),
            Role.PROFESSIONAL: a.user(
                db, Role.PROFESSIONAL, name=next(names), professional_id=doctors[0].id
            ),
            Role.ADMIN: a.user(db, Role.ADMIN, name=next(names)),
        }


def open_as(page: Page, house: tuple[LiveServer, dict[Role, User]], role: Role) -> list[str]:
    """Signs the page in; what it fetches or says that it should not is in the answer."""
    server, users = house
    token = screen.open_session(server.database, users[role])
    page.context.add_cookies([{"name": "frontdesk", "value": token, "url": server.url}])
    page.add_init_script(VIOLATIONS)
    wrong: list[str] = []
    own = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:")
    page.on("request", lambda asked: asked.url.startswith(own) or wrong.append(asked.url))
    page.on("websocket", lambda socket: socket.url.startswith(own) or wrong.append(socket.url))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    return wrong


def places_of(role: Role) -> list[places.Place]:
    return [place for place in places.PLACES if place.is_open_to(Actor(role=role, name=""))]


@pytest.mark.parametrize(
    ("role", "url"), [(role, place.url) for role in Role for place in places_of(role)]
)
def test_t099_t138_a_page_asks_nothing_of_anybody_else(house, new_page, role, url):
    page = new_page(height=2500)
    wrong = open_as(page, house, role)
    page.goto(f"{house[0].url}/{url}")
    expect(page.locator(".st-key-frontdesk_who")).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=30_000)

    assert wrong == []
    assert set(page.evaluate("window.violations")) <= {STOPPED}
    assert page.locator("a[href*='outside.invalid'], [src*='outside.invalid']").count() == 0
    assert page.locator("main script, main .katex, main marquee").count() == 0


def test_t102_a_table_has_no_button_that_writes_csv(house, new_page):
    """What leaves the house as CSV is a recorded export, whose cells are made harmless."""
    page = new_page()
    open_as(page, house, Role.ADMIN)
    page.goto(f"{house[0].url}/overrides")
    table = page.get_by_test_id("stDataFrame")
    table.hover()

    toolbar = page.get_by_test_id("stElementToolbar")
    expect(toolbar).to_be_visible()
    assert toolbar.get_by_role("button", name="Download").count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    content = download.value.path().read_text(encoding="utf-8-sig")
    assert download.value.suggested_filename.startswith("overrides-")
    assert ",'=" in content or ",\"'=" in content
    assert "\n=" not in content
    assert ",=" not in content
