"""A professional with a patient in front of them: a private note, and the next visit."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.db import utc_now
from core.models import Booking, Patient, Professional, VisitNote
from tests import a
from tests.browser.conftest import come_to_rest, press
from tests.browser.test_accessible import DIALOG, PATIENCE, in_both_colours

pytestmark = pytest.mark.browser


@pytest.fixture
def live_database(live_database):
    """Ana is with Dr Ruiz, who offers the same visit again in the weeks to come."""
    with live_database.writing() as session:
        doctor = session.scalars(select(Professional)).one()
        visit = a.service(session, name="Skin check", horizon_days=60)
        a.offer(session, doctor, visit)
        # Begun within today and not over at any minute of the day: a phone folds what is over.
        now = utc_now()
        start = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
        span = a.Interval(start, start + timedelta(hours=1))
        ana = session.scalars(select(Patient)).one()
        a.booking(session, doctor, span, patient=ana, service=visit)
    return live_database


@pytest.mark.parametrize("width", [1400, 390])
def test_a_note_is_kept_and_the_follow_up_booked(new_page, sign_in, live_database, width):
    page = new_page(width=width)
    page.set_default_timeout(PATIENCE)
    sign_in(page, "ruiz")
    page.get_by_role("button", name="Ana Silva").locator("visible=true").first.click()
    dialog = page.locator(DIALOG)
    dialog.get_by_text("Private note").click()
    dialog.get_by_label("Only you can read this").fill("Afraid of needles")
    dialog.get_by_role("button", name="Save note").click()
    expect(dialog.get_by_text("Private note, written")).to_be_visible()
    assert in_both_colours(page) == []

    come_to_rest(page)
    if width > 1000:
        press(page, "b")
    else:
        dialog.get_by_role("button", name="Follow-up").click()
    third = dialog.get_by_role("button", name="In 3 weeks")
    expect(third).to_be_visible()
    come_to_rest(page)
    assert in_both_colours(page) == []
    third.click()
    expect(dialog.get_by_role("button", name="Follow-up")).to_be_visible()

    with live_database.reading() as session:
        first, second = session.scalars(select(Booking).order_by(Booking.id)).all()
        assert second.starts_at >= first.starts_at + timedelta(days=19)
        assert session.scalars(select(VisitNote.words)).all() == ["Afraid of needles"]
