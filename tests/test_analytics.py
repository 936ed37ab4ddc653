"""Figures against counts by hand, on both engines."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.analytics import (
    AnalyticsAsked,
    DeskCounts,
    UtilisationWeek,
    desk_counts,
    utilisation,
)
from core.errors import Invalid, NotAllowed
from core.interval import Interval
from core.models import (
    OCCUPYING,
    Booking,
    BookingState,
    Closure,
    HoursKind,
    Opening,
    Professional,
    Role,
    TimeOff,
    WorkingHours,
)
from core.policy import CONSOLE, Actor
from tests import a

S = BookingState
SUNDAY = a.DAY + timedelta(days=6)
MADE_WEEK = AnalyticsAsked(a.DAY, SUNDAY)


def weeks(
    session: Session,
    asked: AnalyticsAsked = MADE_WEEK,
    actor: Actor = CONSOLE,
    now: datetime = a.BEFORE,
) -> list[UtilisationWeek]:
    session.flush()
    return utilisation(session, actor, asked, now=now)


def one(session: Session, asked: AnalyticsAsked = MADE_WEEK) -> UtilisationWeek:
    (found,) = weeks(session, asked)
    return found


def booking(
    session: Session, professional: Professional, start: datetime, minutes: int, **values: object
) -> Booking:
    return a.booking(
        session, professional, Interval.of(start, timedelta(minutes=minutes)), **values
    )


def test_utilisation_is_booked_over_offered(session):
    ada = a.professional(session, name="Dr Ada")
    a.booking(session, ada, a.span(9, 17))
    a.booking(session, ada, a.span(9, 11, day=1), state=S.COMPLETED)

    assert one(session) == UtilisationWeek(
        professional_id=ada.id,
        professional="Dr Ada",
        week_starts_on=a.DAY,
        offered_minutes=5 * 8 * 60,
        booked_minutes=10 * 60,
        visits=2,
        due=0,
        no_shows=0,
        cancelled=0,
    )
    assert one(session).utilisation == 0.25


def test_no_shows_and_cancellations_are_counted_and_take_no_time(session):
    ada = a.professional(session)
    a.booking(session, ada, a.span(9, 10), state=S.NO_SHOW)
    a.booking(session, ada, a.span(9, 10), state=S.CANCELLED)
    a.booking(session, ada, a.span(10, 11), state=S.CANCELLED)

    (found,) = weeks(session, now=a.at(12))
    assert (found.booked_minutes, found.visits, found.no_shows, found.cancelled) == (0, 0, 1, 2)
    assert found.due == 1


def test_of_a_service_and_a_room_only_what_is_booked_counts(session):
    ada, service, room = a.professional(session), a.service(session), a.room(session)
    a.booking(session, ada, a.span(9, 10), service=service, room_id=room.id)
    a.booking(session, ada, a.span(10, 12), service=service)
    a.booking(session, ada, a.span(12, 16))

    def counted(**chosen: tuple[int, ...]) -> tuple[int, int]:
        found = one(session, AnalyticsAsked(a.DAY, SUNDAY, **chosen))
        return found.booked_minutes, found.offered_minutes

    assert counted() == (7 * 60, 5 * 8 * 60)
    assert counted(service_ids=(service.id,)) == (3 * 60, 5 * 8 * 60)
    assert counted(service_ids=(service.id,), room_ids=(room.id,)) == (60, 5 * 8 * 60)


def test_a_hold_counts_until_it_runs_out(session):
    ada = a.professional(session)
    a.booking(session, ada, a.span(9, 10), state=S.HELD, held_until=a.BEFORE + timedelta(minutes=5))
    a.booking(session, ada, a.span(10, 11), state=S.HELD, held_until=a.BEFORE)

    assert one(session).booked_minutes == 60


def test_breaks_time_off_and_closures_are_not_offered_and_openings_are(session):
    ada = a.professional(session)
    lunch = {"starts_minute": 720, "ends_minute": 780, "kind": HoursKind.BREAK}
    session.add_all(
        [
            WorkingHours(professional_id=ada.id, weekday=1, **lunch),
            TimeOff(professional_id=ada.id, starts_at=a.at(9, day=1), ends_at=a.at(12, day=1)),
            Closure(first_on=a.DAY + timedelta(days=2), last_on=SUNDAY, name="Works"),
            Opening(professional_id=ada.id, starts_at=a.at(18), ends_at=a.at(20)),
        ]
    )

    assert one(session).offered_minutes == (8 - 1 + 2 + 8 - 3) * 60


def test_hours_count_as_they_applied_at_that_time(session):
    ada = a.professional(session, hours=())
    for first, last, ends in ((None, SUNDAY, 720), (SUNDAY + timedelta(days=1), None, 1020)):
        session.add(
            WorkingHours(
                professional_id=ada.id,
                weekday=1,
                starts_minute=540,
                ends_minute=ends,
                valid_from=first,
                valid_to=last,
            )
        )

    two = weeks(session, AnalyticsAsked(a.DAY, SUNDAY + timedelta(days=7)))
    assert [each.offered_minutes for each in two] == [180, 480]


def test_without_anything_offered_there_is_no_share(session):
    ada = a.professional(session, hours=())
    a.booking(session, ada, a.span(9, 10))

    assert one(session).booked_minutes == 60
    assert one(session).utilisation is None


def test_overtime_is_more_than_everything(session):
    ada = a.professional(session, weekdays=(1,), hours=((9, 10),))
    a.booking(session, ada, a.span(9, 11))

    assert one(session).utilisation == 2


@pytest.mark.parametrize(
    ("sunday", "offered"),
    [
        pytest.param(date(2026, 3, 29), 7 * 24 - 1, id="spring"),
        pytest.param(date(2026, 10, 25), 7 * 24 + 1, id="autumn"),
        pytest.param(date(2026, 12, 13), 7 * 24, id="winter"),
    ],
)
def test_a_week_in_which_clocks_change_has_an_hour_less_or_more(session, sunday, offered):
    a.professional(session, weekdays=(1, 2, 3, 4, 5, 6, 7), hours=((0, 24),))

    found = one(session, AnalyticsAsked(sunday - timedelta(days=6), sunday))
    assert found.offered_minutes == offered * 60


def test_a_visit_belongs_to_the_local_week_it_begins_in(session):
    """At 23:30 UTC on a summer Sunday it is Monday in Lisbon."""
    ada = a.professional(session, weekdays=())
    booking(session, ada, datetime(2026, 6, 14, 22, 30, tzinfo=UTC), 30)
    booking(session, ada, datetime(2026, 6, 14, 23, 30, tzinfo=UTC), 45)

    asked = AnalyticsAsked(date(2026, 6, 8), date(2026, 6, 21))
    assert [each.booked_minutes for each in weeks(session, asked)] == [30, 45]


def test_an_overnight_shift_is_shared_between_its_two_weeks(session):
    a.professional(session, weekdays=(7,), hours=((22, 30),))

    asked = AnalyticsAsked(a.DAY, SUNDAY + timedelta(days=7))
    assert [each.offered_minutes for each in weeks(session, asked)] == [8 * 60, 8 * 60]
    tuesday_on = AnalyticsAsked(a.DAY + timedelta(days=1), SUNDAY)
    assert one(session, tuesday_on).offered_minutes == 2 * 60


def test_of_a_week_cut_short_only_the_days_asked_for_count(session):
    ada = a.professional(session)
    a.booking(session, ada, a.span(9, 10))
    a.booking(session, ada, a.span(9, 10, day=1))

    found = one(session, AnalyticsAsked(a.DAY + timedelta(days=1), a.DAY + timedelta(days=2)))
    assert (found.week_starts_on, found.offered_minutes, found.booked_minutes) == (a.DAY, 960, 60)


def test_days_in_the_wrong_order_are_refused(session):
    a.professional(session)

    with pytest.raises(Invalid, match="before the first"):
        weeks(session, AnalyticsAsked(SUNDAY, a.DAY))


def test_professionals_come_by_name_and_can_be_chosen(session):
    zoe = a.professional(session, name="Dr Zoe")
    a.professional(session, name="dr álvaro")

    assert [each.professional for each in weeks(session)] == ["dr álvaro", "Dr Zoe"]
    chosen = AnalyticsAsked(a.DAY, SUNDAY, (zoe.id,))
    assert [each.professional for each in weeks(session, chosen)] == ["Dr Zoe"]


def test_whoever_left_before_the_period_is_left_out(session):
    a.professional(session, name="Gone", archived_at=a.at(0) - timedelta(days=1))
    a.professional(session, name="Going", archived_at=a.at(12))

    assert [each.professional for each in weeks(session)] == ["Going"]


def test_professionals_read_their_own_figures_and_nobody_elses(session):
    ada, ben = a.professional(session, name="Dr Ada"), a.professional(session, name="Dr Ben")
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)

    assert [each.professional for each in weeks(session, actor=own)] == ["Dr Ada"]
    assert weeks(session, AnalyticsAsked(a.DAY, SUNDAY, (ben.id,)), own) == []


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PATIENT])
def test_the_desk_and_patients_read_no_utilisation(session, role):
    with pytest.raises(NotAllowed):
        weeks(session, actor=Actor(role, "Rita"))


def test_random_bookings_are_counted_as_by_hand_around_a_clock_change(session):
    chance = Random(3)
    people = [a.professional(session, name=f"Dr {name}") for name in "AB"]
    service, patients = a.service(session), [a.patient(session) for _ in range(2)]
    first, last = date(2026, 10, 5), date(2026, 11, 8)
    made = []
    for hour in range(0, 24 * 35, 2):
        for who, patient in zip(people, patients, strict=True):
            state = chance.choice([each for each in S if each is not S.HELD])
            start = datetime(2026, 10, 5, tzinfo=UTC) + timedelta(hours=hour)
            minutes = chance.choice((15, 45, 90))
            booking(session, who, start, minutes, service=service, patient=patient, state=state)
            made.append((who.id, start, minutes, state))

    for week in weeks(session, AnalyticsAsked(first, last)):
        zone = a.organisation(session).zone
        in_week = [
            (minutes, state)
            for who, start, minutes, state in made
            if who == week.professional_id and week_of(start, zone) == week.week_starts_on
        ]
        taking = [minutes for minutes, state in in_week if state in OCCUPYING]
        assert week.booked_minutes == sum(taking)
        assert week.visits == len(taking)
        assert week.no_shows == sum(state is S.NO_SHOW for _, state in in_week)
        assert week.cancelled == sum(state is S.CANCELLED for _, state in in_week)
        assert week.offered_minutes == 5 * 8 * 60


def week_of(start: datetime, zone: str) -> date:
    from zoneinfo import ZoneInfo

    local = start.astimezone(ZoneInfo(zone)).date()
    return local - timedelta(days=local.weekday())


def test_the_number_of_queries_does_not_grow_with_people_and_weeks(session):
    def count(asked: AnalyticsAsked) -> int:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_rest):
            seen.append(statement)

        session.flush()
        event.listen(session.get_bind(), "before_cursor_execute", note)
        weeks(session, asked)
        event.remove(session.get_bind(), "before_cursor_execute", note)
        return len(seen)

    a.professional(session)
    few = count(MADE_WEEK)
    for _ in range(5):
        a.professional(session)

    assert count(AnalyticsAsked(a.DAY - timedelta(weeks=50), SUNDAY)) == few


def test_the_desk_counts_its_day_by_state(session):
    ada = a.professional(session)
    states = [S.BOOKED, S.BOOKED, S.ARRIVED, S.IN_PROGRESS, S.COMPLETED, S.NO_SHOW, S.CANCELLED]
    for hour, state in enumerate(states, start=9):
        a.booking(session, ada, a.span(hour, hour + 1), state=state, created_at=a.BEFORE)
    a.booking(session, ada, a.span(9, 10, day=1), created_at=a.BEFORE)
    desk = a.actor(session)

    assert desk_counts(session, desk, a.DAY, a.at(12)) == DeskCounts(2, 1, 1, 1, 1, 1)
    assert desk_counts(session, desk, a.DAY + timedelta(days=2), a.at(12)) == DeskCounts()


def test_professionals_count_their_own_day_and_patients_none(session):
    ada, ben = a.professional(session), a.professional(session)
    a.booking(session, ada, a.span(9, 10), created_at=a.BEFORE)
    a.booking(session, ben, a.span(9, 10), created_at=a.BEFORE)
    own = a.actor(session, Role.PROFESSIONAL, professional_id=ada.id)
    patient = a.actor(session, Role.PATIENT, patient_id=a.patient(session).id)

    assert desk_counts(session, own, a.DAY, a.at(12)).expected == 1
    with pytest.raises(NotAllowed):
        desk_counts(session, patient, a.DAY, a.at(12))
