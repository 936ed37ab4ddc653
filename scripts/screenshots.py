"""Take the README's pictures: a fresh demo, one window per role.

Run by ``make screenshots``; writes PNG files into ``docs/screenshots``.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.demo_sign_ins import SIGN_INS, DemoSignIn  # noqa: E402
from core.models import Role  # noqa: E402

PICTURES = ROOT / "docs" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WIDE, PHONE = (1400, 900), (390, 844)
SHOTS = [
    ("desk", Role.RECEPTIONIST, WIDE, False),
    ("desk-dark", Role.RECEPTIONIST, WIDE, True),
    ("desk-phone", Role.RECEPTIONIST, PHONE, False),
    ("week", Role.RECEPTIONIST, WIDE, False),
    ("month", Role.RECEPTIONIST, WIDE, False),
    ("list", Role.RECEPTIONIST, WIDE, False),
    ("today", Role.RECEPTIONIST, WIDE, False),
    ("my-calendar", Role.PROFESSIONAL, WIDE, False),
    ("calendar-month", Role.PROFESSIONAL, WIDE, False),
    ("own-numbers", Role.PROFESSIONAL, WIDE, False),
    ("hours", Role.PROFESSIONAL, WIDE, False),
    ("profile", Role.PROFESSIONAL, WIDE, False),
    ("profile-dark", Role.PROFESSIONAL, WIDE, True),
    ("patients-find", Role.PATIENT, WIDE, False),
    ("patients-find-phone", Role.PATIENT, PHONE, False),
    ("my-bookings", Role.PATIENT, WIDE, False),
    ("my-bookings-phone", Role.PATIENT, PHONE, False),
    ("numbers", Role.ADMIN, WIDE, False),
    ("find-a-time", Role.RECEPTIONIST, WIDE, False),
    ("booking-line", Role.RECEPTIONIST, WIDE, False),
    ("waiting-list", Role.RECEPTIONIST, WIDE, False),
]


@contextmanager
def demo() -> Iterator[str]:
    """A demo of its own on a free port; its address."""
    with socket.socket() as found, tempfile.TemporaryDirectory() as place:
        found.bind(("localhost", 0))
        port = found.getsockname()[1]
        found.close()
        environment = os.environ | {
            "FRONTDESK_DEMO": "1",
            "FRONTDESK_DATABASE_URL": f"sqlite:///{place}/demo.db",
            "STREAMLIT_SERVER_PORT": str(port),
        }
        subprocess.run(
            [sys.executable, "-m", "core", "demo"], cwd=ROOT, env=environment, check=True
        )
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"],
            cwd=ROOT,
            env=environment,
        )
        try:
            wait_for(f"http://localhost:{port}/healthz")
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(timeout=10)


def wait_for(url: str) -> None:
    for _attempt in range(300):
        try:
            with urllib.request.urlopen(url):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit("The demo did not start.")


def take(
    browser: Browser, url: str, person: DemoSignIn, size: tuple[int, int], dark: bool, file: Path
) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        locale="en-GB",
        timezone_id="Europe/Lisbon",
    )
    page = context.new_page()
    page.goto(url)
    page.get_by_label("User name").fill(person.username)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".st-key-frontdesk_who").wait_for()
    page.wait_for_timeout(2500)
    STEPS.get(file.stem.partition("-")[0], look)(page)
    page.wait_for_timeout(1500)
    page.screenshot(path=file)
    context.close()


def to_tuesday(page: Page) -> None:
    """A day that is still to come: busy, with some time free."""
    for _day in range(7):
        page.keyboard.press("n")
        page.wait_for_timeout(1200)
        if page.get_by_text("Tuesday", exact=True).is_visible():
            return


def look(_page: Page) -> None:
    """The page as it opens."""


def find_a_time(page: Page) -> None:
    page.keyboard.press("f")
    page.get_by_role("dialog").wait_for()
    page.wait_for_timeout(1500)
    page.keyboard.type("consultation")
    page.keyboard.press("Enter")
    page.wait_for_timeout(1500)


def type_a_line(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").wait_for()
    page.wait_for_timeout(1500)
    page.keyboard.type("tue ana silva follow-up")
    page.wait_for_timeout(1500)


def press(page: Page, *chords: str) -> None:
    for each in chords:
        page.keyboard.press(each)
        page.wait_for_timeout(200)  # a page's letter follows G at once
    page.wait_for_timeout(2500)


def choose_after(page: Page, chord: str, name: str) -> None:
    """Another view, of the one it asks for, a step ahead."""
    press(page, chord)
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_timeout(2500)
    press(page, "n")


STEPS = {
    "desk": to_tuesday,
    "find": find_a_time,
    "booking": type_a_line,
    "waiting": lambda page: press(page, "g", "l"),
    "week": lambda page: choose_after(page, "Shift+W", "Dr Elena Ruiz"),
    "month": lambda page: choose_after(page, "Shift+M", "Consultation"),
    "calendar": lambda page: press(page, "Shift+M"),
    "list": lambda page: press(page, "Shift+L"),
    "today": lambda page: press(page, "g", "t"),
    "own": lambda page: press(page, "g", "n"),
    "hours": lambda page: press(page, "g", "h"),
    "profile": lambda page: press(page, "g", "e"),
    "patients": lambda page: press(page, "g", "f"),
}


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    people = {each.role: each for each in SIGN_INS}
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, role, size, dark in SHOTS:
            take(browser, url, people[role], size, dark, PICTURES / f"{name}.png")
            print(f"{name}.png")


if __name__ == "__main__":
    main()
