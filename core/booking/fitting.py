"""Whether a visit fits where it is wanted: the reasons, what the desk may set aside, the claims."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.availability import Reason, ReasonCode
from core.booking.ledger import check_text
from core.booking.requests import SetAside
from core.catalog.reasons import says_nothing_alone
from core.claims import ClaimRefused, lay_claims
from core.errors import N_, CannotBook, Invalid, NotFree, SlotTaken
from core.models import Booking, Override, OverrideKind, Role, User
from core.policy import Actor, Permission, allows, require
from core.visits import Loaded, Wanted, nearest_starts, reasons_against

P, R = Permission, ReasonCode

SET_ASIDE_AS: Mapping[ReasonCode, OverrideKind] = {
    R.TAKEN: OverrideKind.OVERLAP,
    R.PATIENT_BUSY: OverrideKind.OVERLAP,
    R.BUFFER: OverrideKind.BUFFER,
    R.CLOSED: OverrideKind.OUTSIDE_HOURS,
    R.BREAK: OverrideKind.OUTSIDE_HOURS,
    R.TIME_OFF: OverrideKind.OUTSIDE_HOURS,
    R.NOT_BOOKABLE: OverrideKind.OUTSIDE_HOURS,
    R.CLOSURE: OverrideKind.OUTSIDE_HOURS,
    R.NOTICE: OverrideKind.NOTICE,
    R.HORIZON: OverrideKind.NOTICE,
    R.OFF_STEP: OverrideKind.OFF_STEP,
    R.DAY_LIMIT: OverrideKind.LIMIT,
    R.WEEK_LIMIT: OverrideKind.LIMIT,
}
"""What the desk may set aside, and as what it is recorded. The past, another desk's hold and a
missing room stay refused."""


TOLD_TO_PATIENTS = frozenset({R.PAST, R.NOTICE, R.HORIZON, R.PATIENT_BUSY})
"""Whether somebody is away or busy, and with whom, is nobody else's business."""


def kind_of(reason: Reason) -> OverrideKind | None:
    """As what a reason is set aside; None for one that stays."""
    if reason.code is R.TOO_SHORT:
        return OverrideKind.OVERLAP if reason.by_booking else OverrideKind.OUTSIDE_HOURS
    return SET_ASIDE_AS.get(reason.code)


def may_be_set_aside(reasons: Sequence[Reason]) -> bool:
    """Whether somebody at the desk may book against all of these."""
    return all(kind_of(each) is not None for each in reasons)


def check_fits(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    loaded: Loaded,
    start: datetime,
    *,
    now: datetime,
    set_aside: SetAside | None = None,
) -> frozenset[OverrideKind]:
    """Raise why the visit cannot start then, or answer which rules are set aside for it."""
    reasons = reasons_against(wanted, loaded, start, now=now)
    if not reasons:
        return frozenset()
    kinds = {kind_of(each) for each in reasons}
    if set_aside is None or None in kinds:
        raise refusal(session, actor, wanted, start, reasons, now=now)
    check_set_aside(session, actor, set_aside)
    return frozenset(each for each in kinds if each is not None)


def check_set_aside(session: Session, actor: Actor, set_aside: SetAside) -> None:
    """Whether the actor may set rules aside, and says why."""
    require(actor, P.BOOKINGS_OVERRIDE)
    check_text(set_aside.reason, "reason")
    check_text(set_aside.note, "note")
    if not set_aside.reason.strip():
        raise Invalid(N_("Please choose a reason for setting the rules aside."), field="reason")
    if not set_aside.note.strip() and says_nothing_alone(session, set_aside.reason.strip()):
        raise Invalid(N_("Please say in your own words why."), field="note")


def lay(
    session: Session,
    wanted: Wanted,
    booking: Booking,
    set_aside: frozenset[OverrideKind] = frozenset(),
) -> None:
    """Lay the claims; what the guard refuses after all is a lost race, told like any other."""
    calendars = {wanted.professional.calendar_id, *(each.calendar_id for each in wanted.patients)}
    if booking.room_id is not None:
        calendars.add(wanted.rooms[booking.room_id])
    guarded = OverrideKind.OVERLAP not in set_aside
    try:
        lay_claims(session, booking, wanted.service, calendars, guarded=guarded)
    except ClaimRefused as lost:
        raise SlotTaken(professional=wanted.professional.name) from lost


def document(
    session: Session,
    actor: Actor,
    booking: Booking,
    kinds: frozenset[OverrideKind],
    set_aside: SetAside | None,
    *,
    now: datetime,
) -> None:
    """Keep who set which rule aside, and why."""
    if set_aside is None:
        return
    for kind in sorted(kinds):
        session.add(
            Override(
                booking_id=booking.id,
                kind=kind,
                reason=set_aside.reason.strip(),
                note=set_aside.note.strip(),
                user_id=actor.user_id,
                role=actor.role,
                at=now,
            )
        )


def refusal(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    start: datetime,
    reasons: Sequence[Reason],
    *,
    now: datetime,
) -> CannotBook:
    """The refusal with its reasons, the nearest free times, and who came first."""
    told = _told_to(actor, reasons)
    return _kind_of_refusal(reasons, told)(
        professional=wanted.professional.name,
        reasons=tuple(told),
        alternatives=tuple(nearest_starts(session, wanted, start, now=now)),
        taken_by=_taken_by(session, actor, reasons),
    )


def _told_to(actor: Actor, reasons: Sequence[Reason]) -> list[Reason]:
    if actor.role is not Role.PATIENT:
        return list(reasons)
    return [each for each in reasons if each.code in TOLD_TO_PATIENTS]


def _kind_of_refusal(reasons: Sequence[Reason], told: Sequence[Reason]) -> type[CannotBook]:
    if len(told) < len(reasons):
        return NotFree
    gone = {ReasonCode.TAKEN, ReasonCode.HELD}
    return SlotTaken if any(each.code in gone for each in reasons) else CannotBook


def _taken_by(session: Session, actor: Actor, reasons: Sequence[Reason]) -> str:
    """Whose hand was quicker, for those who may know."""
    ids = [each.refers_to for each in reasons if each.code is ReasonCode.TAKEN]
    if not ids or not allows(actor, P.BOOKINGS_READ):
        return ""
    name = session.scalar(
        select(User.name).join(Booking, Booking.created_by == User.id).where(Booking.id == ids[0])
    )
    return name or ""
