"""My bookings: what a patient sees and cancels."""

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.booking import CancelRequest, UndoRequest, cancel, take_back_cancellation, undo
from core.edits import UNDO_FOR
from core.errors import NotAllowed, WrongState
from core.models import Booking, BookingState, Patient, Professional, Role, Service, User
from core.own_bookings import cancels_late_after, load_coming, load_past
from core.policy import Actor
from tests import a, screen
from tests.plans import Listening, check_plans

NOW = a.at(12)
S = BookingState


@pytest.fixture
def ana(sqlite_database) -> User:
    with sqlite_database.writing() as session:
        a.organisation(session)
        patient = a.patient(session, name="Ana Silva")
        return a.user(session, Role.PATIENT, patient_id=patient.id, name="Ana Silva")


@pytest.fixture
def mine(monkeypatch, sqlite_database, ana):
    """``mine()`` opens the page at Monday noon, 7 December 2026."""
    screen.set_clock(monkeypatch, NOW)
    return lambda: screen.show_to(monkeypatch, sqlite_database, ana).run()


def add(database, user: User, start: float, *, day: int = 0, **values) -> Booking:
    with database.writing() as session:
        doctor = a.professional(session, name=values.pop("professional", "Dr Ruiz"))
        service = a.service(session, price_cents=6000)
        service.name = values.pop("service", service.name)
        return a.booking(
            session,
            doctor,
            a.span(start, start + 0.5, day=day),
            patient=session.get(Patient, user.patient_id),
            service=service,
            **values,
        )


def said(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(each.value for each in page.markdown)


def press(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def kept(database, booking: Booking) -> Booking:
    with database.reading() as session:
        return session.scalars(select(Booking).where(Booking.id == booking.id)).one()


def test_a_visit_to_come_says_when_what_with_whom_and_for_how_much(mine, sqlite_database, ana):
    add(sqlite_database, ana, 9, day=1, service="Skin check")

    card = said(mine())
    assert "**Tuesday 8 December, 09:00 to 09:30**" in card
    assert "Skin check with Dr Ruiz" in card
    assert "60\\.00 EUR" in card
    assert "Booked" in card
    assert "**Rua Nova Practice**" in card


def test_without_bookings_the_page_says_whom_to_call(mine):
    page = mine()

    assert "Find a time and book it, or call Rua Nova Practice" in page.info[0].value
    assert [each.value for each in page.subheader] == ["To come"]


def test_where_patients_call_the_page_says_so_and_leads_nowhere_else(mine, sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session).patients_book = False
    page = mine()

    assert "To make one, call Rua Nova Practice" in page.info[0].value
    assert not [each for each in page.button if each.key == "my_bookings_find"]


def test_what_has_been_lies_apart_the_latest_first(mine, sqlite_database, ana):
    add(sqlite_database, ana, 9, day=-7, service="First", state=S.COMPLETED)
    add(sqlite_database, ana, 9, day=-1, service="Second", state=S.NO_SHOW)
    add(sqlite_database, ana, 9, day=3, service="Third", state=S.CANCELLED, cancel_reason="Ill")

    page = mine()
    text = said(page)
    assert text.index("Third") < text.index("Second") < text.index("First")
    assert "*Ill*" in text
    assert page.info
    assert [each.value for each in page.subheader] == ["To come", "Past and cancelled"]


def test_another_patients_bookings_are_not_there(mine, sqlite_database):
    with sqlite_database.writing() as session:
        a.booking(session, a.professional(session, name="Dr Other"), a.span(9, 10, day=1))

    assert "Dr Other" not in said(mine())


def test_a_booking_is_cancelled_with_a_reason(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=3)
    page = press(mine(), f"cancel_{booking.id}")
    page.text_input(key="own_cancel_words").set_value("Travelling")
    press(page, "own_cancel_do")

    found = kept(sqlite_database, booking)
    assert (found.state, found.cancel_reason, found.cancelled_late) == (
        S.CANCELLED,
        "Travelling",
        False,
    )
    assert [each.value for each in page.toast] == [
        "Cancelled your visit with Dr Ruiz, Thursday 10 December, 09:00."
    ]
    assert not [each for each in page.button if each.key == f"cancel_{booking.id}"]


def cancelled(page, booking):
    page = press(page, f"cancel_{booking.id}")
    page.text_input(key="own_cancel_words").set_value("Travelling")
    return press(page, "own_cancel_do")


def undo_on(page):
    return [each for each in page.button if each.label == "Undo"]


def test_a_visit_cancelled_by_mistake_is_as_before(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=3)
    page = cancelled(mine(), booking)
    assert "Cancelled: Dr Ruiz" in said(page)

    undo_on(page)[0].click().run()
    found = kept(sqlite_database, booking)
    assert (found.state, found.cancel_reason) == (S.BOOKED, "")
    assert not undo_on(page)


def test_a_visit_whose_time_is_taken_stays_cancelled_and_names_nobody(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=3)
    page = cancelled(mine(), booking)
    with sqlite_database.writing() as session:
        doctor = session.get(Professional, booking.professional_id)
        a.offer(session, doctor, session.get(Service, booking.service_id))
        other = a.patient(session, name="Bea Lima")
        a.booking(session, doctor, a.span(9, 9.5, day=3), patient=other)

    undo_on(page)[0].click().run()
    assert "is not free at that time" in page.error[0].value
    assert "Bea" not in page.error[0].value
    assert kept(sqlite_database, booking).state is S.CANCELLED


def test_no_patient_takes_back_what_the_practice_cancelled_or_too_late(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=3)
    own = Actor(Role.PATIENT, "Ana", user_id=ana.id, patient_id=ana.patient_id)
    with sqlite_database.writing() as session:
        desk = a.actor(session)
        cancel(session, desk, CancelRequest(booking.id, 1, "Closed"), now=NOW)
    asked = UndoRequest(booking.id, kept(sqlite_database, booking).version)
    with sqlite_database.reading() as session, pytest.raises(WrongState):
        take_back_cancellation(session, own, asked, now=NOW)
    with sqlite_database.writing() as session:
        undo(session, desk, asked, now=NOW)
        again = CancelRequest(booking.id, asked.version + 1, "Ill")
        cancel(session, own, again, now=NOW)
    asked = UndoRequest(booking.id, kept(sqlite_database, booking).version)
    with sqlite_database.reading() as session, pytest.raises(WrongState):
        take_back_cancellation(session, own, asked, now=NOW + UNDO_FOR)


def test_without_a_reason_nothing_is_cancelled(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=3)
    page = press(press(mine(), f"cancel_{booking.id}"), "own_cancel_do")

    assert "give a reason" in page.error[0].value
    assert kept(sqlite_database, booking).state is S.BOOKED


def test_short_notice_is_told_before_and_counts_as_late(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=1)
    page = mine()
    assert "Cancelling now counts as late; to move it, please call." in said(page)

    press(page, f"cancel_{booking.id}")
    assert "late cancellation" in page.warning[0].value
    page.text_input(key="own_cancel_words").set_value("Ill")
    press(page, "own_cancel_do")
    assert kept(sqlite_database, booking).cancelled_late


def test_a_visit_under_way_cannot_be_cancelled_here(mine, sqlite_database, ana):
    under_way = add(sqlite_database, ana, 11.75, state=S.IN_PROGRESS)
    begun = add(sqlite_database, ana, 11.25, state=S.ARRIVED)

    page = mine()
    keys = {each.key for each in page.button}
    assert not {f"cancel_{under_way.id}", f"cancel_{begun.id}"} & keys
    assert "In progress" in said(page)


def test_the_desk_was_faster_and_the_patient_reads_why_not(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=3)
    page = press(mine(), f"cancel_{booking.id}")
    with sqlite_database.writing() as session:
        session.get(Booking, booking.id).state = S.CANCELLED
    page.text_input(key="own_cancel_words").set_value("Ill")
    press(page, "own_cancel_do")

    assert "has changed this" in page.error[0].value


def test_earlier_visits_come_a_page_at_a_time(mine, sqlite_database, ana):
    for day in range(10):
        add(sqlite_database, ana, 9, day=-1 - day, state=S.COMPLETED, service=f"Visit no {day}")

    page = mine()
    assert "Visit no 7" in said(page)
    assert "Visit no 8" not in said(page)

    page.session_state["my_bookings_past"] = 2
    page.run()
    assert "Visit no 9" in said(page)
    assert "Visit no 7" not in said(page)


def test_what_is_to_come_is_paged_and_a_page_that_is_gone_is_the_last_there_is(
    mine, sqlite_database, ana
):
    for day in range(9):
        last = add(sqlite_database, ana, 9, day=1 + day, service=f"Visit no {day}")
    page = mine()
    assert len([each for each in page.button if (each.key or "").startswith("cancel_")]) == 8
    assert "Visit no 8" not in said(page)

    page.session_state["my_bookings_coming"] = 2
    assert "Visit no 8" in said(page.run())
    with sqlite_database.writing() as session:
        session.get_one(Booking, last.id).state = S.CANCELLED
    page.session_state["my_bookings_coming"] = 2
    assert "Visit no 0" in said(page.run())


def test_own_bookings_are_found_without_reading_those_of_all(database):
    with database.writing() as session:
        patient = a.patient(session)
        actor = a.actor(session, Role.PATIENT, patient_id=patient.id)
        doctor = a.professional(session)
        for day in range(20):
            a.booking(session, doctor, a.span(9, 10, day=day - 10), patient=patient)
        with Listening(session) as heard:
            coming = load_coming(session, actor, now=NOW, page=2)
            past = load_past(session, actor, now=NOW, page=7)
        assert [coming.count, coming.page, len(coming.bookings)] == [9, 2, 1]
        assert [past.count, past.page, len(past.bookings)] == [11, 2, 3]
        assert len(heard.questions) == 4
        check_plans(session, heard.questions)


def test_what_a_professional_is_called_is_never_markup(mine, sqlite_database, ana):
    add(sqlite_database, ana, 9, day=3, professional="![x](http://evil)")

    assert "![x](http" not in said(mine())


def test_coming_ends_with_the_visit_and_past_begins_there(session):
    patient = a.patient(session)
    actor = a.actor(session, Role.PATIENT, patient_id=patient.id)
    booking = a.booking(session, a.professional(session), a.span(11.5, 12), patient=patient)

    def lists(hour: float) -> tuple[list[int], list[int]]:
        coming = load_coming(session, actor, now=a.at(hour))
        past = load_past(session, actor, now=a.at(hour))
        return [each.id for each in coming.bookings], [each.id for each in past.bookings]

    assert lists(11.9) == ([booking.id], [])
    assert lists(12) == ([], [booking.id])


def test_a_hold_is_in_neither_list(session):
    patient = a.patient(session)
    actor = a.actor(session, Role.PATIENT, patient_id=patient.id)
    a.booking(
        session,
        a.professional(session),
        a.span(14, 15),
        patient=patient,
        state=S.HELD,
        held_until=a.at(12.5),
    )

    assert not load_coming(session, actor, now=NOW).count
    assert not load_past(session, actor, now=NOW).count


def test_lateness_follows_the_service(session):
    service = a.service(session, cancel_notice_minutes=120)
    booking = a.booking(session, a.professional(session), a.span(14, 15), service=service)
    booking.service = service

    assert cancels_late_after(booking) == a.at(12)


def test_the_desk_has_no_bookings_of_its_own(session):
    for role in (Role.RECEPTIONIST, Role.ADMIN):
        with pytest.raises(NotAllowed):
            load_coming(session, Actor(role, "Rita"), now=NOW)


def offered(database, booking: Booking) -> None:
    with database.writing() as session:
        doctor = session.get(Professional, booking.professional_id)
        a.offer(session, doctor, session.get(Service, booking.service_id))


def test_a_visit_is_moved_to_a_free_time_of_the_same_professional(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=3)
    offered(sqlite_database, booking)
    page = press(mine(), f"move_{booking.id}")
    to = f"own_move_to_{a.at(9.25, day=3).timestamp():.0f}"
    press(press(page, to), "own_move_do")

    found = kept(sqlite_database, booking)
    assert (found.starts_at, found.state) == (a.at(9.25, day=3), S.BOOKED)
    assert [each.value for each in page.toast] == [
        "Moved to Thursday 10 December, 09:15 with Dr Ruiz."
    ]


def test_a_visit_is_moved_too_with_who_is_not_listed_any_more(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=3)
    offered(sqlite_database, booking)
    with sqlite_database.writing() as session:
        session.get(Professional, booking.professional_id).listed = False
    page = press(mine(), f"move_{booking.id}")
    page = press(page, f"own_move_to_{a.at(11, day=3).timestamp():.0f}")
    press(page, "own_move_do")

    assert kept(sqlite_database, booking).starts_at == a.at(11, day=3)


def test_a_visit_is_moved_to_somebody_else_who_offers_it_at_a_price_that_is_said(
    mine, sqlite_database, ana
):
    booking = add(sqlite_database, ana, 9, day=3)
    offered(sqlite_database, booking)
    with sqlite_database.writing() as session:
        bela = a.professional(session, name="Dr Bela", tier_id=a.tier(session, percent=20).id)
        a.offer(session, bela, session.get(Service, booking.service_id))
    page = press(mine(), f"move_{booking.id}")
    box = page.selectbox(key="own_move_with")
    assert box.options == ["Dr Ruiz", "Dr Bela · 72.00 EUR (60.00 EUR + 20 % Premium)"]
    page = box.set_value(bela.id).run()
    page = press(page, f"own_move_to_{a.at(9, day=3).timestamp():.0f}")
    price = "With Dr Bela, for 72.00 EUR (60.00 EUR + 20 % Premium); so far it was 60.00 EUR."
    assert price in said(page)
    page = press(page, "own_move_do")

    found = kept(sqlite_database, booking)
    assert (found.professional_id, found.price_cents) == (bela.id, 7200)
    assert [each.value for each in page.toast] == [
        "Moved to Thursday 10 December, 09:00 with Dr Bela."
    ]


@pytest.mark.parametrize(
    ("kind", "field", "value", "why"),
    [
        (Service, "price_cents", 9000, "has changed in the meantime"),
        (Professional, "listed", False, "not there any more"),
    ],
)
def test_who_reads_a_name_and_a_price_moves_to_that_or_not_at_all(
    mine, sqlite_database, ana, kind, field, value, why
):
    booking = add(sqlite_database, ana, 9, day=3)
    offered(sqlite_database, booking)
    with sqlite_database.writing() as session:
        bela = a.professional(session, name="Dr Bela")
        a.offer(session, bela, session.get(Service, booking.service_id))
    page = press(mine(), f"move_{booking.id}")
    page = page.selectbox(key="own_move_with").set_value(bela.id).run()
    page = press(page, f"own_move_to_{a.at(11, day=3).timestamp():.0f}")
    assert "With Dr Bela, for 60.00 EUR as before." in said(page)
    with sqlite_database.writing() as session:
        number = bela.id if kind is Professional else booking.service_id
        setattr(session.get_one(kind, number), field, value)
    page = press(page, "own_move_do")

    assert why in page.error[0].value
    found = kept(sqlite_database, booking)
    assert (found.starts_at, found.professional_id) == (a.at(9, day=3), booking.professional_id)


def test_who_was_quicker_at_the_new_time_leaves_the_visit_where_it_is(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=3)
    offered(sqlite_database, booking)
    page = press(mine(), f"move_{booking.id}")
    page = press(page, f"own_move_to_{a.at(11, day=3).timestamp():.0f}")
    with sqlite_database.writing() as session:
        doctor = session.get(Professional, booking.professional_id)
        a.booking(session, doctor, a.span(11, 12, day=3))
    press(page, "own_move_do")

    assert "is not free at that time" in page.error[0].value
    assert kept(sqlite_database, booking).starts_at == a.at(9, day=3)


def test_too_late_to_move_is_said_and_not_offered(mine, sqlite_database, ana):
    booking = add(sqlite_database, ana, 9, day=1)
    page = mine()

    assert "to move it, please call" in said(page)
    assert not [each for each in page.button if each.key == f"move_{booking.id}"]
