"""The booking line on screen: what it could mean is picked from lists, read out, and booked."""

import json

import pytest
from sqlalchemy import select

from core.models import Attendee, Booking, Draft, Patient, Professional, Role, Service
from dashboard import booking_line, new_booking
from dashboard.components.line_field import LineTyped
from tests import a, screen

NOW = a.at(7)


class Line:
    """The desk with the line open, and what its field was given to draw."""

    def __init__(self, page, database, patch):
        self.page, self.database, self.patch = page, database, patch
        patch.setattr(booking_line, "line_field", self.draw)
        self.drawn = {}

    def draw(self, **given):
        self.drawn = given

    def open(self):
        self.typed = LineTyped("", is_meant=False, picked="")
        self.patch.setattr(booking_line, "line_typed", lambda _key: self.typed)
        self.page.button(key="desk_line").click().run()

    def hear(self, text, *, enter=False, picked=""):
        """One message of the field; Enter and a pick are told once."""
        self.typed = LineTyped(text, is_meant=enter, picked=picked)
        self.page.run()
        assert not self.page.exception
        self.typed = LineTyped(text, is_meant=False, picked="")

    @property
    def options(self):
        return {each.name: each.id for asked in self.drawn["lists"] for each in asked.options}

    @property
    def questions(self):
        return [each.question for each in self.drawn["lists"]]

    @property
    def shown(self):
        return " ".join(each.value for each in self.page.markdown)

    def bookings(self):
        with self.database.reading() as session:
            found = session.execute(
                select(Booking.starts_at, Professional.name, Patient.name)
                .join(Booking.professional)
                .join(Booking.attendees)
                .join(Attendee.patient)
                .order_by(Booking.id)
            )
            return [tuple(each) for each in found]


@pytest.fixture
def line(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        follow_up = a.service(session, name="Follow-up")
        check = a.service(session, name="Skin check")
        ruiz = a.professional(session, name="Dr Ruiz", services=(follow_up, check))
        a.professional(session, name="Dr Costa", services=(follow_up,))
        for name, number in (
            ("Olga Silva", 1),
            ("Eva Silva", 2),
            ("Rui Costa", 3),
            ("Lia *Dias*", 4),
        ):
            a.patient(session, name=name, phone=f"+35191234567{number}")
        a.booking(session, ruiz, a.span(12, 12.5), service=follow_up)
        rita = a.user(session, Role.RECEPTIONIST, name="Rita")
    screen.set_clock(monkeypatch, NOW)
    page = screen.show_to(monkeypatch, sqlite_database, rita).run()
    line = Line(page, sqlite_database, monkeypatch)
    line.open()
    return line


def test_of_several_patients_one_is_picked_and_enter_books_them(line):
    line.hear("mon 10 silva follow-up ruiz")
    assert line.questions == ["Which patient?"]
    assert "which patient?" in line.shown
    eva = line.options["Eva Silva · +351 912 345 672"]

    line.hear("mon 10 silva follow-up ruiz", picked=eva)
    assert line.questions == []
    assert "Eva Silva" in line.shown

    line.hear("mon 10 silva follow-up ruiz", enter=True)
    assert line.bookings()[1:] == [(a.at(10), "Dr Ruiz", "Eva Silva")]


def test_another_line_forgets_what_was_picked_for_this_one(line):
    line.hear("mon 10 silva follow-up")
    line.hear("mon 10 silva follow-up", picked=line.options["Eva Silva · +351 912 345 672"])
    line.hear("mon 11 silva follow-up")
    assert line.questions == ["Which patient?"]


@pytest.mark.parametrize("picked", ["patient-999", "service-1", "time-1-0", "reading-7", "x", "-"])
def test_what_is_not_on_a_list_cannot_be_picked(line, picked):
    line.hear("mon 10 silva follow-up ruiz", picked=picked)
    assert line.questions == ["Which patient?"]
    assert new_booking.KEY not in line.page.session_state


def test_a_service_and_another_reading_are_picked_in_the_same_way(line):
    line.hear("mon 10 costa")
    assert line.questions == ["Which service?", "Or did you mean:"]
    line.hear("mon 10 costa", picked=line.options["Dr Costa"])
    assert line.options["Rui Costa"]
    line.hear("mon 10 costa", picked=line.options["Rui Costa"])
    line.hear("mon 10 costa", picked=line.options["Follow-up"])
    assert line.questions == []
    line.hear("mon 10 costa", enter=True)
    assert line.bookings()[1:] == [(a.at(10), "Dr Costa", "Rui Costa")]


def test_what_is_free_instead_goes_on_in_the_booking_form(line):
    line.hear("mon 12 olga follow-up ruiz")
    assert line.questions == ["Free instead:"]
    first = line.drawn["lists"][0].options[0]

    line.hear("mon 12 olga follow-up ruiz", picked=first.id)
    assert booking_line.KEY not in line.page.session_state
    assert new_booking.KEY in line.page.session_state
    assert [each.label for each in line.page.button if "Olga Silva" in each.label]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("mon 10 olga follow-up ruiz", "today 10:00, Olga Silva, Follow-up, Dr Ruiz. Enter books."),
        ("mon 10 lia follow-up ruiz", "today 10:00, Lia *Dias*, Follow-up, Dr Ruiz. Enter books."),
        (
            "mon 10 silva follow-up ruiz",
            "today 10:00, Follow-up, Dr Ruiz. 2 choices with Arrow Down.",
        ),
        ("mon 10 follow-up ruiz", "today 10:00, Follow-up, Dr Ruiz. The patient is missing."),
        (
            "mon 10 zyx follow-up ruiz",
            "today 10:00, Follow-up, Dr Ruiz. Not understood: zyx. "
            "Ctrl+Enter books for a new patient.",
        ),
        ("mon 10 olga", "Monday 7 December 10:00, Olga Silva. 2 choices with Arrow Down."),
    ],
)
def test_what_was_understood_is_read_out_with_what_can_be_done_next(line, text, said):
    line.hear(text)
    assert line.drawn["said"] == said


CHANGED = "The times have changed in the meantime. Please look again."


@pytest.mark.parametrize("by_button", [False, True])
def test_a_time_that_another_desk_took_is_not_swapped_for_one_nobody_was_shown(line, by_button):
    line.hear("olga follow-up ruiz")
    assert "today 09:00" in line.shown
    with line.database.writing() as session:
        ruiz = session.scalars(select(Professional).where(Professional.name == "Dr Ruiz")).one()
        service = session.scalars(select(Service).where(Service.name == "Follow-up")).one()
        a.booking(session, ruiz, a.span(9, 10), service=service)

    if by_button:
        line.page.button(key="booking_line_book").click()
    line.hear("olga follow-up ruiz", enter=not by_button)
    assert [each.value for each in line.page.warning] == [CHANGED]
    assert "today 10:00" in line.shown
    assert len(line.bookings()) == 2

    line.hear("olga follow-up ruiz", enter=True)
    assert line.bookings()[2:] == [(a.at(10), "Dr Ruiz", "Olga Silva")]


def test_words_nothing_was_shown_for_yet_are_booked_by_their_enter(line):
    line.hear("mon 9 olga follow-up ruiz")
    line.hear("mon 10 olga follow-up ruiz", enter=True)
    assert line.bookings()[1:] == [(a.at(10), "Dr Ruiz", "Olga Silva")]


def drafts(line):
    with line.database.reading() as session:
        return [json.loads(each.entries) for each in session.scalars(select(Draft))]


def test_a_line_that_was_cleared_is_not_offered_again_and_one_left_standing_is(line):
    line.hear("mon 10 silva")
    assert drafts(line) == [{"line": "mon 10 silva"}]
    line.hear("")
    assert drafts(line) == []

    line.hear("mon 10 olga")
    line.open()
    assert [each.label for each in line.page.button if each.label == "Continue"] == ["Continue"]


def test_who_clears_what_they_typed_leaves_on_offer_what_was_there_before(line):
    line.hear("mon 10 olga")
    line.open()
    line.hear("tue 11 eva")
    assert drafts(line) == [{"line": "tue 11 eva"}]
    line.hear("")
    assert drafts(line) == [{"line": "mon 10 olga"}]
