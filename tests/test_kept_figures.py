"""What figures are counted from is kept by day; it is the bookings' own at any moment."""

import time
from datetime import timedelta
from random import Random

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from core.analytics import (
    AnalyticsAsked,
    By,
    all_made,
    all_seats,
    all_waited,
    all_worth,
    gaps,
    made,
    people,
    refilled,
    seats,
    utilisation,
    utilisation_hours,
    waited,
    worth,
)
from core.analytics.facts import CHANNELS, FACT, STATES
from core.analytics.kept import NEVER, first_visits, keep, kept_in_background, load_facts
from core.db import Database
from core.interval import to_seconds
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Channel,
    FigureChange,
    FigureDay,
    Kept,
    Patient,
    Professional,
    Room,
    Service,
)
from core.policy import CONSOLE
from tests import a, book_by_hand
from tests.book_by_hand import FIRST, LAST, NOW

S = BookingState
ASKED = AnalyticsAsked(FIRST, LAST)
DAYS = (20_000, 21_500)
GROUPED = [By.DAY, By.WEEK, By.HOUR, By.LEAD, By.PROFESSIONAL, By.SERVICE, By.ROOM]


def every_figure(session) -> list[object]:
    now = NOW
    return [
        utilisation(session, CONSOLE, ASKED, now=now),
        utilisation_hours(session, CONSOLE, ASKED, now=now),
        gaps(session, CONSOLE, ASKED, now=now),
        refilled(session, CONSOLE, ASKED),
        people(session, CONSOLE, ASKED, now=now),
        all_seats(session, CONSOLE, ASKED, now=now),
        all_worth(session, CONSOLE, ASKED, now=now),
        all_made(session, CONSOLE, ASKED),
        all_waited(session, CONSOLE, ASKED),
        *(seats(session, CONSOLE, ASKED, by, now=now) for by in [*GROUPED, By.RETURNING]),
        *(worth(session, CONSOLE, ASKED, by, now=now) for by in GROUPED),
        *(made(session, CONSOLE, ASKED, by) for by in GROUPED),
        *(waited(session, CONSOLE, ASKED, by) for by in GROUPED),
    ]


def counted_anew(session) -> list[object]:
    """With nothing kept at all, and put back as it was."""
    with session.begin_nested() as tried:
        days = {
            (of, int(at.timestamp()) // 86400)
            for of, instant in ((Kept.VISITS, Booking.starts_at), (Kept.MADE, Booking.created_at))
            for at in session.scalars(select(instant))
        }
        days |= {(Kept.PATIENTS, each) for each in session.scalars(select(Patient.id))}
        for table in (FigureDay, FigureChange):
            session.execute(delete(table))
        session.add_all(FigureChange(of=of, key=key) for of, key in days)
        session.flush()
        found = every_figure(session)
        tried.rollback()
    return found


def change_something(session, chance: Random) -> None:
    """One change of any kind to any booking, whatever the rules would say of it."""
    booking_id = chance.choice(session.scalars(select(Booking.id)).all())
    patients = session.scalars(select(Patient.id)).all()
    of_it = Booking.id == booking_id
    seat = Attendee.booking_id == booking_id
    seated = session.scalars(select(Attendee.patient_id).where(seat)).all()
    others = [each for each in patients if each not in seated]
    later = timedelta(minutes=chance.choice((-2000, -90, -15, 15, 60, 3000)))

    def move() -> None:
        times = {"starts_at": Booking.starts_at, "ends_at": Booking.ends_at}
        row = session.execute(select(*times.values()).where(of_it)).one()
        moved = {name: at + later for name, at in zip(times, row, strict=True)}
        who = chance.choice(session.scalars(select(Professional.id)).all())
        session.execute(update(Booking).where(of_it).values(**moved, professional_id=who))

    def mark() -> None:
        state = chance.choice([each for each in S if each is not S.HELD])
        stamps = {"arrived_at": NOW - later, "started_at": NOW}
        session.execute(update(Booking).where(of_it).values(state=state, held_until=None, **stamps))
        session.execute(update(Attendee).where(seat).values(state=state))

    def sell_otherwise() -> None:
        values = {
            "service_id": chance.choice(session.scalars(select(Service.id)).all()),
            "room_id": chance.choice([None, *session.scalars(select(Room.id))]),
            "price_cents": chance.randrange(10_000),
            "channel": chance.choice(list(Channel)),
            "cancelled_late": chance.random() < 0.5,
            "cancel_asked_by_patient": chance.random() < 0.5,
        }
        session.execute(update(Booking).where(of_it).values(values))

    def book_earlier() -> None:
        made_at = NOW - timedelta(minutes=chance.randrange(40_000))
        session.execute(update(Booking).where(of_it).values(created_at=made_at))

    def join() -> None:
        if others:
            row = Attendee(booking_id=booking_id, patient_id=chance.choice(others), state=S.BOOKED)
            session.add(row)

    def leave() -> None:
        session.execute(delete(Attendee).where(seat, Attendee.patient_id == max(seated, default=0)))

    def wait() -> None:
        session.execute(update(Attendee).where(seat).values(waiting=chance.random() < 0.5))

    def merge() -> None:
        if others and seated:
            whose = seat, Attendee.patient_id == seated[0]
            session.execute(update(Attendee).where(*whose).values(patient_id=chance.choice(others)))

    def take_away() -> None:
        session.execute(delete(Attendee).where(seat))
        session.execute(delete(Booking).where(of_it))

    def write_anew() -> None:
        like = session.get_one(Booking, booking_id)
        copied = {each.key: getattr(like, each.key) for each in Booking.__table__.c}
        del copied["id"], copied["version"]
        copied |= {"request_key": f"anew-{chance.random()}", "created_at": NOW - later}
        row = Booking(**copied)
        row.attendees = [Attendee(patient_id=chance.choice(patients), state=like.state)]
        session.add(row)

    changes = [move, mark, sell_otherwise, book_earlier, join, leave, wait, merge, write_anew]
    chance.choice([*changes, take_away] if chance.random() < 0.3 else changes)()
    session.flush()


def change_and_compare(database: Database, changes: int, *, every: int) -> None:
    chance = Random(changes)
    with database.writing() as session:
        book_by_hand.fill(session, visits=60)
    for number in range(changes):
        with database.writing() as session:
            change_something(session, chance)
        if chance.random() < 0.05:
            keep(database)
        if number % every == every - 1:
            with database.writing() as session:
                assert every_figure(session) == counted_anew(session)
    keep(database)
    with database.writing() as session:
        assert session.scalar(select(FigureChange.id).limit(1)) is None
        assert every_figure(session) == counted_anew(session)


def test_what_is_kept_counts_as_the_bookings_do_after_any_change(database):
    change_and_compare(database, 150, every=50)


@pytest.mark.slow
def test_what_is_kept_counts_as_the_bookings_do_after_ten_thousand_changes(database):
    change_and_compare(database, 10_000, every=500)


def test_a_change_nobody_sees_yet_is_not_lost_while_its_day_is_packed(postgresql_database):
    database = postgresql_database
    with database.writing() as session:
        booking = a.booking(session, a.professional(session), a.span(9, 10))
    keep(database)

    with database.writing() as session:
        session.execute(update(Booking).values(state=S.CANCELLED, cancelled_late=True))
        session.flush()
        with database.writing() as other:  # the same day, on behalf of somebody else
            other.add(FigureChange(of=Kept.VISITS, key=to_seconds(booking.starts_at) // 86400))
        keep(database)

    with database.reading() as session:
        assert load_facts(session, Kept.VISITS, *DAYS).late.tolist() == [True]
    keep(database)
    with database.reading() as session:
        assert load_facts(session, Kept.VISITS, *DAYS).late.tolist() == [True]
        assert session.scalar(select(FigureChange.id).limit(1)) is None


def test_who_never_came_has_no_first_visit(session):
    ana, ben, eva = (a.patient(session) for _ in range(3))
    ada = a.professional(session)
    a.booking(session, ada, a.span(9, 10), patient=ana)
    missed = a.booking(session, ada, a.span(8, 9), patient=ana)
    missed.state = missed.attendees[0].state = S.NO_SHOW
    cancelled = a.booking(session, ada, a.span(10, 11), patient=ben)
    cancelled.state = S.CANCELLED
    session.flush()

    asked = np.array([eva.id, ana.id, ben.id, ana.id])

    first = to_seconds(a.span(9, 10).start)
    assert first_visits(session, asked).tolist() == [NEVER, first, NEVER, first]


def test_days_are_packed_while_the_application_runs(sqlite_database):
    with sqlite_database.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))

    with kept_in_background(sqlite_database):
        for _ in range(1000):
            with sqlite_database.reading() as session:
                if session.scalar(select(FigureChange.id).limit(1)) is None:
                    break
            time.sleep(0.01)

    with sqlite_database.reading() as session:
        assert session.scalar(select(FigureDay.key).limit(1)) is not None
        assert load_facts(session, Kept.VISITS, *DAYS).leads.tolist() == [True]


def test_days_that_are_packed_can_be_read_by_the_next_version():
    """What is on disk was written so; another layout needs a migration that packs all anew."""
    assert FACT.itemsize == 86
    assert FACT.names == (
        *("starts", "ends", "made", "held_until", "arrived", "began", "booking", "professional"),
        *("service", "room", "patient", "price", "seats", "currency", "state", "seat", "channel"),
        *("waiting", "by_patient", "late", "leads"),
    )
    states = "held booked arrived in_progress completed no_show cancelled"
    assert list(STATES) == states.split()
    assert list(CHANNELS) == ["desk", "professional", "patient", "import"]
