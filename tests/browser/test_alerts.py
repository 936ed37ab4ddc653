"""Mr Reed calls: what has to be known about him is seen the moment he is chosen."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.db import Database
from core.models import Booking, Patient, PreferredProfessional, Professional
from tests import a
from tests.browser.conftest import press

pytestmark = pytest.mark.browser


@pytest.fixture
def live_database(live_database: Database) -> Database:
    """Dr Ada and Dr Ben work every day; Mr Reed is on file."""
    with live_database.writing() as session:
        visit = a.service(session, name="Consultation")
        for name in ("Dr Ada", "Dr Ben"):
            a.professional(
                session,
                name=name,
                hours=((0, 24),),
                weekdays=(1, 2, 3, 4, 5, 6, 7),
                services=(visit,),
            )
        a.patient(session, name="Mr Reed", phone="+351912345678")
    return live_database


def test_what_is_noted_in_the_record_is_seen_before_he_is_booked(new_page, sign_in, live_server):
    with live_server.database.reading() as session:
        reed = session.scalars(select(Patient.id).where(Patient.name == "Mr Reed")).one()
        ben = session.scalars(select(Professional).where(Professional.name == "Dr Ben")).one()
    page = new_page()
    sign_in(page, "rita", path=f"/patients?patient={reed}")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Mr Reed")
    page.get_by_role("textbox", name="Alerts").fill("Needs the ground floor room")
    page.get_by_role("combobox", name="Preferred professionals").click()
    page.get_by_role("option", name="Dr Ben").click()
    page.keyboard.press("Escape")  # the list stays open for another one
    page.get_by_role("button", name="Save", exact=True).click()
    warning = page.get_by_role("alert").filter(has_text="Needs the ground floor room")
    expect(warning).to_be_visible()
    expect(page.get_by_text("Prefers Dr Ben")).to_be_visible()

    page.locator(".st-key-patient_book button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Needs the ground floor room")).to_be_visible()
    expect(dialog.get_by_role("combobox", name="Service")).to_be_focused()
    page.keyboard.type("consultation")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Filled in as Mr Reed prefers")).to_be_visible()
    expect(dialog.get_by_role("button", name=re.compile("Dr Ada"))).to_have_count(0)
    dialog.get_by_role("button", name=re.compile(r"^\d\d:\d\d · Dr Ben")).first.click()
    expect(dialog.get_by_role("button", name=re.compile("^Book Mr Reed"))).to_be_visible()
    expect(dialog.get_by_text("Needs the ground floor room")).to_be_visible()
    press(page, "Control+Enter")
    expect(page.get_by_text("Booked Mr Reed with Dr Ben")).to_be_visible()

    with live_server.database.reading() as session:
        assert session.scalars(select(PreferredProfessional.patient_id)).all() == [reed]
        assert session.scalars(select(Booking.professional_id)).all() == [ben.id]
