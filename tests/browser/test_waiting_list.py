"""A time is cancelled at one desk and offered to those who wait, in two windows."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core import waiting
from core.booking import BookingRequest, book
from core.db import Database, utc_now
from core.models import Answer, Booking, BookingState, Offer, Role, User
from core.policy import Actor
from tests import a
from tests.browser.conftest import press

pytestmark = pytest.mark.browser

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


def tomorrow(hour: float) -> datetime:
    day = datetime.now(UTC).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Dr Ada works ten to eleven every day; Zoe comes tomorrow, Nuria and Bo wait for a time."""
    with live_database.writing() as session:
        rita = session.scalars(select(User).where(User.username == "rita")).one()
        a.user(
            session,
            Role.RECEPTIONIST,
            username="bea",
            name="Bea Lima",
            password_hash=rita.password_hash,
        )
        desk = Actor(Role.RECEPTIONIST, "Rita", user_id=rita.id)
        visit = a.service(session, name="Consultation", length_minutes=60, step_minutes=60)
        ada = a.professional(
            session, name="Dr Ada", hours=((10, 11),), weekdays=EVERY_DAY, services=(visit,)
        )
        now, on = utc_now(), tomorrow(10).date()
        zoe = a.patient(session, name="Zoe Faria")
        request = BookingRequest(ada.id, visit.id, zoe.id, tomorrow(10), request_key="zoe")
        book(session, desk, request, now=now)
        for name in ("Nuria García", "Bo Lind"):
            patient = a.patient(session, name=name, phone="+34642110478")
            wishes = waiting.Wishes(visit.id, from_on=on, until_on=on)
            entry = waiting.NewEntry(patient.id, wishes, name)
            waiting.add(session, desk, entry, now=now)
    return live_database


def to_tomorrow(page: Page) -> None:
    expect(page.get_by_role("button", name="Today")).to_be_visible(timeout=30_000)
    expect(page.get_by_label("Day calendar").first).to_be_visible()
    press(page, "n")
    expect(page.get_by_label(re.compile("Zoe Faria.*Booked")).first).to_be_visible(timeout=30_000)


def test_a_cancelled_time_goes_to_the_next_who_waits(new_page, sign_in, live_server):
    rita, bea = new_page(), new_page()
    sign_in(rita, "rita", path="/desk")
    sign_in(bea, "bea", path="/desk")
    to_tomorrow(rita)
    to_tomorrow(bea)

    rita.get_by_label(re.compile("Zoe Faria.*Booked")).first.click()
    dialog = rita.get_by_role("dialog")
    dialog.get_by_text("Patient is ill").click()
    dialog.get_by_role("button", name="Cancel booking").click()
    expect(rita.get_by_text("2 people wait for it")).to_be_visible(timeout=30_000)

    rita.get_by_role("button", name="Offer it").click()
    expect(dialog.get_by_text("Call Nuria García")).to_be_visible(timeout=30_000)
    expect(dialog.get_by_text("+34 642 11 04 78")).to_be_visible()
    expect(dialog.get_by_text("Shall I book it for you?")).to_be_visible()
    expect(dialog.get_by_role("timer")).to_contain_text(re.compile(r"Held for this call: \d:\d\d"))

    # The other desk sees it held, and cannot book it.
    expect(bea.get_by_label(re.compile("^10:00.*Held")).first).to_be_visible(timeout=20_000)

    # Closing keeps the offer: the list shows it to everybody, with the time that is left.
    rita.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    bea.get_by_role("link", name="Waiting list").click()
    expect(bea.get_by_text("Offered to Nuria García by Rita Fonseca")).to_be_visible(timeout=30_000)
    expect(bea.get_by_text(re.compile(r"Held: \d:\d\d left"))).to_be_visible()

    rita.locator(".st-key-freed_offer button").click()
    expect(dialog.get_by_text("Call Nuria García")).to_be_visible(timeout=30_000)
    dialog.get_by_role("button", name="Declined").click()
    expect(dialog.get_by_text("Call Bo Lind")).to_be_visible(timeout=30_000)
    expect(dialog.get_by_text("Nuria García does not want it.")).to_be_visible()
    expect(bea.get_by_text("Offered to Bo Lind by Rita Fonseca")).to_be_visible(timeout=20_000)

    # Bo calls back, and Bea picks up.
    running = bea.locator("[class*=st-key-running_] button")
    expect(running).to_have_count(1)  # the answered one fades from the page
    running.click()
    bea.get_by_role("dialog").get_by_role("button", name="Accepted").click()
    expect(bea.get_by_text("Booked Bo Lind with Dr Ada")).to_be_visible(timeout=30_000)
    expect(bea.get_by_text("1 person waits")).to_be_visible()

    with live_server.database.reading() as session:
        answers = session.scalars(select(Offer.answer).order_by(Offer.id)).all()
        booked = select(Booking).where(Booking.state == BookingState.BOOKED)
        booking = session.scalars(booked).one()
    assert answers == [Answer.DECLINED, Answer.ACCEPTED]
    assert booking.starts_at == tomorrow(10)
