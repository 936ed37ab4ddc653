"""Series: shown date by date, saved whole or not at all, changed together, on both engines."""

import itertools
import random
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from core import audit
from core.availability import ReasonCode
from core.booking import CancelRequest, MoveRequest, cancel, move
from core.errors import (
    Invalid,
    KeyReused,
    NotAllowed,
    NotFound,
    SeriesRefused,
    Stale,
)
from core.holds import HoldRequest, hold
from core.interval import Interval
from core.models import (
    AuditEntry,
    Booking,
    BookingEvent,
    BookingState,
    Claim,
    Closure,
    EventKind,
    Frequency,
    Patient,
    Professional,
    Role,
    Series,
    Service,
)
from core.policy import Actor
from core.series import (
    CancelSeriesRequest,
    MoveSeriesAsked,
    MoveSeriesRequest,
    Repeats,
    RowChange,
    RowState,
    Scope,
    Seen,
    SeriesAsked,
    SeriesPlan,
    SeriesRequest,
    book_series,
    cancel_series,
    load_series,
    move_series,
    preview_move,
    preview_series,
    to_come,
)
from core.visits import load_around, reasons_against, want
from tests import a

WEEK = timedelta(days=7)
NINE = 9 * 60


def week(number: int, hour: float = 9) -> datetime:
    """An hour of the Monday so many weeks after the made day's."""
    return a.at(hour, day=7 * number)


class Desk:
    """A practice with two professionals, one service, one patient and somebody at the desk."""

    def __init__(self, session: Session, **service_values: object) -> None:
        self.session = session
        self.service: Service = a.service(session, name="Consultation", **service_values)
        self.ada: Professional = a.professional(session, name="Dr Ada", services=(self.service,))
        self.ben: Professional = a.professional(session, name="Dr Ben", services=(self.service,))
        self.ana: Patient = a.patient(session, name="Ana Silva")
        self.actor: Actor = a.actor(session, name="Rita")

    def asked(self, *changes: RowChange, **values: object) -> SeriesAsked:
        """Twelve Mondays at nine, unless told."""
        made = {
            "professional_id": self.ada.id,
            "service_id": self.service.id,
            "patient_id": self.ana.id,
            "starts_at_minute": NINE,
            "repeats": Repeats(Frequency.WEEKLY, a.DAY, count=12),
            "changes": changes,
        }
        return SeriesAsked(**(made | values))

    def plan(self, *changes: RowChange, **values: object) -> SeriesPlan:
        asked = self.asked(*changes, **values)
        return preview_series(self.session, self.actor, asked, now=a.BEFORE)

    def book(self, *changes: RowChange, key: str = "key", **values: object) -> list[Booking]:
        request = SeriesRequest(self.asked(*changes, **values), key)
        return book_series(self.session, self.actor, request, now=a.BEFORE)

    def take(self, starts_at: datetime, minutes: int = 30, **values: object) -> Booking:
        """Somebody else has that time with Dr Ada."""
        when = Interval(starts_at, starts_at + timedelta(minutes=minutes))
        return a.booking(self.session, self.ada, when, service=self.service, **values)

    def count(self, kind: type = Booking) -> int:
        return self.session.scalar(select(func.count()).select_from(kind)) or 0

    def move_asked(self, booking: Booking, scope: Scope, to: datetime, **values) -> MoveSeriesAsked:
        made = {"professional_id": self.ada.id, "starts_at": to} | values
        return MoveSeriesAsked(booking.id, scope, **made)

    def move(
        self, booking: Booking, scope: Scope, to: datetime, *, now: datetime = a.BEFORE, **values
    ) -> list[Booking]:
        asked = self.move_asked(booking, scope, to, **values)
        plan = preview_move(self.session, self.actor, asked, now=now)
        request = MoveSeriesRequest(asked, plan.seen)
        return move_series(self.session, self.actor, request, now=now)

    def cancel(self, booking: Booking, scope: Scope, *, now: datetime = a.BEFORE) -> list[Booking]:
        found = to_come(self.session, self.actor, booking.id, scope, now=now)
        seen = tuple(Seen(each.id, each.version) for each in found)
        request = CancelSeriesRequest(booking.id, scope, seen, "Patient is ill")
        return cancel_series(self.session, self.actor, request, now=now)


@pytest.fixture
def desk(session: Session) -> Desk:
    return Desk(session)


def codes(row) -> list[ReasonCode]:
    return [each.code for each in row.reasons]


def starts(bookings) -> list[datetime]:
    return [each.starts_at for each in bookings]


# Looking at it first


def test_a_plan_shows_every_date_and_books_nothing(desk):
    plan = desk.plan()
    assert [each.starts_at for each in plan.rows] == [week(number) for number in range(12)]
    assert {each.state for each in plan.rows} == {RowState.FREE}
    assert desk.count() == 0


def test_a_clash_shows_why_and_the_nearest_free_times_of_that_day(desk):
    taken = desk.take(week(2))
    row = desk.plan().rows[2]
    assert row.state is RowState.REFUSED
    assert [(each.code, each.refers_to) for each in row.reasons] == [(ReasonCode.TAKEN, taken.id)]
    assert row.alternatives == (week(2, 9.5), week(2, 9.75), week(2, 10))


def test_a_closed_day_offers_the_same_time_of_the_days_around_it(desk):
    closed = a.DAY + 2 * WEEK
    desk.session.add(Closure(first_on=closed, last_on=closed, name="Holiday"))
    row = desk.plan().rows[2]
    assert codes(row) == [ReasonCode.CLOSURE]
    assert a.at(9, day=15) in row.alternatives
    assert {each.date() for each in row.alternatives} == {date(2026, 12, 22)}


def test_the_rows_of_a_series_count_towards_the_limits(session):
    desk = Desk(session)
    desk.ada.visits_per_week = 2
    repeats = Repeats(Frequency.WEEKLY, a.DAY, weekdays=(1, 2, 3), count=6)
    rows = desk.plan(repeats=repeats).rows
    assert [codes(each) for each in rows] == [
        [],
        [],
        [ReasonCode.WEEK_LIMIT],
        [],
        [],
        [ReasonCode.WEEK_LIMIT],
    ]


def test_a_row_left_out_leaves_its_place_to_the_rows_after_it(session):
    desk = Desk(session)
    desk.ada.visits_per_week = 2
    repeats = Repeats(Frequency.WEEKLY, a.DAY, weekdays=(1, 2, 3), count=3)
    rows = desk.plan(RowChange(a.DAY), repeats=repeats).rows
    assert [each.state for each in rows] == [RowState.LEFT_OUT, RowState.FREE, RowState.FREE]


def test_a_time_past_the_horizon_is_a_reason_like_any_other(session):
    desk = Desk(session, horizon_days=30)
    rows = desk.plan().rows
    assert [codes(each) for each in rows] == [[]] * 4 + [[ReasonCode.HORIZON]] * 8


def test_t021_a_date_without_that_time_is_dropped_and_says_so(session):
    a.organisation(session, zone="Europe/Madrid")
    desk = Desk(session)
    hours = {"hours": ((0, 24),), "weekdays": (6, 7), "services": (desk.service,)}
    night = a.professional(session, name="Dr Night", **hours)
    repeats = Repeats(Frequency.WEEKLY, date(2027, 3, 21), count=3)
    plan = desk.plan(professional_id=night.id, repeats=repeats, starts_at_minute=150)

    before, gap, after = plan.rows
    assert gap.state is RowState.SKIPPED
    assert str(gap.skipped_because) == "Clocks change: there is no 02:30 on that day."
    assert gap.alternatives[0] == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert [before.starts_at.hour, after.starts_at.hour] == [1, 0]

    booked = desk.book(professional_id=night.id, repeats=repeats, starts_at_minute=150)
    assert len(booked) == 2


def test_t022_a_time_that_comes_twice_means_the_first_pass(session):
    a.organisation(session, zone="Europe/Madrid")
    desk = Desk(session)
    hours = {"hours": ((0, 24),), "weekdays": (7,), "services": (desk.service,)}
    night = a.professional(session, name="Dr Night", **hours)
    repeats = Repeats(Frequency.WEEKLY, date(2027, 10, 31), count=1)
    plan = desk.plan(professional_id=night.id, repeats=repeats, starts_at_minute=150)
    assert plan.rows[0].starts_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_the_wall_clock_stays_when_clocks_change(desk):
    repeats = Repeats(Frequency.WEEKLY, date(2027, 3, 22), count=2)
    before, after = desk.plan(repeats=repeats).rows
    assert (before.starts_at.hour, after.starts_at.hour) == (9, 8)


def test_months_without_the_31st_are_told(desk):
    repeats = Repeats(Frequency.MONTHLY_BY_DATE, date(2026, 12, 31), until_on=date(2027, 4, 30))
    plan = desk.plan(repeats=repeats)
    assert [each.on for each in plan.rows] == [
        date(2026, 12, 31),
        date(2027, 1, 31),
        date(2027, 3, 31),
    ]
    assert plan.skipped_months == (date(2027, 2, 1), date(2027, 4, 1))


def test_without_a_patient_the_calendar_alone_is_asked(desk):
    elsewhere = Interval(week(1), week(1, 10))
    a.booking(desk.session, desk.ben, elsewhere, patient=desk.ana)
    assert codes(desk.plan().rows[1]) == [ReasonCode.PATIENT_BUSY]
    assert codes(desk.plan(patient_id=None).rows[1]) == []
    with pytest.raises(Invalid, match="choose the patient"):
        desk.book(patient_id=None)


def test_each_date_gets_a_room_and_keeps_it_where_it_can(desk):
    one, two = a.room(desk.session, name="One"), a.room(desk.session, name="Two")
    a.needs(desk.session, desk.service, one, two)
    other = a.booking(desk.session, desk.ben, Interval(week(0), week(0, 10)), room_id=one.id)
    desk.session.add(
        Claim(
            booking_id=other.id,
            calendar_id=one.calendar_id,
            starts_at=week(0),
            ends_at=week(0, 10),
        )
    )
    desk.session.flush()
    repeats = Repeats(Frequency.WEEKLY, a.DAY, count=3)
    assert [each.room_id for each in desk.plan(repeats=repeats).rows] == [two.id] * 3


def test_own_hold_is_not_in_the_way_and_ends_with_the_booking(desk):
    request = HoldRequest(desk.ada.id, desk.service.id, week(0), "held")
    held = hold(desk.session, desk.actor, request, now=a.BEFORE)
    assert codes(desk.plan().rows[0]) == [ReasonCode.HELD]
    assert codes(desk.plan(hold_id=held.id).rows[0]) == []
    desk.book(hold_id=held.id)
    assert desk.session.scalar(select(Booking.id).where(Booking.state == BookingState.HELD)) is None


def test_another_desks_booking_cannot_be_passed_off_as_a_hold(desk):
    taken = desk.take(week(0))
    assert codes(desk.plan(hold_id=taken.id).rows[0]) == [ReasonCode.TAKEN]


def test_a_plan_asks_as_much_of_the_database_for_many_dates_as_for_few(desk):
    def statements(count: int) -> int:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_rest):
            seen.append(statement)

        engine = desk.session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        desk.session.expunge_all()
        desk.plan(repeats=Repeats(Frequency.WEEKLY, a.DAY, count=count))
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    assert statements(2) == statements(52) < 20


def test_a_row_may_go_a_few_days_from_its_date_and_no_further(desk):
    assert desk.plan(RowChange(a.DAY, a.at(11, day=2))).rows[0].starts_at == a.at(11, day=2)
    with pytest.raises(Invalid, match="within 7 days"):
        desk.plan(RowChange(a.DAY, a.at(11, day=9)))


@pytest.mark.parametrize("seed", range(8))
def test_a_plan_and_a_booking_of_its_own_give_the_same_reasons(sqlite_database, seed):
    dice = random.Random(seed)
    with sqlite_database.writing() as session:
        desk = Desk(session, before_minutes=dice.choice([0, 10]), after_minutes=5)
        desk.ada.visits_per_week = dice.choice([None, 3])
        desk.ada.minutes_per_day = dice.choice([None, 60])
        for day in range(0, 84, 3):
            desk.take(a.at(dice.choice([8, 8.5, 9, 9.25, 13]), day=day))
        session.add(Closure(first_on=a.DAY + 2 * WEEK, last_on=a.DAY + 2 * WEEK, name="Holiday"))
        for row in desk.plan().rows:
            at_the_desk = want(
                session,
                desk.actor,
                professional_id=desk.ada.id,
                service_id=desk.service.id,
                patient_ids=(desk.ana.id,),
            )
            loaded = load_around(session, at_the_desk, row.starts_at, now=a.BEFORE)
            alone = reasons_against(at_the_desk, loaded, row.starts_at, now=a.BEFORE)
            assert row.reasons == tuple(alone)


# Booking it


def test_a_series_books_every_date_with_claims_events_and_entries(desk):
    bookings = desk.book()
    desk.session.flush()

    assert starts(bookings) == [week(number) for number in range(12)]
    series = desk.session.scalars(select(Series)).one()
    assert {each.series_id for each in bookings} == {series.id}
    assert (series.frequency, series.count, series.first_on) == (Frequency.WEEKLY, 12, a.DAY)
    assert desk.count(Claim) == 24
    kinds = desk.session.scalars(select(BookingEvent.kind)).all()
    assert kinds == [EventKind.BOOKED] * 12
    actions = desk.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["series.booked"] + ["booking.booked"] * 12
    assert list(audit.verify(desk.session)) == []


def test_t013_a_taken_week_refuses_the_whole_series_with_its_reasons(desk):
    desk.take(week(2))
    with pytest.raises(SeriesRefused) as refused:
        desk.book()
    (row,) = refused.value.details["rows"]
    assert (row.on, codes(row)) == (date(2026, 12, 21), [ReasonCode.TAKEN])
    assert desk.count() == 1
    assert desk.count(Series) == 0


def test_t013_the_taken_week_left_out_books_the_other_eleven(desk):
    desk.take(week(2))
    booked = desk.book(RowChange(date(2026, 12, 21)))
    assert starts(booked) == [week(number) for number in range(12) if number != 2]


def test_t013_the_taken_week_put_elsewhere_books_all_twelve(desk):
    desk.take(week(2))
    booked = desk.book(RowChange(date(2026, 12, 21), week(2, 9.5)))
    assert len(booked) == 12
    assert booked[2].starts_at == week(2, 9.5)


def test_a_row_put_where_it_cannot_be_refuses_the_series(desk):
    with pytest.raises(SeriesRefused):
        desk.book(RowChange(a.DAY, week(0, 18)))
    assert desk.count() == 0


def test_the_same_request_again_is_the_same_series(desk):
    first = desk.book()
    again = desk.book()
    assert [each.id for each in again] == [each.id for each in first]
    assert desk.count(Series) == 1


def test_one_key_for_other_content_is_refused(desk):
    desk.book()
    with pytest.raises(KeyReused):
        desk.book(starts_at_minute=11 * 60)


def test_leaving_every_date_out_is_not_a_series(desk):
    repeats = Repeats(Frequency.WEEKLY, a.DAY, count=1)
    with pytest.raises(Invalid, match="No date"):
        desk.book(RowChange(a.DAY), repeats=repeats)


def test_a_service_is_what_it_is_for_each_date(session):
    desk = Desk(session, price_cents=4500, after_minutes=10)
    booking = desk.book()[5]
    assert booking.interval == Interval(week(5), week(5, 9.5))
    assert (booking.price_cents, booking.currency) == (4500, "EUR")
    claims = session.scalars(select(Claim.after_minutes).where(Claim.booking_id == booking.id))
    assert set(claims) == {10}


def test_a_daily_series_shows_weekends_as_closed(desk):
    repeats = Repeats(Frequency.DAILY, a.DAY, count=7)
    assert [codes(each) for each in desk.plan(repeats=repeats).rows][4:] == [
        [],
        [ReasonCode.CLOSED],
        [ReasonCode.CLOSED],
    ]


def test_patients_make_no_series_and_professionals_only_their_own(desk):
    ana = a.actor(desk.session, Role.PATIENT, patient_id=desk.ana.id)
    ada = a.actor(desk.session, Role.PROFESSIONAL, professional_id=desk.ada.id)
    with pytest.raises(NotAllowed):
        preview_series(desk.session, ana, desk.asked(), now=a.BEFORE)
    other = desk.asked(professional_id=desk.ben.id)
    with pytest.raises(NotFound):
        preview_series(desk.session, ada, other, now=a.BEFORE)
    with pytest.raises(NotFound):  # not a patient of theirs yet
        preview_series(desk.session, ada, desk.asked(), now=a.BEFORE)
    a.booking(desk.session, desk.ada, a.span(9, 10, day=-30), patient=desk.ana)
    own = book_series(desk.session, ada, SeriesRequest(desk.asked(), "own"), now=a.BEFORE)
    assert {each.channel for each in own} == {"professional"}


def test_a_year_of_weeks_is_booked_within_a_second(sqlite_database):
    with sqlite_database.writing() as session:
        desk = Desk(session)
        request = SeriesRequest(desk.asked(repeats=Repeats(Frequency.WEEKLY, a.DAY, count=52)), "k")
        actor = desk.actor
    began = time.perf_counter()
    with sqlite_database.writing() as session:
        assert len(book_series(session, actor, request, now=a.BEFORE)) == 52
    assert time.perf_counter() - began < 1.5


def test_t014_two_overlapping_series_at_once_never_share_a_week(database):
    with database.writing() as session:
        desk = Desk(session)
        patients = [a.patient(session).id for _ in range(2)]
        base, actor = desk.asked(), desk.actor
    requests = [
        SeriesRequest(replace(base, patient_id=patients[0]), "one"),
        SeriesRequest(replace(base, patient_id=patients[1], starts_at_minute=NINE + 15), "two"),
    ]
    barrier, outcomes = threading.Barrier(2), []

    def try_to_book(request: SeriesRequest) -> None:
        barrier.wait()
        try:
            with database.writing() as session:
                outcomes.append(len(book_series(session, actor, request, now=a.BEFORE)))
        except SeriesRefused as refused:
            outcomes.append(-len(refused.details["rows"]))

    threads = [threading.Thread(target=try_to_book, args=(each,)) for each in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [-12, 12]
    with database.reading() as session:
        spans = sorted(each.interval for each in session.scalars(select(Booking)))
    assert len(spans) == 12
    assert all(one.end <= other.start for one, other in itertools.pairwise(spans))


# Changing it


def test_moving_all_puts_every_booking_at_the_new_time(desk):
    bookings = desk.book()
    versions = [each.version for each in bookings]
    desk.move(bookings[4], Scope.ALL, week(4, 14))
    assert starts(bookings) == [week(number, 14) for number in range(12)]
    assert [each.version for each in bookings] == [each + 1 for each in versions]
    moved = desk.session.scalars(
        select(BookingEvent.old_starts_at)
        .where(BookingEvent.kind == EventKind.MOVED)
        .order_by(BookingEvent.id)
    ).all()
    assert moved == [week(number) for number in range(12)]


def test_moving_this_and_later_leaves_the_earlier_ones(desk):
    bookings = desk.book()
    desk.move(bookings[4], Scope.THIS_AND_LATER, week(4, 14))
    assert starts(bookings) == [week(n, 9 if n < 4 else 14) for n in range(12)]


def test_moving_one_leaves_all_others(desk):
    bookings = desk.book()
    assert len(desk.move(bookings[4], Scope.ONE, week(4, 14))) == 1
    assert starts(bookings) == [week(n, 14 if n == 4 else 9) for n in range(12)]


def test_a_series_moves_on_by_a_week_over_its_own_old_places(desk):
    bookings = desk.book()
    desk.move(bookings[0], Scope.ALL, week(1))
    assert starts(bookings) == [week(number + 1) for number in range(12)]


def test_a_series_moves_to_another_day_and_professional(desk):
    bookings = desk.book()
    desk.move(bookings[0], Scope.ALL, a.at(10, day=2), professional_id=desk.ben.id)
    assert starts(bookings) == [a.at(10, day=7 * number + 2) for number in range(12)]
    assert {each.professional_id for each in bookings} == {desk.ben.id}
    on_ada = select(func.count()).where(Claim.calendar_id == desk.ada.calendar_id)
    assert desk.session.scalar(on_ada) == 0


def test_a_refused_move_changes_nothing_and_a_row_left_out_stays(desk):
    bookings = desk.book()
    desk.take(week(2, 14))
    with pytest.raises(SeriesRefused) as refused:
        desk.move(bookings[0], Scope.ALL, week(0, 14))
    assert [each.booking_id for each in refused.value.details["rows"]] == [bookings[2].id]
    assert starts(bookings) == [week(number) for number in range(12)]

    desk.move(bookings[0], Scope.ALL, week(0, 14), changes=(RowChange(bookings[2].id),))
    assert starts(bookings) == [week(n, 9 if n == 2 else 14) for n in range(12)]


def test_what_was_changed_since_it_was_looked_at_is_stale(desk):
    bookings = desk.book()
    asked = desk.move_asked(bookings[0], Scope.ALL, week(0, 14))
    seen = preview_move(desk.session, desk.actor, asked, now=a.BEFORE).seen
    bea = a.actor(desk.session, name="Bea")
    request = MoveRequest(bookings[5].id, bookings[5].version, desk.ada.id, week(5, 15))
    move(desk.session, bea, request, now=a.BEFORE)
    with pytest.raises(Stale, match="Bea has changed this"):
        move_series(desk.session, desk.actor, MoveSeriesRequest(asked, seen), now=a.BEFORE)


def test_a_booking_cancelled_in_the_meantime_is_noticed_too(desk):
    bookings = desk.book()
    seen = tuple(Seen(each.id, each.version) for each in bookings)
    request = CancelRequest(bookings[5].id, bookings[5].version, "Booked by mistake")
    cancel(desk.session, desk.actor, request, now=a.BEFORE)
    with pytest.raises(Stale):
        cancel_series(
            desk.session,
            desk.actor,
            CancelSeriesRequest(bookings[0].id, Scope.ALL, seen, "Patient is ill"),
            now=a.BEFORE,
        )


def test_what_has_been_stays_as_it_was(desk):
    bookings = desk.book()
    later = week(3, 12)
    desk.move(bookings[4], Scope.ALL, week(4, 14), now=later)
    desk.cancel(bookings[6], Scope.THIS_AND_LATER, now=later)
    states = [each.state for each in bookings]
    assert starts(bookings)[:4] == [week(number) for number in range(4)]
    assert states == [BookingState.BOOKED] * 6 + [BookingState.CANCELLED] * 6


def test_cancelling_all_frees_every_week_and_leaves_the_trail(desk):
    bookings = desk.book()
    desk.cancel(bookings[3], Scope.ALL)
    assert desk.count(Claim) == 0
    cancelled = select(func.count()).where(BookingEvent.kind == EventKind.CANCELLED)
    assert desk.session.scalar(cancelled) == 12
    assert load_series(desk.session, desk.actor, bookings[0].id) == []
    assert len(desk.book(key="again")) == 12


def test_nothing_left_to_change_says_so(desk):
    bookings = desk.book()
    with pytest.raises(Invalid, match="still to come"):
        desk.cancel(bookings[0], Scope.ALL, now=week(20))


def test_a_booking_on_its_own_is_a_series_of_one(desk):
    alone = desk.take(week(0))
    assert [each.id for each in desk.cancel(alone, Scope.ALL)] == [alone.id]


def test_a_moved_series_keeps_the_limits(desk):
    bookings = desk.book()
    desk.ada.visits_per_day = 1
    desk.take(week(2, 10) + timedelta(days=1))
    asked = desk.move_asked(bookings[0], Scope.ALL, a.at(9, day=1))
    plan = preview_move(desk.session, desk.actor, asked, now=a.BEFORE)
    assert [codes(each) for each in plan.refused] == [[ReasonCode.DAY_LIMIT]]


def test_professionals_move_series_within_their_own_calendar(desk):
    bookings = desk.book()
    ada = a.actor(desk.session, Role.PROFESSIONAL, professional_id=desk.ada.id)
    ben = a.actor(desk.session, Role.PROFESSIONAL, professional_id=desk.ben.id)
    asked = desk.move_asked(bookings[0], Scope.ALL, week(0, 14))
    assert len(preview_move(desk.session, ada, asked, now=a.BEFORE).rows) == 12
    with pytest.raises(NotFound):
        preview_move(desk.session, ben, asked, now=a.BEFORE)
    theirs = replace(asked, professional_id=desk.ben.id)
    with pytest.raises(NotFound):
        preview_move(desk.session, ben, theirs, now=a.BEFORE)


def test_the_patient_cannot_cancel_a_series(desk):
    bookings = desk.book()
    ana = a.actor(desk.session, Role.PATIENT, patient_id=desk.ana.id)
    with pytest.raises(NotAllowed):
        cancel_series(
            desk.session,
            ana,
            CancelSeriesRequest(bookings[0].id, Scope.ALL, (), "ill"),
            now=a.BEFORE,
        )
