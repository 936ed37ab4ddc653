"""Claims on calendars: where the database itself refuses a double booking."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.models import (
    LONGEST_VISIT_SECONDS,
    OCCUPYING,
    Attendee,
    Booking,
    BookingState,
    Claim,
    Patient,
    Professional,
    Room,
    Service,
)


class ClaimRefused(Exception):
    """The database's guard found the time taken: somebody else came first."""


def lay_claims(
    session: Session,
    booking: Booking,
    service: Service,
    calendar_ids: Iterable[int],
    *,
    guarded: bool = True,
) -> None:
    """Claim the booking's time on every calendar, or raise ``ClaimRefused`` for all of them.

    The caller rolls back, at least to a savepoint, when it is refused.
    """
    session.flush()
    rows = [
        {
            "booking_id": booking.id,
            "calendar_id": calendar_id,
            "starts_at": booking.starts_at,
            "ends_at": booking.ends_at,
            "before_minutes": service.before_minutes,
            "after_minutes": service.after_minutes,
            "held_until": booking.held_until,
            "guarded": guarded,
        }
        for calendar_id in sorted(calendar_ids)
    ]
    if session.connection().dialect.name == "postgresql":
        _insert_on_postgresql(session, rows)
    else:
        _insert_on_sqlite(session, rows)


def _insert_on_postgresql(session: Session, rows: list[dict[str, Any]]) -> None:
    # A plain INSERT would wait for, and deadlock with, its rivals; this one steps aside.
    if len(session.connection().execute(LAY_OR_STEP_ASIDE, rows).all()) < len(rows):
        raise ClaimRefused


LAY = insert(Claim)
LAY_OR_STEP_ASIDE = postgresql.insert(Claim).on_conflict_do_nothing().returning(Claim.id)


def _insert_on_sqlite(session: Session, rows: list[dict[str, Any]]) -> None:
    try:
        session.connection().execute(LAY, rows)
    except IntegrityError as error:
        if "claims_guard" not in str(error.orig):
            raise
        raise ClaimRefused from error


def release(session: Session, booking_id: int, *, held_by: int | None) -> None:
    """Give a user's own hold up; one that is gone, or another's, is left alone."""
    own = select(Booking.id).where(
        Booking.id == booking_id,
        Booking.state == BookingState.HELD,
        Booking.created_by == held_by,
    )
    if session.scalar(own) is not None:
        forget_holds(session, [booking_id])


def drop_claims(session: Session, booking: Booking) -> None:
    """Give the booking's time back at once."""
    session.execute(delete(Claim).where(Claim.booking_id == booking.id))


def calendars_of(session: Session, booking_id: int) -> set[int]:
    """Every calendar a booking needs, whether or not it claims it now.

    Who waits for a seat, or left a group visit, is not part of it.
    """
    place = session.execute(
        select(Booking.professional_id, Booking.room_id, Booking.seats).where(
            Booking.id == booking_id
        )
    ).one_or_none()
    if place is None:
        return set()
    patients = (
        select(Patient.calendar_id)
        .join(Attendee, Attendee.patient_id == Patient.id)
        .where(Attendee.booking_id == booking_id, Attendee.waiting.is_(False))
    )
    if place.seats > 1:
        patients = patients.where(Attendee.state.in_(OCCUPYING))
    return set(
        session.scalars(
            select(Professional.calendar_id)
            .where(Professional.id == place.professional_id)
            .union_all(select(Room.calendar_id).where(Room.id == place.room_id), patients)
        )
    )


def clear_expired_holds(
    session: Session,
    calendar_ids: Iterable[int],
    *,
    now: datetime,
    around: datetime | None = None,
) -> None:
    """Forget holds that have run out, so that the guard need not know the time.

    ``around`` a start, only those that a visit then could meet: a day either side.
    """
    session.flush()
    if around is None:
        asked = {"calendars": list(calendar_ids), "now": now}
        found = session.connection().execute(EXPIRED, asked)
    else:
        asked = near(calendar_ids, around, now)
        found = session.connection().execute(EXPIRED_NEAR, asked)
    if expired := found.scalars().all():
        forget_holds(session, expired)


def near(calendar_ids: Iterable[int], around: datetime, now: datetime) -> dict[str, object]:
    """What ``EXPIRED_NEAR`` asks."""
    return {
        "calendars": list(calendar_ids),
        "now": now,
        "after": around - LONGEST_VISIT,
        "before": around + LONGEST_VISIT,
    }


LONGEST_VISIT = timedelta(seconds=LONGEST_VISIT_SECONDS)
EXPIRED = select(Claim.booking_id).where(
    Claim.calendar_id.in_(bindparam("calendars", expanding=True)),
    Claim.held_until <= bindparam("now"),
)
EXPIRED_NEAR = EXPIRED.where(
    Claim.starts_at > bindparam("after"), Claim.starts_at < bindparam("before")
)


def forget_holds(session: Session, booking_ids: Sequence[int]) -> None:
    """A hold was never a booking: nothing of it is kept.

    Locked in order first: a hold's room may be another's calendar, who clears it too.
    """
    holds = select(Booking.id).where(Booking.id.in_(booking_ids)).order_by(Booking.id)
    session.execute(holds.with_for_update())
    for kind in (Claim, Attendee):
        session.execute(delete(kind).where(kind.booking_id.in_(booking_ids)))
    session.execute(delete(Booking).where(Booking.id.in_(booking_ids)))
