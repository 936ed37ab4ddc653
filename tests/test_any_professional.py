"""A time with whoever is free."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from core.booking import AnyRequest, book_any
from core.errors import CannotBook, Invalid, KeyReused, SlotTaken
from core.models import Booking
from tests import a


def ask(service, patient, key="k", **values):
    return AnyRequest(service.id, patient.id, a.at(9), request_key=key, **values)


def test_the_least_busy_that_day_is_booked(session):
    service = a.service(session)
    ada, ben = (a.professional(session, services=(service,)) for _ in range(2))
    a.booking(session, ada, a.span(14, 15))
    booked = book_any(session, a.actor(session), ask(service, a.patient(session)), now=a.BEFORE)
    assert booked.professional_id == ben.id


def test_the_same_request_again_returns_its_booking_though_somebody_else_is_less_busy(session):
    service, patient = a.service(session), a.patient(session)
    ada, ben = (a.professional(session, services=(service,)) for _ in range(2))
    desk, request = a.actor(session), ask(service, patient)
    booked = book_any(session, desk, request, now=a.BEFORE)
    assert booked.professional_id == ada.id

    assert book_any(session, desk, request, now=a.BEFORE).id == booked.id
    with pytest.raises(KeyReused):
        book_any(session, desk, replace(request, professional_ids=(ben.id,)), now=a.BEFORE)
    with pytest.raises(KeyReused):
        book_any(session, desk, replace(request, starts_at=a.at(11)), now=a.BEFORE)
    assert len(session.scalars(select(Booking)).all()) == 1


def test_only_the_named_ones_are_asked(session):
    service = a.service(session)
    ada, _ben = (a.professional(session, services=(service,)) for _ in range(2))
    a.booking(session, ada, a.span(14, 15))
    request = ask(service, a.patient(session), professional_ids=(ada.id,))
    assert book_any(session, a.actor(session), request, now=a.BEFORE).professional_id == ada.id


def test_when_nobody_is_free_the_refusal_says_so(session):
    service = a.service(session)
    for _ in range(2):
        a.booking(session, a.professional(session, services=(service,)), a.span(9, 10))
    with pytest.raises(SlotTaken):
        book_any(session, a.actor(session), ask(service, a.patient(session)), now=a.BEFORE)


def test_a_service_nobody_offers_is_refused(session):
    with pytest.raises(Invalid, match="Nobody offers"):
        book_any(
            session, a.actor(session), ask(a.service(session), a.patient(session)), now=a.BEFORE
        )


def test_parallel_requests_end_on_distinct_people_and_the_rest_are_refused(database):
    """T012"""
    with database.writing() as session:
        service = a.service(session)
        for _ in range(3):
            a.professional(session, services=(service,))
        patients = [a.patient(session) for _ in range(5)]
        actor = a.actor(session)
    outcomes = []
    barrier = threading.Barrier(5)

    def try_to_book(number: int) -> None:
        barrier.wait()
        try:
            with database.writing() as session:
                request = ask(service, patients[number], key=f"{number}")
                outcomes.append(book_any(session, actor, request, now=a.BEFORE).professional_id)
        except CannotBook as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=try_to_book, args=(each,)) for each in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert outcomes.count("slot_taken") == 2
    with database.reading() as session:
        booked = session.scalars(select(Booking.professional_id)).all()
    assert len(booked) == len(set(booked)) == 3
