"""The day on paper."""

import re
from datetime import timedelta

import pytest

from core.booking import BookingRequest, CancelRequest, book, cancel
from core.day_print import as_pdf, load_printed_day
from core.desk import DayAsked
from core.errors import NotAllowed
from core.models import Role
from tests import a

NOW = a.at(8)


@pytest.fixture
def desk(session):
    return a.actor(session)


@pytest.fixture
def day(session, desk):
    """Dr Ada with two visits and one that was cancelled; Dr Ben free; Dr Cy not at work."""
    visit = a.service(session, name="Consultation", length_minutes=30)
    ada = a.professional(session, name="Dr Ada", title="GP", hours=((9, 11),), services=(visit,))
    a.professional(session, name="Dr Ben", hours=((9, 10),), services=(visit,))
    a.professional(session, name="Dr Cy", hours=(), services=(visit,))
    for name, hour in (("Łukasz <b>Żak</b>", 9), ("Ярослав & Co", 10), ("Gone", 10.5)):
        patient = a.patient(session, name=name, phone=f"+35191234567{int(hour) % 10}")
        asked = BookingRequest(ada.id, visit.id, patient.id, a.at(hour), request_key=name)
        booking = book(session, desk, asked, now=a.BEFORE)
        session.flush()
        if name == "Gone":
            cancel(session, desk, CancelRequest(booking.id, booking.version, "Ill"), now=a.BEFORE)
    return DayAsked(a.DAY)


def pages_in(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_each_professional_at_work_has_a_page_and_the_desk_one_for_all(session, desk, day):
    printed = load_printed_day(session, desk, day, now=NOW)
    assert [each.title for each in printed.pages] == ["Everybody", "Dr Ada", "Dr Ben"]
    everybody, ada, ben = printed.pages
    assert [each.where for each in everybody.rows] == ["Dr Ada", "Dr Ada"]
    assert [(each.starts_at.hour, each.patient) for each in ada.rows] == [
        (9, "Łukasz <b>Żak</b>"),
        (9, ""),
        (10, "Ярослав & Co"),
        (10, ""),
    ]
    assert [(each.starts_at, each.ends_at) for each in ben.rows] == [(a.at(9), a.at(10))]


def test_it_prints_one_page_each_whatever_people_are_called(session, desk, day):
    printed = load_printed_day(session, desk, day, now=NOW)
    assert pages_in(as_pdf(printed, heading="Monday 7 December 2026")) == 3


def test_a_day_too_full_for_a_page_is_set_smaller(session, desk):
    visit = a.service(session, name="Vaccination", length_minutes=10, step_minutes=10)
    ada = a.professional(session, name="Dr Ada", hours=((8, 20),), services=(visit,))
    for number in range(60):
        start = a.at(8) + timedelta(minutes=10 * number)
        asked = BookingRequest(
            ada.id, visit.id, a.patient(session).id, start, request_key=str(number)
        )
        book(session, desk, asked, now=a.BEFORE)
    printed = load_printed_day(session, desk, DayAsked(a.DAY), now=NOW)
    assert pages_in(as_pdf(printed, heading="Monday")) == 1


def test_an_empty_day_says_so(session, desk):
    a.organisation(session)
    printed = load_printed_day(session, desk, DayAsked(a.DAY + timedelta(days=6)), now=NOW)
    assert not printed.pages
    assert pages_in(as_pdf(printed, heading="Sunday")) == 1


def test_a_professional_prints_their_own_page_and_a_patient_none(session, day):
    with pytest.raises(NotAllowed):
        load_printed_day(session, a.actor(session, role=Role.PATIENT), day, now=NOW)
    ada = next(
        each
        for each in load_printed_day(session, a.actor(session), day, now=NOW).pages
        if each.title == "Dr Ada"
    )
    assert ada.subtitle == "GP"
