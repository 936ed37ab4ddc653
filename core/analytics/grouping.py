"""Which bookings are counted, and by what: by the clock of the place.

A figure, the bookings behind one of its bars and the file of it all count by the same words,
so they cannot disagree.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.analytics.asked import AnalyticsAsked
from core.analytics.facts import CHANNELS, Facts, Mask, Numbers
from core.analytics.kept import first_visits, load_facts
from core.availability import Days, WallClock, organisation_clock
from core.db import seconds_of
from core.interval import Span
from core.models import Booking, Channel, Kept, Professional, Room, Service, Tier
from core.policy import Actor, visible_figures

Key = int | str | date | None

DAY, HOUR = 86400, 3600
EPOCH = date(1970, 1, 1)
THURSDAY = 3
"""The weekday of the first day of the epoch, Monday being 0."""
LEAD_DAYS = (0, 1, 3, 7, 14, 28)
"""From how many whole days before the visit each group of lead times reaches."""
NO_KEY = -1
MADE_OF = {Kept.VISITS: "starts", Kept.MADE: "made"}
"""The instant by which bookings fall into days."""


class By(enum.StrEnum):
    """One group each."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    WEEKDAY = "weekday"
    HOUR = "hour"
    LEAD = "lead"
    SERVICE = "service"
    PROFESSIONAL = "professional"
    TIER = "tier"
    ROOM = "room"
    CHANNEL = "channel"
    RETURNING = "returning"


@dataclass(frozen=True)
class Frame:
    """The days asked for on the clock of the place."""

    clock: WallClock
    span: Span

    def local_seconds(self, instants: Numbers) -> Numbers:
        """What the wall showed, as if it were UTC."""
        jumps = self.clock.changes(int(self.span[0]) - DAY, int(self.span[1]) + DAY)
        offsets = np.array([self._offset(each) for each in (self.span[0] - DAY, *jumps)])
        shown: Numbers = instants + offsets[np.searchsorted(jumps, instants, side="right")]
        return shown

    def _offset(self, seconds: int) -> int:
        offset = self.clock.local(seconds).utcoffset()
        assert offset is not None
        return int(offset.total_seconds())


@dataclass(frozen=True)
class Picked:
    """The seats of the bookings that were asked for."""

    frame: Frame
    facts: Facts
    of: Kept = Kept.VISITS

    def only(self, mask: Mask) -> "Picked":
        return self if mask.all() else replace(self, facts=self.facts[mask])

    @property
    def local(self) -> Numbers:
        return self.frame.local_seconds(getattr(self.facts, MADE_OF[self.of]))


def frame_of(session: Session, asked: AnalyticsAsked) -> Frame:
    """The frame of the days asked for. Raises ``Invalid`` for days in the wrong order."""
    days = Days(asked.first, asked.last)
    clock = organisation_clock(session)
    return Frame(clock, clock.span_of_days(days.first, days.last))


def first_day_booked(session: Session) -> date | None:
    """The day the first visit on record begins on; None in an empty book."""
    first = session.scalar(select(func.min(seconds_of(Booking.starts_at))))
    return None if first is None else organisation_clock(session).date_of(first)


def pick(session: Session, actor: Actor, asked: AnalyticsAsked, of: Kept = Kept.VISITS) -> Picked:
    """The bookings of the days asked for whose figures the actor may read."""
    session.flush()
    frame = frame_of(session, asked)
    start, end = frame.span
    facts = load_facts(session, of, start // DAY, (end - 1) // DAY)
    instants = getattr(facts, MADE_OF[of])
    wanted = (instants >= start) & (instants < end)
    readable = session.scalars(visible_figures(actor).with_only_columns(Professional.id)).all()
    for column, ids in (
        ("professional", readable),
        ("professional", asked.professional_ids),
        ("service", asked.service_ids),
        ("room", asked.room_ids),
    ):
        if ids or ids is readable:
            wanted &= np.isin(getattr(facts, column), ids)
    return Picked(frame, facts, of).only(wanted)


def count_groups(
    session: Session,
    by: By,
    asked: AnalyticsAsked,
    picked: Picked,
    counts: Sequence[Numbers | Mask],
) -> Iterator[tuple[Key, str, *tuple[int, ...]]]:
    """Key, name and the sum of each count for each group in order; empty ones between others."""
    numbers, group = np.unique(keys_of(session, by, picked), return_inverse=True)
    sums = [np.bincount(group, each, len(numbers)) for each in counts]
    found = {
        key_of(by, number): tuple(map(int, row))
        for number, *row in zip(numbers.tolist(), *sums, strict=True)
    }
    names = names_of(session, by)
    nothing = (0,) * len(counts)
    for each in every_key(by, asked, found):
        yield (each, names.get(each, ""), *found.get(each, nothing))


def totals(counts: Sequence[Numbers | Mask]) -> list[int]:
    return [int(each.sum()) for each in counts]


def keys_of(session: Session, by: By, picked: Picked) -> Numbers:
    """The number of the group each of them falls in."""
    return KEYS[by](session, picked).astype(np.int64)


def key_of(by: By, number: int) -> Key:
    """The key as it is read: of days, weeks and months the date they begin on."""
    if by in IN_TIME:
        return EPOCH + timedelta(days=number)
    if number == NO_KEY:
        return None
    return list(Channel)[number].value if by is By.CHANNEL else number


def every_key(by: By, asked: AnalyticsAsked, found: Iterable[Key]) -> list[Key]:
    """The keys in their order, those without any booking between others included."""
    known = set(found)
    if by in IN_TIME:
        days = np.arange((asked.first - EPOCH).days, (asked.last - EPOCH).days + 1)
        known |= {key_of(by, each) for each in np.unique(IN_TIME[by](days)).tolist()}
    elif by is By.HOUR:
        hours = [each for each in known if isinstance(each, int)]
        known |= set(range(min(hours, default=0), max(hours, default=-1) + 1))
    else:
        known |= set(range(ALWAYS.get(by, 0)))
    return sorted(known, key=lambda each: (each is None, each))


def first_of_month(days: Numbers) -> Numbers:
    return days.astype("M8[D]").astype("M8[M]").astype("M8[D]").astype(np.int64)


IN_TIME: Mapping[By, Callable[[Numbers], Numbers]] = {
    By.DAY: lambda days: days,
    By.WEEK: lambda days: days - (days + THURSDAY) % 7,
    By.MONTH: first_of_month,
}
"""From a day, counted from 1970, to the day its group begins on."""
ALWAYS: Mapping[By, int] = {By.WEEKDAY: 7, By.LEAD: len(LEAD_DAYS), By.RETURNING: 2}
"""How many groups there are, whatever was booked."""


def names_of(session: Session, by: By) -> Mapping[Key, str]:
    """What the keys are called, where they are of things that have names."""
    kind = NAMED.get(by)
    if kind is None:
        return {}
    return {id: name for id, name in session.execute(select(kind.id, kind.name))}  # noqa: C416


def _in_time(by: By) -> Callable[[Session, Picked], Numbers]:
    return lambda _session, picked: IN_TIME[by](picked.local // DAY)


def _column(name: str) -> Callable[[Session, Picked], Numbers]:
    return lambda _session, picked: getattr(picked.facts, name)


def _lead(_session: Session, picked: Picked) -> Numbers:
    """Nothing for what was brought in without the day it was booked on: it has its own start."""
    facts = picked.facts
    ahead = facts.starts - facts.made
    steps = np.array(LEAD_DAYS[1:]) * DAY
    unknown = (facts.channel == CHANNELS[Channel.IMPORT]) & (ahead <= 0)
    return np.where(unknown, NO_KEY, np.searchsorted(steps, ahead, side="right"))


def _returning(session: Session, picked: Picked) -> Numbers:
    """1 for a patient who has come before, to anybody here."""
    return np.where(first_visits(session, picked.facts.patient) < picked.facts.starts, 1, 0)


def _tier(session: Session, picked: Picked) -> Numbers:
    tiers = {
        id: tier_id or NO_KEY
        for id, tier_id in session.execute(select(Professional.id, Professional.tier_id))
    }
    return np.array([tiers[each] for each in picked.facts.professional.tolist()])


def _room(_session: Session, picked: Picked) -> Numbers:
    return np.where(picked.facts.room == 0, NO_KEY, picked.facts.room)


KEYS: Mapping[By, Callable[[Session, Picked], Numbers]] = {
    **{by: _in_time(by) for by in IN_TIME},
    By.WEEKDAY: lambda _session, picked: (picked.local // DAY + THURSDAY) % 7,
    By.HOUR: lambda _session, picked: picked.local % DAY // HOUR,
    By.LEAD: _lead,
    By.SERVICE: _column("service"),
    By.PROFESSIONAL: _column("professional"),
    By.TIER: _tier,
    By.ROOM: _room,
    By.CHANNEL: _column("channel"),
    By.RETURNING: _returning,
}
NAMED: Mapping[By, type[Service] | type[Professional] | type[Tier] | type[Room]] = {
    By.SERVICE: Service,
    By.PROFESSIONAL: Professional,
    By.TIER: Tier,
    By.ROOM: Room,
}
