"""Every figure against a count by hand of the same book, on both engines."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from core.analytics import AnalyticsAsked, By, SeatCounts, Seats, all_seats, refilled, seats
from core.analytics.tables import word_of
from core.errors import Invalid, NotAllowed
from core.models import OCCUPYING, BookingState, Channel, Role
from core.policy import CONSOLE, Actor
from tests import a, book_by_hand
from tests.book_by_hand import FIRST, LAST, NOW, Book, Seat, Visit

S = BookingState
ASKED = AnalyticsAsked(FIRST, LAST)


@pytest.fixture
def book(session) -> Book:
    return book_by_hand.fill(session)


def within(visit: Visit, asked: AnalyticsAsked = ASKED) -> bool:
    return (
        asked.first <= visit.local.date() <= asked.last
        and (not asked.professional_ids or visit.professional_id in asked.professional_ids)
        and (not asked.service_ids or visit.service_id in asked.service_ids)
        and (not asked.room_ids or visit.room_id in asked.room_ids)
    )


def lead(visit: Visit) -> int:
    days = (visit.starts_at - visit.made_at) // timedelta(days=1)
    return sum(days >= each for each in (1, 3, 7, 14, 28))


def has_come_before(book: Book, seat: Seat) -> int:
    return int(
        any(
            each.patient_id == seat.patient_id
            and each.visit.starts_at < seat.visit.starts_at
            and each.counts
            and not each.cancelled
            and each.state is not S.NO_SHOW
            for each in book.seats
        )
    )


BY_HAND: dict[By, Callable[[Visit], object]] = {
    By.DAY: lambda visit: visit.local.date(),
    By.WEEK: lambda visit: visit.local.date() - timedelta(days=visit.local.weekday()),
    By.MONTH: lambda visit: visit.local.date().replace(day=1),
    By.WEEKDAY: lambda visit: visit.local.weekday(),
    By.HOUR: lambda visit: visit.local.hour,
    By.LEAD: lead,
    By.SERVICE: lambda visit: visit.service_id,
    By.PROFESSIONAL: lambda visit: visit.professional_id,
    By.TIER: lambda visit: visit.tier_id,
    By.ROOM: lambda visit: visit.room_id,
    By.CHANNEL: lambda visit: visit.channel,
}


def key_by_hand(book: Book, seat: Seat, by: By) -> object:
    if by is By.RETURNING:
        return has_come_before(book, seat)
    return BY_HAND[by](seat.visit)


def is_one(which: Seats, seat: Seat) -> bool:
    whole = seat.visit.state is S.CANCELLED and not seat.left
    return {
        Seats.BOOKED: True,
        Seats.DUE: seat.due,
        Seats.NO_SHOWS: seat.due and seat.state is S.NO_SHOW,
        Seats.UNMARKED: seat.due and seat.state is S.BOOKED,
        Seats.CANCELLED: seat.cancelled,
        Seats.EARLY: whole and seat.visit.by_patient and not seat.visit.late,
        Seats.LATE: whole and seat.visit.by_patient and seat.visit.late,
        Seats.BY_US: whole and not seat.visit.by_patient,
        Seats.LEFT: seat.left,
    }[which]


def counted(found: Iterable[Seat]) -> dict[Seats, int]:
    listed = list(found)
    return {which: sum(is_one(which, each) for each in listed) for which in Seats}


def figures(counts: SeatCounts) -> dict[Seats, int]:
    return {which: getattr(counts, which.value) for which in Seats}


def test_seats_are_counted_as_by_hand_however_they_are_grouped(session, book):
    for by in By:
        expected: dict[object, list[Seat]] = defaultdict(list)
        for each in book.seats:
            if each.counts and within(each.visit):
                expected[key_by_hand(book, each, by)].append(each)

        found = seats(session, CONSOLE, ASKED, by, now=NOW)

        by_key = {
            getattr(each.key, "value", each.key): figures(each) for each in found if each.booked
        }
        assert by_key == {key: counted(group) for key, group in expected.items()}, by
        assert len({each.key for each in found}) == len(found) > 1


def test_the_total_is_the_sum_of_every_way_to_group_it(session, book):
    whole = all_seats(session, CONSOLE, ASKED, now=NOW)

    assert figures(whole) == counted(
        each for each in book.seats if each.counts and within(each.visit)
    )
    assert min(figures(whole).values()) > 0, "the book has some of everything"
    assert whole.early + whole.late + whole.by_us + whole.left == whole.cancelled
    for by in By:
        groups = seats(session, CONSOLE, ASKED, by, now=NOW)
        for which in Seats:
            assert sum(figures(each)[which] for each in groups) == figures(whole)[which]


def test_what_is_chosen_alone_counts(session, book):
    asked = AnalyticsAsked(
        FIRST + timedelta(days=3),
        LAST,
        tuple(book.professional_ids[:2]),
        tuple(book.service_ids[1:]),
        (book.room_ids[0],),
    )
    found = all_seats(session, CONSOLE, asked, now=NOW)

    by_hand = counted(each for each in book.seats if each.counts and within(each.visit, asked))
    assert figures(found) == by_hand
    assert 0 < found.booked < all_seats(session, CONSOLE, ASKED, now=NOW).booked


def test_what_nobody_booked_stands_between_the_rest(session):
    ada = a.professional(session)
    for hour, day in ((9, 0), (12, 2)):
        a.booking(session, ada, a.span(hour, hour + 1, day=day), created_at=a.BEFORE)
    asked = AnalyticsAsked(a.DAY, a.DAY + timedelta(days=7))

    def keys(by: By) -> list[object]:
        return [each.key for each in seats(session, CONSOLE, asked, by, now=NOW)]

    assert keys(By.HOUR) == [9, 10, 11, 12]
    assert keys(By.WEEKDAY) == [0, 1, 2, 3, 4, 5, 6]
    assert keys(By.LEAD) == [0, 1, 2, 3, 4, 5]
    assert keys(By.WEEK) == [a.DAY, a.DAY + timedelta(days=7)]
    assert len(keys(By.DAY)) == 8
    assert keys(By.ROOM) == [None]


def test_how_far_ahead_is_not_known_of_what_was_brought_in_without_the_day_it_was_booked(session):
    ada = a.professional(session)
    for hour, channel, ahead in (
        (9, Channel.IMPORT, timedelta(0)),
        (10, Channel.IMPORT, timedelta(days=2)),
        (11, Channel.DESK, timedelta(0)),
    ):
        span = a.span(hour, hour + 1)
        made = a.booking(session, ada, span, created_at=span.start - ahead)
        made.channel = channel

    found = seats(session, CONSOLE, AnalyticsAsked(a.DAY, a.DAY), By.LEAD, now=NOW)

    assert {each.key: each.booked for each in found if each.booked} == {0: 1, 1: 1, None: 1}
    assert word_of(By.LEAD, None) == "Not known"


def test_shares_say_of_what_they_are():
    assert SeatCounts(booked=20, due=10, no_shows=1, cancelled=5).no_show_share == 0.1
    assert SeatCounts(booked=20, due=10, no_shows=1, cancelled=5).cancelled_share == 0.25
    assert (SeatCounts().no_show_share, SeatCounts().cancelled_share) == (None, None)


def test_time_given_back_is_compared_minute_by_minute(session, book):
    freed: set[tuple[int, int]] = set()
    used: set[tuple[int, int]] = set()
    for each in book.visits:
        minutes = range(int(each.starts_at.timestamp()) // 60, int(each.ends_at.timestamp()) // 60)
        spent = {(each.professional_id, minute) for minute in minutes}
        if each.state is S.CANCELLED and each.by_patient and within(each):
            freed |= spent
        elif each.state in OCCUPYING - {S.HELD}:
            used |= spent

    found = refilled(session, CONSOLE, ASKED)

    assert (found.freed_minutes, found.refilled_minutes) == (len(freed), len(freed & used))
    assert 0 < found.refilled_minutes < found.freed_minutes


def test_nothing_given_back_has_no_share(session):
    a.professional(session)

    assert refilled(session, CONSOLE, ASKED).share is None


def test_professionals_count_their_own_and_nobody_elses(session, book):
    own = a.actor(session, Role.PROFESSIONAL, professional_id=book.professional_ids[0])
    mine = AnalyticsAsked(FIRST, LAST, (book.professional_ids[0],))
    others = AnalyticsAsked(FIRST, LAST, (book.professional_ids[1],))

    assert all_seats(session, own, ASKED, now=NOW) == all_seats(session, CONSOLE, mine, now=NOW)
    assert refilled(session, own, ASKED) == refilled(session, CONSOLE, mine)
    assert seats(session, own, others, By.HOUR, now=NOW) == []


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PATIENT])
def test_the_desk_and_patients_are_refused(session, role):
    who = Actor(role, "Rita")
    for ask in (
        lambda: seats(session, who, ASKED, By.HOUR, now=NOW),
        lambda: all_seats(session, who, ASKED, now=NOW),
        lambda: refilled(session, who, ASKED),
    ):
        with pytest.raises(NotAllowed):
            ask()


def test_days_in_the_wrong_order_are_refused(session):
    a.organisation(session)

    with pytest.raises(Invalid, match="before the first"):
        seats(session, CONSOLE, AnalyticsAsked(LAST, FIRST), By.DAY, now=NOW)
