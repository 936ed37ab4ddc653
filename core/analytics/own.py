"""A professional's own figures, week by week or month by month.

Every figure is the one the place counts by: these only lay one professional's side by side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import reduce

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import By, Key
from core.analytics.seats import SeatCounts, seats
from core.analytics.tables import TITLES, Table, per_cent
from core.analytics.utilisation import utilisation
from core.analytics.worth import worth
from core.desk import DayBooking, drawn
from core.errors import N_, NotFound
from core.models import Booking, BookingState, Organisation
from core.policy import Actor, Permission, require, visible_bookings
from core.recurrence import months_later

P, S = Permission, BookingState
EARNINGS = N_("Booked earnings")
MOST = 60
"""Weeks or months at once."""
LATELY = timedelta(days=60)


@dataclass(frozen=True)
class OwnAsked:
    """So many weeks or months, the last of them the one that holds ``until``."""

    by: By
    until: date
    count: int

    @property
    def words(self) -> tuple[str, ...]:
        """As a link says it."""
        return self.by.value, self.until.isoformat(), str(self.count)

    @classmethod
    def of_words(cls, words: Sequence[str]) -> "OwnAsked":
        """The other way round. Raises ``NotFound`` for words that say nothing."""
        try:
            by, until, count = words
            asked = cls(By(by), date.fromisoformat(until), int(count))
        except ValueError as unreadable:
            raise NotFound(what=N_("figure")) from unreadable
        if asked.by not in (By.WEEK, By.MONTH) or not 0 < asked.count <= MOST:
            raise NotFound(what=N_("figure"))
        return asked

    def before(self) -> "OwnAsked":
        """As many, just before."""
        return replace(self, until=self.starts()[0] - timedelta(days=1))

    def starts(self) -> list[date]:
        """The first day of each."""
        return [self._start(number - self.count + 1) for number in range(self.count)]

    def ends(self) -> list[date]:
        """The last day of each."""
        following = [*self.starts()[1:], self._start(1)]
        return [each - timedelta(days=1) for each in following]

    def _start(self, number: int) -> date:
        if self.by is By.MONTH:
            return months_later(self.until.replace(day=1), number)
        return self.until - timedelta(days=self.until.weekday()) + timedelta(weeks=number)


@dataclass(frozen=True)
class OwnFigures:
    """Of one week or month, or of several together."""

    starts_on: date
    offered_minutes: int = 0
    booked_minutes: int = 0
    visits: int = 0
    """Bookings that take their time, a group once."""
    booked: int = 0
    """Seats that were booked, whatever became of them."""
    due: int = 0
    """Of these the ones whose visit has begun and was not cancelled."""
    no_shows: int = 0
    late: int = 0
    """Cancelled by the patient with less warning than the service asks for."""
    earned_cents: int = 0
    """What the visits are booked at."""

    @property
    def utilisation(self) -> float | None:
        return self.booked_minutes / self.offered_minutes if self.offered_minutes else None

    @property
    def no_show_share(self) -> float | None:
        """Of the seats that were due."""
        return self.no_shows / self.due if self.due else None

    @property
    def late_share(self) -> float | None:
        """Of all that were booked."""
        return self.late / self.booked if self.booked else None

    def __add__(self, other: "OwnFigures") -> "OwnFigures":
        return OwnFigures(
            min(self.starts_on, other.starts_on),
            self.offered_minutes + other.offered_minutes,
            self.booked_minutes + other.booked_minutes,
            self.visits + other.visits,
            self.booked + other.booked,
            self.due + other.due,
            self.no_shows + other.no_shows,
            self.late + other.late,
            self.earned_cents + other.earned_cents,
        )


@dataclass(frozen=True)
class OwnNumbers:
    currency: str
    periods: Sequence[OwnFigures]
    """In the order of time, those without anything included."""

    @property
    def whole(self) -> OwnFigures:
        """All of them together."""
        return reduce(OwnFigures.__add__, self.periods)


@dataclass(frozen=True)
class LatestBooking:
    made_at: datetime
    booking: DayBooking


def own_numbers(session: Session, actor: Actor, asked: OwnAsked, *, now: datetime) -> OwnNumbers:
    """The figures of the professional who asks."""
    require(actor, P.ANALYTICS_READ_OWN)
    own = (actor.professional_id or 0,)
    starts, ends = asked.starts(), asked.ends()
    whole = AnalyticsAsked(starts[0], ends[-1], own)
    counted = {each.key: each for each in seats(session, actor, whole, asked.by, now=now)}
    earned = {
        each.key: each.booked_cents for each in worth(session, actor, whole, asked.by, now=now)
    }
    by_time = _time(session, actor, asked, own, now)
    currency = session.scalar(select(Organisation.currency)) or ""
    periods = [_of(each, by_time[each], counted, earned) for each in starts]
    return OwnNumbers(currency, periods)


def own_table(by: By, numbers: OwnNumbers) -> Table:
    """Every figure of every week or month, with what stands behind the shares."""
    titles = (
        TITLES[by],
        N_("Visits"),
        N_("Booked h"),
        N_("Offered h"),
        N_("Utilisation %"),
        N_("Due"),
        N_("No-shows"),
        N_("No-shows %"),
        N_("Seats booked"),
        N_("Cancelled late"),
        N_("Cancelled late %"),
        EARNINGS,
    )
    return Table(titles, [_row(each) for each in numbers.periods])


def latest_bookings(
    session: Session, actor: Actor, *, now: datetime, limit: int = 10
) -> list[LatestBooking]:
    """What was booked last in the calendar of the professional who asks, newest first.

    Of visits that are still to come or were lately: years of older ones need not be sorted.
    """
    require(actor, P.ANALYTICS_READ_OWN)
    newest = (
        visible_bookings(actor)
        .where(Booking.state != S.HELD, Booking.starts_at >= now - LATELY)
        .with_only_columns(Booking.id, Booking.created_at)
        .order_by(Booking.created_at.desc(), Booking.id.desc())
        .limit(limit)
    )
    made = {id: at for id, at in session.execute(newest)}  # noqa: C416 - rows are not pairs to mypy
    found = drawn(session, visible_bookings(actor).where(Booking.id.in_(made)))
    by_id = {each.id: each for each in found}
    return [LatestBooking(at, by_id[id]) for id, at in made.items()]


def _row(each: OwnFigures) -> tuple[object, ...]:
    return (
        each.starts_on,
        each.visits,
        round(each.booked_minutes / 60, 1),
        round(each.offered_minutes / 60, 1),
        per_cent(each.utilisation),
        each.due,
        each.no_shows,
        per_cent(each.no_show_share),
        each.booked,
        each.late,
        per_cent(each.late_share),
        each.earned_cents / 100,
    )


def _time(
    session: Session, actor: Actor, asked: OwnAsked, own: tuple[int, ...], now: datetime
) -> Mapping[date, OwnFigures]:
    """Offered and booked time; weeks are asked for together, months one by one."""
    starts, ends = asked.starts(), asked.ends()
    spans = list(zip(starts, ends, strict=True))
    if asked.by is By.WEEK:
        spans = [(starts[0], ends[-1])]
    found = {each: OwnFigures(each) for each in starts}
    for first, last in spans:
        for week in utilisation(session, actor, AnalyticsAsked(first, last, own), now=now):
            start = week.week_starts_on if asked.by is By.WEEK else first
            found[start] += OwnFigures(
                start, week.offered_minutes, week.booked_minutes, week.visits
            )
    return found


def _of(
    start: date,
    time: OwnFigures,
    counted: Mapping[Key, SeatCounts],
    earned: Mapping[Key, int],
) -> OwnFigures:
    seat = counted.get(start, SeatCounts())
    return replace(
        time,
        booked=seat.booked,
        due=seat.due,
        no_shows=seat.no_shows,
        late=seat.late,
        earned_cents=earned.get(start, 0),
    )
