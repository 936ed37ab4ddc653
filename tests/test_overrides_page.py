"""The list of what was set aside."""

from datetime import timedelta

from sqlalchemy import select

from core.booking import BookingRequest, SetAside, book
from core.db import utc_now
from core.models import Booking, Role
from core.policy import Actor
from dashboard import open_booking, places
from tests import a, screen


def overridden(database):
    with database.writing() as session:
        service = a.service(session, name="Skin check")
        ada = a.professional(session, name="Dr Ada", hours=((9, 10),), services=(service,))
        rita = a.user(session, Role.RECEPTIONIST, name="Rita")
        actor = Actor(role=Role.RECEPTIONIST, name="Rita", user_id=rita.id)
        start = utc_now().replace(hour=3, minute=0, second=0) + timedelta(days=2)
        request = BookingRequest(
            ada.id,
            service.id,
            a.patient(session, name="Ana Silva").id,
            start,
            request_key="k",
            set_aside=SetAside("Urgent", "pain"),
        )
        book(session, actor, request, now=utc_now())
    return rita


def test_the_month_lists_who_set_which_rule_aside_and_why(monkeypatch, sqlite_database):
    rita = overridden(sqlite_database)
    page = screen.show_to(monkeypatch, sqlite_database, rita)
    page.run()
    page.switch_page(str(places.PAGES / "overrides.py")).run()
    row = page.dataframe[0].value.iloc[0]
    assert (row["Who"], row["Rule set aside"], row["Why"]) == (
        "Rita",
        "Working hours",
        "Urgent · pain",
    )
    assert (row["Patient"], row["Service"]) == ("Ana Silva", "Skin check")


def test_a_booking_opens_over_the_list_once_a_line_is_picked(monkeypatch, sqlite_database):
    rita = overridden(sqlite_database)
    page = screen.show_to(monkeypatch, sqlite_database, rita)
    page.run()
    page.switch_page(str(places.PAGES / "overrides.py")).run()
    assert page.button(key="overrides_open").disabled

    with sqlite_database.reading() as session:
        booking_id = session.scalars(select(Booking.id)).one()
    open_it = open_booking.Opened(booking_id)
    page.session_state[open_booking.KEY] = open_it
    page.run()
    assert not page.exception
    assert page.button(key="open_booking_again")


def test_a_quiet_month_says_so(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session)
        rita = a.user(session, Role.RECEPTIONIST)
    page = screen.show_to(monkeypatch, sqlite_database, rita)
    page.run()
    page.switch_page(str(places.PAGES / "overrides.py")).run()
    assert "No rule was set aside" in page.info[0].value
