"""Pairs of patients who are perhaps one person, and those who are known not to be."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from core import audit
from core.errors import N_, Invalid, NotFound
from core.models import Patient, PatientMerge, ToldApart
from core.patients import (
    FOUND,
    THE_SAME_NAME,
    LikelyDuplicate,
    NewPatient,
    PatientFound,
    find_likely_duplicates,
    fold,
    get_patient,
    in_common,
)
from core.policy import Actor, Permission, require, visible_patients

P = Permission
MOST_ALIKE = 6
"""More with one telephone number are a family or a house, and no pairs are made of them."""
MOST_GROUPS = 150
"""Groups of each kind that are looked at, the newest records first."""
NAME_BEGINS = 4


@dataclass(frozen=True)
class Pair:
    """Two patients and what they have in common; ``first`` has been on file for longer."""

    first: PatientFound
    second: PatientFound
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class TellApartRequest:
    first_id: int
    second_id: int


def find_same(
    session: Session, actor: Actor, patient_id: int, *, now: datetime
) -> list[LikelyDuplicate]:
    """Who on file may be this patient a second time, but for those told apart from them."""
    require(actor, P.PATIENTS_WRITE)
    patient = get_patient(session, actor, patient_id, now=now)
    looks = NewPatient(patient.name, patient.phone, patient.email, patient.born_on)
    likely = find_likely_duplicates(session, actor, looks, now=now, limit=10)
    apart = _told_apart(session)
    return [
        each
        for each in likely
        if each.patient.id != patient.id and _key(patient.id, each.patient.id) not in apart
    ]


def load_pairs(session: Session, actor: Actor, *, now: datetime, limit: int) -> list[Pair]:
    """Pairs for the desk to work through, those with most in common first.

    Families share a telephone: with nothing of the name in common, or born on different days,
    two are no pair here.
    """
    require(actor, P.PATIENTS_WRITE)
    apart = _told_apart(session)
    pairs = {}
    for group in _groups(session, actor, now):
        for first, second in combinations(sorted(group, key=lambda each: each.id), 2):
            key = _key(first.id, second.id)
            if key not in pairs and key not in apart:
                pairs[key] = Pair(first, second, _reasons(first, second))
    found = [each for each in pairs.values() if each.reasons]
    return sorted(found, key=lambda each: (-len(each.reasons), -each.second.id))[:limit]


def tell_apart(
    session: Session, actor: Actor, request: TellApartRequest, *, now: datetime
) -> ToldApart:
    """Remember that two are not one person, so that nobody is asked again."""
    require(actor, P.PATIENTS_WRITE)
    first, second = sorted((request.first_id, request.second_id))
    if first == second:
        raise Invalid(N_("This is one record already. Please choose another."))
    seen = visible_patients(actor, now=now).where(Patient.id.in_((first, second)))
    patients = session.scalars(seen.order_by(Patient.id).with_for_update()).all()
    if len(patients) < 2:
        raise NotFound(what=N_("patient"))
    known = session.get(ToldApart, (first, second))
    if known is not None:
        return known
    told = ToldApart(first_id=first, second_id=second, user_id=actor.user_id, at=now)
    session.add(told)
    audit.record(session, actor, "patient.told_apart", patients[0], now=now, other=second)
    return told


def _told_apart(session: Session) -> set[tuple[int, int]]:
    """By the records that are kept now: what was said of one that was merged holds for both."""
    one, two = aliased(PatientMerge), aliased(PatientMerge)
    rows = session.execute(
        select(
            func.coalesce(one.kept_id, ToldApart.first_id),
            func.coalesce(two.kept_id, ToldApart.second_id),
        )
        .select_from(ToldApart)
        .outerjoin(one, one.merged_id == ToldApart.first_id)
        .outerjoin(two, two.merged_id == ToldApart.second_id)
    )
    return {_key(first, second) for first, second in rows}


def _key(one: int, two: int) -> tuple[int, int]:
    return min(one, two), max(one, two)


def _groups(session: Session, actor: Actor, now: datetime) -> Iterator[Sequence[PatientFound]]:
    """Patients with the same telephone, address, or birth date and beginning of a name."""
    on_file = visible_patients(actor, now=now).where(Patient.archived_at.is_(None))
    begins = func.substr(Patient.search, 1, NAME_BEGINS)
    yield from _alike(session, on_file.where(Patient.phone != ""), Patient.phone)
    yield from _alike(session, on_file.where(Patient.email != ""), Patient.email)
    yield from _alike(session, on_file.where(Patient.born_on.is_not(None)), Patient.born_on, begins)


def _alike(
    session: Session, known: Select[Patient], *by: ColumnElement[Any] | InstrumentedAttribute[Any]
) -> Iterator[Sequence[PatientFound]]:
    several = (
        known.with_only_columns(*by)
        .group_by(*by)
        .having(func.count().between(2, MOST_ALIKE))
        .order_by(func.max(Patient.id).desc())
        .limit(MOST_GROUPS)
    )
    keys = [tuple(row) for row in session.execute(several)]
    groups = defaultdict(list)
    for row in session.execute(known.where(tuple_(*by).in_(keys)).with_only_columns(*FOUND, *by)):
        groups[tuple(row[len(FOUND) :])].append(PatientFound(*row[: len(FOUND)]))
    yield from groups.values()


def _reasons(first: PatientFound, second: PatientFound) -> tuple[str, ...]:
    names = fold(first.name).split()
    if not set(names) & set(fold(second.name).split()):
        return ()
    if first.born_on and second.born_on and first.born_on != second.born_on:
        return ()
    found = in_common(second, first.phone, first.email, sorted(names), first.born_on)
    return found if found != (THE_SAME_NAME,) else ()
