"""What patients may book by themselves: what is listed, and only so much of it at a time."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.booking.requests import BookingRequest
from core.errors import N_, Invalid, NotFound, PatientsDoNotBook, SignInNeeded, TooLateByYourself
from core.models import Attendee, Booking, BookingState, Channel, Organisation, Role, User
from core.policy import Actor
from core.visits import Wanted


def check_own_choice(session: Session, actor: Actor, wanted: Wanted) -> None:
    """What is not listed is as if it were not there; groups are joined by calling."""
    if actor.role is not Role.PATIENT:
        return
    check_patients_book(session, actor)
    if not wanted.professional.listed:
        raise NotFound(what=N_("professional"))
    if not wanted.service.listed:
        raise NotFound(what=N_("service"))
    if wanted.service.seats > 1:
        raise Invalid(
            N_("{service} is for a group. Please call us to join one."),
            field="service",
            service=wanted.service.name,
        )


def check_patients_book(session: Session, actor: Actor) -> None:
    """Whether this place lets patients book, and this is one of them."""
    if actor.patient_id is None:
        raise SignInNeeded
    if not session.scalar(select(Organisation.patients_book)):
        raise PatientsDoNotBook


def check_open_bookings(session: Session, actor: Actor, *, now: datetime) -> None:
    """So that nobody keeps times they may not need. What the desk books for them counts not.

    Their calendar is held, so that of two requests at once the second counts the first.
    """
    if actor.role is not Role.PATIENT:
        return
    most = session.scalar(select(Organisation.most_open_bookings)) or 0
    count = count_open_bookings(session, actor, now=now)
    if count >= most:
        said = N_(
            "You have as many visits to come as are kept at a time ({count}). "
            "Move or cancel one of them, or call us."
        )
        if _acts_for_another(session, actor):
            said = N_(
                "{name} has as many visits to come as are kept at a time ({count}). "
                "Move or cancel one of them, or call us."
            )
        raise Invalid(said, count=count, name=actor.name)


def _acts_for_another(session: Session, actor: Actor) -> bool:
    """Whether the account is that of somebody who looks after the patient."""
    own = session.scalar(select(User.patient_id).where(User.id == actor.user_id))
    return own is not None and own != actor.patient_id


def count_open_bookings(session: Session, actor: Actor, *, now: datetime) -> int:
    """The patient's visits to come that they booked by themselves."""
    own = (
        select(func.count())
        .select_from(Attendee)
        .join(Booking, Booking.id == Attendee.booking_id)
        .where(
            Attendee.patient_id == actor.patient_id,
            Booking.channel == Channel.PATIENT,
            Booking.state == BookingState.BOOKED,
            Booking.starts_at > now,
        )
    )
    return session.scalar(own) or 0


def at_price_kept(
    session: Session, actor: Actor, request: BookingRequest, wanted: Wanted, *, now: datetime
) -> Wanted:
    """What a patient read when the time was kept for them is what they pay.

    The desk's form reads the price anew at each step, and books what it says last.
    """
    if actor.role is not Role.PATIENT:
        return wanted
    kept = select(Booking.price_cents).where(
        Booking.id == request.hold_id,
        Booking.state == BookingState.HELD,
        Booking.created_by == actor.user_id,
        Booking.held_until > now,
        Booking.professional_id == request.professional_id,
        Booking.service_id == request.service_id,
        Booking.starts_at == request.starts_at,
    )
    price_cents = session.scalar(kept)
    return wanted if price_cents is None else replace(wanted, price_cents=price_cents)


def check_own_move(
    session: Session,
    actor: Actor,
    booking: Booking,
    wanted: Wanted,
    agreed_cents: int | None,
    *,
    now: datetime,
) -> None:
    """A move is in time as long as a cancellation is; a group's time is not one patient's.

    With somebody else it costs what they ask, which has to be what the patient has read.
    """
    if actor.role is not Role.PATIENT:
        return
    check_patients_book(session, actor)
    if booking.seats > 1:
        raise Invalid(N_("This visit is for a group. Please call us to change it."))
    if booking.service_id != wanted.service.id:
        raise Invalid(N_("Please cancel this visit, and book the other one."), field="service")
    if booking.professional_id != wanted.professional.id:
        check_own_choice(session, actor, wanted)
        _check_agreed(wanted, agreed_cents)
    if now > booking.starts_at - timedelta(minutes=booking.service.cancel_notice_minutes):
        raise TooLateByYourself


def _check_agreed(wanted: Wanted, agreed_cents: int | None) -> None:
    if agreed_cents != wanted.price_cents:
        raise Invalid(
            N_(
                "What a visit with {professional} costs has changed in the meantime. Please look "
                "at the price again."
            ),
            field="professional",
            professional=wanted.professional.name,
        )
