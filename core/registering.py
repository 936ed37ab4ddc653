"""Patients put themselves on file, where an admin lets them.

What somebody typed is kept apart from the patients until a link in a mail has shown that the
address is theirs; what nobody confirms is gone with the link, letters included. Whoever fills
the form in is told the same, whether anybody has an account with the address or not: the mail
alone tells, and only who reads that mailbox.

Whoever registers always gets a record of their own, even where one patient on file has the same
name, address and date of birth. That record holds the visits of whoever it is about: a mailbox
is shared, lost, or was typed wrong at the desk, and reading it must not open them. The two are
proposed to the desk as perhaps one person. Who knows them makes the records one, and the account
goes along.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, exists, or_, select
from sqlalchemy.orm import Session

from core import audit, mail, one_time, outbox, throttle
from core.accounts import (
    NO_PASSWORD,
    VISITOR,
    NewUser,
    SignInAnswer,
    add_user,
    admit,
    fold_username,
    words_about,
)
from core.activation import LinkSpent, PasswordChosen
from core.db import Database
from core.edits import change, check_version, lock_row
from core.errors import N_, BookingError, Invalid, TooManyAttempts
from core.models import (
    OneTimeLink,
    Organisation,
    OutboxMessage,
    Patient,
    Registration,
    Role,
    User,
)
from core.passwords import PasswordHash, hash_password
from core.patients import NewPatient, put_on_file
from core.patients.typed import cleaned, place_of
from core.policy import Actor, Permission, require
from core.reset import AskedTooOften
from core.settings import Settings

REGISTRATION = "registration"
LINK_LASTS = timedelta(hours=24)
MOST_AN_HOUR = 3
MOST_AN_HOUR_FROM_ONE_ADDRESS = 15
HOUR = timedelta(hours=1)


class RegistrationClosed(BookingError):
    code = "registration_closed"
    message = N_("Patients do not register by themselves here. Please call the practice.")


class RegistrationSpent(LinkSpent):
    message = N_(
        "This link has been used or has run out. If you have not chosen a password yet, "
        "please register again."
    )


class HasAccount(BookingError):
    code = "has_account"
    message = N_(
        "There is an account for this address by now. Sign in with it, or press "
        "\u201cForgot your password?\u201d."
    )


class MailNeeded(BookingError):
    code = "mail_needed"
    message = N_(
        "Mail is not set up yet. Whoever registers shows by a link in a mail that the address is "
        "theirs; Practice, Messages says what is missing."
    )


@dataclass(frozen=True)
class RegisterSwitch:
    """Whether patients register; ``version`` is the one the form was opened on."""

    version: int
    patients_register: bool


@dataclass(frozen=True)
class RegistrationAsked:
    """What a stranger fills in. Everything else about a patient is the desk's to say."""

    name: str
    email: str
    phone: str = ""
    born_on: date | None = None
    agrees: bool = False
    """That the practice keeps this."""
    ip: str = ""


def is_open(session: Session) -> bool:
    """Whether patients register by themselves, as far as the practice decides that."""
    row = session.execute(
        select(Organisation.patients_book, Organisation.patients_register)
    ).first()
    return row is not None and row.patients_book and row.patients_register


def let_patients_register(
    session: Session, actor: Actor, request: RegisterSwitch, settings: Settings, *, now: datetime
) -> Organisation:
    """Switch it on, where links can be mailed, or off."""
    require(actor, Permission.CATALOG_WRITE)
    organisation = lock_row(session, Organisation, 1, what=N_("organisation"))
    check_version(session, organisation, request.version)
    changed = change(organisation, {"patients_register": request.patients_register})
    if changed and request.patients_register and not mail.is_configured(settings):
        raise MailNeeded
    if changed:
        audit.record(
            session, actor, "organisation.patients_register", organisation, now=now, changed=changed
        )
    return organisation


def register(database: Database, request: RegistrationAsked, *, now: datetime) -> None:
    """Write to the address: a link, or that there is an account already.

    Either is written, and the one that is not meant taken back, so that both take as long.
    """
    with database.writing() as session:
        clean = _cleaned(session, request, now)
        try:
            throttle.take(session, *_counters(clean.email, request.ip), now=now)
        except TooManyAttempts as refusal:
            minutes = math.ceil(refusal.details["seconds"] / 60)
            raise AskedTooOften(**refusal.details, minutes=minutes) from None
    with database.writing() as session:
        known = _find_known(session, clean.email)
        with session.begin_nested() as step:
            _write_link(session, clean, now)
            if known is not None:
                step.rollback()
        with session.begin_nested() as step:
            _write_to_known(session, known, now)
            if known is None or not known.email:
                step.rollback()
        audit.record(session, VISITOR, "registration.asked", now=now)


def issue_link(session: Session, registration: Registration, *, now: datetime) -> str:
    """The secret of a new link, for the mail and for nothing else."""
    return one_time.issue(
        session,
        REGISTRATION,
        lasts=registration.expires_at - now,
        now=now,
        registration_id=registration.id,
    )


def find_registering(session: Session, link: str, *, now: datetime) -> User | None:
    """Who they will be once they have chosen a password, while the link can be used."""
    found = _find(session, link, now)
    return _as_user(found) if found is not None else None


def finish(database: Database, request: PasswordChosen, *, now: datetime) -> SignInAnswer:
    """Use the link up: a patient on file, who signs in with this password."""
    with database.reading() as session:
        found = _find(session, request.link, now)
        if found is None:
            raise RegistrationSpent
        about = words_about(session, _as_user(found))
    hashed = hash_password(request.password, Role.PATIENT, about)
    with database.writing() as session:
        if not is_open(session):
            raise RegistrationClosed
        asked = select(Registration).where(Registration.id == found.id).with_for_update()
        registration = session.scalar(asked)
        used = one_time.use(session, REGISTRATION, request.link, now=now)
        if registration is None or used is None:
            raise RegistrationSpent
        user = _put_on_file(session, registration, hashed, now)
        forget(session, Registration.email == registration.email)
        answer = admit(session, user, now=now)
        audit.record(session, VISITOR, "user.registered", user, now=now, patient=user.patient_id)
        return answer


def is_any_over(session: Session, *, now: datetime) -> bool:
    return bool(session.scalar(select(exists().where(Registration.expires_at <= now))))


def sweep(session: Session, *, now: datetime) -> None:
    """Nothing is left of those whose link has run out."""
    forget(session, Registration.expires_at <= now)


def forget(session: Session, which: ColumnElement[bool]) -> None:
    """Delete the registrations, with their links and letters."""
    ids = select(Registration.id).where(which)
    for pointing in (OneTimeLink, OutboxMessage):
        session.execute(delete(pointing).where(pointing.registration_id.in_(ids)))
    session.execute(delete(Registration).where(which))


def _cleaned(session: Session, request: RegistrationAsked, now: datetime) -> NewPatient:
    if not is_open(session):
        raise RegistrationClosed
    typed = NewPatient(request.name, request.phone, request.email, request.born_on)
    clean = cleaned(typed, place_of(session), now)
    if not clean.email:
        raise Invalid(N_("Please enter your e-mail address."), field="email")
    if not request.agrees:
        raise Invalid(N_("Please agree that we keep this, or call us instead."), field="agrees")
    return clean


def _counters(email: str, ip: str) -> tuple[throttle.WindowCounter, ...]:
    return (
        throttle.WindowCounter(f"register:{email}", window=HOUR, free=MOST_AN_HOUR),
        throttle.WindowCounter(
            f"register from:{throttle.network_of(ip)}", HOUR, MOST_AN_HOUR_FROM_ONE_ADDRESS
        ),
    )


def _find_known(session: Session, email: str) -> User | None:
    """Who has this address, the one whose user name it is first."""
    is_named = User.username == fold_username(email)
    return session.scalar(
        select(User)
        .where(or_(is_named, User.email == email))
        .order_by(case((is_named, 0), else_=1), User.id)
        .limit(1)
    )


def _write_link(session: Session, clean: NewPatient, now: datetime) -> None:
    registration = Registration(
        name=clean.name,
        email=clean.email,
        phone=clean.phone,
        born_on=clean.born_on,
        expires_at=now + LINK_LASTS,
    )
    session.add(registration)
    session.flush()
    message = outbox.Message(
        dedupe=f"registration:{registration.id}:{now.isoformat()}",
        kind=outbox.Kind.REGISTRATION,
        address=clean.email,
        registration_id=registration.id,
    )
    outbox.enqueue(session, message, now=now)


def _write_to_known(session: Session, known: User | None, now: datetime) -> None:
    """A patient who was invited and has not chosen a password yet gets a link for that.

    Staff without one come in another way, or wait for a link of an admin: no stranger asks for it.
    Nor does who reads a mailbox that was typed wrong once, and does not stand on record any more.
    """
    patient_id = (known.patient_id if known else None) or 0  # asked for nobody too: as long
    on_record = session.scalar(select(Patient.email).where(Patient.id == patient_id))
    is_new = (
        known is not None
        and known.role is Role.PATIENT
        and known.password_hash == NO_PASSWORD
        and known.email == on_record
    )
    name = known.id if known else "nobody"
    message = outbox.Message(
        dedupe=f"has_account:{name}:{now.isoformat()}",
        kind=outbox.Kind.ACTIVATION if is_new else outbox.Kind.HAS_ACCOUNT,
        address=known.email if known else "",
        user_id=known.id if known else None,
    )
    outbox.enqueue(session, message, now=now)


def _find(session: Session, link: str, now: datetime) -> Registration | None:
    found = one_time.find(session, REGISTRATION, link, now=now)
    return session.get(Registration, found.registration_id) if found is not None else None


def _as_user(registration: Registration) -> User:
    return User(
        username=fold_username(registration.email), name=registration.name, role=Role.PATIENT
    )


def _put_on_file(
    session: Session, registration: Registration, hashed: PasswordHash, now: datetime
) -> User:
    """A record of their own, whoever else is on file, and the account that sees it."""
    if _find_known(session, registration.email) is not None:
        raise HasAccount
    known = NewPatient(
        registration.name, registration.phone, registration.email, registration.born_on
    )
    patient = put_on_file(session, known, now=now)
    session.flush()
    return add_user(
        session,
        NewUser(
            username=registration.email,
            name=registration.name,
            role=Role.PATIENT,
            password_hash=hashed,
            patient_id=patient.id,
            email=registration.email,
        ),
    )
