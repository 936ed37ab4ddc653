"""Somebody new, from the sign-in page by way of a real mail to their own bookings."""

import re

import pytest
from playwright.sync_api import expect

from core.models import Organisation
from tests import postman

pytestmark = pytest.mark.browser

PUBLIC = "https://desk.practice.example"


@pytest.fixture
def post():
    with postman.serving() as found:
        yield found


@pytest.fixture
def live_environment(post):
    return {
        "FRONTDESK_SMTP_URL": f"smtp-plain://localhost:{post.port}",
        "FRONTDESK_MAIL_FROM": "Rua Nova <desk@practice.example>",
        "FRONTDESK_PUBLIC_URL": PUBLIC,
    }


def test_who_is_new_registers_and_is_at_their_own_bookings(new_page, live_server, post):
    with live_server.database.writing() as db:
        db.get_one(Organisation, 1).patients_register = True
    page = new_page(width=390, height=844)
    page.goto(live_server.url)
    page.get_by_role("button", name="New here? Register").click()
    page.get_by_label("Your name").fill("Eva Reis")
    page.get_by_label("E-mail address").fill("eva@example.org")
    page.get_by_text("may keep this").click()
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("We have written to eva@")).to_be_visible()
    for _ in range(100):
        if post.mails:
            break
        page.wait_for_timeout(200)
    [mail] = post.mails
    link = re.search(rf"{PUBLIC}(/register\?link=\S+)", mail.get_content())[1]

    page.goto(live_server.url + link)
    expect(page.get_by_text("Welcome, Eva Reis.")).to_be_visible(timeout=30_000)
    page.get_by_label(re.compile("Your password")).fill("waters the plants first")
    page.get_by_role("button", name="Start with Frontdesk").click()
    expect(page.locator(".st-key-frontdesk_who")).to_contain_text("Eva Reis", timeout=30_000)
    expect(page).to_have_url(f"{live_server.url}/my-bookings")
