"""Seeing somebody again: noted in an opened booking, called and booked from the waiting list."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core import recalls
from core.models import Recall
from core.recurrence import months_later
from dashboard import find_time, open_booking
from tests.test_waiting_page import NOW, Desk, toasts


class Recalling(Desk):
    def recall(self):
        with self.database.reading() as session:
            return session.scalars(select(Recall)).one()

    def listed(self, days=1):
        """Zoe, to be seen again in some days, on the page."""
        with self.database.writing() as session:
            due_on = NOW.date() + timedelta(days=days)
            asked = recalls.NewRecall(
                self.zoe.id, due_on, "recall", self.service.id, self.ada.id, "Bring *the* X-ray"
            )
            recalls.add_recall(session, self.actor, asked, now=NOW)
        return self.go()


@pytest.fixture
def desk(monkeypatch, sqlite_database):
    return Recalling(monkeypatch, sqlite_database)


def test_from_an_opened_booking_a_patient_is_noted_for_half_a_year_later(desk):
    booking = desk.booked()
    desk.page.session_state[open_booking.KEY] = open_booking.Opened(booking.id)
    desk.page.run()
    desk.page.pills(key="open_booking_recall_months").set_value(6).run()
    desk.page.text_input(key="open_booking_recall_words").input("X-ray").run()
    desk.press("Put on the recall list")

    made = desk.recall()
    assert made.due_on == months_later(desk.start.date(), 6)
    assert (made.patient_id, made.service_id) == (desk.zoe.id, desk.service.id)
    assert (made.professional_id, made.note) == (desk.ada.id, "X-ray")
    assert "Zoe is on the recall list" in toasts(desk.page)


@pytest.mark.parametrize(("days", "folded"), [(31, []), (32, ["Later: 1"])])
def test_who_is_due_after_a_month_is_folded_away(desk, days, folded):
    desk.listed(days=days)
    assert [each.label for each in desk.page.expander] == folded
    assert "Zoe" in desk.words()


def test_the_page_shows_who_is_due_and_leads_to_a_time_for_them(desk):
    desk.listed()
    assert "To be seen again" in desk.words()
    assert "Zoe" in desk.words()
    assert r"Bring \*the\* X-ray" in desk.words()

    desk.press("Book")
    looking = desk.page.session_state[find_time.KEY]
    assert (looking.patient.id, looking.service_id) == (desk.zoe.id, desk.service.id)
    assert looking.professional_ids == (desk.ada.id,)


def test_no_answer_means_a_week_later(desk):
    desk.listed()
    desk.press("No answer")
    assert desk.recall().next_on == NOW.date() + timedelta(days=7)
    assert "no answer; next try" in desk.words()


def test_not_wanted_asks_for_a_reason(desk):
    desk.listed()
    made = desk.recall()
    key = f"recall_{made.id}_{made.version}"
    assert desk.page.button(key=f"{key}_close").disabled
    desk.page.pills(key=f"{key}_reason").set_value("Comes elsewhere").run()
    desk.press("Take off the recall list")
    assert desk.recall().close_reason == "Comes elsewhere"
    assert "To be seen again" not in desk.words()
