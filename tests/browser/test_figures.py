"""An admin asks the numbers: what was missed, what it cost, who has time, and of whom."""

import re
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from core.db import Database, utc_now
from core.models import BookingState
from tests import a
from tests.browser.conftest import come_to_rest
from tests.browser.test_accessible import EVERY_DAY, grave, in_both_colours

pytestmark = pytest.mark.browser
LAST_MONTH = "/numbers?dates=Last+month&view="
BY_PROFESSIONAL = "seats_by_0=by+professional"


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """In the middle of last month Dr Ben's patients came, and one of Dr Ada's two did not."""
    last = utc_now().astimezone(ZoneInfo(a.ZONE)).replace(day=1) - timedelta(days=1)
    ten = last.replace(day=15, hour=10, minute=0, second=0, microsecond=0).astimezone(UTC)
    states = (BookingState.NO_SHOW, BookingState.COMPLETED)
    with live_database.writing() as session:
        check = a.service(session, name="Check-up", price_cents=125_000)
        patient = a.patient(session, name="Zoe Faria")
        for name, outcomes in (("Dr Ada", states), ("Dr Ben", states[1:])):
            who = a.professional(session, name=name, weekdays=EVERY_DAY, services=(check,))
            for hours, state in enumerate(outcomes):
                starts = ten + timedelta(hours=hours)
                span = a.Interval(starts, starts + timedelta(hours=1))
                values = {"state": state, "service": check, "patient": patient}
                a.booking(session, who, span, **values)
    return live_database


def test_an_admin_sees_what_was_missed_whose_it_was_and_takes_the_figures_along(new_page, sign_in):
    page = new_page(height=1400)
    sign_in(page, "alex", path=f"{LAST_MONTH}No-shows&{BY_PROFESSIONAL}")
    expect(metric(page, "No-shows")).to_contain_text("1 · 33%")

    click_the_first_bar(page)
    expect(page).to_have_url(re.compile("no_shows_Professional_bar=Dr.Ada"))
    expect(page.get_by_role("button", name="Zoe Faria")).to_be_visible()
    come_to_rest(page)
    page.get_by_text("The numbers as a table").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    come_to_rest(page)
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Download", exact=True).click()
    lines = fetched.value.path().read_text(encoding="utf-8-sig").splitlines()
    found = {"a bar": grave(page)}
    assert [line[:15] for line in lines[1:]] == ["Dr Ada,2,1,50.0", "Dr Ben,1,0,0.0,"]

    page.get_by_role("radio", name="Money").click()
    expect(metric(page, "Lost to no-shows")).to_contain_text("1,250.00")

    page.set_viewport_size({"width": 390, "height": 1400})
    come_to_rest(page)
    found["narrow"] = in_both_colours(page)
    assert {where: faults for where, faults in found.items() if faults} == {}


def metric(page: Page, title: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=title).first


def click_the_first_bar(page: Page) -> None:
    come_to_rest(page)
    bar = page.locator(".js-plotly-plot .bars path").first
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
