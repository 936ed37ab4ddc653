"""Booking a series: every date shown first, then all of them saved, or none."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.availability import organisation_clock
from core.booking.fitting import lay
from core.booking.ledger import check_text, remember
from core.claims import clear_expired_holds, release
from core.errors import N_, Invalid, KeyReused, NotFound
from core.holds import find_own_hold
from core.models import (
    Attendee,
    Booking,
    BookingState,
    Channel,
    EventKind,
    Organisation,
    Series,
)
from core.policy import Actor, Permission, allows, check_may_book_for, require
from core.series.planning import Wish, changes_by_row, check_plan, load_diary, plan_rows
from core.series.repeats import Repeats, dates_of
from core.series.requests import SeriesAsked, SeriesPlan, SeriesRequest, SeriesRow
from core.visits import Wanted, calendars_wanted, hold_calendars, want

P = Permission


def preview_series(
    session: Session, actor: Actor, asked: SeriesAsked, *, now: datetime
) -> SeriesPlan:
    """Every date of the series with what is in its way, in a fixed number of queries."""
    check_may_plan(actor, asked.professional_id)
    if asked.patient_id is not None:
        check_may_book_for(session, actor, asked.patient_id, now=now)
    return _plan(session, actor, asked, _wanted(session, actor, asked), now=now)


def book_series(
    session: Session, actor: Actor, request: SeriesRequest, *, now: datetime
) -> list[Booking]:
    """Book every date that was not left out, or raise ``SeriesRefused`` and book none.

    The same request again returns the bookings it made; other content under the same key
    raises ``KeyReused``.
    """
    asked = request.asked
    check_may_plan(actor, asked.professional_id)
    check_text(request.desk_note, "desk_note")
    if asked.patient_id is None:
        raise Invalid(N_("Please choose the patient."), field="patient")
    check_may_book_for(session, actor, asked.patient_id, now=now)
    hold_calendars(session, [asked.professional_id], asked.service_id, [asked.patient_id])
    wanted = _wanted(session, actor, asked)
    if repeated := _find_repeated(session, actor, request):
        return repeated
    clear_expired_holds(session, calendars_wanted(wanted), now=now)
    if asked.hold_id is not None:
        release(session, asked.hold_id, held_by=actor.user_id)
    plan = _plan(session, actor, asked, wanted, now=now)
    check_plan(plan)

    series = _series(actor, asked.repeats, now=now)
    session.add(series)
    session.flush()
    bookings = _add(session, actor, request, wanted, series, plan.chosen, now=now)
    for booking in bookings:
        lay(session, wanted, booking)
        remember(session, actor, booking, EventKind.BOOKED, None, now=now)
    audit.record(session, actor, "series.booked", series, now=now, bookings=len(bookings))
    for booking in bookings:
        audit.record(session, actor, "booking.booked", booking, now=now, series=series.id)
    return bookings


def check_may_plan(actor: Actor, professional_id: int) -> None:
    """Series are made at the desk, and by professionals in their own calendar."""
    require(actor, P.BOOKINGS_WRITE, P.SERIES_WRITE_OWN)
    if not allows(actor, P.BOOKINGS_WRITE) and professional_id != actor.professional_id:
        raise NotFound(what="professional")


def _wanted(session: Session, actor: Actor, asked: SeriesAsked) -> Wanted:
    return want(
        session,
        actor,
        professional_id=asked.professional_id,
        service_id=asked.service_id,
        patient_ids=() if asked.patient_id is None else (asked.patient_id,),
    )


def _plan(
    session: Session, actor: Actor, asked: SeriesAsked, wanted: Wanted, *, now: datetime
) -> SeriesPlan:
    if not 0 <= asked.starts_at_minute < 1440:
        raise Invalid(N_("This is not a time of day. Please choose another."), field="time")
    found = dates_of(asked.repeats)
    clock = organisation_clock(session)
    changes = changes_by_row(asked.changes)
    minute = asked.starts_at_minute
    wishes = [
        Wish(on, minute, clock.typed_time(on, minute), wanted, changes.get(on))
        for on in found.dates
    ]
    if not wishes:
        raise Invalid(N_("This series has no date. Please change how it repeats."), field="until")
    without = _own_hold(session, actor, asked, now=now)
    diary = load_diary(session, wishes, now=now, without=without)
    return SeriesPlan(plan_rows(wishes, diary, now=now), found.skipped_months)


def _own_hold(session: Session, actor: Actor, asked: SeriesAsked, *, now: datetime) -> set[int]:
    if asked.hold_id is None or find_own_hold(session, actor, asked.hold_id, now=now) is None:
        return set()
    return {asked.hold_id}


def _series(actor: Actor, repeats: Repeats, *, now: datetime) -> Series:
    return Series(
        frequency=repeats.frequency,
        every=repeats.every,
        weekdays=",".join(str(each) for each in sorted(set(repeats.weekdays))),
        first_on=repeats.first_on,
        count=repeats.count,
        until_on=repeats.until_on,
        created_by=actor.user_id,
        created_at=now,
        updated_at=now,
    )


def _add(
    session: Session,
    actor: Actor,
    request: SeriesRequest,
    wanted: Wanted,
    series: Series,
    rows: Sequence[SeriesRow],
    *,
    now: datetime,
) -> list[Booking]:
    currency = session.get_one(Organisation, 1).currency
    patient_id = wanted.patients[0].id
    content = _fingerprint(request)
    bookings = [
        Booking(
            service_id=wanted.service.id,
            professional_id=wanted.professional.id,
            room_id=row.room_id,
            starts_at=row.starts_at,
            ends_at=row.starts_at + timedelta(seconds=wanted.visit.length),
            state=BookingState.BOOKED,
            price_cents=wanted.price_cents,
            currency=currency,
            channel=Channel.DESK if allows(actor, P.BOOKINGS_WRITE) else Channel.PROFESSIONAL,
            desk_note=request.desk_note.strip(),
            seats=wanted.service.seats,
            series_id=series.id,
            created_by=actor.user_id,
            request_key=_row_key(request, number),
            request_sha256=content,
            attendees=[Attendee(patient_id=patient_id, state=BookingState.BOOKED)],
            created_at=now,
            updated_at=now,
        )
        for number, row in enumerate(rows)
        if row.starts_at is not None
    ]
    session.add_all(bookings)
    return bookings


def _find_repeated(session: Session, actor: Actor, request: SeriesRequest) -> list[Booking]:
    first = session.scalar(
        select(Booking).where(
            Booking.created_by == actor.user_id, Booking.request_key == _row_key(request, 0)
        )
    )
    if first is None:
        return []
    content = _fingerprint(request)
    if first.request_sha256 != content:
        raise KeyReused
    again = select(Booking).where(
        Booking.series_id == first.series_id, Booking.request_sha256 == content
    )
    return list(session.scalars(again.order_by(Booking.id)))


def _row_key(request: SeriesRequest, number: int) -> str:
    """A key for each booking, made of the one for all; hashed, so that any key is short enough."""
    key = hashlib.sha256(request.request_key.encode()).hexdigest()[:48]
    return f"series {key} {number}"


def _fingerprint(request: SeriesRequest) -> str:
    """The content a key stands for; a hold that was turned into it is not part of that."""
    content = asdict(request)
    content.pop("request_key")
    content["asked"].pop("hold_id")
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
