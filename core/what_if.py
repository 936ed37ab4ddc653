"""What other hours would do, before anybody saves them: tried on the sheets, not the tables."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.availability import (
    Days,
    DaySheet,
    Reason,
    TimeOffSpan,
    Visit,
    organisation_clock,
    starts,
)
from core.availability.hours import DateWindow, WeeklyWindow
from core.availability.loading import load
from core.availability.recorded import Recorded
from core.errors import N_, Invalid, NotFound
from core.interval import intersect, minutes_of, to_seconds
from core.models import HoursKind, Professional, ProfessionalService, Service
from core.policy import Actor, Permission, require, visible_calendars
from core.schedule import HoursOfDate, NewTimeOff, WeekdayWindow, WeeklyHours
from core.schedule.hours import from_day
from core.schedule.windows import check_date, check_week
from core.schedule_check import VisitToCome, load_visits_to_come, reasons_of_hours
from core.visits import visit_of


@dataclass(frozen=True)
class WhatIfAsked:
    """Changes to one professional's hours, and the local days to look at, both included.

    ``weekly`` replaces all weekly hours from ``starting_on`` (the first day) on; None leaves
    them. A date without windows would be closed.
    """

    professional_id: int
    first: date
    last: date
    weekly: tuple[WeekdayWindow, ...] | None = None
    starting_on: date | None = None
    dates: tuple[HoursOfDate, ...] = ()
    time_off: tuple[NewTimeOff, ...] = ()
    service_id: int | None = None
    """Count the slots of this service alone; None: of each service they offer."""


@dataclass(frozen=True)
class Stranded:
    """A visit the hours cover now and would not then."""

    visit: VisitToCome
    reasons: Sequence[Reason]


@dataclass(frozen=True)
class SlotsThen:
    """Free starts of one service."""

    service_id: int
    service: str
    before: int
    after: int
    lost: int
    won: int


@dataclass(frozen=True)
class WhatIf:
    stranded: Sequence[Stranded]
    slots: Sequence[SlotsThen]
    booked_minutes: int
    offered_minutes_before: int
    offered_minutes_after: int

    @property
    def utilisation_before(self) -> float | None:
        return _share(self.booked_minutes, self.offered_minutes_before)

    @property
    def utilisation_after(self) -> float | None:
        """Above 1 when more is booked than would be offered; None when nothing would be."""
        return _share(self.booked_minutes, self.offered_minutes_after)


@dataclass(frozen=True)
class WeekdayThen:
    """A weekday over the days looked at; ``lost`` and ``won`` are times a visit could start."""

    weekday: int
    minutes_before: int
    minutes_after: int
    lost: int
    won: int


@dataclass(frozen=True)
class HoursPreview:
    """What other weekly hours would do: to whoever is booked, and to the first weeks."""

    stranded: Sequence[Stranded]
    weekdays: Sequence[WeekdayThen]
    first: date
    last: date


WEEKS_COMPARED = timedelta(days=28)
LOOKED_AHEAD = timedelta(days=730)
"""Nobody books later than this."""


def what_if(session: Session, actor: Actor, asked: WhatIfAsked, *, now: datetime) -> WhatIf:
    """The bookings that would be stranded, the free starts lost or won, and utilisation."""
    before, after, visits = _try_out(session, actor, asked, now)
    span = before.span
    return WhatIf(
        stranded=_stranded(before, after, visits, now),
        slots=_slots(session, actor, asked, before, after, now),
        booked_minutes=minutes_of(
            (each.start, each.end) for each in before.busy if span[0] <= each.start < span[1]
        ),
        offered_minutes_before=minutes_of(intersect(before.offered, [span])),
        offered_minutes_after=minutes_of(intersect(after.offered, [span])),
    )


def _try_out(
    session: Session, actor: Actor, asked: WhatIfAsked, now: datetime
) -> tuple[DaySheet, DaySheet, Sequence[VisitToCome]]:
    """The sheets before and after, and who is booked on those days."""
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    _check(asked)
    professional = session.scalar(
        visible_calendars(actor).where(Professional.id == asked.professional_id)
    )
    if professional is None:
        raise NotFound(what=N_("professional"))
    days = Days(asked.first, asked.last)
    loaded = load(session, [professional], days, now=now)
    recorded = loaded.on_record.people[professional.id]
    before = loaded.sheet_of(professional, recorded)
    after = loaded.sheet_of(professional, _changed(recorded, asked))
    visits = load_visits_to_come(session, actor, [professional.id], days, loaded.clock)
    return before, after, visits


def preview_weekly_hours(
    session: Session, actor: Actor, request: WeeklyHours, *, now: datetime
) -> HoursPreview:
    """Who would be stranded in the next two years, and each weekday of the first four weeks."""
    require(actor, Permission.SCHEDULE_READ, Permission.SCHEDULE_READ_OWN)
    today = organisation_clock(session).date_of(to_seconds(now))
    first = request.starting_on or today
    for each in request.windows:
        from_day(each, first)
    asked = WhatIfAsked(request.professional_id, first, first + LOOKED_AHEAD, request.windows)
    before, after, visits = _try_out(session, actor, asked, now)
    coming = [each for each in visits if each.starts_at >= now]
    stranded = _stranded(before, after, coming, now)
    near = replace(asked, last=first + WEEKS_COMPARED - timedelta(days=1))
    before, after, _booked = _try_out(session, actor, near, now)
    weekdays = _weekdays(session, actor, near, before, after, now)
    return HoursPreview(stranded, weekdays, near.first, near.last)


def _weekdays(
    session: Session,
    actor: Actor,
    asked: WhatIfAsked,
    before: DaySheet,
    after: DaySheet,
    now: datetime,
) -> list[WeekdayThen]:
    visits = [visit for _service, visit in _visits(session, actor, asked)]
    old = {start for visit in visits for start in starts(before, visit, now=now)}
    new = {start for visit in visits for start in starts(after, visit, now=now)}
    return [
        WeekdayThen(
            weekday,
            _minutes_on(before, asked, weekday),
            _minutes_on(after, asked, weekday),
            _count_on(before, old - new, weekday),
            _count_on(before, new - old, weekday),
        )
        for weekday in range(1, 8)
    ]


def _minutes_on(sheet: DaySheet, asked: WhatIfAsked, weekday: int) -> int:
    days = range(asked.first.toordinal(), asked.last.toordinal() + 1)
    spans = [sheet.clock.span_of_days(on, on) for on in map(date.fromordinal, days)]
    on_weekday = [each for each, day in zip(spans, days, strict=True) if (day - weekday) % 7 == 0]
    return minutes_of(intersect(sheet.offered, on_weekday))


def _count_on(sheet: DaySheet, found: Collection[int], weekday: int) -> int:
    return sum((sheet.clock.ordinal_of(each) - weekday) % 7 == 0 for each in found)


def _check(asked: WhatIfAsked) -> None:
    check_week(asked.weekly or ())
    for each in asked.dates:
        check_date(each.windows, each.on_date)
    if any(each.ends_at <= each.starts_at for each in asked.time_off):
        raise Invalid(
            N_("The time off ends before it begins. Please change one of the times."),
            field="ends_at",
        )


def _changed(recorded: Recorded, asked: WhatIfAsked) -> Recorded:
    """What would be on record."""
    weekly = recorded.weekly
    if asked.weekly is not None:
        weekly = _weekly_from(recorded.weekly, asked.weekly, asked.starting_on or asked.first)
    changed = {each.on_date.toordinal() for each in asked.dates}
    dates = [each for each in recorded.dates if each.ordinal not in changed]
    for hours in asked.dates:
        dates += _date_windows(hours)
    away = [
        TimeOffSpan(to_seconds(each.starts_at), to_seconds(each.ends_at), reason=each.reason)
        for each in asked.time_off
    ]
    time_off = sorted([*recorded.time_off, *away])
    return replace(recorded, weekly=weekly, dates=dates, time_off=time_off)


def _weekly_from(
    kept: Sequence[WeeklyWindow], new: Sequence[WeekdayWindow], first: date
) -> list[WeeklyWindow]:
    """The old hours up to the day before, the new ones after it."""
    until = (first - timedelta(days=1)).toordinal()
    ended = [
        each._replace(valid_to=min(each.valid_to, until))
        for each in kept
        if each.valid_from <= until
    ]
    begun = [
        WeeklyWindow(
            each.weekday,
            each.starts_minute,
            each.ends_minute,
            each.kind is HoursKind.BREAK,
            max(each.dates[0], first).toordinal(),
            each.dates[1].toordinal(),
        )
        for each in new
    ]
    return ended + begun


def _date_windows(hours: HoursOfDate) -> list[DateWindow]:
    ordinal = hours.on_date.toordinal()
    return [
        DateWindow(ordinal, each.starts_minute, each.ends_minute, each.kind is HoursKind.BREAK)
        for each in hours.windows
    ] or [DateWindow(ordinal)]


def _stranded(
    before: DaySheet, after: DaySheet, visits: Sequence[VisitToCome], now: datetime
) -> list[Stranded]:
    return [
        Stranded(visit, reasons)
        for visit in visits
        if not reasons_of_hours(before, visit, now=now)
        and (reasons := reasons_of_hours(after, visit, now=now))
    ]


def _slots(
    session: Session,
    actor: Actor,
    asked: WhatIfAsked,
    before: DaySheet,
    after: DaySheet,
    now: datetime,
) -> list[SlotsThen]:
    found = []
    for service, visit in _visits(session, actor, asked):
        old = set(starts(before, visit, now=now))
        new = set(starts(after, visit, now=now))
        found.append(
            SlotsThen(service.id, service.name, len(old), len(new), len(old - new), len(new - old))
        )
    return found


def _visits(session: Session, actor: Actor, asked: WhatIfAsked) -> list[tuple[Service, Visit]]:
    query = (
        select(Service, ProfessionalService.length_minutes)
        .join(ProfessionalService, ProfessionalService.service_id == Service.id)
        .where(
            ProfessionalService.professional_id == asked.professional_id,
            Service.archived_at.is_(None),
        )
        .order_by(Service.name)
    )
    if asked.service_id is not None:
        query = query.where(Service.id == asked.service_id)
    rows = session.execute(query)
    return [(service, visit_of(actor, service, own)) for service, own in rows]


def _share(booked: int, offered: int) -> float | None:
    return booked / offered if offered else None
