"""A patient finds finance, premium, Thursday afternoon and books it: counted, and by a visitor."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.db import Database
from core.models import Booking, BookingState, Channel, Expertise
from tests import a
from tests.browser.conftest import PASSWORD, come_to_rest, expect_signed_in, fill_sign_in
from tests.browser.test_accessible import in_both_colours

pytestmark = pytest.mark.browser
PATIENCE = 30_000
WISH = "finance, premium, Thursday afternoon"
A_TIME = re.compile(r"^1[2-6]:\d\d$")


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Two who know finance, one of them premium, at a practice that shows it to everybody."""
    with live_database.writing() as session:
        a.organisation(session).directory_open = True
        talk = a.service(session, name="Consultation", price_cents=9000)
        people = [
            a.professional(session, name=name, services=(talk,), premium=premium)
            for name, premium in (("Zoé Brandão", True), ("Ada Cruz", False))
        ]
        finance = Expertise(name="Finance")
        for each in people:
            session.refresh(each, ["expertise"])
            each.expertise = [finance]
    return live_database


class Hand:
    """Clicks, and counts them; what is typed does not count."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, what) -> None:
        self.clicks += 1
        what.click(timeout=PATIENCE)


def look_for(page: Page, hand: Hand) -> None:
    field = page.get_by_label("Whom or what do you need, and when?")
    hand.click(field)
    field.press_sequentially(WISH)
    field.press("Enter")
    expect(page.get_by_text("Ada Cruz")).to_be_hidden(timeout=PATIENCE)
    expect(page.get_by_text("Zoé Brandão")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text(re.compile(r"^Thursday \d+"))).to_have_count(3, timeout=PATIENCE)
    expect(page.get_by_text("90.00 EUR").first).to_be_visible(timeout=PATIENCE)
    come_to_rest(page)


def take_the_first(page: Page, hand: Hand) -> None:
    come_to_rest(page)  # a button that is drawn anew takes no click
    hand.click(page.get_by_role("button", name=A_TIME).first)


def book(page: Page, hand: Hand) -> None:
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Ana Silva")).to_be_visible(timeout=PATIENCE)
    expect(dialog.get_by_text("Kept for you")).to_be_visible(timeout=PATIENCE)
    come_to_rest(page)
    hand.click(dialog.get_by_role("button", name="Book this visit"))
    expect(page.get_by_text("It stands in My bookings.")).to_be_visible(timeout=PATIENCE)


def test_a_patient_books_in_five_clicks_on_a_telephone_and_as_a_visitor(
    new_page, sign_in, live_server
):
    page, hand = new_page(width=390, height=844), Hand()
    sign_in(page, "ana")
    come_to_rest(page)
    hand.click(page.get_by_role("button", name="Find a time"))
    look_for(page, hand)
    assert in_both_colours(page) == []
    take_the_first(page, hand)
    expect(page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    come_to_rest(page)
    assert in_both_colours(page) == []
    book(page, hand)
    assert hand.clicks <= 5

    page, hand = new_page(), Hand()
    page.goto(f"{live_server.url}/find")
    look_for(page, hand)
    assert in_both_colours(page) == []
    take_the_first(page, hand)
    expect(page.get_by_text("the time you chose comes next")).to_be_visible(timeout=PATIENCE)
    assert page.url.startswith(f"{live_server.url}/find?")
    fill_sign_in(page, "ana", PASSWORD)
    expect_signed_in(page)
    book(page, hand)
    assert page.url.startswith(f"{live_server.url}/find")
    assert "take=" not in page.url

    with live_server.database.reading() as session:
        found = session.scalars(select(Booking)).all()
    assert [(each.state, each.channel) for each in found] == [
        (BookingState.BOOKED, Channel.PATIENT)
    ] * 2
