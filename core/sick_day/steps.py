"""Going down the list: take a visit, move or cancel it, put it back, undo the last step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import audit
from core.booking import (
    CancelRequest,
    MoveRequest,
    UndoRequest,
    cancel,
    get_booking,
    move,
    undo,
)
from core.booking.ledger import did_last
from core.edits import UNDO_FOR
from core.errors import N_, Invalid, NotFound
from core.models import (
    AbsenceCall,
    Booking,
    CallStep,
    EventKind,
    TimeOff,
)
from core.policy import Actor, Permission, require
from core.sick_day.worklist import Worklist, WorkRow, load_worklist

P, S = Permission, CallStep

AWAY = N_("The professional is away")
"""Why the visit is cancelled, as it stands on the booking."""


@dataclass(frozen=True)
class MoveInstead:
    """``version`` is that of the booking as the desk saw it."""

    time_off_id: int
    booking_id: int
    version: int
    professional_id: int
    starts_at: datetime


@dataclass(frozen=True)
class TakenBack:
    """The visit of the step that was taken back.

    Unless ``is_back``, it has left the list by what somebody did to it since, and stays there.
    ``already`` says that it was taken back before, by a first press of the same button.
    """

    booking: Booking
    is_back: bool
    already: bool = False


def take_next(session: Session, actor: Actor, time_off_id: int, *, now: datetime) -> Booking | None:
    """The visit this desk has before it, else the first that nobody has; None when none is."""
    worklist = _locked(session, actor, time_off_id, now=now)
    if worklist.current is not None:
        return worklist.current.booking
    free = next((each for each in worklist.rows if not each.taken_by), None)
    if free is None:
        return None
    _open(session, actor, time_off_id, free.booking, now=now)
    audit.record(session, actor, "absence.opened", free.booking, now=now, time_off=time_off_id)
    return free.booking


def no_answer(
    session: Session, actor: Actor, time_off_id: int, booking_id: int, seen: int, *, now: datetime
) -> None:
    """Nobody answered the telephone: the call is logged, and the visit comes again at the end.

    ``seen`` is that of the row the desk had before it: pressed twice, one call is logged.
    """
    _put_back(session, actor, time_off_id, booking_id, seen, S.NO_ANSWER, now=now)


def skip(
    session: Session, actor: Actor, time_off_id: int, booking_id: int, seen: int, *, now: datetime
) -> None:
    """Not now: the visit comes again at the end, and nobody was called."""
    _put_back(session, actor, time_off_id, booking_id, seen, S.SKIPPED, now=now)


def move_stranded(
    session: Session, actor: Actor, request: MoveInstead, *, now: datetime
) -> Booking:
    """Move a visit out of the time off; of a series it is this one alone."""
    require(actor, P.BOOKINGS_WRITE)
    worklist = load_worklist(session, actor, request.time_off_id, now=now)
    asked = MoveRequest(
        request.booking_id, request.version, request.professional_id, request.starts_at
    )
    if _is_moved(session, actor, asked):
        return get_booking(session, actor, asked.booking_id)
    _own_row(worklist, request.booking_id)
    moved = move(session, actor, asked, now=now)
    _note(session, actor, request.time_off_id, moved, S.MOVED, now=now)
    return moved


def cancel_stranded(
    session: Session,
    actor: Actor,
    time_off_id: int,
    booking_id: int,
    version: int,
    *,
    now: datetime,
) -> Booking:
    """Cancel a visit because the professional is away, which is never late."""
    require(actor, P.BOOKINGS_WRITE)
    _own_row(load_worklist(session, actor, time_off_id, now=now), booking_id)
    asked = CancelRequest(booking_id, version, AWAY, asked_by_patient=False)
    cancelled = cancel(session, actor, asked, now=now)
    _note(session, actor, time_off_id, cancelled, S.CANCELLED, now=now)
    return cancelled


def undo_last(
    session: Session, actor: Actor, time_off_id: int, step_id: int | None, *, now: datetime
) -> TakenBack:
    """Take back what the actor did last here, and have that visit before them again.

    ``step_id`` is the list's ``undoable`` as the desk saw it: pressed twice, it takes back once.

    What somebody has changed in the booking since stays; the step is behind the actor then, so
    that the one before it can be taken back.
    """
    require(actor, P.BOOKINGS_WRITE)
    rows = load_worklist(session, actor, time_off_id, now=now).rows
    if before := _taken_back(session, actor, rows, step_id):
        return before
    last = _last_of(session, actor, time_off_id, step_id, now=now)
    booking = get_booking(session, actor, last.booking_id)
    undoes = last.step in (S.CANCELLED, S.MOVED) and booking.version == last.booking_version
    if undoes:
        undo(session, actor, UndoRequest(booking.id, booking.version), now=now)
    # After the booking: removing time off locks the calendar first, too.
    rows = _locked(session, actor, time_off_id, now=now).rows
    session.refresh(last)
    if before := _taken_back(session, actor, rows, last.id):
        return before
    row = next((each for each in rows if each.booking.id == booking.id), None)
    if row is not None:
        _check_not_taken(row)
    last.ended_at = now
    if row is not None:
        _open(session, actor, time_off_id, booking, now=now)
    if not undoes:
        audit.record(session, actor, "absence.undone", booking, now=now, time_off=time_off_id)
    return TakenBack(booking, row is not None)


def _taken_back(
    session: Session, actor: Actor, rows: Sequence[WorkRow], step_id: int | None
) -> TakenBack | None:
    """The visit of a step of the actor's that is taken back already."""
    step = session.get(AbsenceCall, step_id) if step_id else None
    if step is None or step.ended_at is None or step.user_id != actor.user_id:
        return None
    booking = get_booking(session, actor, step.booking_id)
    is_back = any(each.booking.id == booking.id for each in rows)
    return TakenBack(booking, is_back, already=True)


def _last_of(
    session: Session, actor: Actor, time_off_id: int, step_id: int | None, *, now: datetime
) -> AbsenceCall:
    """The actor's last step, unless it cannot be undone: one before it would come as a surprise."""
    last = session.scalar(
        select(AbsenceCall)
        .where(
            AbsenceCall.time_off_id == time_off_id,
            AbsenceCall.user_id == actor.user_id,
            AbsenceCall.step != S.OPENED,
            AbsenceCall.ended_at.is_(None),
        )
        .order_by(AbsenceCall.id.desc())
        .limit(1)
    )
    if last is None:
        raise Invalid(
            N_("There is nothing of yours to undo on this list. Open the booking to change it.")
        )
    if last.id != step_id:
        raise Invalid(
            N_("You have gone on with this list in another window. Look again before you undo.")
        )
    if last.step is S.MOVED and last.at + UNDO_FOR <= now:
        raise Invalid(
            N_(
                "Your last step here was to move a visit, more than ten minutes ago. "
                "Open the booking to change it."
            )
        )
    return last


def _put_back(
    session: Session,
    actor: Actor,
    time_off_id: int,
    booking_id: int,
    seen: int,
    step: CallStep,
    *,
    now: datetime,
) -> None:
    worklist = _locked(session, actor, time_off_id, now=now)
    if _did_since(session, actor, time_off_id, booking_id, seen, step):
        return
    row = _own_row(worklist, booking_id)
    _note(session, actor, time_off_id, row.booking, step, now=now)
    audit.record(session, actor, f"absence.{step}", row.booking, now=now, time_off=time_off_id)


def _is_moved(session: Session, actor: Actor, asked: MoveRequest) -> bool:
    """Whether the first press of the same button has moved the visit there, and noted it."""
    booking = get_booking(session, actor, asked.booking_id)
    there = (booking.professional_id, booking.starts_at)
    return there == (asked.professional_id, asked.starts_at) and did_last(
        session, actor.user_id, booking, EventKind.MOVED, asked.version
    )


def _did_since(
    session: Session, actor: Actor, time_off_id: int, booking_id: int, seen: int, step: CallStep
) -> bool:
    """Whether this very step was taken by the first press of the same button."""
    taken = select(AbsenceCall.id).where(
        AbsenceCall.time_off_id == time_off_id,
        AbsenceCall.booking_id == booking_id,
        AbsenceCall.user_id == actor.user_id,
        AbsenceCall.step == step,
        AbsenceCall.id > seen,
        AbsenceCall.ended_at.is_(None),
    )
    return session.scalar(taken.limit(1)) is not None


def _locked(session: Session, actor: Actor, time_off_id: int, *, now: datetime) -> Worklist:
    """The list while nobody else takes from it: of two desks each gets another visit."""
    require(actor, P.BOOKINGS_WRITE)
    # A weaker lock than for deleting it: whoever moves a visit notes it without waiting.
    session.execute(
        select(TimeOff.id).where(TimeOff.id == time_off_id).with_for_update(key_share=True)
    )
    return load_worklist(session, actor, time_off_id, now=now)


def _own_row(worklist: Worklist, booking_id: int) -> WorkRow:
    """The visit, unless it has left the list or another desk is calling."""
    row = next((each for each in worklist.rows if each.booking.id == booking_id), None)
    if row is None:
        raise NotFound(what=N_("stranded visit"))
    _check_not_taken(row)
    return row


def _check_not_taken(row: WorkRow) -> None:
    if row.taken_by:
        raise Invalid(
            N_("{who} is calling about this visit just now. Take the next one."), who=row.taken_by
        )


def _open(
    session: Session, actor: Actor, time_off_id: int, booking: Booking, *, now: datetime
) -> None:
    """Before this desk from now on; what it had before is free again."""
    session.execute(
        update(AbsenceCall)
        .where(
            AbsenceCall.time_off_id == time_off_id,
            AbsenceCall.user_id == actor.user_id,
            AbsenceCall.step == S.OPENED,
            AbsenceCall.ended_at.is_(None),
        )
        .values(ended_at=now)
    )
    _note(session, actor, time_off_id, booking, S.OPENED, now=now)


def _note(
    session: Session,
    actor: Actor,
    time_off_id: int,
    booking: Booking,
    step: CallStep,
    *,
    now: datetime,
) -> None:
    session.flush()  # the booking has its new version after this
    session.add(
        AbsenceCall(
            time_off_id=time_off_id,
            booking_id=booking.id,
            user_id=actor.user_id,
            step=step,
            at=now,
            booking_version=booking.version,
        )
    )
    session.flush()
