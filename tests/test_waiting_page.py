"""The waiting list's page, and the desk's line about time that was made free."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from core import waiting
from core.availability.next_free import DayPart
from core.booking import BookingRequest, book
from core.errors import SlotTaken
from core.models import (
    Answer,
    Booking,
    BookingState,
    Offer,
    Patient,
    PreferredProfessional,
    Priority,
    Professional,
    Role,
    WaitingEntry,
    WaitingState,
)
from core.policy import Actor
from core.waiting import Gap, NewEntry, OfferRequest, Wishes
from dashboard import new_booking, offering, open_booking, places, waiting_asked
from tests import a, screen

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class Desk:
    """Rita at the desk of Dr Ada, who works tomorrow from nine to ten and is booked by Zoe."""

    def __init__(self, monkeypatch, database):
        self.database = database
        with database.writing() as session:
            self.service = a.service(session, name="Consultation")
            self.ada = a.professional(
                session,
                name="Dr Ada",
                hours=((9, 10),),
                weekdays=EVERY_DAY,
                services=(self.service,),
            )
            self.rita = a.user(session, Role.RECEPTIONIST, name="Rita")
            self.zoe = a.patient(session, name="Zoe")
        self.actor = Actor(role=Role.RECEPTIONIST, name="Rita", user_id=self.rita.id)
        self.start = NOW.replace(hour=9) + timedelta(days=1)
        screen.set_clock(monkeypatch, NOW)
        self.page = screen.show_to(monkeypatch, database, self.rita).run()

    def add(self, name, **wishes):
        with self.database.writing() as session:
            patient = a.patient(session, name=name, phone="+351912345678")
            request = NewEntry(patient.id, Wishes(self.service.id, **wishes), f"add {name}")
            return waiting.add(session, self.actor, request, now=NOW)

    def booked(self):
        with self.database.writing() as session:
            request = BookingRequest(
                self.ada.id, self.service.id, self.zoe.id, self.start, request_key="booked"
            )
            return book(session, self.actor, request, now=NOW)

    def go(self):
        self.page.switch_page(str(places.PAGES / "waiting_list.py")).run()
        assert not self.page.exception
        return self.page

    def press(self, label):
        button = next(each for each in self.page.button if each.label == label)
        button.click().run()
        assert not self.page.exception
        return self.page

    def words(self):
        found = [
            *self.page.markdown,
            *self.page.header,
            *self.page.subheader,
            *self.page.caption,
            *self.page.info,
        ]
        return "\n".join(each.value for each in found)

    def entries(self):
        with self.database.reading() as session:
            return session.scalars(select(WaitingEntry).order_by(WaitingEntry.id)).all()

    def offers(self):
        with self.database.reading() as session:
            return session.scalars(select(Offer).order_by(Offer.id)).all()

    def labels(self):
        return [each.label for each in self.page.button]

    def cancel(self, booking):
        self.page.session_state[open_booking.KEY] = open_booking.Opened(booking.id)
        self.page.run()
        self.page.pills(key="open_booking_reason").set_value("Patient is ill").run()
        return self.press("Cancel booking")


@pytest.fixture
def desk(monkeypatch, sqlite_database):
    return Desk(monkeypatch, sqlite_database)


def toasts(page):
    return " ".join(each.value for each in page.toast)


def test_an_empty_list_says_what_to_do(desk):
    desk.go()
    assert "Nobody waits" in desk.words()
    assert "Put on the waiting list" in desk.labels()


def test_somebody_is_put_on_the_list_in_few_keys(desk):
    desk.go()
    desk.press("Put on the waiting list")
    save = next(each for each in desk.page.button if each.key == "waiting_form_save")
    assert save.disabled
    desk.page.text_input(key="waiting_form_words").input("zoe").run()
    desk.page.selectbox(key="waiting_form_service").set_value(desk.service.id).run()
    desk.page.pills(key="waiting_form_parts").set_value(["0-720"])
    desk.page.toggle(key="waiting_form_urgent").set_value(True).run()
    next(each for each in desk.page.button if each.key == "waiting_form_save").click().run()

    (entry,) = desk.entries()
    assert (entry.times, entry.priority) == ("0-720", Priority.URGENT)
    assert "Zoe is on the waiting list" in toasts(desk.page)
    assert "With anybody · morning" in desk.words()


def test_what_they_prefer_is_filled_in_until_somebody_chooses_otherwise(desk):
    with desk.database.writing() as session:
        session.add(PreferredProfessional(patient_id=desk.zoe.id, professional_id=desk.ada.id))
        zoe = session.get_one(Patient, desk.zoe.id)
        zoe.preferred_parts, zoe.alerts = "evening", "Deaf"
    desk.go()
    desk.press("Put on the waiting list")
    desk.page.selectbox(key="waiting_form_service").set_value(desk.service.id).run()
    desk.page.text_input(key="waiting_form_words").input("zoe").run()
    assert desk.page.warning[0].value == "Deaf"
    assert "as Zoe prefers" in desk.words()
    people = desk.page.multiselect(key="waiting_form_professionals")
    assert people.value == [desk.ada.id]

    people.set_value([]).run()
    desk.page.text_input(key="waiting_form_words").input("zo").run()
    next(each for each in desk.page.button if each.key == "waiting_form_save").click().run()
    (entry,) = desk.entries()
    assert entry.times == "1020-1440"
    assert "With anybody · evening" in desk.words()


def test_another_patient_another_preference_and_nobody_none(desk):
    with desk.database.writing() as session:
        session.get_one(Patient, desk.zoe.id).preferred_parts = "evening"
        a.patient(session, name="Reed")
    desk.go()
    desk.press("Put on the waiting list")
    desk.page.selectbox(key="waiting_form_service").set_value(desk.service.id).run()
    for words, parts in (("zoe", ["1020-1440"]), ("reed", []), ("zoe", ["1020-1440"]), ("q", [])):
        desk.page.text_input(key="waiting_form_words").input(words).run()
        assert desk.page.pills(key="waiting_form_parts").value == parts, words


def test_times_of_day_of_ones_own_are_kept(desk):
    entry = desk.add("Ana", parts=(DayPart(9 * 60, 10 * 60),))
    desk.go()
    desk.press("Change")
    assert desk.page.pills(key="waiting_form_parts").value == ["between"]
    desk.press("Save")
    assert [(each.id, each.times) for each in desk.entries()] == [(entry.id, "540-600")]


def test_an_entry_is_changed_and_taken_off_with_a_reason(desk):
    desk.add("Ana")
    desk.go()
    desk.press("Change")
    desk.page.text_input(key="waiting_form_note").input("after work").run()
    desk.press("Save")
    assert desk.entries()[0].note == "after work"

    desk.press("Change")
    desk.press("Take off the list")
    assert "say why" in desk.page.error[0].value
    desk.page.pills(key="waiting_form_reason").set_value("No longer needed").run()
    desk.press("Take off the list")
    assert desk.entries()[0].state is WaitingState.CLOSED
    assert "Nobody waits" in desk.words()


def test_the_list_is_narrowed_to_a_service_or_professional(desk):
    desk.add("Ana")
    with desk.database.writing() as session:
        other = a.service(session, name="Other")
        a.offer(session, desk.ada, other)
    desk.go()
    assert "Ana" in desk.words()
    desk.page.selectbox(key="waiting_service").set_value(other.id).run()
    assert "Nobody waits for this" in desk.words()


def test_a_wish_nobody_can_fulfil_any_more_says_so(desk):
    desk.add("Ana", professional_ids=(desk.ada.id,))
    with desk.database.writing() as session:
        session.get_one(Professional, desk.ada.id).archived_at = NOW
    desk.go()
    assert "With somebody who does not work here any more" in desk.words()
    assert "Nothing that suits anybody" in desk.words()


def test_an_earlier_visit_and_a_day_that_has_passed_are_told(desk):
    desk.booked()
    with desk.database.writing() as session:
        request = NewEntry(desk.zoe.id, Wishes(desk.service.id), "zoe")
        entry = waiting.add(session, desk.actor, request, now=NOW)
        entry.from_on = entry.until_on = NOW.date() - timedelta(days=2)
    desk.go()
    assert "has a visit" in desk.words()
    assert "the last day has passed" in desk.words()


def test_a_name_that_is_markdown_stays_a_name(desk):
    """T098"""
    desk.add("![x](http://elsewhere.example/x.png)", note="**bold**")
    desk.go()
    assert "![x](http://elsewhere" not in desk.words()
    desk.press("Offer")
    assert "![x](http://elsewhere" not in desk.words()


def test_free_time_is_offered_declined_passed_on_and_accepted(desk):
    desk.add("Ana", priority=Priority.URGENT)
    desk.add("Bo")
    desk.go()
    assert "Free now for somebody who waits" in desk.words()
    desk.press("Offer")
    assert "speaking to Ana?" in desk.words()
    assert "+351 912 345 678" in desk.words()
    assert "This is Rita from Rua Nova Practice" in desk.words()
    assert "Urgent · leaves 30 min free · waits since" in desk.words()

    desk.press("Declined")
    assert "speaking to Bo?" in desk.words()
    assert "Ana does not want it" in desk.words()
    assert [each.answer for each in desk.offers()] == [Answer.DECLINED, None]

    desk.press("Accepted")
    assert "Booked Bo with Dr Ada" in toasts(desk.page)
    with desk.database.reading() as session:
        booking = session.scalars(select(Booking)).one()
    assert booking.state is BookingState.BOOKED
    assert [each.state for each in desk.entries()] == [WaitingState.WAITING, WaitingState.BOOKED]


def test_when_nobody_is_left_those_without_an_answer_may_be_called_again(desk):
    desk.add("Ana")
    desk.go()
    desk.press("Offer")
    desk.press("No answer")
    assert "Nobody else waits for this time" in desk.words()
    again = next(each for each in desk.page.button if each.label.startswith("Call again"))
    again.click().run()
    assert "speaking to Ana?" in desk.words()
    desk.press("Do not offer it")
    assert [each.answer for each in desk.offers()] == [Answer.NO_ANSWER, Answer.TAKEN_BACK]


def test_an_offer_goes_on_when_its_dialog_is_closed_and_is_opened_again(desk):
    desk.add("Ana")
    desk.go()
    desk.press("Offer")
    del desk.page.session_state["offering"]
    desk.page.run()
    assert "Being offered" in desk.words()
    assert "Offered to Ana by Rita" in desk.words()
    desk.press("Open")
    desk.press("Accepted")
    assert "Booked Ana" in toasts(desk.page)


def test_a_time_another_desk_offers_already_is_shown_as_that(desk):
    entry, other = desk.add("Ana"), desk.add("Bo")
    desk.go()
    with desk.database.writing() as session:
        bea = a.actor(session, name="Bea")
        for each, minutes in ((entry, 0), (other, 30)):
            at = desk.start + timedelta(minutes=minutes)
            request = OfferRequest(each.id, each.version, desk.ada.id, at)
            waiting.offer(session, bea, request, now=NOW)
    desk.press("Offer")
    assert "Offered to Ana by Bea" in desk.words()
    assert len(desk.offers()) == 2


def test_who_lost_the_time_to_another_desk_is_told_so(desk):
    gap = Gap(desk.start, desk.start + timedelta(minutes=30), desk.ada.id)
    lost = SlotTaken(professional="Dr Ada")
    desk.page.session_state[offering.KEY] = offering.Offering(gap, refused=lost)
    desk.go()
    assert "Dr Ada is already booked" in desk.page.error[0].value


def test_an_answer_that_another_desk_gave_is_told(desk):
    desk.add("Ana")
    desk.go()
    desk.press("Offer")
    with desk.database.writing() as session:
        bea = a.actor(session, name="Bea")
        waiting.decline(session, bea, desk.offers()[0].id, now=NOW)
    desk.press("Accepted")
    assert "declined already" in desk.page.error[0].value


def test_a_cancelled_time_is_offered_from_the_desk(desk):
    booking = desk.booked()
    day = desk.start.date()
    desk.add("Ana", from_on=day, until_on=day)
    desk.add("Bo", from_on=day, until_on=day)
    desk.cancel(booking)
    assert "2 people wait for it" in desk.words()

    desk.press("Offer it")
    assert "speaking to Ana?" in desk.words()
    assert desk.offers()[0].starts_at == booking.starts_at
    desk.press("Accepted")
    assert "Booked Ana" in toasts(desk.page)
    assert "wait for it" not in desk.words()


def test_a_time_nobody_waits_for_is_not_spoken_of(desk):
    day = desk.start.date() + timedelta(days=3)
    desk.add("Ana", from_on=day)
    desk.cancel(desk.booked())
    assert "for it" not in desk.words()
    assert "Offer it" not in desk.labels()


def test_the_line_goes_when_it_is_put_aside(desk):
    booking = desk.booked()
    desk.add("Ana")
    desk.cancel(booking)
    assert "1 person waits for it" in desk.words()
    next(each for each in desk.page.button if each.key == "freed_close").click().run()
    assert "waits for it" not in desk.words()


def ask(desk):
    desk.page.session_state[new_booking.KEY] = new_booking.Asked(
        desk.ada.id, desk.service.id, desk.start, request_key="form"
    )
    return desk.page.run()


def test_when_no_time_suits_the_form_goes_on_to_the_waiting_list(desk):
    ask(desk)
    desk.page.text_input(key="new_booking_words").input("zoe").run()
    desk.press("No time suits? Put on the waiting list")
    assert waiting_asked.KEY in desk.page.session_state
    assert desk.page.selectbox(key="waiting_form_service").value == desk.service.id
    assert desk.page.multiselect(key="waiting_form_professionals").value == [desk.ada.id]
    next(each for each in desk.page.button if each.key == "waiting_form_save").click().run()

    (entry,) = desk.entries()
    assert entry.patient_id == desk.zoe.id


def test_a_new_patient_goes_along_and_is_added_with_the_entry(desk):
    ask(desk)
    desk.press("New patient")
    desk.page.text_input(key="new_booking_name").input("Nina")
    desk.page.text_input(key="new_booking_phone").input("912345678").run()
    desk.press("No time suits? Put on the waiting list")
    next(each for each in desk.page.button if each.key == "waiting_form_save").click().run()

    with desk.database.reading() as session:
        nina = session.scalars(select(Patient).where(Patient.name == "Nina")).one()
    assert [each.patient_id for each in desk.entries()] == [nina.id]


def test_who_is_booked_at_a_time_they_waited_for_waits_no_longer(desk):
    desk.add("Ana")
    ask(desk)
    desk.page.text_input(key="new_booking_words").input("ana").run()
    desk.press("Book Ana")
    assert desk.entries()[0].state is WaitingState.BOOKED


def test_who_was_taken_off_by_mistake_is_back_by_one_key(desk):
    entry = desk.add("Eva Pinto")
    desk.go()
    next(each for each in desk.page.button if each.key == f"entry_{entry.id}").click().run()
    desk.page.pills(key="waiting_form_reason").set_value("Other").run()
    desk.page.button(key="waiting_form_close").click().run()
    assert [each.state for each in desk.entries()] == [WaitingState.CLOSED]
    assert "Eva Pinto waits no longer." in desk.words()

    desk.press("Undo")
    assert [each.state for each in desk.entries()] == [WaitingState.WAITING]
