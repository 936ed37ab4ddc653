"""Find a time as patients and visitors see it: looking, choosing, booking, signing in between."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core import schedule
from core.models import (
    Booking,
    BookingState,
    Channel,
    Expertise,
    ExpertiseSynonym,
    Professional,
    Role,
    Service,
    User,
)
from core.policy import CONSOLE, Actor
from dashboard import places
from dashboard.directory import looking, visitors
from tests import a, screen

NOW = a.at(8)


@pytest.fixture
def ana(sqlite_database) -> User:
    with sqlite_database.writing() as session:
        talk = a.service(session, name="Talk", price_cents=5000)
        zoe = a.professional(
            session, name="Zoé Brandão", services=(talk,), premium=True, bio="Ex [banker](http://x)"
        )
        a.professional(session, name="Ada Cruz", services=(talk,), title="Adviser")
        session.refresh(zoe, ["expertise"])
        zoe.expertise = [Expertise(name="Finance")]
        patient = a.patient(session, name="Ana Silva")
        return a.user(session, Role.PATIENT, patient_id=patient.id, name="Ana Silva")


@pytest.fixture
def find(monkeypatch, sqlite_database, ana):
    """``find(q="…")`` opens the page with this in its address, at eight on the Monday."""
    screen.set_clock(monkeypatch, NOW)

    def opened(user=ana, **address) -> AppTest:
        page = screen.show_to(monkeypatch, sqlite_database, user)
        for name, value in address.items():
            page.query_params[name] = value
        to(page)
        return shown(page.run())

    return opened


def to(page: AppTest) -> None:
    from streamlit.util import calc_hash

    page._page_hash = calc_hash("find")


def shown(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    return "\n".join(each.value for each in page.markdown)


def takes(page: AppTest) -> list[str]:
    return [each.key for each in page.button if (each.key or "").startswith("take_")]


def press(page: AppTest, label: str) -> AppTest:
    found = [each for each in page.button if each.label == label or each.key == label]
    return shown(found[0].click().run())


def bookings(database) -> list[Booking]:
    with database.reading() as session:
        return list(session.scalars(select(Booking).order_by(Booking.id)))


def test_words_in_the_address_find_whom_they_name_with_times_by_date(find):
    page = find(q="finance, premium, Thursday afternoon")

    text = said(page)
    assert "Zoé Brandão" in text
    assert "Ada Cruz" not in text
    assert "50.00 EUR" in text
    assert "**Thursday 10 December**" in text
    assert [each.label for each in page.button if each.key in takes(page)][:2] == ["12:00", "12:15"]


def test_a_name_that_reads_like_a_day_is_the_name_and_else_it_is_the_day(find, sqlite_database):
    with sqlite_database.writing() as session:
        talk = session.scalars(select(Service)).one()
        a.professional(session, name="Dr Sun", services=(talk,))

    text = said(find(q="dr sun"))
    assert "Dr Sun" in text
    assert "**Monday 7 December**" in text
    text = said(find(q="ada thu"))
    assert "**Thursday 10 December**" in text
    assert "**Monday 7 December**" not in text


def test_an_address_with_the_old_word_of_a_merged_tag_still_narrows(find, sqlite_database):
    with sqlite_database.writing() as session:
        finance = session.scalars(select(Expertise)).one()
        session.add(ExpertiseSynonym(folded="banking", word="Banking", expertise_id=finance.id))

    page = find(knows="Banking")

    assert page.selectbox(key="knows").value == "Finance"
    assert "Zoé Brandão" in said(page)
    assert "Ada Cruz" not in said(page)
    shown(page.run())
    assert page.selectbox(key="knows").value == "Finance"


def test_a_time_is_kept_then_booked_and_the_patient_told(find, sqlite_database):
    page = find(q="finance thu afternoon")
    page = press(page, takes(page)[0])
    assert [each.state for each in bookings(sqlite_database)] == [BookingState.HELD]
    assert "For **Ana Silva**" in said(page)

    page = press(page, "own_booking_book")
    found = bookings(sqlite_database)
    assert [(each.state, each.channel) for each in found] == [
        (BookingState.BOOKED, Channel.PATIENT)
    ]
    assert found[0].starts_at == a.at(12, day=3)
    assert [each.value for each in page.toast] == [
        "Booked Zoé Brandão, Thursday 10 December, 12:00. It stands in My bookings."
    ]


def test_what_it_costs_while_it_is_kept_is_what_was_read_and_what_is_booked(find, sqlite_database):
    page = find(q="finance thu afternoon")
    page = press(page, takes(page)[0])
    with sqlite_database.writing() as session:
        session.scalars(select(Service)).one().price_cents = 9000

    assert "Talk · 30 min · 50.00 EUR" in said(shown(page.run()))
    press(page, "own_booking_book")
    assert [each.price_cents for each in bookings(sqlite_database)] == [5000]


def test_leaving_the_page_gives_the_time_back(find, sqlite_database):
    page = find()
    page = press(page, takes(page)[0])
    page.switch_page(str(places.PAGES / "my_bookings.py")).run()
    assert bookings(sqlite_database) == []


def test_who_was_quicker_leaves_the_nearest_times_and_names_nobody(find, sqlite_database):
    page = find(q="zoe")
    with sqlite_database.writing() as session:
        zoe = session.scalars(select(Booking.professional_id)).first()
        zoe = session.scalars(select(Professional).where(Professional.premium)).one()
        a.booking(session, zoe, a.span(9, 9.5), patient=a.patient(session, name="Bea Lima"))
    page = press(page, takes(page)[0])

    assert "is not free at that time" in page.error[0].value
    assert "Bea" not in said(page)
    nearest = [each for each in page.button if "_instead_" in (each.key or "")]
    assert len(nearest) == 3
    page = shown(nearest[0].click().run())
    press(page, "own_booking_book")
    assert bookings(sqlite_database)[-1].channel is Channel.PATIENT


def test_a_profile_has_its_own_address_all_times_and_nothing_acts(find):
    page = find(q="zoe")
    page = press(page, next(e.key for e in page.button if (e.key or "").startswith("open_")))

    text = said(page)
    assert "[banker](http://x)" not in text
    assert "banker" in text
    assert len(takes(page)) > 20
    page = press(page, "directory_later")
    assert "Monday 14 December" in said(page)
    page = press(page, "directory_back")
    assert page.text_input(key="q").value == "zoe"


def test_of_an_hour_that_comes_twice_each_time_says_which_it_is(find, sqlite_database, monkeypatch):
    """On 25 October the clocks of Lisbon go from two back to one."""
    with sqlite_database.writing() as session:
        talk = session.scalars(select(Service)).one()
        night = a.professional(
            session, name="Dr Night", hours=((0, 3),), weekdays=(7,), services=(talk,)
        )
    screen.set_clock(monkeypatch, datetime(2026, 10, 24, 12, tzinfo=UTC))
    page = find(who=str(night.id))

    first_night = [each for each in page.button if each.key in takes(page)][:13]
    labels = [each.label for each in first_night]
    assert labels[:5] == ["00:00", "00:15", "00:30", "00:45", "01:00 before the clocks change"]
    assert "01:00 after the clocks change" in labels
    assert labels[-1] == "02:00"
    assert len(set(labels)) == len(labels)
    page = shown(first_night[labels.index("01:00 after the clocks change")].click().run())
    assert "01:00 after the clocks change-01:30 after the clocks change** · Dr Night" in said(page)


def test_nothing_free_for_half_a_year_leads_to_the_dates_after_it(find, sqlite_database):
    with sqlite_database.writing() as session:
        zoe = session.scalars(select(Professional).where(Professional.premium)).one()
        away = schedule.NewTimeOff(zoe.id, a.at(0), a.at(24, day=195))
        schedule.enter_time_off(session, CONSOLE, away, now=a.BEFORE)
    page = find(who=str(zoe.id))

    assert [each.value for each in page.info] == [
        "Nothing is free before Tuesday 8 June 2027. Look at later dates."
    ]
    page = press(page, "directory_later")
    assert takes(page)


def test_a_profile_keeps_the_lines_its_owner_wrote(find, sqlite_database):
    with sqlite_database.writing() as session:
        zoe = session.scalars(select(Professional).where(Professional.premium)).one()
        zoe.bio = "Since 1999.\nTwo children."

    assert "Since 1999.  \nTwo children." in said(find(who=str(zoe.id)))


@pytest.mark.parametrize("who", ["999999", "x", "-1", "1" * 40])
def test_a_made_up_address_is_a_sentence(find, who):
    page = find(who=who)
    assert [each.value for each in page.error] in (
        [],
        ["This professional is not there any more, or was never there. Please look again."],
    )


def test_nobody_fits_and_everybody_is_one_press_away(find):
    page = find(q="dentist")
    assert "Nobody fits" in page.info[0].value
    assert "Zoé" in said(press(page, "directory_everybody"))


def test_where_patients_do_not_book_the_page_says_to_call(find, sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session).patients_book = False
    assert "Please call us" in find().error[0].value


def test_a_visitor_signs_in_unless_the_practice_shows_it(find, sqlite_database):
    assert [each.label for each in find(None).text_input] == ["User name", "Password"]
    opened(sqlite_database)
    page = find(None)
    assert "Zoé Brandão" in said(page)
    assert "Ana" not in said(page)


def test_visitors_look_one_at_a_time_and_leave_a_turn_to_the_staff(
    find, sqlite_database, monkeypatch
):
    opened(sqlite_database)
    could_another = []

    def look(_actor):
        could_another.append(visitors.one_visitor.acquire(blocking=False))

    monkeypatch.setattr(looking, "show", look)
    find(None)
    assert could_another == [False]


def opened(database) -> None:
    with database.writing() as session:
        a.organisation(session).directory_open = True


def test_what_a_visitor_chose_comes_after_signing_in_at_the_same_address(find, sqlite_database):
    opened(sqlite_database)
    page = find(None, q="zoe")
    page = press(page, takes(page)[0])
    assert "sign in to book" in page.info[0].value
    assert bookings(sqlite_database) == []
    chosen = page.query_params["take"]
    chosen = chosen[0] if isinstance(chosen, list) else chosen

    page = find(q="zoe", take=chosen)
    assert "For **Ana Silva**" in said(page)
    assert "take" not in page.query_params
    press(page, "own_booking_book")
    assert bookings(sqlite_database)[0].starts_at == a.at(9)


@pytest.mark.parametrize("take", ["1-1-99999999999", "999999-1-1", "x", "https://evil.example/"])
def test_a_made_up_choice_books_nothing(find, sqlite_database, take):
    find(take=take)
    assert bookings(sqlite_database) == []


def test_staff_have_their_own_way_to_find_a_time():
    place = next(each for each in places.PLACES if each.url == "find")
    assert [role for role in Role if place.is_open_to(Actor(role, ""))] == [Role.PATIENT]


def test_whom_no_time_suits_joins_the_waiting_list_and_leaves_it(find, sqlite_database):
    page = find(q="zoe")
    page = press(page, next(e.key for e in page.button if (e.key or "").startswith("open_")))
    page = press(page, "directory_wait")
    page = press(page, "own_waiting_save")
    assert [each.value for each in page.toast] == [
        "You are on the waiting list for Talk. It stands in My bookings."
    ]
    page.switch_page(str(places.PAGES / "my_bookings.py")).run()
    assert "**Talk**" in said(shown(page))
    leave = next(e.key for e in page.button if (e.key or "").startswith("own_waiting_leave"))
    page = press(page, leave)
    assert "**Talk**" not in said(page)
