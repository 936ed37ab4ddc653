"""One kind of what the place holds as a CSV, in the columns that an import reads."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog import (
    get_organisation,
    load_offered,
    load_professionals,
    load_rooms,
    load_service_rooms,
    load_services,
    load_tiers,
    zone_of,
)
from core.models import (
    Attendee,
    Booking,
    BookingState,
    HoursKind,
    Patient,
    Professional,
    Service,
)
from core.policy import Actor, Permission, require
from core.schedule import WeekdayWindow, load_weekly_hours, today_of
from core.transfer import hours, professionals, services
from core.transfer.catalog_values import DAY_MINUTES, end_after
from core.transfer.kinds import FileKind
from core.transfer.reading import csv_cell

Lines = Iterator[Sequence[object]]
BETWEEN_NAMES = "; "
AT_ONCE = 1000


def write_kind(
    session: Session, actor: Actor, kind: FileKind, file: BinaryIO, *, now: datetime
) -> int:
    """Write all of a kind, as it can be brought in again; how many rows there are.

    Nothing in it acts as a formula, and a spreadsheet opens it as it is.
    """
    require(actor, Permission.EXPORT)
    titles, load = KINDS[kind]
    count = 0
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(titles)
    for line in load(session, actor, now):
        writer.writerow(map(csv_cell, line))
        count += 1
    text.detach()  # flushed; the file stays open for whoever opened it
    return count


def _patients(session: Session, _actor: Actor, _now: datetime) -> Lines:
    columns = [getattr(Patient, each) for each in PATIENT_TITLES]
    query = select(*columns).where(Patient.archived_at.is_(None)).order_by(Patient.id)
    for row in session.execute(query, execution_options={"yield_per": AT_ONCE}):
        yield tuple(row)


def _bookings(session: Session, _actor: Actor, _now: datetime) -> Lines:
    """A line for everybody who comes; times in the place's zone with their offset."""
    zone = zone_of(get_organisation(session))
    query = (
        select(Booking, Attendee.state, Patient, Professional.name, Service.name)
        .join(Attendee, Attendee.booking_id == Booking.id)
        .join(Patient, Patient.id == Attendee.patient_id)
        .join(Professional, Professional.id == Booking.professional_id)
        .join(Service, Service.id == Booking.service_id)
        .where(Attendee.waiting.is_(False), Attendee.state != BookingState.HELD)
        .order_by(Booking.starts_at, Booking.id, Attendee.id)
    )
    rows = session.execute(query, execution_options={"yield_per": AT_ONCE})
    for booking, state, patient, professional, service in rows:
        yield (
            patient.name, patient.email, patient.phone, patient.born_on, professional, service,
            _moment(booking.starts_at, zone), _moment(booking.ends_at, zone), state.value,
            _money(booking.price_cents), booking.desk_note, _moment(booking.created_at, zone),
        )  # fmt: skip


def _services(session: Session, _actor: Actor, _now: datetime) -> Lines:
    rooms = {each.id: each.name for each in load_rooms(session)}
    taken = load_service_rooms(session)
    for each in load_services(session):
        yield (
            each.name, each.length_minutes, each.before_minutes, each.after_minutes,
            each.buffer_rule.value, each.step_minutes, each.anchor.value, each.notice_minutes,
            each.cancel_notice_minutes, each.horizon_days, each.seats, _money(each.price_cents),
            _money(each.tax_rate), each.colour.value if each.colour else "", _yes(each.listed),
            BETWEEN_NAMES.join(rooms[room] for room in taken.get(each.id, ())),
        )  # fmt: skip


def _professionals(session: Session, actor: Actor, _now: datetime) -> Lines:
    names = {each.id: each.name for each in load_services(session)}
    tiers = {each.id: each.name for each in load_tiers(session)}
    offered = load_offered(session, actor)
    for each in load_professionals(session, actor):
        offers = sorted(names[one.service_id] for one in offered.get(each.id, ()))
        yield (
            each.name, each.title, each.bio, each.languages,
            tiers[each.tier_id] if each.tier_id else "", each.colour, each.zone,
            each.visits_per_day, each.visits_per_week, each.minutes_per_day,
            each.minutes_per_week, BETWEEN_NAMES.join(one.name for one in each.expertise),
            BETWEEN_NAMES.join(offers), _yes(each.listed),
        )  # fmt: skip


def _hours(session: Session, actor: Actor, now: datetime) -> Lines:
    """The hours that apply today or will."""
    for each in load_professionals(session, actor):
        today = today_of(session, each, now)
        for window in load_weekly_hours(session, actor, each.id, today).windows:
            kind = "" if window.kind is HoursKind.WORK else window.kind.value
            yield (
                each.name, window.weekday, _clock(window.starts_minute), _end(window), kind,
                window.valid_from, window.valid_to,
            )  # fmt: skip


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(" ", "minutes")


def _money(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _clock(minute: int) -> str:
    hours, minutes = divmod(minute, 60)
    return f"{hours:02}:{minutes:02}"


def _end(window: WeekdayWindow) -> str:
    """As the clock shows it where that is read the same, else counted on past midnight."""
    shown = window.ends_minute % DAY_MINUTES
    is_read = end_after(window.starts_minute, shown) == window.ends_minute
    return _clock(shown if is_read else window.ends_minute)


PATIENT_TITLES = (
    "name", "phone", "email", "born_on", "language", "desk_note", "alerts", "preferred_parts",
    "preference",
)  # fmt: skip
BOOKING_TITLES = (
    "patient", "patient_email", "patient_phone", "patient_born_on", "professional", "service",
    "start", "end", "state", "price", "desk_note", "booked_on",
)  # fmt: skip
KINDS: Mapping[FileKind, tuple[Sequence[str], Callable[[Session, Actor, datetime], Lines]]] = {
    FileKind.PATIENTS: (PATIENT_TITLES, _patients),
    FileKind.BOOKINGS: (BOOKING_TITLES, _bookings),
    FileKind.SERVICES: (tuple(services.COLUMNS), _services),
    FileKind.PROFESSIONALS: (
        tuple(each for each in professionals.COLUMNS if each != "email"),
        _professionals,
    ),
    FileKind.HOURS: (tuple(hours.COLUMNS), _hours),
}
"""The columns of each kind, which an import knows by these names, and its lines."""
