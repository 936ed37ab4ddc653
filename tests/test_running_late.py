"""Running late: whose visit begins later for it, who has been told, and when it is over."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.booking import BookingRequest, MarkRequest, MoveRequest, book, mark, move
from core.errors import Invalid, NotAllowed, NotFound, Stale
from core.models import AuditEntry, BookingState, Delay, Role, Service
from core.running_late import (
    ToldRequest,
    load_late,
    note_told,
    say_late,
    say_on_time,
    take_back_told,
)
from dashboard.components.desk_board import column_of
from dashboard.components.late_lines import late_lines, runs_late, seen_expected
from tests import a, screen

S = BookingState
NOW = a.at(9.5)


@pytest.fixture
def desk(session):
    return a.actor(session)


@pytest.fixture
def doctor(session):
    service = a.service(session, name="Visit", length_minutes=30)
    return a.professional(session, name="Dr Ada", services=(service,))


def visit(session, desk, doctor, hour, **patient):
    service_id = session.scalar(select(Service.id))
    person = a.patient(session, **patient)
    request = BookingRequest(doctor.id, service_id, person.id, a.at(hour), f"{hour}")
    booking = book(session, desk, request, now=a.BEFORE)
    session.flush()
    return booking


def step(session, desk, booking, state, at):
    mark(session, desk, MarkRequest(booking.id, booking.version, state), now=at)
    session.flush()


def late(session, actor, now=NOW):
    session.expire_all()
    return load_late(session, actor, now=now)


def expected(found):
    return [(each.starts_at, each.expected_at) for one in found for each in one.visits]


def test_gaps_absorb_the_delay(session, desk, doctor):
    for hour in (10, 10.5, 11.25, 12):  # no gap, then a quarter of an hour, then another
        visit(session, desk, doctor, hour)
    say_late(session, desk, doctor.id, 30, now=NOW)

    (one,) = late(session, desk)
    assert (one.professional, one.minutes) == ("Dr Ada", 30)
    assert expected([one]) == [
        (a.at(10), a.at(10.5)),
        (a.at(10.5), a.at(11)),
        (a.at(11.25), a.at(11.5)),
    ]


def test_only_what_follows_is_late_and_nobody_elses(session, desk, doctor):
    begun = visit(session, desk, doctor, 9)
    step(session, desk, begun, S.IN_PROGRESS, a.at(9.25))
    visit(session, desk, doctor, 10)
    other = a.professional(session, services=())
    say_late(session, desk, doctor.id, 20, now=NOW)

    assert [each.professional_id for each in late(session, desk)] == [doctor.id]
    assert expected(late(session, desk)) == [(a.at(10), a.at(10 + 1 / 3))]
    ben = a.actor(session, Role.PROFESSIONAL, professional_id=other.id)
    assert not late(session, ben)


def test_somebody_who_never_came_does_not_use_the_delay_up(session, desk, doctor):
    visit(session, desk, doctor, 9)
    visit(session, desk, doctor, 14)
    say_late(session, desk, doctor.id, 30, now=a.at(13.5))

    assert expected(late(session, desk, a.at(13.5))) == [(a.at(14), a.at(14.5))]


def test_somebody_who_is_merely_not_begun_with_is_the_next(session, desk, doctor):
    visit(session, desk, doctor, 9)
    say_late(session, desk, doctor.id, 30, now=a.at(9.25))

    assert expected(late(session, desk, a.at(9.25))) == [(a.at(9), a.at(9.5))]


def test_it_is_over_once_caught_up_with(session, desk, doctor):
    first, _second = visit(session, desk, doctor, 10), visit(session, desk, doctor, 10.5)
    say_late(session, desk, doctor.id, 10, now=NOW)
    step(session, desk, first, S.IN_PROGRESS, a.at(10))
    assert not late(session, desk, now=a.at(10))


def test_it_is_over_with_the_day_and_with_the_last_visit(session, desk, doctor):
    last = visit(session, desk, doctor, 10)
    say_late(session, desk, doctor.id, 20, now=NOW)
    assert late(session, desk)
    assert not late(session, desk, now=a.at(9.5, day=1))
    step(session, desk, last, S.IN_PROGRESS, a.at(10.5))
    assert not late(session, desk, now=a.at(10.5))


def test_said_again_the_last_word_counts_and_each_is_on_record(session, desk, doctor):
    visit(session, desk, doctor, 10)
    say_late(session, desk, doctor.id, 20, now=NOW)
    say_late(session, a.actor(session), doctor.id, 45, now=NOW)
    assert [one.said for one in late(session, desk)] == [45]
    say_on_time(session, desk, doctor.id, now=NOW)
    assert not late(session, desk)
    say_on_time(session, desk, doctor.id, now=NOW)  # said at another desk too
    entries = select(AuditEntry.action).where(AuditEntry.action.like("delay.%"))
    said = session.scalars(entries.order_by(AuditEntry.id)).all()
    assert said == ["delay.said", "delay.said", "delay.over"]


@pytest.mark.parametrize("minutes", [0, -10, 241])
def test_impossible_minutes_are_refused(session, desk, doctor, minutes):
    with pytest.raises(Invalid):
        say_late(session, desk, doctor.id, minutes, now=NOW)


def test_professionals_say_it_of_themselves_alone(session, desk, doctor):
    own = a.actor(session, Role.PROFESSIONAL, professional_id=doctor.id)
    say_late(session, own, doctor.id, 10, now=NOW)
    other = a.actor(session, Role.PROFESSIONAL, professional_id=a.professional(session).id)
    with pytest.raises(NotFound):
        say_late(session, other, doctor.id, 10, now=NOW)
    with pytest.raises(NotAllowed):
        say_late(session, a.actor(session, Role.PATIENT), doctor.id, 10, now=NOW)


def test_who_was_told_is_ticked_until_the_time_changes(session, desk, doctor):
    booking = visit(session, desk, doctor, 10, phone="+34642110478")
    say_late(session, desk, doctor.id, 20, now=NOW)
    (one,) = late(session, desk)
    assert one.visits[0].phone == "+34642110478"
    told = ToldRequest(booking.id, booking.version, one.visits[0].expected_at)
    note_told(session, desk, told, now=NOW)
    assert late(session, desk)[0].visits[0].is_told
    take_back_told(session, desk, booking.id, booking.version, now=NOW)
    assert not late(session, desk)[0].visits[0].is_told
    note_told(session, desk, told, now=NOW)
    say_late(session, desk, doctor.id, 45, now=NOW)
    assert not late(session, desk)[0].visits[0].is_told


def test_a_booking_moved_meanwhile_is_not_ticked(session, desk, doctor):
    booking = visit(session, desk, doctor, 10)
    say_late(session, desk, doctor.id, 20, now=NOW)
    told = ToldRequest(booking.id, booking.version, a.at(10.5))
    move(session, desk, MoveRequest(booking.id, booking.version, doctor.id, a.at(11)), now=NOW)
    session.flush()
    with pytest.raises(Stale):
        note_told(session, desk, told, now=NOW)


def test_who_is_here_already_is_not_called(session, desk, doctor):
    here = visit(session, desk, doctor, 10, name="Here")
    visit(session, desk, doctor, 10.5, name="To call")
    step(session, desk, here, S.ARRIVED, a.at(9.4))
    say_late(session, desk, doctor.id, 20, now=NOW)
    found = late(session, desk)
    (line,) = late_lines(found, zone=ZoneInfo(a.ZONE))
    assert (line.title, line.time, line.buttons[0].key) == ("To call", "10:50", "C")
    assert seen_expected(line.id) == found[0].visits[1].expected_at
    assert runs_late(found[0]) == "Dr Ada runs 20 minutes late"


def test_the_head_of_the_column_says_it(session, doctor):
    assert column_of(doctor, 20).subtitle == "runs 20 min late"
    assert column_of(doctor).subtitle == doctor.title


def show(monkeypatch, database, *names):
    with database.writing() as session:
        service = a.service(session, name="Visit")
        for number, name in enumerate(names):
            doctor = a.professional(session, name=name, services=(service,))
            a.booking(
                session, doctor, a.span(10 + number, 10.5 + number), patient=a.patient(session),
                created_at=a.BEFORE,
            )  # fmt: skip
        rita = a.user(session, name="Rita Lima")
    screen.set_clock(monkeypatch, NOW)
    page = screen.show_to(monkeypatch, database, rita)
    page.switch_page(str(screen.ROUTER.parent.parent / "pages" / "today.py"))
    page.run()
    return press(page, "Running late")


def press(page, label):
    next(each for each in page.button if each.label == label).click().run()
    assert not page.exception
    return page


def said_in(database):
    with database.reading() as session:
        return list(session.scalars(select(Delay.minutes)))


def test_one_professional_is_late_by_two_keys_and_on_time_by_two_more(monkeypatch, sqlite_database):
    page = press(show(monkeypatch, sqlite_database, "Dr Ada"), "20 min")
    assert "Dr Ada runs 20 minutes late" in page.warning[0].value
    assert said_in(sqlite_database) == [20]
    press(press(page, "Running late"), "On time again")
    assert not page.warning
    assert not said_in(sqlite_database)


def test_of_several_the_one_pressed_is_late(monkeypatch, sqlite_database):
    page = show(monkeypatch, sqlite_database, "Dr Ada", "Dr Ben")
    page.segmented_control[1].select(30).run()
    assert not page.exception
    assert "Dr Ben runs 30 minutes late" in page.warning[0].value
    assert said_in(sqlite_database) == [30]
