"""A mother's visit, her blood test right after, and her daughter behind her: one go, by keys."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database
from core.interval import Interval
from core.models import Booking
from tests import a
from tests.browser.conftest import come_to_rest, press

pytestmark = pytest.mark.browser

LISBON = ZoneInfo(a.ZONE)


def tomorrow(hour: float) -> datetime:
    on = datetime.now(LISBON).date() + timedelta(days=1)
    return datetime.combine(on, time(int(hour), round(hour % 1 * 60)), LISBON).astimezone(UTC)


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Dr Ada consults and Nina takes blood, 08:00 to 18:00; Nina is taken around half past nine."""
    with live_database.writing() as session:
        visit = a.service(session, name="Consultation", length_minutes=30)
        blood = a.service(session, name="Blood test", length_minutes=15)
        hours = {"hours": ((8, 18),), "weekdays": (1, 2, 3, 4, 5, 6, 7)}
        a.professional(session, name="Dr Ada", services=(visit,), **hours)
        nina = a.professional(session, name="Nina", services=(blood,), **hours)
        a.patient(session, name="Nuria García", phone="+34642110478")
        a.patient(session, name="Bea García", phone="+34642110479")
        taken = Interval.of(tomorrow(9.5), timedelta(minutes=45))
        a.booking(session, nina, taken, service=blood)
    return live_database


def tab_to(page: Page, words: str) -> None:
    """By the Tab key alone, to what is called that."""
    for _ in range(30):
        press(page, "Tab")
        if words in page.evaluate(NAME_OF_THE_FOCUSED):
            return
    pytest.fail(f"no Tab leads to {words}")


NAME_OF_THE_FOCUSED = (
    "() => { const at = document.activeElement;"
    " return (at.getAttribute('aria-label') || '') + ' ' + (at.innerText || ''); }"
)


def take(page: Page, option: str) -> None:
    """From the list under the cursor."""
    page.keyboard.type(option)
    expect(page.get_by_role("option", name=option, exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    come_to_rest(page)


def test_a_family_is_booked_one_after_another_without_a_mouse_on_a_narrow_screen(
    new_page, sign_in, live_server
):
    page = new_page(width=390, height=844)
    sign_in(page, "rita", path=f"/desk?day={tomorrow(9):%Y-%m-%d}")
    expect(page.get_by_text("Dr Ada").first).to_be_visible(timeout=30_000)
    come_to_rest(page)
    page.locator("summary", has_text="Dr Ada").focus()
    page.keyboard.press("Enter")
    nine = page.get_by_label(re.compile("^09:00.*free")).first
    expect(nine).to_be_visible()
    nine.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Patient")).to_be_focused()
    page.keyboard.type("nuria")
    expect(dialog.get_by_role("button", name="Book Nuria García")).to_be_visible()

    tab_to(page, "And right after")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Service").last).to_be_focused()
    take(page, "Blood test · 15 min")
    expect(dialog.get_by_text("Taken until")).to_be_visible()
    tab_to(page, "tomorrow 10:00")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("10:30-10:45")).to_be_visible()

    tab_to(page, "And right after")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Service").last).to_be_focused()
    take(page, "Consultation · 30 min")
    tab_to(page, "With")
    tab_to(page, "For")
    take(page, "Another patient")
    expect(dialog.get_by_label("Patient").last).to_be_focused()
    page.keyboard.type("bea")
    book = dialog.get_by_role("button", name="Book 3 visits for Nuria García, Bea García")
    expect(book).to_be_enabled()
    press(page, "Control+Enter")

    said = "Booked: tomorrow 10:00 Nuria García with Dr Ada; 10:30 with Nina"
    expect(page.get_by_text(re.compile(said.replace(":", ":\u2060?")))).to_be_visible()
    with live_server.database.reading() as session:
        found = session.scalars(select(Booking).order_by(Booking.starts_at)).all()
    times = [each.starts_at for each in found if each.created_by is not None]
    assert times == [tomorrow(10), tomorrow(10.5), tomorrow(10.75)]
