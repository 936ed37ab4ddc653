"""A busy practice for the proofs by force: set up once, then used by many processes at once.

Everything here is plain functions of plain values, so that another process can be told to run
them. What they did is told back as outcomes; an outcome nobody expects names the exception.
"""

import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep
from types import ModuleType
from typing import Any
from unittest import mock

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from core import audit, waiting
from core.booking import (
    AnyRequest,
    BookingRequest,
    CancelRequest,
    ChainRequest,
    MarkRequest,
    MoveRequest,
    UndoRequest,
    book,
    book_any,
    book_back_to_back,
    cancel,
    mark,
    move,
    placing,
    undo,
)
from core.booking.groups import SeatMark, SeatRequest, join, leave, mark_seat
from core.check import find_broken
from core.db import Database
from core.errors import BookingError
from core.holds import HoldRequest, extend_hold, hold, release_hold
from core.models import Attendee, Booking, BookingState, Claim, Offer
from core.policy import Actor
from core.visits import Loaded, load_around, want
from tests import a

S = BookingState
SLOTS = [hour / 4 for hour in range(9 * 4, 17 * 4)]
"""Every quarter of an hour from nine to five."""


@dataclass(frozen=True)
class Practice:
    """The ids of a practice, and somebody at its desk."""

    actor: Actor
    professionals: tuple[int, ...]
    services: tuple[int, ...]
    """Half an hour; an hour that needs one of two rooms."""
    group: int
    """A service with three seats."""
    patients: tuple[int, ...]

    def request(self, chance: random.Random, key: str, *, days: int = 5) -> BookingRequest:
        return BookingRequest(
            chance.choice(self.professionals),
            chance.choice(self.services),
            chance.choice(self.patients),
            a.at(chance.choice(SLOTS), day=chance.randrange(days)),
            key,
        )


def practice(session: Session, *, professionals: int = 4, patients: int = 12) -> Practice:
    visit = a.service(session, name="Visit", length_minutes=30)
    long_visit = a.service(session, name="Long visit", length_minutes=60, after_minutes=10)
    group = a.service(session, name="Group", length_minutes=60, seats=3)
    a.needs(session, long_visit, a.room(session), a.room(session))
    services = (visit, long_visit, group)
    return Practice(
        actor=a.actor(session),
        professionals=tuple(
            a.professional(session, services=services).id for _ in range(professionals)
        ),
        services=(visit.id, long_visit.id),
        group=group.id,
        patients=tuple(a.patient(session).id for _ in range(patients)),
    )


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database as another process opens it."""
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


def forkserver() -> Any:
    """Processes that start with everything imported, and nothing of ours open."""
    # A page under test leaves its script as the main module, which each process would run.
    sys.modules["__main__"] = ModuleType("__main__")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.force"])
    return found


def in_processes(
    work: Callable[..., Any], each_with: Sequence[tuple[Any, ...]], *, at_once: bool = False
) -> list[Any]:
    """Run ``work`` in as many processes as there are arguments; what each returned.

    With ``at_once`` each is given, as its last argument, a barrier they can meet at.
    """
    server = forkserver()
    barrier = server.Barrier(len(each_with)) if at_once else None
    with ProcessPoolExecutor(
        len(each_with), mp_context=server, initializer=meet_at, initargs=(barrier,)
    ) as pool:
        waiting = [pool.submit(work, *arguments) for arguments in each_with]
        return [each.result() for each in waiting]


_barrier: Any = None


def meet_at(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def meet() -> None:
    """Wait until every process has come this far."""
    _barrier.wait(timeout=600)


# What they do.


def attempts(
    url: str, place: Practice, seed: int, count: int, days: int
) -> tuple[Counter[str], list[str]]:
    """Random bookings one after the other: how they ended, and the keys of those that did well."""
    chance, outcomes, acknowledged = random.Random(seed), Counter[str](), []
    with opened(url) as database:
        for number in range(count):
            key = f"{seed}-{number}"
            outcome = outcome_of(
                database,
                lambda session, key=key: book(
                    session, place.actor, place.request(chance, key, days=days), now=a.BEFORE
                ),
            )
            outcomes[outcome] += 1
            if outcome == "ok":
                acknowledged.append(key)
    return outcomes, acknowledged


def contend(url: str, place: Practice, number: int, rounds: int, stale: bool = False) -> list[str]:
    """Round by round, want the slot that everybody else wants too; how each round ended.

    A stale client looked before the others wrote, and believes what it saw: the gap between
    check and write that double bookings come from.
    """
    outcomes = []
    with opened(url) as database:
        for each in range(rounds):
            request = BookingRequest(
                place.professionals[0],
                place.services[0],
                place.patients[number],
                slot_of_round(each),
                f"{each}-{number}",
            )
            seen = look(database, place, request) if stale else None
            meet()
            with believing(seen):
                outcomes.append(ask_for(database, place, request))
    return outcomes


def slot_of_round(number: int) -> datetime:
    """Sixteen half hours a day, five days a week."""
    day, half_hour = divmod(number, 16)
    week, weekday = divmod(day, 5)
    return a.at(9 + half_hour / 2, day=7 * week + weekday)


def look(database: Database, place: Practice, request: BookingRequest) -> Loaded:
    with database.reading() as session:
        wanted = want(
            session,
            place.actor,
            professional_id=request.professional_id,
            service_id=request.service_id,
            patient_ids=(request.patient_id,),
        )
        return load_around(session, wanted, request.starts_at, now=a.BEFORE)


@contextmanager
def believing(seen: Loaded | None) -> Iterator[None]:
    """Book by what was seen before, rather than by what is there now."""
    if seen is None:
        yield
        return
    with mock.patch.object(placing, "load_around", return_value=seen):
        yield


def all_at_once(url: str, verb: Callable[..., object], actor: Actor, request: object) -> str:
    """One request, at the moment everybody else makes theirs."""
    with opened(url) as database:
        with database.reading() as session:
            session.scalar(select(func.count()).select_from(Booking))
        meet()
        return outcome_of(database, lambda session: verb(session, actor, request, now=a.BEFORE))


def book_or_undo(
    session: Session, actor: Actor, request: BookingRequest | UndoRequest, *, now: datetime
) -> Booking:
    """Whichever of the two is asked for."""
    verb = undo if isinstance(request, UndoRequest) else book
    return verb(session, actor, request, now=now)


def book_chain_or_one(
    session: Session, actor: Actor, request: BookingRequest | ChainRequest, *, now: datetime
) -> object:
    """Whichever of the two is asked for."""
    verb = book_back_to_back if isinstance(request, ChainRequest) else book
    return verb(session, actor, request, now=now)


def outcome_of(database: Database, work: Callable[[Session], object]) -> str:
    """ "ok", the code of the refusal, or the name of what should not have happened."""
    try:
        with database.writing() as session:
            work(session)
    except BookingError as refusal:
        return refusal.code
    except Exception as surprise:
        return f"{type(surprise).__name__}: {surprise}"[:300]
    return "ok"


Step = Callable[[Session, Practice, random.Random, str, datetime], object]


def live(database: Database, place: Practice, chance: random.Random, steps: int) -> Counter[str]:
    """A random history of all that can happen to bookings; how each step ended."""
    now, outcomes = a.BEFORE, Counter[str]()
    run = chance.randrange(10**9)
    for number in range(steps):
        step = chance.choice(STEPS)
        now += timedelta(minutes=chance.choice((0, 1, 5, 60)))
        outcomes[
            outcome_of(
                database,
                lambda session, step=step, key=f"{run}-{number}", now=now: step(
                    session, place, chance, key, now
                ),
            )
        ] += 1
    return outcomes


def live_elsewhere(url: str, place: Practice, seed: int, steps: int) -> Counter[str]:
    with opened(url) as database:
        return live(database, place, random.Random(seed), steps)


def audit_entries(url: str, place: Practice, count: int) -> None:
    with opened(url) as database:
        for number in range(count):
            with database.writing() as session:
                audit.record(session, place.actor, "force.tried", now=a.BEFORE, number=number)


def _any_booking(session: Session, chance: random.Random, *states: BookingState) -> Booking | None:
    ids = session.execute(
        select(Booking.id).where(Booking.state.in_(states or tuple(S))).order_by(Booking.id)
    ).all()
    return session.get(Booking, chance.choice(ids)[0]) if ids else None


def _book(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    return book(session, place.actor, place.request(chance, key), now=now)


def _book_group(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    request = place.request(chance, key)
    request = BookingRequest(
        request.professional_id, place.group, request.patient_id, request.starts_at, key
    )
    return book(session, place.actor, request, now=now)


def _book_any(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    one = place.request(chance, key)
    request = AnyRequest(one.service_id, one.patient_id, one.starts_at, key)
    return book_any(session, place.actor, request, now=now)


def _hold(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    one = place.request(chance, key)
    request = HoldRequest(one.professional_id, one.service_id, one.starts_at, key)
    return hold(session, place.actor, request, now=now)


def _book_held(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    held = _any_booking(session, chance, S.HELD)
    if held is not None:
        request = BookingRequest(
            held.professional_id,
            held.service_id,
            chance.choice(place.patients),
            held.starts_at,
            key,
            hold_id=held.id,
        )
        book(session, place.actor, request, now=now)


def _keep_held(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if held := _any_booking(session, chance, S.HELD):
        extend_hold(session, place.actor, held.id, now=now)


def _let_go(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if held := _any_booking(session, chance, S.HELD):
        release_hold(session, place.actor, held.id)


def _move(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if found := _any_booking(session, chance, S.BOOKED, S.ARRIVED):
        to = place.request(chance, key)
        move(
            session,
            place.actor,
            MoveRequest(found.id, found.version, to.professional_id, to.starts_at),
            now=now,
        )


def _cancel(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if found := _any_booking(session, chance):
        cancel(session, place.actor, CancelRequest(found.id, found.version, "ill"), now=now)


def _mark(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if found := _any_booking(session, chance):
        state = chance.choice((S.ARRIVED, S.IN_PROGRESS, S.COMPLETED, S.NO_SHOW))
        later = max(now, found.starts_at)
        mark(session, place.actor, MarkRequest(found.id, found.version, state), now=later)


def _undo(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if found := _any_booking(session, chance):
        undo(session, place.actor, UndoRequest(found.id, found.version), now=now)


def _any_group(session: Session, chance: random.Random) -> Booking | None:
    ids = session.scalars(select(Booking.id).where(Booking.seats > 1).order_by(Booking.id)).all()
    return session.get(Booking, chance.choice(ids)) if ids else None


def _somebody(session: Session, place: Practice, chance: random.Random, group: Booking) -> int:
    """Mostly somebody who has to do with the group."""
    there = select(Attendee.patient_id).where(Attendee.booking_id == group.id)
    known = session.scalars(there.order_by(Attendee.id)).all()
    return chance.choice(known if known and chance.random() < 0.7 else place.patients)


def _join(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if found := _any_group(session, chance):
        request = SeatRequest(found.id, found.version, chance.choice(place.patients))
        join(session, place.actor, request, now=now)


def _leave(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if found := _any_group(session, chance):
        who = _somebody(session, place, chance, found)
        leave(session, place.actor, SeatRequest(found.id, found.version, who), now=now)


def _mark_seat(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if found := _any_group(session, chance):
        who = _somebody(session, place, chance, found)
        state = chance.choice((S.BOOKED, S.ARRIVED, S.COMPLETED, S.NO_SHOW))
        request = SeatMark(found.id, found.version, who, state)
        mark_seat(session, place.actor, request, now=max(now, found.starts_at))


def _wait(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    one = place.request(chance, key)
    wishes = waiting.Wishes(one.service_id, chance.choice(((), (one.professional_id,))))
    waiting.add(session, place.actor, waiting.NewEntry(one.patient_id, wishes, key), now=now)


def _offer(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    if waits := waiting.load_waiting(session, place.actor, now=now):
        one, entry = place.request(chance, key), chance.choice(waits)
        request = waiting.OfferRequest(entry.id, entry.version, one.professional_id, one.starts_at)
        waiting.offer(session, place.actor, request, now=now)


def _answer(session: Session, place: Practice, chance: random.Random, key: str, now: datetime):
    ids = session.scalars(select(Offer.id).where(Offer.answer.is_(None)).order_by(Offer.id)).all()
    if ids:
        verbs = (waiting.accept, waiting.accept, waiting.decline, waiting.no_answer)
        chance.choice(verbs)(session, place.actor, chance.choice(ids[-3:]), now=now)


def _stop_waiting(
    session: Session, place: Practice, chance: random.Random, key: str, now: datetime
):
    if waits := waiting.load_waiting(session, place.actor, now=now):
        entry = chance.choice(waits)
        waiting.close(session, place.actor, entry.id, entry.version, "found one", now=now)


STEPS: Sequence[Step] = (
    *(_book, _book, _book, _book_group, _book_any, _hold, _hold, _book_held, _keep_held, _let_go),
    *(_move, _move, _cancel, _mark, _mark, _undo, _join, _join, _leave, _mark_seat),
    *(_wait, _wait, _offer, _offer, _answer, _stop_waiting),
)


def write_until_killed(acknowledge: Any, url: str, place: Practice, seed: int) -> None:
    """Book, with all else in between, and tell each key once its booking is saved.

    A booking whose fate is unknown is asked for again under its key, as a desk would.
    """
    chance = random.Random(seed)
    with opened(url) as database:
        for number in range(10**6):
            if chance.random() < 0.3:
                live(database, place, chance, 1)
                continue
            request = place.request(chance, f"{seed}-{number}", days=60)
            while (outcome := ask_for(database, place, request)) == "not_saved":
                sleep(0.05)
            acknowledge.send((request.request_key, outcome))


def ask_for(database: Database, place: Practice, request: BookingRequest) -> str:
    return outcome_of(database, lambda session: book(session, place.actor, request, now=a.BEFORE))


class Writers:
    """Processes that write until they are killed, and what they acknowledged."""

    def __init__(self, url: str, place: Practice, count: int) -> None:
        self.server = forkserver()
        self.url, self.place = url, place
        self.seeds = iter(range(10**6))
        self.acknowledged: list[str] = []
        self.surprises: list[str] = []
        self.running = [self._start() for _ in range(count)]

    def _start(self) -> tuple[Any, Any]:
        told, tell = self.server.Pipe(duplex=False)
        arguments = (tell, self.url, self.place, next(self.seeds))
        process = self.server.Process(target=write_until_killed, args=arguments)
        process.start()
        tell.close()
        return process, told

    def kill_one(self, chance: random.Random) -> None:
        """Without a warning; another takes its place."""
        process, told = self.running.pop(chance.randrange(len(self.running)))
        process.kill()
        process.join()
        self._hear_out(told)
        self.running.append(self._start())

    def stop(self) -> None:
        for process, told in self.running:
            process.kill()
            process.join()
            self._hear_out(told)
        self.running = []

    def listen(self) -> None:
        """Take in what has been told so far, so that nobody waits for us."""
        for _process, told in self.running:
            while told.poll():
                self._note(*told.recv())

    def listen_for_more(self, within: float = 60) -> None:
        """Until something more was acknowledged, however slow the machine is today."""
        known, deadline = len(self.acknowledged), time.monotonic() + within
        self.listen()
        while len(self.acknowledged) == known and time.monotonic() < deadline:
            time.sleep(0.02)
            self.listen()

    def _hear_out(self, told: Any) -> None:
        """What was said before the end; the last word may have been cut off."""
        with suppress(EOFError, OSError), told:
            while True:
                self._note(*told.recv())

    def _note(self, key: str, outcome: str) -> None:
        if outcome == "ok":
            self.acknowledged.append(key)
        elif outcome not in ("slot_taken", "cannot_book"):
            self.surprises.append(outcome)


# What is left behind.


def overlapping_pairs(session: Session) -> int:
    """Counted the plain way, pair by pair, owing nothing to the code under test."""
    other = aliased(Claim)
    pairs = (
        select(func.count())
        .select_from(Claim)
        .join(
            other,
            (Claim.calendar_id == other.calendar_id)
            & (Claim.id < other.id)
            & (Claim.starts_at < other.ends_at)
            & (other.starts_at < Claim.ends_at),
        )
    )
    return session.scalar(pairs) or 0


def assert_sound(database: Database, *, now: datetime = a.BEFORE) -> None:
    with database.reading() as session:
        broken = find_broken(session, now=now)
        assert not broken, broken
        assert overlapping_pairs(session) == 0
