"""Many desks at once: nothing is sold twice, nobody sees an error nobody planned for.

Each desk is a process of its own. The quick figures run with every change; the large ones,
which the README quotes, with ``make test-slow``.
"""

import threading
import time
from collections import Counter
from unittest import mock

import pytest
from sqlalchemy import func, select, text

from core.booking import (
    AnyRequest,
    BookingRequest,
    CancelRequest,
    ChainAsked,
    ChainRequest,
    Leg,
    MoveRequest,
    UndoRequest,
    book,
    book_any,
    book_back_to_back,
    cancel,
    move,
    undo,
)
from core.db import Turns
from core.holds import HoldRequest, hold
from core.models import AuditEntry, Booking, BookingEvent, Claim, EventKind
from tests import a, force

REFUSED = {"slot_taken", "cannot_book"}


def quick_and_slow(name, quick, slow):
    return pytest.mark.parametrize(
        name,
        [
            pytest.param(*quick, id="quick"),
            pytest.param(*slow, id="slow", marks=pytest.mark.slow),
        ],
    )


@pytest.fixture
def place(database):
    with database.writing() as session:
        return force.practice(session, patients=64)


@pytest.fixture
def url(database, place):
    """Asked for last: no connection of ours is open while the others work."""
    database.engine.dispose()
    return force.url_of(database)


def booked_keys(database):
    with database.reading() as session:
        return sorted(session.scalars(select(Booking.request_key)))


@quick_and_slow(("desks", "count", "days"), (6, 40, 2), (16, 6250, 60))
def test_random_attempts_from_many_desks_never_overlap(database, desks, count, days):
    """T001, T002: 0 overlaps, 0 unexplained errors, as many rows as acknowledgements."""
    with database.writing() as session:
        place = force.practice(session, professionals=20, patients=200)
    database.engine.dispose()

    ended = force.in_processes(
        force.attempts,
        [(force.url_of(database), place, seed, count, days) for seed in range(desks)],
    )

    outcomes = sum((each for each, _keys in ended), Counter())
    assert outcomes.keys() <= {"ok", *REFUSED}
    assert outcomes.total() == desks * count
    assert booked_keys(database) == sorted(key for _each, keys in ended for key in keys)
    force.assert_sound(database)


@quick_and_slow(("clients", "rounds"), (8, 5), (64, 500))
def test_of_many_who_want_one_slot_exactly_one_gets_it(database, place, url, clients, rounds):
    """T003"""
    ended = force.in_processes(
        force.contend, [(url, place, each, rounds) for each in range(clients)], at_once=True
    )

    for outcomes in zip(*ended, strict=True):
        assert Counter(outcomes) == {"ok": 1, "slot_taken": clients - 1}
    force.assert_sound(database)


@pytest.fixture
def no_guard(database):
    """The database as it would be without the guard against overlaps."""
    if database.is_sqlite:
        found = "SELECT name, '' FROM sqlite_schema WHERE name LIKE 'claims_guard%'"
        drop, restore = "DROP TRIGGER {0}", None
    else:
        found = (
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = 'claims_guard'"
        )
        drop = "ALTER TABLE claims DROP CONSTRAINT {0}"
        restore = "ALTER TABLE claims ADD CONSTRAINT {0} {1}"
    with database.writing() as session:
        guards = session.execute(text(found)).all()
        for each in guards:
            session.execute(text(drop.format(*each)))
    yield
    if restore:
        with database.writing() as session:
            session.execute(text("DELETE FROM claims"))
            for each in guards:
                session.execute(text(restore.format(*each)))


def winners(url, place, *, stale, clients=5, rounds=3):
    ended = force.in_processes(
        force.contend, [(url, place, each, rounds, stale) for each in range(clients)], at_once=True
    )
    return [outcomes.count("ok") for outcomes in zip(*ended, strict=True)]


def test_the_guard_alone_stops_who_looked_too_early(place, url):
    """T004: check and write torn apart; every client saw the slot free, one gets it."""
    assert winners(url, place, stale=True) == [1] * 3


def test_the_lock_and_the_check_alone_let_one_through(place, no_guard, url):
    """T004: the guard removed; whoever writes holds the calendars while looking."""
    assert winners(url, place, stale=False) == [1] * 3


def test_with_neither_the_same_race_sells_every_slot_to_everybody(database, place, no_guard, url):
    """T004: so the tests above can see the bug they say is not there."""
    assert winners(url, place, stale=True) == [5] * 3
    with database.reading() as session:
        assert force.overlapping_pairs(session) > 0


def test_readers_who_go_on_to_write_are_never_locked_out(sqlite_database):
    """T006"""
    with sqlite_database.writing() as session:
        place = force.practice(session, professionals=6, patients=6)
    outcomes = Counter()

    def read_then_write(number):
        for each in range(50):
            request = BookingRequest(
                place.professionals[number],
                place.services[0],
                place.patients[number],
                force.slot_of_round(each),
                f"{number}-{each}",
            )
            outcomes[
                force.outcome_of(
                    sqlite_database,
                    lambda session: (
                        session.scalar(select(func.count()).select_from(Claim)),
                        book(session, place.actor, request, now=a.BEFORE),  # noqa: B023
                    ),
                )
            ] += 1

    threads = [threading.Thread(target=read_then_write, args=(each,)) for each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"ok": 300}


def test_writers_of_one_process_come_in_the_order_of_asking():
    """T005: nobody waits for ever while others come and go."""
    turns, order = Turns(), []

    def ask_for_a_turn(number):
        with turns:
            order.append(number)

    with turns:
        threads = [threading.Thread(target=ask_for_a_turn, args=(each,)) for each in range(8)]
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_who_is_interrupted_while_waiting_leaves_the_queue():
    turns = Turns()
    with turns:
        with (
            mock.patch.object(threading.Event, "wait", side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            turns.__enter__()
        late = threading.Thread(target=turns.__enter__)
        late.start()
    late.join(5)
    assert not late.is_alive()


def at_once(url, verb, place, requests):
    return by_desks(url, verb, [(place.actor, each) for each in requests])


def by_desks(url, verb, asked):
    """What comes of an actor's request each, all at the same moment."""
    each_one = [(url, verb, actor, request) for actor, request in asked]
    return Counter(force.in_processes(force.all_at_once, each_one, at_once=True))


def ask(place, hour, key, *, professional=0, service=0, patient=0):
    return BookingRequest(
        place.professionals[professional],
        place.services[service],
        place.patients[patient],
        a.at(hour),
        key,
    )


def booked(database, place, *requests):
    with database.writing() as session:
        made = [book(session, place.actor, each, now=a.BEFORE) for each in requests]
        found = [(each.id, each.version) for each in made]
    database.engine.dispose()
    return found


def test_of_eight_moves_of_one_booking_one_is_made(database, place, url):
    """T009"""
    ((id, version),) = booked(database, place, ask(place, 9, "one"))
    moves = [
        MoveRequest(id, version, place.professionals[each % 4], a.at(10 + each / 2))
        for each in range(8)
    ]

    assert at_once(url, move, place, moves) == {"ok": 1, "stale": 7}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Claim)) == 2
    force.assert_sound(database)


@quick_and_slow(("rounds",), (2,), (9,))
def test_two_who_swap_their_places_never_wait_for_each_other(database, place, url, rounds):
    """T011: each moves to the other's professional, and waits for the other's calendar."""
    for number in range(rounds):
        (first, then), (second, since) = booked(
            database,
            place,
            ask(place, 9 + number, f"{number}", professional=0, patient=0),
            ask(place, 9 + number, f"{number}'", professional=1, patient=1),
        )
        day = 1 if number % 2 else 0
        crossing = [
            MoveRequest(first, then, place.professionals[1], a.at(9 + number, day=day)),
            MoveRequest(second, since, place.professionals[0], a.at(9 + number, day=day)),
        ]
        expected = {"ok": 2} if day else {"slot_taken": 2}
        assert at_once(url, move, place, crossing) == expected
    force.assert_sound(database)


def given_up(database, place, *, by):
    """A booking at nine whose time was just given up, as it may be taken back."""
    ((id, version),) = booked(database, place, ask(place, 9, "one"))
    elsewhere = MoveRequest(id, version, place.professionals[1], a.at(11))
    with database.writing() as session:
        if by is cancel:
            found = cancel(session, place.actor, CancelRequest(id, version, "ill"), now=a.BEFORE)
        else:
            found = move(session, place.actor, elsewhere, now=a.BEFORE)
        asked = UndoRequest(id, found.version)
    database.engine.dispose()
    return asked


@pytest.mark.parametrize("by", [cancel, move])
def test_of_desks_that_undo_one_step_at_once_one_does(database, place, url, by):
    asked = given_up(database, place, by=by)
    with database.writing() as session:
        desks = [a.actor(session) for _each in range(4)]
    database.engine.dispose()

    assert by_desks(url, undo, [(desk, asked) for desk in desks]) == {"ok": 1, "stale": 3}
    force.assert_sound(database)


def test_a_desk_that_undoes_one_step_four_times_at_once_undoes_it_once(database, place, url):
    asked = given_up(database, place, by=move)
    assert at_once(url, undo, place, [asked] * 4) == {"ok": 4}
    with database.reading() as session:
        kinds = session.scalars(select(BookingEvent.kind).order_by(BookingEvent.id)).all()
    assert kinds == [EventKind.BOOKED, EventKind.MOVED, EventKind.UNDONE]
    force.assert_sound(database)


@pytest.mark.parametrize("by", [cancel, move])
def test_an_undo_and_a_booking_into_the_freed_time_never_both_get_it(database, place, url, by):
    asked = given_up(database, place, by=by)
    rivals = [asked, *(ask(place, 9, f"{each}", patient=each) for each in (1, 2))]

    assert at_once(url, force.book_or_undo, place, rivals) == {"ok": 1, "slot_taken": 2}
    force.assert_sound(database)


def test_four_who_want_anybody_end_with_the_three_there_are(database, place, url):
    """T012"""
    wishes = [
        AnyRequest(
            place.services[0], place.patients[each], a.at(9), f"{each}", place.professionals[:3]
        )
        for each in range(4)
    ]

    assert at_once(url, book_any, place, wishes) == {"ok": 3, "slot_taken": 1}
    with database.reading() as session:
        taken = session.scalars(select(Booking.professional_id)).all()
    assert sorted(taken) == sorted(place.professionals[:3])


def chain(place, hour, key, *legs):
    """Each leg as (patient, professional or None for anybody); half an hour each."""
    found = tuple(
        Leg(
            place.services[0],
            place.patients[patient],
            None if who is None else place.professionals[who],
        )
        for patient, who in legs
    )
    return ChainRequest(ChainAsked(found, a.at(hour)), key)


def test_of_desks_whose_chains_cross_none_is_left_with_half_of_one(database, place, url):
    """Half of them want the same two professionals the other way round, which fits beside."""
    crossing = [
        chain(place, 9, f"{each}", (2 * each, each % 2), (2 * each + 1, 1 - each % 2))
        for each in range(6)
    ]

    outcomes = at_once(url, book_back_to_back, place, crossing)

    assert outcomes == {"ok": 2, "chain_refused": 4}
    assert len(booked_keys(database)) == 4
    force.assert_sound(database)


def test_a_chain_and_a_booking_into_its_second_leg_never_leave_half_a_chain(database, place, url):
    place_of_second = ask(place, 9.5, "one", professional=1, patient=4)
    family = [chain(place, 9, f"{each}", (each, each), (each, 1)) for each in (0, 2)]

    outcomes = at_once(url, force.book_chain_or_one, place, [place_of_second, *family])

    assert outcomes.keys() <= {"ok", "slot_taken", "chain_refused"}
    alone = "one" in booked_keys(database)
    assert len(booked_keys(database)) == 2 * (outcomes["ok"] - alone) + alone
    force.assert_sound(database)


def test_a_chain_sent_four_times_at_once_is_booked_once(database, place, url):
    same = chain(place, 9, "same", (0, 0), (0, None), (1, 0))

    assert at_once(url, book_back_to_back, place, [same] * 4) == {"ok": 4}
    assert len(booked_keys(database)) == 3


def test_of_many_holds_on_one_time_one_is_kept(place, url):
    """T015"""
    wishes = [
        HoldRequest(place.professionals[0], place.services[0], a.at(9), f"{each}")
        for each in range(8)
    ]
    assert at_once(url, hold, place, wishes) == {"ok": 1, "slot_taken": 7}


def test_a_button_pressed_eight_times_at_once_books_once(database, place, url):
    """T121: the same request, the same booking, and no error."""
    assert at_once(url, book, place, [ask(place, 9, "same")] * 8) == {"ok": 8}
    assert booked_keys(database) == ["same"]


def test_one_key_with_two_contents_at_once_books_one_of_them(database, place, url):
    different = [
        ask(place, 9 + each, "same", professional=each % 4, patient=each) for each in range(6)
    ]
    assert at_once(url, book, place, different) == {"ok": 1, "key_reused": 5}
    assert booked_keys(database) == ["same"]


def test_a_professional_a_room_and_a_patient_are_fought_over_at_once(database):
    """T020: few of each, so that every pair of desks meets over something."""
    with database.writing() as session:
        place = force.practice(session, professionals=3, patients=4)
    database.engine.dispose()

    ended = force.in_processes(
        force.attempts, [(force.url_of(database), place, seed, 25, 1) for seed in range(5)]
    )

    outcomes = sum((each for each, _keys in ended), Counter())
    assert outcomes.keys() <= {"ok", *REFUSED}
    force.assert_sound(database)


def test_a_busy_day_of_everything_at_once_stays_sound(database):
    """Bookings, holds, moves, marks, groups and their undoing, from five desks."""
    with database.writing() as session:
        place = force.practice(session, professionals=3, patients=6)
    database.engine.dispose()

    ended = force.in_processes(
        force.live_elsewhere, [(force.url_of(database), place, seed, 40) for seed in range(5)]
    )

    assert not [each for outcomes in ended for each in outcomes if ":" in each]
    force.assert_sound(database)


@quick_and_slow(("processes",), (5,), (16,))
def test_many_processes_write_one_chain_without_a_gap(database, processes):
    """T144"""
    with database.writing() as session:
        place = force.practice(session)
    database.engine.dispose()

    force.in_processes(
        force.audit_entries, [(force.url_of(database), place, 10) for _ in range(processes)]
    )

    with database.reading() as session:
        ids = session.scalars(select(AuditEntry.id).order_by(AuditEntry.id)).all()
    assert ids == list(range(1, processes * 10 + 1))
    force.assert_sound(database)
