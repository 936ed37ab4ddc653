"""Money, demand and patients, counted by hand; the book is that of ``test_numbers.py``."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from statistics import median

import pytest
from sqlalchemy import update

from core.analytics import (
    AnalyticsAsked,
    By,
    Cohort,
    PeopleMonth,
    all_made,
    all_waited,
    all_worth,
    made,
    people,
    waited,
    waiting_list,
    worth,
)
from core.analytics.facts import read_rows
from core.errors import NotAllowed
from core.models import OCCUPYING, Booking, BookingState, Kept, Role, WaitingEntry, WaitingState
from core.policy import CONSOLE, Actor
from tests import a, book_by_hand
from tests.book_by_hand import FIRST, LAST, NOW, ZONE, Book, Seat, Visit
from tests.plans import Listening
from tests.test_numbers import BY_HAND, within

S = BookingState
ASKED = AnalyticsAsked(FIRST, LAST)


@pytest.fixture
def book(session) -> Book:
    return book_by_hand.fill(session)


def grouped(visits: Iterable[Visit], key: Callable[[Visit], object]) -> dict[object, list[Visit]]:
    found: dict[object, list[Visit]] = defaultdict(list)
    for each in visits:
        found[key(each)].append(each)
    return found


def cents(visits: Iterable[Visit]) -> int:
    return sum(each.price_cents for each in visits)


def worth_by_hand(visits: Iterable[Visit]) -> tuple[int, ...]:
    listed = list(visits)
    takes = [each for each in listed if each.state in OCCUPYING - {S.HELD}]
    return (
        len(takes),
        cents(takes),
        cents(each for each in takes if each.starts_at > NOW),
        cents(each for each in listed if each.state is S.NO_SHOW),
        cents(
            each for each in listed if each.state is S.CANCELLED and each.by_patient and each.late
        ),
    )


def worth_of(each) -> tuple[int, ...]:
    return (
        each.visits,
        each.booked_cents,
        each.to_come_cents,
        each.no_show_cents,
        each.late_cents,
    )


def test_money_is_added_up_as_by_hand(session, book):
    counted = [each for each in book.visits if within(each)]
    for by in (By.MONTH, By.SERVICE, By.TIER, By.PROFESSIONAL):
        found = {each.key: worth_of(each) for each in worth(session, CONSOLE, ASKED, by, now=NOW)}
        hand = {key: worth_by_hand(each) for key, each in grouped(counted, BY_HAND[by]).items()}
        assert found == hand, by

    whole = all_worth(session, CONSOLE, ASKED, now=NOW)
    assert worth_of(whole) == worth_by_hand(counted)
    assert min(worth_of(whole)) > 0
    assert whole.lost_cents == whole.no_show_cents + whole.late_cents


def test_what_was_sold_in_another_currency_is_left_out(session, book):
    session.execute(update(Booking).values(currency="USD"))

    assert all_worth(session, CONSOLE, ASKED, now=NOW).booked_cents == 0


def test_bookings_made_are_counted_by_when_they_were_made_and_through_whom(session, book):
    def local(each: Visit):
        return each.made_at.astimezone(ZONE)

    counted = [
        each
        for each in book.visits
        if each.state is not S.HELD and FIRST <= local(each).date() <= LAST
    ]
    by_hand = {
        By.DAY: lambda each: local(each).date(),
        By.WEEKDAY: lambda each: local(each).weekday(),
        By.HOUR: lambda each: local(each).hour,
        By.LEAD: BY_HAND[By.LEAD],
        By.SERVICE: BY_HAND[By.SERVICE],
        By.CHANNEL: BY_HAND[By.CHANNEL],
    }
    for by, key in by_hand.items():
        found = {
            getattr(each.key, "value", each.key): each.made
            for each in made(session, CONSOLE, ASKED, by)
            if each.made
        }
        assert found == {key: len(each) for key, each in grouped(counted, key).items()}, by

    whole = all_made(session, CONSOLE, ASKED)
    channels = Counter(each.channel for each in counted)
    assert whole.made == len(counted) > 0
    assert (whole.desk, whole.professional, whole.patient, whole.imported) == tuple(
        channels[each] for each in ("desk", "professional", "patient", "import")
    )


@pytest.mark.parametrize(
    ("of", "index"),
    [(Kept.VISITS, "ix_bookings_starts_at_state"), (Kept.MADE, "ix_bookings_created_at")],
)
def test_what_was_booked_on_some_days_is_read_by_those_days_alone(sqlite_database, of, index):
    with sqlite_database.writing() as session:
        a.organisation(session)
        with Listening(session) as heard:
            read_rows(session, of, 20000, 20001)
        statement, values = heard.questions[-1]
        explained = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        plan = [row[3] for row in explained]

    assert any(index in step for step in plan), plan


def test_time_in_house_is_from_arriving_to_beginning(session, book):
    noted = [
        each
        for each in book.visits
        if within(each) and each.started_at is not None and each.arrived_at is not None
    ]
    for by in (By.HOUR, By.PROFESSIONAL):
        found = {
            each.key: (each.visits, each.seconds, each.long)
            for each in waited(session, CONSOLE, ASKED, by)
            if each.visits
        }
        assert found == {
            key: waits_by_hand(each) for key, each in grouped(noted, BY_HAND[by]).items()
        }

    whole = all_waited(session, CONSOLE, ASKED)
    assert (whole.visits, whole.seconds, whole.long) == waits_by_hand(noted)
    assert whole.minutes == pytest.approx(whole.seconds / 60 / len(noted))
    assert 0 < whole.long < whole.visits


def waits_by_hand(visits: list[Visit]) -> tuple[int, int, int]:
    waits = [int((each.started_at - each.arrived_at).total_seconds()) for each in visits]
    return len(waits), sum(waits), sum(each > 900 for each in waits)


def came(book: Book) -> list[Seat]:
    return [each for each in book.seats if each.counts and each.due and each.state is not S.NO_SHOW]


def test_patients_are_told_apart_and_followed_as_by_hand(session, book):
    asked = AnalyticsAsked(FIRST + timedelta(days=10), LAST)
    here = [each for each in came(book) if within(each.visit, asked)]
    begins = min(each.visit.starts_at for each in here)
    known = {
        each.patient_id
        for each in came(book)
        if each.visit.local.date() < asked.first and each.visit.starts_at < begins
    }
    months: dict[int, set] = defaultdict(set)
    for each in here:
        months[each.patient_id].add(each.visit.local.date().replace(day=1))
    october, november = FIRST.replace(day=1), LAST.replace(day=1)
    new = {id: found for id, found in months.items() if id not in known}
    first = {id: min(found) for id, found in new.items()}
    returning = Counter(
        month for id, found in months.items() for month in found if first.get(id) != month
    )

    found = people(session, CONSOLE, asked, now=NOW)

    assert (found.new, found.returning, found.visits) == (
        len(new),
        len(months.keys() & known),
        len(here),
    )
    assert min(found.new, found.returning) > 0
    assert found.months == [
        PeopleMonth(each, sum(one == each for one in first.values()), returning[each])
        for each in (october, november)
    ]
    often = Counter(Counter(each.patient_id for each in here).values())
    assert found.by_visits == dict(sorted(often.items()))
    assert found.cohorts == [
        Cohort(october, len(new), [sum(november in each for each in new.values())]),
        Cohort(november, 0, []),
    ]


def test_whoever_stayed_is_found_in_the_months_after(session):
    ada = a.professional(session)
    loyal, once, later = (a.patient(session) for _ in range(3))
    came_on = ((loyal, (-70, -35, 0)), (once, (-70,)), (later, (-35, 0)))
    for hour, (patient, days) in enumerate(came_on, start=9):
        for day in days:
            when = a.span(hour, hour + 1, day=day)
            a.booking(session, ada, when, patient=patient, state=S.COMPLETED)
    asked = AnalyticsAsked(a.DAY.replace(month=9, day=1), a.DAY)

    found = people(session, CONSOLE, asked, now=a.at(18))

    assert [(each.month.month, each.patients, each.came_again) for each in found.cohorts] == [
        (9, 2, [0, 1, 1]),
        (10, 0, [0, 0]),
        (11, 1, [1]),
        (12, 0, []),
    ]
    assert found.visits_each == 2
    assert people(session, CONSOLE, AnalyticsAsked(a.DAY, a.DAY), now=a.at(18)).returning == 2


def test_the_waiting_list_tells_how_long_it_took(session):
    service, other = a.service(session), a.service(session)
    booking = a.booking(session, a.professional(session), a.span(9, 10))
    waits = (1, 3, 8)
    ends = [(WaitingState.BOOKED, service, days) for days in waits]
    ends += [(WaitingState.CLOSED, service, 2), (WaitingState.WAITING, service, None)]
    ends += [(WaitingState.WAITING, other, None), (WaitingState.BOOKED, other, 90)]
    for number, (state, wanted, days) in enumerate(ends):
        closed = None if days is None else a.at(12)
        session.add(
            WaitingEntry(
                patient_id=a.patient(session).id,
                service_id=wanted.id,
                from_on=a.DAY,
                state=state,
                created_at=a.at(12) - timedelta(days=days or 0),
                closed_at=closed,
                booking_id=booking.id if state is WaitingState.BOOKED else None,
                request_key=f"waits {number}",
            )
        )

    found = waiting_list(session, CONSOLE, AnalyticsAsked(a.DAY, a.DAY, (), (service.id,)))
    assert (found.booked, found.closed, found.waiting) == (3, 1, 1)
    assert found.days_to_booking == median(waits)
    every = waiting_list(session, CONSOLE, AnalyticsAsked(a.DAY, a.DAY))
    assert (every.booked, every.waiting) == (4, 2)
    before = waiting_list(session, CONSOLE, AnalyticsAsked(a.DAY, a.DAY).before())
    assert (before.booked, before.closed, before.days_to_booking) == (0, 0, None)


def test_professionals_are_answered_with_their_own(session, book):
    own = a.actor(session, Role.PROFESSIONAL, professional_id=book.professional_ids[0])
    mine = AnalyticsAsked(FIRST, LAST, (book.professional_ids[0],))

    for ask in (
        lambda who, asked: all_worth(session, who, asked, now=NOW),
        lambda who, asked: all_made(session, who, asked),
        lambda who, asked: all_waited(session, who, asked),
        lambda who, asked: people(session, who, asked, now=NOW),
    ):
        assert ask(own, ASKED) == ask(CONSOLE, mine) != ask(CONSOLE, ASKED)
    with pytest.raises(NotAllowed):
        waiting_list(session, own, ASKED)


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PATIENT])
def test_the_desk_and_patients_are_refused(session, role):
    who = Actor(role, "Rita")
    for ask in (
        lambda: worth(session, who, ASKED, By.MONTH, now=NOW),
        lambda: made(session, who, ASKED, By.DAY),
        lambda: waited(session, who, ASKED, By.HOUR),
        lambda: people(session, who, ASKED, now=NOW),
        lambda: waiting_list(session, who, ASKED),
    ):
        with pytest.raises(NotAllowed):
            ask()
