"""A series in a real browser: repeat a visit, find a way round a clash, move and cancel it."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database
from core.interval import Interval
from core.models import Booking, BookingState
from tests import a
from tests.browser.conftest import come_to_rest, press

pytestmark = pytest.mark.browser

LISBON = ZoneInfo(a.ZONE)


def tomorrow(hour: int, *, weeks: int = 0) -> datetime:
    """An hour on the wall clock, tomorrow or so many weeks after."""
    on = datetime.now(LISBON).date() + timedelta(days=1, weeks=weeks)
    return datetime.combine(on, time(hour), LISBON).astimezone(UTC)


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Dr Ada works every day, 08:00 to 18:00; her third week is taken at nine."""
    with live_database.writing() as session:
        visit = a.service(session, name="Physiotherapy", length_minutes=30)
        hours = {"hours": ((8, 18),), "weekdays": (1, 2, 3, 4, 5, 6, 7)}
        ada = a.professional(session, name="Dr Ada", services=(visit,), **hours)
        a.patient(session, name="Nuria García", phone="+34642110478")
        taken = Interval.of(tomorrow(9, weeks=2), timedelta(minutes=30))
        a.booking(session, ada, taken, service=visit)
    return live_database


def to_tomorrow(page: Page) -> None:
    expect(page.get_by_role("button", name="Today")).to_be_visible(timeout=30_000)
    press(page, "n")
    expect(page.get_by_label(re.compile("^09:00.*free")).first).to_be_visible(timeout=30_000)


def unfold(page: Page, name: str) -> None:
    come_to_rest(page)
    page.get_by_role("dialog").locator("summary", has_text=name).first.click()


def choose(page: Page, label: str, option: str) -> None:
    """From a list too long to be drawn at once, by typing."""
    field = page.get_by_role("dialog").get_by_label(label)
    expect(field).to_be_visible()
    come_to_rest(page)
    field.press_sequentially(option)  # wherever it is, while the form unfolds
    page.get_by_role("option", name=option, exact=True).click()


def series(database: Database) -> list[Booking]:
    with database.reading() as session:
        found = select(Booking).where(Booking.series_id.is_not(None))
        return list(session.scalars(found.order_by(Booking.starts_at)))


def test_a_visit_repeats_every_week_round_a_clash_and_is_cancelled_from_the_third_on(
    new_page, sign_in, live_server
):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    to_tomorrow(page)
    page.get_by_label(re.compile("^09:00.*free")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Patient")).to_be_focused()
    page.keyboard.type("garc nur")
    expect(dialog.get_by_role("button", name="Book Nuria García")).to_be_visible()
    unfold(page, "Repeat")
    choose(page, "How often", "Weekly")
    dialog.get_by_label("Visits").fill("4")
    dialog.get_by_label("Visits").press("Tab")

    expect(dialog.get_by_text("Taken until")).to_be_visible()
    book = dialog.get_by_role("button", name=re.compile("^Book Shortcut"))
    expect(book).to_be_disabled()
    dialog.get_by_role("button", name="09:30", exact=True).click()
    dialog.get_by_role("button", name="Book 4 visits for Nuria García").click()
    expect(page.get_by_text("Booked 4 visits for Nuria García with Dr Ada")).to_be_visible()

    booked = series(live_server.database)
    half_past = tomorrow(9, weeks=2) + timedelta(minutes=30)
    nine = [tomorrow(9, weeks=week) for week in (0, 1, 3)]
    assert sorted(each.starts_at for each in booked) == sorted([*nine, half_past])

    page.get_by_label(re.compile("Nuria García.*Booked")).first.click()
    expect(dialog.get_by_text("Visit 1 of 4 in a series")).to_be_visible()
    dialog.get_by_text("All to come", exact=True).click()
    expect(dialog.get_by_text(re.compile("^4 visits, "))).to_be_visible()
    unfold(page, "Move")
    choose(page, "Time", "11:00")
    dialog.get_by_role("button", name="Move 4 visits").click()
    expect(page.get_by_text("Moved the visits of Nuria García")).to_be_visible()
    moved = series(live_server.database)
    assert [each.starts_at for each in moved] == [tomorrow(11, weeks=week) for week in range(4)]

    page.get_by_label(re.compile("Nuria García.*Booked")).first.click()
    dialog.get_by_text("This and later ones", exact=True).click()
    dialog.get_by_text("Patient is ill").click()
    dialog.get_by_role("button", name="Cancel booking").click()
    expect(page.get_by_text("Cancelled 4 visits: Nuria García.")).to_be_visible()
    states = {each.state for each in series(live_server.database)}
    assert states == {BookingState.CANCELLED}
