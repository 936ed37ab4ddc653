"""A professional is ill: down the list by key, and at two desks at once."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from core.booking import BookingRequest, book
from core.db import Database, utc_now
from core.models import Booking, BookingState, Role, User
from core.policy import Actor
from core.schedule import NewTimeOff, enter_time_off
from tests import a
from tests.browser.conftest import press

pytestmark = pytest.mark.browser

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


def tomorrow(hour: float) -> datetime:
    day = datetime.now(UTC).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Dr Ada is ill tomorrow and has three visits; Dr Ben is there."""
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
        visit = a.service(session, name="Consultation")
        ada, _ben = (
            a.professional(session, name=name, weekdays=EVERY_DAY, services=(visit,))
            for name in ("Dr Ada", "Dr Ben")
        )
        for name, hour in (("Nuria García", 10), ("Bo Lind", 11), ("Zoe Faria", 12)):
            patient = a.patient(session, name=name, phone="+34642110478", language="Español")
            request = BookingRequest(ada.id, visit.id, patient.id, tomorrow(hour), name)
            book(session, desk, request, now=utc_now())
        asked = NewTimeOff(ada.id, tomorrow(0), tomorrow(24), "ill")
        enter_time_off(session, desk, asked, now=utc_now())
    return live_database


def before_the_desk(page: Page, name: str) -> None:
    called = page.get_by_role("paragraph").filter(
        has=page.get_by_role("link", name="+34 642 11 04 78"), has_text=name
    )
    expect(called).to_contain_text("Español", timeout=30_000)


def shown(page: Page, name: str) -> None:
    if place := os.environ.get("PICTURES"):
        page.screenshot(path=f"{place}/{name}.png")


def start(page: Page) -> None:
    expect(page.get_by_role("button", name="Go on")).to_be_visible(timeout=30_000)
    press(page, "v")


def test_the_list_is_gone_through_by_key_alone_and_survives_a_reload(
    new_page, sign_in, live_server
):
    page = new_page()
    sign_in(page, "rita", path="/sick-day")
    start(page)
    before_the_desk(page, "Nuria García")
    expect(page.get_by_text("Zoe Faria")).to_be_visible()
    shown(page, "first")
    press(page, "1")
    before_the_desk(page, "Bo Lind")
    expect(page.get_by_text("1 of 3 done")).to_be_visible()
    press(page, "u")
    before_the_desk(page, "Nuria García")
    expect(page.get_by_text("0 of 3 done")).to_be_visible()
    press(page, "1")
    before_the_desk(page, "Bo Lind")
    press(page, "o")
    before_the_desk(page, "Zoe Faria")

    page.reload()
    start(page)
    before_the_desk(page, "Zoe Faria")
    press(page, "q")
    before_the_desk(page, "Bo Lind")
    expect(page.get_by_text("Called 1 time, no answer")).to_be_visible()
    shown(page, "again")
    press(page, "1")
    expect(page.get_by_text("Nobody is left to call")).to_be_visible(timeout=30_000)
    shown(page, "end")
    with live_server.database.reading() as session:
        states = session.scalars(select(Booking.state).order_by(Booking.id)).all()
    assert states == [BookingState.BOOKED, BookingState.BOOKED, BookingState.CANCELLED]


def test_two_desks_at_once_call_two_people(new_page, sign_in):
    rita, bea = new_page(), new_page()
    sign_in(rita, "rita", path="/sick-day")
    start(rita)
    before_the_desk(rita, "Nuria García")
    sign_in(bea, "bea", path="/sick-day")
    start(bea)
    before_the_desk(bea, "Bo Lind")
    expect(bea.get_by_text("Rita Fonseca is calling")).to_be_visible()
    bea.set_viewport_size({"width": 390, "height": 844})
    shown(bea, "phone")
    press(rita, "1")
    before_the_desk(rita, "Zoe Faria")
    # Nobody touches the other desk: it tells by itself.
    expect(bea.get_by_text("1 of 3 done")).to_be_visible(timeout=30_000)
    before_the_desk(bea, "Bo Lind")
