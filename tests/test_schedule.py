"""Hours, openings, time off and closures, on both engines."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.availability import Days, load_sheets
from core.errors import Invalid, NotAllowed, NotFound
from core.interval import Interval, Span, to_seconds
from core.models import (
    AuditEntry,
    BookingState,
    Closure,
    DateHours,
    HoursKind,
    Opening,
    Professional,
    Role,
    TimeOff,
    WorkingHours,
)
from core.policy import Actor
from core.schedule import (
    DayWindow,
    HoursOfDate,
    NewClosure,
    NewOpening,
    NewTimeOff,
    WeekdayWindow,
    WeeklyHours,
    add_closure,
    clear_date_hours,
    close_date,
    enter_time_off,
    load_time_off,
    publish_opening,
    remove_closure,
    remove_time_off,
    set_date_hours,
    set_weekly_hours,
    stranded_bookings,
    withdraw_opening,
)
from tests import a

BREAK = HoursKind.BREAK
NOW = a.BEFORE


class House:
    """An admin, a receptionist, and a professional who signs in, with no hours yet."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.ada: Professional = a.professional(session, name="Dr Ada", hours=())
        self.ben: Professional = a.professional(session, name="Dr Ben")
        self.admin: Actor = a.actor(session, Role.ADMIN)
        self.desk: Actor = a.actor(session, Role.RECEPTIONIST)
        self.own: Actor = a.actor(session, Role.PROFESSIONAL, professional_id=self.ada.id)

    def week(self, *windows: WeekdayWindow, **values: object) -> list[WorkingHours]:
        request = WeeklyHours(self.ada.id, windows, **values)
        return set_weekly_hours(self.session, self.own, request, now=NOW)

    def open(self, start: float, end: float, *, day: int = 0) -> Opening:
        request = NewOpening(self.ada.id, a.at(start, day=day), a.at(end, day=day))
        return publish_opening(self.session, self.own, request, now=NOW)

    def offered(self, day: date = a.DAY, professional: Professional | None = None) -> list[Span]:
        chosen = professional or self.ada
        self.session.flush()
        (sheet,) = load_sheets(self.session, [chosen], Days(day, day), now=NOW)
        return [each for each in sheet.offered if each[0] < sheet.span[1]]


@pytest.fixture
def house(session: Session) -> House:
    return House(session)


def span(start: float, end: float, *, day: int = 0) -> Span:
    return to_seconds(a.at(start, day=day)), to_seconds(a.at(end, day=day))


def monday(start: float, end: float, **values: object) -> WeekdayWindow:
    return WeekdayWindow(1, round(start * 60), round(end * 60), **values)


def tuesday(start: float, end: float, **values: object) -> WeekdayWindow:
    return WeekdayWindow(2, round(start * 60), round(end * 60), **values)


# Weekly hours.


def test_weekly_hours_with_two_windows_and_a_break_are_what_is_offered(house):
    house.week(monday(9, 13), monday(14, 18), monday(10, 10.5, kind=BREAK))

    assert house.offered() == [span(9, 10), span(10.5, 13), span(14, 18)]


def test_windows_that_touch_are_taken(house):
    house.week(monday(9, 12), monday(12, 15))

    assert house.offered() == [span(9, 15)]


def test_an_overnight_window_runs_into_the_next_day(house):
    house.week(monday(22, 30))

    assert house.offered() == [span(22, 30)]


def test_all_day_is_midnight_to_midnight(house):
    house.week(monday(0, 24))

    assert house.offered() == [span(0, 24)]


REFUSED_WEEKS = [
    pytest.param([monday(13, 9)], "ends before it begins", id="reversed"),
    pytest.param([monday(0, 0)], "Say closed, or all day", id="midnight to midnight"),
    pytest.param([monday(15, 15)], "no time at all", id="empty"),
    pytest.param([monday(-1, 9)], "begin on their day", id="before the day"),
    pytest.param([monday(24, 30)], "begin on their day", id="after the day"),
    pytest.param([monday(9, 34)], "last 24 hours at most", id="longer than a day"),
    pytest.param([WeekdayWindow(0, 540, 720)], "Monday", id="no such weekday"),
    pytest.param([monday(9, 13), monday(12, 15)], "09:00 to 13:00 overlaps", id="overlapping"),
    pytest.param([monday(9, 13), monday(9, 13)], "overlaps", id="the same twice"),
    pytest.param([monday(22, 30), tuesday(5, 9)], "overlaps", id="across midnight"),
    pytest.param(
        [WeekdayWindow(7, 22 * 60, 30 * 60), monday(5, 9)], "overlaps", id="across the week's end"
    ),
    pytest.param([monday(9, 12), monday(12, 13, kind=BREAK)], "outside", id="break outside"),
    pytest.param(
        [monday(9, 17), monday(12, 13, kind=BREAK), monday(12.5, 14, kind=BREAK)],
        "overlaps",
        id="breaks overlapping",
    ),
    pytest.param(
        [monday(9, 12, valid_from=date(2026, 12, 8), valid_to=date(2026, 12, 7))],
        "end before they begin to apply",
        id="valid backwards",
    ),
    pytest.param(
        [monday(9, 12, valid_from=date(2026, 12, 8), valid_to=date(2026, 12, 13))],
        "There is no Monday",
        id="never",
    ),
]


@pytest.mark.parametrize(("windows", "sentence"), REFUSED_WEEKS)
def test_weekly_hours_that_cannot_be_are_refused_and_change_nothing(house, windows, sentence):
    house.week(monday(9, 12))

    with pytest.raises(Invalid, match=sentence):
        house.week(*windows)

    assert house.offered() == [span(9, 12)]


def test_the_same_hours_may_apply_one_after_the_other(house):
    december = {"valid_from": date(2026, 12, 1), "valid_to": date(2026, 12, 31)}
    house.week(monday(9, 12, **december), monday(9, 13, valid_from=date(2027, 1, 1)))

    assert house.offered() == [span(9, 12)]
    assert house.offered(date(2027, 1, 4)) == [span(9, 13, day=28)]


def test_a_night_and_the_morning_after_it_ended_for_good_may_share_the_hour(house):
    house.week(
        monday(22, 30, valid_to=date(2026, 12, 7)),
        tuesday(5, 9, valid_from=date(2026, 12, 9)),
    )

    assert house.offered() == [span(22, 30)]


def test_a_break_after_midnight_lies_within_the_night(house):
    house.week(monday(22, 30), tuesday(2, 3, kind=BREAK))

    assert house.offered() == [span(22, 26)]
    assert house.offered(a.DAY + timedelta(days=1)) == [span(22, 26), span(27, 30)]


def test_new_hours_leave_the_past_as_it_was_worked(house):
    house.week(monday(9, 12))
    house.week(monday(14, 18), starting_on=date(2026, 12, 14))

    assert house.offered() == [span(9, 12)]
    assert house.offered(date(2026, 12, 14)) == [span(14, 18, day=7)]


def test_new_hours_apply_from_today_unless_told(house):
    house.week(monday(9, 12))
    house.week(monday(14, 18))

    week_before = date(2026, 11, 30)
    assert house.offered(week_before) == [span(9, 12, day=-7)]
    assert house.offered() == [span(14, 18)]


def test_no_windows_means_no_hours_from_then_on(house):
    house.week(monday(9, 12))
    house.week()

    assert house.offered() == []


def test_hours_that_ended_before_they_would_begin_are_refused(house):
    house.week(monday(9, 12))

    with pytest.raises(Invalid, match="belong to the past"):
        house.week(monday(14, 18, valid_to=date(2026, 11, 30)))


def test_hours_are_set_for_oneself_and_by_the_admin_alone(house):
    theirs = WeeklyHours(house.ben.id, (monday(9, 12),))

    with pytest.raises(NotFound, match="professional"):
        set_weekly_hours(house.session, house.own, theirs, now=NOW)
    with pytest.raises(NotAllowed):
        set_weekly_hours(house.session, house.desk, theirs, now=NOW)
    set_weekly_hours(house.session, house.admin, theirs, now=NOW)

    assert house.offered(professional=house.ben) == [span(9, 12)]


def test_setting_hours_leaves_an_audit_entry_without_what_was_typed(house):
    house.week(monday(9, 12))

    entry = house.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.object_id) == ("hours.set", house.ada.id)


# Hours of one date.


def test_a_dates_own_hours_replace_those_of_its_weekday(house):
    house.week(monday(9, 17), monday(12, 13, kind=BREAK))
    own = HoursOfDate(house.ada.id, a.DAY, (DayWindow(600, 660), DayWindow(720, 780)))
    set_date_hours(house.session, house.own, own, now=NOW)

    assert house.offered() == [span(10, 11), span(12, 13)]


def test_a_date_can_be_closed_and_given_back_to_its_weekday(house):
    house.week(monday(9, 17))
    close_date(house.session, house.own, house.ada.id, a.DAY, now=NOW)
    assert house.offered() == []

    clear_date_hours(house.session, house.own, house.ada.id, a.DAY, now=NOW)
    assert house.offered() == [span(9, 17)]


def test_setting_a_date_twice_keeps_the_last(house):
    for window in (DayWindow(540, 600), DayWindow(660, 720)):
        set_date_hours(
            house.session, house.own, HoursOfDate(house.ada.id, a.DAY, (window,)), now=NOW
        )

    assert house.offered() == [span(11, 12)]


@pytest.mark.parametrize(
    ("windows", "sentence"),
    [
        pytest.param((), "say that it is closed", id="none"),
        pytest.param((DayWindow(0, 0),), "Say closed", id="midnight to midnight"),
        pytest.param((DayWindow(600, 540),), "ends before", id="reversed"),
        pytest.param((DayWindow(540, 660), DayWindow(600, 720)), "overlaps", id="overlapping"),
        pytest.param(
            (DayWindow(540, 660), DayWindow(720, 780, BREAK)), "outside", id="break outside"
        ),
    ],
)
def test_a_dates_hours_that_cannot_be_are_refused(house, windows, sentence):
    with pytest.raises(Invalid, match=sentence):
        set_date_hours(house.session, house.own, HoursOfDate(house.ada.id, a.DAY, windows), now=NOW)

    assert house.session.scalars(select(DateHours)).all() == []


# Openings.


def test_an_opening_is_offered_besides_the_hours(house):
    house.open(18, 20)

    assert house.offered() == [span(18, 20)]


def test_openings_that_touch_are_taken(house):
    house.open(18, 20)
    house.open(20, 21)

    assert house.offered() == [span(18, 21)]


def test_overlapping_openings_of_one_professional_are_refused(house):
    house.open(18, 20)

    with pytest.raises(Invalid, match="Dr Ada already has an opening"):
        house.open(19, 21)


def test_openings_that_overlap_after_midnight_are_refused(house):
    house.open(22, 26)

    with pytest.raises(Invalid, match="already has an opening"):
        house.open(1, 3, day=1)


def test_openings_of_two_professionals_may_overlap(house):
    house.open(18, 20)
    theirs = NewOpening(house.ben.id, a.at(18), a.at(20))
    publish_opening(house.session, house.admin, theirs, now=NOW)

    assert len(house.session.scalars(select(Opening)).all()) == 2


def test_an_opening_may_begin_now_and_not_a_second_before(house):
    now = a.at(9)
    asked = NewOpening(house.ada.id, a.at(9), a.at(10))
    with pytest.raises(Invalid, match="has passed"):
        publish_opening(house.session, house.own, asked, now=now + timedelta(seconds=1))

    assert publish_opening(house.session, house.own, asked, now=now).starts_at == now


@pytest.mark.parametrize(("start", "end"), [(20, 18), (18, 18), (0, 24.5)])
def test_an_opening_without_or_with_endless_time_is_refused(house, start, end):
    with pytest.raises(Invalid):
        house.open(start, end)


def test_a_withdrawn_opening_is_offered_no_more(house):
    opening = house.open(18, 20)
    withdraw_opening(house.session, house.own, opening.id, now=NOW)

    assert house.offered() == []


def test_somebody_elses_opening_is_not_there(house):
    theirs = NewOpening(house.ben.id, a.at(18), a.at(20))
    opening = publish_opening(house.session, house.admin, theirs, now=NOW)

    with pytest.raises(NotFound, match="opening"):
        withdraw_opening(house.session, house.own, opening.id, now=NOW)
    with pytest.raises(NotFound, match="professional"):
        publish_opening(house.session, house.own, theirs, now=NOW)
    with pytest.raises(NotAllowed):
        withdraw_opening(house.session, house.desk, opening.id, now=NOW)


# Time off and closures.


def test_time_off_takes_the_hours_away_and_gives_them_back(house):
    house.week(monday(9, 17))
    request = NewTimeOff(house.ada.id, a.at(12), a.at(30), "Dentist")
    time_off = enter_time_off(house.session, house.own, request, now=NOW)
    assert house.offered() == [span(9, 12)]

    remove_time_off(house.session, house.own, time_off.id, now=NOW)
    assert house.offered() == [span(9, 17)]


def test_the_desk_enters_time_off_for_a_colleague_who_is_ill(house):
    ill = NewTimeOff(house.ben.id, a.at(0), a.at(24))
    enter_time_off(house.session, house.desk, ill, now=a.at(8))

    assert house.offered(professional=house.ben) == []


def test_the_desk_takes_time_off_back_when_the_colleague_is_well(house):
    before = house.offered(professional=house.ben)
    ill = NewTimeOff(house.ben.id, a.at(0), a.at(24))
    time_off = enter_time_off(house.session, house.desk, ill, now=NOW)

    remove_time_off(house.session, house.desk, time_off.id, now=NOW)

    assert house.offered(professional=house.ben) == before


def test_professionals_are_off_by_themselves_alone(house):
    theirs = NewTimeOff(house.ben.id, a.at(0), a.at(24))
    with pytest.raises(NotFound):
        enter_time_off(house.session, house.own, theirs, now=NOW)
    time_off = enter_time_off(house.session, house.admin, theirs, now=NOW)
    with pytest.raises(NotFound):
        remove_time_off(house.session, house.own, time_off.id, now=NOW)


def test_time_off_is_listed_until_it_ends_the_next_one_first(house):
    for person, start, end, reason in (
        (house.ben, 33, 40, "Training"),
        (house.ada, 9, 12, "Dentist"),
        (house.ben, 8, 9, "Over"),
    ):
        request = NewTimeOff(person.id, a.at(start), a.at(end), reason)
        enter_time_off(house.session, house.admin, request, now=NOW)

    found = load_time_off(house.session, house.desk, now=a.at(9))

    assert [(each.professional, each.reason) for each in found] == [
        (house.ada.name, "Dentist"),
        (house.ben.name, "Training"),
    ]
    assert (found[0].starts_at, found[0].ends_at) == (a.at(9), a.at(12))


def test_professionals_see_their_own_time_off_and_patients_nobodys(house):
    for person in (house.ada, house.ben):
        request = NewTimeOff(person.id, a.at(9), a.at(12))
        enter_time_off(house.session, house.admin, request, now=NOW)
    patient = a.actor(house.session, Role.PATIENT, patient_id=a.patient(house.session).id)

    found = load_time_off(house.session, house.own, now=NOW)

    assert [each.professional_id for each in found] == [house.ada.id]
    with pytest.raises(NotAllowed):
        load_time_off(house.session, patient, now=NOW)


def test_time_off_of_those_who_left_is_not_listed(house):
    request = NewTimeOff(house.ben.id, a.at(9), a.at(12))
    enter_time_off(house.session, house.admin, request, now=NOW)
    house.ben.archived_at = NOW
    house.session.flush()

    assert load_time_off(house.session, house.desk, now=NOW) == []


def test_a_patient_changes_no_hours(house):
    patient = a.actor(house.session, Role.PATIENT, patient_id=a.patient(house.session).id)
    ask = NewTimeOff(house.ada.id, a.at(0), a.at(24))

    with pytest.raises(NotAllowed):
        enter_time_off(house.session, patient, ask, now=NOW)


@pytest.mark.parametrize("hours", [0, -1, 24 * 800])
def test_time_off_of_no_or_endless_length_is_refused(house, hours):
    with pytest.raises(Invalid):
        enter_time_off(
            house.session, house.own, NewTimeOff(house.ada.id, a.at(0), a.at(hours)), now=NOW
        )

    assert house.session.scalars(select(TimeOff)).all() == []


def test_a_closure_closes_both_of_its_days_for_everybody(house):
    request = NewClosure(a.DAY, a.DAY + timedelta(days=1), "Team days")
    closure = add_closure(house.session, house.admin, request, now=NOW)

    days = [a.DAY + timedelta(days=number) for number in range(3)]
    assert [bool(house.offered(day, house.ben)) for day in days] == [False, False, True]

    remove_closure(house.session, house.admin, closure.id, now=NOW)
    assert house.offered(professional=house.ben) == [span(9, 17)]


def test_a_closure_needs_days_in_order_and_a_name(house):
    for request in (NewClosure(a.DAY, date(2026, 12, 6), "Days"), NewClosure(a.DAY, a.DAY, " ")):
        with pytest.raises(Invalid):
            add_closure(house.session, house.admin, request, now=NOW)

    assert house.session.scalars(select(Closure)).all() == []


def test_only_the_admin_closes_the_place(house):
    for actor in (house.own, house.desk):
        with pytest.raises(NotAllowed):
            add_closure(house.session, actor, NewClosure(a.DAY, a.DAY, "Day"), now=NOW)
        with pytest.raises(NotAllowed):
            remove_closure(house.session, actor, 1, now=NOW)
    with pytest.raises(NotFound):
        remove_closure(house.session, house.admin, 1, now=NOW)


# Who is in the way.


def test_stranded_are_the_visits_that_have_yet_to_begin(house):
    kept = [
        a.booking(house.session, house.ben, a.span(9, 10)),
        a.booking(house.session, house.ben, a.span(11, 12), state=BookingState.ARRIVED),
    ]
    a.booking(house.session, house.ben, a.span(10, 10.5), state=BookingState.COMPLETED)
    a.booking(house.session, house.ben, a.span(13, 14), state=BookingState.CANCELLED)
    a.booking(house.session, house.ben, a.span(15, 16))
    a.booking(house.session, house.ada, a.span(9, 10))

    found = stranded_bookings(house.session, house.desk, house.ben.id, a.span(9.5, 15))

    assert [each.id for each in found] == [each.id for each in kept]
    assert found[0].attendees[0].patient.name
    assert found[0].service.name


def test_nobody_sees_who_is_stranded_in_somebody_elses_calendar(house):
    whole = Interval(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))

    with pytest.raises(NotFound):
        stranded_bookings(house.session, house.own, house.ben.id, whole)
    assert stranded_bookings(house.session, house.own, house.ada.id, whole) == []


def test_of_two_who_withdraw_an_opening_the_second_finds_nothing(database):
    with database.writing() as session:
        house = House(session)
        opening = house.open(18, 20)
    with database.writing() as session:
        withdraw_opening(session, house.own, opening.id, now=NOW)
    with pytest.raises(NotFound, match="opening"), database.writing() as session:
        withdraw_opening(session, house.own, opening.id, now=NOW)
