"""Part of a day blocked from the calendar in a real browser, and freed by a click on it."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from core.db import Database, utc_now
from core.models import TimeOff
from tests import a

pytestmark = pytest.mark.browser


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Dr Ada works all day, every day."""
    with live_database.writing() as session:
        visit = a.service(session, name="Consultation")
        a.professional(
            session, name="Dr Ada", hours=((0, 24),), weekdays=range(1, 8), services=(visit,)
        )
    return live_database


def blocked(database: Database) -> int:
    with database.reading() as session:
        count = select(func.count()).select_from(TimeOff).where(TimeOff.removed_at.is_(None))
        return session.scalar(count) or 0


def test_a_time_is_blocked_from_the_calendar_and_freed_by_a_click_on_the_block(
    new_page, sign_in, live_server
):
    page: Page = new_page()
    tomorrow = (utc_now() + timedelta(days=1)).date()
    sign_in(page, "rita", path=f"/desk?day={tomorrow}")
    page.get_by_label(re.compile("^10:00.*free")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Block this time").click()
    expect(dialog.get_by_text("For how long?")).to_be_visible()
    dialog.get_by_label("Reason (optional)").fill("Team meeting")
    dialog.get_by_label("Reason (optional)").press("Control+Enter")

    block = page.locator(".block.time_off", has_text="Team meeting")
    expect(block).to_be_visible()
    expect(dialog).to_have_count(0)
    assert blocked(live_server.database) == 1
    block.click()
    expect(dialog).to_contain_text("Team meeting")
    dialog.get_by_role("button", name="Remove").click()

    expect(block).to_have_count(0)
    assert blocked(live_server.database) == 0
