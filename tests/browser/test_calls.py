"""The calls for the next day in a real browser: down the list by key."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database, utc_now
from core.interval import Interval
from core.models import Confirmation
from tests import a
from tests.browser.conftest import press

pytestmark = pytest.mark.browser


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Two visits in two days."""
    with live_database.writing() as session:
        visit = a.service(session, name="Consultation")
        ada = a.professional(session, name="Dr Ada", services=(visit,))
        start = utc_now().replace(hour=10, minute=0, second=0) + timedelta(days=2)
        for name, phone in (("Nuria García", "+34642110478"), ("Ben Ito", "")):
            span = Interval(start, start + timedelta(minutes=30))
            patient = a.patient(session, name=name, phone=phone)
            a.booking(session, ada, span, service=visit, patient=patient)
            start += timedelta(hours=1)
    return live_database


def row(page: Page, name: str):
    return page.locator(".row", has_text=name)


def test_the_list_is_gone_through_by_key_and_a_slip_taken_back(new_page, sign_in, live_server):
    page = new_page()
    sign_in(page, "rita", path="/today")
    page.get_by_role("button", name="Calls for the next day").click()
    expect(page.get_by_text("2 calls to make")).to_be_visible()
    expect(row(page, "Nuria")).to_contain_text("+34 642 11 04 78")

    row(page, "Nuria").focus()
    press(page, "c")
    expect(page.get_by_text("1 call to make")).to_be_visible()
    expect(row(page, "Nuria")).to_contain_text("✓")
    expect(row(page, "Ben Ito")).to_be_focused()
    page.keyboard.press("End")
    press(page, "u")
    expect(page.get_by_text("2 calls to make")).to_be_visible()
    row(page, "Nuria").focus()
    press(page, "c")
    expect(page.get_by_text("1 call to make")).to_be_visible()
    with live_server.database.reading() as session:
        assert len(session.scalars(select(Confirmation)).all()) == 1
