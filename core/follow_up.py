"""The follow-up of a visit: the same service again, some weeks on, with the same professional."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from core.availability import organisation_clock
from core.availability.next_free import NextAsked, next_starts
from core.booking import get_booking
from core.errors import N_, Invalid
from core.interval import to_seconds
from core.models import Booking
from core.policy import Actor, Permission, require

WEEKS = (1, 2, 3, 4, 6)


@dataclass(frozen=True)
class FollowUp:
    """The first free start that many weeks on, or later where those days are full."""

    weeks: int
    starts_at: datetime
    ends_at: datetime


def propose_follow_ups(
    session: Session, actor: Actor, booking_id: int, *, now: datetime
) -> Sequence[FollowUp]:
    """What can be offered, each time once, as far as the service is booked ahead."""
    require(actor, Permission.BOOKINGS_WRITE, Permission.BOOKINGS_MARK_OWN)
    booking = get_booking(session, actor, booking_id)
    if booking.seats > 1:
        raise Invalid(N_("A follow-up is for one patient. Please open a visit of theirs."))
    seen_on = _seen_on(session, booking, now)
    found: dict[datetime, FollowUp] = {}
    for weeks in WEEKS:
        asked = NextAsked(
            booking.service_id,
            count=1,
            patient_id=booking.attendees[0].patient_id,
            professional_ids=(booking.professional_id,),
            from_on=seen_on + timedelta(weeks=weeks),
        )
        for each in next_starts(session, actor, asked, now=now):
            found[each.starts_at] = FollowUp(weeks, each.starts_at, each.ends_at)
    return list(found.values())


def _seen_on(session: Session, booking: Booking, now: datetime) -> date:
    """The day of the visit; of one long over, today."""
    clock = organisation_clock(session)
    return clock.date_of(to_seconds(max(booking.starts_at, now)))
