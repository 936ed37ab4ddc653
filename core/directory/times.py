"""Free times of those who are listed, grouped by the local date: only that they are free."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.availability import (
    Busy,
    Days,
    DaySheet,
    load_sheets_and,
    organisation_clock,
    starts,
)
from core.availability.next_free import EVERY_DAY, DayPart
from core.directory.profiles import check_may_look, get_profile
from core.errors import NotFound
from core.interval import to_instant, to_seconds
from core.models import (
    Booking,
    Patient,
    Professional,
    ProfessionalService,
    Role,
    Room,
    Service,
    ServiceRoom,
)
from core.policy import Actor, visible_bookings
from core.visits import visit_of, want

MOST_AHEAD = timedelta(weeks=26)
"""What is read for one answer; the next begins where it ended."""
FIRST_DAYS, MOST_DAYS = 7, 28
"""How many days are read at first, and at most at once after that."""


@dataclass(frozen=True)
class When:
    """The days and parts of the day that would do."""

    weekdays: frozenset[int] = EVERY_DAY
    parts: tuple[DayPart, ...] = ()
    from_on: date | None = None


ANY_TIME = When()


@dataclass(frozen=True)
class FreeDay:
    """The starts of one local date, the earliest first."""

    on: date
    starts: tuple[datetime, ...]


@dataclass(frozen=True)
class TimesAsked:
    """The times of one professional, of ``days`` dates that have any."""

    professional_id: int
    service_id: int
    when: When = ANY_TIME
    days: int = 5
    moving: int | None = None
    """An own booking that is to be moved, and not in its own way."""


@dataclass(frozen=True)
class FreeTimes:
    """``next_on`` is where the next ones begin, if there may be more."""

    days: tuple[FreeDay, ...]
    next_on: date | None


def free_times(session: Session, actor: Actor, asked: TimesAsked, *, now: datetime) -> FreeTimes:
    """The free times of a listed professional, as far ahead as the service is booked.

    Or of one the booking to be moved is with already, listed or not.
    """
    id = asked.professional_id
    if asked.moving is None:
        get_profile(session, actor, id).service(asked.service_id)
    else:
        _check_may_move(session, actor, asked, asked.moving)
    search = Search(session, actor, {id: asked.service_id}, asked.when, now=now)
    if asked.moving is not None:
        search.leave_out(asked.moving)
    found = search.first_days(asked.days).get(id, [])
    is_all = len(found) < asked.days
    next_on = search.unread_from() if is_all else found[-1].on + timedelta(days=1)
    return FreeTimes(tuple(found), next_on)


class Search:
    """Free days of several professionals, each for one service, read a few weeks at a time."""

    def __init__(
        self,
        session: Session,
        actor: Actor,
        wanted: Mapping[int, int],
        when: When,
        *,
        now: datetime,
    ) -> None:
        """``wanted`` names the service by the professional's id. Whoever searches may look."""
        self._session, self._when, self._now = session, when, now
        self._clock = organisation_clock(session)
        self._people = _load_people(session, wanted)
        services = _load_services(session, set(wanted.values()))
        self._rooms = _load_rooms(session, services)
        self._service_of = wanted
        own_length = _own_lengths(session, wanted)
        self._visits = {
            id: visit_of(actor, services[service_id], own_length.get(id))
            for id, service_id in wanted.items()
        }
        self._own_calendar = _own_calendar(session, actor)

    def leave_out(self, booking_id: int) -> None:
        """The booking that is moved takes none of its own time away."""
        self._visits = {
            id: replace(visit, booking_id=booking_id) for id, visit in self._visits.items()
        }

    def first_days(
        self, count: int, *, enough: int | None = None, only: Collection[int] | None = None
    ) -> dict[int, list[FreeDay]]:
        """The first dates with free times, ``count`` for each professional who has so many.

        With ``enough`` only until that many have any: those who are free sooner come first.
        """
        found: dict[int, list[FreeDay]] = {}
        for days in self._chunks():
            missing = [
                each
                for each in self._people
                if len(found.get(each, ())) < count and (only is None or each in only)
            ]
            if not missing or (enough is not None and len(found) >= enough):
                break
            for id, new in self._read(missing, days).items():
                found[id] = [*found.get(id, ()), *new][:count]
        return found

    def unread_from(self) -> date | None:
        """The day after the last that is read, where visits are booked further ahead."""
        _first, last, booked_until = self._ends()
        return last + timedelta(days=1) if last < booked_until else None

    def _ends(self) -> tuple[date, date, date]:
        """The first and the last day to read, and how far ahead visits are booked."""
        today = self._clock.date_of(to_seconds(self._now))
        horizons = [each.rules.horizon_days for each in self._visits.values()]
        reach = max((MOST_AHEAD.days if each is None else each for each in horizons), default=0)
        first, booked_until = max(today, self._when.from_on or today), today + timedelta(days=reach)
        return first, min(booked_until, first + MOST_AHEAD), booked_until

    def _chunks(self) -> Iterator[Days]:
        first, last, _booked_until = self._ends()
        length = FIRST_DAYS
        while first <= last:
            until = min(first + timedelta(days=length - 1), last)
            yield Days(first, until)
            first, length = until + timedelta(days=1), min(2 * length, MOST_DAYS)

    def _read(self, ids: Sequence[int], days: Days) -> dict[int, list[FreeDay]]:
        rooms = {one for id in ids for one in self._rooms.get(self._service_of[id], ())}
        others = rooms | ({self._own_calendar} if self._own_calendar else set())
        people = [self._people[each] for each in ids]
        sheets, busy = load_sheets_and(self._session, people, days, others, now=self._now)
        found = {each.professional_id: self._free_days(each, busy) for each in sheets}
        return {id: new for id, new in found.items() if new}

    def _free_days(self, sheet: DaySheet, busy: Mapping[int, Sequence[Busy]]) -> list[FreeDay]:
        visit, id = self._visits[sheet.professional_id], sheet.professional_id
        needed = self._rooms.get(self._service_of[id])
        rooms = [busy.get(each, ()) for each in needed] if needed else None
        own = busy.get(self._own_calendar, ()) if self._own_calendar else ()
        possible = starts(sheet, visit, now=self._now, rooms=rooms, patient=own)
        return [
            FreeDay(date.fromordinal(on), tuple(to_instant(each) for each in times))
            for on, times in groupby(filter(self._suits, possible), self._clock.ordinal_of)
        ]

    def _suits(self, start: int) -> bool:
        when = self._when
        weekday = (self._clock.ordinal_of(start) - 1) % 7 + 1
        if weekday not in when.weekdays:
            return False
        minute = self._clock.seconds_into_day(start) // 60
        return not when.parts or any(
            part.starts_minute <= minute < part.ends_minute for part in when.parts
        )


def _load_people(session: Session, wanted: Mapping[int, int]) -> dict[int, Professional]:
    found = session.scalars(select(Professional).where(Professional.id.in_(wanted)))
    by_id = {each.id: each for each in found}
    return {id: by_id[id] for id in wanted if id in by_id}


def _own_lengths(session: Session, wanted: Mapping[int, int]) -> dict[int, int | None]:
    offer = ProfessionalService
    rows = session.execute(
        select(offer.professional_id, offer.service_id, offer.length_minutes).where(
            offer.professional_id.in_(wanted)
        )
    )
    return {id: length for id, service_id, length in rows if wanted[id] == service_id}


def _load_services(session: Session, ids: set[int]) -> dict[int, Service]:
    return {each.id: each for each in session.scalars(select(Service).where(Service.id.in_(ids)))}


def _load_rooms(session: Session, service_ids: Mapping[int, Service]) -> dict[int, list[int]]:
    """Calendars of the rooms of which each service needs one."""
    rows = session.execute(
        select(ServiceRoom.service_id, Room.calendar_id)
        .join(Room, Room.id == ServiceRoom.room_id)
        .where(ServiceRoom.service_id.in_(service_ids), Room.archived_at.is_(None))
        .order_by(Room.id)
    )
    found: dict[int, list[int]] = {}
    for service_id, calendar_id in rows:
        found.setdefault(service_id, []).append(calendar_id)
    return found


def _check_may_move(session: Session, actor: Actor, asked: TimesAsked, booking_id: int) -> None:
    """Else the times around somebody else's visit would tell where it lies."""
    check_may_look(session, actor)
    own = visible_bookings(actor).where(
        Booking.id == booking_id, Booking.service_id == asked.service_id
    )
    now_with = session.scalar(own.with_only_columns(Booking.professional_id))
    if now_with is None:
        raise NotFound(what="booking")
    if now_with != asked.professional_id:
        get_profile(session, actor, asked.professional_id).service(asked.service_id)
    want(
        session,
        actor,
        professional_id=asked.professional_id,
        service_id=asked.service_id,
        booking_id=booking_id,
    )  # still there, and still offered


def _own_calendar(session: Session, actor: Actor) -> int | None:
    """A patient is offered nothing while they are busy themselves."""
    if actor.role is not Role.PATIENT or actor.patient_id is None:
        return None
    return session.scalar(select(Patient.calendar_id).where(Patient.id == actor.patient_id))
