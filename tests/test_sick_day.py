"""A professional is ill: the stranded visits, one after the other, until none is left."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import sick_day
from core.booking import BookingRequest, MoveRequest, SetAside, UndoRequest, book, move, undo
from core.booking.groups import SeatRequest, join
from core.check import find_broken
from core.edits import UNDO_FOR
from core.errors import BookingError, CannotBook, Invalid, NotAllowed, NotFound, SlotTaken, Stale
from core.models import AbsenceCall, Booking, BookingState, Expertise, ProfessionalExpertise, Role
from core.schedule import NewTimeOff, enter_time_off, remove_time_off
from core.sick_day import MoveInstead, Why
from core.sick_day.worklist import KEPT_FOR
from tests import a

NOW = a.BEFORE


class Place:
    """Dr Ada is away all Monday; Dr Ben works. Rita and Bea sit at two desks."""

    def __init__(self, session):
        self.session = session
        self.visit = a.service(session, name="Visit")
        self.ada = a.professional(session, name="Dr Ada", services=(self.visit,))
        self.ben = a.professional(session, name="Dr Ben", services=(self.visit,))
        self.rita, self.bea = a.actor(session, name="Rita"), a.actor(session, name="Bea")
        self.nine, self.ten, self.eleven = (self.book(hour) for hour in (9, 10, 11))
        self.away = self.leave(8, 18)

    def book(self, hour, professional=None, service=None, patient=None):
        patient = patient or a.patient(self.session, phone="+351912345678")
        request = BookingRequest(
            (professional or self.ada).id,
            (service or self.visit).id,
            patient.id,
            a.at(hour),
            f"{hour} {patient.id}",
        )
        return book(self.session, self.rita, request, now=NOW)

    def leave(self, start, end):
        asked = NewTimeOff(self.ada.id, a.at(start), a.at(end), "ill")
        made = enter_time_off(self.session, self.rita, asked, now=NOW)
        self.session.flush()
        return made.id

    def list(self, actor=None, *, now=NOW):
        return sick_day.load_worklist(self.session, actor or self.rita, self.away, now=now)

    def left(self, **values):
        return [each.booking.id for each in self.list(**values).rows]

    def take(self, actor=None, *, now=NOW):
        return sick_day.take_next(self.session, actor or self.rita, self.away, now=now)

    def do(self, step, booking, actor=None):
        rows = self.list(actor).rows
        seen = next((each.seen for each in rows if each.booking.id == booking.id), 0)
        step(self.session, actor or self.rita, self.away, booking.id, seen, now=NOW)

    def move(self, booking, hour=9, professional=None, *, version=None, actor=None, day=0):
        asked = MoveInstead(
            self.away,
            booking.id,
            version or booking.version,
            (professional or self.ben).id,
            a.at(hour, day=day),
        )
        return sick_day.move_stranded(self.session, actor or self.rita, asked, now=NOW)

    def cancel(self, booking):
        return sick_day.cancel_stranded(
            self.session, self.rita, self.away, booking.id, booking.version, now=NOW
        )

    def undo(self, actor=None, *, step=None, now=NOW):
        step = step or self.list(actor, now=now).undoable
        return sick_day.undo_last(self.session, actor or self.rita, self.away, step, now=now)

    def instead(self, booking):
        return sick_day.propose_instead(self.session, self.rita, booking.id, now=NOW)


@pytest.fixture
def place(session):
    return Place(session)


def test_the_soonest_visit_comes_first_and_part_of_a_day_strands_only_its_own(place):
    assert place.left() == [place.nine.id, place.ten.id, place.eleven.id]

    remove_time_off(place.session, place.rita, place.away, now=NOW)
    place.away = place.leave(10.5, 18)
    assert place.left() == [place.eleven.id]


def test_nobody_can_book_the_time_once_the_list_is_there(place):
    with pytest.raises(CannotBook):
        place.book(14)
    assert place.book(14, place.ben).state is BookingState.BOOKED


def test_the_same_time_with_somebody_else_is_proposed_first_then_later_with_the_same(place):
    found = place.instead(place.nine)

    assert (found[0].professional, found[0].starts_at) == ("Dr Ben", a.at(9))
    assert found[0].why == (Why.SAME_TIME,)
    assert [each.why for each in found[1:3]] == [(Why.SAME_DAY,)] * 2
    assert [(each.professional, each.starts_at) for each in found[3:]] == [
        ("Dr Ada", a.at(9, day=1)),
        ("Dr Ada", a.at(9, day=2)),
    ]
    assert all(each.why == (Why.SAME_PROFESSIONAL,) for each in found[3:])
    assert len(found) == 5


def test_who_has_the_same_expertise_comes_before_others_free_at_the_same_time(place):
    cleo = a.professional(place.session, name="Dr Cleo", services=(place.visit,))
    skin = Expertise(name="Skin")
    place.session.add(skin)
    place.session.flush()
    for each in (place.ada, cleo):
        place.session.add(ProfessionalExpertise(professional_id=each.id, expertise_id=skin.id))
    place.session.flush()

    found = place.instead(place.nine)

    assert found[0].professional == "Dr Cleo"
    assert found[0].why == (Why.SAME_TIME, Why.EXPERTISE)
    assert found[1].professional == "Dr Ben"


def test_a_proposal_keeps_clear_of_the_patients_other_visits(place):
    patient = place.list().rows[0].patients[0]
    place.book(9.5, place.ben, patient=patient)

    for each in place.instead(place.nine):
        assert each.starts_at != a.at(9.5)
    assert place.instead(place.nine)[0].starts_at == a.at(9)


def test_every_proposal_can_be_taken(place):
    for number in range(5):
        with place.session.begin_nested() as trial:
            each = place.instead(place.nine)[number]
            asked = MoveInstead(
                place.away, place.nine.id, place.nine.version, each.professional_id, each.starts_at
            )
            moved = sick_day.move_stranded(place.session, place.rita, asked, now=NOW)
            assert (moved.professional_id, moved.starts_at) == (
                each.professional_id,
                each.starts_at,
            )
            trial.rollback()
        place.session.expire_all()


def test_a_moved_visit_leaves_the_list_and_counts_as_done(place):
    moved = place.move(place.take())

    assert (moved.professional_id, moved.starts_at) == (place.ben.id, a.at(9))
    assert place.left() == [place.ten.id, place.eleven.id]
    assert place.list().done == 1
    assert find_broken(place.session, now=NOW) == []


def test_a_visit_moved_elsewhere_leaves_the_list_by_itself(place):
    asked = MoveRequest(place.nine.id, place.nine.version, place.ben.id, a.at(9))
    move(place.session, place.bea, asked, now=NOW)

    assert place.left() == [place.ten.id, place.eleven.id]
    with pytest.raises(NotFound):
        place.do(sick_day.skip, place.nine)


def test_whoever_did_not_answer_comes_again_at_the_end(place):
    place.do(sick_day.no_answer, place.take())
    place.do(sick_day.skip, place.take())

    assert place.left() == [place.eleven.id, place.nine.id, place.ten.id]
    assert place.list().to_call_again == 1
    assert [each.unanswered for each in place.list().rows] == [0, 1, 0]
    assert place.take().id == place.eleven.id


def test_a_visit_cancelled_because_of_the_absence_is_never_late(place):
    place.visit.cancel_notice_minutes = 60 * 24 * 30

    cancelled = place.cancel(place.nine)

    assert cancelled.state is BookingState.CANCELLED
    assert not cancelled.cancelled_late
    assert not cancelled.cancel_asked_by_patient
    assert place.list().done == 1


@pytest.mark.parametrize("step", ["no_answer", "skip", "move", "cancel"])
def test_the_last_step_is_taken_back_and_the_visit_is_before_the_desk_again(place, step):
    booking = place.take()
    if step in ("move", "cancel"):
        getattr(place, step)(booking)
    else:
        place.do(getattr(sick_day, step), booking)
    assert place.take().id == place.ten.id

    place.undo()

    assert place.left() == [place.nine.id, place.ten.id, place.eleven.id]
    assert place.take().id == place.nine.id
    assert (booking.professional_id, booking.starts_at) == (place.ada.id, a.at(9))
    assert booking.state is BookingState.BOOKED
    assert place.list().done == place.list().to_call_again == 0
    assert find_broken(place.session, now=NOW) == []


def test_a_step_is_taken_back_once_and_only_by_who_took_it(place):
    place.do(sick_day.skip, place.nine)
    with pytest.raises(Invalid, match="nothing of yours"):
        place.undo(place.bea)

    place.undo()
    with pytest.raises(Invalid, match="nothing of yours"):
        place.undo()


def test_undo_pressed_twice_leaves_the_step_before_as_it_is(place):
    place.move(place.ten)
    place.move(place.nine, 12)
    step = place.list().undoable

    assert not place.undo(step=step).already
    again = place.undo(step=step)

    assert (again.booking.id, again.is_back, again.already) == (place.nine.id, True, True)
    assert place.ten.professional_id == place.ben.id
    assert place.left() == [place.nine.id, place.eleven.id]


def test_undo_does_not_reach_what_was_done_in_another_window_since(place):
    place.move(place.nine)
    seen = place.list().undoable
    place.move(place.ten, 10)

    with pytest.raises(Invalid, match="another window"):
        place.undo(step=seen)
    with pytest.raises(Invalid, match="nothing of yours"):
        place.undo(place.bea, step=seen)
    assert place.ten.professional_id == place.ben.id


@pytest.mark.parametrize("step", ["no_answer", "skip"])
def test_a_call_without_an_answer_is_logged_once_however_often_it_is_pressed(place, step):
    for each in (place.ten, place.eleven):
        place.cancel(each)
    place.take()
    press, seen = getattr(sick_day, step), place.list().current.seen
    for _each in range(2):
        press(place.session, place.rita, place.away, place.nine.id, seen, now=NOW)
        place.take()  # the only one left comes up again

    (row,) = place.list().rows
    assert row.unanswered == (step == "no_answer")
    press(place.session, place.rita, place.away, place.nine.id, row.seen, now=NOW)
    assert place.list().rows[0].unanswered == 2 * (step == "no_answer")


def test_a_proposal_taken_twice_moves_the_visit_once(place):
    seen = place.nine.version
    moved = place.move(place.nine, version=seen)
    version = moved.version

    assert place.move(place.nine, version=seen).version == version
    assert place.session.scalar(select(func.count()).select_from(AbsenceCall)) == 1
    with pytest.raises(NotFound):
        place.move(place.nine, version=seen, actor=place.bea)


def test_an_undone_step_takes_no_visit_from_a_desk_that_is_calling(place):
    for _each in range(3):
        place.do(sick_day.skip, place.take())
    for _each in range(2):
        place.do(sick_day.skip, place.take(place.bea), place.bea)
    assert place.take(place.bea).id == place.eleven.id  # what Rita skipped last

    with pytest.raises(Invalid, match="Bea is calling"):
        place.undo()

    place.do(sick_day.skip, place.eleven, place.bea)
    assert place.undo().booking.id == place.eleven.id


def test_an_older_step_is_not_undone_in_place_of_a_move_ten_minutes_ago(place):
    place.cancel(place.nine)
    place.move(place.ten)
    later = NOW + UNDO_FOR

    with pytest.raises(Invalid, match="more than ten minutes ago"):
        place.undo(now=later)
    assert place.nine.state is BookingState.CANCELLED

    assert place.undo(now=later - timedelta(seconds=1)).booking.id == place.ten.id
    assert place.undo(now=later).booking.id == place.nine.id  # a cancellation may wait


def test_a_move_stays_once_somebody_changed_the_booking_and_undo_goes_on_from_there(place):
    place.do(sick_day.skip, place.ten)
    moved = place.move(place.nine)
    asked = MoveRequest(moved.id, moved.version, place.ben.id, a.at(12))
    move(place.session, place.bea, asked, now=NOW)

    back = place.undo()

    assert (back.booking.id, back.is_back) == (place.nine.id, False)
    assert (place.nine.professional_id, place.nine.starts_at) == (place.ben.id, a.at(12))
    back = place.undo()
    assert (back.booking.id, back.is_back) == (place.ten.id, True)


@pytest.mark.parametrize("step", ["move", "cancel"])
def test_a_step_that_was_undone_elsewhere_has_its_visit_before_the_desk_again(place, step):
    place.do(sick_day.skip, place.ten)
    changed = getattr(place, step)(place.nine)
    undo(place.session, place.bea, UndoRequest(changed.id, changed.version), now=NOW)

    back = place.undo()

    assert (back.booking.id, back.is_back) == (place.nine.id, True)
    assert place.take().id == place.nine.id
    assert place.undo().booking.id == place.ten.id
    assert find_broken(place.session, now=NOW) == []


def test_a_move_is_not_taken_back_over_another_visit(place):
    place.move(place.nine)
    asked = MoveRequest(
        place.ten.id,
        place.ten.version,
        place.ada.id,
        a.at(9),
        set_aside=SetAside("The professional agreed"),
    )
    move(place.session, place.bea, asked, now=NOW)

    with pytest.raises(SlotTaken):
        place.undo()


def test_two_desks_never_have_the_same_visit_before_them(place):
    assert place.take(place.rita).id == place.nine.id
    assert place.take(place.bea).id == place.ten.id
    assert place.take(place.rita).id == place.nine.id

    rows = place.list(place.bea).rows
    assert [each.taken_by for each in rows] == ["Rita", "", ""]
    with pytest.raises(Invalid, match="Rita is calling"):
        place.do(sick_day.no_answer, place.nine, place.bea)
    with pytest.raises(Invalid, match="Rita is calling"):
        place.move(place.nine, actor=place.bea)


def test_a_visit_somebody_left_is_free_again_after_a_while(place):
    place.take(place.rita)
    later = NOW + KEPT_FOR

    assert place.take(place.bea, now=later - timedelta(seconds=1)).id == place.ten.id
    place.do(sick_day.skip, place.ten, place.bea)
    assert place.take(place.bea, now=later).id == place.nine.id


def test_a_visit_changed_meanwhile_is_told_and_stays_on_the_list(place):
    booking = place.take()
    seen = booking.version
    booking.version += 1
    place.session.flush()

    with pytest.raises(Stale):
        place.move(booking, version=seen)
    assert booking.id in place.left()


def test_a_group_is_moved_with_all_who_come(place):
    group = a.service(place.session, name="Group", seats=3)
    for each in (place.ada, place.ben):
        a.offer(place.session, each, group)
    remove_time_off(place.session, place.rita, place.away, now=NOW)
    booked = place.book(14, service=group)
    second = a.patient(place.session)
    join(place.session, place.rita, SeatRequest(booked.id, booked.version, second.id), now=NOW)
    place.away = place.leave(13, 18)
    place.session.expire_all()

    (row,) = place.list().rows
    assert len(row.patients) == 2
    first = place.instead(booked)[0]
    assert (first.professional, first.starts_at) == ("Dr Ben", a.at(14))
    moved = place.move(booked, 14)
    assert (moved.professional_id, len(moved.attendees)) == (place.ben.id, 2)
    assert place.left() == []


@pytest.mark.parametrize("role", [Role.PROFESSIONAL, Role.PATIENT])
def test_the_list_is_the_desks(place, role):
    person = {Role.PROFESSIONAL: {"professional_id": place.ada.id}}.get(
        role, {"patient_id": place.list().rows[0].patients[0].id}
    )
    who = a.actor(place.session, role, **person)
    with pytest.raises(NotAllowed):
        place.list(who)
    with pytest.raises(NotAllowed):
        place.take(who)
    with pytest.raises(NotAllowed):
        place.move(place.nine, actor=who)


def test_the_steps_go_with_time_off_once_it_cannot_be_put_back_any_more(place):
    place.do(sick_day.skip, place.take())
    remove_time_off(place.session, place.rita, place.away, now=NOW)
    other = NewTimeOff(place.ada.id, a.at(12), a.at(14))
    another = enter_time_off(place.session, place.rita, other, now=NOW)
    remove_time_off(place.session, place.rita, another.id, now=NOW + UNDO_FOR)
    place.session.flush()

    assert place.session.scalar(select(func.count()).select_from(AbsenceCall)) == 0


def test_of_eight_desks_at_once_each_takes_another_visit(database):
    with database.writing() as session:
        place = Place(session)
        for hour in (12, 13, 14, 15, 16):
            a.booking(session, place.ada, a.span(hour, hour + 0.5), service=place.visit)
        desks = [a.actor(session) for _each in range(8)]
        away = place.away
    taken, start = [], threading.Barrier(8)

    def go(actor):
        start.wait()
        try:
            with database.writing() as session:
                taken.append(sick_day.take_next(session, actor, away, now=NOW).id)
        except BookingError as refusal:  # would be seen below as one too few
            taken.append(refusal)

    threads = [threading.Thread(target=go, args=(each,)) for each in desks]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    with database.reading() as session:
        assert sorted(taken) == sorted(session.scalars(select(Booking.id)))
