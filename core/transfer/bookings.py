"""Bookings out of a CSV file: history, and what was already agreed elsewhere.

Hours, notice and steps are not asked of them; only an overlap is refused, by the guard in the
database. A booking of the same patient with the same professional at the same start is there
already, and so is one imported before and moved since.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.booking import RecordedBooking, record_past
from core.catalog import get_organisation, load_offers, load_professionals, load_services, zone_of
from core.claims import clear_expired_holds
from core.db import lock_calendars, seconds_of
from core.errors import N_, BookingError, Invalid, SlotTaken
from core.interval import to_seconds
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Channel,
    Organisation,
    Patient,
    Professional,
    ProfessionalService,
    Room,
    Service,
)
from core.patients import fold
from core.patients.typed import Place, phone_number, place_of
from core.policy import Actor
from core.transfer.names import Names, names_of, professional_keys
from core.transfer.reading import Row
from core.transfer.report import (
    ImportOptions,
    ImportReport,
    Outcome,
    Progress,
    RowReport,
    no_progress,
)
from core.transfer.running import bring_parts, open_table
from core.transfer.values import (
    read_cents,
    read_date,
    read_minutes,
    read_start,
    read_state,
    split_moment,
)
from core.transfer.whose import TELLING, Described, OnFile, load_on_file

COLUMNS = {
    "patient": ("patient", "patientname", "name", "client", "clientname", "customer",
                "customername", "paciente", "nombre"),
    "patient_email": ("patientemail", "email", "emailaddress", "mail", "clientemail"),
    "patient_phone": ("patientphone", "phone", "phonenumber", "telephone", "mobile", "telefono",
                      "clientphone"),
    "patient_born_on": ("patientbornon", "bornon", "dateofbirth", "dob", "birthdate"),
    "professional": ("professional", "practitioner", "provider", "doctor", "staff", "with",
                     "clinician", "profesional"),
    "service": ("service", "appointmenttype", "type", "visittype", "treatment", "servicio"),
    "date": ("date", "startdate", "appointmentdate", "day", "fecha", "data"),
    "time": ("time", "starttime", "appointmenttime", "hora"),
    "start": ("start", "starts", "startsat", "startat", "datetime", "startdatetime", "inicio"),
    "end": ("end", "ends", "endsat", "endat", "endtime", "enddatetime", "fin"),
    "length": ("length", "duration", "minutes", "lengthminutes", "durationminutes", "duracion"),
    "state": ("state", "status", "estado"),
    "price": ("price", "amount", "fee", "precio"),
    "desk_note": ("note", "notes", "desknote", "comment", "comments", "notas"),
    "booked_on": ("bookedon", "createdon", "created", "createdat", "bookedat"),
}  # fmt: skip
NEEDED = {
    "patient": ("patient", "patient_email", "patient_phone"),
    "professional": ("professional",),
    "service": ("service",),
    "date": ("date", "start"),
    "time": ("time", "start"),
}
LONGEST_VISIT = timedelta(hours=24)
CHUNK = 500

Value = TypeVar("Value")

Where = tuple[int, int, int]
"""Patient, professional and start: what makes two bookings the same."""


@dataclass(frozen=True)
class Book:
    """What rows are read against, loaded once."""

    place: Place
    read_start: Callable[[str, str], datetime]
    patients: OnFile
    name_is_enough: bool
    """No column of the file could say more of a patient."""
    professionals: Names
    services: Names
    length_of: Callable[[int, int], int]
    options: ImportOptions
    now: datetime


def import_bookings(
    session: Session,
    actor: Actor,
    content: bytes,
    options: ImportOptions | None = None,
    *,
    now: datetime,
    progress: Progress = no_progress,
) -> ImportReport:
    """Put the bookings of a file in the book; the report tells what became of each row.

    Raises ``Invalid`` where the file as a whole cannot be read.
    """
    options = options or ImportOptions()
    table = open_table(session, actor, content, options, COLUMNS, NEEDED)
    book = _open_book(session, actor, table.columns, options, now)
    read = [_read(row, book) for row in table.rows]
    there = _already_there(session, [each for each in read if isinstance(each, RecordedBooking)])
    lock_calendars(session, _shared_calendars(session))
    clear_expired_holds(session, _shared_calendars(session), now=now)
    kept = _keep_at_hand(session, read)
    report = bring_parts(
        session,
        table,
        options,
        list(zip(table.rows, read, strict=True)),
        lambda part: [_settle(session, actor, *part, there, now=now)],
        progress,
    )
    del kept
    if report.saved:
        added = report.counts[Outcome.ADDED]
        audit.record(session, actor, "bookings.imported", now=now, added=added)
    return report


def _keep_at_hand(session: Session, read: Sequence[RecordedBooking | BookingError]) -> list[object]:
    """What every row looks up again: while it is referred to, the session answers from memory."""
    patients = {each.patient_id for each in read if isinstance(each, RecordedBooking)}
    found: list[object] = [session.get(Organisation, 1)]
    for kind in (Professional, Service, ProfessionalService):
        found.extend(session.scalars(select(kind)))
    for some in _chunks(sorted(patients)):
        found.extend(session.scalars(select(Patient).where(Patient.id.in_(some))))
    return found


def _shared_calendars(session: Session) -> set[int]:
    """Locked before the first row: the desk waits here, and not for what it holds itself."""
    calendars = select(Professional.calendar_id).union_all(select(Room.calendar_id))
    return set(session.scalars(calendars))


@dataclass
class AlreadyThere:
    places: set[Where]
    keys: set[str]


def _settle(
    session: Session,
    actor: Actor,
    row: Row,
    found: RecordedBooking | BookingError,
    there: AlreadyThere,
    *,
    now: datetime,
) -> RowReport:
    label = row.cells.get("patient", "")
    if isinstance(found, BookingError):
        return RowReport(row.line, label, Outcome.REFUSED, found)
    if found.request_key in there.keys or _where(found) in there.places:
        return RowReport(row.line, label, Outcome.UNCHANGED)
    try:
        with session.begin_nested():
            record_past(session, actor, found, now=now)
    except SlotTaken as taken:
        overlap = Invalid(
            N_("This overlaps another booking of {professional} or of the patient."),
            professional=taken.details.get("professional", ""),
        )
        return RowReport(row.line, label, Outcome.REFUSED, overlap)
    except BookingError as refusal:
        return RowReport(row.line, label, Outcome.REFUSED, refusal)
    there.keys.add(found.request_key)
    return RowReport(row.line, label, Outcome.ADDED)


# What rows are read against.


def _open_book(
    session: Session,
    actor: Actor,
    columns: frozenset[str],
    options: ImportOptions,
    now: datetime,
) -> Book:
    zone = zone_of(get_organisation(session))
    return Book(
        place=place_of(session),
        read_start=lambda day, clock: read_start(day, clock, options.date_order, zone),
        patients=load_on_file(session),
        name_is_enough=columns.isdisjoint(TELLING),
        professionals=names_of(session, load_professionals(session, actor)),
        services=_services(session),
        length_of=_lengths(session),
        options=options,
        now=now,
    )


def _services(session: Session) -> Names:
    names = Names(N_("service"))
    for each in load_services(session):
        names.add(fold(each.name), each.id)
    return names


def _lengths(session: Session) -> Callable[[int, int], int]:
    """The length of a professional's offer; each pair is looked up once."""
    known: dict[tuple[int, int], int] = {}

    def length_of(professional_id: int, service_id: int) -> int:
        pair = professional_id, service_id
        if pair not in known:
            offer = load_offers(session, [professional_id], service_id).get(professional_id)
            if offer is None:
                raise Invalid(
                    N_("This professional does not offer this service. Please choose another."),
                    field="service",
                )
            known[pair] = offer.length_minutes
        return known[pair]

    return length_of


# One row.


def _read(row: Row, book: Book) -> RecordedBooking | BookingError:
    try:
        return _recorded(row, book)
    except BookingError as refusal:
        return refusal


def _recorded(row: Row, book: Book) -> RecordedBooking:
    if row.refusal is not None:
        raise row.refusal
    cells = defaultdict(str, row.cells)
    patient_id = _patient(cells, book)
    name = cells["professional"]
    professional_id = book.professionals.only(professional_keys(name), name)
    service_id = book.services.only((fold(cells["service"]),), cells["service"])
    day, clock = split_moment(cells["start"]) if cells["start"] else (cells["date"], cells["time"])
    starts_at = book.read_start(day, clock)
    ends_at = _end(cells, day, starts_at, lambda: book.length_of(professional_id, service_id), book)
    state = read_state(cells["state"], starts_at, book.now)
    return RecordedBooking(
        professional_id=professional_id,
        service_id=service_id,
        patient_id=patient_id,
        starts_at=starts_at,
        ends_at=ends_at,
        state=state,
        booked_at=_booked_at(cells["booked_on"], starts_at, book),
        price_cents=read_cents(cells["price"]),
        desk_note=cells["desk_note"],
        request_key=_key(patient_id, professional_id, service_id, starts_at, ends_at, state),
    )


def _patient(cells: dict[str, str], book: Book) -> int:
    """Who everything said in the row agrees on: one patient, or a refusal."""
    details = {}
    if phone := cells["patient_phone"]:
        details["patient_phone"] = phone_number(phone, book.place)
    if email := cells["patient_email"]:
        details["patient_email"] = email.lower()
    if born := cells["patient_born_on"]:
        order, this_year = book.options.date_order, book.now.year
        details["patient_born_on"] = str(
            read_date(born, order, "patient_born_on", past_until=this_year)
        )
    label = cells["patient"] or cells["patient_email"] or cells["patient_phone"]
    if not label:
        details = {}  # many are born on a day
    told = Described(label[:80], cells["patient"], details)
    return book.patients.find(told, name_is_enough=book.name_is_enough)


def _end(
    cells: dict[str, str],
    day: str,
    starts_at: datetime,
    usual_minutes: Callable[[], int],
    book: Book,
) -> datetime:
    """From the end or the length the row tells, or from what the professional offers."""
    if end := cells["end"]:
        has_date = len(end) > 11
        ends_at = book.read_start(*(split_moment(end) if has_date else (day, end)))
    else:
        minutes = read_minutes(cells["length"]) if cells["length"] else usual_minutes()
        ends_at = starts_at + timedelta(minutes=minutes)
    if not timedelta(0) < ends_at - starts_at <= LONGEST_VISIT:
        raise Invalid(N_("The end must come after the start, within 24 hours."), field="end")
    return ends_at


def _booked_at(typed: str, starts_at: datetime, book: Book) -> datetime:
    """When the booking was made: as told, else no later than its start."""
    latest = min(book.now, starts_at)
    if not typed:
        return latest
    day, clock = split_moment(typed) if len(typed) > 11 else (typed, "00:00")
    return min(latest, book.read_start(day, clock))


def _key(
    patient_id: int,
    professional_id: int,
    service_id: int,
    starts_at: datetime,
    ends_at: datetime,
    state: BookingState,
) -> str:
    said = (patient_id, professional_id, service_id, to_seconds(starts_at), to_seconds(ends_at))
    return hashlib.sha256(f"import {said} {state}".encode()).hexdigest()


# What is there already.


def _where(booking: RecordedBooking) -> Where:
    return booking.patient_id, booking.professional_id, to_seconds(booking.starts_at)


def _chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """As many values at a time as a statement may carry."""
    for begin in range(0, len(values), CHUNK):
        yield values[begin : begin + CHUNK]


def _already_there(session: Session, read: Sequence[RecordedBooking]) -> AlreadyThere:
    if not read:
        return AlreadyThere(set(), set())
    starts = [each.starts_at for each in read]
    places: set[Where] = set()
    for some in _chunks(sorted({each.patient_id for each in read})):
        rows = session.execute(
            select(Attendee.patient_id, Booking.professional_id, seconds_of(Booking.starts_at))
            .join(Attendee.booking)
            .where(
                Attendee.patient_id.in_(some),
                Booking.starts_at.between(min(starts), max(starts)),
            )
        )
        places.update((patient, professional, start) for patient, professional, start in rows)
    keys: set[str] = set()
    for chunk in _chunks([each.request_key for each in read]):
        keys.update(
            session.scalars(
                select(Booking.request_key).where(
                    Booking.channel == Channel.IMPORT, Booking.request_key.in_(chunk)
                )
            )
        )
    return AlreadyThere(places, keys)
