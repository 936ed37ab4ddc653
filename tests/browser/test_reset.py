"""A forgotten password, from the sign-in page by way of a real mail back to the desk."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.models import User
from tests import postman
from tests.browser.conftest import PASSWORD, fill_sign_in

pytestmark = pytest.mark.browser

WHO = ".st-key-frontdesk_who"
RITAS = "waters the plants first"


@pytest.fixture
def post():
    with postman.serving() as found:
        yield found


@pytest.fixture
def live_environment(post):
    return {
        "FRONTDESK_SMTP_URL": f"smtp-plain://localhost:{post.port}",
        "FRONTDESK_MAIL_FROM": "Rua Nova <desk@practice.example>",
        "FRONTDESK_PUBLIC_URL": "https://desk.practice.example",
    }


def test_t056_a_forgotten_password_is_replaced_by_mail(new_page, live_server, post):
    with live_server.database.writing() as db:
        db.scalars(select(User).where(User.username == "rita")).one().email = "rita@example.org"
    page = new_page()
    page.goto(live_server.url)
    page.get_by_role("button", name="Forgot your password?").click()
    page.get_by_label("User name or e-mail address").fill("rita")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("a link is on its way")).to_be_visible()
    for _ in range(100):
        if post.mails:
            break
        page.wait_for_timeout(200)
    [mail] = post.mails
    link = re.search(r"https://\S+", mail.get_content()).group()
    assert link.startswith("https://desk.practice.example/reset?link=")

    elsewhere = new_page()
    elsewhere.goto(live_server.url + link.removeprefix("https://desk.practice.example"))
    expect(elsewhere.get_by_text("Hello, Rita Fonseca.")).to_be_visible(timeout=30_000)
    elsewhere.get_by_label(re.compile("Your password")).fill(RITAS)
    elsewhere.get_by_role("button", name="Save and sign in").click()
    expect(elsewhere.locator(WHO)).to_contain_text("Rita Fonseca", timeout=30_000)
    expect(elsewhere).to_have_url(f"{live_server.url}/desk")

    page.get_by_role("button", name="Back to sign in").click()
    fill_sign_in(page, "rita", PASSWORD)
    expect(page.get_by_text("do not belong together")).to_be_visible()
