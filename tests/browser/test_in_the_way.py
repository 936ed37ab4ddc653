"""What is told and what is opened covers nothing that somebody is about to press."""

import pytest
from playwright.sync_api import Locator, Page, expect

from core.booking import BookingRequest, SetAside, book
from core.db import utc_now
from core.models import Role
from core.policy import Actor
from tests import a
from tests.browser.conftest import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


def middle(found: Locator) -> tuple[float, float]:
    box = found.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_what_was_done_is_told_at_the_bottom_right(new_page, sign_in, live_server):
    with live_server.database.writing() as session:
        bea = a.patient(session, name="Bea Lopes", phone="+351912345678")
    page: Page = new_page()
    sign_in(page, "rita", path=f"/patients?patient={bea.id}")
    page.get_by_label("Name", exact=True).fill("Bea Maria Lopes")
    page.get_by_role("button", name="Save", exact=True).click()

    told = page.get_by_test_id("stToast")
    expect(told).to_contain_text("Saved Bea Maria Lopes.")
    across, down = middle(told)
    assert across > 1400 * 2 / 3
    assert down > 900 * 2 / 3


def test_on_a_telephone_the_open_menu_can_be_closed(new_page, sign_in):
    page: Page = new_page(width=390, height=844)
    sign_in(page, "rita", path="/patients")
    who = page.locator(".st-key-frontdesk_who")
    expect(who).to_be_visible()

    page.get_by_test_id("stExpandSidebarButton").click()
    expect(who).to_be_hidden()
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(who).to_be_visible()


def test_a_rule_that_was_set_aside_leads_to_its_booking(new_page, sign_in, live_server):
    now = utc_now()
    with live_server.database.writing() as session:
        service = a.service(session, name="Skin check")
        ada = a.professional(session, name="Dr Ada", hours=((9, 10),), services=(service,))
        rita = Actor(role=Role.RECEPTIONIST, name="Rita", user_id=a.user(session).id)
        night = now.replace(hour=3, minute=0, second=0) + a.span(0, 48).length
        patient = a.patient(session, name="Cleo Reis")
        asked = BookingRequest(
            ada.id, service.id, patient.id, night, "k", set_aside=SetAside("Urgent")
        )
        book(session, rita, asked, now=now)
    page: Page = new_page()
    sign_in(page, "rita", path="/overrides")
    button = page.get_by_role("button", name="Open the booking")
    expect(button).to_be_disabled()
    box = page.get_by_test_id("stDataFrame").bounding_box()
    assert box
    page.mouse.click(box["x"] + 15, box["y"] + 52)
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_role("dialog")).to_contain_text("Cleo Reis")
    page.get_by_role("button", name="Book again").click()
    expect(page.get_by_role("dialog")).to_contain_text("Find a time")
    assert page.url.split("?")[0].endswith("/desk")
