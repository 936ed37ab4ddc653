"""What the desk sees of one day: the sheets, the bookings on them, and who offers what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.availability import (
    Busy,
    Days,
    DaySheet,
    Explainer,
    Reason,
    Visit,
    load_busy,
    load_sheets,
    organisation_clock,
)
from core.availability.starts import behind_visits, free_time, next_on_clock
from core.interval import to_instant
from core.models import (
    LONGEST_VISIT_SECONDS,
    Anchor,
    Attendee,
    Booking,
    BookingState,
    Patient,
    Professional,
    ProfessionalExpertise,
    ProfessionalService,
    Room,
    Service,
)
from core.policy import Actor, Permission, require, visible_bookings, visible_calendars
from core.visits import rooms_for, visit_of


@dataclass(frozen=True)
class DayAsked:
    """Which day, and whose: everybody who offers the service and has the expertise."""

    on: date
    service_id: int | None = None
    expertise_id: int | None = None
    professional_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class DayBooking:
    """A booking as the calendar draws it."""

    id: int
    version: int
    professional_id: int
    starts_at: datetime
    ends_at: datetime
    state: BookingState
    patient: str
    service: str
    room: str
    has_note: bool


@dataclass(frozen=True)
class StartCell:
    """One start of the lattice; without reasons it can be booked. Times in epoch seconds."""

    professional_id: int
    start: int
    end: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class DeskDay:
    on: date
    zone: str
    professionals: Sequence[Professional]
    sheets: Sequence[DaySheet]
    bookings: Sequence[DayBooking]
    service: Service | None
    visits: Mapping[int, Visit]
    """How the chosen service would be placed, by professional."""
    rooms: Sequence[Sequence[Busy]] | None


def load_day(session: Session, actor: Actor, asked: DayAsked, *, now: datetime) -> DeskDay:
    """One day of the professionals asked for, in a fixed number of queries."""
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    professionals = load_columns(session, actor, asked)
    days = Days(asked.on, asked.on)
    sheets = load_sheets(session, professionals, days, now=now)
    clock = organisation_clock(session)
    span = clock.span_of_days(asked.on, asked.on)
    service = session.get(Service, asked.service_id) if asked.service_id else None
    return DeskDay(
        on=asked.on,
        zone=clock.zone.key,
        professionals=professionals,
        sheets=sheets,
        bookings=load_day_bookings(session, actor, professionals, days, now=now),
        service=service,
        visits=_visits(session, actor, service, professionals) if service else {},
        rooms=_rooms(session, service, span, now=now) if service else None,
    )


def load_columns(session: Session, actor: Actor, asked: DayAsked) -> list[Professional]:
    """Professionals in use who fit the filters, by name."""
    chosen = visible_calendars(actor).where(Professional.archived_at.is_(None))
    if asked.service_id is not None:
        offers = select(ProfessionalService.professional_id).where(
            ProfessionalService.service_id == asked.service_id
        )
        chosen = chosen.where(Professional.id.in_(offers))
    if asked.expertise_id is not None:
        tagged = select(ProfessionalExpertise.professional_id).where(
            ProfessionalExpertise.expertise_id == asked.expertise_id
        )
        chosen = chosen.where(Professional.id.in_(tagged))
    if asked.professional_ids:
        chosen = chosen.where(Professional.id.in_(asked.professional_ids))
    return list(session.scalars(chosen.order_by(Professional.name)))


def load_day_bookings(
    session: Session,
    actor: Actor,
    professionals: Sequence[Professional],
    days: Days,
    *,
    now: datetime,
) -> list[DayBooking]:
    """What is drawn on those days: all but cancelled bookings and holds that have run out."""
    span = organisation_clock(session).span_of_days(days.first, days.last)
    rows = session.execute(
        visible_bookings(actor)
        .join(Booking.attendees)
        .join(Attendee.patient)
        .join(Booking.service)
        .outerjoin(Booking.room)
        .with_only_columns(
            Booking.id,
            Booking.version,
            Booking.professional_id,
            Booking.starts_at,
            Booking.ends_at,
            Booking.state,
            Patient.name,
            Service.name,
            Room.name,
            Booking.desk_note != "",
        )
        .where(
            Booking.professional_id.in_([each.id for each in professionals]),
            Booking.starts_at < to_instant(span[1]),
            Booking.starts_at > to_instant(span[0] - LONGEST_VISIT_SECONDS),
            Booking.ends_at > to_instant(span[0]),
            Booking.state != BookingState.CANCELLED,
            (Booking.held_until.is_(None)) | (Booking.held_until > now),
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    return [DayBooking(*row[:8], room=row[8] or "", has_note=bool(row[9])) for row in rows]


def day_starts(day: DeskDay, *, now: datetime, moving: int = 0) -> list[StartCell]:
    """Every start of the chosen service in the hours of that day, bookable or with reasons.

    ``moving`` is a booking whose own time is not in its way.
    """
    cells: list[StartCell] = []
    for sheet in day.sheets:
        visit = day.visits.get(sheet.professional_id)
        if visit is None:
            continue
        visit = replace(visit, booking_id=moving)
        explain = Explainer(sheet, visit, now=now, rooms=day.rooms)
        cells.extend(
            StartCell(
                sheet.professional_id, start, start + visit.length, tuple(explain.reasons(start))
            )
            for start in lattice_of(sheet, visit)
        )
    return cells


def lattice_of(sheet: DaySheet, visit: Visit) -> list[int]:
    """The moments of the step within the hours of the sheet's days, free or not."""
    rules, found = visit.rules, set[int]()
    for start, end in sheet.windows:
        first = next_on_clock(sheet.clock, start, rules) if rules.anchor is Anchor.CLOCK else start
        found.update(range(first, end, rules.step))
    if rules.fits_gap:
        found.update(behind_visits([sheet.span], free_time(sheet, visit), visit, sheet.busy))
    return sorted(each for each in found if sheet.span[0] <= each < sheet.span[1])


def _visits(
    session: Session, actor: Actor, service: Service, professionals: Sequence[Professional]
) -> dict[int, Visit]:
    rows = session.execute(
        select(ProfessionalService.professional_id, ProfessionalService.length_minutes).where(
            ProfessionalService.service_id == service.id,
            ProfessionalService.professional_id.in_([each.id for each in professionals]),
        )
    )
    shared = visit_of(actor, service)
    return {
        professional_id: shared if own is None else replace(shared, length=own * 60)
        for professional_id, own in rows
    }


def _rooms(
    session: Session, service: Service, span: tuple[int, int], *, now: datetime
) -> list[Sequence[Busy]] | None:
    calendars = rooms_for(session, service.id)
    if not calendars:
        return None
    reach = (span[0] - LONGEST_VISIT_SECONDS, span[1] + LONGEST_VISIT_SECONDS)
    busy = load_busy(session, calendars.values(), reach, now=now)
    return [busy.get(calendar_id, ()) for calendar_id in calendars.values()]
