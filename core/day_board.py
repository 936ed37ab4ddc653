"""Who is expected today, who waits and for how long, who is with whom, and who is done."""

import enum
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session, joinedload, selectinload

from core.availability import organisation_clock
from core.booking import load_confirmed, may_become
from core.interval import to_instant
from core.models import Attendee, Booking, BookingState, Patient
from core.patients import lines_of
from core.policy import Actor, Permission, require, visible_bookings

P, S = Permission, BookingState

STEPS = (S.ARRIVED, S.IN_PROGRESS, S.COMPLETED, S.NO_SHOW)
"""What a row may be marked as, in the order of a visit."""


class Stage(enum.StrEnum):
    """Where a visit stands; in this order on the board."""

    OVERDUE = "overdue"
    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    EXPECTED = "expected"
    NO_SHOW = "no_show"
    COMPLETED = "completed"
    CANCELLED_LATE = "cancelled_late"


ORDER = list(Stage)


@dataclass(frozen=True)
class BoardRow:
    booking_id: int
    version: int
    stage: Stage
    starts_at: datetime
    since: datetime
    """From when its stage counts: the start missed, the arrival, the beginning."""
    patient: str
    """Of a group the first, and how many more."""
    others: int
    patient_id: int | None
    phone: str
    professional_id: int
    professional: str
    service: str
    room: str
    may: tuple[BookingState, ...]
    """What it may be marked as now."""
    confirmed: bool
    """By everybody who has a seat, on the telephone."""
    alerts: tuple[str, ...] = ()
    """What has to be known; of a group with whose alert it is."""

    @property
    def may_confirm(self) -> bool:
        """Whether one tick says that they will come; a group is asked one by one."""
        return self.stage is Stage.EXPECTED and self.patient_id is not None and not self.others

    def minutes(self, now: datetime) -> int:
        """How long it has been in its stage."""
        return max(0, (now - self.since) // timedelta(minutes=1))


@dataclass(frozen=True)
class DayBoard:
    on: date
    rows: Sequence[BoardRow]

    def count(self, stage: Stage) -> int:
        return sum(each.stage is stage for each in self.rows)


def load_board(
    session: Session,
    actor: Actor,
    on: date,
    *,
    professional_ids: Sequence[int] = (),
    now: datetime,
) -> DayBoard:
    """The visits that begin on a local day: overdue first, then those who wait longest."""
    require(actor, P.BOOKINGS_WRITE, P.BOOKINGS_MARK_OWN)
    start, end = organisation_clock(session).span_of_days(on, on)
    query = visible_bookings(actor).where(
        Booking.starts_at >= to_instant(start),
        Booking.starts_at < to_instant(end),
        Booking.state != S.HELD,
        (Booking.state != S.CANCELLED) | Booking.cancelled_late,
    )
    if professional_ids:
        query = query.where(Booking.professional_id.in_(professional_ids))
    found = session.scalars(
        query.options(
            joinedload(Booking.service),
            joinedload(Booking.professional),
            joinedload(Booking.room),
            selectinload(Booking.attendees).joinedload(Attendee.patient),
        )
    )
    bookings = found.all()
    sure = load_confirmed(session, actor, [each.id for each in bookings])
    rows = [_row(each, sure.keys(), now) for each in bookings]
    return DayBoard(on, sorted(rows, key=_place))


def _row(booking: Booking, sure: Collection[tuple[int, int]], now: datetime) -> BoardRow:
    seated = [
        each.patient
        for each in booking.attendees
        if booking.seats == 1 or (each.state is not S.CANCELLED and not each.waiting)
    ]
    stage, since = _stage(booking, now)
    return BoardRow(
        booking_id=booking.id,
        version=booking.version,
        stage=stage,
        starts_at=booking.starts_at,
        since=since,
        patient=seated[0].name if seated else "",
        others=max(0, len(seated) - 1),
        patient_id=seated[0].id if seated else None,
        phone=seated[0].phone if seated else "",
        professional_id=booking.professional_id,
        professional=booking.professional.name,
        service=booking.service.name,
        room=booking.room.name if booking.room else "",
        may=tuple(each for each in STEPS if may_become(booking, each, now=now)),
        confirmed=bool(seated) and all((booking.id, each.id) in sure for each in seated),
        alerts=_alerts(seated),
    )


def _alerts(seated: Sequence[Patient]) -> tuple[str, ...]:
    if len(seated) == 1:
        return lines_of(seated[0].alerts)
    return tuple(f"{each.name}: {alert}" for each in seated for alert in lines_of(each.alerts))


def _stage(booking: Booking, now: datetime) -> tuple[Stage, datetime]:
    if booking.state is S.ARRIVED:
        return Stage.WAITING, booking.arrived_at or booking.starts_at
    if booking.state is S.IN_PROGRESS:
        return Stage.IN_PROGRESS, booking.started_at or booking.starts_at
    if booking.state is S.COMPLETED:
        return Stage.COMPLETED, booking.completed_at or booking.ends_at
    if booking.state is S.NO_SHOW:
        return Stage.NO_SHOW, booking.starts_at
    if booking.state is S.CANCELLED:
        return Stage.CANCELLED_LATE, booking.cancelled_at or booking.starts_at
    stage = Stage.OVERDUE if booking.starts_at < now else Stage.EXPECTED
    return stage, booking.starts_at


def _place(row: BoardRow) -> tuple[int, datetime, int]:
    return ORDER.index(row.stage), row.since, row.booking_id
