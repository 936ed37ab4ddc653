"""Searches for a time, kept so that the practice learns what is asked for and not to be had.

A search is no change of anything and tells nothing about a person, so it is not on record.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.availability import ReasonCode, organisation_clock
from core.availability.next_free import NextAsked, seeker_of
from core.availability.why_none import why_none
from core.interval import to_seconds
from core.models import Channel, Role, Search
from core.policy import Actor, Permission, require
from core.recurrence import months_later

KEPT_MONTHS = 26
"""Two whole years, and as long before as it takes to look back at the end of one."""
MOST_A_DAY = 5_000
"""Of patients' own: a page that is open to everybody must not fill the disk."""


@dataclass(frozen=True)
class SearchMade:
    """What was looked for and what came of it, as whoever looked was told."""

    asked: NextAsked
    found: int = 0
    first_at: datetime | None = None
    """The first start that would do."""
    until_on: date | None = None
    """The last day that would do; None: as far ahead as visits are booked."""
    reason: ReasonCode | None = None
    """Where it is known why there is nothing."""


@dataclass(frozen=True)
class SearchKept:
    """The same as it is kept."""

    searched_on: date
    channel: Channel
    service_id: int
    professional_id: int | None
    weekday: int | None
    first_on: date
    last_on: date
    found: int
    days_ahead: int | None
    reason: str


def describe(session: Session, actor: Actor, made: SearchMade, *, now: datetime) -> SearchKept:
    """What is kept of a search that was answered: the days looked at, and why not.

    Raises ``NotFound`` for what is not there any more.
    """
    require(actor, Permission.CATALOG_READ)
    clock, asked = organisation_clock(session), made.asked
    today = clock.date_of(to_seconds(now))
    seeker = seeker_of(session, actor, asked, now=now)
    first = max(today, asked.from_on or today)
    reach = seeker.days[1] if seeker.days else first
    last = max(first, min(reach, made.until_on or reach))
    reason = None if made.found else made.reason or why_none(session, seeker, first, last)
    first_free = clock.date_of(to_seconds(made.first_at)) if made.first_at else None
    return SearchKept(
        searched_on=today,
        channel=_channel_of(actor),
        service_id=asked.service_id,
        professional_id=asked.professional_ids[0] if len(asked.professional_ids) == 1 else None,
        weekday=_weekday(asked, first, last),
        first_on=first,
        last_on=last,
        found=made.found,
        days_ahead=max(0, (first_free - first).days) if first_free and made.found else None,
        reason=reason.value if reason else "",
    )


def keep(session: Session, key: str, search: SearchKept) -> None:
    """Keep it in place of what was kept under the key, and drop what is too old."""
    sweep(session, today=search.searched_on)
    if search.channel is Channel.PATIENT and _is_too_much(session, search.searched_on):
        return
    values = asdict(search)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    adding = (postgresql.insert if is_postgresql else sqlite.insert)(Search)
    session.execute(
        adding.values(key=key, **values).on_conflict_do_update(index_elements=["key"], set_=values)
    )


def sweep(session: Session, *, today: date) -> None:
    """Remove what is too old to be compared with anything."""
    session.execute(delete(Search).where(Search.searched_on < months_later(today, -KEPT_MONTHS)))


def _channel_of(actor: Actor) -> Channel:
    """Who looks: the desk, a professional, or a patient or visitor by themselves."""
    if actor.role is Role.PROFESSIONAL:
        return Channel.PROFESSIONAL
    return Channel.DESK if actor.role in (Role.RECEPTIONIST, Role.ADMIN) else Channel.PATIENT


def _weekday(asked: NextAsked, first: date, last: date) -> int | None:
    if len(asked.weekdays) == 1:
        return next(iter(asked.weekdays))
    return first.isoweekday() if first == last else None


def _is_too_much(session: Session, on: date) -> bool:
    own = Search.searched_on == on, Search.channel == Channel.PATIENT
    return (session.scalar(select(func.count()).where(*own)) or 0) >= MOST_A_DAY
