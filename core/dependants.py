"""Family: a patient who signs in acts for a child or somebody in their care as well.

Each of them has a record of their own. For whoever is chosen the guardian becomes, in the core,
exactly that patient: every right, limit and refusal is the one that patient would have, and
nothing has to know of families. What is put on record names the account that did it. With the
day on which a child comes of age that is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from core import audit
from core.catalog import get_organisation, zone_of
from core.coming_of_age import ComeOfAge, ended_on
from core.errors import N_, Invalid, NotFound, SignInNeeded
from core.models import Dependant, Patient, Role, ToldApart
from core.patients import NewPatient, get_patient, put_on_file
from core.policy import Actor, Permission, require, visible_patients

P = Permission
MOST_DEPENDANTS = 8
"""Whom a patient adds by themselves; for more they ask the desk."""


@dataclass(frozen=True)
class NewDependant:
    name: str
    born_on: date | None


@dataclass(frozen=True)
class FamilyLink:
    """Who looks after whom, by the numbers of their records."""

    guardian_patient_id: int
    patient_id: int


@dataclass(frozen=True)
class Relative:
    patient_id: int
    name: str
    born_on: date | None
    ended_on: date | None = None
    """The day on which they came of age, and nobody acted for them any more."""


@dataclass(frozen=True)
class Family:
    """The relatives of one patient, by name."""

    guardians: Sequence[Relative]
    dependants: Sequence[Relative]


def load_own_dependants(session: Session, actor: Actor, *, now: datetime) -> Sequence[Relative]:
    """For whom the actor acts besides themselves."""
    return [each for each in load_own_family(session, actor, now=now) if each.ended_on is None]


def load_own_family(session: Session, actor: Actor, *, now: datetime) -> Sequence[Relative]:
    """Those the actor acts for, and those they did until they came of age."""
    require(actor, P.PATIENTS_WRITE_OWN)
    wanted, known = Dependant.patient_id, Dependant.guardian_patient_id
    return _relatives(session, wanted, known, _own(actor), now)


def acting_for(session: Session, actor: Actor, patient_id: int, *, now: datetime) -> Actor:
    """The actor as that patient: themselves, or one they look after; else ``NotFound``, and of
    one who has come of age ``ComeOfAge``."""
    require(actor, P.PATIENTS_WRITE_OWN)
    if patient_id == actor.patient_id:
        return actor
    for each in load_own_family(session, actor, now=now):
        if each.patient_id == patient_id:
            if each.ended_on is not None:
                raise ComeOfAge(name=each.name)
            return replace(actor, patient_id=each.patient_id, name=each.name)
    raise NotFound(what=N_("patient"))


def add_own_dependant(
    session: Session, actor: Actor, request: NewDependant, *, now: datetime
) -> Patient:
    """Put somebody on file whom the actor looks after, reached the way the actor is.

    They share a telephone, and for the desk are not one person. Whoever is on file already is
    linked by the desk, never by knowing a name and a birth date.
    """
    require(actor, P.PATIENTS_WRITE_OWN)
    guardian = _held(session, actor, _own(actor), now)
    if request.born_on is None:
        raise Invalid(N_("Please enter their date of birth."), field="born_on")
    if not guardian.phone and not guardian.email:
        raise Invalid(
            N_(
                "They are reached the way you are. Please save your own phone number or e-mail "
                "address first, here under My data."
            ),
            field="phone",
        )
    if len(load_own_dependants(session, actor, now=now)) >= MOST_DEPENDANTS:
        raise Invalid(N_("You look after {count} already. Please call us."), count=MOST_DEPENDANTS)
    reached = NewPatient(
        request.name,
        guardian.phone,
        guardian.email,
        request.born_on,
        language=guardian.language,
        no_contact=guardian.no_contact,
    )
    added = put_on_file(session, reached, now=now)
    session.flush()
    tie(session, actor, guardian.id, added.id, now=now)
    audit.record(session, actor, "dependant.added", added, now=now, other=guardian.id)
    return added


def load_family(session: Session, actor: Actor, patient_id: int, *, now: datetime) -> Family:
    """Who looks after a patient, and whom they look after."""
    require(actor, P.PATIENTS_READ)
    get_patient(session, actor, patient_id, now=now)
    guardian, dependant = Dependant.guardian_patient_id, Dependant.patient_id
    return Family(
        guardians=_relatives(session, guardian, dependant, patient_id, now),
        dependants=_relatives(session, dependant, guardian, patient_id, now),
    )


def link(session: Session, actor: Actor, request: FamilyLink, *, now: datetime) -> Patient:
    """Let one patient on file act for another; again, where that ended as they came of age."""
    require(actor, P.PATIENTS_WRITE)
    if request.guardian_patient_id == request.patient_id:
        raise Invalid(N_("Nobody looks after themselves here. Please choose somebody else."))
    guardian = _held(session, actor, request.guardian_patient_id, now)
    patient = get_patient(session, actor, request.patient_id, now=now)
    for each in (guardian, patient):
        if each.archived_at is not None:
            raise NotFound(what=N_("patient"))
    _drop_ended(session, (guardian, patient), now)
    if session.scalar(_pair(request)) is not None:
        return patient
    if session.scalar(_pair(FamilyLink(request.patient_id, request.guardian_patient_id))):
        raise Invalid(
            N_("{name} looks after {other}. Undo that first."),
            name=patient.name,
            other=guardian.name,
        )
    tie(session, actor, guardian.id, patient.id, now=now)
    audit.record(session, actor, "dependant.linked", patient, now=now, other=guardian.id)
    return patient


def unlink(session: Session, actor: Actor, request: FamilyLink, *, now: datetime) -> Patient:
    """From now on the one does not act for the other; what is booked stays."""
    require(actor, P.PATIENTS_WRITE)
    patient = get_patient(session, actor, request.patient_id, now=now)
    gone = session.execute(
        delete(Dependant)
        .where(*_is(request))
        .returning(Dependant.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not gone:
        raise NotFound(what=N_("patient"))
    other = request.guardian_patient_id
    audit.record(session, actor, "dependant.unlinked", patient, now=now, other=other)
    return patient


def _own(actor: Actor) -> int:
    if actor.role is not Role.PATIENT or actor.patient_id is None:
        raise SignInNeeded
    return actor.patient_id


def _held(session: Session, actor: Actor, patient_id: int, now: datetime) -> Patient:
    """The guardian, held until commit, so that nobody adds at the same time."""
    found = session.scalar(
        visible_patients(actor, now=now).where(Patient.id == patient_id).with_for_update()
    )
    if found is None:
        raise NotFound(what=N_("patient"))
    return found


def tie(
    session: Session, actor: Actor, guardian_id: int, patient_id: int, *, now: datetime
) -> None:
    """The link itself; who may make it was asked before.

    A family shares a telephone: that its members are not one person is noted along with it.
    """
    others = select(Dependant.patient_id).where(Dependant.guardian_patient_id == guardian_id)
    family = {guardian_id, *session.scalars(others)} - {patient_id}
    session.add(Dependant(guardian_patient_id=guardian_id, patient_id=patient_id, added_at=now))
    for each in family:
        first, second = sorted((each, patient_id))
        if session.get(ToldApart, (first, second)) is None:
            told = ToldApart(first_id=first, second_id=second, user_id=actor.user_id, at=now)
            session.add(told)


def _relatives(
    session: Session,
    wanted: InstrumentedAttribute[int],
    known: InstrumentedAttribute[int],
    patient_id: int,
    now: datetime,
) -> Sequence[Relative]:
    """Each once. Of two links between the same two, one that holds is enough."""
    theirs, zone = aliased(Patient), zone_of(get_organisation(session))
    rows = session.execute(
        select(Patient.id, Patient.name, Patient.born_on, theirs.born_on, Dependant.added_at)
        .select_from(Dependant)
        .join(Patient, Patient.id == wanted)
        .join(theirs, theirs.id == Dependant.patient_id)
        .where(known == patient_id, Patient.archived_at.is_(None))
        .order_by(Patient.name, Patient.id)
    )
    found: dict[int, Relative] = {}
    for id, name, born_on, child_born_on, added_at in rows:
        ended = ended_on(child_born_on, added_at, zone, now=now)
        if ended is None or id not in found:
            found[id] = Relative(id, name, born_on, ended)
    return list(found.values())


def _drop_ended(session: Session, between: tuple[Patient, Patient], now: datetime) -> None:
    """Links between these two that are over by age make room for another."""
    zone, by_id = zone_of(get_organisation(session)), {each.id: each for each in between}
    for each in session.scalars(
        select(Dependant).where(
            Dependant.guardian_patient_id.in_(by_id), Dependant.patient_id.in_(by_id)
        )
    ):
        if ended_on(by_id[each.patient_id].born_on, each.added_at, zone, now=now):
            session.delete(each)
    session.flush()


def _is(pair: FamilyLink) -> tuple[ColumnElement[bool], ...]:
    return (
        Dependant.guardian_patient_id == pair.guardian_patient_id,
        Dependant.patient_id == pair.patient_id,
    )


def _pair(pair: FamilyLink) -> Select[int]:
    return select(Dependant.id).where(*_is(pair)).limit(1)
