"""What an admin reads to set the place up: hours, closures, and what is still missing."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from core.catalog import get_organisation, zone_of
from core.interval import days_between
from core.models import (
    Booking,
    BookingState,
    Closure,
    HoursKind,
    Professional,
    ProfessionalService,
    Role,
    Service,
    User,
    WorkingHours,
)
from core.policy import Actor, Permission, require
from core.schedule import WeekdayWindow

P = Permission
TO_COME = (BookingState.BOOKED, BookingState.ARRIVED)


class Missing(enum.StrEnum):
    """What has to be entered before the desk can book, in the order to enter it."""

    SERVICE = "service"
    PROFESSIONAL = "professional"
    OFFER = "offer"
    HOURS = "hours"
    RECEPTIONIST = "receptionist"


@dataclass(frozen=True)
class HoursInForce:
    """The weekly windows that apply on a day, and when other ones begin to, if they do."""

    windows: tuple[WeekdayWindow, ...]
    changes_on: date | None


def find_missing(session: Session, actor: Actor) -> Missing | None:
    """The first thing that keeps the desk from booking."""
    require(actor, P.CATALOG_WRITE)
    offered = (
        exists()
        .where(ProfessionalService.professional_id == Professional.id)
        .where(ProfessionalService.service_id == Service.id, Service.archived_at.is_(None))
    )
    worked = exists().where(WorkingHours.professional_id == Professional.id)
    at_work = Professional.archived_at.is_(None)
    needed: Mapping[Missing, tuple[ColumnElement[bool], ...]] = {
        Missing.SERVICE: (Service.archived_at.is_(None),),
        Missing.PROFESSIONAL: (at_work,),
        Missing.OFFER: (at_work, offered),
        Missing.HOURS: (at_work, offered, worked),
        Missing.RECEPTIONIST: (User.active.is_(True), User.role == Role.RECEPTIONIST),
    }
    for missing, conditions in needed.items():
        if not session.scalar(select(exists().where(*conditions))):
            return missing
    return None


def load_hours(session: Session, actor: Actor, professional_id: int, on: date) -> HoursInForce:
    """A professional's weekly hours as they apply on a day."""
    require(actor, P.SCHEDULE_READ)
    rows = session.scalars(
        select(WorkingHours)
        .where(
            WorkingHours.professional_id == professional_id,
            or_(WorkingHours.valid_to.is_(None), WorkingHours.valid_to >= on),
        )
        .order_by(WorkingHours.weekday, WorkingHours.starts_minute)
    ).all()
    current = [each for each in rows if (each.valid_from or date.min) <= on]
    later = [each.valid_from for each in rows if each.valid_from and each.valid_from > on]
    windows = tuple(
        WeekdayWindow(each.weekday, each.starts_minute, each.ends_minute, each.kind)
        for each in current
    )
    return HoursInForce(windows, min(later, default=None))


def load_days_at_work(session: Session, actor: Actor, on: date) -> dict[int, tuple[int, ...]]:
    """The weekdays on which each professional works, by the professional's id."""
    require(actor, P.SCHEDULE_READ)
    rows = session.execute(
        select(WorkingHours.professional_id, WorkingHours.weekday)
        .where(
            WorkingHours.kind == HoursKind.WORK,
            or_(WorkingHours.valid_from.is_(None), WorkingHours.valid_from <= on),
            or_(WorkingHours.valid_to.is_(None), WorkingHours.valid_to >= on),
        )
        .distinct()
        .order_by(WorkingHours.professional_id, WorkingHours.weekday)
    )
    found: dict[int, tuple[int, ...]] = {}
    for professional_id, weekday in rows:
        found[professional_id] = (*found.get(professional_id, ()), weekday)
    return found


def load_closures(session: Session, actor: Actor, *, since: date) -> list[Closure]:
    """The closures that end on this day or later, the next one first."""
    require(actor, P.SCHEDULE_READ)
    rows = session.scalars(
        select(Closure)
        .where(Closure.last_on >= since, Closure.removed_at.is_(None))
        .order_by(Closure.first_on, Closure.id)
    )
    return list(rows)


def count_to_come(session: Session, actor: Actor, first: date, last: date, *, now: datetime) -> int:
    """Visits that have yet to begin, on these days: somebody must be told."""
    require(actor, P.BOOKINGS_READ)
    days = days_between(first, last, zone_of(get_organisation(session)))
    count = session.scalar(
        select(func.count())
        .select_from(Booking)
        .where(
            Booking.state.in_(TO_COME),
            Booking.starts_at >= max(days.start, now),
            Booking.starts_at < days.end,
        )
    )
    return count or 0
