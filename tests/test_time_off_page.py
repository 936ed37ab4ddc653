"""Entering an absence, seeing who is booked then, and taking it back."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.interval import Interval
from core.models import Professional, Role, TimeOff, User
from core.schedule import NewTimeOff, enter_time_off, put_back_time_off
from dashboard import open_booking, time_off
from dashboard.formatting import time_off_days
from dashboard.practice import forms
from tests import a, screen
from tests.test_frame import to


@pytest.fixture
def house(sqlite_database):
    """Dr Ada has two visits on a day to come and one on the next; Dr Ben has one."""
    with sqlite_database.writing() as session:
        check = a.service(session, name="Skin check")
        ada, ben = a.professional(session, name="Dr Ada"), a.professional(session, name="Dr Ben")
        for professional, name, hour, day in (
            (ada, "Ana Silva", 9, 0),
            (ada, "Cleo Reis", 15, 0),
            (ada, "Eva Pinto", 9, 1),
            (ben, "Dora Lima", 9, 0),
        ):
            patient = a.patient(session, name=name, phone="+351912345678")
            span = a.span(hour, hour + 1, day=day)
            a.booking(session, professional, span, service=check, patient=patient)
        a.user(session, Role.PROFESSIONAL, username="ada", professional_id=ada.id)
        a.user(session, Role.RECEPTIONIST, username="rita")
        a.user(session, Role.PATIENT, username="ana", patient_id=patient.id)
    return sqlite_database


@pytest.fixture
def show(monkeypatch, house):
    def show_to(username):
        with house.reading() as session:
            user = session.scalars(select(User).where(User.username == username)).one()
        screen.set_clock(monkeypatch, a.BEFORE)
        page = screen.show_to(monkeypatch, house, user).run()
        to(page, "time-off")
        return page.run()

    return show_to


def professional(database, name) -> int:
    with database.reading() as session:
        return session.scalars(select(Professional.id).where(Professional.name == name)).one()


def on_record(database) -> list[tuple]:
    with database.reading() as session:
        return [
            tuple(row)
            for row in session.execute(
                select(TimeOff.professional_id, TimeOff.starts_at, TimeOff.ends_at, TimeOff.reason)
                .where(TimeOff.removed_at.is_(None))
                .order_by(TimeOff.id)
            )
        ]


def away(database, name, *hours) -> None:
    with database.writing() as session:
        span = (a.at(each) for each in hours)
        id = session.scalars(select(Professional.id).where(Professional.name == name)).one()
        request = NewTimeOff(id, *span, "Training *abroad*")
        enter_time_off(session, a.actor(session, Role.ADMIN), request, now=a.BEFORE)


def said(page) -> str:
    assert not page.exception
    return "\n".join(each.value for each in page.markdown)


def field(name, form=1) -> str:
    return forms.key(f"{form}_{name}")


def choose(page, whom, first=a.DAY):
    page.selectbox(key=field("professional")).set_value(whom)
    page.date_input(key=field("first")).set_value(first)
    return page.run()


def test_who_is_booked_then_is_shown_before_anything_is_saved(show, house):
    page = choose(show("rita"), professional(house, "Dr Ada"))

    assert page.warning[0].value == (
        "2 bookings lie in this time. They stay booked until they are moved or cancelled."
    )
    told = said(page)
    assert "**Monday 7 December, 09:00-10:00**" in told
    assert "Ana Silva +351 912 345 678 · Skin check" in told
    assert "Cleo Reis" in told
    assert "Eva Pinto" not in told
    assert "Dora Lima" not in told
    assert on_record(house) == []


def test_the_desk_enters_a_day_off_and_it_stands_in_the_list_with_who_is_booked(show, house):
    ada = professional(house, "Dr Ada")
    page = choose(show("rita"), ada)
    page.text_input(key=field("reason")).set_value("Ill")
    page.button(key=field("save")).click().run()

    assert on_record(house) == [(ada, a.at(0), a.at(24), "Ill")]
    assert page.toast[0].value.startswith("Dr Ada is away: Monday 7 December")
    assert "**Dr Ada**" in said(page)
    assert page.expander[0].label == "2 bookings to move"
    assert page.selectbox(key=field("professional", form=2)).value is None
    assert page.text_input(key=field("reason", form=2)).value == ""


def test_an_absence_that_was_not_entered_is_there_again(show, house):
    ada = professional(house, "Dr Ada")
    page = choose(show("rita"), ada)
    page.toggle(key=field("all_day")).set_value(False).run()
    page.time_input(key=field("to")).set_value(time(15))
    page.text_input(key=field("reason")).set_value("Training").run()

    page = show("rita")
    assert page.toggle(key=field("all_day")).value
    next(each for each in page.button if each.label == "Continue").click().run()
    assert page.selectbox(key=field("professional")).value == ada
    assert page.date_input(key=field("first")).value == a.DAY
    assert page.time_input(key=field("to")).value == time(15)
    assert page.text_input(key=field("reason")).value == "Training"
    assert not page.warning[1:]  # who is booked then, and nothing of Streamlit's own

    page.button(key=field("save")).click().run()
    assert [row[3] for row in on_record(house)] == ["Training"]
    assert "Not saved" not in said(show("rita"))


def test_hours_of_a_day_leave_out_who_comes_before_and_after(show, house):
    page = choose(show("rita"), professional(house, "Dr Ada"))
    page.toggle(key=field("all_day")).set_value(False).run()
    page.time_input(key=field("from")).set_value(time(14))
    page.time_input(key=field("to")).set_value(time(15))
    page.run()
    assert page.caption[0].value == "Nothing is booked in this time."

    page.time_input(key=field("to")).set_value(time(15, 15)).run()
    assert "Cleo Reis" in said(page)
    assert "Ana Silva" not in said(page)


def test_time_off_that_ends_before_it_begins_is_refused_in_words(show, house):
    page = choose(show("rita"), professional(house, "Dr Ada"))
    page.date_input(key=field("last")).set_value(a.DAY - timedelta(days=3))
    page.button(key=field("save")).click().run()

    assert [each.value for each in page.error] == [
        "The time off ends before it begins. Please change one of the times."
    ]
    assert on_record(house) == []


def test_nobody_is_chosen_beforehand_at_the_desk(show):
    page = show("rita")

    assert page.button(key=field("save")).disabled
    assert "Nobody will be away." in [each.value for each in page.caption]


def test_professionals_enter_their_own_and_see_nobody_elses(show, house):
    away(house, "Dr Ben", 9, 12)
    page = show("ada")
    assert not page.selectbox
    assert "Dr Ben" not in said(page)
    page.date_input(key=field("first")).set_value(a.DAY).run()
    page.button(key=field("save")).click().run()

    assert "**Dr Ada**" in said(page)
    assert [each[0] for each in on_record(house)] == [
        professional(house, "Dr Ben"),
        professional(house, "Dr Ada"),
    ]


def test_removed_time_off_is_gone_and_what_is_being_typed_stays(show, house):
    away(house, "Dr Ben", 9, 12)
    page = show("rita")
    assert r"Training \*abroad\*" in said(page)
    page.text_input(key=field("reason")).set_value("Holiday")
    next(each for each in page.button if each.label == "Remove").click().run()

    assert on_record(house) == []
    assert page.toast[0].value.startswith("Dr Ben can be booked again: ")
    assert page.text_input(key=field("reason")).value == "Holiday"


def test_time_off_removed_by_mistake_is_put_back_by_one_key(show, house):
    away(house, "Dr Ben", 9, 12)
    before = on_record(house)
    page = show("rita")
    next(each for each in page.button if each.label == "Remove").click().run()
    assert on_record(house) == []
    undo = next(each for each in page.button if each.label == "Undo")
    assert "Dr Ben can be booked again" in said(page)

    undo.click().run()
    assert on_record(house) == before
    assert "Undo" not in [each.label for each in page.button]


def test_time_off_put_back_at_another_desk_meanwhile_is_told(show, house):
    away(house, "Dr Ben", 9, 12)
    page = show("rita")
    next(each for each in page.button if each.label == "Remove").click().run()
    with house.writing() as session:
        (id,) = session.scalars(select(TimeOff.id))
        put_back_time_off(session, a.actor(session, Role.ADMIN), id, now=a.BEFORE)

    next(each for each in page.button if each.label == "Undo").click().run()
    assert "time off is not there any more" in page.error[0].value


def test_a_booking_in_the_way_opens_and_the_form_stays(show, house):
    page = choose(show("rita"), professional(house, "Dr Ada"))
    next(each for each in page.button if each.label == "Open").click().run()

    assert not page.exception
    assert page.button(key="open_booking_again")
    assert page.session_state[open_booking.KEY].booking_id
    assert page.date_input(key=field("first")).value == a.DAY


def test_of_many_the_first_are_shown_and_how_many_there_are(show, house, monkeypatch):
    monkeypatch.setattr(time_off, "MOST_SHOWN", 1)
    page = choose(show("rita"), professional(house, "Dr Ada"))

    assert "Cleo Reis" not in said(page)
    assert "These are the first 1 of 2." in [each.value for each in page.caption]


def test_a_patient_is_refused(show):
    page = show("ana")

    assert [each.value for each in page.error] == ["Your role does not open this page."]
    assert not page.button


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (0, 24, "Monday 7 December"),
        (0, 72, "Monday 7 December to Wednesday 9 December"),
        (9, 12, "Monday 7 December, 09:00-12:00"),
        (9, 36, "Monday 7 December, 09:00 to Tuesday 8 December, 12:00"),
    ],
)
def test_an_absence_is_told_by_its_days_or_by_its_times(monkeypatch, start, end, words):
    screen.set_clock(monkeypatch, a.at(9, day=-30))
    span = Interval(a.at(start), a.at(end))

    assert time_off_days(span.start, span.end, ZoneInfo(a.ZONE)) == words
