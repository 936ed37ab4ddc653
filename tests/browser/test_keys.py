"""The desk without a mouse, in a real browser."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from core.db import Database, utc_now
from core.interval import Interval
from tests import a
from tests.browser.conftest import press

pytestmark = pytest.mark.browser


@pytest.fixture
def live_database(live_database: Database) -> Database:
    return with_a_visit(live_database)


def with_a_visit(database: Database) -> Database:
    """Nuria comes to Dr Ada within the hour."""
    with database.writing() as session:
        visit = a.service(session, name="Consultation")
        ada = a.professional(
            session,
            name="Dr Ada",
            hours=((0, 24),),
            weekdays=(1, 2, 3, 4, 5, 6, 7),
            services=(visit,),
        )
        nuria = a.patient(session, name="Nuria García")
        start = utc_now().replace(minute=0, second=0) + timedelta(minutes=30)
        span = Interval(start, start + timedelta(minutes=30))
        a.booking(session, ada, span, service=visit, patient=nuria)
    return database


def ask_for_help(page):
    """Pressed again until the page is there to hear it; over the sheet it means nothing."""
    for _attempt in range(20):
        press(page, "?")
        page.wait_for_timeout(500)
        if page.get_by_role("dialog").is_visible():
            return


def test_pages_help_and_an_opened_booking_answer_to_keys_alone(new_page, sign_in):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    dialog, day = page.get_by_role("dialog"), page.get_by_label("Day calendar").first
    expect(day).to_be_visible(timeout=30_000)

    ask_for_help(page)
    expect(dialog).to_contain_text("Find a time")
    press(page, "n")  # the page behind a dialog hears nothing
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).not_to_have_url(re.compile("day="))
    page.locator(".st-key-frontdesk_who").get_by_role("button").click()
    page.get_by_text("Keys", exact=True).click()  # where there is no ? to press
    expect(dialog).to_contain_text("Find a time")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()

    press(page, "g")
    press(page, "t")
    expect(page).to_have_url(re.compile("/today"), timeout=30_000)
    row = page.locator(".row", has_text="Nuria García")
    expect(row).to_be_visible(timeout=30_000)
    row.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("Consultation", timeout=30_000)

    press(page, "Delete")
    expect(dialog.get_by_text("Patient is ill")).to_be_visible()
    press(page, "m")
    expect(dialog.get_by_label("Day", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_no_key_is_heard_while_somebody_types(new_page, sign_in):
    page = new_page()
    sign_in(page, "rita", path="/patients")
    field = page.locator(".stMain input:visible").first
    expect(field).to_be_visible(timeout=30_000)

    field.focus()
    page.keyboard.type("gt?")
    page.wait_for_timeout(700)

    expect(field).to_have_value("gt?")
    expect(page).to_have_url(re.compile("/patients"))
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_choosing_patients_leads_back_from_a_record_to_the_search(new_page, sign_in):
    page = new_page()
    sign_in(page, "rita", path="/patients?patient=1")
    search = page.get_by_placeholder("Name, phone or date of birth")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ana Silva", timeout=30_000)

    page.get_by_role("link", name="Patients").click()
    expect(search).to_be_focused(timeout=30_000)
    expect(page).to_have_url(re.compile("/patients$"))

    page.keyboard.type("ana")
    page.get_by_role("button", name=re.compile("^Open")).click()
    expect(page.get_by_label("Name", exact=True)).to_be_visible(timeout=30_000)
    page.get_by_text("All patients").focus()
    press(page, "g")
    press(page, "p")
    expect(search).to_be_visible(timeout=30_000)


def test_a_letter_alone_leads_nowhere_not_even_in_the_first_moment(new_page, sign_in):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    page.reload()
    expect(page.get_by_label("Day calendar").first).to_be_visible(timeout=30_000)

    press(page, "v")  # after G it would lead to the overrides
    page.wait_for_timeout(600)

    expect(page).to_have_url(re.compile("/desk"))
    expect(page.get_by_label("Day calendar").first).to_be_visible()
