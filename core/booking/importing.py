"""Taking over bookings from another book."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.booking.ledger import check_text, remember
from core.booking.requests import RecordedBooking
from core.catalog import price_for, tier_of
from core.claims import ClaimRefused, lay_claims
from core.errors import SlotTaken
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Channel,
    EventKind,
    Organisation,
    Patient,
    Professional,
    ProfessionalService,
    Service,
)
from core.policy import Actor, Permission, require

P, S = Permission, BookingState


def record_past(
    session: Session, actor: Actor, request: RecordedBooking, *, now: datetime
) -> Booking:
    """Take over a booking from another book, as it was there.

    Hours, notice and step are not asked: it has happened, or was promised. Only the guard
    may refuse it, with ``SlotTaken``. The caller holds the calendars, opens a savepoint
    where more is to follow, and makes the audit entry for all it takes over.
    """
    require(actor, P.IMPORT)
    check_text(request.desk_note, "desk_note")
    professional = session.get_one(Professional, request.professional_id)
    service = session.get_one(Service, request.service_id)
    patient = session.get_one(Patient, request.patient_id)
    offer = session.get(ProfessionalService, (professional.id, service.id))
    own_price = offer.price_cents if offer else None
    price = price_for(service.price_cents, own_price, tier_of(session, professional))
    booking = Booking(
        service_id=service.id,
        professional_id=professional.id,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        state=request.state,
        price_cents=price.cents if request.price_cents is None else request.price_cents,
        currency=session.get_one(Organisation, 1).currency,
        channel=Channel.IMPORT,
        desk_note=request.desk_note,
        cancelled_at=now if request.state is S.CANCELLED else None,
        created_by=actor.user_id,
        request_key=request.request_key,
        request_sha256="",
        attendees=[Attendee(patient_id=patient.id, state=request.state)],
        created_at=request.booked_at,
        updated_at=now,
    )
    session.add(booking)
    if booking.occupies:
        try:
            lay_claims(session, booking, service, {professional.calendar_id, patient.calendar_id})
        except ClaimRefused as lost:
            raise SlotTaken(professional=professional.name) from lost
    remember(session, actor, booking, EventKind.BOOKED, None, now=now)
    return booking
