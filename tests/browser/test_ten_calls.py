"""Ten telephone calls of a morning, answered one after the other at the same desk.

1. A known patient wants the soonest time with Dr Ada.
2. Somebody new wants nine o'clock.
3. Bo Lind is ill and cancels.
4. Zoe Faria would rather come half an hour later.
5. Nuria García has forgotten when she comes, and says only her telephone number.
6. No free time suits Eva Horn: she goes on the waiting list.
7. Ian Moss wants his skin looked at, by whoever can first.
8. Tom Reed comes every week from now on, four times.
9. An emergency has to be seen at a time that is taken.
10. Lea Blum is called about her visit and says that she will come.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from core.db import Database, utc_now
from core.interval import Interval
from core.models import Booking, BookingState, Override, Patient, WaitingEntry
from tests import a
from tests.browser.conftest import come_to_rest, press

pytestmark = pytest.mark.browser

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
PATIENCE = 30_000


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Dr Ada and Dr Ben are there all day, every day; three visits are booked tomorrow."""
    with live_database.writing() as session:
        visit = a.service(session, name="Consultation", length_minutes=30)
        skin = a.service(session, name="Skin check", length_minutes=30)
        both = {"hours": ((0, 24),), "weekdays": EVERY_DAY}
        ada = a.professional(session, name="Dr Ada", services=(visit,), **both)
        a.professional(session, name="Dr Ben", services=(visit, skin), **both)
        a.patient(session, name="Nuria García", phone="+34642110478")
        for name in ("Eva Horn", "Ian Moss", "Tom Reed", "Urs Not"):
            a.patient(session, name=name)
        for hour, name in ((10, "Bo Lind"), (11, "Zoe Faria"), (12, "Lea Blum")):
            slot = Interval(tomorrow(hour), tomorrow(hour + 0.5))
            patient = a.patient(session, name=name)
            a.booking(session, ada, slot, service=visit, patient=patient)
    return live_database


def tomorrow(hour: float) -> datetime:
    day = datetime.combine(utc_now().date() + timedelta(days=1), datetime.min.time(), UTC)
    return day + timedelta(hours=hour)


def free(page: Page, hour: str) -> Locator:
    """With Dr Ada, whose column is the first."""
    return page.get_by_label(re.compile(rf"^{hour}.*free")).first


def block(page: Page, name: str) -> Locator:
    return page.get_by_label(re.compile(rf"{name}.*Booked")).first


def says(page: Page, words: str) -> None:
    expect(page.get_by_text(re.compile(words)).first).to_be_visible(timeout=PATIENCE)


def type_patient(page: Page, words: str) -> None:
    expect(page.get_by_role("dialog").get_by_label("Patient")).to_be_focused(timeout=PATIENCE)
    page.keyboard.type(words)


def bookings_of(database: Database, name: str) -> list[Booking]:
    with database.reading() as session:
        named = select(Booking).join(Booking.attendees).join(Patient).where(Patient.name == name)
        return list(session.scalars(named.order_by(Booking.starts_at)))


def test_ten_telephone_calls_end_right(new_page, sign_in, live_server):
    page = new_page()
    dialog = page.get_by_role("dialog")
    sign_in(page, "rita", path=f"/desk?day={tomorrow(0):%Y-%m-%d}")
    expect(block(page, "Zoe Faria")).to_be_visible(timeout=PATIENCE)

    the_soonest_with_dr_ada(page)
    somebody_new(page)
    bo_is_ill(page, dialog)
    zoe_comes_later(page, dialog)
    when_does_nuria_come(page)
    no_time_suits_eva(page, dialog)
    whoever_can_see_ian_first(page, dialog)
    tom_comes_every_week(page, dialog)
    an_emergency(page, dialog)
    lea_will_come(page, dialog)

    check_how_the_calls_ended(live_server.database)


def the_soonest_with_dr_ada(page: Page) -> None:
    expect(page.get_by_role("button", name=re.compile("Type a booking"))).to_be_visible(
        timeout=PATIENCE
    )
    press(page, "Control+k")
    expect(page.get_by_label(re.compile("Day, time, patient"))).to_be_focused(timeout=PATIENCE)
    page.keyboard.type("garcia nuria dr ada consultation")
    book = page.get_by_role("button", name=re.compile("Book Nuria García"))
    book.click(timeout=PATIENCE)
    says(page, "Booked Nuria García with Dr Ada")


def somebody_new(page: Page) -> None:
    to_tomorrow(page)
    free(page, "09:00").click()
    type_patient(page, "Zé Ninguém")
    page.get_by_role("button", name="New patient").click()
    page.get_by_label("Phone", exact=True).fill("912 345 678")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Book Zé Ninguém").click()
    says(page, "Booked Zé Ninguém with Dr Ada")


def bo_is_ill(page: Page, dialog: Locator) -> None:
    to_tomorrow(page)
    block(page, "Bo Lind").click()
    dialog.get_by_text("Patient is ill").click()
    dialog.get_by_role("button", name="Cancel booking").click()
    says(page, "Cancelled Bo Lind")


def zoe_comes_later(page: Page, dialog: Locator) -> None:
    to_tomorrow(page)
    block(page, "Zoe Faria").click()
    dialog.locator(".st-key-open_booking_move summary").click()
    later = dialog.get_by_role("button", name="11:30", exact=True)
    expect(later).to_be_visible(timeout=PATIENCE)
    come_to_rest(page)
    later.press("Enter")  # while the form unfolds, a click goes astray
    says(page, "Moved Zoe Faria to .*11:30")


def when_does_nuria_come(page: Page) -> None:
    page.get_by_role("link", name="Patients").click()
    expect(page.get_by_placeholder(re.compile("Name, phone"))).to_be_focused(timeout=PATIENCE)
    page.keyboard.type("642 110 478")
    page.get_by_role("button", name=re.compile("^Open")).click()
    says(page, "Consultation with Dr Ada")
    page.get_by_role("link", name="Desk").click()
    expect(page.get_by_role("button", name="Today")).to_be_visible(timeout=PATIENCE)


def no_time_suits_eva(page: Page, dialog: Locator) -> None:
    to_tomorrow(page)
    free(page, "09:30").click()
    type_patient(page, "eva horn")
    expect(page.get_by_role("button", name="Book Eva Horn")).to_be_enabled(timeout=PATIENCE)
    dialog.get_by_role("button", name="No time suits?").click()
    expect(page.get_by_role("heading", name="Put on the waiting list")).to_be_visible(
        timeout=PATIENCE
    )
    dialog.get_by_role("button", name=re.compile("^Put on the waiting list")).click()
    says(page, "Eva Horn is on the waiting list")


def whoever_can_see_ian_first(page: Page, dialog: Locator) -> None:
    press(page, "f")
    dialog.get_by_label("Service").click()
    page.get_by_role("option", name=re.compile("^Skin check")).click()
    dialog.get_by_role("button", name=re.compile(r"\d\d:\d\d")).first.click()
    type_patient(page, "ian moss")
    page.get_by_role("button", name="Book Ian Moss").click()
    says(page, "Booked Ian Moss with Dr Ben")


def tom_comes_every_week(page: Page, dialog: Locator) -> None:
    to_tomorrow(page)
    free(page, "16:00").click()
    type_patient(page, "tom reed")
    expect(page.get_by_role("button", name="Book Tom Reed")).to_be_enabled(timeout=PATIENCE)
    dialog.get_by_text("Repeat", exact=True).first.click()
    how_often = page.get_by_label("How often", exact=True)
    expect(how_often).to_be_visible(timeout=PATIENCE)
    come_to_rest(page)
    how_often.press_sequentially("Weekly")  # while the form unfolds, a click goes astray
    page.get_by_role("option", name="Weekly", exact=True).click(timeout=PATIENCE)
    dialog.get_by_label("Visits").fill("4")
    dialog.get_by_label("Visits").press("Tab")
    dialog.get_by_role("button", name="Book 4 visits for Tom Reed").click()
    says(page, "Booked 4 visits for Tom Reed")


def an_emergency(page: Page, dialog: Locator) -> None:
    to_tomorrow(page)
    taken = page.get_by_label(re.compile("^12:00.*Taken until")).first
    place = taken.bounding_box()
    assert place
    taken.click(position={"x": place["width"] - 5, "y": 8})  # the strip beside the visit
    expect(dialog.get_by_text("Taken until")).to_be_visible(timeout=PATIENCE)
    type_patient(page, "urs not")
    dialog.get_by_text("Urgent").click()
    dialog.get_by_role("button", name="Book Urs Not").click()
    says(page, "Booked Urs Not with Dr Ada")


def lea_will_come(page: Page, dialog: Locator) -> None:
    to_tomorrow(page)
    block(page, "Lea Blum").click()
    dialog.get_by_text("Confirmed by telephone").click()
    expect(dialog.get_by_text(re.compile("Confirmed by telephone · Rita"))).to_be_visible(
        timeout=PATIENCE
    )
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def to_tomorrow(page: Page) -> None:
    """Back to the day, wherever the last call has led to, by its address."""
    expect(page.get_by_role("dialog")).to_be_hidden(timeout=PATIENCE)
    page.goto(f"{page.url.partition('/desk')[0]}/desk?day={tomorrow(0):%Y-%m-%d}")
    expect(block(page, "Lea Blum")).to_be_visible(timeout=PATIENCE)


def check_how_the_calls_ended(database: Database) -> None:
    assert [each.state for each in bookings_of(database, "Nuria García")] == [BookingState.BOOKED]
    assert [each.starts_at for each in bookings_of(database, "Zé Ninguém")] == [tomorrow(9)]
    [bo] = bookings_of(database, "Bo Lind")
    assert (bo.state, bo.cancel_reason) == (BookingState.CANCELLED, "Patient is ill")
    assert [each.starts_at for each in bookings_of(database, "Zoe Faria")] == [tomorrow(11.5)]
    assert len(bookings_of(database, "Ian Moss")) == 1
    weekly = [tomorrow(16) + timedelta(weeks=week) for week in range(4)]
    assert [each.starts_at for each in bookings_of(database, "Tom Reed")] == weekly
    assert [each.starts_at for each in bookings_of(database, "Urs Not")] == [tomorrow(12)]
    with database.reading() as session:
        waits = select(Patient.name).join(WaitingEntry, WaitingEntry.patient_id == Patient.id)
        assert session.scalars(waits).all() == ["Eva Horn"]
        assert session.scalars(select(Override.reason)).all() == ["Urgent"]
