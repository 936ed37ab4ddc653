"""What is typed and not saved outlives the page it was typed on, for whoever typed it."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database
from core.models import Draft
from tests.browser.conftest import PASSWORD, fill_sign_in, press, sign_out

pytestmark = pytest.mark.browser

PATIENCE = 30_000
TODAY = "/today"


def test_a_reload_and_signing_out_lose_nothing_and_nobody_else_sees_it(
    live_server, new_page: Callable[..., Page], sign_in
):
    page = new_page()
    sign_in(page, "rita", path=TODAY)
    open_form(page)
    page.get_by_role("button", name="New patient").click()
    name = page.get_by_label("Name", exact=True)
    expect(name).to_be_focused(timeout=PATIENCE)
    name.fill("Zé Ninguém")
    name.press("Enter")
    expect_kept(live_server.database, "Zé Ninguém")

    page.reload()
    open_form(page)
    expect(page.get_by_text("Zé Ninguém")).to_be_visible(timeout=PATIENCE)

    change_to(page, live_server.url, "alex")
    open_form(page)
    expect(page.get_by_label("Service")).to_be_visible(timeout=PATIENCE)
    settled(page)
    expect(page.get_by_text("Zé Ninguém")).to_have_count(0)

    change_to(page, live_server.url, "rita")
    open_form(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Zé Ninguém", timeout=PATIENCE)


def test_the_booking_line_is_filled_again(live_server, new_page, sign_in):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    settled(page)
    press(page, "Control+k")
    line = page.get_by_label(re.compile("Day, time, patient"))
    expect(line).to_be_focused(timeout=PATIENCE)
    page.keyboard.type("tue 10 zzyzx")
    expect_kept(live_server.database, "tue 10 zzyzx")

    page.reload()
    expect(page.locator(".st-key-frontdesk_who")).to_be_visible(timeout=PATIENCE)
    settled(page)
    press(page, "Control+k")
    page.get_by_role("button", name="Continue").click()
    expect(line).to_have_value("tue 10 zzyzx", timeout=PATIENCE)
    expect(page.get_by_text("I do not understand")).to_be_visible(timeout=PATIENCE)


def expect_kept(database: Database, words: str) -> None:
    """The page does not change by it: whether it has arrived, only the database tells."""
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until:
        with database.reading() as session:
            if session.scalar(select(Draft.form).where(Draft.entries.contains(words))):
                return
        time.sleep(0.1)
    pytest.fail(f"{words} was never kept")


def open_form(page: Page) -> None:
    page.get_by_role("button", name="Walk-in").click(timeout=PATIENCE)
    expect(page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)


def change_to(page: Page, url: str, username: str) -> None:
    page.goto(url + TODAY)
    sign_out(page)
    page.goto(url + TODAY)
    fill_sign_in(page, username, PASSWORD)
    expect(page.locator(".st-key-frontdesk_who")).to_be_visible(timeout=PATIENCE)


def settled(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
