"""The bookings figures are counted from, as columns of numbers: one line for each seat.

A million of them fit into a few dozen megabytes and are counted in milliseconds. They are
kept day by day (``core.analytics.kept``), so a change of ``FACT`` or of an enumeration below
needs a migration that empties ``figure_days`` and writes down every day as changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from core.db import seconds_of
from core.interval import to_instant
from core.models import Attendee, Booking, BookingState, Channel, Kept

Rows = npt.NDArray[np.void]
"""An array of ``FACT``."""
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.signedinteger[Any]]
Bytes = npt.NDArray[np.uint8]

FACT = np.dtype(
    [
        ("starts", "<i8"),
        ("ends", "<i8"),
        ("made", "<i8"),
        ("held_until", "<i8"),
        ("arrived", "<i8"),
        ("began", "<i8"),
        ("booking", "<i4"),
        ("professional", "<i4"),
        ("service", "<i4"),
        ("room", "<i4"),
        ("patient", "<i4"),
        ("price", "<i4"),
        ("seats", "<i4"),
        ("currency", "S3"),
        ("state", "u1"),
        ("seat", "u1"),
        ("channel", "u1"),
        ("waiting", "?"),
        ("by_patient", "?"),
        ("late", "?"),
        ("leads", "?"),
    ]
)


@dataclass(frozen=True, eq=False)
class Facts:
    """Columns of one length. Instants in seconds, and ids; 0 where there is none."""

    starts: Numbers
    ends: Numbers
    made: Numbers
    held_until: Numbers
    arrived: Numbers
    began: Numbers
    booking: Numbers
    professional: Numbers
    service: Numbers
    room: Numbers
    patient: Numbers
    price: Numbers
    seats: Numbers
    currency: npt.NDArray[np.bytes_]
    state: Bytes
    """The booking's."""
    seat: Bytes
    """The patient's own."""
    channel: Bytes
    waiting: Mask
    by_patient: Mask
    late: Mask
    leads: Mask
    """One line of each booking, which stands for it."""

    @classmethod
    def of(cls, rows: Rows) -> "Facts":
        return cls(*(np.ascontiguousarray(rows[each]) for each in COLUMNS))

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, chosen: Mask | Numbers | slice) -> "Facts":
        return Facts(*(getattr(self, each)[chosen] for each in COLUMNS))


COLUMNS: Sequence[str] = FACT.names or ()
STATES: Mapping[str, int] = {each.value: number for number, each in enumerate(BookingState)}
CHANNELS: Mapping[str, int] = {each.value: number for number, each in enumerate(Channel)}
SEATS: Mapping[str, int] = {**STATES, "": 255}
CODES: Mapping[str, Mapping[str, int]] = {"state": STATES, "seat": SEATS, "channel": CHANNELS}
DAY = 86400


def read_rows(session: Session, of: Kept, first: int, last: int) -> Rows:
    """The lines of the days from ``first`` to ``last``, from the bookings themselves.

    Of what was made on those days the bookings alone, without their seats.
    """
    instant = Booking.created_at if of is Kept.MADE else Booking.starts_at
    columns = BOOKED if of is Kept.MADE else BOOKED | SEATED
    query = select(*columns.values()).select_from(Booking)
    if of is Kept.VISITS:
        query = query.outerjoin(Attendee, Attendee.booking_id == Booking.id)
        query = query.order_by(Booking.id, Attendee.id)
    start, end = to_instant(first * DAY), to_instant((last + 1) * DAY)
    rows = session.execute(query.where(instant >= start, instant < end)).all()
    return _packed(list(columns), rows)


def is_in(column: Bytes, *states: BookingState) -> Mask:
    """Which of a column of states are one of these."""
    return np.isin(column, [STATES[each] for each in states])


def by_professional(facts: Facts) -> dict[int, Facts]:
    """The facts of each professional who has any."""
    ordered = facts[np.argsort(facts.professional, kind="stable")]
    ids, begins = np.unique(ordered.professional, return_index=True)
    ends = np.append(begins, len(facts))[1:]
    parts = (ordered[begin:end] for begin, end in zip(begins, ends, strict=True))
    return dict(zip(ids.tolist(), parts, strict=True))


def _packed(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Rows:
    found = np.zeros(len(rows), FACT)
    for name, values in zip(names, zip(*rows, strict=True), strict=False):
        found[name] = [CODES[name][each] for each in values] if name in CODES else values
    found["leads"] = np.diff(found["booking"], prepend=0) != 0
    return found


def _instant(column: ColumnElement[Any]) -> ColumnElement[int]:
    return func.coalesce(seconds_of(column), 0)


BOOKED: dict[str, ColumnElement[Any]] = {
    "starts": seconds_of(Booking.starts_at),
    "ends": seconds_of(Booking.ends_at),
    "made": seconds_of(Booking.created_at),
    "held_until": _instant(Booking.held_until.expression),
    "arrived": _instant(Booking.arrived_at.expression),
    "began": _instant(Booking.started_at.expression),
    "booking": Booking.id.expression,
    "professional": Booking.professional_id.expression,
    "service": Booking.service_id.expression,
    "room": func.coalesce(Booking.room_id, 0),
    "price": Booking.price_cents.expression,
    "seats": Booking.seats.expression,
    "currency": Booking.currency.expression,
    "state": cast(Booking.state, Text),
    "channel": cast(Booking.channel, Text),
    "by_patient": Booking.cancel_asked_by_patient.expression,
    "late": Booking.cancelled_late.expression,
}
SEATED: dict[str, ColumnElement[Any]] = {
    "patient": func.coalesce(Attendee.patient_id, 0),
    "seat": func.coalesce(cast(Attendee.state, Text), ""),
    "waiting": func.coalesce(Attendee.waiting, False),
}
