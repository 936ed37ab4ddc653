"""What is asked for and cannot be had: searches that found nothing, and who waits for it now."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import By, Key, names_of
from core.availability import ReasonCode
from core.errors import N_, NotFound
from core.models import Search, WaitingEntry, WaitingProfessional, WaitingState
from core.policy import Actor, Permission, require

P, R = Permission, ReasonCode


@dataclass(frozen=True)
class SearchCounts:
    """Searches made on the days asked for, each counted once, and how many found nothing."""

    searches: int = 0
    nothing: int = 0
    """Found no time within what was asked for."""
    waiting: int = 0
    """On the waiting list now, whenever they were put there."""

    @property
    def share(self) -> float | None:
        """That found nothing; None without searches."""
        return self.nothing / self.searches if self.searches else None

    @property
    def not_got(self) -> int:
        """How often it was asked for and is not had."""
        return self.nothing + self.waiting


@dataclass(frozen=True)
class Searched(SearchCounts):
    """Those of one group, and how they went."""

    key: Key = None
    name: str = ""
    days_ahead: float | None = None
    """Half of those that found one had to look no further ahead; None where none did."""
    why: str = ""
    """What stood most often in the way of the others, of the words of ``WHY_NOT``."""


BOOKED_UP, NOT_AT_WORK, NOT_OFFERED = (
    N_("Booked up"),
    N_("Nobody works then"),
    N_("Nobody offers it"),
)
WHY_NOT: Mapping[str, str] = {
    "": NOT_OFFERED,
    **dict.fromkeys((R.TAKEN, R.HELD, R.FULL, R.BUFFER), BOOKED_UP),
    **dict.fromkeys((R.TOO_SHORT, R.OFF_STEP), N_("Free time too short")),
    **dict.fromkeys((R.CLOSED, R.BREAK, R.PAST), NOT_AT_WORK),
    **dict.fromkeys((R.TIME_OFF, R.NOT_BOOKABLE), N_("Away")),
    R.CLOSURE: N_("Closed"),
    R.NOTICE: N_("At too short notice"),
    R.HORIZON: N_("Too far ahead"),
    R.DAY_LIMIT: N_("Limit of the day"),
    R.WEEK_LIMIT: N_("Limit of the week"),
    R.ROOM: N_("No room free"),
    R.PATIENT_BUSY: N_("The patient is busy"),
}
"""Why a search found nothing, in a few words; those that say the same to an admin are one."""
WHAT_TO_DO: Mapping[str, str] = {
    BOOKED_UP: N_("Those who offer it are booked up: more hours for it would be used."),
    NOT_AT_WORK: N_(
        "It is asked for when nobody who offers it works: look by day asked for, and open hours "
        "then."
    ),
    NOT_OFFERED: N_("Nobody offers it: give it to a professional under Practice."),
    WHY_NOT[R.DAY_LIMIT]: N_(
        "Those who offer it take no more visits a day: raise their limit under Practice, or let "
        "somebody else offer it."
    ),
    WHY_NOT[R.ROOM]: N_("No room it needs is free then: let it take another one, too."),
}
"""What an admin can do about it, where there is something."""
WAITED_BY = (By.SERVICE, By.PROFESSIONAL)
"""What those who wait can be told apart by."""
IN_ORDER = (By.WEEKDAY,)


def searches(session: Session, actor: Actor, asked: AnalyticsAsked, by: By) -> list[Searched]:
    """In groups, what is had least first; weekdays in their order. Rooms narrow nothing.

    Raises ``NotFound`` for groups that searches do not fall in.
    """
    require(actor, P.ANALYTICS_READ)
    if by not in KEYS:
        raise NotFound(what=N_("figure"))
    session.flush()
    waits = _waiting(session, asked, by) if by in WAITED_BY else {}
    counts = _counts(session, asked, KEYS[by])
    known: set[Key] = {*counts, *waits}
    if by is By.WEEKDAY and known:
        known |= set(range(7))
    names = names_of(session, by)
    found = [
        _searched(key, names.get(key, ""), counts.get(key, Counter()), waits.get(key, 0))
        for key in known
    ]
    return sorted(found, key=_in_order if by in IN_ORDER else _least_had)


def all_searches(session: Session, actor: Actor, asked: AnalyticsAsked) -> SearchCounts:
    """All of it together."""
    require(actor, P.ANALYTICS_READ)
    session.flush()
    query = select(func.count(), func.count(Search.days_ahead)).where(_is_asked_for(asked))
    count, found = session.execute(query).one()
    waiting = sum(_waiting(session, asked, By.SERVICE).values())
    return SearchCounts(count, count - found, waiting)


Outcomes = Counter[tuple[int | None, str]]
"""How many searches had which days ahead, or none and for which reason."""


def _counts(
    session: Session, asked: AnalyticsAsked, key: ColumnElement[Any]
) -> Mapping[Key, Outcomes]:
    query = (
        select(key.label("grouped_by"), Search.days_ahead, Search.reason, func.count())
        .where(_is_asked_for(asked))
        .group_by("grouped_by", Search.days_ahead, Search.reason)
    )
    found: dict[Key, Outcomes] = defaultdict(Counter)
    for group, days_ahead, reason, count in session.execute(query):
        found[group][days_ahead, reason] += count
    return found


def _is_asked_for(asked: AnalyticsAsked) -> ColumnElement[bool]:
    conditions = [Search.searched_on.between(asked.first, asked.last)]
    if asked.professional_ids:
        conditions.append(Search.professional_id.in_(asked.professional_ids))
    if asked.service_ids:
        conditions.append(Search.service_id.in_(asked.service_ids))
    return and_(*conditions)


def _searched(key: Key, name: str, outcomes: Outcomes, waiting: int) -> Searched:
    ahead: Counter[int] = Counter()
    reasons: Counter[str] = Counter()
    for (days_ahead, reason), count in outcomes.items():
        if days_ahead is None:
            reasons[WHY_NOT.get(reason, NOT_OFFERED)] += count
        else:
            ahead[days_ahead] += count
    commonest = min(reasons.items(), key=lambda each: (-each[1], each[0]), default=("", 0))
    return Searched(
        key=key,
        name=name,
        searches=outcomes.total(),
        nothing=reasons.total(),
        days_ahead=_median(ahead),
        why=commonest[0],
        waiting=waiting,
    )


def _median(counts: Counter[int]) -> float | None:
    """Of so many of each, without a list of them all."""
    total = counts.total()
    if not total:
        return None
    middle = ((total - 1) // 2, total // 2)
    return sum(_nth(counts, each) for each in middle) / 2


def _nth(counts: Counter[int], number: int) -> int:
    passed = 0
    for value in sorted(counts):
        passed += counts[value]
        if number < passed:
            return value
    raise IndexError(number)


def _waiting(session: Session, asked: AnalyticsAsked, by: By) -> dict[Key, int]:
    """Who waits now, for the services and professionals that are asked for."""
    key = WaitingEntry.service_id.expression if by is By.SERVICE else _only_professional()
    query = select(key.label("grouped_by"), func.count()).where(
        WaitingEntry.state == WaitingState.WAITING
    )
    if asked.service_ids:
        query = query.where(WaitingEntry.service_id.in_(asked.service_ids))
    if asked.professional_ids:
        query = query.where(_only_professional().in_(asked.professional_ids))
    rows = session.execute(query.group_by("grouped_by"))
    return {key: count for key, count in rows}  # noqa: C416


def _only_professional() -> ColumnElement[int | None]:
    """Whom an entry is for; nothing where several would do, or anybody."""
    named = WaitingProfessional
    return (
        select(case((func.count() == 1, func.min(named.professional_id))))
        .where(named.entry_id == WaitingEntry.id)
        .correlate(WaitingEntry)
        .scalar_subquery()
    )


def _in_order(each: Searched) -> tuple[bool, Any]:
    return each.key is None, each.key


def _least_had(each: Searched) -> tuple[int, int, bool, str, str]:
    return -each.not_got, -each.searches, each.key is None, each.name, str(each.key)


KEYS: Mapping[By, ColumnElement[Any]] = {
    By.SERVICE: Search.service_id.expression,
    By.PROFESSIONAL: Search.professional_id.expression,
    By.WEEKDAY: Search.weekday.expression - 1,
    By.CHANNEL: Search.channel.expression,
}
