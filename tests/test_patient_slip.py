"""A patient's slip: what is on it, who may have it, as text and on paper."""

import re

import pytest
from sqlalchemy import select

from core import exports
from core.booking import BookingRequest, CancelRequest, book, cancel
from core.errors import NotFound
from core.interval import Interval
from core.models import AuditEntry, BookingState, Role
from core.patient_slip import as_pdf, load_slip, print_slip
from core.policy import Actor
from dashboard import slip as slip_shown
from tests import a
from tests.test_desk_page import Desk, desk

__all__ = ["desk"]


@pytest.fixture
def ana(session):
    """Two visits to come, one of them cancelled, one that is over; another patient has one."""
    visit = a.service(session, name="Consultation", length_minutes=30)
    ada = a.professional(session, name="Dr Ada & Co", services=(visit,))
    ana = a.patient(session, name="Łucja <b>Silva</b>", phone="+351912345678")
    rita = a.actor(session)
    for who, hour in ((ana, 10), (ana, 9), (ana, 11), (a.patient(session, name="Bo"), 12)):
        asked = BookingRequest(ada.id, visit.id, who.id, a.at(hour), request_key=str(hour))
        booking = book(session, rita, asked, now=a.BEFORE)
        session.flush()
        if hour == 11:
            cancel(session, rita, CancelRequest(booking.id, booking.version, "Ill"), now=a.BEFORE)
    over = Interval(a.at(9, day=-7), a.at(10, day=-7))
    a.booking(session, ada, over, service=visit, patient=ana, state=BookingState.COMPLETED)
    return ana


def test_a_slip_holds_the_patients_own_visits_to_come_by_time(session, ana):
    slip = load_slip(session, a.actor(session), ana.id, now=a.BEFORE)

    assert [each.starts_at for each in slip.visits] == [a.at(9), a.at(10)]
    assert {(each.professional, each.service) for each in slip.visits} == {
        ("Dr Ada & Co", "Consultation")
    }


def test_a_visit_that_has_begun_is_not_to_come(session, ana):
    slip = load_slip(session, a.actor(session), ana.id, now=a.at(9))

    assert [each.starts_at for each in slip.visits] == [a.at(10)]


def test_the_slip_of_a_patient_one_may_not_see_is_not_found(session, ana):
    stranger = a.actor(session, Role.PATIENT, patient_id=a.patient(session).id)

    with pytest.raises(NotFound):
        load_slip(session, stranger, ana.id, now=a.BEFORE)


def test_a_slip_is_printed_whatever_people_are_called_and_that_goes_on_record(session, ana):
    rita = a.actor(session)

    pdf = print_slip(session, rita, ana.id, now=a.BEFORE)

    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "patient.slip_printed")
    ).one()
    assert (entry.user_id, entry.object_id) == (rita.user_id, ana.id)


def test_a_slip_without_visits_is_printed_as_well(session, ana):
    empty = load_slip(session, a.actor(session), a.patient(session).id, now=a.BEFORE)

    assert empty.visits == []
    assert as_pdf(empty).startswith(b"%PDF-")


def test_the_file_comes_by_a_link_that_is_used_up(session, ana):
    rita = a.actor(session)
    here = Actor(role=rita.role, name=rita.name, user_id=rita.user_id, session_id=1)
    link = exports.offer(session, here, "slip", str(ana.id), now=a.BEFORE)

    file = exports.take(session, here, link, now=a.BEFORE)

    assert (file.name, file.content[:5]) == (f"slip-{ana.id}.pdf", b"%PDF-")
    with pytest.raises(NotFound):
        exports.take(session, here, link, now=a.BEFORE)


def test_the_text_says_day_time_professional_and_service_and_no_name_or_number(session, ana):
    text = slip_shown.as_text(load_slip(session, a.actor(session), ana.id, now=a.BEFORE))

    assert text.splitlines()[1:] == [
        "Monday 7 December, 09:00-09:30 · Dr Ada & Co · Consultation",
        "Monday 7 December, 10:00-10:30 · Dr Ada & Co · Consultation",
    ]
    assert "Silva" not in text
    assert "912" not in text


def codes(desk: Desk) -> str:
    return " ".join(each.value for each in desk.page.code)


def test_the_slip_is_shown_once_it_is_asked_for_and_the_look_goes_on_record(desk):
    booking = desk.booked()
    desk.open(booking)
    assert not codes(desk)

    desk.press("Slip to take home")

    assert "Dr Ada · Consultation" in codes(desk)
    assert "Slip (PDF)" in [each.label for each in desk.page.button]
    with desk.database.reading() as session:
        opened = select(AuditEntry.object_id).where(AuditEntry.action == "patient.opened")
        assert desk.ana.id in session.scalars(opened).all()


def test_another_booking_opens_without_the_slip_of_the_first(desk):
    desk.open(desk.booked())
    desk.press("Slip to take home")

    assert codes(desk)
    with desk.database.writing() as session:
        bea = a.patient(session, name="Bea Reis")
    desk.open(desk.booked(patient=bea, start=desk.start.replace(hour=11)))

    assert not codes(desk)
