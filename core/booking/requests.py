"""What is asked of a booking, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from core.models import BookingState


@dataclass(frozen=True)
class SetAside:
    """The desk's word for setting rules aside: a reason from the list, and their own words."""

    reason: str
    note: str = ""


@dataclass(frozen=True)
class BookingRequest:
    """``request_key`` is made when the form is first drawn: sent twice, it books once."""

    professional_id: int
    service_id: int
    patient_id: int
    starts_at: datetime
    request_key: str
    desk_note: str = ""
    hold_id: int | None = None
    """The asker's own hold on this time, which becomes the booking."""
    set_aside: SetAside | None = None
    series_id: int | None = None
    part_of: str = ""
    """The fingerprint of the wider request it is booked for: with others, or with anyone."""


@dataclass(frozen=True)
class AnyRequest:
    """A time with whoever is free; no professionals named means all who offer the service."""

    service_id: int
    patient_id: int
    starts_at: datetime
    request_key: str
    professional_ids: tuple[int, ...] = ()
    desk_note: str = ""

    @property
    def booking(self) -> BookingRequest:
        """The same wish, with the professional still to be filled in."""
        return BookingRequest(
            0, self.service_id, self.patient_id, self.starts_at, self.request_key, self.desk_note
        )


@dataclass(frozen=True)
class MoveRequest:
    """No service named: it stays what it is."""

    booking_id: int
    version: int
    professional_id: int
    starts_at: datetime
    service_id: int | None = None
    set_aside: SetAside | None = None
    agreed_cents: int | None = None
    """What a patient has read that somebody else asks: at another price they do not move."""


@dataclass(frozen=True)
class CancelRequest:
    """``not_late`` lets a late cancellation pass as one in time."""

    booking_id: int
    version: int
    reason: str
    asked_by_patient: bool = True
    not_late: SetAside | None = None


@dataclass(frozen=True)
class ConfirmRequest:
    """Of a group each patient is asked by themselves."""

    booking_id: int
    version: int
    patient_id: int


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
