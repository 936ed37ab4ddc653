"""Time nobody can book: a professional's time off, and days the whole place is closed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from core import audit
from core.errors import N_, Invalid, NotFound
from core.models import Closure, Professional, TimeOff, TimeOffKind
from core.patients.typed import LONGEST_NAME, line
from core.policy import Actor, Permission, require, visible_calendars
from core.schedule.calendars import (
    lock_any_entry,
    lock_entry,
    lock_professional,
    lock_professionals,
)
from core.schedule.removing import bring_back, take_away

P = Permission

LONGEST_ABSENCE = timedelta(days=2 * 366)
"""Longer is a slip of the pen."""


@dataclass(frozen=True)
class NewTimeOff:
    professional_id: int
    starts_at: datetime
    ends_at: datetime
    reason: str = ""
    kind: TimeOffKind = TimeOffKind.AWAY


@dataclass(frozen=True)
class Absence:
    """Time off that has yet to end, with the name of whoever is away."""

    id: int
    professional_id: int
    professional: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    kind: TimeOffKind

    @property
    def keeps_visits(self) -> bool:
        """Nothing new is booked; what is booked takes place."""
        return self.kind is TimeOffKind.NOT_BOOKABLE


@dataclass(frozen=True)
class NewClosure:
    """Days on which the whole place is closed, both included."""

    first_on: date
    last_on: date
    name: str


def enter_time_off(
    session: Session, actor: Actor, request: NewTimeOff, *, now: datetime
) -> TimeOff:
    """Nothing can be booked in this time any more; what is booked stays, to be moved.

    Of the other kind, "not bookable", they are at work: what is booked takes place.

    The desk enters it for a colleague who is ill, from that morning on or afterwards.
    """
    professional = lock_professional(
        session,
        actor,
        request.professional_id,
        P.TIME_OFF_WRITE,
        P.SCHEDULE_WRITE_OWN,
    )
    _check_length(request.starts_at, request.ends_at)
    time_off = TimeOff(
        professional_id=professional.id,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        reason=line(request.reason, LONGEST_NAME, "reason"),
        kind=request.kind,
    )
    session.add(time_off)
    audit.record(session, actor, "time_off.entered", time_off, now=now)
    return time_off


def remove_time_off(session: Session, actor: Actor, time_off_id: int, *, now: datetime) -> None:
    """The hours of that time can be booked again."""
    time_off = lock_entry(
        session,
        actor,
        TimeOff,
        time_off_id,
        N_("time off"),
        P.TIME_OFF_WRITE,
        P.SCHEDULE_WRITE_OWN,
    )
    take_away(session, time_off, now=now)
    audit.record(session, actor, "time_off.removed", time_off, now=now)


def put_back_time_off(
    session: Session, actor: Actor, time_off_id: int, *, now: datetime
) -> TimeOff:
    """It was removed by mistake: for ten minutes it comes back as it was, with its calls."""
    what, needed = N_("time off"), (P.TIME_OFF_WRITE, P.SCHEDULE_WRITE_OWN)
    time_off = lock_any_entry(session, actor, TimeOff, time_off_id, what, *needed)
    bring_back(time_off, what, now=now)
    audit.record(session, actor, "time_off.put_back", time_off, now=now)
    return time_off


def load_time_off(session: Session, actor: Actor, *, now: datetime) -> list[Absence]:
    """Who is away, now or later, in the calendars the actor may look at; the next one first."""
    require(actor, P.SCHEDULE_READ, P.SCHEDULE_READ_OWN)
    rows = session.execute(
        visible_calendars(actor)
        .join(TimeOff, TimeOff.professional_id == Professional.id)
        .with_only_columns(
            TimeOff.id,
            Professional.id,
            Professional.name,
            TimeOff.starts_at,
            TimeOff.ends_at,
            TimeOff.reason,
            TimeOff.kind,
        )
        .where(
            Professional.archived_at.is_(None),
            TimeOff.ends_at > now,
            TimeOff.removed_at.is_(None),
        )
        .order_by(TimeOff.starts_at, Professional.name, TimeOff.id)
    )
    return [Absence(*row) for row in rows]


def add_closure(session: Session, actor: Actor, request: NewClosure, *, now: datetime) -> Closure:
    """Close the place for days; what is booked stays, to be moved."""
    require(actor, P.SCHEDULE_WRITE)
    if request.last_on < request.first_on:
        raise Invalid(
            N_("The last day lies before the first. Please change one of them."), field="last_on"
        )
    if request.last_on - request.first_on > LONGEST_ABSENCE:
        raise Invalid(
            N_("This is longer than two years. Please choose an earlier last day."), field="last_on"
        )
    name = line(request.name, LONGEST_NAME, "name")
    if not name:
        raise Invalid(N_("Please say why the place is closed."), field="name")
    lock_professionals(session)
    closure = Closure(first_on=request.first_on, last_on=request.last_on, name=name)
    session.add(closure)
    audit.record(session, actor, "closure.added", closure, now=now)
    return closure


def remove_closure(session: Session, actor: Actor, closure_id: int, *, now: datetime) -> None:
    """Open the place on those days after all."""
    require(actor, P.SCHEDULE_WRITE)
    lock_professionals(session)
    closure = session.get(Closure, closure_id, populate_existing=True)
    if closure is None or closure.removed_at is not None:
        raise NotFound(what=N_("closure"))
    take_away(session, closure, now=now)
    audit.record(session, actor, "closure.removed", closure, now=now)


def put_back_closure(session: Session, actor: Actor, closure_id: int, *, now: datetime) -> Closure:
    """It was removed by mistake: for ten minutes it comes back as it was."""
    require(actor, P.SCHEDULE_WRITE)
    lock_professionals(session)
    closure = session.get(Closure, closure_id, populate_existing=True)
    bring_back(closure, N_("closure"), now=now)
    assert closure is not None
    audit.record(session, actor, "closure.put_back", closure, now=now)
    return closure


def _check_length(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise Invalid(
            N_("The time off ends before it begins. Please change one of the times."),
            field="ends_at",
        )
    if ends_at - starts_at > LONGEST_ABSENCE:
        raise Invalid(
            N_("This is longer than two years. Please choose an earlier last day."), field="ends_at"
        )
