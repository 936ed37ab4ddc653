"""What is asked of a booking, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from core.models import BookingState


@dataclass(frozen=True)
class BookingRequest:
    """``request_key`` is made when the form is first drawn: sent twice, it books once."""

    professional_id: int
    service_id: int
    patient_id: int
    starts_at: datetime
    request_key: str
    desk_note: str = ""


@dataclass(frozen=True)
class MoveRequest:
    booking_id: int
    version: int
    professional_id: int
    starts_at: datetime


@dataclass(frozen=True)
class CancelRequest:
    booking_id: int
    version: int
    reason: str


@dataclass(frozen=True)
class MarkRequest:
    booking_id: int
    version: int
    state: BookingState


@dataclass(frozen=True)
class UndoRequest:
    booking_id: int
    version: int


@dataclass(frozen=True)
class RecordedBooking:
    """A booking another book already holds: history, or what was agreed before the change."""

    professional_id: int
    service_id: int
    patient_id: int
    starts_at: datetime
    ends_at: datetime
    state: BookingState
    booked_at: datetime
    request_key: str
    price_cents: int | None = None
    """None: as the catalogue has it."""
    desk_note: str = ""
