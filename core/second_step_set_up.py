"""Setting the second step up, and taking it away again.

The secret is offered first and counts once a code made from it has come back, so that
nobody is locked out by an app that did not take it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit, second_step
from core.accounts import check_confirmed, end_other_sessions, shut_out, void_links
from core.edits import lock_row
from core.errors import N_, BookingError, NotFound
from core.models import Organisation, RecoveryCode, SecondStep, User
from core.policy import Actor, Permission, require

OFFER_LASTS = timedelta(minutes=15)


class OfferSpent(BookingError):
    code = "offer_spent"
    message = N_("This set-up took too long. Start it again and scan the new picture.")


class AlreadyOn(BookingError):
    code = "already_on"
    message = N_("Two-step sign-in is on already. Switch it off first to set it up anew.")


@dataclass(frozen=True)
class Offer:
    """What an app on a telephone takes in: by its camera, or typed."""

    secret: str
    uri: str


def offer(session: Session, actor: Actor, *, now: datetime) -> Offer:
    """Make a new secret for the actor's app; one offered before is void."""
    check_confirmed(session, actor, now=now)
    user = _own_user(session, actor)
    if second_step.is_on(session, user.id):
        raise AlreadyOn
    step = session.get(SecondStep, user.id) or SecondStep(user_id=user.id)
    step.secret, step.offered_at, step.last_count = pyotp.random_base32(), now, 0
    session.add(step)
    audit.record(session, actor, "second_step.offered", user, now=now)
    return _offer(session, user, step)


def find_offer(session: Session, actor: Actor, *, now: datetime) -> Offer | None:
    """What the actor's app has yet to take in, while it may."""
    step = session.get(SecondStep, actor.user_id) if actor.user_id is not None else None
    if step is None or not _is_offered(step, now):
        return None
    return _offer(session, session.get_one(User, actor.user_id), step)


def switch_on(session: Session, actor: Actor, code: str, *, now: datetime) -> list[str]:
    """Ask for a second step from now on, once a first code proves that the app has the secret.

    Answers with the recovery codes, kept nowhere else. Other sessions of the actor end,
    and what the password alone was traded for is void.
    """
    user = _own_user(session, actor)
    step = session.get(SecondStep, user.id)
    if step is None or not _is_offered(step, now):
        raise OfferSpent
    if not second_step.take_code(session, user.id, code, now=now):
        raise second_step.WrongCode
    step.on_since = now
    codes = second_step.make_recovery_codes(session, user.id)
    void_links(session, user, now)
    end_other_sessions(session, actor, "second step", now=now)
    audit.record(session, actor, "second_step.switched_on", user, now=now)
    return codes


def switch_off(session: Session, actor: Actor, *, now: datetime) -> None:
    """Let the actor's password alone be enough again."""
    check_confirmed(session, actor, now=now)
    user = _own_user(session, actor)
    _check_on(session, user)
    _take_away(session, user)
    audit.record(session, actor, "second_step.switched_off", user, now=now)


def renew_recovery_codes(session: Session, actor: Actor, *, now: datetime) -> list[str]:
    """Ten new recovery codes; those on paper are void."""
    check_confirmed(session, actor, now=now)
    user = _own_user(session, actor)
    _check_on(session, user)
    codes = second_step.make_recovery_codes(session, user.id)
    audit.record(session, actor, "second_step.codes_renewed", user, now=now)
    return codes


def reset(session: Session, actor: Actor, user_id: int, *, now: datetime) -> User:
    """Take away the second step of somebody who lost their telephone and their codes.

    Their sessions end: they sign in with the password, and set it up anew.
    """
    require(actor, Permission.ACCOUNTS_WRITE)
    check_confirmed(session, actor, now=now)
    user = lock_row(session, User, user_id, what=N_("user"))
    _check_on(session, user)
    _take_away(session, user)
    shut_out(session, user, "second step reset", now)
    audit.record(session, actor, "second_step.reset", user, now=now)
    return user


def load_who_has_it(session: Session, actor: Actor) -> frozenset[int]:
    """The users whose password alone is not enough."""
    require(actor, Permission.ACCOUNTS_WRITE)
    who = select(SecondStep.user_id).where(SecondStep.on_since.is_not(None))
    return frozenset(session.scalars(who))


def is_required(session: Session, actor: Actor) -> bool:
    """Whether the staff have to have it."""
    require(actor, Permission.ACCOUNTS_WRITE)
    return bool(session.scalar(select(Organisation.two_step_required)))


def require_of_staff(session: Session, actor: Actor, *, now: datetime) -> None:
    """Whoever of the staff has no second step sets one up before anything else."""
    organisation = _organisation(session, actor, now=now)
    organisation.two_step_required = True
    audit.record(session, actor, "second_step.required", organisation, now=now)


def leave_to_staff(session: Session, actor: Actor, *, now: datetime) -> None:
    """Let each of the staff decide; who has a second step keeps it."""
    organisation = _organisation(session, actor, now=now)
    organisation.two_step_required = False
    audit.record(session, actor, "second_step.left_to_staff", organisation, now=now)


def _organisation(session: Session, actor: Actor, *, now: datetime) -> Organisation:
    require(actor, Permission.ACCOUNTS_WRITE)
    check_confirmed(session, actor, now=now)
    found = session.get(Organisation, 1, with_for_update=True)
    if found is None:
        raise NotFound(what=N_("practice"))
    return found


def _own_user(session: Session, actor: Actor) -> User:
    if actor.user_id is None:
        raise NotFound(what=N_("user"))
    return lock_row(session, User, actor.user_id, what=N_("user"))


def _check_on(session: Session, user: User) -> None:
    if not second_step.is_on(session, user.id):
        raise NotFound(what=N_("two-step sign-in"))


def _is_offered(step: SecondStep, now: datetime) -> bool:
    return step.on_since is None and now < step.offered_at + OFFER_LASTS


def _offer(session: Session, user: User, step: SecondStep) -> Offer:
    organisation = session.get(Organisation, 1)
    issuer = organisation.name if organisation is not None else "Frontdesk"
    app = pyotp.TOTP(step.secret)
    return Offer(step.secret, app.provisioning_uri(name=user.username, issuer_name=issuer))


def _take_away(session: Session, user: User) -> None:
    for kind in (RecoveryCode, SecondStep):
        session.execute(delete(kind).where(kind.user_id == user.id))
