"""No page, view or dialog of the desk shuts anybody out: axe finds nothing serious on them."""

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from core import recalls, waiting
from core.booking import BookingRequest, book
from core.booking.groups import SeatRequest, join
from core.db import Database, utc_now
from core.models import Role, User
from core.policy import Actor
from core.recalls import NewRecall
from core.schedule import NewTimeOff, enter_time_off
from tests import a
from tests.browser.conftest import come_to_rest, press
from tests.browser.test_keys import ask_for_help, with_a_visit

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
PATIENCE = 30_000
DIALOG = "[role=dialog]"
SCHEME = "getComputedStyle(document.querySelector('.stApp')).colorScheme"
HAS_A_HEIGHT = "document.documentElement.style.minHeight = '100vh'"
"""The root has none of its own and is clipped behind a dialog: axe takes all there for hidden."""
PAGES = {"time-off": "Dr Cem", "overrides": "against a rule"}


def tomorrow(hour: float) -> datetime:
    day = datetime.now(UTC).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Something of everything: a visit and a group, somebody who waits, is due, is twice on file,
    and somebody who is away."""
    with_a_visit(live_database)
    with live_database.writing() as session:
        rita = session.scalars(select(User).where(User.username == "rita")).one()
        desk, now = Actor(Role.RECEPTIONIST, "Rita", user_id=rita.id), utc_now()
        skin = a.service(session, name="Skin check")
        school = a.service(session, name="Back school", seats=6)
        ben, cem = (
            a.professional(session, name=name, weekdays=EVERY_DAY, services=(skin, school))
            for name in ("Dr Ben", "Dr Cem")
        )
        zoe, _again = (
            a.patient(session, name=name, phone="+34642110478", language="Español")
            for name in ("Zoe Faria", "Zoe Maria Faria")
        )
        for who, service, hour in ((ben, skin, 10), (ben, school, 11), (cem, skin, 14)):
            asked = BookingRequest(who.id, service.id, zoe.id, tomorrow(hour), f"{hour}")
            booking = book(session, desk, asked, now=now)
            if service is school:
                bo = a.patient(session, name="Bo Lind", phone="+351912345678")
                join(session, desk, SeatRequest(booking.id, booking.version, bo.id), now=now)
        away = NewTimeOff(cem.id, tomorrow(0), tomorrow(24), "ill")
        enter_time_off(session, desk, away, now=now)
        wish = waiting.NewEntry(bo.id, waiting.Wishes(skin.id), "bo")
        waiting.add(session, desk, wish, now=now)
        recalls.add_recall(
            session, desk, NewRecall(bo.id, tomorrow(0).date(), "bo", skin.id), now=now
        )
    return live_database


def grave(page: Page, *only: str) -> list[str]:
    """What axe holds against the dialog or, without one, the page: the element and the reason."""
    asked = {"resultTypes": ["violations"]} | ({"runOnly": list(only)} if only else {})
    place = DIALOG if page.locator(DIALOG).is_visible() else None
    page.evaluate(HAS_A_HEIGHT)
    found = Axe().run(page, place, options=asked).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def in_both_colours(page: Page) -> list[str]:
    """All rules in the colours that are shown, then those about colours in the others."""
    shown = page.evaluate(SCHEME)
    other = "light" if shown == "dark" else "dark"
    found = [f"{shown} {each}" for each in grave(page)]
    page.emulate_media(color_scheme=other)
    expect(page.locator(".stApp")).to_have_css("color-scheme", other)
    return found + [f"{other} {each}" for each in grave(page, "color-contrast")]


def test_axe_finds_nothing_serious_at_the_desk(new_page, sign_in):
    page = new_page()
    page.set_default_timeout(PATIENCE)
    sign_in(page, "rita", path=f"/desk?day={tomorrow(0):%Y-%m-%d}")
    dialog, main = page.locator(DIALOG), page.locator(".stMain")
    expect(free(page)).to_be_visible(timeout=PATIENCE)

    shown = (
        *(look_up(page, dialog), book_anew(page, dialog), open_visits(page, dialog)),
        *(views(page), today(page, dialog), waiting_list(page, dialog)),
        *(patients(page, dialog, main), sick_day(page, main), other_pages(page, main)),
    )
    found = {where: in_both_colours(page) for where in itertools.chain(*shown)}

    assert {where: faults for where, faults in found.items() if faults} == {}


def look_up(page: Page, dialog: Locator) -> Iterator[str]:
    ask_for_help(page)
    expect(dialog).to_contain_text("Type a booking")
    check_axe_sees_what_is_faint(page)
    yield "help"
    close(page)
    yield "desk"
    for key, said in (("f", "Find a time"), ("Control+k", "Enter books")):
        press(page, key)
        expect(dialog).to_contain_text(said, timeout=PATIENCE)
        yield said
        close(page)


def check_axe_sees_what_is_faint(page: Page) -> None:
    faint = page.add_style_tag(content=f"{DIALOG} h2 {{ color: #bbb !important; }}")
    assert [each for each in grave(page) if each.startswith("color-contrast")]
    faint.evaluate("style => style.remove()")


def book_anew(page: Page, dialog: Locator) -> Iterator[str]:
    free(page).click()
    type_patient(page, dialog, "bo lind")
    expect(dialog.get_by_role("button", name="Book Bo Lind")).to_be_enabled(timeout=PATIENCE)
    dialog.get_by_text("Repeat", exact=True).first.click()
    often = dialog.get_by_label("How often", exact=True)
    expect(often).to_be_visible(timeout=PATIENCE)
    come_to_rest(page)
    often.press_sequentially("Weekly")  # while the form unfolds, a click goes astray
    page.get_by_role("option", name="Weekly", exact=True).click(timeout=PATIENCE)
    expect(dialog.get_by_label("Visits")).to_be_visible(timeout=PATIENCE)
    yield "new booking, repeated"
    on_a_telephone(page)
    yield "new booking on a telephone"
    on_a_screen(page)
    anew = dialog.get_by_role("button", name="New patient")
    anew.hover()  # axe is blind to what the pointer does; Streamlit's own colour is too faint
    expect(anew).to_have_css("text-decoration-line", "underline")
    expect(anew).to_have_css("color", dialog.evaluate("each => getComputedStyle(each).color"))
    page.mouse.move(0, 0)
    close(page)
    free(page, "08:00").click()
    type_patient(page, dialog, "Zé Ninguém")
    dialog.get_by_role("button", name="New patient").click()
    expect(dialog.get_by_label("Phone", exact=True)).to_be_visible(timeout=PATIENCE)
    yield "new patient"
    dialog.get_by_role("button", name="And right after").click()
    expect(dialog.get_by_label("For", exact=True)).to_be_visible(timeout=PATIENCE)
    page.mouse.move(0, 0)  # what took its place would be lit up under it
    yield "what comes right after"
    dialog.get_by_role("button", name="Leave out").click()
    dialog.get_by_role("button", name="No time suits?").click()
    expect(dialog.get_by_text("Time of day")).to_be_visible(timeout=PATIENCE)
    yield "waiting form"
    close(page)


def open_visits(page: Page, dialog: Locator) -> Iterator[str]:
    page.get_by_label(re.compile("^10:00.*Zoe Faria.*Booked")).first.click()
    expect(dialog.get_by_text("Slip to take home")).to_be_visible(timeout=PATIENCE)
    dialog.get_by_text("Patient is ill").click()
    expect(dialog.get_by_role("button", name="Cancel booking")).to_be_visible(timeout=PATIENCE)
    dialog.locator(".st-key-open_booking_move summary").click()
    expect(dialog.get_by_label("Day", exact=True)).to_be_visible()
    yield "opened booking"
    on_a_telephone(page)
    yield "opened booking on a telephone"
    on_a_screen(page)
    close(page)
    page.get_by_label(re.compile("^11:00.*Back school")).first.click()
    expect(dialog.get_by_text("Bo Lind")).to_be_visible(timeout=PATIENCE)
    dialog.get_by_text("Add a patient").click()
    expect(dialog.get_by_label("Patient")).to_be_visible(timeout=PATIENCE)
    yield "group"
    close(page)


def views(page: Page) -> Iterator[str]:
    press(page, "Shift+W")
    page.get_by_role("button", name="Dr Ben", exact=True).click()
    expect(page.get_by_label("Week calendar").first).to_be_visible(timeout=PATIENCE)
    yield "week"
    press(page, "Shift+M")
    page.get_by_role("button", name="Skin check", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("times from")).first).to_be_visible(
        timeout=PATIENCE
    )
    yield "month"
    press(page, "Shift+L")
    expect(page.get_by_role("listitem").first).to_be_visible(timeout=PATIENCE)
    yield "list"


def today(page: Page, dialog: Locator) -> Iterator[str]:
    press(page, "g")
    press(page, "t")
    expect(page.locator(".row", has_text="Nuria García")).to_be_visible(timeout=PATIENCE)
    yield "today"
    press(page, "w")
    expect(dialog).to_contain_text("Service", timeout=PATIENCE)
    yield "walk-in"
    close(page)


def waiting_list(page: Page, dialog: Locator) -> Iterator[str]:
    page.get_by_role("link", name="Waiting list").click()
    expect(page.get_by_text("To be seen again")).to_be_visible(timeout=PATIENCE)
    yield "waiting list and recalls"
    page.get_by_role("button", name="Offer").first.click()
    expect(dialog).to_contain_text("Call Bo Lind", timeout=PATIENCE)
    yield "offer"
    close(page)


def patients(page: Page, dialog: Locator, main: Locator) -> Iterator[str]:
    page.get_by_role("link", name="Patients").click()
    expect(page.get_by_placeholder(re.compile("Name, phone"))).to_be_visible(timeout=PATIENCE)
    yield "patients"
    main.get_by_text("On file twice").click()
    main.get_by_role("button", name="Compare").click(timeout=PATIENCE)
    expect(dialog).to_contain_text("Zoe Maria Faria", timeout=PATIENCE)
    yield "two records of a person"
    close(page)
    to(page, "patients?patient=1")
    expect(main.get_by_label("Name", exact=True)).to_be_visible(timeout=PATIENCE)
    yield "record"


def sick_day(page: Page, main: Locator) -> Iterator[str]:
    page.get_by_role("link", name="Sick day").click()
    expect(main.get_by_role("button", name="Go on")).to_be_visible(timeout=PATIENCE)
    yield "sick day"
    press(page, "v")
    expect(main.get_by_role("button", name="No answer")).to_be_visible(timeout=PATIENCE)
    yield "sick day, whom to call"


def other_pages(page: Page, main: Locator) -> Iterator[str]:
    for url, said in PAGES.items():
        to(page, url)
        expect(main.get_by_text(said).first).to_be_visible(timeout=PATIENCE)
        yield url


def free(page: Page, hour: str = "07:00") -> Locator:
    """With Dr Ada: nobody else is there so early."""
    return page.get_by_label(re.compile(f"^{hour}.*free")).first


def type_patient(page: Page, dialog: Locator, words: str) -> None:
    expect(dialog.get_by_label("Patient")).to_be_focused(timeout=PATIENCE)
    page.keyboard.type(words)


def on_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})


def on_a_screen(page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})


def to(page: Page, address: str) -> None:
    page.goto("/".join(page.url.split("/")[:3]) + "/" + address)


def close(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # the first may clear what is typed
    expect(page.locator(DIALOG)).to_be_hidden()
