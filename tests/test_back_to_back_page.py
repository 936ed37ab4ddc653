"""What comes right after a new booking, in its dialog, without a browser."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from core.booking import (
    BookingRequest,
    ChainAsked,
    ChainRequest,
    Leg,
    book,
    book_back_to_back,
    preview_chain,
)
from core.db import utc_now
from core.holds import HoldRequest, hold
from core.models import Attendee, Booking, Patient, Role
from core.policy import Actor
from dashboard import back_to_back, new_booking
from tests import a, screen

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


class Desk:
    """Rita at the desk; Dr Ada consults, Nina takes blood, both day and night."""

    def __init__(self, monkeypatch, database):
        self.database = database
        with database.writing() as session:
            self.visit = a.service(session, name="Consultation", length_minutes=15)
            self.blood = a.service(session, name="Blood test", length_minutes=15)
            self.ada = self.works(session, "Dr Ada", self.visit)
            self.nina = self.works(session, "Nina", self.blood)
            self.ana = a.patient(session, name="Ana Silva")
            self.rita = a.user(session, Role.RECEPTIONIST, name="Rita")
            bea = a.user(session, Role.RECEPTIONIST, name="Bea")
        self.hers = Actor(role=Role.RECEPTIONIST, name="Rita", user_id=self.rita.id)
        self.bea = Actor(role=Role.RECEPTIONIST, name="Bea", user_id=bea.id)
        self.start = utc_now().replace(hour=9, minute=0, second=0) + timedelta(days=1)
        self.page = screen.show_to(monkeypatch, database, self.rita).run()

    def works(self, session, name, *services):
        return a.professional(
            session, name=name, hours=((0, 24),), weekdays=EVERY_DAY, services=services
        )

    def ask(self, words="silva"):
        """Mrs Silva and the consultation are chosen, the time is held."""
        with self.database.writing() as session:
            request = HoldRequest(self.ada.id, self.visit.id, self.start, f"{self.start}")
            held = hold(session, self.hers, request, now=utc_now())
        self.page.session_state[new_booking.KEY] = new_booking.Asked(
            self.ada.id, self.visit.id, self.start, "form", held.id, self.visit.id
        )
        self.page.run()
        self.page.text_input(key="new_booking_words").input(words).run()

    def taken(self, minutes):
        """Somebody else has Nina then."""
        with self.database.writing() as session:
            request = BookingRequest(
                self.nina.id,
                self.blood.id,
                a.patient(session).id,
                self.start + timedelta(minutes=minutes),
                f"taken {minutes}",
            )
            book(session, self.bea, request, now=utc_now())

    def right_after(self, row, service, **chosen):
        self.press("And right after")
        self.choose(row, "service", service.id)
        for field, value in chosen.items():
            self.choose(row, field, value)

    def choose(self, row, field, value):
        self.page.selectbox(key=f"new_booking_leg{row}_{field}").set_value(value).run()

    def press(self, label):
        button = next(each for each in self.page.button if each.label == label)
        assert not button.disabled
        return button.click().run()

    def labels(self):
        return [each.label for each in self.page.button]

    def said(self):
        return " ".join(each.value for each in (*self.page.markdown, *self.page.error))

    def booked(self):
        """By start: who comes, to whom, and how many minutes after the first."""
        with self.database.reading() as session:
            found = session.scalars(
                select(Booking)
                .where(Booking.created_by == self.rita.id)
                .options(
                    joinedload(Booking.professional),
                    selectinload(Booking.attendees).joinedload(Attendee.patient),
                )
                .order_by(Booking.starts_at)
            )
            return [
                (
                    each.attendees[0].patient.name if each.attendees else each.state,
                    each.professional.name,
                    (each.starts_at - self.start).total_seconds() / 60,
                )
                for each in found
            ]


@pytest.fixture
def desk(monkeypatch, sqlite_database):
    return Desk(monkeypatch, sqlite_database)


def test_a_blood_test_and_the_daughter_right_after_are_booked_by_one_button(desk):
    desk.ask()
    desk.right_after(1, desk.blood)
    assert "**09:15-09:30** · Nina" in desk.said()
    desk.right_after(2, desk.visit, whom=-1)
    assert desk.page.selectbox(key="new_booking_leg2_who").value == desk.ada.id
    desk.page.button(key="new_booking_leg2_add").click().run()
    desk.page.text_input(key="new_booking_leg2_name").input("Bea Silva").run()
    desk.page.text_input(key="new_booking_leg2_phone").input("+351912345678").run()
    assert "**09:30-09:45** · Dr Ada" in desk.said()
    desk.press("Book 3 visits for Ana Silva, Bea Silva")

    assert desk.booked() == [
        ("Ana Silva", "Dr Ada", 0),
        ("Ana Silva", "Nina", 15),
        ("Bea Silva", "Dr Ada", 30),
    ]
    (toast,) = desk.page.toast
    assert toast.value.replace("\u2060", "") == (
        "Booked: tomorrow 09:00 Ana Silva with Dr Ada; 09:15 with Nina; "
        "09:30 Bea Silva with Dr Ada."
    )


def test_the_same_professional_goes_on_where_they_can(desk):
    desk.ask()
    desk.right_after(1, desk.visit)

    assert desk.page.selectbox(key="new_booking_leg1_who").value == desk.ada.id
    assert "**09:15-09:30** · Dr Ada" in desk.said()


def test_what_does_not_fit_says_why_and_when_all_of_it_does(desk):
    for minutes in (15, 30, 45):
        desk.taken(minutes)
    desk.ask()
    desk.right_after(1, desk.blood, who=desk.nina.id)
    assert "Taken until tomorrow 09:30" in desk.said()
    assert next(each for each in desk.page.button if each.label == "Book").disabled

    assert "tomorrow 09:45" in desk.labels()
    desk.page.pills(key="new_booking_chain_parts").set_value(["Afternoon"]).run()
    assert "tomorrow 12:00" in desk.labels()
    assert "tomorrow 09:45" not in desk.labels()
    desk.page.pills(key="new_booking_chain_parts").set_value([]).run()
    desk.press("tomorrow 09:45")

    assert "**10:00-10:15** · Nina" in desk.said()
    desk.press("Book 2 visits for Ana Silva")
    assert desk.booked() == [("Ana Silva", "Dr Ada", 45), ("Ana Silva", "Nina", 60)]


def test_where_anybody_would_do_and_nobody_is_free_that_is_said(desk):
    for minutes in (15, 30, 45):
        desk.taken(minutes)
    desk.ask()
    desk.right_after(1, desk.blood)
    assert "Taken until tomorrow 09:30" in desk.said()

    with desk.database.writing() as session:
        a.professional(session, hours=((20, 21),), services=(desk.blood,))
    desk.page.run()

    assert "Blood test: nobody is free to start between 09:15 and 09:45." in desk.said()


def test_a_taken_first_time_is_said_once_and_cannot_be_booked_over_with_others_after(desk):
    with desk.database.writing() as session:
        request = BookingRequest(
            desk.ada.id, desk.visit.id, a.patient(session).id, desk.start, "taken"
        )
        book(session, desk.bea, request, now=utc_now())
    asked = new_booking.Asked(desk.ada.id, desk.visit.id, desk.start, "form")
    desk.page.session_state[new_booking.KEY] = asked
    desk.page.run()
    desk.page.text_input(key="new_booking_words").input("silva").run()
    desk.press("Book Ana Silva")
    assert [each.label for each in desk.page.pills] == ["Book all the same, because"]

    desk.right_after(1, desk.blood)

    assert "Book all the same, because" not in [each.label for each in desk.page.pills]
    assert "Taken until tomorrow 09:15." in desk.said()
    desk.press("tomorrow 09:15")
    desk.press("Book 2 visits for Ana Silva")
    assert desk.booked() == [("Ana Silva", "Dr Ada", 15), ("Ana Silva", "Nina", 30)]


def test_what_never_fits_is_said(desk):
    with desk.database.writing() as session:
        scan = a.service(session, name="Scan")
        a.professional(session, name="Cleo", weekdays=(), services=(scan,))
    desk.ask()
    desk.right_after(1, scan)

    assert "Cleo does not work that day." in desk.said()
    assert any("No start found" in each.value for each in desk.page.caption)


def test_times_that_changed_meanwhile_are_shown_before_they_are_booked(desk):
    desk.ask()
    desk.right_after(1, desk.blood)
    desk.taken(15)
    desk.press("Book 2 visits for Ana Silva")
    assert [each.value for each in desk.page.warning] == [
        "The times have changed in the meantime. Please look again."
    ]
    assert desk.booked() == [("held", "Dr Ada", 0)]

    desk.press("Book 2 visits for Ana Silva")

    assert desk.booked() == [("Ana Silva", "Dr Ada", 0), ("Ana Silva", "Nina", 30)]


def test_a_button_pressed_twice_books_once_and_says_so(desk):
    """The first press books, and the second keeps it from saying so."""
    desk.ask()
    desk.right_after(1, desk.blood)
    shown = desk.page.session_state["new_booking_chain_seen"].placed
    legs = tuple(
        Leg(service.id, desk.ana.id, each.professional_id, each.starts_at)
        for service, each in zip((desk.visit, desk.blood), shown, strict=True)
    )
    hold_id = desk.page.session_state[new_booking.KEY].hold_id
    with desk.database.writing() as session:
        request = ChainRequest(ChainAsked(legs, desk.start, hold_id), "form")
        book_back_to_back(session, desk.hers, request, now=utc_now())

    desk.page.button(key="new_booking_book_all").click().run()

    assert "Booked: tomorrow" in desk.page.toast[0].value
    assert desk.booked() == [("Ana Silva", "Dr Ada", 0), ("Ana Silva", "Nina", 15)]
    assert not desk.page.error
    assert "Book" not in desk.labels()


def test_whoever_is_quicker_at_the_last_moment_leaves_the_form_as_it_is(monkeypatch, desk):
    desk.ask()
    desk.right_after(1, desk.blood)

    def too_late(*asked, **present):
        monkeypatch.setattr(back_to_back, "preview_chain", preview_chain)
        plan = preview_chain(*asked, **present)
        desk.taken(15)
        return plan

    monkeypatch.setattr(back_to_back, "preview_chain", too_late)
    desk.press("Book 2 visits for Ana Silva")

    assert "Nothing was booked: visit 2, Blood test, does not fit." in desk.said()
    assert desk.booked() == [("held", "Dr Ada", 0)]
    assert "**09:30-09:45** · Nina" in desk.said()


def test_a_visit_left_out_again_leaves_the_booking_as_it_was(desk):
    desk.ask()
    desk.right_after(1, desk.blood)
    desk.page.button(key="new_booking_leg1_remove").click().run()
    desk.press("Book Ana Silva")

    assert desk.booked() == [("Ana Silva", "Dr Ada", 0)]


def test_without_its_service_or_its_patient_nothing_can_be_booked(desk):
    desk.ask()
    desk.press("And right after")
    book_button = next(each for each in desk.page.button if each.label == "Book")
    assert book_button.disabled
    desk.choose(1, "service", desk.blood.id)
    desk.choose(1, "whom", -1)

    assert next(each for each in desk.page.button if each.label == "Book").disabled


def test_a_new_patient_who_is_refused_is_added_nowhere(desk):
    desk.ask()
    desk.right_after(1, desk.blood, whom=-1)
    desk.page.button(key="new_booking_leg1_add").click().run()
    desk.page.text_input(key="new_booking_leg1_name").input("Zé").run()
    desk.press("Book 2 visits for Ana Silva, Zé")

    assert desk.page.error
    assert desk.booked() == [("held", "Dr Ada", 0)]
    with desk.database.reading() as session:
        assert session.scalars(select(Patient.name)).all() == ["Ana Silva"]


def test_what_was_built_and_not_booked_is_there_again_in_a_new_window(monkeypatch, desk):
    desk.ask()
    desk.right_after(1, desk.blood, whom=-1)
    desk.page.text_input(key="new_booking_leg1_words").input("nobody yet").run()
    desk.right_after(2, desk.visit)

    desk.page = screen.show_to(monkeypatch, desk.database, desk.rita).run()
    desk.start += timedelta(hours=1)
    desk.ask(words="")
    desk.press("Continue")

    assert desk.page.text_input(key="new_booking_leg1_words").value == "nobody yet"
    rows = [desk.page.selectbox(key=f"new_booking_leg{row}_service").value for row in (1, 2)]
    assert rows == [desk.blood.id, desk.visit.id]
    assert "**10:15-10:30** · Nina" in desk.said()
