"""A delay in a real browser: two keys say it, one more ticks who was called."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database, utc_now
from core.interval import Interval
from core.models import Delay, DelayCall
from tests import a
from tests.browser.conftest import press

pytestmark = pytest.mark.browser


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """A visit that should begin in two minutes, at a practice where it is about noon: wherever
    else, those two minutes may be on the next day."""
    with live_database.writing() as session:
        a.organisation(session).zone = f"Etc/GMT{utc_now().hour - 12:+d}"
        visit = a.service(session, name="Consultation")
        ada = a.professional(session, name="Dr Ada", services=(visit,))
        start = utc_now().replace(second=0) + timedelta(minutes=2)
        span = Interval(start, start + timedelta(minutes=30))
        patient = a.patient(session, name="Nuria García", phone="+34642110478")
        a.booking(session, ada, span, service=visit, patient=patient)
    return live_database


def press_until(page: Page, key: str, is_done: Callable[[], bool]) -> None:
    """Again until the dialog is there to hear it; once it is closed the key means nothing."""
    for _attempt in range(20):
        page.keyboard.press(key)
        page.wait_for_timeout(700)
        if is_done():
            return


def test_late_by_two_keys_called_by_one_and_on_time_again(new_page, sign_in, live_server):
    page = new_page()
    sign_in(page, "rita", path="/today")
    expect(page.locator(".row", has_text="Nuria")).to_be_visible(timeout=30_000)
    press(page, "e")
    expect(page.get_by_role("button", name="20 min")).to_be_visible()
    press_until(page, "2", page.get_by_role("alert").is_visible)
    expect(page.get_by_role("alert")).to_contain_text("Dr Ada runs 20 minutes late")

    to_call = page.locator(".row", has_text="booked for")
    expect(to_call).to_contain_text("+34 642 11 04 78")
    to_call.focus()
    press(page, "c")
    expect(to_call).to_contain_text("called")
    with live_server.database.reading() as session:
        assert session.scalars(select(Delay.minutes)).one() == 20
        assert session.scalars(select(DelayCall)).one()
    press(page, "e")
    expect(page.get_by_role("button", name="On time again")).to_be_visible()
    press_until(page, "0", page.get_by_role("dialog").is_hidden)
    expect(to_call).to_have_count(0)
