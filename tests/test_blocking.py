"""Blocking part of a day from a start at the desk, and freeing it again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.booking import BookingRequest, book
from core.db import utc_now
from core.holds import HoldRequest, hold
from core.models import Booking, BookingState, Role, TimeOff
from core.policy import Actor
from core.schedule import NewTimeOff, enter_time_off
from dashboard import blocking, new_booking, sick_day
from dashboard.practice import forms
from tests import a
from tests.test_desk_page import Desk, desk, said, toasts

__all__ = ["desk"]


def on_record(desk: Desk) -> list[tuple]:
    with desk.database.reading() as session:
        rows = session.execute(
            select(TimeOff.professional_id, TimeOff.starts_at, TimeOff.ends_at, TimeOff.reason)
            .where(TimeOff.removed_at.is_(None))
            .order_by(TimeOff.id)
        )
        return [tuple(row) for row in rows]


def block(desk: Desk, reason: str = "", length: int | None = None) -> None:
    """From the form for a booking at the start that was picked."""
    desk.ask()
    desk.press("Block this time")
    if length is not None:
        desk.page.segmented_control(key=forms.key("block_length")).set_value(length).run()
    if reason:
        desk.page.text_input(key=forms.key("block_reason")).input(reason).run()


def away(desk: Desk, reason: str, hours: int = 1) -> None:
    with desk.database.writing() as session:
        request = NewTimeOff(desk.ada.id, desk.start, desk.start + timedelta(hours=hours), reason)
        enter_time_off(session, a.actor(session, Role.ADMIN), request, now=utc_now())


def ask_refused(desk: Desk) -> None:
    """As a click on the block opens the form: the time cannot be held."""
    desk.ask()
    desk.page.text_input(key="new_booking_words").input("silva").run()
    desk.press("Book Ana Silva")


def test_a_start_is_blocked_for_a_while_with_its_reason(desk):
    block(desk, "Meeting *now*", 45)
    desk.press("Block")

    end = desk.start + timedelta(minutes=45)
    assert on_record(desk) == [(desk.ada.id, desk.start, end, "Meeting *now*")]
    assert "Blocked for Dr Ada" in toasts(desk.page)
    assert not desk.page.exception


def test_nobody_can_be_booked_there_any_more(desk):
    block(desk)
    desk.press("Block")

    ask_refused(desk)

    assert "Dr Ada" in said(desk.page)
    with desk.database.reading() as session:
        assert not session.scalars(select(Booking)).all()


def test_the_held_time_is_given_back_where_the_time_is_blocked_instead(desk):
    with desk.database.writing() as session:
        rita = Actor(role=Role.RECEPTIONIST, name="Rita", user_id=desk.rita.id)
        wished = HoldRequest(desk.ada.id, desk.service.id, desk.start, request_key="held")
        held = hold(session, rita, wished, now=utc_now())
    form = new_booking.Asked(desk.ada.id, desk.service.id, desk.start, "form", hold_id=held.id)
    desk.page.session_state[new_booking.KEY] = form
    desk.page.run()
    assert desk.read(held).state is BookingState.HELD

    desk.press("Block this time")

    assert desk.read(held) is None or desk.read(held).state is not BookingState.HELD
    assert new_booking.KEY not in desk.page.session_state


def test_a_block_is_taken_back_by_one_key(desk):
    block(desk)
    desk.press("Block")
    desk.press("Undo")

    assert on_record(desk) == []


def test_visits_in_the_way_are_shown_stay_booked_and_are_next_to_be_moved(desk):
    visit = desk.booked(start=desk.start + timedelta(minutes=15))
    block(desk)
    shown = " ".join(each.value for each in [*desk.page.markdown, *desk.page.warning])
    assert "1 visit lies in this time" in shown
    assert "Ana Silva" in shown

    desk.press("Block, and call whoever is booked")

    assert desk.read(visit).state.value == "booked"
    ((*_block, _reason),) = on_record(desk)
    with desk.database.reading() as session:
        id = session.scalars(select(TimeOff.id)).one()
    assert desk.page.session_state[sick_day.CHOSEN] == id
    assert "Ana Silva" in " ".join(each.value for each in desk.page.markdown)
    assert not desk.page.exception


def test_a_longer_block_asks_about_the_visits_of_the_longer_time(desk):
    desk.booked(start=desk.start + timedelta(minutes=60))
    block(desk)
    assert not desk.page.warning

    desk.page.segmented_control(key=forms.key("block_length")).set_value(90).run()

    assert desk.page.warning


def test_what_blocks_a_time_is_named_and_removed_where_it_is_clicked(desk):
    away(desk, "Paperwork")
    away(desk, "")
    ask_refused(desk)

    assert len([each for each in desk.page.button if each.label == "Remove"]) == 2
    desk.press("Remove")

    assert [reason for *_span, reason in on_record(desk)] == [""]
    assert "Dr Ada can be booked again" in toasts(desk.page)
    assert new_booking.KEY not in desk.page.session_state

    desk.press("Undo")
    assert [reason for *_span, reason in on_record(desk)] == ["Paperwork", ""]


def test_nothing_is_offered_for_removal_where_time_off_touches_the_start(desk):
    with desk.database.writing() as session:
        request = NewTimeOff(desk.ada.id, desk.start - timedelta(hours=1), desk.start)
        enter_time_off(session, a.actor(session, Role.ADMIN), request, now=utc_now())
        patient = a.patient(session, name="Bo Maia")
        taken = BookingRequest(
            desk.ada.id, desk.service.id, patient.id, desk.start, request_key="taken"
        )
        book(session, desk.bea, taken, now=utc_now())
    ask_refused(desk)

    assert said(desk.page)
    assert not [each for each in desk.page.button if each.label == "Remove"]


@pytest.mark.parametrize(
    ("role", "own", "may"),
    [
        (Role.RECEPTIONIST, False, True),
        (Role.ADMIN, False, True),
        (Role.PROFESSIONAL, True, True),
        (Role.PROFESSIONAL, False, False),
        (Role.PATIENT, False, False),
    ],
)
def test_time_is_blocked_by_the_desk_and_by_whose_calendar_it_is(sqlite_database, role, own, may):
    with sqlite_database.writing() as session:
        ada, ben = a.professional(session, name="Dr Ada"), a.professional(session, name="Dr Ben")
        bound = {
            Role.PROFESSIONAL: {"professional_id": ada.id},
            Role.PATIENT: {"patient_id": a.patient(session).id},
        }
        actor = a.actor(session, role, **bound.get(role, {}))
        assert blocking.may_block(actor, (ada if own else ben).id) is may
