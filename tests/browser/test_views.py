"""The desk's views by key, from one to the next, and what of them comes on paper."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database
from core.models import Booking
from tests import a
from tests.browser.conftest import press

pytestmark = pytest.mark.browser

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
TODAY = datetime.now(UTC).date()
NEXT_WEEK = TODAY + timedelta(days=7)


@pytest.fixture
def live_database(live_database: Database) -> Database:
    with live_database.writing() as session:
        visit = a.service(session, name="Consultation")
        for name in ("Dr Ada", "Dr Ben"):
            a.professional(
                session, name=name, hours=((8, 18),), weekdays=EVERY_DAY, services=(visit,)
            )
        a.patient(session, name="Nuria García", phone="+34642110478")
    return live_database


def booked(database: Database) -> Booking:
    with database.reading() as session:
        return session.scalars(select(Booking)).one()


def check_bar(page: Page) -> None:
    """One row on a screen, at most three on a telephone; nothing in it is cut off."""
    for (width, height), rows in (((1400, 900), 1), ((390, 844), 3)):
        page.set_viewport_size({"width": width, "height": height})
        bar = page.locator(".st-key-desk_bar")
        page.wait_for_function(
            "([bar, most]) => bar.offsetHeight <= most && bar.scrollWidth <= bar.clientWidth",
            arg=[bar.element_handle(), 45 * rows],
            timeout=30_000,
        )
    page.set_viewport_size({"width": 1400, "height": 900})


def test_from_the_month_to_a_day_to_the_week_to_the_list_and_its_booking(
    new_page, sign_in, live_server
):
    page = new_page()
    sign_in(page, "rita", path=f"/desk?day={NEXT_WEEK}")
    expect(page.get_by_label("Day calendar").first).to_be_visible(timeout=30_000)

    check_bar(page)
    press(page, "Shift+M")
    page.get_by_role("button", name="Consultation").click()
    day = page.get_by_role("button", name=re.compile(rf" {NEXT_WEEK.day} [A-Z].*: 39 times from"))
    check_bar(page)
    day.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Day calendar").first).to_be_visible(timeout=30_000)
    expect(page).to_have_url(re.compile(rf"day={NEXT_WEEK}"))

    press(page, "Shift+W")
    page.get_by_role("button", name="Dr Ada").click()
    expect(page.get_by_label("Week calendar").first).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Filters · 2")).to_be_visible(timeout=30_000)
    check_bar(page)
    page.get_by_label(re.compile("^09:00.*free")).nth(NEXT_WEEK.weekday()).click()
    expect(page.get_by_role("dialog").get_by_label("Patient")).to_be_focused(timeout=30_000)
    page.keyboard.type("garc")
    page.get_by_role("button", name="Book Nuria García").click()
    expect(page.get_by_text("Booked Nuria García with Dr Ada")).to_be_visible(timeout=30_000)
    start = booked(live_server.database).starts_at
    assert (start.date(), start.hour) == (NEXT_WEEK, 9)

    press(page, "Shift+L")
    expect(page.get_by_text("1 booking", exact=True)).to_be_visible(timeout=30_000)
    check_bar(page)
    press(page, "Shift+F")
    expect(page.get_by_role("combobox", name="Service")).to_be_focused()
    page.get_by_role("combobox", name="Professionals").focus()
    page.keyboard.type("ben")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Consultation · Dr Ada, Dr Ben")).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    page.reload()  # an address is kept, and sent to others
    expect(page.get_by_role("button", name="Filters · 2")).to_be_visible(timeout=30_000)
    row = page.get_by_role("listitem", name=re.compile("09:00, Nuria García"))
    expect(row).to_be_visible(timeout=30_000)
    row.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Nuria García")

    press(page, "b")  # from an address that names a day and a view
    expect(page.get_by_role("dialog")).to_contain_text("For Nuria García", timeout=30_000)


def test_on_paper_are_the_day_and_its_date_and_nothing_to_press(new_page, sign_in, live_server):
    page = new_page(dark=True)
    sign_in(page, "rita", path=f"/desk?day={NEXT_WEEK}")
    expect(page.get_by_label("Day calendar").first).to_be_visible(timeout=30_000)
    on_paper = page.locator(".st-key-paper_title")
    expect(on_paper).to_be_hidden()

    page.emulate_media(media="print")
    expect(on_paper).to_contain_text(f"{NEXT_WEEK.day} ")
    expect(on_paper).to_contain_text(str(NEXT_WEEK.year))
    expect(page.get_by_text("Dr Ben").first).to_be_visible()
    for part in (".st-key-desk_bar", ".st-key-frontdesk_who", "header"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.locator(".stApp")).to_have_css("background-color", "rgb(255, 255, 255)")
    assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1

    page.emulate_media(media="screen")
    press(page, "g")  # from an address that names a day
    press(page, "t")
    expect(page.get_by_label("Visits of today")).to_be_visible(timeout=30_000)
