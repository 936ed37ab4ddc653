"""How few interactions the desk's journeys take, with 5 professionals and 96 bookings on the day.

Each click, key or chord, scroll and change of field counts; typed characters do not. A drag is
two: taking and letting go. ``pytest tests/browser/test_few_keys.py -s`` prints the table of the
README, with the time from the first interaction to the last word on screen.
"""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from core.db import Database, utc_now
from core.interval import Interval
from core.models import Booking, BookingState, Patient
from tests import a
from tests.browser.conftest import LiveServer, let_in, press

pytestmark = pytest.mark.browser

DOCTORS = ("Dr Ada", "Dr Ben", "Dr Cleo", "Dr Dag", "Dr Eva")
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
BOOKED_ON_THE_DAY = 96
PATIENCE = 30_000


class Hand:
    """A receptionist's hand: does what it is told and counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.interactions = 0

    def click(self, what: Locator) -> None:
        self.interactions += 1
        what.click(timeout=PATIENCE)

    def press(self, chord: str) -> None:
        self.interactions += 1
        press(self.page, chord)

    def focus(self, what: Locator) -> None:
        self.interactions += 1
        what.focus()

    def type(self, words: str) -> None:
        """Where the cursor already is."""
        self.page.keyboard.type(words)

    def drag(self, what: Locator, to: Locator) -> None:
        self.interactions += 2
        source, target = what.bounding_box(), to.bounding_box()
        assert source
        assert target
        mouse = self.page.mouse
        mouse.move(source["x"] + 30, source["y"] + 5)
        mouse.down()
        mouse.move(target["x"] + 30, target["y"] + 20, steps=6)
        mouse.move(target["x"] + 30, target["y"] + 5, steps=3)
        mouse.up()


@pytest.fixture(scope="module")
def server(shared_server: LiveServer) -> LiveServer:
    fill_the_day(shared_server.database)
    return shared_server


@pytest.fixture
def desk(server: LiveServer, new_page: Callable[..., Page]) -> Page:
    """The full day, drawn, at a desk."""
    page = new_page()
    let_in(page, server, "rita")
    page.goto(f"{server.url}/desk?day={day():%Y-%m-%d}")
    expect(block(page, "Patient 0101")).to_be_visible(timeout=PATIENCE)
    return page


def day() -> datetime:
    return datetime.combine(utc_now().date() + timedelta(days=1), datetime.min.time(), UTC)


def fill_the_day(database: Database) -> None:
    """Tomorrow from 07:00 to 19:00, a fifth of it free; and one visit now."""
    with database.writing() as session:
        visit = a.service(session, name="Consultation", length_minutes=30)
        doctors = [
            a.professional(
                session, name=name, hours=((7, 19),), weekdays=EVERY_DAY, services=(visit,)
            )
            for name in DOCTORS
        ]
        a.patient(session, name="Nuria García", phone="+34642110478")
        booked = 0
        for half_hour, (number, doctor) in itertools.product(range(24), enumerate(doctors)):
            if booked == BOOKED_ON_THE_DAY or (half_hour + number) % 5 == 4:
                continue
            start = day() + timedelta(hours=7, minutes=30 * half_hour)
            who = a.patient(session, name=f"Patient {half_hour:02}{number:02}")
            slot = Interval(start, start + timedelta(minutes=30))
            a.booking(session, doctor, slot, service=visit, patient=who)
            booked += 1
        assert booked == BOOKED_ON_THE_DAY
        now = utc_now().replace(second=0)
        for number in range(2):
            slot = Interval(now - timedelta(minutes=20), now + timedelta(minutes=10))
            who = a.patient(session, name=f"Here today {number}")
            a.booking(session, doctors[number], slot, service=visit, patient=who)


def block(page: Page, name: str) -> Locator:
    return page.get_by_label(re.compile(rf"{name}.*(Booked|Arrived|Held)")).first


def free(page: Page, hour: str) -> Locator:
    return page.get_by_label(re.compile(rf"^{hour}.*free")).first


@contextmanager
def journey(hand: Hand, named: str, at_most: int) -> Iterator[None]:
    """Count and time what is done inside; refuse more interactions than were promised."""
    began, hand.interactions = time.monotonic(), 0
    yield
    print(f"| {named} | {hand.interactions} | {time.monotonic() - began:.1f} s |")
    assert hand.interactions <= at_most


def kept(server: LiveServer, name: str) -> Booking:
    with server.database.reading() as session:
        named = select(Booking).join(Booking.attendees).join(Patient).where(Patient.name == name)
        return session.scalars(named.order_by(Booking.id.desc())).first()


def test_a_known_patient_into_the_next_free_time_of_a_named_professional(desk, server):
    hand = Hand(desk)
    with journey(hand, "known patient into the next free time of a named professional", 4):
        hand.click(free(desk, "07:30"))
        expect(desk.get_by_role("dialog").get_by_label("Patient")).to_be_focused(timeout=PATIENCE)
        hand.type("garcia nur")
        expect(desk.get_by_role("button", name="Book Nuria García")).to_be_enabled(timeout=PATIENCE)
        hand.press("Control+Enter")
        expect(desk.get_by_text("Booked Nuria García with Dr Dag")).to_be_visible(timeout=PATIENCE)

    assert kept(server, "Nuria García").state is BookingState.BOOKED


def test_a_new_patient_into_the_next_free_time(desk, server):
    hand = Hand(desk)
    with journey(hand, "new patient the same", 6):
        hand.click(free(desk, "08:30"))
        expect(desk.get_by_role("dialog").get_by_label("Patient")).to_be_focused(timeout=PATIENCE)
        hand.type("Zé Ninguém")
        hand.click(desk.get_by_role("button", name="New patient"))
        hand.click(desk.get_by_label("Phone", exact=True))
        hand.type("912 345 678")
        hand.press("Tab")
        expect(desk.get_by_role("button", name="Book Zé Ninguém")).to_be_enabled(timeout=PATIENCE)
        hand.press("Control+Enter")
        expect(desk.get_by_text("Booked Zé Ninguém with")).to_be_visible(timeout=PATIENCE)

    assert kept(server, "Zé Ninguém").state is BookingState.BOOKED


def test_a_booking_is_moved_by_dragging(desk, server):
    hand, before = Hand(desk), kept(server, "Patient 0200")
    with journey(hand, "move by drag", 2):
        hand.drag(block(desk, "Patient 0200"), free(desk, "09:00"))
        expect(desk.get_by_text(re.compile("Moved Patient 0200 to"))).to_be_visible(
            timeout=PATIENCE
        )

    assert kept(server, "Patient 0200").starts_at > before.starts_at


def test_a_booking_is_moved_by_its_form(desk, server):
    hand, before = Hand(desk), kept(server, "Patient 0500")
    with journey(hand, "move by form", 4):
        hand.click(block(desk, "Patient 0500"))
        dialog = desk.get_by_role("dialog")
        hand.click(dialog.locator(".st-key-open_booking_move summary"))
        hand.click(dialog.get_by_role("button", name=re.compile(r"^\d\d:\d\d$")).first)
        expect(desk.get_by_text(re.compile("Moved Patient 0500 to"))).to_be_visible(
            timeout=PATIENCE
        )

    assert kept(server, "Patient 0500").starts_at != before.starts_at


def test_a_booking_is_cancelled_with_a_reason(desk, server):
    hand = Hand(desk)
    with journey(hand, "cancel with a reason", 3):
        hand.click(block(desk, "Patient 0600"))
        dialog = desk.get_by_role("dialog")
        hand.click(dialog.get_by_text("Patient is ill"))
        expect(dialog.get_by_label("In your own words")).to_be_focused(timeout=PATIENCE)
        hand.press("Control+Enter")
        expect(desk.get_by_text("Cancelled Patient 0600")).to_be_visible(timeout=PATIENCE)

    cancelled = kept(server, "Patient 0600")
    assert (cancelled.state, cancelled.cancel_reason) == (BookingState.CANCELLED, "Patient is ill")


def test_the_next_free_time_of_a_service_with_anybody(desk):
    hand = Hand(desk)
    expect(desk.get_by_role("button", name=re.compile("Type a booking"))).to_be_visible(
        timeout=PATIENCE
    )
    with journey(hand, "next free time for a service, any professional", 3):
        hand.press("Control+k")
        expect(desk.get_by_label(re.compile("Day, time, patient"))).to_be_focused(timeout=PATIENCE)
        hand.type("consultation")
        found = desk.get_by_role("dialog").get_by_text("which patient?")
        answer = re.compile(r"\d\d:\d\d.*Consultation.*Dr ", re.DOTALL)
        expect(found).to_have_text(answer, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("number", "key", "state"), [(0, "a", BookingState.ARRIVED), (1, "x", BookingState.NO_SHOW)]
)
def test_somebody_has_arrived_or_did_not_come(new_page, server, number, key, state):
    page = new_page()
    let_in(page, server, "rita")
    page.goto(f"{server.url}/today")
    name, hand = f"Here today {number}", Hand(page)
    row = page.locator(".row", has_text=name)
    expect(row).to_be_visible(timeout=PATIENCE)
    with journey(hand, state.value, 2):
        hand.focus(row)
        hand.press(key)
        expect(page.get_by_text(re.compile(f"{name}: "))).to_be_visible(timeout=PATIENCE)

    assert kept(server, name).state is state


def test_who_is_busy_now_needs_no_hand_at_all(new_page, server):
    page = new_page()
    let_in(page, server, "rita")
    page.goto(f"{server.url}/desk")
    hand = Hand(page)
    with journey(hand, "who is busy now, everybody", 0):
        for name in DOCTORS:
            expect(page.get_by_text(name).first).to_be_in_viewport(timeout=PATIENCE)
        expect(page.locator(".now").first).to_be_in_viewport(timeout=PATIENCE)


def test_a_patient_is_found_by_telephone(desk):
    hand = Hand(desk)
    with journey(hand, "find a patient by telephone", 2):
        hand.click(desk.get_by_role("link", name="Patients"))
        expect(desk.get_by_placeholder("Name, phone or date of birth")).to_be_focused(
            timeout=PATIENCE
        )
        hand.type("642 110 478")
        expect(desk.get_by_text("Nuria García").first).to_be_visible(timeout=PATIENCE)
