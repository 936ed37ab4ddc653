"""Bookings of a span of days as a list: filtered, by time, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.availability import Days, organisation_clock
from core.desk import DayBooking, drawn
from core.interval import to_instant
from core.models import Booking, BookingState, Professional, ProfessionalExpertise
from core.policy import Actor, Permission, require, visible_bookings

S = BookingState
PAGE_LENGTH = 50
LISTED = (S.BOOKED, S.ARRIVED, S.IN_PROGRESS, S.COMPLETED, S.NO_SHOW, S.CANCELLED)


@dataclass(frozen=True)
class AgendaAsked:
    """Local days, both included; whatever else is left out is not asked about."""

    first: date
    last: date
    service_id: int | None = None
    expertise_id: int | None = None
    professional_ids: tuple[int, ...] = ()
    states: tuple[BookingState, ...] = ()
    """None: all but what was cancelled."""
    page: int = 1


@dataclass(frozen=True)
class Agenda:
    """One page of the list; ``total`` counts all of it."""

    zone: str
    bookings: Sequence[DayBooking]
    professionals: Mapping[int, str]
    total: int
    page: int
    """The one asked for, or the last where there are fewer."""

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_LENGTH))


def load_agenda(session: Session, actor: Actor, asked: AgendaAsked) -> Agenda:
    """What begins on those days, by time, in a fixed number of queries."""
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    chosen = _chosen(session, actor, asked)
    return page_of(session, chosen, asked.page)


def page_of(session: Session, chosen: Select[Booking], page: int) -> Agenda:
    """That page of what was chosen among the visible, by time; the last where there are fewer."""
    total = session.scalar(chosen.with_only_columns(func.count())) or 0
    page = page_within(page, total)
    ids = (
        chosen.with_only_columns(Booking.id)
        .order_by(Booking.starts_at, Booking.id)
        .limit(PAGE_LENGTH)
        .offset((page - 1) * PAGE_LENGTH)
    )
    on_page = list(session.scalars(ids))
    return draw_page(session, select(Booking).where(Booking.id.in_(on_page)), total, page)


def page_within(page: int, total: int) -> int:
    """That page, or the last where there are fewer."""
    return max(1, min(page, -(-total // PAGE_LENGTH)))


def draw_page(session: Session, on_page: Select[Booking], total: int, page: int) -> Agenda:
    """The bookings of one page, by time."""
    bookings = drawn(session, on_page)
    people = {each.professional_id for each in bookings}
    named = session.execute(
        select(Professional.id, Professional.name).where(Professional.id.in_(people))
    )
    zone = organisation_clock(session).zone.key
    return Agenda(zone, bookings, {id: name for id, name in named}, total, page)  # noqa: C416 - rows are not pairs to mypy


def _chosen(session: Session, actor: Actor, asked: AgendaAsked) -> Select[Booking]:
    days = Days(asked.first, asked.last)
    span = organisation_clock(session).span_of_days(days.first, days.last)
    states = asked.states or [each for each in LISTED if each is not S.CANCELLED]
    chosen = visible_bookings(actor).where(
        Booking.starts_at >= to_instant(span[0]),
        Booking.starts_at < to_instant(span[1]),
        Booking.state.in_([each for each in states if each in LISTED]),
    )
    if asked.service_id is not None:
        chosen = chosen.where(Booking.service_id == asked.service_id)
    if asked.expertise_id is not None:
        tagged = select(ProfessionalExpertise.professional_id).where(
            ProfessionalExpertise.expertise_id == asked.expertise_id
        )
        chosen = chosen.where(Booking.professional_id.in_(tagged))
    if asked.professional_ids:
        chosen = chosen.where(Booking.professional_id.in_(asked.professional_ids))
    return chosen
