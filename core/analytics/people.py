"""Patients: who came for the first time, who came again, how often, and who stayed.

A patient has come when a visit of theirs has begun that was neither cancelled nor missed;
a visit to come counts for nobody. New is whoever had never come before, to anybody here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.facts import Mask, is_in
from core.analytics.grouping import DAY, pick
from core.analytics.kept import first_visits
from core.analytics.seats import Seats, is_among
from core.models import BookingState
from core.policy import Actor, Permission, require
from core.recurrence import months_later

P, S = Permission, BookingState


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
    picked = pick(session, actor, asked)
    facts = picked.facts
    came = picked.only(is_among(Seats.DUE, facts, now) & ~is_in(facts.seat, S.NO_SHOW))
    patients, who, visits = np.unique(came.facts.patient, return_inverse=True, return_counts=True)
    known = first_visits(session, patients) < picked.frame.span[0]
    months = _months(asked.first, asked.last)
    first = np.datetime64(months[0], "M").astype(np.int64)
    in_month = (came.local // DAY).astype("M8[D]").astype("M8[M]").astype(np.int64) - first
    came_in = np.zeros((len(patients), len(months)), np.bool_)
    came_in[who, in_month] = True
    times, patients_of = np.unique(visits, return_counts=True)
    return People(
        new=int((~known).sum()),
        returning=int(known.sum()),
        visits=len(who),
        months=_by_month(came_in, known, months),
        by_visits=dict(zip(times.tolist(), patients_of.tolist(), strict=True)),
        cohorts=_cohorts(came_in[~known], months),
    )


def _by_month(came_in: Mask, known: Mask, months: Sequence[date]) -> list[PeopleMonth]:
    """New in the month of the first visit; returning in every other month of a visit."""
    new = np.bincount(came_in[~known].argmax(axis=1), minlength=len(months))
    returning = came_in.sum(axis=0) - new
    columns = zip(months, new.tolist(), returning.tolist(), strict=True)
    return [PeopleMonth(*each) for each in columns]


def _cohorts(came_in: Mask, months: Sequence[date]) -> list[Cohort]:
    """Of new patients: a line for each, a column for each month."""
    first = came_in.argmax(axis=1)
    found = []
    for number, month in enumerate(months):
        these = came_in[first == number]
        found.append(Cohort(month, len(these), these[:, number + 1 :].sum(axis=0).tolist()))
    return found


def _months(first: date, last: date) -> list[date]:
    found = [first.replace(day=1)]
    while (following := months_later(found[-1], 1)) <= last:
        found.append(following)
    return found
