"""Hours that change under visits: what is stranded goes to the desk, and nothing is lost."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from core.availability import ReasonCode
from core.booking import (
    BookingRequest,
    CancelRequest,
    MoveRequest,
    SetAside,
    book,
    cancel,
    move,
)
from core.changing_hours import (
    drop_opening,
    instant_on,
    load_left_outside,
    move_opening,
    save_date_hours,
    save_weekly_hours,
    take_back_weekly_hours,
    usual_hours_again,
)
from core.errors import CannotBook, Invalid, NotFound, Stale
from core.models import (
    AuditEntry,
    Booking,
    BookingState,
    HoursKind,
    Role,
    TimeOffKind,
    WorkingHours,
)
from core.schedule import (
    ChangedOpening,
    DayWindow,
    HoursOfDate,
    NewOpening,
    NewTimeOff,
    SeenOfDate,
    UndoHours,
    WeekdayWindow,
    WeeklyHours,
    enter_time_off,
    load_date_hours,
    load_openings,
    load_weekly_hours,
    publish_opening,
    put_back_opening,
)
from core.schedule_check import FindingKind, schedule_findings
from core.sick_day import load_worklist
from core.what_if import preview_weekly_hours
from tests import a

NOW = a.BEFORE
TODAY = NOW.date()
MORNINGS = tuple(WeekdayWindow(day, 540, 780) for day in range(1, 6))
LONG = tuple(WeekdayWindow(day, 540, 1200) for day in range(1, 6))


class House:
    """Dr Ada works from nine to five; two visits on Monday, and the desk that answers for them."""

    def __init__(self, session):
        self.session = session
        self.visit = a.service(session, name="Visit", length_minutes=60, step_minutes=60)
        self.ada = a.professional(session, name="Dr Ada", services=(self.visit,))
        self.own = a.actor(session, Role.PROFESSIONAL, name="Dr Ada", professional_id=self.ada.id)
        self.admin = a.actor(session, Role.ADMIN, name="Rui")
        self.desk = a.actor(session)
        self.ana = a.patient(session, name="Ana Silva")
        self.morning = a.booking(session, self.ada, a.span(9, 10), service=self.visit)
        self.afternoon = a.booking(
            session, self.ada, a.span(15, 16), service=self.visit, patient=self.ana
        )

    def save(self, windows, *, who=None, now=NOW, **values):
        request = WeeklyHours(self.ada.id, windows, **values)
        return save_weekly_hours(self.session, who or self.own, request, now=now)

    def undo(self, change_id, *, now=NOW):
        request = UndoHours(self.ada.id, change_id)
        return take_back_weekly_hours(self.session, self.own, request, now=now)

    def preview(self, windows, **values):
        request = WeeklyHours(self.ada.id, windows, **values)
        return preview_weekly_hours(self.session, self.own, request, now=NOW)

    def known(self, since=TODAY):
        return load_weekly_hours(self.session, self.own, self.ada.id, since)

    def on_the_list(self, now=NOW):
        return [each.booking.id for each in load_left_outside(self.session, self.desk, now=now)]


@pytest.fixture
def house(session):
    return House(session)


def test_a_visit_outside_the_new_hours_stays_booked_and_is_the_desks_to_move(house):
    saved = house.save(MORNINGS)

    assert saved.handed == 1
    assert house.on_the_list() == [house.afternoon.id]
    assert house.session.get_one(Booking, house.afternoon.id).state is BookingState.BOOKED
    said = house.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert said[-2:] == ["hours.set", "booking.stranded"]


def test_what_is_shown_beforehand_is_what_saving_hands_over(house):
    shown = house.preview(MORNINGS)

    [stranded] = shown.stranded
    assert (stranded.visit.id, stranded.visit.patients) == (house.afternoon.id, ("Ana Silva",))
    monday, *_rest, sunday = shown.weekdays
    assert (monday.minutes_before, monday.minutes_after) == (4 * 480, 4 * 240)
    # Four Mondays of eight starts become four of four; the first has one booked on each side.
    assert (monday.lost, monday.won) == (4 * 4 - 1, 0)
    assert (sunday.minutes_before, sunday.minutes_after, sunday.won) == (0, 0, 0)
    assert house.save(MORNINGS).handed == len(shown.stranded)


def test_hours_that_are_longer_win_starts_and_strand_nobody(house):
    shown = house.preview(LONG)

    assert shown.stranded == []
    assert [each.won for each in shown.weekdays] == [12] * 5 + [0, 0]
    assert house.save(LONG).handed == 0


def test_a_visit_leaves_the_list_once_it_is_moved_or_cancelled(house):
    at_two = a.booking(house.session, house.ada, a.span(14, 15), service=house.visit)
    house.save(MORNINGS)
    assert house.on_the_list() == [at_two.id, house.afternoon.id]

    asked = MoveRequest(house.afternoon.id, 1, house.ada.id, a.at(10))
    move(house.session, house.desk, asked, now=NOW)
    assert house.on_the_list() == [at_two.id]

    cancel(house.session, house.desk, CancelRequest(at_two.id, 1, "ill"), now=NOW)
    assert house.on_the_list() == []


def test_a_visit_leaves_the_list_when_the_hours_hold_it_again(house):
    house.save(MORNINGS)
    house.save(LONG)
    assert house.on_the_list() == []


def test_a_visit_that_was_outside_the_hours_before_is_not_handed_over(house):
    a.booking(house.session, house.ada, a.span(20, 21), service=house.visit)
    assert house.save(MORNINGS).handed == 1


def test_undone_in_time_the_hours_are_as_they_were(house):
    before = house.known()
    saved = house.save(MORNINGS)
    assert house.known().windows != before.windows

    assert house.undo(saved.change_id, now=NOW + timedelta(minutes=9)) == 0

    assert house.known() == before
    assert house.on_the_list() == []


def test_undone_too_late_or_twice_nothing_changes(house):
    saved = house.save(MORNINGS)
    with pytest.raises(Invalid, match="ten minutes have passed"):
        house.undo(saved.change_id, now=NOW + timedelta(minutes=10))
    house.undo(saved.change_id)
    with pytest.raises(Invalid, match="done already"):
        house.undo(saved.change_id)
    with pytest.raises(NotFound):
        house.undo(saved.change_id + 7)


def test_undoing_hands_over_who_was_booked_in_what_was_won(house):
    saved = house.save(LONG)
    late = a.booking(house.session, house.ada, a.span(18, 19), service=house.visit)

    assert house.undo(saved.change_id) == 1
    assert house.on_the_list() == [late.id]


def test_of_two_who_edit_the_same_hours_the_second_is_told_who_was_quicker(house):
    seen = house.known().version
    house.save(LONG, who=house.admin, version=seen)
    kept = house.known()

    with pytest.raises(Stale, match="Rui has changed this"):
        house.save(MORNINGS, version=seen)
    assert house.known() == kept
    assert house.save(MORNINGS, version=kept.version).handed == 1


def test_a_save_somebody_has_built_on_is_not_undone(house):
    first = house.save(LONG)
    house.save(MORNINGS, who=house.admin)
    with pytest.raises(Stale, match="Rui has changed this"):
        house.undo(first.change_id)


def test_hours_seen_before_an_undo_are_not_saved_over_it(house):
    saved = house.save(LONG)
    seen = house.known().version
    house.undo(saved.change_id)
    with pytest.raises(Stale):
        house.save(MORNINGS, version=seen)


def test_first_hours_that_begin_later_do_not_apply_before(house):
    new = a.professional(house.session, hours=())
    actor = a.actor(house.session, Role.PROFESSIONAL, professional_id=new.id)
    first = a.DAY + timedelta(days=7)
    request = WeeklyHours(new.id, MORNINGS, first)
    save_weekly_hours(house.session, actor, request, now=NOW)

    rows = house.session.scalars(select(WorkingHours).where(WorkingHours.professional_id == new.id))
    assert {each.valid_from for each in rows} == {first}


def test_what_is_on_record_comes_with_the_hours_that_begin_later(house):
    lunch = WeekdayWindow(1, 720, 780, HoursKind.BREAK)
    house.save((WeekdayWindow(1, 540, 1020), lunch), starting_on=a.DAY)

    windows = house.known().windows
    assert WeekdayWindow(1, 720, 780, HoursKind.BREAK, a.DAY) in windows
    assert WeekdayWindow(5, 540, 1020, valid_to=a.DAY - timedelta(days=1)) in windows
    assert house.known(a.DAY).windows == (WeekdayWindow(1, 540, 1020), lunch)


def test_two_hundred_rows_are_refused_at_once(house):
    rows = tuple(WeekdayWindow(1, each, each + 1) for each in range(200))
    with pytest.raises(Invalid, match="200 rows of hours; 100 can be kept"):
        house.save(rows)
    assert house.known().version == 0


# --- single dates


def date_hours(house, *spans, on=a.DAY):
    windows = tuple(DayWindow(start * 60, end * 60) for start, end in spans)
    return HoursOfDate(house.ada.id, on, windows)


def test_a_date_that_is_shorter_hands_over_its_visits_and_the_usual_hours_take_them_back(house):
    shorter = date_hours(house, (9, 12))
    assert save_date_hours(house.session, house.own, shorter, now=NOW) == 1
    assert house.on_the_list() == [house.afternoon.id]
    assert load_date_hours(house.session, house.own, house.ada.id, TODAY) == [shorter]

    usual_hours_again(house.session, house.own, house.ada.id, a.DAY, now=NOW)
    assert house.on_the_list() == []
    assert load_date_hours(house.session, house.own, house.ada.id, TODAY) == []


def test_a_closed_date_leaves_every_visit_to_the_desk(house):
    assert save_date_hours(house.session, house.own, date_hours(house), now=NOW) == 2


@pytest.mark.parametrize(
    ("on", "spans", "words"),
    [
        (TODAY - timedelta(days=1), ((9, 12),), "That day has passed"),
        (a.DAY, ((9, 12), (11, 13)), "overlaps"),
        (a.DAY, ((12, 9),), "ends before it begins"),
        (date(2027, 3, 28), ((1, 5),), "the clocks change and leave out 01:00"),
    ],
)
def test_a_date_that_cannot_be_is_refused(house, on, spans, words):
    with pytest.raises(Invalid, match=words):
        save_date_hours(house.session, house.own, date_hours(house, *spans, on=on), now=NOW)


def test_a_date_somebody_has_changed_meanwhile_is_not_written_over(house):
    seen = SeenOfDate(None)
    rui = replace(date_hours(house, (10, 12)), seen=seen)
    save_date_hours(house.session, house.admin, rui, now=NOW)

    for mine in (date_hours(house, (9, 12)), date_hours(house)):
        with pytest.raises(Stale, match="Rui has changed this") as refused:
            save_date_hours(house.session, house.own, replace(mine, seen=seen), now=NOW)
        assert refused.value.details["stands"] == SeenOfDate(rui.windows)
    usual = partial(usual_hours_again, house.session, house.own, house.ada.id, a.DAY, now=NOW)
    with pytest.raises(Stale):
        usual(seen=SeenOfDate(()))
    assert load_date_hours(house.session, house.own, house.ada.id, TODAY)[0].windows == rui.windows

    mine = replace(date_hours(house, (9, 12)), seen=SeenOfDate(rui.windows))
    save_date_hours(house.session, house.own, mine, now=NOW)
    assert load_date_hours(house.session, house.own, house.ada.id, TODAY)[0].windows == mine.windows


def test_the_same_hours_of_a_date_twice_are_one_change(house):
    asked = replace(date_hours(house, (9, 12)), seen=SeenOfDate(None))
    assert save_date_hours(house.session, house.own, asked, now=NOW) == 1
    assert save_date_hours(house.session, house.own, asked, now=NOW) == 0

    usual = partial(usual_hours_again, house.session, house.own, house.ada.id, a.DAY, now=NOW)
    usual(seen=SeenOfDate(asked.windows))
    usual(seen=SeenOfDate(asked.windows))

    closed = replace(date_hours(house), seen=SeenOfDate(None))
    assert save_date_hours(house.session, house.own, closed, now=NOW) == 2
    assert save_date_hours(house.session, house.own, closed, now=NOW) == 0
    house.session.flush()
    said = house.session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.action.startswith("date_hours."))
        .order_by(AuditEntry.id)
    ).all()
    assert said == ["date_hours.set", "date_hours.cleared", "date_hours.closed"]


# --- openings


@pytest.fixture
def opening(house):
    """Saturday morning, with a visit in it."""
    made = publish_opening(
        house.session, house.own, NewOpening(house.ada.id, a.at(9, day=5), a.at(12, day=5)), now=NOW
    )
    a.booking(house.session, house.ada, a.span(10, 11, day=5), service=house.visit)
    return made


def moved(opening, start, end, day=5):
    return ChangedOpening(opening.id, opening.version, a.at(start, day=day), a.at(end, day=day))


def test_an_opening_that_shrinks_or_goes_hands_over_what_was_booked_in_it(house, opening):
    assert move_opening(house.session, house.own, moved(opening, 9, 11), now=NOW) == 0
    assert move_opening(house.session, house.own, moved(opening, 8, 10), now=NOW) == 1
    assert len(house.on_the_list()) == 1

    assert move_opening(house.session, house.own, moved(opening, 9, 12), now=NOW) == 0
    assert house.on_the_list() == []

    assert drop_opening(house.session, house.own, opening.id, now=NOW) == 1
    assert load_openings(house.session, house.own, house.ada.id, now=NOW) == []
    put_back_opening(house.session, house.own, opening.id, now=NOW)
    assert load_openings(house.session, house.own, house.ada.id, now=NOW) == [opening]
    assert house.on_the_list() == []


def test_an_opening_is_not_moved_over_another_into_the_past_or_by_two_at_once(house, opening):
    other = NewOpening(house.ada.id, a.at(14, day=5), a.at(30, day=5))
    publish_opening(house.session, house.own, other, now=NOW)
    for start, end, words in (
        (13, 15, "already has an opening"),
        (29, 31, "already has an opening"),
        (11, 9, "ends before it begins"),
        (-200, 12, "That time has passed"),
    ):
        with pytest.raises(Invalid, match=words), house.session.begin_nested():
            move_opening(house.session, house.own, moved(opening, start, end), now=NOW)
    stale = moved(opening, 9, 11)
    move_opening(house.session, house.own, moved(opening, 9, 11.5), now=NOW)
    house.session.flush()
    with pytest.raises(Stale):
        move_opening(house.session, house.own, stale, now=NOW)


def test_an_opening_under_way_goes_on_longer_but_never_begins_earlier(house, opening):
    during = a.at(10.5, day=5)
    assert move_opening(house.session, house.own, moved(opening, 9, 13), now=during) == 0
    house.session.flush()
    with pytest.raises(Invalid, match="That time has passed"):
        move_opening(house.session, house.own, moved(opening, 8, 13), now=during)


def test_an_opening_published_twice_is_one_and_withdrawn_only_as_it_was_seen(house, opening):
    again = NewOpening(house.ada.id, opening.starts_at, opening.ends_at)
    assert publish_opening(house.session, house.own, again, now=NOW) is opening

    seen = opening.version
    move_opening(house.session, house.admin, moved(opening, 9, 11.5), now=NOW)
    house.session.flush()
    with pytest.raises(Stale, match="Rui has changed this") as refused:
        drop_opening(house.session, house.own, opening.id, now=NOW, version=seen)
    assert refused.value.details["ends_at"] == a.at(11.5, day=5)
    assert drop_opening(house.session, house.own, opening.id, now=NOW, version=seen + 1) == 1


def test_typed_times_on_days_when_clocks_change():
    spring, autumn = date(2027, 3, 28), date(2026, 10, 25)
    with pytest.raises(Invalid, match="leave out 01:30"):
        instant_on(a.ZONE, spring, 90)
    assert instant_on(a.ZONE, spring, 120) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    first = instant_on(a.ZONE, autumn, 90)
    assert instant_on(a.ZONE, autumn, 90, latest=True) - first == timedelta(hours=1)
    assert instant_on(a.ZONE, a.DAY, 30 * 60) == a.at(6, day=1)


# --- not bookable


@pytest.fixture
def not_bookable(house):
    """Monday afternoon: at work, and taking nothing new."""
    asked = NewTimeOff(house.ada.id, a.at(13), a.at(17), "paperwork", kind=TimeOffKind.NOT_BOOKABLE)
    return enter_time_off(house.session, house.own, asked, now=NOW)


def asked_at(house, hour):
    return BookingRequest(house.ada.id, house.visit.id, house.ana.id, a.at(hour), f"at {hour}")


def test_nothing_new_is_booked_in_time_that_is_not_bookable_and_the_reason_says_so(
    house, not_bookable
):
    with pytest.raises(CannotBook) as refused:
        book(house.session, house.desk, asked_at(house, 13), now=NOW)
    [reason] = refused.value.details["reasons"]
    assert (reason.code, reason.refers_to) == (ReasonCode.NOT_BOOKABLE, not_bookable.id)
    assert str(reason).startswith("Dr Ada takes no new bookings until")

    book(house.session, house.desk, asked_at(house, 12), now=NOW)
    against = replace(asked_at(house, 13), set_aside=SetAside("urgent", "asked Dr Ada"))
    assert book(house.session, house.desk, against, now=NOW).starts_at == a.at(13)


def test_what_is_booked_in_it_takes_place_and_is_nobodys_to_move(house, not_bookable):
    worklist = load_worklist(house.session, house.desk, not_bookable.id, now=NOW)
    assert worklist.rows == []
    found = schedule_findings(house.session, house.admin, now=NOW)
    assert [each for each in found if each.kind is FindingKind.OUTSIDE_HOURS] == []
    assert house.save(MORNINGS).handed == 1  # the hours themselves are another matter


def test_an_absence_over_it_has_its_visits_moved_all_the_same(house, not_bookable):
    away = NewTimeOff(house.ada.id, a.at(14), a.at(18))
    off = enter_time_off(house.session, house.own, away, now=NOW)
    worklist = load_worklist(house.session, house.desk, off.id, now=NOW)
    assert [each.booking.id for each in worklist.rows] == [house.afternoon.id]
