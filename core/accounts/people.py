"""Everybody who can sign in, page by page: found, narrowed down and put in an order."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from core.accounts.users import NO_PASSWORD, fold_username
from core.folding import fold
from core.models import AuthSession, Role, User
from core.policy import Actor, Permission, require

PAGE_LENGTH = 50


class PeopleOrder(enum.StrEnum):
    STAFF_FIRST = "staff"
    NAME = "name"
    NEWEST = "newest"
    LAST_HERE = "last-here"
    """Who has been here lately first, and who never was last."""


class Standing(enum.StrEnum):
    """Whether somebody can sign in, and if not why."""

    ACTIVE = "active"
    INVITED = "invited"
    """They have not chosen a password yet."""
    DEACTIVATED = "deactivated"


@dataclass(frozen=True)
class PeopleAsked:
    words: str = ""
    role: Role | None = None
    standing: Standing | None = None
    order: PeopleOrder = PeopleOrder.STAFF_FIRST
    page: int = 1


@dataclass(frozen=True)
class Person:
    user: User
    last_here_at: datetime | None


@dataclass(frozen=True)
class PeoplePage:
    people: Sequence[Person]
    count: int
    """On all pages."""
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE_LENGTH))


LAST_HERE = (
    select(func.max(AuthSession.last_seen_at))
    .where(AuthSession.user_id == User.id)
    .correlate(User)
    .scalar_subquery()
)
BY_NAME = (User.folded, User.id)
ORDERS: dict[PeopleOrder, tuple[Any, ...]] = {
    PeopleOrder.STAFF_FIRST: (case((User.role == Role.PATIENT, 1), else_=0), *BY_NAME),
    PeopleOrder.NAME: BY_NAME,
    PeopleOrder.NEWEST: (User.created_at.desc(), User.id.desc()),
    PeopleOrder.LAST_HERE: (LAST_HERE.desc().nulls_last(), *BY_NAME),
}
STANDINGS: dict[Standing, ColumnElement[bool]] = {
    Standing.ACTIVE: User.active & (User.password_hash != NO_PASSWORD),
    Standing.INVITED: User.active & (User.password_hash == NO_PASSWORD),
    Standing.DEACTIVATED: ~User.active,
}


def load_people(session: Session, actor: Actor, asked: PeopleAsked) -> PeoplePage:
    """One page of them; a page behind the last one is the last one."""
    require(actor, Permission.ACCOUNTS_WRITE)
    found = _found(asked)
    count = session.scalar(select(func.count()).select_from(User).where(*found)) or 0
    page = max(1, min(asked.page, -(-count // PAGE_LENGTH)))
    rows = session.execute(
        select(User, LAST_HERE)
        .where(*found)
        .order_by(*ORDERS[asked.order])
        .limit(PAGE_LENGTH)
        .offset((page - 1) * PAGE_LENGTH)
    )
    return PeoplePage([Person(user, at) for user, at in rows], count, page)


def _found(asked: PeopleAsked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        or_(_is_named(word), User.username.contains(fold_username(word), autoescape=True))
        for word in asked.words.split()
    ]
    if asked.role is not None:
        found.append(User.role == asked.role)
    if asked.standing is not None:
        found.append(STANDINGS[asked.standing])
    return found


def _is_named(word: str) -> ColumnElement[bool]:
    """Whether what is typed is in the name, accents or not; O-Neill is two words there."""
    parts = fold(word).split()
    named = (User.folded.contains(each, autoescape=True) for each in parts)
    return and_(*named) if parts else false()
