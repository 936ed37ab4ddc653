"""Bookings: put one in a calendar, move it, cancel it, mark how far it has come."""

from core.booking.back_to_back import (
    ChainRequest,
    book_back_to_back,
    find_booked_chain,
    hold_legs,
)
from core.booking.chain import (
    MOST_LEGS,
    ChainAsked,
    ChainPlan,
    Leg,
    NoPlace,
    Placed,
    next_chains,
    preview_chain,
)
from core.booking.confirming import (
    Confirmed,
    confirm_by_phone,
    load_confirmed,
    take_back_confirmation,
)
from core.booking.fitting import may_be_set_aside
from core.booking.importing import record_past
from core.booking.ledger import check_version, get_booking, who_booked
from core.booking.placing import MOVABLE, book, book_any, find_booked, move
from core.booking.progress import (
    CANCELLABLE,
    MAY_BECOME,
    cancel,
    is_own_cancellation,
    mark,
    may_become,
    take_back_cancellation,
    undo,
)
from core.booking.requests import (
    AnyRequest,
    BookingRequest,
    CancelRequest,
    ConfirmRequest,
    MarkRequest,
    MoveRequest,
    RecordedBooking,
    SetAside,
    UndoRequest,
)
from core.booking.undoing import find_undoable
from core.edits import UNDO_FOR

__all__ = [
    "CANCELLABLE",
    "MAY_BECOME",
    "MOST_LEGS",
    "MOVABLE",
    "UNDO_FOR",
    "AnyRequest",
    "BookingRequest",
    "CancelRequest",
    "ChainAsked",
    "ChainPlan",
    "ChainRequest",
    "ConfirmRequest",
    "Confirmed",
    "Leg",
    "MarkRequest",
    "MoveRequest",
    "NoPlace",
    "Placed",
    "RecordedBooking",
    "SetAside",
    "UndoRequest",
    "book",
    "book_any",
    "book_back_to_back",
    "cancel",
    "check_version",
    "confirm_by_phone",
    "find_booked",
    "find_booked_chain",
    "find_undoable",
    "get_booking",
    "hold_legs",
    "is_own_cancellation",
    "load_confirmed",
    "mark",
    "may_be_set_aside",
    "may_become",
    "move",
    "next_chains",
    "preview_chain",
    "record_past",
    "take_back_cancellation",
    "take_back_confirmation",
    "undo",
    "who_booked",
]
