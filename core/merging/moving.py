"""What belongs to a patient and changes hands when two records become one.

Every column that names a patient stands here once: a test looks at the whole database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Column, Integer, bindparam, cast, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from core.models import Base, Patient

T = Base.metadata.tables
SEATS = select(T["attendees"].c.booking_id).where(
    T["attendees"].c.patient_id == bindparam("other", type_=Integer)
)
USERS = T["users"].c


@dataclass(frozen=True)
class Moves:
    """Rows whose ``column`` names the patient; ``also`` narrows where a whole table is long."""

    column: Column[int]
    also: ColumnElement[bool] | None = None
    called: str = ""
    """Where a table names patients twice."""

    @property
    def name(self) -> str:
        return self.called or self.column.table.name


# Seats come last: what happened to a group is looked for by the bookings they are in.
MOVED = (
    Moves(T["booking_events"].c.patient_id, T["booking_events"].c.booking_id.in_(SEATS)),
    Moves(USERS.patient_id, USERS.active),
    Moves(T["outbox"].c.patient_id),
    Moves(T["exceptional_accesses"].c.patient_id),
    Moves(T["waiting_entries"].c.patient_id),
    Moves(T["recalls"].c.patient_id),
    Moves(T["dependants"].c.patient_id),
    Moves(T["dependants"].c.guardian_patient_id, called="guardians"),
    Moves(T["patient_merges"].c.kept_id),
    Moves(T["attendees"].c.patient_id),
)
CLAIMS = Moves(T["claims"].c.calendar_id)

STAYS: Mapping[str, str] = MappingProxyType(
    {
        "drafts.patient_id": "what was typed over the other record fits that one alone",
        "erasures.patient_id": "who was erased is never made one with anybody",
        "preferred_professionals.patient_id": "both keep theirs; the kept one is given them too",
        "patient_merges.merged_id": "says which record it was",
        "told_apart.first_id": "read through the merges, so that the answer holds for both",
        "told_apart.second_id": "read through the merges, so that the answer holds for both",
    }
)
"""Columns that go on naming the record they named, and why."""


def hand_over(session: Session, kept: Patient, other: Patient) -> dict[str, list[int]]:
    """Give everything of the other to the kept one; which rows those were, by table."""
    moved = {each.name: _move(session, each, other.id, kept.id) for each in MOVED}
    moved[CLAIMS.name] = _move(session, CLAIMS, other.calendar_id, kept.calendar_id)
    return moved


def give_back(
    session: Session, kept: Patient, other: Patient, moved: Mapping[str, Sequence[int]]
) -> None:
    """The same rows back, as far as they are there and still the kept one's.

    A booking that was placed anew since has claims of its own: they follow its seat. Who was
    booked from the waiting list since has waited: that entry stays with the booking.
    """
    for each in MOVED:
        _put(session, each.column, moved.get(each.name, ()), kept.id, other.id)
    claims, seats = T["claims"], T["attendees"]
    theirs = select(seats.c.booking_id).where(seats.c.patient_id == other.id)
    now_theirs = select(claims.c.id).where(
        claims.c.calendar_id == kept.calendar_id, claims.c.booking_id.in_(theirs)
    )
    entries, came = T["waiting_entries"], moved.get("waiting_entries", ())
    served = select(entries.c.id).where(
        entries.c.id.in_(came), entries.c.booking_id.is_not(None), ~entries.c.booking_id.in_(theirs)
    )
    _put(session, entries.c.patient_id, session.scalars(served).all(), other.id, kept.id)
    rows = {*session.scalars(now_theirs), *moved.get(CLAIMS.name, ())}
    _put(session, CLAIMS.column, sorted(rows), kept.calendar_id, other.calendar_id)


def _move(session: Session, moves: Moves, old: int, new: int) -> list[int]:
    (key,) = moves.column.table.primary_key
    found = select(cast(key, Integer)).where(moves.column == old).order_by(key)
    if moves.also is not None:
        found = found.where(moves.also)
    rows = list(session.connection().execute(found, {"other": old}).scalars())
    _put(session, moves.column, rows, old, new)
    return rows


A_BATCH = 500


def _put(session: Session, column: Column[int], rows: Sequence[int], old: int, new: int) -> None:
    """The rows themselves are not edited: neither their version nor their stamp changes."""
    (key,) = column.table.primary_key
    stamps = {each.name: each for each in column.table.c if each.name == "updated_at"}
    for start in range(0, len(rows), A_BATCH):
        batch = rows[start : start + A_BATCH]
        change = update(column.table).where(key.in_(batch), column == old)
        session.execute(change.values({column.name: new, **stamps}))
