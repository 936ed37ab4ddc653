"""Opening a record outside one's patients, from My calendar (T152)."""

import pytest

from core.models import AuditEntry, ExceptionalAccess, Role
from tests import a, screen


@pytest.fixture
def week(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        ada = a.professional(session, name="Dr Ada")
        doctor = a.user(session, Role.PROFESSIONAL, name="Dr Ada", professional_id=ada.id)
        a.patient(session, name="Bea *Müller*", phone="+351912345678", desk_note="Deaf")
    return screen.show_to(monkeypatch, sqlite_database, doctor).run()


def press(page, label):
    next(each for each in page.button if each.label == label).click()
    return page.run()


def fill(page, phone, reason):
    page.text_input(key="outside_record_phone").set_value(phone)
    page.text_area(key="outside_record_reason").set_value(reason)
    return press(page, "Open for an hour")


def test_t152_a_reason_opens_the_record_and_shows_it(week, sqlite_database):
    press(week, "Open a record outside your patients")
    fill(week, "912 345 678", "Collapsed in the waiting room")

    assert not week.exception
    assert [each.value for each in week.subheader] == [r"Bea \*Müller\*"]
    assert {"+351 912 345 678", "Deaf"} <= {each.value for each in week.text}
    with sqlite_database.reading() as session:
        assert session.query(ExceptionalAccess).count() == 1
    assert any("open until" in each.label for each in week.button)


def test_t152_without_a_reason_it_stays_closed(week, sqlite_database):
    press(week, "Open a record outside your patients")
    fill(week, "912 345 678", "")

    assert "Please say why" in week.error[0].value
    with sqlite_database.reading() as session:
        assert session.query(ExceptionalAccess).count() == 0


def test_nobody_who_fits_is_said_plainly(week):
    press(week, "Open a record outside your patients")
    fill(week, "912 345 670", "Collapsed in the waiting room")

    assert "Nobody on file fits exactly" in week.info[0].value


def test_t152_several_who_fit_are_said_plainly_and_the_attempt_counts(week, sqlite_database):
    with sqlite_database.writing() as session:
        a.patient(session, phone="+351912345678")
    press(week, "Open a record outside your patients")
    fill(week, "912 345 678", "Collapsed in the waiting room")

    assert "Several patients fit" in week.info[0].value
    with sqlite_database.reading() as session:
        (entry,) = session.query(AuditEntry).filter_by(action="patient.sought_exceptionally")
        assert entry.object_id is None
