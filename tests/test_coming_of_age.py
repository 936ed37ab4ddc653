"""A child comes of age: whoever acted for them does so no more, and both are told."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from core import coming_of_age, letters, outbox
from core.coming_of_age import ComeOfAge, is_anybody_to_tell, of_age_on, tell
from core.dependants import (
    FamilyLink,
    NewDependant,
    acting_for,
    add_own_dependant,
    link,
    load_family,
    load_own_dependants,
    load_own_family,
)
from core.errors import NotFound
from core.models import OutboxMessage, Patient, Role, User
from core.outbox import Kind
from dashboard import places
from tests import a, screen

BORN = date(2008, 12, 1)
BEFORE = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
BIRTHDAY = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
"""Midnight in Lisbon."""


class House:
    """Ana looks after Rui, who comes of age on 1 December 2026."""

    def __init__(self, session, *, born_on=BORN):
        self.session = session
        a.organisation(session)
        self.mother = a.patient(session, name="Ana Silva", email="ana@example.org")
        values = {"patient_id": self.mother.id, "name": "Ana Silva", "email": "ana@example.org"}
        self.ana = a.actor(session, Role.PATIENT, **values)
        self.rita = a.confirmed(session, now=a.BEFORE)
        asked = NewDependant("Rui Silva", born_on)
        self.rui = add_own_dependant(session, self.ana, asked, now=BEFORE - timedelta(days=900))

    def letters(self):
        return self.session.execute(
            select(OutboxMessage.kind, OutboxMessage.address, OutboxMessage.patient_id)
            .where(OutboxMessage.kind.in_((Kind.LET_GO, Kind.OF_AGE)))
            .order_by(OutboxMessage.id)
        ).all()


@pytest.fixture
def house(session):
    return House(session)


@pytest.fixture
def small_house(sqlite_database):
    with sqlite_database.writing() as db:
        yield House(db)


@pytest.mark.parametrize(
    ("born_on", "day"),
    [
        (date(2008, 12, 1), date(2026, 12, 1)),
        (date(2008, 2, 29), date(2026, 3, 1)),
        (date(2006, 2, 28), date(2024, 2, 28)),
    ],
)
def test_of_age_is_who_is_eighteen(born_on, day):
    assert of_age_on(born_on) == day


def test_from_the_birthday_on_nobody_acts_for_them_and_the_list_says_so(house):
    session, ana = house.session, house.ana
    assert acting_for(session, ana, house.rui.id, now=BEFORE).patient_id == house.rui.id
    (held,) = load_own_dependants(session, ana, now=BEFORE)
    assert held.ended_on is None

    with pytest.raises(ComeOfAge, match=r"Rui Silva is of age .* please call us together"):
        acting_for(session, ana, house.rui.id, now=BIRTHDAY)
    assert load_own_dependants(session, ana, now=BIRTHDAY) == []
    (over,) = load_own_family(session, ana, now=BIRTHDAY)
    assert (over.name, over.ended_on) == ("Rui Silva", date(2026, 12, 1))
    for patient, side in ((house.rui, "guardians"), (house.mother, "dependants")):
        family = load_family(session, house.rita, patient.id, now=BIRTHDAY)
        assert [each.ended_on for each in getattr(family, side)] == [date(2026, 12, 1)]


def test_it_is_the_clock_of_the_practice_that_says_which_day_it_is(small_house):
    house = small_house
    a.organisation(house.session).zone = "America/New_York"
    house.session.flush()

    assert acting_for(house.session, house.ana, house.rui.id, now=BIRTHDAY)
    later = BIRTHDAY + timedelta(hours=5)
    with pytest.raises(ComeOfAge):
        acting_for(house.session, house.ana, house.rui.id, now=later)


def test_whoever_was_of_age_when_they_were_linked_stays_in_care(small_house):
    house = small_house
    asked = NewDependant("Rosa Silva", date(1940, 1, 1))
    rosa = add_own_dependant(house.session, house.ana, asked, now=BEFORE)

    assert acting_for(house.session, house.ana, rosa.id, now=BIRTHDAY).patient_id == rosa.id


def test_of_whom_no_birth_date_is_known_the_link_goes_on(small_house):
    house = small_house
    house.rui.born_on = None
    house.session.flush()
    assert acting_for(house.session, house.ana, house.rui.id, now=BIRTHDAY)


def test_the_desk_links_them_again_or_the_other_way_round(small_house):
    house, session = small_house, small_house.session
    link(session, house.rita, FamilyLink(house.mother.id, house.rui.id), now=BIRTHDAY)
    assert acting_for(session, house.ana, house.rui.id, now=BIRTHDAY).patient_id == house.rui.id

    eva = add_own_dependant(session, house.ana, NewDependant("Eva Silva", BORN), now=BEFORE)
    link(session, house.rita, FamilyLink(eva.id, house.mother.id), now=BIRTHDAY)
    child = replace(house.ana, patient_id=eva.id)
    assert acting_for(session, child, house.mother.id, now=BIRTHDAY)
    with pytest.raises(NotFound):
        acting_for(session, house.ana, eva.id, now=BIRTHDAY)


def test_both_are_told_once_where_there_is_mail(house):
    session = house.session
    house.rui.email = "rui@example.org"
    session.flush()
    assert not is_anybody_to_tell(session, now=BEFORE)
    assert tell(session, now=BEFORE) == 0

    assert is_anybody_to_tell(session, now=BIRTHDAY)
    assert tell(session, now=BIRTHDAY) == 2
    assert house.letters() == [
        (Kind.LET_GO, "ana@example.org", house.mother.id),
        (Kind.OF_AGE, "rui@example.org", house.rui.id),
    ]
    assert not is_anybody_to_tell(session, now=BIRTHDAY + timedelta(days=1))
    assert tell(session, now=BIRTHDAY + timedelta(days=1)) == 0


def test_who_shares_an_address_is_written_to_once_and_long_after_nobody_is(small_house):
    house = small_house
    assert tell(house.session, now=BIRTHDAY + timedelta(days=7)) == 0
    assert tell(house.session, now=BIRTHDAY + timedelta(days=6)) == 1
    assert [each.kind for each in house.letters()] == [Kind.LET_GO]


def test_a_letter_says_what_to_do_and_names_nobody(small_house):
    session = small_house.session
    small_house.rui.email = "rui@example.org"
    session.flush()
    tell(session, now=BIRTHDAY)

    for message in session.scalars(select(OutboxMessage)):
        assert outbox.why_not(session, message, now=BIRTHDAY) == ""
        text = letters.write(session, message, "https://desk.example", now=BIRTHDAY).text
        assert "of age" in text
        assert "please call us together" in text
        assert "Rui" not in text
        assert "Ana" not in text


@pytest.mark.parametrize("born_on", [date(2008, 2, 29), date(2008, 3, 1), date(2008, 12, 31)])
def test_a_whole_week_after_the_birthday_they_are_found(small_house, born_on):
    small_house.rui.born_on = born_on
    small_house.session.flush()
    day = datetime.combine(of_age_on(born_on), datetime.min.time(), UTC) + timedelta(hours=12)

    found = [
        days
        for days in range(-2, 10)
        if is_anybody_to_tell(small_house.session, now=day + timedelta(days=days))
    ]

    assert found == list(range(coming_of_age.TOLD_WITHIN.days))


# --- on screen


def test_the_page_of_a_guardian_says_so_and_what_was_open_about_the_child_is_dropped(
    monkeypatch, sqlite_database
):
    with sqlite_database.writing() as db:
        house = House(db)
        user, rui = db.get_one(User, house.ana.user_id), house.rui.id
    screen.set_clock(monkeypatch, BEFORE)
    page = screen.show_to(monkeypatch, sqlite_database, user).run()
    page.switch_page(str(places.PAGES / "my_bookings.py")).run()
    (pills,) = [each for each in page.button_group if each.key == "family_whom"]
    pills.set_value(rui).run()
    (phone,) = [each for each in page.text_input if each.label == "Phone"]
    phone.input("+351910000000")

    screen.set_clock(monkeypatch, BIRTHDAY)
    page.button(key="own_contact_save").click().run()

    assert not page.exception
    assert page.warning[0].value.startswith("Rui Silva is of age and acts for themselves now.")
    assert "Nothing was done; this is about yourself now." in page.warning[0].value
    said = [each.value for each in page.caption if each.value.startswith("Rui Silva came of age")]
    assert "on Tuesday 1 December" in said[0]
    with sqlite_database.reading() as db:
        assert db.get_one(Patient, rui).phone == ""


def test_the_desk_reads_since_when_it_is_over(monkeypatch, sqlite_database):
    with sqlite_database.writing() as db:
        house = House(db)
        desk, mother = db.get_one(User, house.rita.user_id), house.mother.id
    screen.set_clock(monkeypatch, BIRTHDAY)
    page = screen.show_to(monkeypatch, sqlite_database, desk)
    page.query_params["patient"] = str(mother)
    page.switch_page(str(places.PAGES / "patients.py")).run()

    assert not page.exception
    (line,) = [each.value for each in page.markdown if "Looks after" in each.value]
    assert line.endswith("no longer: of age since Tuesday 1 December")
