"""Where a user's links and notices go."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core import audit, outbox
from core.accounts.sessions import check_confirmed, void_links
from core.accounts.users import clean_email
from core.edits import check_version, lock_row
from core.errors import N_
from core.models import User
from core.policy import Actor, Permission, require


@dataclass(frozen=True)
class NewEmail:
    """An address for a user; ``version`` is the one the form was opened on."""

    user_id: int
    version: int
    email: str
    """Empty: nothing is mailed to them any more."""


def change_email(session: Session, actor: Actor, request: NewEmail, *, now: datetime) -> User:
    """Send a user's links elsewhere from now on; the old address is told.

    Whoever reads those mails can sign in as the user, so the actor proves who they are.
    """
    require(actor, Permission.ACCOUNTS_WRITE)
    user = lock_row(session, User, request.user_id, what=N_("user"))
    check_version(session, user, request.version)
    email, old = clean_email(request.email), user.email
    if email == old:
        return user
    check_confirmed(session, actor, now=now)
    user.email = email
    void_links(session, user, now)
    if old:
        _tell(session, user, old, now)
    audit.record(session, actor, "user.email_changed", user, now=now)
    return user


def _tell(session: Session, user: User, old: str, now: datetime) -> None:
    message = outbox.Message(
        dedupe=f"email_changed:{user.id}:{user.version}",
        kind=outbox.Kind.EMAIL_CHANGED,
        address=old,
        user_id=user.id,
    )
    outbox.enqueue(session, message, now=now)
