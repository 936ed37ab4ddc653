"""Offering a time to somebody who waits: held while they are called, then booked or passed on."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from core import audit
from core.booking import BookingRequest, book, get_booking
from core.claims import calendars_of
from core.db import lock_calendars
from core.edits import check_version
from core.errors import N_, Invalid, NotFound
from core.holds import HoldRequest, hold
from core.models import Answer, Booking, Offer, Professional, User, WaitingEntry
from core.policy import Actor, Permission, require, visible_waiting
from core.visits import calendars_wanted, want
from core.waiting.entries import lock_entry, mark_booked
from core.waiting.running import end_running, give_back, load_running, note_answer

P = Permission


@dataclass(frozen=True)
class OfferRequest:
    """``version`` is that of the entry as the desk saw it."""

    entry_id: int
    version: int
    professional_id: int
    starts_at: datetime


@dataclass(frozen=True)
class Offered:
    """One line of the log: what was offered to whom, by whom, and the answer."""

    patient: str
    professional: str
    starts_at: datetime
    offered_at: datetime
    offered_by: str
    answer: Answer | None
    runs: bool


def offer(session: Session, actor: Actor, request: OfferRequest, *, now: datetime) -> Offer:
    """Hold a time for somebody who waits, or raise why it cannot be had.

    The same offer again is the one that runs. Nobody is offered two times at once.
    """
    require(actor, P.BOOKINGS_WRITE)
    seen = _get_entry(session, actor, request.entry_id)
    wanted = want(
        session,
        actor,
        professional_id=request.professional_id,
        service_id=seen.service_id,
        patient_ids=(seen.patient_id,),
    )
    lock_calendars(session, calendars_wanted(wanted))
    entry = lock_entry(session, actor, request.entry_id)
    if repeated := _running_already(session, entry, request, now):
        return repeated
    check_version(session, entry, request.version)
    made = _hold_for(session, actor, entry, request, now=now)
    session.add(made)
    audit.record(session, actor, "offer.made", made, now=now, entry=entry.id)
    return made


def accept(session: Session, actor: Actor, offer_id: int, *, now: datetime) -> Booking:
    """Book what was offered; the patient waits no longer.

    Any desk may, and after the hold has run out too while the time is still free. Pressed
    twice it is the same booking.
    """
    require(actor, P.BOOKINGS_WRITE)
    seen = get_offer(session, actor, offer_id)
    patient_id = seen.entry.patient_id
    wanted = want(
        session,
        actor,
        professional_id=seen.professional_id,
        service_id=seen.service_id,
        patient_ids=(patient_id,),
    )
    lock_calendars(session, calendars_wanted(wanted))
    found = _lock_offer(session, offer_id)
    if found.booking_id is not None:
        return get_booking(session, actor, found.booking_id)
    _check_unanswered(found)
    entry = lock_entry(session, actor, found.entry_id)
    give_back(session, found)
    request = BookingRequest(
        found.professional_id,
        found.service_id,
        patient_id,
        found.starts_at,
        request_key=f"offer {found.id}",
    )
    booking = book(session, actor, request, now=now)
    note_answer(found, actor, Answer.ACCEPTED, now=now)
    found.booking_id = booking.id
    end_running(session, actor, entry.id, now=now)
    mark_booked(entry, booking, now=now)
    audit.record(
        session, actor, "offer.accepted", found, now=now, entry=entry.id, booking=booking.id
    )
    return booking


def decline(session: Session, actor: Actor, offer_id: int, *, now: datetime) -> Offer:
    """The patient does not want it: the time is free for the next, and they wait on."""
    return _end(session, actor, offer_id, Answer.DECLINED, now=now)


def no_answer(session: Session, actor: Actor, offer_id: int, *, now: datetime) -> Offer:
    """Nobody answered the telephone; they may be asked again after the others."""
    return _end(session, actor, offer_id, Answer.NO_ANSWER, now=now)


def take_back(session: Session, actor: Actor, offer_id: int, *, now: datetime) -> Offer:
    """The desk thinks better of it, and the patient was not asked."""
    return _end(session, actor, offer_id, Answer.TAKEN_BACK, now=now)


def get_offer(session: Session, actor: Actor, offer_id: int) -> Offer:
    """An offer with its entry, patient, service and professional, if the actor may see it."""
    entries = visible_waiting(actor).with_only_columns(WaitingEntry.id)
    found = session.scalar(
        select(Offer)
        .where(Offer.id == offer_id, Offer.entry_id.in_(entries))
        .options(
            joinedload(Offer.professional),
            joinedload(Offer.entry).joinedload(WaitingEntry.patient),
            joinedload(Offer.service),
        )
    )
    if found is None:
        raise NotFound(what=N_("offer"))
    return found


def load_log(session: Session, actor: Actor, entry_id: int, *, now: datetime) -> Sequence[Offered]:
    """Everything that was offered to one who waits, the newest first."""
    entry = _get_entry(session, actor, entry_id)
    rows = session.execute(
        select(Offer, Professional.name, User.name)
        .join(Offer.professional)
        .outerjoin(User, User.id == Offer.offered_by)
        .where(Offer.entry_id == entry.id)
        .order_by(Offer.id.desc())
    )
    return [
        Offered(
            patient=entry.patient.name,
            professional=professional,
            starts_at=each.starts_at,
            offered_at=each.offered_at,
            offered_by=who or "",
            answer=each.answer,
            runs=each.runs(now),
        )
        for each, professional, who in rows
    ]


def _end(session: Session, actor: Actor, offer_id: int, answer: Answer, *, now: datetime) -> Offer:
    require(actor, P.BOOKINGS_WRITE)
    seen = get_offer(session, actor, offer_id)
    if seen.hold_id is not None:
        lock_calendars(session, calendars_of(session, seen.hold_id))
    found = _lock_offer(session, offer_id)
    if found.answer is answer:
        return found
    _check_unanswered(found)
    give_back(session, found)
    note_answer(found, actor, answer, now=now)
    audit.record(session, actor, f"offer.{answer}", found, now=now, entry=found.entry_id)
    return found


def _get_entry(session: Session, actor: Actor, entry_id: int) -> WaitingEntry:
    entry = session.scalar(
        visible_waiting(actor)
        .where(WaitingEntry.id == entry_id)
        .options(joinedload(WaitingEntry.patient))
    )
    if entry is None:
        raise NotFound(what=N_("entry of the waiting list"))
    return entry


def _lock_offer(session: Session, offer_id: int) -> Offer:
    return session.scalars(
        select(Offer)
        .where(Offer.id == offer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


ANSWERS = {
    Answer.ACCEPTED: N_("This offer was accepted already. Please look again."),
    Answer.DECLINED: N_("This offer was declined already. Please offer another time."),
    Answer.NO_ANSWER: N_("This offer is over: nobody answered. Please offer another time."),
    Answer.TAKEN_BACK: N_("This offer was taken back. Please offer another time."),
}


def _check_unanswered(found: Offer) -> None:
    if found.answer is not None:
        raise Invalid(ANSWERS[found.answer])


def _hold_for(
    session: Session, actor: Actor, entry: WaitingEntry, request: OfferRequest, *, now: datetime
) -> Offer:
    held = hold(
        session,
        actor,
        HoldRequest(
            request.professional_id,
            entry.service_id,
            request.starts_at,
            request_key=secrets.token_urlsafe(12),
            patient_id=entry.patient_id,
        ),
        now=now,
    )
    assert held.held_until is not None
    return Offer(
        entry_id=entry.id,
        service_id=held.service_id,
        professional_id=held.professional_id,
        starts_at=held.starts_at,
        ends_at=held.ends_at,
        hold_id=held.id,
        held_until=held.held_until,
        offered_at=now,
        offered_by=actor.user_id,
    )


def _running_already(
    session: Session, entry: WaitingEntry, request: OfferRequest, now: datetime
) -> Offer | None:
    """The same offer while it runs; another one to the same patient is refused."""
    running = load_running(session, [entry.id], now).get(entry.id)
    if running is None:
        return None
    if (running.professional_id, running.starts_at) != (request.professional_id, request.starts_at):
        raise Invalid(
            N_("{who} is offering {start} to this patient just now. Please wait for the answer."),
            who=running.offered_by,
            start=running.starts_at,
        )
    return session.get_one(Offer, running.offer_id)
