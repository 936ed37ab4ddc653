"""A time kept for one desk while it talks to the patient."""

from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import func, select

from core.accounts import VISITOR
from core.availability import ReasonCode
from core.booking import BookingRequest, book
from core.errors import CannotBook, NotFound, SignInNeeded
from core.holds import HELD_FOR, HELD_FOR_A_PATIENT, HoldRequest, extend_hold, hold, release_hold
from core.models import Booking, BookingState, Claim, Role
from tests import a


@pytest.fixture
def service(session):
    return a.service(session)


@pytest.fixture
def ada(session, service):
    return a.professional(session, name="Dr Ada", services=(service,))


@pytest.fixture
def rita(session):
    return a.actor(session, name="Rita")


def ask(ada, service, hour=9.0, key="k", **values):
    return HoldRequest(ada.id, service.id, a.at(hour), key, **values)


def booking_of(session, ada, service, hour=9.0, **values):
    return BookingRequest(
        ada.id, service.id, a.patient(session).id, a.at(hour), request_key="b", **values
    )


def count(session, kind):
    return session.scalar(select(func.count()).select_from(kind))


def test_a_hold_keeps_the_time_from_other_desks_for_three_minutes(session, ada, service, rita):
    held = hold(session, rita, ask(ada, service), now=a.BEFORE)
    bea = a.actor(session, name="Bea")
    request = booking_of(session, ada, service)

    assert held.held_until == a.BEFORE + timedelta(minutes=3)
    with pytest.raises(CannotBook) as refused:
        book(session, bea, request, now=a.BEFORE)
    assert [each.code for each in refused.value.details["reasons"]] == [ReasonCode.HELD]


def test_a_hold_that_has_run_out_is_bookable_and_leaves_nothing(session, ada, service, rita):
    """T015"""
    hold(session, rita, ask(ada, service), now=a.BEFORE)
    later = a.BEFORE + HELD_FOR
    bea = a.actor(session, name="Bea")

    booked = book(session, bea, booking_of(session, ada, service), now=later)

    assert booked.state is BookingState.BOOKED
    assert count(session, Booking) == 1


def test_a_hold_becomes_the_booking_of_whoever_holds_it(session, ada, service, rita):
    held = hold(session, rita, ask(ada, service), now=a.BEFORE)
    request = booking_of(session, ada, service, hold_id=held.id)

    booked = book(session, rita, request, now=a.BEFORE)

    assert booked.state is BookingState.BOOKED
    assert (count(session, Booking), count(session, Claim)) == (1, 2)
    assert book(session, rita, request, now=a.BEFORE).id == booked.id


def test_somebody_elses_hold_cannot_be_used(session, ada, service, rita):
    held = hold(session, rita, ask(ada, service), now=a.BEFORE)
    bea = a.actor(session, name="Bea")
    with pytest.raises(CannotBook):
        book(session, bea, booking_of(session, ada, service, hold_id=held.id), now=a.BEFORE)


def test_a_released_hold_frees_its_time_at_once(session, ada, service, rita):
    held = hold(session, rita, ask(ada, service), now=a.BEFORE)
    bea = a.actor(session, name="Bea")
    release_hold(session, bea, held.id)
    assert count(session, Booking) == 1
    release_hold(session, rita, held.id)
    assert (count(session, Booking), count(session, Claim)) == (0, 0)


def test_a_hold_is_extended_when_it_runs_low_and_not_before(session, ada, service, rita):
    held = hold(session, rita, ask(ada, service), now=a.BEFORE)
    soon, late = a.BEFORE + timedelta(seconds=30), a.BEFORE + timedelta(seconds=90)
    assert extend_hold(session, rita, held.id, now=soon).held_until == a.BEFORE + HELD_FOR
    assert extend_hold(session, rita, held.id, now=late).held_until == late + HELD_FOR
    assert session.scalar(select(Claim.held_until)) == late + HELD_FOR
    assert extend_hold(session, rita, held.id, now=late + HELD_FOR) is None


def test_another_choice_moves_the_hold_in_one_breath(session, ada, service, rita):
    held = hold(session, rita, ask(ada, service), now=a.BEFORE)
    second = hold(session, rita, ask(ada, service, 9.25, "k2", instead_of=held.id), now=a.BEFORE)
    assert second.starts_at == a.at(9.25)
    assert count(session, Booking) == 1


def test_a_taken_time_cannot_be_held(session, ada, service, rita):
    a.booking(session, ada, a.span(9, 10))
    with pytest.raises(CannotBook):
        hold(session, rita, ask(ada, service), now=a.BEFORE)


def test_a_patient_keeps_one_time_for_five_minutes_and_no_longer(session, ada, service):
    ana = a.actor(session, Role.PATIENT, patient_id=a.patient(session).id)
    hold(session, ana, ask(ada, service), now=a.BEFORE)
    second = hold(session, ana, ask(ada, service, 9.5, "k2"), now=a.BEFORE)

    assert session.scalars(select(Booking.id)).all() == [second.id]
    assert second.held_until == a.BEFORE + HELD_FOR_A_PATIENT
    late = second.held_until - timedelta(seconds=5)
    assert extend_hold(session, ana, second.id, now=late).held_until == second.held_until
    again = hold(session, ana, ask(ada, service, 9.5, "k3"), now=late)
    assert again.held_until == a.BEFORE + HELD_FOR_A_PATIENT


def test_nobody_holds_a_time_in_a_colleagues_calendar_or_for_another_patient(session, ada, service):
    ana = a.actor(session, Role.PATIENT, patient_id=a.patient(session).id)
    ben = a.actor(session, Role.PROFESSIONAL, professional_id=a.professional(session).id)
    with pytest.raises(NotFound):
        hold(session, ben, ask(ada, service), now=a.BEFORE)
    with pytest.raises(NotFound):
        hold(session, ana, ask(ada, service, patient_id=ana.patient_id), now=a.BEFORE)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    stranger = a.patient(session)
    with pytest.raises(NotFound):
        hold(session, own, ask(ada, service, patient_id=stranger.id), now=a.BEFORE)
    with pytest.raises(SignInNeeded):
        hold(session, VISITOR, ask(ada, service), now=a.BEFORE)


def test_of_two_tabs_a_patient_keeps_the_time_of_the_second_alone(database):
    with database.writing() as session:
        service = a.service(session)
        ada, ben = (a.professional(session, services=(service,)) for _ in range(2))
        ana = a.actor(session, Role.PATIENT, patient_id=a.patient(session).id)

    def hold_in_another_tab():
        with database.writing() as session:
            hold(session, ana, ask(ben, service, key="second"), now=a.BEFORE)

    second = Thread(target=hold_in_another_tab)
    with database.writing() as session:
        hold(session, ana, ask(ada, service, key="first"), now=a.BEFORE)
        second.start()
        second.join(timeout=0.5)  # it waits for this one, however long that takes
    second.join()

    with database.reading() as session:
        kept = session.scalars(select(Booking.professional_id)).all()
    assert kept == [ben.id]
