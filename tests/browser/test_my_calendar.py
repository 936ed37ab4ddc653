"""A professional goes through the views of their calendar and reads their numbers, on a screen
and on a telephone."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database
from core.models import Booking, Patient, Professional
from tests import a
from tests.browser.conftest import come_to_rest, press
from tests.browser.test_accessible import DIALOG, PATIENCE, in_both_colours

pytestmark = pytest.mark.browser

NEXT_WEEK = datetime.now(UTC).date() + timedelta(days=7)
WEDNESDAY = NEXT_WEEK + timedelta(days=2 - NEXT_WEEK.weekday())


AT_TEN = re.compile("10:00.*Ana Silva")


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Ana comes to Dr Ruiz on the Wednesday of next week."""
    with live_database.writing() as session:
        doctor = session.scalars(select(Professional)).one()
        visit = a.service(session, name="Skin check", horizon_days=60)
        a.offer(session, doctor, visit)
        start = datetime(WEDNESDAY.year, WEDNESDAY.month, WEDNESDAY.day, 10, tzinfo=UTC)
        span = a.Interval(start, start + timedelta(minutes=30))
        ana = session.scalars(select(Patient)).one()
        a.booking(session, doctor, span, patient=ana, service=visit)
    return live_database


@pytest.mark.parametrize("width", [1400, 390])
def test_from_the_week_to_the_month_to_a_day_to_the_list_and_its_visit(
    new_page, sign_in, live_database, width
):
    page = new_page(width=width, height=844)
    page.set_default_timeout(PATIENCE)
    sign_in(page, "ruiz", path=f"/my-calendar?day={WEDNESDAY}")
    if width > 1000:
        expect(page.get_by_label("Week calendar").first).to_be_visible()
        expect(page.get_by_role("button", name=AT_TEN).first).to_be_visible()
    else:
        expect(page.get_by_role("radio", name=f"Wed {WEDNESDAY.day}")).to_be_visible()

    press(page, "Shift+M")
    day = page.get_by_role("button", name=re.compile(rf"^Wednesday {WEDNESDAY.day} .*: 1 visit, "))
    expect(day).to_be_visible()
    come_to_rest(page)
    assert in_both_colours(page) == []
    day.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"day={WEDNESDAY}"))
    expect(page.get_by_role("button", name=AT_TEN).first).to_be_visible()

    if width > 1000:
        carry_by_key(page)
        with live_database.reading() as session:
            assert session.scalars(select(Booking)).one().starts_at.minute == 15

    press(page, "Shift+L")
    expect(page.get_by_text("1 booking", exact=True)).to_be_visible()
    come_to_rest(page)
    row = page.get_by_role("listitem", name=re.compile("Ana Silva"))
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator(DIALOG)).to_contain_text("Ana Silva")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1400, 390])
def test_my_numbers_are_drawn_and_lead_to_what_was_booked_last(new_page, sign_in, width):
    page = new_page(width=width, height=844)
    page.set_default_timeout(PATIENCE)
    sign_in(page, "ruiz", path="/my-numbers")
    expect(page.locator(".js-plotly-plot .bars path")).to_have_count(4)
    come_to_rest(page)
    assert in_both_colours(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    row = page.get_by_role("listitem", name=re.compile("Ana Silva"))
    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator(DIALOG)).to_contain_text("Skin check")


def carry_by_key(page: Page) -> None:
    """A quarter of an hour later, as dragging does it."""
    come_to_rest(page)
    page.get_by_role("button", name=AT_TEN).first.focus()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Enter")
    later = page.get_by_role("button", name=re.compile("10:15.*Ana Silva")).first
    expect(later).to_be_visible()
