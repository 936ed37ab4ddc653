"""The facts of each day, kept in the database so that a year of them is read at once.

Triggers write down each day and patient whose bookings change. Whoever reads takes those from
the bookings themselves, so what is read is right at any time; ``keep`` packs them again.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

import numpy as np
from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session

from core.analytics.facts import FACT, Facts, Numbers, read_rows
from core.db import KEEPING_LOCK, Database, seconds_of, take_lock
from core.models import (
    Attendee,
    Booking,
    BookingState,
    FigureChange,
    FigureDay,
    Kept,
)

S = BookingState
DAYS_AT_ONCE, PATIENTS_AT_ONCE = 8, 500
"""Few enough that nobody at the desk waits for it."""
KEEPS_EVERY_SECONDS = 30.0
WAITS_FOR_THE_LAST_SECONDS = 5.0
NEVER = np.iinfo(np.int64).max
FIRST = np.dtype("<i8")
IN_A_PACK = 4096
"""Patients whose first visits are kept together, by the number they have."""

logger = logging.getLogger(__name__)


def load_facts(session: Session, of: Kept, first: int, last: int) -> Facts:
    """The facts of the days from ``first`` to ``last``, both counted from 1970 in UTC."""
    # What changed is asked first: a day that changes or is packed afterwards is right either way.
    changed = _changed(session, of, first, last)
    query = select(FigureDay.key, FigureDay.facts).where(
        FigureDay.of == of, FigureDay.key.between(first, last)
    )
    parts = {day: facts for day, facts in session.execute(query)}  # noqa: C416 - rows are not pairs to mypy
    for begin, end in _runs(changed):
        for day in range(begin, end + 1):
            parts.pop(day, None)
        parts[begin] = read_rows(session, of, begin, end).tobytes()
    return Facts.of(np.frombuffer(b"".join(parts[day] for day in sorted(parts)), FACT))


def first_visits(session: Session, patients: Numbers) -> Numbers:
    """When each of the patients came or will come for the first time; ``NEVER`` for some."""
    changed = session.scalars(_changes(Kept.PATIENTS)).all()
    query = select(FigureDay.key, FigureDay.facts).where(FigureDay.of == Kept.PATIENTS)
    packs = {key: np.frombuffer(facts, FIRST) for key, facts in session.execute(query)}
    highest = max([*patients.tolist(), *changed, (max(packs, default=0) + 1) * IN_A_PACK])
    found = np.full(highest + 1, NEVER)
    for key, pack in packs.items():
        found[key * IN_A_PACK : (key + 1) * IN_A_PACK] = pack
    if changed:
        first = _read_first(session, changed)
        found[changed] = [first.get(each, NEVER) for each in changed]
    return found[patients]


def keep(database: Database) -> None:
    """Pack what has changed, a little at a time so that others can save in between."""
    for of, at_once in (
        (Kept.VISITS, DAYS_AT_ONCE),
        (Kept.MADE, DAYS_AT_ONCE),
        (Kept.PATIENTS, PATIENTS_AT_ONCE),
    ):
        while _is_any(database, of):
            with database.writing() as session:
                _keep_some(session, of, at_once)


@contextmanager
def kept_in_background(database: Database) -> Iterator[None]:
    """Keep what changes in a thread until the block ends."""
    stop = threading.Event()
    worker = threading.Thread(target=_keep_on, args=(database, stop), name="figures", daemon=True)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(WAITS_FOR_THE_LAST_SECONDS)


def _keep_on(database: Database, stop: threading.Event) -> None:
    """No database that cannot be used ends this: figures are right without it, only slower."""
    while not stop.is_set():
        try:
            keep(database)
        except Exception as error:
            logger.error("Figures could not be kept: %s", type(error).__name__)  # noqa: TRY400
        stop.wait(KEEPS_EVERY_SECONDS)


def _is_any(database: Database, of: Kept) -> bool:
    with database.reading() as session:
        return session.scalar(_changes(of).limit(1)) is not None


def _keep_some(session: Session, of: Kept, at_once: int) -> None:
    # Of two who pack one day, the one who read it first must not write it last.
    take_lock(session.connection(), KEEPING_LOCK)
    keys = session.scalars(_changes(of).order_by(FigureChange.key).limit(at_once)).all()
    seen = session.scalars(
        select(FigureChange.id).where(FigureChange.of == of, FigureChange.key.in_(keys))
    ).all()
    if of is Kept.PATIENTS:
        _keep_patients(session, keys)
    else:
        _keep_days(session, of, keys)
    # By number: what was written down meanwhile, and is not seen here, stays.
    for begin in range(0, len(seen), PATIENTS_AT_ONCE):
        some = seen[begin : begin + PATIENTS_AT_ONCE]
        session.execute(delete(FigureChange).where(FigureChange.id.in_(some)))


def _keep_days(session: Session, of: Kept, days: Sequence[int]) -> None:
    session.execute(delete(FigureDay).where(FigureDay.of == of, FigureDay.key.in_(days)))
    for day in days:
        rows = read_rows(session, of, day, day)
        if len(rows):
            row = {"of": of, "key": day, "facts": rows.tobytes()}
            session.execute(insert(FigureDay).values(row))


def _keep_patients(session: Session, patients: Sequence[int]) -> None:
    first = _read_first(session, patients)
    for key, ids in groupby(sorted(patients), lambda each: each // IN_A_PACK):
        of_pack = FigureDay.of == Kept.PATIENTS, FigureDay.key == key
        kept = session.scalar(select(FigureDay.facts).where(*of_pack))
        pack = np.frombuffer(kept, FIRST).copy() if kept else np.full(IN_A_PACK, NEVER)
        for each in ids:
            pack[each % IN_A_PACK] = first.get(each, NEVER)
        session.execute(delete(FigureDay).where(*of_pack))
        row = {"of": Kept.PATIENTS, "key": key, "facts": pack.tobytes()}
        session.execute(insert(FigureDay).values(row))


def _read_first(session: Session, patients: Sequence[int]) -> dict[int, int]:
    """From the bookings: the first that was neither cancelled nor missed; waiting is no visit."""
    query = (
        select(Attendee.patient_id, func.min(seconds_of(Booking.starts_at)))
        .join(Booking, Booking.id == Attendee.booking_id)
        .where(
            Attendee.state.not_in((S.HELD, S.NO_SHOW, S.CANCELLED)),
            Attendee.waiting.is_(False),
            Booking.state.not_in((S.HELD, S.CANCELLED)),
        )
        .group_by(Attendee.patient_id)
    )
    if len(patients) <= PATIENTS_AT_ONCE:
        query = query.where(Attendee.patient_id.in_(patients))
    wanted = set(patients)
    return {id: at for id, at in session.execute(query) if id in wanted}


def _changed(session: Session, of: Kept, first: int, last: int) -> Sequence[int]:
    within = _changes(of).where(FigureChange.key.between(first, last))
    return session.scalars(within.order_by(FigureChange.key)).all()


def _changes(of: Kept) -> Select[int]:
    return select(FigureChange.key).where(FigureChange.of == of).distinct()


def _runs(days: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The first and last of days that follow each other."""
    begin = 0
    for at in range(1, len(days) + 1):
        if at == len(days) or days[at] != days[at - 1] + 1:
            yield days[begin], days[at - 1]
            begin = at
