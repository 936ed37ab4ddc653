"""The visits that lie in somebody's time off, and how far the desk has come with them.

The list itself is not kept: it is what is stranded now, so that a visit moved anywhere else
leaves it by itself. What is kept is each step, from which order and progress follow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, NotFound
from core.interval import Interval
from core.models import AbsenceCall, Booking, CallStep, Patient, TimeOff, TimeOffKind, User
from core.policy import Actor, Permission, require
from core.schedule import stranded_bookings
from core.schedule.stranded import TO_COME

S = CallStep

KEPT_FOR = timedelta(minutes=10)
"""A visit somebody opened and left is free for the next desk after this."""
DONE = (S.MOVED, S.CANCELLED)
PUT_BACK = (S.NO_ANSWER, S.SKIPPED)


@dataclass(frozen=True)
class WorkRow:
    """One stranded visit; ``taken_by`` is another desk, ``is_mine`` this one."""

    booking: Booking
    patients: Sequence[Patient]
    unanswered: int
    taken_by: str
    is_mine: bool
    seen: int
    """The newest step with it, by which a button that is pressed twice is known."""


@dataclass(frozen=True)
class Worklist:
    """Soonest first; who did not answer or was skipped comes again after the others."""

    time_off: TimeOff
    rows: Sequence[WorkRow]
    done: int
    undoable: int | None
    """The actor's own last step, which ``undo_last`` takes back."""

    @property
    def current(self) -> WorkRow | None:
        """What this desk has before it."""
        return next((each for each in self.rows if each.is_mine), None)

    @property
    def to_call_again(self) -> int:
        return sum(each.unanswered > 0 for each in self.rows)


@dataclass(frozen=True)
class _Step:
    id: int
    booking_id: int
    step: CallStep
    at: datetime
    user_id: int | None
    user: str


def load_worklist(session: Session, actor: Actor, time_off_id: int, *, now: datetime) -> Worklist:
    """What is still stranded in this time off, in the order to call."""
    require(actor, Permission.BOOKINGS_WRITE)
    time_off = get_time_off(session, time_off_id)
    span = Interval(time_off.starts_at, time_off.ends_at)
    booked = []  # who is at work sees whoever is booked
    if time_off.kind is TimeOffKind.AWAY:
        booked = stranded_bookings(session, actor, time_off.professional_id, span)
    steps = _steps_of(session, time_off_id)
    rows = [_row(actor, each, steps.get(each.id, ()), now) for each in booked]
    put_back = {id: last.id for id, each in steps.items() if (last := _last(each, PUT_BACK))}
    rows.sort(key=lambda row: put_back.get(row.booking.id, 0))
    left = {each.id for each in booked}
    done = sum(id not in left and _last(each, DONE) is not None for id, each in steps.items())
    return Worklist(time_off, rows, done, _own_last(actor, steps))


def get_time_off(session: Session, time_off_id: int) -> TimeOff:
    found = session.get(TimeOff, time_off_id)
    if found is None or found.removed_at is not None:
        raise NotFound(what=N_("time off"))
    return found


def _row(actor: Actor, booking: Booking, steps: Sequence[_Step], now: datetime) -> WorkRow:
    holder = steps[-1] if steps and steps[-1].step is S.OPENED else None
    if holder is not None and holder.at <= now - KEPT_FOR:
        holder = None
    is_mine = holder is not None and holder.user_id == actor.user_id
    coming = [each for each in booking.attendees if each.state in TO_COME and not each.waiting]
    return WorkRow(
        booking=booking,
        patients=[each.patient for each in coming],
        unanswered=sum(each.step is S.NO_ANSWER for each in steps),
        taken_by=holder.user if holder is not None and not is_mine else "",
        is_mine=is_mine,
        seen=steps[-1].id if steps else 0,
    )


def _own_last(actor: Actor, steps: Mapping[int, Sequence[_Step]]) -> int | None:
    own = (
        each.id
        for of_one in steps.values()
        for each in of_one
        if each.user_id == actor.user_id and each.step is not S.OPENED
    )
    return max(own, default=None)


def _last(steps: Sequence[_Step], kinds: Sequence[CallStep]) -> _Step | None:
    return next((each for each in reversed(steps) if each.step in kinds), None)


def _steps_of(session: Session, time_off_id: int) -> Mapping[int, Sequence[_Step]]:
    """What was done and not taken back, by booking, the oldest first."""
    call = AbsenceCall
    rows = session.execute(
        select(call.id, call.booking_id, call.step, call.at, call.user_id, User.name)
        .outerjoin(User, User.id == call.user_id)
        .where(call.time_off_id == time_off_id, call.ended_at.is_(None))
        .order_by(call.id)
    )
    found: dict[int, list[_Step]] = {}
    for id, booking_id, step, at, user_id, name in rows:
        found.setdefault(booking_id, []).append(
            _Step(id, booking_id, step, at, user_id, name or "")
        )
    return found
