"""Changing a series: one booking, this and the later ones, or all that are still to come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload, selectinload

from core import audit
from core.availability import organisation_clock
from core.booking import MOVABLE, CancelRequest, cancel, get_booking
from core.booking.confirming import forget_confirmations
from core.booking.fitting import lay
from core.booking.ledger import check_version, place_of, remember
from core.claims import clear_expired_holds
from core.db import lock_calendars
from core.errors import N_, Invalid
from core.interval import to_seconds
from core.models import Attendee, Booking, BookingState, Claim, EventKind
from core.policy import Actor, Permission, require, visible_bookings
from core.series.booking import check_may_plan
from core.series.planning import Wish, changes_by_row, check_plan, load_diary, plan_rows
from core.series.requests import (
    CancelSeriesRequest,
    MoveSeriesAsked,
    MoveSeriesRequest,
    Scope,
    Seen,
    SeriesPlan,
    SeriesRow,
)
from core.visits import Wanted, calendars_wanted, want

P, S = Permission, BookingState


def load_series(session: Session, actor: Actor, booking_id: int) -> list[Booking]:
    """The bookings of the series a booking belongs to, cancelled ones left out, by time."""
    opened = get_booking(session, actor, booking_id)
    found = visible_bookings(actor).where(
        Booking.series_id == opened.series_id, Booking.state != S.CANCELLED
    )
    return list(session.scalars(found.order_by(Booking.starts_at, Booking.id)))


def to_come(
    session: Session, actor: Actor, booking_id: int, scope: Scope, *, now: datetime
) -> list[Booking]:
    """The bookings a change reaches: booked, and still in the future."""
    opened = get_booking(session, actor, booking_id)
    found = visible_bookings(actor).where(Booking.state == S.BOOKED, Booking.starts_at > now)
    if scope is Scope.ONE or opened.series_id is None:
        found = found.where(Booking.id == opened.id)
    else:
        found = found.where(Booking.series_id == opened.series_id)
    if scope is Scope.THIS_AND_LATER:
        found = found.where(Booking.starts_at >= opened.starts_at)
    people = (
        joinedload(Booking.service),
        joinedload(Booking.professional),
        selectinload(Booking.attendees).joinedload(Attendee.patient),
    )
    found = found.options(*people).order_by(Booking.starts_at, Booking.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def preview_move(
    session: Session, actor: Actor, asked: MoveSeriesAsked, *, now: datetime
) -> SeriesPlan:
    """Where each booking would go and what is in its way; a row left out stays where it is."""
    check_may_plan(actor, asked.professional_id)
    bookings = _some_to_come(session, actor, asked.booking_id, asked.scope, now=now)
    wanted = _wanted(session, actor, asked, bookings)
    return _plan(session, actor, asked, bookings, wanted, now=now)


def move_series(
    session: Session, actor: Actor, request: MoveSeriesRequest, *, now: datetime
) -> list[Booking]:
    """Move every booking of the plan that was not left out, or raise and move none.

    A booking that is not as it was ``seen`` raises ``Stale``; one that cannot be had at its new
    time raises ``SeriesRefused``. Prices stay as sold.
    """
    asked = request.asked
    check_may_plan(actor, asked.professional_id)
    before = _some_to_come(session, actor, asked.booking_id, asked.scope, now=now)
    wanted = _wanted(session, actor, asked, before)
    calendars = {calendar for each in wanted for calendar in calendars_wanted(each)}
    lock_calendars(session, calendars | _claimed(session, before))
    bookings = _as_seen(session, actor, asked.booking_id, asked.scope, request.seen, now=now)
    clear_expired_holds(session, calendars, now=now)
    wanted = _wanted(session, actor, asked, bookings)
    plan = _plan(session, actor, asked, bookings, wanted, now=now)
    check_plan(plan)

    moved = _put(session, actor, bookings, wanted, plan, now=now)
    for booking in moved:
        audit.record(session, actor, "booking.moved", booking, now=now, series=booking.series_id)
    return moved


def cancel_series(
    session: Session, actor: Actor, request: CancelSeriesRequest, *, now: datetime
) -> list[Booking]:
    """Cancel the bookings as they were ``seen``, each by the rules of ``cancel``, or none."""
    require(actor, P.BOOKINGS_WRITE, P.SERIES_WRITE_OWN)
    before = _some_to_come(session, actor, request.booking_id, request.scope, now=now)
    lock_calendars(session, _claimed(session, before))
    found = _as_seen(session, actor, request.booking_id, request.scope, request.seen, now=now)
    return [
        cancel(
            session,
            actor,
            CancelRequest(
                each.id,
                each.version,
                request.reason,
                asked_by_patient=request.asked_by_patient,
                not_late=request.not_late,
            ),
            now=now,
        )
        for each in found
    ]


def _some_to_come(
    session: Session, actor: Actor, booking_id: int, scope: Scope, *, now: datetime
) -> list[Booking]:
    found = to_come(session, actor, booking_id, scope, now=now)
    if not found:
        raise Invalid(N_("No booking of this series is still to come. Please look again."))
    return found


def _as_seen(
    session: Session,
    actor: Actor,
    booking_id: int,
    scope: Scope,
    seen: Sequence[Seen],
    *,
    now: datetime,
) -> list[Booking]:
    """The bookings a change reaches, read under their locks; ``Stale`` when one was changed."""
    found = _some_to_come(session, actor, booking_id, scope, now=now)
    versions = {each.booking_id: each.version for each in seen}
    for booking in found:
        check_version(session, booking, versions.pop(booking.id, 0))
    for gone, version in versions.items():
        check_version(session, get_booking(session, actor, gone), version)
    return found


def _claimed(session: Session, bookings: Sequence[Booking]) -> set[int]:
    ids = [each.id for each in bookings]
    return set(session.scalars(select(Claim.calendar_id).where(Claim.booking_id.in_(ids))))


def _wanted(
    session: Session, actor: Actor, asked: MoveSeriesAsked, bookings: Sequence[Booking]
) -> list[Wanted]:
    """What each booking needs at its new place, looked up once for each service."""
    by_service: dict[int, Wanted] = {}
    for each in bookings:
        if each.service_id not in by_service:
            by_service[each.service_id] = want(
                session, actor, professional_id=asked.professional_id, service_id=each.service_id
            )
    return [
        replace(
            by_service[each.service_id],
            patients=tuple(
                seat.patient
                for seat in each.attendees
                if not seat.waiting and seat.state in MOVABLE
            ),
        )
        for each in bookings
    ]


def _plan(
    session: Session,
    actor: Actor,
    asked: MoveSeriesAsked,
    bookings: Sequence[Booking],
    wanted: Sequence[Wanted],
    *,
    now: datetime,
) -> SeriesPlan:
    clock = organisation_clock(session)
    opened = get_booking(session, actor, asked.booking_id)
    target = to_seconds(asked.starts_at)
    days = clock.ordinal_of(target) - clock.ordinal_of(to_seconds(opened.starts_at))
    minute = clock.seconds_into_day(target) // 60
    changes = changes_by_row(asked.changes)
    wishes = []
    for booking, what in zip(bookings, wanted, strict=True):
        on = clock.date_of(to_seconds(booking.starts_at)) + timedelta(days=days)
        time = clock.typed_time(on, minute)
        if booking.id == opened.id:
            time = replace(time, instants=(target,), exists=True)
        change = changes.get(booking.id)
        wishes.append(
            Wish(on, minute, time, what, change, booking.room_id, booking.id, booking.version)
        )
    staying = {each.booking_id for each in wishes if each.start is None}
    moving = {each.id for each in bookings} - staying
    diary = load_diary(session, wishes, now=now, without=moving)
    return SeriesPlan(plan_rows(wishes, diary, now=now))


def _put(
    session: Session,
    actor: Actor,
    bookings: Sequence[Booking],
    wanted: Sequence[Wanted],
    plan: SeriesPlan,
    *,
    now: datetime,
) -> list[Booking]:
    """Lift all claims first: a booking may go where another of the series has been."""
    rows = {each.booking_id: each for each in plan.chosen}
    moving = [
        (booking, what)
        for booking, what in zip(bookings, wanted, strict=True)
        if booking.id in rows and not _is_there(booking, what, rows[booking.id])
    ]
    ids = [booking.id for booking, _what in moving]
    session.execute(delete(Claim).where(Claim.booking_id.in_(ids)))
    forget_confirmations(session, ids)
    for booking, what in moving:
        row, before = rows[booking.id], place_of(booking)
        assert row.starts_at is not None
        booking.professional_id, booking.professional = what.professional.id, what.professional
        booking.room_id = row.room_id
        booking.starts_at = row.starts_at
        booking.ends_at = row.starts_at + timedelta(seconds=what.visit.length)
        booking.updated_at = now
        lay(session, what, booking)
        remember(session, actor, booking, EventKind.MOVED, before, now=now)
    return [booking for booking, _what in moving]


def _is_there(booking: Booking, what: Wanted, row: SeriesRow) -> bool:
    here = (booking.professional_id, booking.room_id, booking.starts_at)
    return here == (what.professional.id, row.room_id, row.starts_at)
