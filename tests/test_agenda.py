"""The bookings of a span of days as a list: which, in which order, page by page."""

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core import agenda as agendas
from core.agenda import AgendaAsked, load_agenda
from core.errors import Invalid, NotAllowed
from core.models import BookingState, Expertise, Organisation, ProfessionalExpertise, Role
from dashboard import desk_list, places
from dashboard.components.view_switch import AS_LIST, BY_DAY
from dashboard.desk_list import agenda_lines
from tests import a, screen

S = BookingState
NOW = a.at(12)
TUESDAY = a.DAY + timedelta(days=1)


@pytest.fixture
def rita(session):
    return a.actor(session)


def listed(session, actor, **asked):
    asked = {"first": a.DAY, "last": TUESDAY} | asked
    return [each.id for each in load_agenda(session, actor, AgendaAsked(**asked)).bookings]


def test_bookings_come_by_time_from_the_first_day_to_the_last(session, rita):
    ada, ben = a.professional(session), a.professional(session)
    late = a.booking(session, ada, a.span(16, 17))
    early = a.booking(session, ben, a.span(9, 10))
    next_day = a.booking(session, ada, a.span(8, 9, day=1))
    a.booking(session, ada, a.span(9, 10, day=2))
    a.booking(session, ada, a.span(9, 10, day=-1))

    assert listed(session, rita) == [early.id, late.id, next_day.id]
    assert listed(session, rita, last=a.DAY) == [early.id, late.id]


def test_the_days_are_those_of_the_practice(session, rita):
    ada = a.professional(session)
    session.get(Organisation, 1).zone = "Asia/Tokyo"
    session.flush()
    monday_there = a.booking(session, ada, a.span(-8, -7))
    tuesday_there = a.booking(session, ada, a.span(15.5, 16))

    assert listed(session, rita, last=a.DAY) == [monday_there.id]
    agenda = load_agenda(session, rita, AgendaAsked(a.DAY, TUESDAY))
    lines = agenda_lines(agenda, today=a.DAY)
    assert [(each.group, each.time) for each in lines] == [
        ("Monday 7 December", "01:00"),
        ("Tuesday 8 December", "00:30"),
    ]
    assert lines[1].id == f"{tuesday_there.id}.1"


def test_each_filter_leaves_what_fits_it(session, rita):
    visit, massage = a.service(session), a.service(session)
    ada, ben = a.professional(session), a.professional(session)
    skin = Expertise(name="Skin")
    session.add(skin)
    session.flush()
    session.add(ProfessionalExpertise(professional_id=ben.id, expertise_id=skin.id))
    one = a.booking(session, ada, a.span(9, 10), service=visit)
    two = a.booking(session, ben, a.span(10, 11), service=massage)
    missed = a.booking(session, ben, a.span(11, 12), service=visit, state=S.NO_SHOW)
    cancelled = a.booking(session, ada, a.span(12, 13), service=visit, state=S.CANCELLED)
    a.booking(session, ada, a.span(14, 15), state=S.HELD, held_until=a.at(20))

    assert listed(session, rita) == [one.id, two.id, missed.id]
    assert listed(session, rita, service_id=massage.id) == [two.id]
    assert listed(session, rita, professional_ids=(ada.id,)) == [one.id]
    assert listed(session, rita, expertise_id=skin.id) == [two.id, missed.id]
    assert listed(session, rita, states=(S.CANCELLED, S.NO_SHOW)) == [missed.id, cancelled.id]
    assert listed(session, rita, states=(S.HELD,)) == []
    assert listed(session, rita, service_id=visit.id, states=(S.BOOKED,)) == [one.id]


def test_a_cancelled_booking_still_says_whose_it_was(session, rita):
    ada = a.professional(session, name="Dr Ada")
    ana = a.patient(session, name="Ana Silva")
    a.booking(session, ada, a.span(12, 13), patient=ana, state=S.CANCELLED)

    agenda = load_agenda(session, rita, AgendaAsked(a.DAY, a.DAY, states=(S.CANCELLED,)))
    (line,) = agenda_lines(agenda, today=a.DAY)
    assert (line.title, line.status) == ("Ana Silva", "Cancelled")
    assert "until 13:00 · Dr Ada" in line.detail


def test_pages_follow_one_another_and_the_last_is_shown_for_one_too_far(session, rita, monkeypatch):
    monkeypatch.setattr(agendas, "PAGE_LENGTH", 2)
    ada = a.professional(session)
    made = [a.booking(session, ada, a.span(9 + number, 10 + number)).id for number in range(5)]

    pages = [load_agenda(session, rita, AgendaAsked(a.DAY, a.DAY, page=page)) for page in (1, 2, 9)]
    assert [[each.id for each in page.bookings] for page in pages] == [
        made[:2],
        made[2:4],
        made[4:],
    ]
    assert [(page.page, page.pages, page.total) for page in pages] == [
        (1, 3, 5),
        (2, 3, 5),
        (3, 3, 5),
    ]


def test_a_list_is_of_some_days_and_for_those_who_may_look(session, rita):
    a.organisation(session)
    with pytest.raises(Invalid, match="last day"):
        listed(session, rita, last=a.DAY - timedelta(days=1))
    with pytest.raises(Invalid, match="At most 800 days"):
        listed(session, rita, last=date(2035, 1, 1))
    with pytest.raises(NotAllowed):
        listed(session, a.actor(session, Role.PATIENT))


@pytest.fixture
def desk(monkeypatch, sqlite_database):
    """Sixty bookings from Monday on, most of them on Monday."""
    with sqlite_database.writing() as session:
        ada = a.professional(session, name="Dr Ada")
        ana = a.patient(session, name="Ana Silva")
        for day in range(6):
            a.booking(session, ada, a.span(13, 13.5, day=day), patient=ana)
        for minute in range(54):
            start = 14 + minute / 60
            a.booking(session, ada, a.span(start, start + 1 / 60), patient=ana)
        rita = a.user(session, Role.RECEPTIONIST, name="Rita")
    screen.set_clock(monkeypatch, NOW)
    page = screen.show_to(monkeypatch, sqlite_database, rita).run()
    return page.segmented_control(key="view").set_value(AS_LIST).run()


def said(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(each.value for each in page.markdown)


def test_the_desk_lists_a_week_and_turns_it(desk):
    assert "**60 bookings**" in said(desk)
    assert desk.date_input(key="to").value == a.DAY + timedelta(days=6)

    desk.date_input(key="to").set_value(a.DAY).run()
    assert "**55 bookings**" in said(desk)

    desk.button(key="desk_on").click().run()
    assert (desk.date_input(key="day").value, desk.date_input(key="to").value) == (TUESDAY, TUESDAY)
    assert "**1 booking**" in said(desk)


def test_a_first_day_behind_the_last_takes_the_last_along(desk):
    later = a.DAY + timedelta(days=30)
    desk.date_input(key="day").set_value(later).run()

    assert desk.date_input(key="to").value == later + timedelta(days=6)
    assert "**0 bookings**" in said(desk)


def test_states_are_chosen_by_their_words(desk):
    states = desk.multiselect(key="state")
    assert states.options == [
        "Booked",
        "Arrived",
        "In progress",
        "Completed",
        "No-show",
        "Cancelled",
    ]

    states.set_value([S.NO_SHOW]).run()
    assert "**0 bookings**" in said(desk)
    desk.segmented_control(key="view").set_value(BY_DAY).run()
    assert not desk.exception


def test_an_address_that_was_kept_opens_its_page(monkeypatch, sqlite_database, desk):
    drawn = []
    as_before = desk_list.agenda_lines
    monkeypatch.setattr(
        desk_list, "agenda_lines", lambda *seen, **on: drawn.append(as_before(*seen, **on)) or ()
    )
    with sqlite_database.writing() as session:
        bea = a.user(session, Role.RECEPTIONIST, name="Bea")
    page = screen.show_to(monkeypatch, sqlite_database, bea)
    page.query_params["view"], page.query_params["page"] = AS_LIST, "2"
    page.switch_page(str(places.PAGES / "desk.py")).run()

    assert "**60 bookings**" in said(page)
    assert len(drawn[-1]) == 10
