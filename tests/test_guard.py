"""The database's own guard: whatever a program does, one calendar is never claimed twice."""

import threading

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from core.booking import BookingRequest, book
from core.claims import ClaimRefused, lay_claims
from core.db import Database
from core.errors import CannotBook
from core.models import Booking, Claim
from tests import a

CLIENTS = 12


def claim(session, calendar_id: int, start: float, end: float, **values) -> Claim:
    """A claim put in without asking anybody."""
    professional = a.professional(session)
    booking = a.booking(session, professional, a.span(start, end))
    made = Claim(
        booking_id=booking.id,
        calendar_id=calendar_id,
        starts_at=a.at(start),
        ends_at=a.at(end),
        **values,
    )
    session.add(made)
    session.flush()
    return made


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        (8, 9, False),
        (10, 11, False),
        (8, 9.25, True),
        (9.75, 11, True),
        (9.25, 9.5, True),
        (8, 11, True),
        (9, 10, True),
    ],
)
def test_the_database_refuses_what_overlaps_and_takes_what_touches(session, start, end, refused):
    ada = a.professional(session)
    claim(session, ada.calendar_id, 9, 10)
    if refused:
        with pytest.raises(IntegrityError, match="claims_guard"):
            claim(session, ada.calendar_id, start, end)
    else:
        claim(session, ada.calendar_id, start, end)


def test_a_claim_cannot_be_changed_into_an_overlap_either(session):
    ada = a.professional(session)
    claim(session, ada.calendar_id, 9, 10)
    later = claim(session, ada.calendar_id, 10, 11)
    with pytest.raises(IntegrityError, match="claims_guard"):
        session.execute(update(Claim).where(Claim.id == later.id).values(starts_at=a.at(9.5)))


def test_an_unguarded_claim_may_overlap_and_still_shows_as_busy(session):
    ada = a.professional(session)
    claim(session, ada.calendar_id, 9, 10)
    claim(session, ada.calendar_id, 9, 10, guarded=False)
    on_ada = select(func.count()).where(Claim.calendar_id == ada.calendar_id)
    assert session.scalar(on_ada) == 2


def test_no_visit_is_longer_than_a_day(session):
    ada = a.professional(session)
    claim(session, ada.calendar_id, 0, 24)
    with pytest.raises(IntegrityError, match="at_most_a_day"):
        claim(session, ada.calendar_id, 24, 48.25)


def test_a_refused_claim_leaves_none_of_its_booking(session):
    ada = a.professional(session)
    a.booking(session, ada, a.span(9, 10))
    free = a.professional(session)
    late = a.booking(session, free, a.span(11, 12))
    late.starts_at, late.ends_at = a.at(9), a.at(10)
    with pytest.raises(ClaimRefused), session.begin_nested():
        lay_claims(
            session, late, a.service(session), {a.room(session).calendar_id, ada.calendar_id}
        )
    assert session.scalar(select(func.count()).where(Claim.booking_id == late.id)) == 2


def race(database: Database, clients: int) -> tuple[int, list[str]]:
    """As many clients as asked for want the same slot at once: (won, how the others ended)."""
    with database.writing() as session:
        service = a.service(session)
        ada = a.professional(session, services=(service,))
        patients = [a.patient(session).id for _ in range(clients)]
        actor = a.actor(session)
        ids = (ada.id, service.id)
    barrier = threading.Barrier(clients)
    outcomes: list[str] = []

    def try_to_book(number: int) -> None:
        request = BookingRequest(*ids, patients[number], a.at(9), request_key=f"{number}")
        barrier.wait()
        try:
            with database.writing() as session:
                book(session, actor, request, now=a.BEFORE)
            outcomes.append("won")
        except CannotBook as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=try_to_book, args=(each,)) for each in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes.count("won"), [each for each in outcomes if each != "won"]


def test_of_many_who_want_one_slot_exactly_one_gets_it(database):
    """T003"""
    won, others = race(database, CLIENTS)
    assert won == 1
    assert others == ["slot_taken"] * (CLIENTS - 1)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 1


def remove_guard(database: Database) -> None:
    statements = (
        ["DROP TRIGGER claims_guard_insert", "DROP TRIGGER claims_guard_update"]
        if database.is_sqlite
        else ["ALTER TABLE claims DROP CONSTRAINT claims_guard"]
    )
    with database.writing() as session:
        for statement in statements:
            session.execute(text(statement))


def test_without_the_guard_the_same_claims_would_overlap(sqlite_database):
    """T004: what the tests above see is the guard's work, not chance."""
    remove_guard(sqlite_database)
    with sqlite_database.writing() as session:
        ada = a.professional(session)
        claim(session, ada.calendar_id, 9, 10)
        claim(session, ada.calendar_id, 9.5, 10.5)
