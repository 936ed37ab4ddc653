"""Two-step sign-in in a real browser: set up, asked for, and required of the staff."""

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, update

from core.db import utc_now
from core.models import Organisation, RecoveryCode, SecondStep, Throttle
from tests.browser.conftest import LOOKS, PASSWORD, LiveServer, fill_sign_in, sign_out

pytestmark = pytest.mark.browser

WHO = ".st-key-frontdesk_who"


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    with shared_server.database.writing() as db:
        for kind in (RecoveryCode, SecondStep, Throttle):
            db.execute(delete(kind))
        db.execute(update(Organisation).values(two_step_required=False))
    return shared_server


def set_up(page: Page) -> tuple[str, list[str]]:
    """The secret, and the recovery codes."""
    picture = page.get_by_alt_text("Picture to scan")
    expect(picture).to_be_visible(timeout=30_000)
    assert picture.evaluate("each => each.naturalWidth") > 100
    page.get_by_text("No camera?").click()
    shown = page.get_by_test_id("stCode")
    expect(shown).to_be_visible()
    secret = shown.inner_text().replace(" ", "").strip()
    page.get_by_label("Code").fill(pyotp.TOTP(secret).at(utc_now()))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_text("Keep your recovery codes")).to_be_visible(timeout=30_000)
    expect(shown).to_have_count(1)  # the secret is gone
    codes = shown.inner_text().split()
    page.get_by_role("button", name="I have kept them").click()
    return secret, codes


def enter(page: Page, code: str) -> None:
    """By keyboard alone: the field has the focus."""
    expect(page.get_by_label("Code")).to_be_focused(timeout=30_000)
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def test_t075_set_up_then_asked_for_and_a_recovery_code_will_do_once(
    live_server, new_page, sign_in_by_hand
):
    page = new_page()
    sign_in_by_hand(page, "rita", path="/account")
    page.get_by_role("button", name="Set up two-step sign-in").click()
    secret, codes = set_up(page)
    expect(page.get_by_text("10 recovery codes left.")).to_be_visible(timeout=30_000)

    sign_out(page)
    fill_sign_in(page, "rita", PASSWORD)
    enter(page, "not a code")
    expect(page.get_by_text("This code is not right")).to_be_visible(timeout=30_000)
    assert [each for each in page.context.cookies() if each["name"] == "frontdesk"] == []
    page.get_by_label("Code").fill(codes[0])
    page.keyboard.press("Enter")
    expect(page.locator(WHO)).to_be_visible(timeout=30_000)

    sign_out(page)
    fill_sign_in(page, "rita", PASSWORD)
    enter(page, codes[0])
    expect(page.get_by_text("This code is not right")).to_be_visible(timeout=30_000)
    with live_server.database.writing() as db:
        db.execute(update(SecondStep).values(last_count=0))  # as if half a minute had passed
    page.get_by_label("Code").fill(pyotp.TOTP(secret).at(utc_now()))
    page.keyboard.press("Enter")
    expect(page.locator(WHO)).to_contain_text("Rita Fonseca", timeout=30_000)


def test_where_it_is_required_it_comes_before_anything_else(live_server, new_page, sign_in_by_hand):
    with live_server.database.writing() as db:
        db.execute(update(Organisation).values(two_step_required=True))
    page = new_page()
    sign_in_by_hand(page, "ruiz", path="/my-calendar")
    expect(page.get_by_text("Your practice asks for it")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="My calendar")).to_have_count(0)
    page.goto(f"{live_server.url}/account")
    expect(page.get_by_text("Your practice asks for it")).to_be_visible(timeout=30_000)

    set_up(page)
    expect(page.get_by_role("link", name="My calendar")).to_be_visible(timeout=30_000)


@LOOKS
def test_the_picture_fits_and_can_be_read_by_a_camera(live_server, new_page, sign_in, width, dark):
    page = new_page(width=width, dark=dark)
    sign_in(page, "alex", path="/account")
    page.get_by_role("button", name="Set up two-step sign-in").click()

    picture = page.get_by_alt_text("Picture to scan")
    expect(picture).to_be_visible(timeout=30_000)
    box = picture.bounding_box()
    assert box["width"] >= 160
    assert abs(box["width"] - box["height"]) < 1
    assert box["x"] + box["width"] <= width
