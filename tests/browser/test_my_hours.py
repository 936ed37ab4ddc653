"""A professional's first morning: a week from nothing, time off, and a Saturday, in two minutes."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database
from core.models import Opening, Professional, TimeOff, User, WorkingHours
from tests import a
from tests.browser.conftest import come_to_rest, press
from tests.browser.test_accessible import in_both_colours

pytestmark = pytest.mark.browser

PATIENCE = 30_000


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Dr Moss starts today: nothing of their hours is known."""
    with live_database.writing() as session:
        moss = a.professional(
            session, name="Dr Moss", hours=(), services=(a.service(session, name="Visit"),)
        )
        ruiz = session.scalars(select(User).where(User.username == "ruiz")).one()
        ruiz.professional_id = moss.id
    return live_database


def shown(page: Page, name: str) -> None:
    if place := os.environ.get("PICTURES"):
        come_to_rest(page)
        page.screenshot(path=f"{place}/{name}.png", full_page=True)


def cell(page: Page, weekday: int, hour: float):
    return page.locator(f'button[data-day="{weekday}"][data-minute="{round(hour * 60)}"]')


def expect_accessible(page: Page) -> None:
    """Once Streamlit's own notice has gone, which axe finds fault with."""
    expect(page.get_by_test_id("stToast")).to_have_count(0, timeout=PATIENCE)
    assert in_both_colours(page) == []


def drag(page: Page, first: tuple[int, float], last: tuple[int, float]) -> None:
    come_to_rest(page)
    cell(page, *first).hover()
    page.mouse.down()
    cell(page, *last).hover()
    page.mouse.up()


def expect_state(page: Page, weekday: int, hour: float, state: str) -> None:
    expect(cell(page, weekday, hour)).to_have_attribute("data-state", state, timeout=PATIENCE)


def type_date(page: Page, label: str, on: date) -> None:
    """Into the three parts of a date, as people type."""
    come_to_rest(page)
    field = page.get_by_role("group", name=label)
    field.get_by_role("spinbutton").first.click()
    page.keyboard.type(f"{on:%d%m%Y}")
    page.keyboard.press("Escape")
    calendar = page.get_by_role("dialog")
    expect(calendar).to_have_count(0)


def go_to(page: Page, part: str) -> None:
    come_to_rest(page)
    page.get_by_role("radio", name=part).click()


def test_a_week_from_nothing_time_off_and_a_saturday_morning(new_page, sign_in, live_server):
    today = datetime.now(UTC).date()
    first = today + timedelta(days=3)
    saturday = first + timedelta(days=(5 - first.weekday()) % 7)
    page = new_page()
    page.set_default_timeout(PATIENCE)
    sign_in(page, "ruiz", path="/my-hours")

    expect(cell(page, 1, 9)).to_be_visible(timeout=PATIENCE)
    type_date(page, "These hours apply from", first)
    drag(page, (1, 9), (5, 12.5))
    expect_state(page, 5, 12.5, "work")
    drag(page, (1, 14), (5, 17.5))
    expect_state(page, 3, 17.5, "work")
    expect_state(page, 3, 13, "off")
    expect(page.get_by_text("What changes from")).to_be_visible()
    shown(page, "painted")
    expect_accessible(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved the hours of Dr Moss.").first).to_be_visible()

    page.set_viewport_size({"width": 390, "height": 844})
    expect_state(page, 1, 9, "work")
    come_to_rest(page)
    cell(page, 1, 14).focus()
    for key in (" ", "ArrowDown", " "):
        page.keyboard.press(key)
    expect_state(page, 1, 14.5, "work")
    go_to(page, "Not at work")
    come_to_rest(page)
    cell(page, 5, 16).focus()
    for key in ("Space", "ArrowDown", "ArrowDown", "ArrowDown", "Space"):
        page.keyboard.press(key)
    expect_state(page, 5, 17.5, "off")
    expect(page.get_by_text("What changes from")).to_be_visible()
    shown(page, "phone")
    press(page, "Control+Enter")
    expect(page.get_by_text("What changes from")).to_have_count(0)

    go_to(page, "Time off")
    type_date(page, "First day", first + timedelta(days=21))
    type_date(page, "Last day", first + timedelta(days=30))
    page.get_by_role("button", name="Enter time off").click()
    expect(page.get_by_text("Dr Moss is away:").first).to_be_visible()

    go_to(page, "Dates and openings")
    type_date(page, "Date", saturday)
    page.get_by_label("From", exact=True).fill("9")
    page.get_by_label("To", exact=True).fill("12:30")
    page.get_by_role("button", name="Publish the opening").click()
    expect(page.get_by_text("Published: Saturday").first).to_be_visible()
    shown(page, "opening")
    expect_accessible(page)

    with live_server.database.reading() as session:
        moss = session.scalars(select(Professional).where(Professional.name == "Dr Moss")).one()
        rows = session.scalars(
            select(WorkingHours).where(WorkingHours.professional_id == moss.id)
        ).all()
        found = {(each.weekday, each.starts_minute // 60, each.ends_minute // 60) for each in rows}
        away = session.scalars(select(TimeOff)).one()
        opening = session.scalars(select(Opening)).one()
    assert found == {
        *((day, start, end) for day in range(1, 5) for start, end in ((9, 13), (14, 18))),
        (5, 9, 13),
        (5, 14, 16),
    }
    assert {each.valid_from for each in rows} == {first}
    assert away.ends_at - away.starts_at >= timedelta(days=10) - timedelta(hours=1)
    assert opening.ends_at - opening.starts_at == timedelta(hours=3, minutes=30)
