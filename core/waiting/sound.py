"""What must be true of the waiting list, as queries whose right answer is nothing."""

from typing import Any

from sqlalchemy import Select, exists, or_, select

from core.models import Attendee, Booking, BookingState, Offer, WaitingEntry, WaitingState


def held_for_nobody() -> Select[Any]:
    """Offers without an answer whose hold is not theirs."""
    theirs = exists().where(
        Attendee.booking_id == Booking.id, Attendee.patient_id == WaitingEntry.patient_id
    )
    return (
        select(Offer.id)
        .join(Offer.entry)
        .join(Booking, Booking.id == Offer.hold_id)
        .where(
            or_(
                Offer.answer.is_not(None),
                Booking.state != BookingState.HELD,
                Booking.professional_id != Offer.professional_id,
                Booking.service_id != Offer.service_id,
                Booking.starts_at != Offer.starts_at,
                Booking.held_until != Offer.held_until,
                ~theirs,
            )
        )
    )


def booked_for_another() -> Select[Any]:
    """Entries that ended with a booking their patient has no part in."""
    theirs = exists().where(
        Attendee.booking_id == WaitingEntry.booking_id,
        Attendee.patient_id == WaitingEntry.patient_id,
    )
    return select(WaitingEntry.id).where(WaitingEntry.booking_id.is_not(None), ~theirs)


def accepted_for_nothing() -> Select[Any]:
    """Accepted offers whose entry did not end with that booking."""
    return (
        select(Offer.id)
        .join(Offer.entry)
        .where(
            Offer.booking_id.is_not(None),
            or_(
                WaitingEntry.state != WaitingState.BOOKED,
                WaitingEntry.booking_id.is_distinct_from(Offer.booking_id),
            ),
        )
    )


RULES = (
    (
        "offer_hold",
        "What is offered is held for that patient, and given back with the answer.",
        "offers",
        held_for_nobody(),
    ),
    (
        "offer_accepted",
        "Whoever accepts an offer waits no longer.",
        "offers",
        accepted_for_nothing(),
    ),
    (
        "waiting_booked",
        "Waiting ends with a booking of the patient's own.",
        "waiting_entries",
        booked_for_another(),
    ),
)
"""Name, what must hold, the table the offenders are of, and the query that finds them."""
