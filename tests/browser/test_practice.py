"""From an empty place to the first booking, in a browser and without a developer."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from core.models import Booking
from tests.browser.conftest import serve

pytestmark = pytest.mark.browser

ADMINS = "opens the desk at nine"
RITAS = "waters the plants first"
WHO = ".st-key-frontdesk_who"


@pytest.fixture
def live_server(sqlite_database, tmp_path):
    with serve(sqlite_database, {}, tmp_path / "server.log") as server:
        yield server


def set_up(page: Page, server) -> None:
    code = re.search(r"[0-9a-f]{4}(-[0-9a-f]{4}){7}", server.log.read_text())
    page.goto(server.url)
    page.get_by_label("Set-up code").fill(code.group())
    page.get_by_label("Name of the practice").fill("Rua Nova Practice")
    page.get_by_label("Country, two letters").fill("PT")
    page.get_by_label("Currency, three letters").fill("EUR")
    page.get_by_label("Your name").fill("Alex Moreau")
    page.get_by_label("Your user name").fill("alex")
    page.get_by_label(re.compile("Your password")).fill(ADMINS)
    page.get_by_role("button", name="Start Frontdesk").click()
    expect(page.locator(WHO)).to_contain_text("Alex Moreau", timeout=30_000)


def open_section(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def save(dialog: Locator, name: str = "Save") -> None:
    dialog.get_by_role("button", name=name, exact=True).click()


def add_service(page: Page) -> None:
    page.get_by_role("button", name="Add service").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("First visit")
    dialog.get_by_label("Price, EUR").fill("60")
    save(dialog)
    expect(page.get_by_text("Added First visit.")).to_be_visible()


def add_professional(page: Page) -> None:
    """Profile, services and hours: the form goes from one to the next by itself."""
    open_section(page, "Professionals")
    page.get_by_role("button", name="Add professional").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Dr Elena Ruiz")
    save(dialog, "Save and go on")
    dialog.get_by_text("First visit", exact=True).click()
    save(dialog)
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        dialog.get_by_label(f"{day} from", exact=True).fill("0")
        dialog.get_by_label(f"{day} to", exact=True).fill("24")
    save(dialog)
    expect(page.get_by_text("Saved the hours of Dr Elena Ruiz.").first).to_be_visible()
    expect(dialog).to_have_count(0)


def add_receptionist(page: Page) -> str:
    open_section(page, "People")
    page.get_by_role("button", name="Add person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Rita Fonseca")
    dialog.get_by_label("User name", exact=True).fill("rita")
    dialog.get_by_label("User name", exact=True).press("Tab")
    save(dialog, "Make activation link")
    code = dialog.locator("code")
    expect(code).to_contain_text("/activate?link=")
    link = code.inner_text().strip()
    save(dialog, "Done")
    expect(page.get_by_text("Has not chosen a password yet")).to_be_visible()
    return link


def choose_password(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.get_by_text("Welcome, Rita Fonseca.")).to_be_visible(timeout=30_000)
    page.get_by_label(re.compile("Your password")).fill(RITAS)
    page.get_by_role("button", name="Start with Frontdesk").click()
    expect(page.locator(WHO)).to_contain_text("Rita Fonseca", timeout=30_000)


def test_t055_an_empty_place_takes_its_first_booking(new_page, live_server):
    alex, rita, late = new_page(), new_page(), new_page()
    set_up(alex, live_server)
    alex.get_by_role("link", name="Practice").click()
    expect(alex.get_by_text("Add a service, then the professionals")).to_be_visible()
    add_service(alex)
    add_professional(alex)
    link = add_receptionist(alex)
    assert link.startswith(live_server.url)
    expect(alex.get_by_text("Next,")).to_have_count(0)

    choose_password(rita, link)
    expect(rita).to_have_url(f"{live_server.url}/desk")
    late.goto(link)
    expect(late.get_by_text("This link has been used or has run out.")).to_be_visible(
        timeout=30_000
    )

    rita.get_by_role("button", name="Today").press("n")
    rita.get_by_label(re.compile(r"^10:00.*free")).first.click()
    dialog = rita.get_by_role("dialog")
    dialog.get_by_role("button", name="New patient").click()
    dialog.get_by_label("Name", exact=True).fill("Ana Silva")
    dialog.get_by_label("Phone", exact=True).fill("912 345 678")
    dialog.get_by_label("Phone", exact=True).press("Tab")
    dialog.get_by_role("button", name="Book Ana Silva").click()
    expect(rita.get_by_text("Booked Ana Silva with Dr Elena Ruiz")).to_be_visible()
    with live_server.database.reading() as session:
        assert session.scalars(select(Booking)).one().price_cents == 6000


def test_on_a_phone_every_section_fits_the_screen(new_page, live_server):
    page = new_page(width=390, height=844)
    set_up(page, live_server)
    page.goto(f"{live_server.url}/practice")
    for section in ("Services", "Professionals", "Rooms", "People", "Closures"):
        page.get_by_role("radio", name=section, exact=True).click()
        add = page.get_by_role("button", name=re.compile("^Add "))
        expect(add).to_be_visible(timeout=30_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
