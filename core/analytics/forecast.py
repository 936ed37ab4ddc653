"""How full the weeks ahead will probably end, from what is booked and from weeks that ended.

The pick-up of a finished week is what was added, or lost, between as long before it as a week
ahead is away now and its end, as a share of the time offered. The median of the last finished
weeks is added to what is booked already.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median, quantiles

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.stood import FOR_EVER, Stood, load_stood
from core.analytics.utilisation import UtilisationWeek, utilisation
from core.availability import WallClock, organisation_clock
from core.interval import Span, to_instant, to_seconds
from core.models import Booking, Channel
from core.policy import Actor, Permission, require

P = Permission
DAY, WEEK = timedelta(days=1), timedelta(days=7)
WEEKS_AHEAD = 8
FINISHED_WEEKS, FEWEST_WEEKS = 12, 6
THIN = 0.10
"""So far below a usual week a week is thin, as a share of the time offered."""


@dataclass(frozen=True)
class ForecastWeek:
    """A week ahead. Shares are of the time offered; None where too few weeks compare."""

    week_starts_on: date
    offered_minutes: int
    booked_minutes: int
    finished_weeks: int = 0
    """How many it was compared with."""
    low: float | None = None
    likely: float | None = None
    high: float | None = None
    thin: bool = False

    @property
    def booked(self) -> float | None:
        return self.booked_minutes / self.offered_minutes if self.offered_minutes else None

    @property
    def open_minutes(self) -> int:
        return max(self.offered_minutes - self.booked_minutes, 0)


@dataclass(frozen=True)
class Forecast:
    weeks: Sequence[ForecastWeek]
    usual: float | None
    """How full finished weeks ended, at the median; None where they are too few."""


@dataclass(frozen=True)
class _Ended:
    """A finished week, everybody together: its pick-up from one lead on, and its end."""

    pick_up: float
    share: float


@dataclass(frozen=True)
class _History:
    """Offered and booked minutes of finished weeks, and what stood in them at any time."""

    clock: WallClock
    begun: int
    weeks: Mapping[date, tuple[int, int]]
    stood: Stood

    def ended(self, now: datetime, on: date) -> list[_Ended]:
        """How the weeks ended that were known as long before as the week ``on`` is away now."""
        found = []
        for past, (offered, booked) in self.weeks.items():
            at = _earlier(self.clock, now, on - past)
            if at >= self.begun:
                known = self.stood.minutes(_span(self.clock, past), at)
                found.append(_Ended((booked - known) / offered, booked / offered))
        return found


def forecast(session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime) -> Forecast:
    """The next weeks, for whom and what is asked for; the days asked for do not matter.

    In a finished week a booking counts from when it was made or moved there until it was
    moved away or cancelled: as it would have been seen then.
    """
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    clock = organisation_clock(session)
    today = clock.local(to_seconds(now)).date()
    monday = today - timedelta(days=today.weekday())
    ahead = replace(asked, first=monday + WEEK, last=monday + WEEK * (WEEKS_AHEAD + 1) - DAY)
    history = _load_history(session, actor, asked, clock, monday, now)
    ends = [booked / offered for offered, booked in history.weeks.values()]
    usual = median(ends) if len(ends) >= FEWEST_WEEKS else None
    weeks = _by_week(utilisation(session, actor, ahead, now=now))
    return Forecast(
        [
            _forecast(ForecastWeek(on, *counted), history.ended(now, on), usual)
            for on, counted in weeks.items()
        ],
        usual,
    )


def _load_history(
    session: Session,
    actor: Actor,
    asked: AnalyticsAsked,
    clock: WallClock,
    monday: date,
    now: datetime,
) -> _History:
    """The finished weeks that can be compared with: something was offered, and it is known
    when their bookings were made."""
    behind = replace(asked, first=monday - WEEK * FINISHED_WEEKS, last=monday - DAY)
    span = clock.span_of_days(behind.first, behind.last)
    finished = utilisation(session, actor, behind, now=now)
    unknown, begun = _brought_in(session, span), _begun(session)
    weeks = {
        on: counted
        for on, counted in _by_week(finished).items()
        if counted[0] and _span(clock, on)[0] >= begun and not _any_in(_span(clock, on), unknown)
    }
    readable = {each.professional_id for each in finished}
    return _History(clock, begun, weeks, load_stood(session, behind, readable, span))


def _forecast(week: ForecastWeek, history: Sequence[_Ended], usual: float | None) -> ForecastWeek:
    """What history makes of it: never fuller than the fullest of those weeks, unless it is."""
    week = replace(week, finished_weeks=len(history))
    if week.booked is None or len(history) < FEWEST_WEEKS:
        return week
    booked, most = week.booked, max(each.share for each in history)
    pick_ups = [each.pick_up for each in history]
    lower, _middle, upper = quantiles(pick_ups, n=4, method="inclusive")
    low, likely, high = (
        max(0.0, min(booked + each, max(most, booked))) for each in (lower, median(pick_ups), upper)
    )
    thin = usual is not None and likely < usual - THIN
    return replace(week, low=low, likely=likely, high=high, thin=thin)


def _by_week(weeks: Iterable[UtilisationWeek]) -> Mapping[date, tuple[int, int]]:
    """Offered and booked minutes of everybody, week by week."""
    totals: dict[date, tuple[int, int]] = {}
    for each in weeks:
        offered, booked = totals.get(each.week_starts_on, (0, 0))
        sums = offered + each.offered_minutes, booked + each.booked_minutes
        totals[each.week_starts_on] = sums
    return dict(sorted(totals.items()))


def _span(clock: WallClock, monday: date) -> Span:
    return clock.span_of_days(monday, monday + WEEK - DAY)


def _any_in(span: Span, instants: Iterable[int]) -> bool:
    return any(span[0] <= each < span[1] for each in instants)


def _earlier(clock: WallClock, now: datetime, by: timedelta) -> int:
    """The same time of day that many days ago."""
    there = clock.local(to_seconds(now))
    return clock.at((there.date() - by).toordinal(), there.hour * 60 + there.minute)


def _begun(session: Session) -> int:
    """When the first booking was written down: before that, nothing can be compared."""
    first = session.scalar(select(func.min(Booking.created_at)))
    return FOR_EVER if first is None else to_seconds(first)


def _brought_in(session: Session, span: Span) -> Sequence[int]:
    """The starts of bookings that were brought in without the day they were booked on."""
    rows = session.scalars(
        select(Booking.starts_at).where(
            Booking.starts_at >= to_instant(span[0]),
            Booking.starts_at < to_instant(span[1]),
            Booking.channel == Channel.IMPORT,
            Booking.created_at >= Booking.starts_at,
        )
    )
    return [to_seconds(each) for each in rows]
