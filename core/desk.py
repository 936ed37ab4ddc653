"""What the desk sees of one day: the sheets, the bookings on them, and who offers what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from core.availability import (
    Busy,
    Days,
    DaySheet,
    Explainer,
    Reason,
    Visit,
    clock_of,
    load_busy,
    load_sheets,
    organisation_clock,
)
from core.availability.starts import behind_visits, free_time, next_on_clock
from core.catalog import Price, price_for, tier_of
from core.errors import NotFound
from core.interval import Span, to_instant, to_seconds
from core.models import (
    LONGEST_VISIT_SECONDS,
    Anchor,
    Attendee,
    Booking,
    BookingState,
    Confirmation,
    Override,
    Patient,
    Professional,
    ProfessionalExpertise,
    ProfessionalService,
    Room,
    Service,
    ServiceColour,
    ServiceRoom,
    User,
)
from core.policy import Actor, Permission, require, visible_bookings, visible_calendars
from core.visits import visit_of

OPENING_HOUR, CLOSING_HOUR = 8, 18
"""What is shown of every day, however short the hours."""


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
    patients: tuple[str, ...]
    """Those with a seat, by name; nobody in a hold."""
    waiting: int
    seats: int
    service: str
    colour: ServiceColour | None
    room: str
    held_by: str
    has_alert: bool
    """Something has to be known about one of those with a seat."""
    has_note: bool
    is_series: bool
    is_override: bool
    is_confirmed: bool
    """By everybody who has a seat, on the telephone."""

    @property
    def patient(self) -> str:
        """The patient, or the first of a group."""
        return self.patients[0] if self.patients else ""


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
    """What the free starts are for, by professional: the service chosen, else the shortest of
    their own."""
    rooms: Sequence[Sequence[Busy]] | None

    @property
    def shown(self) -> Span:
        """The whole hours from the first thing of the day to the last, 8 to 18 at least."""
        clock, ordinal = clock_of(self.zone), self.on.toordinal()
        midnight = clock.day(ordinal)[0]
        end_of_day = clock.day(ordinal + 1)[0]
        spans = [each for sheet in self.sheets for each in sheet.windows if each[0] < end_of_day]
        spans += [(to_seconds(each.starts_at), to_seconds(each.ends_at)) for each in self.bookings]
        first = min([clock.at(ordinal, OPENING_HOUR * 60), *(start for start, _end in spans)])
        last = max([clock.at(ordinal, CLOSING_HOUR * 60), *(end for _start, end in spans)])
        return (
            midnight + max(0, first - midnight) // 3600 * 3600,
            min(midnight - (midnight - last) // 3600 * 3600, end_of_day + 86400),
        )


@dataclass(frozen=True)
class ServiceThere:
    """A service a professional offers, and why it cannot start at the time asked about."""

    id: int
    name: str
    length_minutes: int
    price: Price
    tax_rate: int
    reasons: tuple[Reason, ...]


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
        visits=visits_offered(session, actor, service, professionals),
        rooms=rooms_of(session, [service.id], span, now=now).get(service.id) if service else None,
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
    return drawn(
        session,
        visible_bookings(actor).where(
            Booking.professional_id.in_([each.id for each in professionals]),
            Booking.starts_at < to_instant(span[1]),
            Booking.starts_at > to_instant(span[0] - LONGEST_VISIT_SECONDS),
            Booking.ends_at > to_instant(span[0]),
            Booking.state != BookingState.CANCELLED,
            (Booking.held_until.is_(None)) | (Booking.held_until > now),
        ),
    )


def drawn(session: Session, chosen: Select[Booking]) -> list[DayBooking]:
    """The bookings chosen, as calendars and lists draw them, by time."""
    overridden = exists().where(Override.booking_id == Booking.id)
    rows = session.connection().execute(
        chosen.join(Booking.service)
        .outerjoin(Booking.attendees)
        .outerjoin(Attendee.patient)
        .outerjoin(Confirmation, Confirmation.attendee_id == Attendee.id)
        .outerjoin(Booking.room)
        .outerjoin(User, (Booking.created_by == User.id) & (Booking.state == BookingState.HELD))
        .with_only_columns(
            Booking.id,
            Booking.version,
            Booking.professional_id,
            Booking.starts_at,
            Booking.ends_at,
            Booking.state,
            Booking.seats,
            Service.name.label("service"),
            Service.colour,
            Room.name.label("room"),
            User.name.label("held_by"),
            (Booking.desk_note != "").label("has_note"),
            Booking.series_id.is_not(None).label("is_series"),
            overridden.label("is_override"),
            Patient.name.label("patient"),
            (Patient.alerts != "").label("has_alert"),
            Attendee.waiting,
            Attendee.state.label("seat"),
            Confirmation.attendee_id.is_not(None).label("sure"),
        )
        .order_by(Booking.starts_at, Booking.id, Attendee.id)
    )
    return [_day_booking(list(group)) for _id, group in groupby(rows, key=itemgetter(0))]


def _day_booking(rows: Sequence[tuple[Any, ...]]) -> DayBooking:
    """One booking from its rows, of which there is one for each patient."""
    id, version, professional_id, starts_at, ends_at, state, seats = rows[0][:7]
    service, colour, room, held_by, has_note, is_series, is_override = rows[0][7:14]
    patients, waiting, unsure, alerts = [], 0, 0, 0
    for *_own, name, alert, waits, seat, sure in rows:
        if name is None or (seat is BookingState.CANCELLED and state is not seat):
            continue
        if waits:
            waiting += 1
        else:
            patients.append(name)
            unsure += not sure
            alerts += alert
    return DayBooking(
        id=id,
        version=version,
        professional_id=professional_id,
        starts_at=starts_at,
        ends_at=ends_at,
        state=state,
        patients=tuple(patients),
        waiting=waiting,
        seats=seats,
        service=service,
        colour=colour,
        room=room or "",
        held_by=held_by or "",
        has_alert=bool(alerts),
        has_note=bool(has_note),
        is_series=bool(is_series),
        is_override=bool(is_override),
        is_confirmed=bool(patients) and not unsure,
    )


@dataclass(frozen=True)
class CancelledBooking:
    id: int
    starts_at: datetime
    professional: str
    patient: str
    reason: str


def load_cancelled(session: Session, actor: Actor, asked: DayAsked) -> list[CancelledBooking]:
    """What was cancelled on that day in the columns asked for, by time."""
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    span = organisation_clock(session).span_of_days(asked.on, asked.on)
    columns = load_columns(session, actor, asked)
    rows = session.execute(
        visible_bookings(actor)
        .join(Booking.professional)
        .join(Booking.attendees)
        .join(Attendee.patient)
        .with_only_columns(
            Booking.id, Booking.starts_at, Professional.name, Patient.name, Booking.cancel_reason
        )
        .where(
            Booking.professional_id.in_([each.id for each in columns]),
            Booking.state == BookingState.CANCELLED,
            Booking.starts_at >= to_instant(span[0]),
            Booking.starts_at < to_instant(span[1]),
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    return [CancelledBooking(*row) for row in rows]


def day_starts(day: DeskDay, *, now: datetime, moving: int = 0) -> list[StartCell]:
    """Every start of the chosen service in the hours shown, bookable or with reasons.

    ``moving`` is a booking whose own time is not in its way.
    """
    cells: list[StartCell] = []
    shown = day.shown
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
            for start in lattice_of(sheet, visit, shown)
        )
    return cells


def lattice_of(sheet: DaySheet, visit: Visit, shown: Span) -> list[int]:
    """The moments of the step in the hours shown, at work or not, free or not."""
    rules, found = visit.rules, set[int]()
    spans = [shown] if rules.anchor is Anchor.CLOCK else sheet.windows
    for start, end in spans:
        first = next_on_clock(sheet.clock, start, rules) if rules.anchor is Anchor.CLOCK else start
        found.update(range(first, end, rules.step))
    if rules.fits_gap:
        found.update(behind_visits([sheet.span], free_time(sheet, visit), visit, sheet.busy))
    return sorted(each for each in found if sheet.span[0] <= each < sheet.span[1])


def services_at(
    session: Session,
    actor: Actor,
    professional_id: int,
    start: datetime,
    *,
    now: datetime,
    own_hold: int = 0,
) -> list[ServiceThere]:
    """What the professional offers, by name, each with the reasons against that start.

    The asker's own hold is not in the way.
    """
    asked = visible_calendars(actor).where(Professional.id == professional_id)
    professional = session.scalar(asked)
    if professional is None:
        raise NotFound(what="professional")
    on = organisation_clock(session).date_of(to_seconds(start))
    sheet = load_sheets(session, [professional], Days(on, on), now=now)[0]
    offers = session.execute(
        select(Service, ProfessionalService.length_minutes, ProfessionalService.price_cents)
        .join(ProfessionalService, ProfessionalService.service_id == Service.id)
        .where(
            ProfessionalService.professional_id == professional_id, Service.archived_at.is_(None)
        )
        .order_by(Service.name)
    ).all()
    tier = tier_of(session, professional)
    rooms = rooms_of(session, [service.id for service, *_own in offers], sheet.span, now=now)
    found = []
    for service, own_length, own_price in offers:
        visit = visit_of(actor, service, own_length, booking_id=own_hold)
        explain = Explainer(sheet, visit, now=now, rooms=rooms.get(service.id))
        found.append(
            ServiceThere(
                service.id,
                service.name,
                visit.length // 60,
                price_for(service.price_cents, own_price, tier),
                service.tax_rate,
                tuple(explain.reasons(to_seconds(start))),
            )
        )
    return found


def visits_offered(
    session: Session, actor: Actor, service: Service | None, professionals: Sequence[Professional]
) -> dict[int, Visit]:
    """The service as each of them offers it, else the shortest of their own; by professional."""
    offered = (
        select(ProfessionalService.professional_id, ProfessionalService.length_minutes, Service)
        .join(Service, Service.id == ProfessionalService.service_id)
        .where(
            ProfessionalService.professional_id.in_([each.id for each in professionals]),
            Service.archived_at.is_(None),
        )
    )
    if service is not None:
        offered = offered.where(Service.id == service.id)
    visits: dict[int, Visit] = {}
    for professional_id, own_length, each in session.execute(offered):
        visit = visit_of(actor, each, own_length)
        shortest = visits.get(professional_id)
        if shortest is None or visit.length < shortest.length:
            visits[professional_id] = visit
    return visits


def rooms_of(
    session: Session, service_ids: Sequence[int], span: tuple[int, int], *, now: datetime
) -> dict[int, list[Sequence[Busy]]]:
    """The calendars of the rooms each service needs one of; nothing for those that need none."""
    rows = session.execute(
        select(ServiceRoom.service_id, Room.calendar_id)
        .join(Room, Room.id == ServiceRoom.room_id)
        .where(ServiceRoom.service_id.in_(service_ids), Room.archived_at.is_(None))
        .order_by(Room.id)
    ).all()
    if not rows:
        return {}
    reach = (span[0] - LONGEST_VISIT_SECONDS, span[1] + LONGEST_VISIT_SECONDS)
    busy = load_busy(session, {calendar for _service, calendar in rows}, reach, now=now)
    found: dict[int, list[Sequence[Busy]]] = {}
    for service_id, calendar_id in rows:
        found.setdefault(service_id, []).append(busy.get(calendar_id, ()))
    return found
