"""The demo's bookings: eight weeks of history and four ahead, at starts the engine offers."""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from core.availability import Busy, Days, DaySheet, load_sheets, starts
from core.demo.practice import PEOPLE, WEEKS_AHEAD, WEEKS_BACK, Person, Practice
from core.interval import Span, minutes_of, to_instant
from core.models import BookingState, Patient
from core.policy import CONSOLE
from core.visits import visit_of

S = BookingState

FULL_AHEAD = (0.82, 0.6, 0.42, 0.28, 0.16)
"""How much of a week's hours is booked: this week, the next one, and so on."""

ANA_SEES = (
    (-46, 9, "Dr Elena Ruiz", "First consultation"),
    (-32, 17, "Beatriz Costa", "Physiotherapy"),
    (-18, 11, "Dr Elena Ruiz", "Follow-up"),
    (-4, 15, "Dr Ngozi Okafor", "Skin check"),
    (2, 10, "Dr Elena Ruiz", "Consultation"),
    (9, 18, "Beatriz Costa", "Physiotherapy"),
    (23, 14, "Dr Ngozi Okafor", "Skin check"),
)
"""Days from today, or the first day after on which it is offered, and about which hour."""

REASONS = (
    "Feeling better",
    "Has to work",
    "Child is ill",
    "Found an earlier time elsewhere",
    "Travelling",
    "Asked for another day",
    "Moved away",
)


@dataclass(frozen=True)
class Entry:
    """One visit of the diary, before it becomes rows."""

    professional: str
    service: str
    patient: int
    room: int | None
    starts_at: datetime
    ends_at: datetime
    state: BookingState
    booked_at: datetime
    cancelled_at: datetime | None = None
    reason: str = ""
    stamps: tuple[datetime, ...] = ()
    """When the patient arrived, the visit began and ended, as far as it has come."""


@dataclass
class Day:
    """What is taken on the day being filled."""

    sheets: dict[str, DaySheet]
    busy: dict[str, list[Busy]]
    rooms: dict[int, list[Busy]]
    patients: set[int] = field(default_factory=set)


class Diary:
    """Fills the days in order; the same seed and week give the same diary."""

    def __init__(
        self, practice: Practice, patients: Sequence[Patient], chance: Random, now: datetime
    ) -> None:
        self.practice = practice
        self.chance = chance
        self.now = now
        self.today = now.astimezone(practice.zone).date()
        self.monday = self.today - timedelta(days=self.today.weekday())
        self.entries: list[Entry] = []
        self.ana = patients[0].id
        self.panels = {each.name: _panel(each, patients[1:], self.today) for each in PEOPLE}
        self.visits = {
            key: visit_of(CONSOLE, practice.services[key[1]], minutes)
            for key, minutes in practice.lengths.items()
        }
        self.due = list(ANA_SEES)

    def fill(self, session: Session) -> list[Entry]:
        first = self.monday - timedelta(weeks=WEEKS_BACK)
        people = [self.practice.professionals[each.name] for each in PEOPLE]
        for number in range((WEEKS_BACK + WEEKS_AHEAD + 1) * 7):
            day = first + timedelta(days=number)
            sheets = load_sheets(session, people, Days(day, day), now=self.now)
            if any(each.offered for each in sheets):
                self._fill_day(day, sheets)
        return self.entries

    def _fill_day(self, on: date, sheets: Sequence[DaySheet]) -> None:
        busy: dict[str, list[Busy]] = {each.name: [] for each in sheets}
        day = Day(
            sheets={each.name: replace(each, busy=busy[each.name]) for each in sheets},
            busy=busy,
            rooms={each: [] for each in self.practice.rooms},
        )
        self._book_ana(on, day)
        for person in PEOPLE:
            self._fill_column(on, day, person)

    def _book_ana(self, on: date, day: Day) -> None:
        while self.due and self.today + timedelta(days=self.due[0][0]) <= on:
            _days, hour, name, service = self.due[0]
            found = self._starts(day, name, service)
            if not found or self.ana in day.patients:
                return
            wanted = day.sheets[name].span[0] + hour * 3600
            start = min(found, key=lambda each: (abs(each - wanted), each))
            self._enter(day, name, service, self.ana, start, surely=True)
            self.due.pop(0)

    def _fill_column(self, on: date, day: Day, person: Person) -> None:
        """Book until the day is as full as days like this are, or nothing fits any more."""
        chance = self.chance
        offered = minutes_of(_within(day.sheets[person.name].offered, day.sheets[person.name].span))
        goal = offered * min(0.97, max(0.0, chance.gauss(self._fullness(on), 0.07)))
        misses = 0
        while misses < 14 and _booked(day.busy[person.name]) < goal:
            (service,) = chance.choices(list(person.services), list(person.services.values()))
            found = self._starts(day, person.name, service)
            patient = chance.choice(self.panels[person.name])
            if not found or patient in day.patients:
                misses += 1
                continue
            # Desks fill a day from its beginning; people who can choose take any time.
            tidy = chance.random() < (0.85 if on <= self.today else 0.3)
            start = found[0] if tidy else chance.choice(found)
            self._enter(day, person.name, service, patient, start)

    def _fullness(self, on: date) -> float:
        weeks = (on - self.monday).days // 7
        if weeks < 0:
            return 0.86 + 0.04 * ((weeks * 7 + on.weekday()) % 3 - 1)
        return FULL_AHEAD[weeks]

    def _starts(self, day: Day, name: str, service: str) -> list[int]:
        """What a desk would have been offered the day before, on the lattice."""
        visit = self.visits[name, service]
        plain = replace(visit, rules=replace(visit.rules, fits_gap=False))
        ids = self.practice.rooms_for[service]
        asked = to_instant(day.sheets[name].span[0]) - timedelta(days=1)
        return starts(
            day.sheets[name], plain, now=asked, rooms=[day.rooms[each] for each in ids] or None
        )

    def _enter(
        self,
        day: Day,
        name: str,
        service: str,
        patient: int,
        start: int,
        *,
        surely: bool = False,
    ) -> None:
        sold = self.practice.services[service]
        end = start + self.visits[name, service].length
        claim = Busy(start, end, sold.before_minutes, sold.after_minutes)
        room = _free_room(day, self.practice.rooms_for[service], claim)
        entry = self._lived(
            Entry(
                professional=name,
                service=service,
                patient=patient,
                room=room,
                starts_at=to_instant(start),
                ends_at=to_instant(end),
                state=S.BOOKED,
                booked_at=self._booked_at(start, surely=surely),
            ),
            surely=surely,
        )
        self.entries.append(entry)
        if entry.state is S.CANCELLED:
            return
        day.patients.add(patient)
        insort(day.busy[name], claim)
        if room is not None:
            insort(day.rooms[room], claim)

    def _booked_at(self, start: int, *, surely: bool) -> datetime:
        """Some days ahead, while the desk is open, and never after now."""
        chance, zone = self.chance, self.practice.zone
        ahead = min(75.0, 3.5 + chance.expovariate(1 / 11) if surely else chance.expovariate(1 / 9))
        hour, minute = chance.randint(8, 17), chance.randint(0, 59)
        start_at = to_instant(start)
        latest = min(start_at - timedelta(hours=1), self.now - timedelta(minutes=5))
        there = (latest - timedelta(days=ahead)).astimezone(zone)
        there = there.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return min(there.astimezone(UTC), latest)

    def _lived(self, entry: Entry, *, surely: bool) -> Entry:
        """The visit as it went, or is going; every visit asks chance the same questions."""
        fate, early, wait, over, late = (self.chance.random() for _ in range(5))
        reason = self.chance.choice(REASONS)
        if fate < 0.075 and not surely:
            return self._cancelled(entry, reason, late)
        arrived = entry.starts_at - timedelta(minutes=round(early * 14) - 1)
        began = max(arrived, entry.starts_at) + timedelta(minutes=round(wait * wait * 16))
        ended = max(
            began + timedelta(minutes=5), entry.ends_at + timedelta(minutes=round(over * 14) - 6)
        )
        if entry.ends_at <= self.now:
            if fate > 0.955 and not surely:
                return replace(entry, state=S.NO_SHOW)
            stamps = (arrived, min(began, self.now), min(ended, self.now))
            return replace(entry, state=S.COMPLETED, stamps=stamps)
        if entry.starts_at <= self.now:
            so_far = (min(arrived, self.now), min(began, self.now))
            return replace(entry, state=S.IN_PROGRESS, stamps=so_far)
        if entry.starts_at <= self.now + timedelta(minutes=20):
            return replace(entry, state=S.ARRIVED, stamps=(min(arrived, self.now),))
        return entry

    def _cancelled(self, entry: Entry, reason: str, late: float) -> Entry:
        """Most give notice of days, some call on the morning itself."""
        latest = min(entry.starts_at - timedelta(minutes=30), self.now)
        notice = timedelta(hours=3 + late * 15) if late < 0.3 else timedelta(days=1 + late * 5)
        at = max(entry.booked_at, min(latest, entry.starts_at - notice))
        return replace(
            entry, state=S.CANCELLED, cancelled_at=at.replace(microsecond=0), reason=reason
        )


def _panel(person: Person, patients: Sequence[Patient], today: date) -> list[int]:
    """Who comes to see them: children their own doctor, grown-ups about a third of the others."""
    grown_since = today - timedelta(days=17 * 365)
    children = [each.id for each in patients if each.born_on and each.born_on > grown_since]
    if person.sees_children:
        return children
    grown = sorted({each.id for each in patients} - set(children))
    number = [each.name for each in PEOPLE].index(person.name)
    return [each for each in grown if (each + number) % 3 == 0 or each % 7 == number % 7]


def _within(spans: Iterable[Span], day: Span) -> list[Span]:
    return [(max(a, day[0]), min(b, day[1])) for a, b in spans if a < day[1] and day[0] < b]


def _booked(busy: Iterable[Busy]) -> int:
    return minutes_of((each.start, each.end) for each in busy)


def _free_room(day: Day, rooms: Iterable[int], claim: Busy) -> int | None:
    for room in rooms:
        if not any(claim.start < each.end and each.start < claim.end for each in day.rooms[room]):
            return room
    return None
