"""What stands on the report: the same counts as on the screen, of a whole calendar month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from core import catalog
from core.analytics import (
    AnalyticsAsked,
    By,
    Made,
    People,
    Quiet,
    SearchCounts,
    Searched,
    SeatCounts,
    Totals,
    Used,
    UtilisationHour,
    Worth,
    all_made,
    all_searches,
    all_seats,
    all_worth,
    find_quiet,
    least_used_first,
    made,
    missed_most,
    people,
    searches,
    seats,
    total,
    utilisation,
    utilisation_hours,
)
from core.catalog.place import get_organisation, zone_of
from core.errors import N_, Invalid
from core.policy import Actor, Permission, require
from core.recurrence import months_later

MONTHS_BACK = 24
FIRST_MONTH = date(2000, 1, 1)


@dataclass(frozen=True)
class MonthFigures:
    """The headlines of one month."""

    time: Totals
    seats: SeatCounts
    made: Made
    worth: Worth
    people: People

    @property
    def is_empty(self) -> bool:
        """Nobody was at work, nothing took place, and nothing was booked."""
        return not (self.time.offered_minutes or self.seats.booked or self.made.made)


@dataclass(frozen=True)
class MonthlyReport:
    organisation: str
    logo: bytes | None
    """A PNG, where the place has one."""
    currency: str
    zone: ZoneInfo
    month: date
    """Its first day."""
    made_at: datetime
    figures: MonthFigures
    before: MonthFigures
    """The calendar month before."""
    used: Sequence[Used]
    """Whoever offered time, the least used first."""
    hours: Sequence[UtilisationHour]
    leads: Sequence[Made]
    quiet: Quiet | None
    missed_on: SeatCounts | None
    """The weekday with the highest share of no-shows."""
    searched: SearchCounts
    """All searches together."""
    wanted: Sequence[Searched]
    """The services people asked for and did not get, most of them first."""


def months_to_report(today: date) -> list[date]:
    """The months that are over, the last one first."""
    return [months_later(today.replace(day=1), -back) for back in range(1, MONTHS_BACK + 1)]


def month_of_word(word: str) -> date:
    """The first day of "2026-10". Raises ``Invalid`` for anything else."""
    try:
        return date.fromisoformat(f"{word}-01")
    except ValueError as unreadable:
        raise Invalid(
            N_("{word} is not a month. Please write the year and the month, like 2026-10."),
            field="month",
            word=word,
        ) from unreadable


def check_may_report(session: Session, actor: Actor, month: date, *, now: datetime) -> None:
    """Raise unless the actor may read it and the month is over: a part of one beside a whole
    one would mislead."""
    require(actor, Permission.ANALYTICS_READ)
    asked, zone = _asked(month), zone_of(get_organisation(session))
    if not FIRST_MONTH < asked.first <= asked.last < now.astimezone(zone).date():
        raise Invalid(
            N_("The report is of a month that is over. Please choose an earlier one."),
            field="month",
        )


def load_monthly_report(
    session: Session, actor: Actor, month: date, *, now: datetime
) -> MonthlyReport:
    """The month that begins on this day."""
    check_may_report(session, actor, month, now=now)
    organisation, logo = get_organisation(session), catalog.find_logo(session)
    asked = _asked(month)
    weeks = utilisation(session, actor, asked, now=now)
    used = least_used_first(weeks)
    return MonthlyReport(
        organisation=organisation.name,
        logo=logo.content if logo else None,
        currency=organisation.currency,
        zone=zone_of(organisation),
        month=asked.first,
        made_at=now,
        figures=_figures(session, actor, asked, now),
        before=_figures(session, actor, _asked(months_later(asked.first, -1)), now),
        used=used,
        hours=utilisation_hours(session, actor, asked, now=now),
        leads=made(session, actor, asked, By.LEAD),
        quiet=find_quiet(session, actor, asked, used, now=now),
        missed_on=missed_most(seats(session, actor, asked, By.WEEKDAY, now=now)),
        searched=all_searches(session, actor, asked),
        wanted=[each for each in searches(session, actor, asked, By.SERVICE) if each.not_got],
    )


def _asked(month: date) -> AnalyticsAsked:
    first = month.replace(day=1)
    return AnalyticsAsked(first, months_later(first, 1) - timedelta(days=1))


def _figures(session: Session, actor: Actor, asked: AnalyticsAsked, now: datetime) -> MonthFigures:
    return MonthFigures(
        time=total(utilisation(session, actor, asked, now=now)),
        seats=all_seats(session, actor, asked, now=now),
        made=all_made(session, actor, asked),
        worth=all_worth(session, actor, asked, now=now),
        people=people(session, actor, asked, now=now),
    )
