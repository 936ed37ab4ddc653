"""The reasons the desk chooses from: why a booking is cancelled, why a rule is set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.catalog.typed import check_new, name_of
from core.edits import change, check_version, lock_row
from core.errors import N_, BookingError, NotFound
from core.models import ListedReason, ReasonKind
from core.policy import Actor, Permission, require

K = ReasonKind


class OnlyReason(BookingError):
    """Nobody at the desk could cancel, or set a rule aside, any more."""

    code = "only_reason"
    message = N_("{name} is the only reason left in this list. Please add another one first.")


@dataclass(frozen=True)
class ReasonDetails:
    """``by_patient`` is about cancellations, ``needs_words`` about rules set aside."""

    name: str
    by_patient: bool = False
    needs_words: bool = False


@dataclass(frozen=True)
class NewReason:
    kind: ReasonKind
    details: ReasonDetails


@dataclass(frozen=True)
class EditedReason:
    """A reason as a form sends it back; ``version`` is the one the form was opened on."""

    reason_id: int
    version: int
    details: ReasonDetails


@dataclass(frozen=True)
class MovedReason:
    """One place up in its list, or else down."""

    reason_id: int
    version: int
    up: bool


AT_FIRST: Mapping[ReasonKind, Sequence[ReasonDetails]] = {
    K.CANCEL: (
        ReasonDetails(N_("Patient is ill"), by_patient=True),
        ReasonDetails(N_("Patient cannot come"), by_patient=True),
        ReasonDetails(N_("Professional is away")),
        ReasonDetails(N_("Booked by mistake")),
        ReasonDetails(N_("Other"), by_patient=True),
    ),
    K.OVERRIDE: (
        ReasonDetails(N_("Urgent")),
        ReasonDetails(N_("Agreed with the professional")),
        ReasonDetails(N_("Patient is here without a booking")),
        ReasonDetails(N_("Our mistake")),
        ReasonDetails(N_("Other"), needs_words=True),
    ),
}
"""What a new place begins with."""


def list_first_reasons(session: Session) -> None:
    """Give a place that is being set up the reasons it begins with."""
    for kind, reasons in AT_FIRST.items():
        for position, details in enumerate(reasons):
            session.add(ListedReason(kind=kind, position=position, **_values(kind, details)))


def load_reasons(session: Session, kind: ReasonKind) -> list[ListedReason]:
    """What can be chosen, in the order of the list."""
    return list(
        session.scalars(
            select(ListedReason)
            .where(ListedReason.kind == kind, ListedReason.archived_at.is_(None))
            .order_by(ListedReason.position, ListedReason.id)
        )
    )


def says_nothing_alone(session: Session, reason: str) -> bool:
    """Whether whoever sets a rule aside for it has to say more."""
    return (
        session.scalar(
            select(ListedReason.id).where(
                ListedReason.kind == K.OVERRIDE,
                ListedReason.name == reason,
                ListedReason.needs_words,
            )
        )
        is not None
    )


def add_reason(
    session: Session, actor: Actor, request: NewReason, *, now: datetime
) -> ListedReason:
    """A new reason, at the end of its list."""
    require(actor, Permission.CATALOG_WRITE)
    values = _values(request.kind, request.details)
    known = session.scalars(select(ListedReason).where(ListedReason.kind == request.kind)).all()
    check_new(name_of(request.details.name), [each.name for each in known])
    last = max((each.position for each in known), default=-1)
    reason = ListedReason(kind=request.kind, position=last + 1, **values)
    session.add(reason)
    audit.record(session, actor, "reason.added", reason, now=now)
    return reason


def edit_reason(
    session: Session, actor: Actor, request: EditedReason, *, now: datetime
) -> ListedReason:
    """Change a reason; what was recorded with it keeps the words it had."""
    require(actor, Permission.CATALOG_WRITE)
    reason = lock_row(session, ListedReason, request.reason_id, what=N_("reason"))
    check_version(session, reason, request.version)
    others = select(ListedReason.name).where(
        ListedReason.kind == reason.kind, ListedReason.id != reason.id
    )
    check_new(name_of(request.details.name), session.scalars(others))
    if changed := change(reason, _values(reason.kind, request.details)):
        audit.record(session, actor, "reason.edited", reason, now=now, changed=changed)
    return reason


def move_reason(
    session: Session, actor: Actor, request: MovedReason, *, now: datetime
) -> ListedReason:
    """Move it past the one before or after it; at the end of the list it stays."""
    require(actor, Permission.CATALOG_WRITE)
    listed, reason = _lock_list(session, request.reason_id)
    check_version(session, reason, request.version)
    at = listed.index(reason)
    to = at - 1 if request.up else at + 1
    if not 0 <= to < len(listed):
        return reason
    listed[at], listed[to] = listed[to], listed[at]
    for position, each in enumerate(listed):
        each.position = position
    audit.record(session, actor, "reason.moved", reason, now=now)
    return reason


def archive_reason(
    session: Session, actor: Actor, reason_id: int, version: int, *, now: datetime
) -> ListedReason:
    """Offer a reason no more; refused for the last one of its list."""
    require(actor, Permission.CATALOG_WRITE)
    listed, reason = _lock_list(session, reason_id)
    check_version(session, reason, version)
    if len(listed) == 1:
        raise OnlyReason(name=reason.name)
    reason.archived_at = now
    audit.record(session, actor, "reason.archived", reason, now=now)
    return reason


def _lock_list(session: Session, reason_id: int) -> tuple[list[ListedReason], ListedReason]:
    """The list it stands in, held: two admins who archive at once leave one reason behind."""
    kind = select(ListedReason.kind).where(ListedReason.id == reason_id).scalar_subquery()
    rows = session.scalars(
        select(ListedReason)
        .where(ListedReason.kind == kind, ListedReason.archived_at.is_(None))
        .order_by(ListedReason.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    listed = sorted(rows, key=lambda each: (each.position, each.id))
    for each in listed:
        if each.id == reason_id:
            return listed, each
    raise NotFound(what=N_("reason"))


def _values(kind: ReasonKind, details: ReasonDetails) -> dict[str, object]:
    return {
        "name": name_of(details.name),
        "by_patient": details.by_patient and kind is K.CANCEL,
        "needs_words": details.needs_words and kind is K.OVERRIDE,
    }
