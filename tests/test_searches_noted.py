"""A search on any screen is noted once, in its own time, and never in the way of the answer."""

import logging
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from streamlit.util import calc_hash

from core.availability.next_free import NextAsked
from core.db import Database
from core.models import Channel, Professional, Role, Search
from core.policy import CONSOLE
from core.searches import SearchMade
from dashboard import booking_line, line_searched, places, searched
from dashboard.components.line_field import LineTyped
from tests import a, screen

NOW = a.at(10.1)


@pytest.fixture
def check(sqlite_database):
    """Dr Ada works on weekdays from nine to five, and Dr Ben until noon."""
    with sqlite_database.writing() as session:
        check = a.service(session, name="Check-up", length_minutes=30, horizon_days=30)
        a.professional(session, name="Dr Ada", services=(check,))
        a.professional(session, name="Dr Ben", hours=((9, 12),), services=(check,))
        return check


@pytest.fixture
def clock(monkeypatch):
    """``clock(at)``: let it be then."""

    def set_to(at):
        screen.set_clock(monkeypatch, at)

    set_to(NOW)
    return set_to


@pytest.fixture
def desk(monkeypatch, sqlite_database, check, clock):
    return at_the_desk(monkeypatch, sqlite_database)


def at_the_desk(monkeypatch, database):
    with database.writing() as session:
        rita = a.user(session, Role.RECEPTIONIST, name="Rita")
    return screen.show_to(monkeypatch, database, rita).run()


def press(page, label):
    next(each for each in page.button if each.label == label).click()
    return run(page)


def run(page):
    page.run()
    assert not page.exception
    return page


def noted(database) -> list[Search]:
    with database.reading() as session:
        return list(session.scalars(select(Search).order_by(Search.searched_on, Search.key)))


def find_a_time(desk, check, **wishes):
    press(desk, "Find a time")
    desk.selectbox(key="find_time_service").select(check.id).run()
    return run(desk)


def test_find_a_time_is_one_search_however_often_it_runs(desk, check, sqlite_database):
    find_a_time(desk, check)
    assert noted(sqlite_database) != []
    run(desk)
    press(desk, "More times")

    (one,) = noted(sqlite_database)
    assert (one.channel, one.service_id, one.professional_id) == (Channel.DESK, check.id, None)
    assert (one.searched_on, one.found, one.days_ahead, one.reason) == (a.DAY, 20, 0, "")


def test_the_first_wish_that_found_nothing_is_what_counts(desk, check, sqlite_database):
    find_a_time(desk, check)
    desk.pills(key="find_time_weekdays").set_value([7]).run()
    desk.pills(key="find_time_weekdays").set_value([]).run()
    run(desk)

    (one,) = noted(sqlite_database)
    assert (one.found, one.weekday, one.reason) == (0, 7, "closed")


def test_another_service_or_a_dialog_opened_anew_is_another_search(desk, check, sqlite_database):
    with sqlite_database.writing() as session:
        other = a.service(session, name="X-ray")
    find_a_time(desk, check)
    desk.selectbox(key="find_time_service").select(other.id).run()
    desk.session_state["find_time"] = None
    del desk.session_state["find_time"]
    find_a_time(run(desk), check)

    found = noted(sqlite_database)
    assert sorted(each.service_id for each in found) == [check.id, check.id, other.id]
    (nobody_does_it,) = [each for each in found if each.service_id == other.id]
    assert (nobody_does_it.found, nobody_does_it.reason) == (0, "")


def test_after_some_minutes_the_same_is_asked_for_again(monkeypatch, sqlite_database, check):
    screen.use(monkeypatch, sqlite_database)
    monkeypatch.setattr(searched.st, "session_state", {})
    for minutes, count in ((0, 1), (9, 1), (18, 1), (29, 2)):  # nine since the last look, or more
        now = NOW + timedelta(minutes=minutes)
        searched.note(CONSOLE, SearchMade(NextAsked(check.id)), "one", now=now)
        assert len(noted(sqlite_database)) == count, minutes

    searched.note(CONSOLE, SearchMade(NextAsked(check.id)), "another", now=now)
    assert len(noted(sqlite_database)) == 3


def test_a_walk_in_wants_it_today(monkeypatch, check, clock, sqlite_database):
    clock(a.at(16.9))
    desk = at_the_desk(monkeypatch, sqlite_database)
    desk.switch_page(str(places.PAGES / "today.py")).run()
    press(desk, "Walk-in")
    desk.selectbox(key="walk_in_service").select(check.id).run()

    (one,) = noted(sqlite_database)
    assert (one.found, one.first_on, one.last_on, one.weekday) == (0, a.DAY, a.DAY, 1)
    assert one.reason in ("too_short", "closed")


@pytest.fixture
def line(monkeypatch, desk):
    """``line(text)`` hears these words, as they are typed."""
    typed = {"now": LineTyped("", is_meant=False, picked="")}
    monkeypatch.setattr(booking_line, "line_field", lambda **_given: None)
    monkeypatch.setattr(booking_line, "line_typed", lambda _key: typed["now"])
    desk.button(key="desk_line").click().run()

    def hear(text: str) -> None:
        typed["now"] = LineTyped(text, is_meant=False, picked="")
        run(desk)

    return hear


def test_of_a_line_only_what_it_said_last_is_noted(line, sqlite_database, check):
    for text in ("check", "check-up tue", "check-up tue 1", "check-up tue 10", "check-up sun"):
        line(text)
    assert noted(sqlite_database) == []

    line("")

    (one,) = noted(sqlite_database)
    sunday = a.DAY + timedelta(days=6)
    assert (one.service_id, one.found, one.reason) == (check.id, 0, "closed")
    assert (one.first_on, one.last_on, one.weekday) == (sunday, sunday, 7)


def test_another_minute_of_the_day_asked_for_is_found_as_well(line, sqlite_database, check):
    with sqlite_database.writing() as session:
        ada = session.scalar(select(Professional).where(Professional.name == "Dr Ada"))
        a.booking(session, ada, a.span(15, 16, day=1), service=check)
    line("check-up ada tue 15:00")
    line("")

    (one,) = noted(sqlite_database)
    assert one.found > 0
    assert (one.professional_id, one.days_ahead) == (ada.id, 0)


def test_a_line_that_outlived_its_session_is_not_noted(monkeypatch, sqlite_database, check):
    screen.use(monkeypatch, sqlite_database)
    left = {"line": (SearchMade(NextAsked(check.id)), "one")}
    monkeypatch.setattr(line_searched.st, "session_state", left)

    line_searched.settle(None, "line")

    assert (left, noted(sqlite_database)) == ({}, [])


def test_a_patient_alone_asks_for_no_service(line, sqlite_database):
    with sqlite_database.writing() as session:
        a.patient(session, name="Olga Silva")
    line("silva")
    line("")

    assert noted(sqlite_database) == []


@pytest.fixture
def find(monkeypatch, sqlite_database, check, clock):
    """``find(q="…")``: a patient's own search, by the address."""
    with sqlite_database.writing() as session:
        ana = a.user(session, Role.PATIENT, patient_id=a.patient(session).id)

    def opened(**address):
        page = screen.show_to(monkeypatch, sqlite_database, ana)
        for name, value in address.items():
            page.query_params[name] = value
        page._page_hash = calc_hash("find")
        return run(page)

    return opened


def test_patients_look_by_themselves_for_a_service(find, check, sqlite_database):
    page = find()
    assert noted(sqlite_database) == []  # everybody is no service

    page.selectbox(key="for").set_value(check.id).run()
    (one,) = noted(sqlite_database)
    assert (one.channel, one.days_ahead) == (Channel.PATIENT, 0)
    assert one.found > 0

    page.pills(key="days").set_value([7]).run()
    (one,) = noted(sqlite_database)
    assert (one.found, one.weekday, one.professional_id) == (0, 7, None)


def test_the_times_of_one_are_asked_for_with_them(find, check, sqlite_database):
    with sqlite_database.reading() as session:
        ada = session.scalar(select(Professional.id).where(Professional.name == "Dr Ada"))
    find(who=str(ada))

    (one,) = noted(sqlite_database)
    assert (one.service_id, one.professional_id) == (check.id, ada)


def test_the_service_that_merely_stands_first_is_nobodys_search(find, check, sqlite_database):
    with sqlite_database.writing() as session:
        advice = a.service(session, name="Advice", length_minutes=30, horizon_days=30)
        ada = a.professional(session, name="Dr Ida", services=(advice, session.merge(check))).id
    page = find(who=str(ada))
    assert noted(sqlite_database) == []

    page.selectbox(key=f"directory_service_{ada}").select(check.id).run()
    (one,) = noted(sqlite_database)
    assert (one.service_id, one.professional_id) == (check.id, ada)


# In its own time.


def test_nobody_waits_for_a_search_to_be_written(monkeypatch, sqlite_database, check):
    monkeypatch.setattr(searched.session, "database", lambda: sqlite_database)
    monkeypatch.setattr(searched.st, "session_state", {})
    other = Database(str(sqlite_database.engine.url))
    with other.writing() as session:
        session.connection()  # somebody else writes
        searched.note(CONSOLE, SearchMade(NextAsked(check.id)), "one", now=NOW)
        assert noted(sqlite_database) == []
    other.dispose()

    searched._thread.submit(lambda: None).result(30)
    assert len(noted(sqlite_database)) == 1


def test_a_search_that_cannot_be_noted_is_answered_and_logged(
    monkeypatch, desk, check, sqlite_database, caplog
):
    def broken(*_given):
        raise OSError("the disk is full of Check-up")

    monkeypatch.setattr(searched.searches, "keep", broken)
    with caplog.at_level(logging.WARNING):
        find_a_time(desk, check)

    assert any(str(each.key).startswith("find_time_take") for each in desk.button)
    assert noted(sqlite_database) == []
    assert [e.getMessage() for e in caplog.records if e.name == searched.__name__] == [
        "A search was not noted: OSError"
    ]


def test_searches_that_pile_up_are_given_up(monkeypatch, caplog):
    monkeypatch.setattr(searched, "_room", threading.BoundedSemaphore(1))
    goes_on, written = threading.Event(), []

    with caplog.at_level(logging.WARNING):
        searched.after(lambda: goes_on.wait(30))
        searched.after(lambda: written.append(1))
    goes_on.set()
    searched._thread.submit(lambda: None).result(30)  # all before it is done

    assert written == []
    assert "too many wait" in caplog.text
