"""The invariants: silent on a sound book, and each one sees its own kind of damage."""

import random
from dataclasses import dataclass

import pytest
from sqlalchemy import text

from core import waiting
from core.__main__ import main
from core.booking import BookingRequest, CancelRequest, book, cancel
from core.booking.groups import SeatRequest, join
from core.check import INVARIANTS, find_broken
from core.demo import ensure
from core.holds import HoldRequest, hold
from core.models import Base
from tests import a, force

ORPHANABLE = [each.name for each in Base.metadata.sorted_tables if each.foreign_keys]


def test_a_random_history_leaves_nothing_to_find(database):
    """T040"""
    with database.writing() as session:
        place = force.practice(session)
    outcomes = force.live(database, place, random.Random(4), 300)

    assert not [each for each in outcomes if ":" in each]
    assert outcomes["ok"] > 100
    force.assert_sound(database)


def test_the_demo_leaves_nothing_to_find(sqlite_database):
    """T040"""
    ensure(sqlite_database, now=a.BEFORE)
    force.assert_sound(sqlite_database)


@dataclass
class Book:
    """One booking of each kind, all of them sound."""

    visit: int
    other: int
    cancelled: int
    group: int
    held: int
    offer: int
    accepted: int
    waited: int


@pytest.fixture
def sound(session):
    place = force.practice(session)
    ada, ben, *_others = place.professionals
    one, two, *_more = place.patients

    def at(hour, service, patient, professional=ada):
        request = BookingRequest(professional, service, patient, a.at(hour), f"{hour} {patient}")
        return book(session, place.actor, request, now=a.BEFORE)

    long_visit = at(9, place.services[1], one)
    other = at(11, place.services[0], one)
    cancelled = at(12, place.services[0], one)
    cancel(session, place.actor, CancelRequest(cancelled.id, 1, "ill"), now=a.BEFORE)
    group = at(13, place.group, one)
    join(session, place.actor, SeatRequest(group.id, group.version, two), now=a.BEFORE)
    held = hold(
        session, place.actor, HoldRequest(ben, place.services[0], a.at(9), "held"), now=a.BEFORE
    )
    waits = [
        waiting.add(
            session,
            place.actor,
            waiting.NewEntry(patient, waiting.Wishes(place.services[0]), f"{patient}"),
            now=a.BEFORE,
        )
        for patient in place.patients[2:4]
    ]
    made, accepted = (
        waiting.offer(
            session,
            place.actor,
            waiting.OfferRequest(each.id, 1, place.professionals[2], a.at(hour)),
            now=a.BEFORE,
        )
        for each, hour in zip(waits, (9, 10), strict=True)
    )
    waiting.accept(session, place.actor, accepted.id, now=a.BEFORE)
    assert find_broken(session, now=a.BEFORE) == []
    yield Book(
        long_visit.id,
        other.id,
        cancelled.id,
        group.id,
        held.id,
        made.id,
        accepted.id,
        waits[1].id,
    )
    session.rollback()


LAID = (
    "INSERT INTO claims (booking_id, calendar_id, starts_at, ends_at, before_minutes,"
    " after_minutes, guarded) SELECT {0}, {1}, starts_at, ends_at, 0, 0, guarded"
    " FROM claims WHERE booking_id = {{other}}"
)
"""A claim made up after those of another booking."""

DAMAGE = {
    "overlap": (
        "other",
        "UPDATE claims SET starts_at = {early}, ends_at = {late} WHERE booking_id = {other}",
    ),
    "unclaimed": (
        "visit",
        "DELETE FROM claims WHERE booking_id = {visit}"
        " AND calendar_id = (SELECT MIN(calendar_id) FROM rooms)",
    ),
    "claimed_for_nothing": ("other", LAID.format("booking_id", "{spare}") + " LIMIT 1"),
    "claimed_twice": ("other", LAID.format("booking_id", "calendar_id")),
    "out_of_step": (
        "group",
        "UPDATE claims SET starts_at = {early}, ends_at = {late} WHERE booking_id = {group}",
    ),
    "left_over": ("cancelled", LAID.format("{cancelled}", "{spare}") + " LIMIT 1"),
    "unguarded": ("other", "UPDATE claims SET guarded = false WHERE booking_id = {other}"),
    "expired_hold": ("held", "UPDATE claims SET held_until = NULL WHERE booking_id = {held}"),
    "attendees": ("other", "UPDATE attendees SET state = 'no_show' WHERE booking_id = {other}"),
    "seats": ("group", "UPDATE bookings SET seats = 1 WHERE id = {group}"),
    "request_key": ("other", "UPDATE bookings SET created_by = NULL, request_key = 'same'"),
    "price": ("other", "UPDATE bookings SET currency = '' WHERE id = {other}"),
    "first_event": ("other", "DELETE FROM booking_events WHERE booking_id = {other}"),
    "last_event": (
        "other",
        "UPDATE booking_events SET new_state = 'arrived' WHERE booking_id = {other}",
    ),
    "calendar": (None, "INSERT INTO calendars (kind) VALUES ('room')"),
    "offer_hold": (
        "offer",
        "UPDATE offers SET starts_at = {early}, ends_at = {late} WHERE id = {offer}",
    ),
    "offer_accepted": (
        "accepted",
        "UPDATE waiting_entries SET booking_id = {other} WHERE id = {waited}",
    ),
    "waiting_booked": (
        "waited",
        "UPDATE waiting_entries SET booking_id = {other} WHERE id = {waited}",
    ),
    "audit": (None, "UPDATE audit_entries SET action = 'x' WHERE id = 2"),
}
"""What is done to the rows, and to whose."""


def take_guards_down(session):
    """For this transaction, which is rolled back: no triggers, no foreign keys."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE claims DROP CONSTRAINT claims_guard"))
        session.execute(text("SET LOCAL session_replication_role = 'replica'"))
        return
    for name in session.scalars(text("SELECT name FROM sqlite_schema WHERE type = 'trigger'")):
        session.execute(text(f"DROP TRIGGER {name}"))
    session.execute(text("PRAGMA defer_foreign_keys = ON"))


def broken_by(session, book, statement):
    """What is found once guards are down and the statement has run."""
    take_guards_down(session)
    instant = {"early": a.at(9.25), "late": a.at(9.75)}
    if session.get_bind().dialect.name == "sqlite":
        values = {name: int(each.timestamp()) for name, each in instant.items()}
    else:
        values = {name: f"'{each.isoformat()}'" for name, each in instant.items()}
    spare = session.scalar(text("SELECT MAX(calendar_id) FROM patients"))
    session.execute(text(statement.format(**vars(book), **values, spare=spare)))
    session.expire_all()
    return {each.name: each.ids for each in find_broken(session, now=a.at(8))}


@pytest.mark.parametrize("name", DAMAGE)
def test_each_invariant_sees_its_own_damage(session, sound, name):
    """T040"""
    whose, statement = DAMAGE[name]
    found = broken_by(session, sound, statement)[name]

    assert found
    assert whose is None or vars(sound)[whose] in found


@pytest.mark.parametrize(
    "table",
    ["attendees", "booking_events", "bookings", "claims", "patients", "rooms"],
)
def test_a_row_whose_parent_is_gone_is_found(session, sound, table):
    """T040"""
    key = next(iter(Base.metadata.tables[table].foreign_keys)).parent.name
    one = f"(SELECT MIN(id) FROM {table})"
    found = broken_by(session, sound, f"UPDATE {table} SET {key} = 999999 WHERE id = {one}")

    assert found[f"orphan_{table}"]


def test_no_invariant_goes_untested():
    tables = {f"orphan_{each}" for each in ORPHANABLE}
    assert {each.name for each in INVARIANTS} == {*DAMAGE, *tables}


@pytest.fixture
def on_the_command_line(database, monkeypatch):
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", force.url_of(database))
    with database.writing() as session:
        a.booking(session, a.professional(session), a.span(9, 10))
    return database


def test_the_command_names_what_is_wrong_and_where(on_the_command_line, capsys):
    """A booking written past the desk has no history."""
    assert main(["check"]) == 1
    told = capsys.readouterr().err
    assert told == (
        "first_event: Every booking's history begins with it being booked, once. "
        "Not so in bookings 1.\n"
    )


def test_the_command_is_content_with_a_sound_book(on_the_command_line, capsys):
    with on_the_command_line.writing() as session:
        for table in ("claims", "attendees", "bookings"):
            session.execute(text(f"DELETE FROM {table}"))
    assert main(["check"]) == 0
    assert capsys.readouterr().out.endswith(f"\nAll {len(INVARIANTS)} invariants hold.\n")
