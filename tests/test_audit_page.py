"""The audit on screen, for admins (T150)."""

import pytest
from sqlalchemy import select

from core.booking import BookingRequest, book
from core.db import utc_now
from core.models import AuditEntry, ExceptionalAccess, Role
from core.policy import CONSOLE
from dashboard import places
from tests import a, screen


@pytest.fixture
def practice(sqlite_database):
    """Rita booked Ana and Paul booked Bea, before the day they come."""
    with sqlite_database.writing() as session:
        service = a.service(session, horizon_days=3650)
        ada = a.professional(session, name="Dr Ada", services=(service,))
        for name, who, hour in (("Ana Silva", "Rita", 9), ("Bea *Lopes*", "Paul", 10)):
            patient = a.patient(session, name=name)
            request = BookingRequest(ada.id, service.id, patient.id, a.at(hour), f"k{hour}")
            book(session, a.actor(session, name=who), request, now=a.BEFORE)
    return sqlite_database


@pytest.fixture
def admin(practice):
    with practice.writing() as session:
        return a.user(session, Role.ADMIN, name="Alex")


@pytest.fixture
def page(monkeypatch, practice, admin):
    shown = screen.show_to(monkeypatch, practice, admin).run()
    return shown.switch_page(str(places.PAGES / "audit.py")).run()


def said(page):
    return list(page.dataframe[0].value["What happened"])


def press(page, label):
    next(each for each in page.button if each.label == label).click()
    return page.run()


BOOKED_ANA = "Rita booked Ana Silva with Dr Ada."
BOOKED_BEA = "Paul booked Bea *Lopes* with Dr Ada."


def test_t150_steps_stand_in_words_the_newest_first(page):
    assert not page.exception
    assert said(page) == [BOOKED_BEA, BOOKED_ANA]


def test_t150_by_person(page, practice):
    with practice.reading() as session:
        rita = session.scalars(
            select(AuditEntry.user_id).where(AuditEntry.user_id.is_not(None)).limit(1)
        ).one()
    page.selectbox(key="audit_person").select(rita)
    page.run()

    assert said(page) == [BOOKED_ANA]
    assert page.query_params["person"] == str(rita)


def test_t150_by_what_was_done(page):
    page.selectbox(key="kind").select("Patients")
    page.run()
    assert "Nothing on record that fits" in page.info[0].value

    page.selectbox(key="kind").select("Bookings")
    page.run()
    assert said(page) == [BOOKED_BEA, BOOKED_ANA]


def test_t150_by_patient_from_the_address(page):
    page.query_params["patient"] = "2"
    page.run()
    assert said(page) == [BOOKED_BEA]
    assert r"Bea \*Lopes\*" in [each.label for each in page.button]


@pytest.mark.parametrize("typed", ["x", "-1", "9" * 30, "1 or 1", "٣"])
def test_a_strange_address_shows_everything(page, typed):
    page.query_params["patient"] = typed
    page.query_params["person"] = typed
    page.run()
    assert not page.exception
    assert BOOKED_ANA in said(page)


def test_t150_reading_it_is_on_record_too(page, practice, admin):
    page.query_params["patient"] = "2"
    page.run()
    with practice.reading() as session:
        read = session.execute(
            select(AuditEntry.user_id, AuditEntry.action, AuditEntry.object_id).where(
                AuditEntry.action.startswith("audit.")
            )
        ).all()
    assert read == [(admin.id, "audit.read", None), (admin.id, "audit.read_patient", 2)]


def test_the_record_is_checked_when_somebody_asks(page):
    press(page, "Check that nothing was changed")
    assert "Whole up to entry" in page.success[0].value
    assert len(page.code[0].value) == 64


def test_a_day_is_shown_as_it_stood(page):
    page.segmented_control(key="section").set_value("A day as it stood")
    page.run()
    page.date_input(key="stood_day").set_value(a.DAY)
    page.datetime_input(key="stood_at").set_value(a.at(8).replace(tzinfo=None))
    page.run()

    assert not page.exception
    assert list(page.dataframe[0].value["Patients"]) == ["Ana Silva", "Bea *Lopes*"]
    assert list(page.dataframe[0].value["Time"]) == ["09:00–09:30", "10:00–10:30"]


def test_t152_a_record_opened_for_a_reason_is_told_until_it_is_noted(monkeypatch, practice, admin):
    with practice.writing() as session:
        doctor = a.user(session, Role.PROFESSIONAL, name="Dr Eve")
        session.add(
            ExceptionalAccess(
                user_id=doctor.id,
                patient_id=1,
                reason="Collapsed in the waiting room",
                opened_at=utc_now(),
                ends_at=utc_now(),
            )
        )
    page = screen.show_to(monkeypatch, practice, admin).run()
    page.switch_page(str(places.PAGES / "audit.py")).run()
    assert "Dr Eve opened the record of Ana Silva" in page.warning[0].value
    assert "Collapsed in the waiting room" in [each.value for each in page.text]

    press(page, "I have taken note")

    assert not page.warning
    with practice.reading() as session:
        assert session.scalars(select(ExceptionalAccess.noted_by)).one() == admin.id


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PATIENT])
def test_t142_a_page_of_another_role_says_so_and_leaves_a_line(monkeypatch, practice, role):
    with practice.writing() as session:
        patient_id = a.patient(session).id if role is Role.PATIENT else None
        user = a.user(session, role, patient_id=patient_id)
    page = screen.show_to(monkeypatch, practice, user).run()
    from streamlit.util import calc_hash

    page._page_hash = calc_hash("audit")
    page.run()

    assert [each.value for each in page.error] == ["Your role does not open this page."]
    with practice.reading() as session:
        refused = select(AuditEntry.user_id).where(AuditEntry.action == "refused.audit.read")
        assert session.scalars(refused).all() == [user.id]


def test_the_console_is_named_as_such(monkeypatch, practice, admin):
    from core import audit

    with practice.writing() as session:
        audit.record(session, CONSOLE, "bookings.imported", now=a.at(9), added=3)
    page = screen.show_to(monkeypatch, practice, admin).run()
    page.switch_page(str(places.PAGES / "audit.py")).run()
    row = page.dataframe[0].value.iloc[0]
    assert row["What happened"] == "The console took over bookings from a file."
    assert row["Details"] == "added: 3"
