"""Bookings: put one in a calendar, move it, cancel it, mark how far it has come."""

from core.booking.ledger import get_booking
from core.booking.placing import book, move, record_past
from core.booking.progress import MAY_BECOME, cancel, mark, undo
from core.booking.requests import (
    BookingRequest,
    CancelRequest,
    MarkRequest,
    MoveRequest,
    RecordedBooking,
    UndoRequest,
)

__all__ = [
    "MAY_BECOME",
    "BookingRequest",
    "CancelRequest",
    "MarkRequest",
    "MoveRequest",
    "RecordedBooking",
    "UndoRequest",
    "book",
    "cancel",
    "get_booking",
    "mark",
    "move",
    "record_past",
    "undo",
]
