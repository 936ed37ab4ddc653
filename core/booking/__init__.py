"""Bookings: put one in a calendar, move it, cancel it, mark how far it has come."""

from core.booking.ledger import get_booking, who_booked
from core.booking.placing import MOVABLE, book, move, record_past
from core.booking.progress import CANCELLABLE, MAY_BECOME, cancel, is_undoable, mark, undo
from core.booking.requests import (
    BookingRequest,
    CancelRequest,
    MarkRequest,
    MoveRequest,
    RecordedBooking,
    UndoRequest,
)

__all__ = [
    "CANCELLABLE",
    "MAY_BECOME",
    "MOVABLE",
    "BookingRequest",
    "CancelRequest",
    "MarkRequest",
    "MoveRequest",
    "RecordedBooking",
    "UndoRequest",
    "book",
    "cancel",
    "get_booking",
    "is_undoable",
    "mark",
    "move",
    "record_past",
    "undo",
    "who_booked",
]
