"""Patients: who came for the first time, who came again, how often, and who stayed.

A patient has come when a visit of theirs has begun that was neither cancelled nor missed;
a visit to come counts for nobody. New is whoever had never come before, to anybody here.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from core.analytics.asked import AnalyticsAsked
from core.analytics.grouping import DAY, EPOCH, Frame, frame_of, is_asked_for
from core.analytics.seats import Seats, is_among
from core.interval import to_instant
from core.models import Attendee, Booking, BookingState, Patient
from core.policy import Actor, Permission, require
from core.recurrence import months_later

P, S = Permission, BookingState
Visits = Mapping[int, Sequence[date]]
"""By patient, the local days of their visits, in order."""


@dataclass(frozen=True)
class PeopleMonth:
    """Of one calendar month, as far as it was asked for."""

    month: date
    new: int
    returning: int


@dataclass(frozen=True)
class Cohort:
    """Those who came first in that month, and how many of them in each month after it."""

    month: date
    patients: int
    came_again: Sequence[int]


@dataclass(frozen=True)
class People:
    new: int
    returning: int
    visits: int
    months: Sequence[PeopleMonth]
    by_visits: Mapping[int, int]
    """How many patients came that often."""
    cohorts: Sequence[Cohort]

    @property
    def patients(self) -> int:
        return self.new + self.returning

    @property
    def visits_each(self) -> float | None:
        return self.visits / self.patients if self.patients else None


def people(session: Session, actor: Actor, asked: AnalyticsAsked, *, now: datetime) -> People:
    """The patients who came on the days asked for."""
    require(actor, P.ANALYTICS_READ, P.ANALYTICS_READ_OWN)
    session.flush()
    frame = frame_of(session, asked)
    of_these = and_(is_asked_for(actor, asked, frame), _came(now))
    visits: dict[int, list[date]] = defaultdict(list)
    days = select(Attendee.patient_id, frame.local_seconds() // DAY).join(Attendee.booking)
    for patient_id, day in session.execute(days.where(of_these)):
        visits[patient_id].append(EPOCH + timedelta(days=int(day)))
    known = _known_before(session, frame, of_these)
    for each in visits.values():
        each.sort()
    months = _months(asked.first, asked.last)
    return People(
        new=len(visits) - len(known),
        returning=len(known),
        visits=sum(map(len, visits.values())),
        months=_by_month(visits, known, months),
        by_visits=dict(sorted(Counter(map(len, visits.values())).items())),
        cohorts=_cohorts({id: days for id, days in visits.items() if id not in known}, months),
    )


def _came(now: datetime) -> ColumnElement[bool]:
    return and_(is_among(Seats.DUE, now), Attendee.state != S.NO_SHOW)


def _known_before(session: Session, frame: Frame, of_these: ColumnElement[bool]) -> set[int]:
    """Who of them had come before the first day, to anybody."""
    seat, visit = aliased(Attendee), aliased(Booking)
    earlier = exists().where(
        seat.patient_id == Patient.id,
        seat.waiting.is_(False),
        seat.state.not_in((S.HELD, S.NO_SHOW, S.CANCELLED)),
        visit.id == seat.booking_id,
        visit.state.not_in((S.HELD, S.CANCELLED)),
        visit.starts_at < to_instant(frame.span[0]),
    )
    these = select(Attendee.patient_id).join(Attendee.booking).where(of_these)
    return set(session.scalars(select(Patient.id).where(Patient.id.in_(these), earlier)))


def _by_month(visits: Visits, known: set[int], months: Sequence[date]) -> list[PeopleMonth]:
    """New in the month of the first visit; returning in every other month of a visit."""
    new: Counter[date] = Counter()
    returning: Counter[date] = Counter()
    for patient_id, days in visits.items():
        came_in = sorted({each.replace(day=1) for each in days})
        if patient_id not in known:
            new[came_in.pop(0)] += 1
        returning.update(came_in)
    return [PeopleMonth(each, new[each], returning[each]) for each in months]


def _cohorts(new: Visits, months: Sequence[date]) -> list[Cohort]:
    by_first: dict[date, list[set[date]]] = defaultdict(list)
    for days in new.values():
        by_first[days[0].replace(day=1)].append({each.replace(day=1) for each in days})
    return [
        Cohort(
            month,
            len(by_first[month]),
            [sum(later in each for each in by_first[month]) for later in months[number + 1 :]],
        )
        for number, month in enumerate(months)
    ]


def _months(first: date, last: date) -> list[date]:
    found = [first.replace(day=1)]
    while (following := months_later(found[-1], 1)) <= last:
        found.append(following)
    return found
