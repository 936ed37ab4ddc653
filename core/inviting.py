"""The desk invites whoever is on file to sign in: with the record they have, not a second one.

The link goes to the address on record, where nobody at the desk reads it: no password is asked
for that, or a morning of invitations would be a morning of typing it. A link that is shown lets
whoever stands there sign in as the patient, so there the actor proves who they are first.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core import activation, audit
from core.accounts import NO_PASSWORD, NewUser, add_user, check_confirmed, fold_username
from core.activation import Invited
from core.errors import N_, BookingError, Invalid, NotFound
from core.models import AuditEntry, Patient, Role, User
from core.patients import get_patient
from core.policy import Actor, Permission, require, visible_patients

INVITED_BY = ("user.created", "user.invited", "user.link_made")
"""The entries that put a first link on record."""


class SignsInAlready(BookingError):
    code = "signs_in_already"
    message = N_(
        "{name} signs in as {username} already. For a forgotten password they press "
        "\u201cForgot your password?\u201d when they sign in, or an admin makes a new link."
    )


class AccountOff(BookingError):
    code = "account_off"
    message = N_("The account of {name} is switched off. An admin can switch it on under People.")


@dataclass(frozen=True)
class PatientInvitation:
    patient_id: int
    by_mail: bool = False
    """Mail the link to the address on record, rather than hand it over."""


@dataclass(frozen=True)
class PatientSignIn:
    """How a patient signs in, as the desk is told."""

    username: str
    is_active: bool
    has_password: bool
    invited_at: datetime | None
    """When the newest link was made, of somebody who has not chosen a password yet."""


def load_sign_in(
    session: Session, actor: Actor, patient_id: int, *, now: datetime
) -> PatientSignIn | None:
    """The account that is about this patient, or None while there is none."""
    require(actor, Permission.PATIENTS_INVITE)
    patient = get_patient(session, actor, patient_id, now=now)
    user = _account_of(session, patient)
    if user is None:
        return None
    has_password = user.password_hash != NO_PASSWORD
    return PatientSignIn(
        username=user.username,
        is_active=user.active,
        has_password=has_password,
        invited_at=None if has_password else _invited_at(session, user),
    )


def invite_patient(
    session: Session, actor: Actor, request: PatientInvitation, *, now: datetime
) -> Invited:
    """A link with which a patient chooses a password; those made before are void.

    Their user name is the address on record, as it is now. Who wants no messages gets none:
    their link is shown, for them to take along.
    """
    require(actor, Permission.PATIENTS_INVITE)
    patient = _locked(session, actor, request.patient_id, now)
    by_mail = request.by_mail and not patient.no_contact
    if not by_mail:
        check_confirmed(session, actor, now=now)
    user = _account_of(session, patient)
    _check_may_be_invited(session, patient, user)
    if user is None:
        user = _add_account(session, patient)
    elif user.email != patient.email:
        _send_elsewhere(user, patient)
    invited = activation.make_link(session, user, by_mail=by_mail, now=now)
    audit.record(session, actor, "user.invited", user, now=now, patient=patient.id)
    return invited


def _locked(session: Session, actor: Actor, patient_id: int, now: datetime) -> Patient:
    """Held until commit, so that two who invite at once make one account."""
    found = session.scalar(
        visible_patients(actor, now=now)
        .where(Patient.id == patient_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(what=N_("patient"))
    return found


def _account_of(session: Session, patient: Patient) -> User | None:
    return session.scalar(select(User).where(User.patient_id == patient.id))


def _check_may_be_invited(session: Session, patient: Patient, user: User | None) -> None:
    if patient.archived_at is not None:
        raise Invalid(N_("{name} is archived and cannot sign in."), name=patient.name)
    if user is not None and not user.active:
        raise AccountOff(name=patient.name)
    if user is not None and user.password_hash != NO_PASSWORD:
        raise SignsInAlready(name=patient.name, username=user.username)
    if not patient.email:
        raise Invalid(
            N_("{name} has no e-mail address here yet. Save theirs first, then invite them."),
            field="email",
            name=patient.name,
        )
    _check_address_is_free(session, patient)


def _check_address_is_free(session: Session, patient: Patient) -> None:
    """A person, an address: whoever reads a mailbox can have its passwords reset."""
    used = select(User.id).where(
        or_(User.email == patient.email, User.username == fold_username(patient.email)),
        User.patient_id.is_distinct_from(patient.id),
    )
    if session.scalar(used.limit(1)) is not None:
        raise Invalid(
            N_("Somebody else signs in with {email}. Save an address of {name}'s own first."),
            field="email",
            email=patient.email,
            name=patient.name,
        )


def _add_account(session: Session, patient: Patient) -> User:
    return add_user(
        session,
        NewUser(
            username=patient.email,
            name=patient.name,
            role=Role.PATIENT,
            password_hash=NO_PASSWORD,
            patient_id=patient.id,
            email=patient.email,
        ),
    )


def _send_elsewhere(user: User, patient: Patient) -> None:
    """The address on record has changed before it was ever used."""
    if user.username == fold_username(user.email):
        user.username = fold_username(patient.email)
    user.email = patient.email


def _invited_at(session: Session, user: User) -> datetime | None:
    return session.scalar(
        select(AuditEntry.at)
        .where(
            AuditEntry.object_kind == User.__tablename__,
            AuditEntry.object_id == user.id,
            AuditEntry.action.in_(INVITED_BY),
        )
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(1)
    )
