"""A day's calendar as it stood at any past moment, from what happened to each booking."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.availability import organisation_clock
from core.db import overlaps
from core.interval import to_instant
from core.models import (
    Attendee,
    BookingEvent,
    BookingState,
    EventKind,
    Patient,
    Professional,
)
from core.policy import Actor, visible_calendars, visible_patients

EVENTS = BookingEvent.__table__.c


@dataclass(frozen=True)
class Stood:
    """One booking as it stood: ids, state and times, which is all that events keep."""

    booking_id: int
    state: BookingState
    professional_id: int
    room_id: int | None
    starts_at: datetime
    ends_at: datetime
    patient_ids: tuple[int, ...]


def day_as_of(session: Session, actor: Actor, on: date, moment: datetime) -> list[Stood]:
    """What the calendars the actor may see showed for the local day ``on`` at ``moment``.

    By start, what had been cancelled by then included. Holds were never bookings and leave
    nothing behind; a group shows who took part, whether seated or waiting.
    """
    start, end = organisation_clock(session).span_of_days(on, on)
    newest = (
        select(func.max(BookingEvent.id))
        .where(BookingEvent.at <= moment)
        .group_by(BookingEvent.booking_id)
    )
    then = session.scalars(
        select(BookingEvent)
        .where(
            BookingEvent.id.in_(newest),
            BookingEvent.new_professional_id.in_(
                visible_calendars(actor).with_only_columns(Professional.id)
            ),
            overlaps(EVENTS.new_starts_at, EVENTS.new_ends_at, to_instant(start), to_instant(end)),
        )
        .order_by(BookingEvent.new_starts_at, BookingEvent.booking_id)
    ).all()
    patients = _patients_as_of(session, [each.booking_id for each in then], moment)
    return [
        Stood(
            booking_id=each.booking_id,
            state=each.new_state,
            professional_id=each.new_professional_id,
            room_id=each.new_room_id,
            starts_at=each.new_starts_at,
            ends_at=each.new_ends_at,
            patient_ids=tuple(patients[each.booking_id]),
        )
        for each in then
    ]


def load_names(
    session: Session, actor: Actor, stood: Iterable[Stood], *, now: datetime
) -> dict[int, str]:
    """What the patients are called now, of those the actor may see."""
    ids = {id for each in stood for id in each.patient_ids}
    rows = session.execute(
        visible_patients(actor, now=now)
        .where(Patient.id.in_(ids))
        .with_only_columns(Patient.id, Patient.name)
    )
    return dict(rows.all())


def _patients_as_of(
    session: Session, booking_ids: list[int], moment: datetime
) -> dict[int, list[int]]:
    """Who took part in each booking, by how often they had joined and left by then."""
    steps = defaultdict[tuple[int, int | None], list[tuple[bool, EventKind]]](list)
    for step in session.execute(
        select(
            BookingEvent.booking_id,
            BookingEvent.patient_id,
            BookingEvent.at <= moment,
            BookingEvent.kind,
        )
        .where(
            BookingEvent.booking_id.in_(booking_ids),
            BookingEvent.kind.in_((EventKind.JOINED, EventKind.LEFT)),
        )
        .order_by(BookingEvent.id)
    ):
        steps[step[0], step[1]].append((step[2], step[3]))
    there = defaultdict[int, list[int]](list)
    for booking_id, patient_id in session.execute(
        select(Attendee.booking_id, Attendee.patient_id)
        .where(Attendee.booking_id.in_(booking_ids))
        .order_by(Attendee.patient_id)
    ):
        if _took_part(steps[booking_id, patient_id]):
            there[booking_id].append(patient_id)
    return there


def _took_part(steps: list[tuple[bool, EventKind]]) -> bool:
    """The last step done by then tells; before the first, whoever does not join was there."""
    done = [kind for happened, kind in steps if happened]
    if done:
        return done[-1] is EventKind.JOINED
    return not steps or steps[0][1] is EventKind.LEFT
