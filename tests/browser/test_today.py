"""The day board in a real browser: one key for each step, also seen at another desk."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database, utc_now
from core.interval import Interval
from core.models import Booking, BookingState
from tests import a
from tests.browser.conftest import press

pytestmark = pytest.mark.browser


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """A visit that should have begun ten minutes ago, whatever the hour."""
    with live_database.writing() as session:
        visit = a.service(session, name="Consultation")
        ada = a.professional(session, name="Dr Ada", services=(visit,))
        nuria = a.patient(session, name="Nuria García", phone="+34642110478")
        start = utc_now().replace(second=0) - timedelta(minutes=10)
        span = Interval(start, start + timedelta(minutes=30))
        a.booking(session, ada, span, service=visit, patient=nuria)
    return live_database


def row(page: Page):
    return page.locator(".row", has_text="Nuria García")


def test_a_patient_arrives_starts_and_leaves_by_one_key_each(new_page, sign_in, live_server):
    page, other = new_page(), new_page(width=390, height=844)
    sign_in(page, "rita", path="/today")
    sign_in(other, "alex", path="/today")
    expect(row(page)).to_contain_text("minutes late", timeout=30_000)
    expect(row(other)).to_contain_text("+34 642 11 04 78")

    row(page).focus()
    for key, group in (("a", "Waiting"), ("s", "With the professional"), ("u", "Waiting")):
        press(page, key)
        expect(page.get_by_text(group, exact=True)).to_be_visible()
        expect(row(page)).to_be_focused()

    expect(row(other)).to_contain_text("waits", timeout=40_000)
    with live_server.database.reading() as session:
        assert session.scalars(select(Booking.state)).one() is BookingState.ARRIVED


def test_a_row_opens_the_booking(new_page, sign_in):
    page = new_page()
    sign_in(page, "rita", path="/today")
    row(page).get_by_role("button", name="Nuria García").click()
    expect(page.get_by_role("dialog")).to_contain_text("Consultation")
