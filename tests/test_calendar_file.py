"""One visit as a file for somebody's own calendar."""

from datetime import timedelta

import icalendar
import pytest

from core import exports
from core.booking import CancelRequest, MoveRequest, cancel, move
from core.calendar_file import visit_file
from core.errors import NotFound
from core.models import BookingState, Role
from tests import a

NOW = a.BEFORE


class House:
    def __init__(self, session, **names):
        self.session = session
        self.visit = a.service(session, name=names.get("service", "Skin check"))
        self.ada = a.professional(session, name=names.get("professional", "Dr Ada"))
        a.offer(session, self.ada, self.visit)
        self.patient = a.patient(session, name="Ana Silva", email="ana@example.org")
        self.ana = a.confirmed(session, Role.PATIENT, now=NOW, patient_id=self.patient.id)
        self.booking = a.booking(
            session, self.ada, a.span(9, 9.5), service=self.visit, patient=self.patient
        )

    def event(self, actor=None):
        content = visit_file(self.session, actor or self.ana, self.booking.id, now=NOW)
        calendar = icalendar.Calendar.from_ical(content)
        return next(each for each in calendar.subcomponents if each.name == "VEVENT")


@pytest.fixture
def house(session):
    return House(session)


@pytest.fixture
def small(sqlite_database):
    with sqlite_database.writing() as session:
        yield House(session)


def test_it_says_when_what_with_whom_and_where_and_names_no_patient(house):
    event = house.event()

    assert (event.start, event.end) == (a.at(9), a.at(9.5))
    assert event["summary"] == "Skin check · Dr Ada"
    assert event["location"] == "Rua Nova Practice"
    assert event["status"] == "CONFIRMED"
    content = visit_file(house.session, house.ana, house.booking.id, now=NOW)
    assert b"DTSTART:20261207T090000Z" in content
    for secret in (b"Ana", b"example.org"):
        assert secret not in content


def test_a_moved_visit_replaces_the_one_in_the_calendar(house):
    before = house.event()
    request = MoveRequest(house.booking.id, house.booking.version, house.ada.id, a.at(15))
    move(house.session, house.ana, request, now=NOW - timedelta(days=2))
    house.session.flush()
    after = house.event()

    assert after["uid"] == before["uid"]
    assert after["sequence"] > before["sequence"]
    assert after.start == a.at(15)


def test_a_cancelled_visit_says_so_and_another_is_another(small):
    first = small.event()
    asked = CancelRequest(small.booking.id, small.booking.version, "Ill")
    cancel(small.session, small.ana, asked, now=NOW)
    small.session.flush()
    assert small.event()["status"] == "CANCELLED"
    small.booking = a.booking(
        small.session, small.ada, a.span(9, 10), service=small.visit, patient=small.patient
    )
    assert small.event()["uid"] != first["uid"]


def test_others_and_what_is_held_have_no_file(small):
    stranger = a.actor(small.session, Role.PATIENT, patient_id=a.patient(small.session).id)
    with pytest.raises(NotFound):
        small.event(stranger)
    small.booking = a.booking(
        small.session,
        small.ada,
        a.span(11, 12),
        patient=small.patient,
        state=BookingState.HELD,
        held_until=a.at(11),
    )
    with pytest.raises(NotFound):
        small.event()


@pytest.mark.parametrize("mark", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\u2028", "\x85"])
def test_t103_a_name_begins_no_line_of_its_own(sqlite_database, mark):
    with sqlite_database.writing() as session:
        house = House(session, professional=f"Dr{mark}ATTENDEE:mailto:x@example.org")
        content = visit_file(session, house.ana, house.booking.id, now=NOW)

    lines = content.replace(b"\r\n ", b"").split(b"\r\n")
    assert not [each for each in lines if each.startswith(b"ATTENDEE")]
    assert not any(byte < 32 and byte not in b"\r\n" for byte in content)
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_it_leaves_by_a_link_of_ones_own_session(small):
    own = small.ana
    link = exports.offer(small.session, own, "visit", str(small.booking.id), now=NOW)
    file = exports.take(small.session, own, link, now=NOW)
    assert (file.name, file.media_type) == (
        f"visit-{small.booking.id}.ics",
        "text/calendar; charset=utf-8",
    )
    other = a.confirmed(
        small.session, Role.PATIENT, now=NOW, patient_id=a.patient(small.session).id
    )
    with pytest.raises(NotFound):
        exports.offer(small.session, other, "visit", str(small.booking.id), now=NOW)
