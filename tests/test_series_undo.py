"""A whole series taken back: every visit, by the rules of one, or none."""

import pytest
from sqlalchemy import select

from core.booking import UNDO_FOR
from core.check import find_broken
from core.db import utc_now
from core.errors import NotAllowed, NotFound, Stale
from core.models import BookingState, Claim, Frequency, Role
from core.series import (
    NotAllBack,
    Repeats,
    Scope,
    Seen,
    SeriesAsked,
    SeriesRequest,
    UndoSeriesRequest,
    book_series,
    load_undoable,
    undo_series,
)
from tests import a
from tests.test_desk_page import Desk as Screen
from tests.test_desk_page import toasts
from tests.test_series import WEEK, Desk, week


@pytest.fixture
def desk(session):
    return Desk(session)


def undone(desk, bookings, *, actor=None, now=a.BEFORE):
    seen = tuple(Seen(each.id, each.version) for each in bookings)
    return undo_series(desk.session, actor or desk.actor, UndoSeriesRequest(seen), now=now)


def claims(desk):
    columns = select(Claim.booking_id, Claim.calendar_id, Claim.starts_at)
    return set(desk.session.execute(columns).all())


def test_a_cancelled_series_comes_back_as_it_was(desk):
    bookings = desk.book()
    before = claims(desk)
    cancelled = desk.cancel(bookings[4], Scope.THIS_AND_LATER)
    assert [each.id for each in undone(desk, cancelled)] == [each.id for each in cancelled]

    assert claims(desk) == before
    assert {each.state for each in bookings} == {BookingState.BOOKED}
    assert find_broken(desk.session, now=a.BEFORE) == []


@pytest.mark.parametrize("weeks", [1, -1])
def test_a_moved_series_goes_back_though_each_lies_where_another_was(desk, weeks):
    bookings = desk.book(repeats=Repeats(Frequency.WEEKLY, a.DAY + WEEK, count=12))
    before = claims(desk)
    moved = desk.move(bookings[0], Scope.ALL, bookings[0].starts_at + weeks * WEEK)
    undone(desk, moved)

    assert claims(desk) == before
    assert find_broken(desk.session, now=a.BEFORE) == []


def test_times_taken_meanwhile_are_named_and_nothing_comes_back(desk):
    cancelled = desk.cancel(desk.book()[0], Scope.ALL)
    desk.take(week(3))
    desk.take(week(7))
    with pytest.raises(NotAllBack) as refused, desk.session.begin_nested():
        undone(desk, cancelled)

    in_the_way = (cancelled[3].id, cancelled[7].id)
    assert refused.value.details["in_the_way"] == in_the_way
    assert {each.state for each in cancelled} == {BookingState.CANCELLED}
    back = undone(desk, [each for each in cancelled if each.id not in in_the_way])
    assert len(back) == 10


def test_a_visit_changed_since_keeps_the_whole_as_it_is(desk):
    cancelled = desk.cancel(desk.book()[0], Scope.ALL)
    seen = tuple(Seen(each.id, each.version) for each in cancelled)
    undone(desk, cancelled[5:6], actor=a.actor(desk.session))
    with pytest.raises(Stale), desk.session.begin_nested():
        undo_series(desk.session, desk.actor, UndoSeriesRequest(seen), now=a.BEFORE)

    left = load_undoable(desk.session, desk.actor, [each.id for each in cancelled], now=a.BEFORE)
    assert [each.booking.id for each in left] == [
        each.id for each in cancelled if each is not cancelled[5]
    ]


def test_what_cannot_be_taken_back_any_more_is_not_there(desk):
    moved = desk.move(desk.book()[0], Scope.ALL, week(0, 14))
    with pytest.raises(NotFound):
        undone(desk, moved, now=a.BEFORE + UNDO_FOR)


def test_no_patient_takes_a_series_back(desk):
    cancelled = desk.cancel(desk.book()[0], Scope.ALL)
    ana = a.actor(desk.session, Role.PATIENT, patient_id=desk.ana.id)
    seen = tuple(Seen(each.id, each.version) for each in cancelled)
    with pytest.raises(NotAllowed):
        undo_series(desk.session, ana, UndoSeriesRequest(seen), now=a.BEFORE)


class Line:
    """Rita cancels a whole series on screen."""

    def __init__(self, screen):
        self.screen = screen
        with screen.database.writing() as session:
            asked = SeriesAsked(
                screen.ada.id,
                screen.service.id,
                screen.ana.id,
                9 * 60,
                Repeats(Frequency.WEEKLY, screen.start.date(), count=4),
            )
            self.bookings = book_series(
                session, screen.bea, SeriesRequest(asked, "key"), now=utc_now()
            )
        screen.open(self.bookings[0])
        screen.page.segmented_control(key="open_booking_scope").set_value(Scope.ALL).run()
        screen.page.pills(key="open_booking_reason").set_value("Patient is ill").run()
        screen.press("Cancel booking")

    def states(self):
        return [self.screen.read(each).state for each in self.bookings]

    def says(self):
        return " ".join(each.value for each in self.screen.page.markdown)


@pytest.fixture
def line(monkeypatch, sqlite_database):
    return Line(Screen(monkeypatch, sqlite_database))


def test_the_line_on_screen_takes_the_whole_series_back(line):
    assert line.states() == [BookingState.CANCELLED] * 4
    assert "Ana Silva: 4 visits cancelled." in line.says()

    line.screen.press("Undo")

    assert line.states() == [BookingState.BOOKED] * 4
    assert "Undone for Ana Silva: 4 visits." in toasts(line.screen.page)
    assert "Undo" not in [each.label for each in line.screen.page.button]


def test_the_line_names_the_times_that_are_taken_and_takes_the_others_back(line):
    with line.screen.database.writing() as session:
        ben = a.patient(session, name="Ben")
    line.screen.booked(patient=ben, start=line.bookings[1].starts_at)

    line.screen.press("Undo")
    assert "Taken by now, nothing was undone" in line.says()
    assert line.states() == [BookingState.CANCELLED] * 4

    line.screen.press("Undo the other 3")
    assert line.states() == [
        BookingState.BOOKED,
        BookingState.CANCELLED,
        BookingState.BOOKED,
        BookingState.BOOKED,
    ]
