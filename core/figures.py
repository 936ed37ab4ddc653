"""What the book holds, in numbers: the same here and wherever it was brought to."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import (
    AuditEntry,
    Booking,
    BookingState,
    Patient,
    Professional,
    Recall,
    Service,
    User,
    WaitingEntry,
)

COUNTED = {
    "patients": Patient,
    "professionals": Professional,
    "services": Service,
    "users": User,
    "waiting-list entries": WaitingEntry,
    "recalls": Recall,
    "steps on record": AuditEntry,
}


def count_figures(session: Session) -> Mapping[str, int]:
    """Rows by what they are; bookings by their state."""
    grouped = session.execute(select(Booking.state, func.count()).group_by(Booking.state))
    by_state = {row[0]: row[1] for row in grouped}
    counted = {
        name: session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in COUNTED.items()
    }
    states = {f"bookings {each.value}": by_state.get(each, 0) for each in BookingState}
    return {**counted, **states}
