"""Public holidays of a country as closures of the place."""

from dataclasses import dataclass
from datetime import date, datetime

import holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import N_, Invalid
from core.models import Closure
from core.policy import Actor, Permission, require
from core.schedule import NewClosure, add_closure

MOST_YEARS = 10


@dataclass(frozen=True)
class HolidaysAsked:
    """``country`` by its ISO 3166 code, ``subdivision`` by the code of a state or region."""

    country: str
    years: tuple[int, ...]
    subdivision: str = ""


def import_holidays(
    session: Session, actor: Actor, asked: HolidaysAsked, *, now: datetime
) -> list[Closure]:
    """Close the place on each public holiday; the closures that were added.

    Days on which it is closed already stay as they are, so that a second import adds nothing.
    """
    require(actor, Permission.SCHEDULE_WRITE)
    found = holidays_of(asked)
    if not found:
        return []
    closed = session.execute(
        select(Closure.first_on, Closure.last_on).where(
            Closure.removed_at.is_(None),
            Closure.first_on <= max(found),
            Closure.last_on >= min(found),
        )
    ).all()
    return [
        add_closure(session, actor, NewClosure(day, day, name), now=now)
        for day, name in sorted(found.items())
        if not any(first <= day <= last for first, last in closed)
    ]


def holidays_of(asked: HolidaysAsked) -> dict[date, str]:
    """Each holiday with the name it has in its own country."""
    if not asked.years or len(asked.years) > MOST_YEARS:
        raise Invalid(N_("Please choose 1 to {most} years."), field="years", most=MOST_YEARS)
    country = asked.country.upper()
    try:
        language = holidays.country_holidays(country).default_language
        found = holidays.country_holidays(
            country,
            subdiv=asked.subdivision.upper() or None,
            years=asked.years,
            language=language,
        )
    except NotImplementedError as unknown:
        raise Invalid(
            N_("No public holidays are known for {place}. Please add the closures one by one."),
            field="country",
            place=" ".join(filter(None, (asked.country, asked.subdivision))),
        ) from unknown
    return dict(found.items())
