"""Bookings, holds, moves, states and groups against a model of a few lines, step by step.

The model keeps one small object for each booking and asks nobody. It foretells of every step
whether it is taken or refused, and where everything lies afterwards; the tables must agree.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from core.booking import (
    MAY_BECOME,
    BookingRequest,
    CancelRequest,
    MarkRequest,
    MoveRequest,
    UndoRequest,
    book,
    cancel,
    mark,
    move,
    undo,
)
from core.booking.groups import SeatRequest, join, leave
from core.check import find_broken
from core.db import Database
from core.errors import BookingError
from core.holds import HELD_FOR, HoldRequest, extend_hold, hold, release_hold
from core.models import OCCUPYING, Base, Booking, BookingState, Claim
from tests import a

S = BookingState
KINDS = ("visit", "long", "group")
LENGTH = {"visit": 30, "long": 60, "group": 60}
BUFFER = {"visit": 0, "long": 10, "group": 0}
SEATS = {"visit": 1, "long": 1, "group": 3}
ROOMS = (0, 1)

kinds = st.sampled_from(KINDS)
starts = st.sampled_from([a.at(9 + quarter / 4) for quarter in range(12)])
professionals = st.integers(0, 1)
patients = st.integers(0, 4)
places = st.integers(0, 40)
marks = st.sampled_from([S.ARRIVED, S.IN_PROGRESS, S.COMPLETED, S.NO_SHOW])


@dataclass
class Known:
    """One booking, as the model knows it."""

    id: int
    kind: str
    professional: int
    start: datetime
    state: BookingState
    room: int | None
    held_until: datetime | None = None
    patients: list[int] = field(default_factory=list)
    """In the order they came, those who left again included."""
    seated: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    before: BookingState | None = None
    """The state that undoing the last step would go back to."""
    was: "tuple[int, datetime, int | None, datetime] | None" = None
    """Professional, start and room that undoing the last move would go back to, and its time."""
    left: "tuple[int, datetime] | None" = None
    """Who left the group in the last step, and when."""

    def forget_step(self) -> None:
        self.before = self.was = self.left = None

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=LENGTH[self.kind])

    def meets(self, start: datetime, end: datetime, *, gap: int = 0, own_gap: int = 0) -> bool:
        behind, ahead = timedelta(minutes=gap), timedelta(minutes=own_gap)
        return start < self.end + behind and self.start < end + ahead


class Book:
    """All bookings known, and the rules of where one fits."""

    def __init__(self) -> None:
        self.now = a.at(8)
        self.known: list[Known] = []

    def busy(self, *, but: Known | None = None) -> list[Known]:
        return [
            each
            for each in self.known
            if each is not but
            and each.state in OCCUPYING
            and (each.held_until is None or each.held_until > self.now)
        ]

    def is_free(self, patient: int, start: datetime, end: datetime, but: Known | None) -> bool:
        return not any(
            patient in each.seated and each.meets(start, end) for each in self.busy(but=but)
        )

    def room_for(
        self, start: datetime, end: datetime, but: Known | None, first: int | None
    ) -> int | None:
        taken = {each.room for each in self.busy(but=but) if each.meets(start, end)}
        in_order = sorted(ROOMS, key=lambda each: (each != first, each))
        return next((each for each in in_order if each not in taken), None)

    def fits(
        self,
        kind: str,
        professional: int,
        start: datetime,
        coming: set[int],
        *,
        but: Known | None = None,
    ) -> bool:
        end = start + timedelta(minutes=LENGTH[kind])
        in_the_way = any(
            each.meets(start, end, gap=BUFFER[each.kind], own_gap=BUFFER[kind])
            for each in self.busy(but=but)
            if each.professional == professional
        )
        return (
            start >= self.now
            and not in_the_way
            and all(self.is_free(each, start, end, but) for each in coming)
            and (kind != "long" or self.room_for(start, end, but, None) is not None)
        )

    def fits_again(self, one: Known, *, but: Known | None = None) -> bool:
        """Whether the time it gave up is still there: of that only claims are asked."""
        return not any(
            each.meets(one.start, one.end)
            and (
                each.professional == one.professional
                or (one.room is not None and each.room == one.room)
                or each.seated & one.seated
            )
            for each in self.busy(but=but or one)
        )


class Desk(RuleBasedStateMachine):
    """Somebody at the desk does whatever comes to mind."""

    fresh: Callable[[], Database]

    @initialize()
    def open(self) -> None:
        self.database = self.fresh()
        self.book = Book()
        self.keys = iter(range(10**6))
        with self.database.writing() as session:
            rooms = [a.room(session) for _ in ROOMS]
            services = {
                kind: a.service(
                    session,
                    name=kind,
                    length_minutes=LENGTH[kind],
                    after_minutes=BUFFER[kind],
                    seats=SEATS[kind],
                )
                for kind in KINDS
            }
            a.needs(session, services["long"], *rooms)
            people = [a.professional(session, services=tuple(services.values())) for _ in range(2)]
            guests = [a.patient(session) for _ in range(5)]
            self.actor = a.actor(session)
            self.services = {kind: each.id for kind, each in services.items()}
            self.professionals = [each.id for each in people]
            self.patients = [each.id for each in guests]
            self.rooms = [each.id for each in rooms]
            self.calendars = {
                "professional": [each.calendar_id for each in people],
                "patient": [each.calendar_id for each in guests],
                "room": [each.calendar_id for each in rooms],
            }

    def does(self, expected: bool, verb: Callable, request: object) -> int | None:
        """Try it; it must be taken or refused as the model foretold."""
        try:
            with self.database.writing() as session:
                made = verb(session, self.actor, request, now=self.book.now)
                id = getattr(made, "id", None)
        except BookingError as refusal:
            id, said = None, f"{refusal} {refusal.details}"
        else:
            said = "taken"
        assert (said == "taken") is expected, f"{verb.__name__}: {said}"
        return id

    def group(self, place: int) -> Known | None:
        found = [each for each in self.book.known if each.kind == "group"]
        return found[place % len(found)] if found else None

    def key(self) -> str:
        return f"key-{next(self.keys)}"

    def one(self, place: int) -> Known | None:
        return self.book.known[place % len(self.book.known)] if self.book.known else None

    def version(self, one: Known) -> int:
        with self.database.reading() as session:
            return session.scalar(select(Booking.version).where(Booking.id == one.id)) or 0

    def add(self, id: int | None, **values: object) -> None:
        if id is not None:
            # SQLite gives the number of a hold that ran out and was forgotten to the next row.
            self.book.known = [each for each in self.book.known if each.id != id]
            self.book.known.append(Known(id, **values))

    def room_of(self, kind: str, start: datetime, *, but: Known | None = None) -> int | None:
        end = start + timedelta(minutes=LENGTH[kind])
        first = but.room if but else None
        return self.book.room_for(start, end, but, first) if kind == "long" else None

    @rule(minutes=st.sampled_from([1, 2, 4, 20]))
    def wait(self, minutes):
        self.book.now += timedelta(minutes=minutes)

    @rule(kind=kinds, professional=professionals, patient=patients, start=starts)
    def books(self, kind, professional, patient, start):
        expected = self.book.fits(kind, professional, start, {patient})
        room = self.room_of(kind, start)
        request = BookingRequest(
            self.professionals[professional],
            self.services[kind],
            self.patients[patient],
            start,
            self.key(),
        )
        id = self.does(expected, book, request)
        self.add(
            id,
            kind=kind,
            professional=professional,
            start=start,
            state=S.BOOKED,
            room=room,
            patients=[patient],
            seated={patient},
        )
        if expected:
            assert self.does(True, book, request) == id  # pressed twice

    @rule(kind=kinds, professional=professionals, start=starts)
    def holds(self, kind, professional, start):
        expected = self.book.fits(kind, professional, start, set())
        room = self.room_of(kind, start)
        request = HoldRequest(
            self.professionals[professional], self.services[kind], start, self.key()
        )
        self.add(
            self.does(expected, hold, request),
            kind=kind,
            professional=professional,
            start=start,
            state=S.HELD,
            room=room,
            held_until=self.book.now + HELD_FOR,
        )

    def held(self, place: int) -> Known | None:
        found = [each for each in self.book.known if each.state is S.HELD]
        return found[place % len(found)] if found else None

    @rule(place=places, patient=patients)
    def books_what_is_held(self, place, patient):
        if (one := self.held(place)) is None:
            return
        expected = self.book.fits(one.kind, one.professional, one.start, {patient}, but=one)
        room = self.book.room_for(one.start, one.end, one, None)
        request = BookingRequest(
            self.professionals[one.professional],
            self.services[one.kind],
            self.patients[patient],
            one.start,
            self.key(),
            hold_id=one.id,
        )
        id = self.does(expected, book, request)
        if id is not None:
            self.book.known.remove(one)
            self.add(
                id,
                kind=one.kind,
                professional=one.professional,
                start=one.start,
                state=S.BOOKED,
                room=room if one.kind == "long" else None,
                patients=[patient],
                seated={patient},
            )

    @rule(place=places)
    def types_on(self, place):
        if (one := self.held(place)) is None:
            return
        with self.database.writing() as session:
            found = extend_hold(session, self.actor, one.id, now=self.book.now)
        left = one.held_until - self.book.now
        assert (found is not None) is (left > timedelta(0))
        if timedelta(0) < left <= timedelta(minutes=2):
            one.held_until = self.book.now + HELD_FOR

    @rule(place=places)
    def lets_go(self, place):
        if (one := self.held(place)) is not None:
            with self.database.writing() as session:
                release_hold(session, self.actor, one.id)
            self.book.known.remove(one)

    @rule(place=places, professional=professionals, start=starts)
    def moves(self, place, professional, start):
        if (one := self.one(place)) is None:
            return
        expected = one.state in (S.BOOKED, S.ARRIVED) and self.book.fits(
            one.kind, professional, start, one.seated, but=one
        )
        room = self.room_of(one.kind, start, but=one)
        request = MoveRequest(one.id, self.version(one), self.professionals[professional], start)
        if self.does(expected, move, request):
            is_there = (one.professional, one.start) == (professional, start)
            if not is_there:
                one.forget_step()
                one.was = (one.professional, one.start, one.room, self.book.now)
            one.professional, one.start, one.room = professional, start, room

    @rule(place=places)
    def cancels(self, place):
        if (one := self.one(place)) is None:
            return
        expected = one.state in (S.BOOKED, S.ARRIVED)
        if self.does(expected, cancel, CancelRequest(one.id, self.version(one), "ill")):
            one.forget_step()
            one.before, one.state = one.state, S.CANCELLED

    @rule(place=places, state=marks)
    def marks(self, place, state):
        if (one := self.one(place)) is None:
            return
        expected = state in MAY_BECOME[one.state]
        expected = expected and not (one.kind == "group" and state is S.NO_SHOW)
        expected = expected and (state is not S.NO_SHOW or self.book.now >= one.start)
        expected = expected and (one.state is not S.NO_SHOW or self.book.fits_again(one))
        if self.does(expected, mark, MarkRequest(one.id, self.version(one), state)):
            one.forget_step()
            one.before, one.state = one.state, state

    @rule(place=places)
    def undoes(self, place):
        if (one := self.one(place)) is None:
            return
        request, soon = UndoRequest(one.id, self.version(one)), timedelta(minutes=10)
        if one.was is not None:
            professional, start, room, at = one.was
            back = replace(one, professional=professional, start=start, room=room)
            expected = self.book.now < at + soon and self.book.fits_again(back, but=one)
            if self.does(expected, undo, request):
                one.professional, one.start, one.room = professional, start, room
                one.forget_step()
        elif one.left is not None:
            patient, at = one.left
            expected = self.book.now < at + soon and self.may_join(one, patient)
            if self.does(expected, undo, request):
                self.let_join(one, patient)
        else:
            expected = one.before is not None and (
                one.state in OCCUPYING or self.book.fits_again(one)
            )
            if self.does(expected, undo, request):
                one.state = one.before
                one.forget_step()

    @rule(place=places, patient=patients)
    def joins(self, place, patient):
        if (one := self.group(place)) is None:
            return
        request = SeatRequest(one.id, self.version(one), self.patients[patient])
        if self.does(self.may_join(one, patient), join, request):
            self.let_join(one, patient)

    def may_join(self, one: Known, patient: int) -> bool:
        is_full = len(one.seated) >= SEATS[one.kind]
        return (
            self.is_open_group(one)
            and patient not in one.seated | one.waiting
            and (is_full or self.book.is_free(patient, one.start, one.end, one))
        )

    def let_join(self, one: Known, patient: int) -> None:
        is_full = len(one.seated) >= SEATS[one.kind]
        (one.waiting if is_full else one.seated).add(patient)
        if patient in one.patients:
            one.patients.remove(patient)
        one.patients.append(patient)
        one.forget_step()

    @rule(place=places, patient=patients)
    def leaves(self, place, patient):
        if (one := self.group(place)) is None:
            return
        expected = self.is_open_group(one) and patient in one.seated | one.waiting
        request = SeatRequest(one.id, self.version(one), self.patients[patient])
        if self.does(expected, leave, request):
            one.seated.discard(patient)
            one.waiting.discard(patient)
            one.forget_step()
            if not self.move_up(one):
                one.left = (patient, self.book.now)

    def is_open_group(self, one: Known) -> bool:
        return one.kind == "group" and one.state in OCCUPYING and one.state is not S.HELD

    def move_up(self, one: Known) -> bool:
        """Whether somebody did: that is the last step then."""
        waited = set(one.waiting)
        for each in one.patients:
            has_room = len(one.seated) < SEATS[one.kind]
            if (
                has_room
                and each in one.waiting
                and self.book.is_free(each, one.start, one.end, one)
            ):
                one.waiting.remove(each)
                one.seated.add(each)
        return one.waiting != waited

    @invariant()
    @precondition(lambda self: hasattr(self, "book"))
    def the_tables_say_what_the_model_says(self):
        alive = [
            each
            for each in self.book.known
            if each.held_until is None or each.held_until > self.book.now
        ]
        expected = {
            each.id: (each.state, self.professionals[each.professional], each.start)
            for each in alive
        }
        claimed = {each.id: self.claims_of(each) for each in alive if each.state in OCCUPYING}
        with self.database.reading() as session:
            rows = session.execute(
                select(Booking.id, Booking.state, Booking.professional_id, Booking.starts_at).where(
                    Booking.held_until.is_(None) | (Booking.held_until > self.book.now)
                )
            )
            assert {row.id: tuple(row)[1:] for row in rows} == expected
            claims: dict[int, set[int]] = {}
            for id, calendar in session.execute(
                select(Claim.booking_id, Claim.calendar_id).where(Claim.counts(self.book.now))
            ):
                claims.setdefault(id, set()).add(calendar)
            assert claims == claimed

    def claims_of(self, one: Known) -> set[int]:
        room = [] if one.room is None else [self.calendars["room"][one.room]]
        guests = [self.calendars["patient"][each] for each in one.seated]
        return {self.calendars["professional"][one.professional], *room, *guests}

    def teardown(self) -> None:
        if hasattr(self, "book"):
            with self.database.reading() as session:
                assert find_broken(session, now=self.book.now) == []


@pytest.fixture
def fresh(request, migrated_file, tmp_path):
    """An empty database for each history; which engine, the test says."""
    opened = []

    def on_sqlite() -> Database:
        for each in opened:
            each.dispose()
        path = tmp_path / f"{len(opened)}.db"
        shutil.copyfile(migrated_file, path)
        opened.append(Database(f"sqlite:///{path}"))
        return opened[-1]

    def on_postgresql() -> Database:
        database = request.getfixturevalue("migrated_postgresql")
        with database.writing() as session:
            session.execute(text(f"TRUNCATE {', '.join(Base.metadata.tables)} RESTART IDENTITY"))
        return database

    yield {"sqlite": on_sqlite, "postgresql": on_postgresql}
    for each in opened:
        each.dispose()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("histories", "steps"),
    [
        pytest.param(30, 20, id="quick"),
        pytest.param(200, 50, id="10,000 steps", marks=pytest.mark.slow),
    ],
)
def test_whatever_the_desk_does_the_tables_agree_with_the_model(fresh, engine, histories, steps):
    """T037"""
    desk = type("Desk", (Desk,), {"fresh": staticmethod(fresh[engine])})
    run_state_machine_as_test(
        desk,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            derandomize=histories < 100,
            suppress_health_check=list(HealthCheck),
        ),
    )
