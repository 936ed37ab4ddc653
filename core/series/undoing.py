"""Taking back what was done to many visits of a series at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from core.booking import UndoRequest, undo
from core.booking.groups import calendars_of_all
from core.booking.undoing import calendars_before, is_undoable
from core.claims import calendars_of
from core.db import lock_calendars
from core.errors import N_, BookingError, CannotBook, NotFound
from core.models import Attendee, Booking, BookingEvent, Claim, EventKind
from core.policy import Actor, Permission, require, visible_bookings
from core.series.requests import Seen

P = Permission

WITH_PEOPLE = (
    joinedload(Booking.service),
    selectinload(Booking.attendees).joinedload(Attendee.patient),
)


class NotAllBack(BookingError):
    """Details: ``in_the_way`` are the ids of the visits whose time is taken by now."""

    code = "not_all_back"
    message = N_(
        "{count} of these times are taken by now, and nothing was taken back. Take back the "
        "others, and open each of these for another time."
    )


@dataclass(frozen=True)
class UndoSeriesRequest:
    """The visits as the step left them."""

    seen: tuple[Seen, ...]


class Undoable(NamedTuple):
    booking: Booking
    step: BookingEvent
    """What happened to it last."""


def load_undoable(
    session: Session, actor: Actor, ids: Sequence[int], *, now: datetime
) -> list[Undoable]:
    """Those of the visits whose last step can be taken back now, by time."""
    steps = _steps(session, ids, now=now)
    found = visible_bookings(actor).where(Booking.id.in_(steps)).options(*WITH_PEOPLE)
    by_time = found.order_by(Booking.starts_at, Booking.id)
    return [Undoable(each, steps[each.id]) for each in session.scalars(by_time)]


def undo_series(
    session: Session, actor: Actor, request: UndoSeriesRequest, *, now: datetime
) -> list[Booking]:
    """Take the last step of every visit back, each by the rules of ``undo``, or of none.

    Times that somebody has taken meanwhile raise ``NotAllBack`` with the visits they were of.
    """
    require(actor, P.BOOKINGS_WRITE, P.SERIES_WRITE_OWN)
    steps = _steps(session, [each.booking_id for each in request.seen], now=now)
    if not steps:
        raise NotFound(what=N_("booking"))
    lock_calendars(session, _calendars(session, steps))
    # One may go back to where another of them lies until that goes back itself.
    moved = [id for id, step in steps.items() if step.kind is EventKind.MOVED]
    session.execute(delete(Claim).where(Claim.booking_id.in_(moved)))
    back, in_the_way = [], []
    for each in request.seen:
        try:
            with session.begin_nested():
                asked = UndoRequest(each.booking_id, each.version)
                back.append(undo(session, actor, asked, now=now))
        except CannotBook:
            in_the_way.append(each.booking_id)
    if in_the_way:
        raise NotAllBack(count=len(in_the_way), in_the_way=tuple(in_the_way))
    return back


def _steps(session: Session, ids: Sequence[int], *, now: datetime) -> Mapping[int, BookingEvent]:
    last = select(func.max(BookingEvent.id)).where(BookingEvent.booking_id.in_(ids))
    steps = session.scalars(
        select(BookingEvent).where(BookingEvent.id.in_(last.group_by(BookingEvent.booking_id)))
    )
    return {each.booking_id: each for each in steps if is_undoable(each, now=now)}


def _calendars(session: Session, steps: Mapping[int, BookingEvent]) -> set[int]:
    """Everything the visits claim, and claimed before: taken at once, in order."""
    calendars: set[int] = set()
    for id, step in steps.items():
        calendars |= calendars_of(session, id) | calendars_of_all(session, id)
        calendars |= calendars_before(session, step)
    return calendars
