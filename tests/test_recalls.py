"""Who is to be seen again: found when their turn comes, and gone once they are booked."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core import merging, privacy, recalls
from core.booking import BookingRequest, book
from core.edits import UNDO_FOR
from core.errors import Invalid, KeyReused, NotAllowed, NotFound, Stale
from core.models import Recall, RecallEnd, Role
from tests import a

NOW = a.at(8)
HALF_A_YEAR = a.DAY + timedelta(days=182)


class Place:
    """A receptionist, Rita, a professional with two services, and Ana."""

    def __init__(self, session):
        self.session = session
        a.organisation(session)
        self.visit, self.other = a.service(session, name="Visit"), a.service(session, name="Other")
        self.ada = a.professional(session, name="Dr Ada", services=(self.visit, self.other))
        self.ana = a.patient(session, name="Ana Silva", phone="+351912345678")
        self.rita = a.actor(session)

    def add(self, due_on=HALF_A_YEAR, *, key="one", patient=None, service=None, **values):
        service_id = (service or self.visit).id
        patient_id = (patient or self.ana).id
        asked = recalls.NewRecall(patient_id, due_on, key, service_id, **values)
        return recalls.add_recall(self.session, self.rita, asked, now=NOW)

    def listed(self):
        self.session.flush()
        return recalls.load_recalls(self.session, self.rita, now=NOW)

    def booked(self, day, service=None):
        """A booking in that many days, and the recalls it closed."""
        request = BookingRequest(
            self.ada.id, (service or self.visit).id, self.ana.id, a.at(10, day=day), f"day {day}"
        )
        made = book(self.session, self.rita, request, now=NOW)
        return made, recalls.close_met(self.session, self.rita, made, now=NOW)


@pytest.fixture
def place(session):
    return Place(session)


def test_whose_turn_comes_first_is_first_and_told_with_all_the_call_needs(place):
    bea = a.patient(place.session, name="Bea Costa")
    place.add(note="Bring the X-ray", professional_id=place.ada.id)
    place.add(a.DAY + timedelta(days=3), key="two", patient=bea)

    first, second = place.listed()
    assert (first.patient, second.patient) == ("Bea Costa", "Ana Silva")
    assert (second.service, second.professional) == ("Visit", "Dr Ada")
    assert (second.note, second.phone) == ("Bring the X-ray", "+351912345678")


def test_it_is_due_on_its_day_and_not_the_day_before(place):
    place.add(a.DAY + timedelta(days=2))

    found = [
        recalls.load_recalls(place.session, place.rita, now=a.at(8, day=day))[0].is_due
        for day in (1, 2, 3)
    ]
    assert found == [False, True, True]


def test_saved_twice_it_is_there_once_and_the_key_is_good_for_one_patient(place):
    assert place.add() is place.add()
    assert len(place.listed()) == 1
    with pytest.raises(KeyReused):
        place.add(patient=a.patient(place.session))


def test_nobody_is_listed_twice_for_one_service_but_may_be_for_another(place):
    place.add()
    with pytest.raises(Invalid, match="Ana Silva is on the recall list"):
        place.add(key="again")
    place.add(key="other", service=place.other)
    assert len(place.listed()) == 2


@pytest.mark.parametrize("days", [0, -1, 6 * 366])
def test_the_day_lies_ahead_and_within_some_years(place, days):
    with pytest.raises(Invalid, match="day to come"):
        place.add(a.DAY + timedelta(days=days))


def test_what_was_archived_cannot_be_chosen(place):
    place.other.archived_at = NOW
    with pytest.raises(NotFound, match="service"):
        place.add(service=place.other)
    place.ana.archived_at = NOW
    with pytest.raises(NotFound, match="patient"):
        place.add()


def test_who_did_not_answer_is_called_again_on_the_day_said(place):
    made = place.add(a.DAY + timedelta(days=1))
    again = a.DAY + timedelta(days=7)
    recalls.note_call(place.session, place.rita, made.id, made.version, again, now=NOW)

    (line,) = place.listed()
    assert (line.last_called_at, line.turn_on) == (NOW, again)
    assert line.due_on == a.DAY + timedelta(days=1)
    with pytest.raises(Invalid, match="day to come"):
        recalls.note_call(place.session, place.rita, made.id, made.version, a.DAY, now=NOW)
    with pytest.raises(Stale):
        recalls.note_call(place.session, place.rita, made.id, 1, again, now=NOW)


def test_not_wanted_needs_a_reason_and_is_taken_back_for_ten_minutes(place):
    made = place.add()
    with pytest.raises(Invalid, match="why"):
        recalls.close_recall(place.session, place.rita, made.id, 1, "  ", now=NOW)
    recalls.close_recall(place.session, place.rita, made.id, 1, "Moved away", now=NOW)
    assert place.listed() == []
    with pytest.raises(Invalid, match="closed already"):
        recalls.close_recall(place.session, place.rita, made.id, 2, "Twice", now=NOW)

    with pytest.raises(Invalid, match="Put Ana Silva on the recall list anew"):
        recalls.reopen_recall(place.session, place.rita, made.id, now=NOW + UNDO_FOR)
    recalls.reopen_recall(place.session, place.rita, made.id, now=NOW + UNDO_FOR / 2)
    assert [each.id for each in place.listed()] == [made.id]


def test_the_visit_they_were_to_come_for_ends_it_for_good(place):
    made = place.add(a.DAY + timedelta(days=30))
    booking, met = place.booked(1)

    assert met == [made]
    assert (made.closed_because, made.booking_id) == (RecallEnd.BOOKED, booking.id)
    assert place.listed() == []
    with pytest.raises(Invalid, match="anew"):
        recalls.reopen_recall(place.session, place.rita, made.id, now=NOW)


def test_another_service_or_a_visit_long_before_does_not_end_it(place):
    place.add()
    place.add(a.DAY + timedelta(days=20), key="two", service=place.other)

    assert place.booked(1)[1] == []
    assert len(place.listed()) == 2


def test_a_recall_for_any_service_ends_with_any(place):
    asked = recalls.NewRecall(place.ana.id, a.DAY + timedelta(days=20), "any")
    made = recalls.add_recall(place.session, place.rita, asked, now=NOW)
    assert place.booked(1, place.other)[1] == [made]


def test_a_patient_puts_nobody_on_the_list(place):
    patient = a.actor(place.session, Role.PATIENT, patient_id=place.ana.id)
    with pytest.raises(NotAllowed):
        recalls.add_recall(
            place.session, patient, recalls.NewRecall(place.ana.id, HALF_A_YEAR, "x"), now=NOW
        )


def test_a_second_record_gives_its_recall_to_the_first_and_erasing_leaves_none(place):
    again = a.patient(place.session, name="Ana Silva", phone=place.ana.phone)
    made = place.add(patient=again, note="Bring the X-ray")
    admin = a.confirmed(place.session, Role.ADMIN, now=NOW)
    asked = merging.MergeRequest(place.ana.id, place.ana.version, again.id, again.version)
    merging.merge(place.session, admin, asked, now=NOW)
    place.session.refresh(made)
    assert made.patient_id == place.ana.id

    place.session.refresh(place.ana)
    wished = privacy.ErasureRequest(place.ana.id, place.ana.version, place.ana.name)
    privacy.erase(place.session, admin, wished, now=NOW)
    place.session.expunge_all()
    assert place.session.scalars(select(Recall.id)).all() == []
