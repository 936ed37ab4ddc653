"""The follow-up of a visit, booked while the patient is still there."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core import recalls, waiting
from core.booking import BookingRequest, book
from core.errors import Invalid, NotAllowed, NotFound, SlotTaken
from core.follow_up import WEEKS, propose_follow_ups
from core.models import (
    Booking,
    BookingState,
    Recall,
    RecallEnd,
    Role,
    User,
    WaitingEntry,
    WaitingState,
)
from dashboard import follow_up, open_booking
from tests import a, screen

NOW = a.at(12)
WEEK = timedelta(days=7)


class Practice:
    """Dr Ruiz works on Mondays from nine to ten and has Ana with her at noon."""

    def __init__(self, session, **service):
        self.session = session
        self.visit = a.service(session, name="Visit", **service)
        self.ruiz = a.professional(
            session, name="Dr Ruiz", services=(self.visit,), weekdays=(1,), hours=((9, 10),)
        )
        self.own = a.actor(session, Role.PROFESSIONAL, professional_id=self.ruiz.id)
        self.ana = a.patient(session, name="Ana Silva")
        self.booking = self.booked(a.span(12, 12.5), patient=self.ana)

    def booked(self, span, **values) -> Booking:
        return a.booking(self.session, self.ruiz, span, service=self.visit, **values)

    def proposed(self, actor=None):
        found = propose_follow_ups(self.session, actor or self.own, self.booking.id, now=NOW)
        return [(each.weeks, each.starts_at) for each in found]


def test_the_first_free_start_is_proposed_for_each_distance(session):
    assert Practice(session).proposed() == [(each, a.at(9) + each * WEEK) for each in WEEKS]


def test_a_full_day_gives_the_next_free_one_and_no_time_twice(session):
    practice = Practice(session)
    practice.booked(a.span(9, 10, day=7))
    practice.booked(a.span(9, 9.5, day=21))
    # What is first free after one week is what is first free after two.
    assert practice.proposed() == [
        (2, a.at(9) + 2 * WEEK),
        (3, a.at(9.5) + 3 * WEEK),
        (4, a.at(9) + 4 * WEEK),
        (6, a.at(9) + 6 * WEEK),
    ]


def test_the_patient_is_not_to_be_in_two_places(session):
    practice = Practice(session)
    other = a.professional(session)
    a.booking(session, other, a.span(9, 9.5, day=7), patient=practice.ana)
    assert practice.proposed()[0] == (1, a.at(9.5) + WEEK)


def test_nothing_is_proposed_beyond_what_is_booked_ahead(session):
    practice = Practice(session, horizon_days=15)
    assert [weeks for weeks, _start in practice.proposed()] == [1, 2]


def test_of_a_visit_long_over_weeks_count_from_today(session):
    practice = Practice(session)
    practice.booking = practice.booked(
        a.span(9, 9.5, day=-70), patient=practice.ana, state=BookingState.COMPLETED
    )
    assert practice.proposed()[0] == (1, a.at(9) + WEEK)


def test_what_is_proposed_is_booked_by_the_professional(session):
    practice = Practice(session)
    (_weeks, start), *_others = practice.proposed()
    request = BookingRequest(practice.ruiz.id, practice.visit.id, practice.ana.id, start, "once")
    made = book(session, practice.own, request, now=NOW)
    assert (made.starts_at, made.created_by) == (start, practice.own.user_id)
    again = replace(request, request_key="twice")
    with pytest.raises(SlotTaken):
        book(session, practice.own, again, now=NOW)


def test_a_group_a_patient_and_a_colleague_get_none(session):
    practice = Practice(session)
    practice.booking.seats = 3
    session.flush()
    with pytest.raises(Invalid, match="for one patient"):
        practice.proposed()
    with pytest.raises(NotAllowed):
        practice.proposed(a.actor(session, Role.PATIENT, patient_id=practice.ana.id))
    colleague = a.professional(session)
    with pytest.raises(NotFound):
        practice.proposed(a.actor(session, Role.PROFESSIONAL, professional_id=colleague.id))


# On screen.


@pytest.fixture
def opened(monkeypatch, sqlite_database) -> tuple[AppTest, Practice]:
    screen.set_clock(monkeypatch, NOW)
    with sqlite_database.writing() as session:
        practice = Practice(session)
        user = session.get_one(User, practice.own.user_id)
    page = screen.show_to(monkeypatch, sqlite_database, user).run()
    page.session_state[open_booking.KEY] = open_booking.Opened(practice.booking.id)
    return page.run(), practice


def press(page: AppTest, beginning: str) -> AppTest:
    page = next(each for each in page.button if each.label.startswith(beginning)).click().run()
    assert not page.exception
    return page


def starts(database) -> list:
    with database.reading() as session:
        return list(session.scalars(select(Booking.starts_at).order_by(Booking.id)))[1:]


def test_one_press_shows_the_times_and_one_books(opened, sqlite_database):
    page, _practice = opened
    press(press(page, "Follow-up"), "In 3 weeks")
    assert starts(sqlite_database) == [a.at(9) + 3 * WEEK]
    assert page.toast[0].value.startswith("Booked Ana Silva with Dr Ruiz, ")
    assert not [each for each in page.button if each.label.startswith("In ")]


def test_a_time_taken_meanwhile_says_so_and_shows_others(opened, sqlite_database):
    page, practice = opened
    press(page, "Follow-up")
    with sqlite_database.writing() as session:
        ruiz = session.merge(practice.ruiz)
        a.booking(session, ruiz, a.span(9, 9.5, day=21), service=session.merge(practice.visit))
    button = next(each for each in page.button if each.label.startswith("In 3 weeks"))
    button.click().run()
    assert len(starts(sqlite_database)) == 1
    assert "booked" in page.error[0].value
    assert any("9:30" in each.label for each in page.button if each.label.startswith("In 3"))


def test_pressed_twice_books_once_and_says_so(opened, sqlite_database):
    """The first press books and forgets what was asked; the second arrives all the same."""
    page, practice = opened
    press(page, "Follow-up")
    start = a.at(9) + 3 * WEEK
    key = page.session_state[follow_up.REQUEST]
    request = BookingRequest(practice.ruiz.id, practice.visit.id, practice.ana.id, start, key)
    with sqlite_database.writing() as session:
        book(session, practice.own, request, now=NOW)
    for each in (follow_up.ASKED, follow_up.REQUEST):
        del page.session_state[each]

    press(page, "In 3 weeks")

    assert starts(sqlite_database) == [start]
    assert page.toast[0].value.startswith("Booked Ana Silva with Dr Ruiz, ")
    assert not page.error


def test_who_was_to_be_called_or_waited_is_not_called_any_more(opened, sqlite_database):
    page, practice = opened
    visit, ana = practice.visit.id, practice.ana.id
    with sqlite_database.writing() as session:
        rita = a.actor(session)
        due, wished = (NOW + 2 * WEEK).date(), waiting.Wishes(visit)
        recalls.add_recall(session, rita, recalls.NewRecall(ana, due, "due", visit), now=NOW)
        waiting.add(session, rita, waiting.NewEntry(ana, wished, "wait"), now=NOW)

    press(press(page, "Follow-up"), "In 3 weeks")

    with sqlite_database.reading() as session:
        (recall,), (entry,) = session.scalars(select(Recall)), session.scalars(select(WaitingEntry))
        made = session.scalars(select(Booking.id).order_by(Booking.id)).all()[-1]
    assert (recall.closed_because, recall.booking_id) == (RecallEnd.BOOKED, made)
    assert (entry.state, entry.booking_id) == (WaitingState.BOOKED, made)
