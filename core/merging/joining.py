"""Two records of one person become one, and for ten minutes can be parted again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import flag_modified

from core import audit
from core.claims import clear_expired_holds
from core.db import lock_calendars
from core.edits import UNDO_FOR, change
from core.errors import N_, Invalid, NotFound, Stale
from core.merging.moving import give_back, hand_over
from core.models import (
    Attendee,
    Booking,
    Claim,
    Dependant,
    Erasure,
    Patient,
    PatientMerge,
    Professional,
    Service,
    User,
    WaitingEntry,
    WaitingState,
)
from core.patients import NewPatient, Preferences, last_editor, search_text
from core.patients.preferences import columns_of, name_professionals, preferences_of
from core.patients.typed import cleaned, place_of
from core.policy import Actor, Permission, require

P = Permission
FIELDS = ("name", "phone", "email", "born_on", "language", "no_contact")
"""Of these one value stays. Notes, alerts and preferences are kept from both."""
BOTH = ("desk_note", "alerts", "preferred_parts", "preference")
RESTORED = (*FIELDS, *BOTH, "search", "erasure_asked_at")
PREFERRED = "preferred_professionals"


@dataclass(frozen=True)
class MergeRequest:
    kept_id: int
    kept_version: int
    other_id: int
    other_version: int
    from_other: frozenset[str] = field(default_factory=frozenset)
    """Fields whose value comes from the other record."""


def merge(session: Session, actor: Actor, request: MergeRequest, *, now: datetime) -> Patient:
    """Make two records one: everything of the other becomes the kept one's."""
    require(actor, P.PATIENTS_WRITE)
    if request.kept_id == request.other_id:
        raise Invalid(N_("This is one record already. Please choose another."))
    if unknown := request.from_other - set(FIELDS):
        raise ValueError(f"no such fields: {sorted(unknown)}")
    kept, other = _held(session, request.kept_id, request.other_id)
    _check_seen(session, kept, request.kept_version)
    _check_seen(session, other, request.other_version)
    clear_expired_holds(session, [kept.calendar_id, other.calendar_id], now=now)
    _check_may_be_one(session, kept, other)
    before = {name: getattr(kept, name) for name in RESTORED}
    before[PREFERRED] = preferences_of(session, kept).professional_ids
    moved = hand_over(session, kept, other)
    _take_values(session, kept, other, request.from_other, now)
    other.archived_at = now
    session.flush()
    _forget_old(session, now)
    session.add(
        PatientMerge(
            merged_id=other.id,
            kept_id=kept.id,
            user_id=actor.user_id,
            at=now,
            kept_version=kept.version,
            moved=json.dumps(moved),
            before=json.dumps(before, default=lambda value: value.isoformat()),
        )
    )
    session.expire_all()
    counts = {name: len(rows) for name, rows in moved.items() if rows}
    audit.record(session, actor, "patient.united", kept, now=now, other=other.id, moved=counts)
    return kept


def undo_merge(session: Session, actor: Actor, merged_id: int, *, now: datetime) -> Patient:
    """Both records as they were, unless the kept one has been changed since."""
    require(actor, P.PATIENTS_WRITE)
    found = session.get(PatientMerge, merged_id)
    if found is None or now >= found.at + UNDO_FOR or not found.before:
        raise NotFound(what=N_("merge"))
    kept, other = _held(session, found.kept_id, merged_id)
    session.refresh(found)
    if kept.id != found.kept_id or _came_along(session, found):
        raise NotFound(what=N_("merge"))
    if kept.version != found.kept_version:
        raise Stale(who=last_editor(session, kept), version=kept.version)
    give_back(session, kept, other, json.loads(found.moved))
    before = _read_back(json.loads(found.before))
    name_professionals(session, kept.id, before.pop(PREFERRED, ()))
    for name, value in before.items():
        setattr(kept, name, value)
    other.archived_at = None
    session.delete(found)
    session.flush()
    session.expire_all()
    audit.record(session, actor, "patient.parted", kept, now=now, other=merged_id)
    return other


def _came_along(session: Session, merge: PatientMerge) -> bool:
    """Whether it was made into a record that has become part of this one since."""
    later = select(PatientMerge.moved).where(
        PatientMerge.kept_id == merge.kept_id,
        PatientMerge.merged_id != merge.merged_id,
        PatientMerge.moved != "",
    )
    moved = (json.loads(each) for each in session.scalars(later))
    return any(merge.merged_id in each[PatientMerge.__tablename__] for each in moved)


def _held(session: Session, *ids: int) -> tuple[Patient, Patient]:
    """Both as they are now; nobody books, moves or marks a visit of theirs meanwhile."""
    calendars = select(Patient.calendar_id).where(Patient.id.in_(ids))
    lock_calendars(session, set(session.scalars(calendars)))
    asked = select(Patient).where(Patient.id.in_(ids)).order_by(Patient.id).with_for_update()
    rows = session.scalars(asked.execution_options(populate_existing=True)).all()
    found = {each.id: each for each in rows if session.get(Erasure, each.id) is None}
    if len(found) < len(ids):
        raise NotFound(what=N_("patient"))
    first, second = ids
    return found[first], found[second]


def _check_seen(session: Session, patient: Patient, version: int) -> None:
    if patient.archived_at is not None:
        raise NotFound(what=N_("patient"))
    if patient.version != version:
        raise Stale(who=last_editor(session, patient), version=patient.version)


def _check_may_be_one(session: Session, kept: Patient, other: Patient) -> None:
    _check_one_place(session, kept, other)
    _check_groups(session, kept, other)
    _check_accounts(session, kept, other)
    _check_family(session, kept, other)
    _check_waiting(session, kept, other)


def _check_one_place(session: Session, kept: Patient, other: Patient) -> None:
    """Nobody is in two places at once: whoever is, is two people."""
    one, two = aliased(Claim), aliased(Claim)
    both = session.execute(
        select(one.booking_id, two.booking_id)
        .join(two, (one.starts_at < two.ends_at) & (two.starts_at < one.ends_at))
        .where(
            one.calendar_id == kept.calendar_id,
            two.calendar_id == other.calendar_id,
            one.guarded,
            two.guarded,
        )
        .order_by(one.starts_at.desc())
        .limit(1)
    ).one_or_none()
    if both is None:
        return
    first, second = (_visit(session, each) for each in both)
    raise Invalid(
        N_(
            "Nobody can be in two places: {kept} has {first} at {first_at}, and {other} has "
            "{second} at {second_at}. Move or cancel one of them first, or say that they "
            "are not the same person."
        ),
        kept=f"{kept.name} ({kept.id})",
        other=f"{other.name} ({other.id})",
        first=first[0],
        first_at=first[1],
        second=second[0],
        second_at=second[1],
    )


def _visit(session: Session, booking_id: int) -> tuple[str, datetime]:
    service, professional, starts_at = session.execute(
        select(Service.name, Professional.name, Booking.starts_at)
        .join(Service, Service.id == Booking.service_id)
        .join(Professional, Professional.id == Booking.professional_id)
        .where(Booking.id == booking_id)
    ).one()
    return f"{service}, {professional}", starts_at


def _check_groups(session: Session, kept: Patient, other: Patient) -> None:
    """A group visit has one seat for each: one that the kept one has in it too cannot follow."""
    own = select(Attendee.booking_id).where(Attendee.patient_id == kept.id)
    shared = session.execute(
        select(Service.name, Booking.starts_at)
        .join(Service, Service.id == Booking.service_id)
        .join(Attendee, Attendee.booking_id == Booking.id)
        .where(Attendee.patient_id == other.id, Booking.id.in_(own))
        .limit(1)
    ).one_or_none()
    if shared is not None:
        raise Invalid(
            N_(
                "Both are on the list of {service} at {time}: they cannot be made one. Please "
                "keep both records, with a note in each."
            ),
            service=shared.name,
            time=shared.starts_at,
        )


def _check_accounts(session: Session, kept: Patient, other: Patient) -> None:
    users = select(User.patient_id, User.active).where(User.patient_id.in_((kept.id, other.id)))
    accounts = {patient_id: active for patient_id, active in session.execute(users)}  # noqa: C416
    if kept.id in accounts and accounts.get(other.id):
        raise Invalid(
            N_(
                "Both sign in with an account of their own. An admin can switch off the one of "
                "{name} ({number}) first."
            ),
            name=other.name,
            number=other.id,
        )


def _check_family(session: Session, kept: Patient, other: Patient) -> None:
    """Who looks after somebody is not the same person."""
    both = (kept.id, other.id)
    tied = select(Dependant.id).where(
        Dependant.guardian_patient_id.in_(both), Dependant.patient_id.in_(both)
    )
    if session.scalar(tied.limit(1)) is not None:
        raise Invalid(
            N_(
                "One of the two looks after the other: {kept} and {other} are two people. "
                "If they are not, undo that on the record first."
            ),
            kept=f"{kept.name} ({kept.id})",
            other=f"{other.name} ({other.id})",
        )


def _check_waiting(session: Session, kept: Patient, other: Patient) -> None:
    waits = select(WaitingEntry.service_id).where(WaitingEntry.state == WaitingState.WAITING)
    both = session.scalar(
        select(Service.name)
        .where(
            Service.id.in_(waits.where(WaitingEntry.patient_id == kept.id)),
            Service.id.in_(waits.where(WaitingEntry.patient_id == other.id)),
        )
        .limit(1)
    )
    if both is not None:
        raise Invalid(
            N_("Both are on the waiting list for {service}. Close one of the two entries first."),
            service=both,
        )


def _take_values(
    session: Session, kept: Patient, other: Patient, from_other: frozenset[str], now: datetime
) -> None:
    chosen = {name: getattr(other if name in from_other else kept, name) for name in FIELDS}
    of_both = NewPatient(
        **chosen,
        desk_note=_joined(kept.desk_note, other.desk_note),
        alerts=_joined(kept.alerts, other.alerts),
        preferences=_preferences(session, kept, other),
    )
    clean = cleaned(of_both, place_of(session), now)
    change(kept, columns_of(clean))
    name_professionals(session, kept.id, clean.preferences.professional_ids)
    kept.search = search_text(clean)
    kept.erasure_asked_at = kept.erasure_asked_at or other.erasure_asked_at
    kept.updated_at = now
    flag_modified(kept, "updated_at")  # a form that is open on it has to be looked at again


def _joined(*texts: str) -> str:
    return "\n".join(dict.fromkeys(each for each in texts if each))


def _preferences(session: Session, kept: Patient, other: Patient) -> Preferences:
    one, two = (preferences_of(session, each) for each in (kept, other))
    return Preferences(
        professional_ids=(*one.professional_ids, *two.professional_ids),
        parts=(*one.parts, *two.parts),
        words=_joined(one.words, two.words),
    )


def _forget_old(session: Session, now: datetime) -> None:
    """What was kept to part records again is dropped once they cannot be."""
    old = update(PatientMerge).where(PatientMerge.at <= now - UNDO_FOR)
    session.execute(old.values(moved="", before=""))


def _read_back(before: Mapping[str, Any]) -> dict[str, Any]:
    born_on, asked_at = before["born_on"], before["erasure_asked_at"]
    return {
        **before,
        "born_on": date.fromisoformat(born_on) if born_on else None,
        "erasure_asked_at": datetime.fromisoformat(asked_at) if asked_at else None,
    }
