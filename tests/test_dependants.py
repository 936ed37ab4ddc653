"""Family: who books for a child is, for the time of it, exactly that patient and nobody else."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core import exports, merging, privacy, waiting
from core.booking import BookingRequest, CancelRequest, MoveRequest, book, cancel, move
from core.db import utc_now
from core.dependants import (
    MOST_DEPENDANTS,
    FamilyLink,
    NewDependant,
    acting_for,
    add_own_dependant,
    link,
    load_family,
    load_own_dependants,
    unlink,
)
from core.errors import Invalid, NotAllowed, NotFound
from core.interval import Interval
from core.models import AuditEntry, Booking, Dependant, Organisation, Patient, Role, User
from core.own_bookings import load_coming
from dashboard import places
from tests import a, screen

NOW = a.BEFORE
BORN = date(2019, 6, 4)


class House:
    """Ana looks after Tiago; Bea is a stranger with a child of her own."""

    def __init__(self, session):
        self.session = session
        self.visit = a.service(session, name="Visit", cancel_notice_minutes=60)
        self.ada = a.professional(session, name="Dr Ada", services=(self.visit,))
        reached = {"phone": "+351912345678", "email": "ana@example.org", "language": "pt"}
        self.mother = a.patient(session, name="Ana Silva", **reached)
        self.ana = a.confirmed(
            session, Role.PATIENT, now=NOW, patient_id=self.mother.id, name="Ana Silva"
        )
        self.rita = a.confirmed(session, now=NOW)
        self.tiago = self.add()
        stranger = a.patient(session, name="Bea Costa", phone="+351912345679")
        self.bea = a.actor(session, Role.PATIENT, patient_id=stranger.id)
        self.lia = self.add("Lia Costa", actor=self.bea)

    def add(self, name="Tiago Silva", born_on=BORN, *, actor=None):
        asked = NewDependant(name, born_on)
        return add_own_dependant(self.session, actor or self.ana, asked, now=NOW)

    def as_(self, patient):
        return acting_for(self.session, self.ana, patient.id, now=NOW)

    def book(self, actor, hour, *, patient_id=None):
        whom = patient_id or actor.patient_id
        asked = BookingRequest(self.ada.id, self.visit.id, whom, a.at(hour), f"{whom} {hour}")
        return book(self.session, actor, asked, now=NOW)


@pytest.fixture
def house(session):
    return House(session)


@pytest.fixture
def small_house(sqlite_database):
    with sqlite_database.writing() as db:
        yield House(db)


def test_a_dependant_has_a_record_of_their_own_and_is_reached_as_the_guardian_is(house):
    tiago = house.tiago
    assert (tiago.name, tiago.born_on) == ("Tiago Silva", BORN)
    assert (tiago.phone, tiago.email, tiago.language) == ("+351912345678", "ana@example.org", "pt")
    assert [each.patient_id for each in load_own_dependants(house.session, house.ana, now=NOW)] == [
        tiago.id
    ]
    entry = house.session.scalars(
        select(AuditEntry).where(
            AuditEntry.action == "dependant.added", AuditEntry.object_id == tiago.id
        )
    ).one()
    assert entry.user_id == house.ana.user_id


def test_who_acts_for_a_child_books_moves_cancels_and_waits_for_that_child_alone(house):
    session, child = house.session, house.as_(house.tiago)
    assert (child.patient_id, child.name) == (house.tiago.id, "Tiago Silva")
    booking = house.book(child, 9)
    own = house.book(house.ana, 10)

    assert [each.id for each in load_coming(session, child, now=NOW).bookings] == [booking.id]
    assert [each.id for each in load_coming(session, house.ana, now=NOW).bookings] == [own.id]
    move(session, child, MoveRequest(booking.id, 1, house.ada.id, a.at(11)), now=NOW)
    with pytest.raises(NotFound):
        cancel(session, child, CancelRequest(own.id, 1, "ill"), now=NOW)
    with pytest.raises(NotFound):
        cancel(session, house.ana, CancelRequest(booking.id, 2, "ill"), now=NOW)
    cancel(session, child, CancelRequest(booking.id, 2, "ill"), now=NOW)
    wishes = waiting.Wishes(house.visit.id)
    waiting.add(session, child, waiting.NewEntry(house.tiago.id, wishes, "w"), now=NOW)
    assert len(waiting.load_waiting(session, child, now=NOW)) == 1
    assert waiting.load_waiting(session, house.ana, now=NOW) == []
    done = session.scalars(select(AuditEntry.user_id).where(AuditEntry.action == "booking.booked"))
    assert set(done) == {house.ana.user_id}  # the record names the account that did it


@pytest.mark.parametrize("whose", ["lia", "nobody"])
def test_nobody_acts_for_somebody_elses_child_or_books_for_one(small_house, whose):
    house = small_house
    number = house.lia.id if whose == "lia" else 1_000_000
    with pytest.raises(NotFound):
        acting_for(house.session, house.ana, number, now=NOW)
    with pytest.raises(NotFound):
        house.book(house.ana, 9, patient_id=number)
    with pytest.raises(NotFound):
        house.book(house.as_(house.tiago), 9, patient_id=number)


def test_limits_hold_for_each_of_them(small_house):
    house = small_house
    house.session.get_one(Organisation, 1).most_open_bookings = 1
    house.book(house.ana, 9)
    house.book(house.as_(house.tiago), 10)
    with pytest.raises(Invalid, match=r"You have as many visits to come as .* \(1\)"):
        house.book(house.ana, 12)
    with pytest.raises(Invalid, match="Tiago Silva has as many visits to come as"):
        house.book(house.as_(house.tiago), 12)


def test_a_dependants_dependants_are_not_the_guardians(small_house):
    house = small_house
    link(house.session, house.rita, FamilyLink(house.tiago.id, house.lia.id), now=NOW)
    with pytest.raises(NotFound):
        house.as_(house.lia)


@pytest.mark.parametrize(
    ("name", "born_on", "why"),
    [
        ("Tom", None, "date of birth"),
        ("  ", BORN, "enter a name"),
        ("Tom", date(2100, 1, 1), "in the future"),
    ],
)
def test_what_cannot_be_kept_of_a_dependant_is_said(small_house, name, born_on, why):
    with pytest.raises(Invalid, match=why):
        small_house.add(name, born_on)


def test_who_is_not_reached_is_told_to_say_how_first(small_house):
    house = small_house
    nobody = a.patient(house.session, name="Rui Reis")
    rui = a.actor(house.session, Role.PATIENT, patient_id=nobody.id)
    with pytest.raises(Invalid, match="save your own phone number or e-mail address first"):
        house.add("Tom Reis", actor=rui)


def test_only_so_many_are_added_without_the_desk(small_house):
    for number in range(MOST_DEPENDANTS - 1):
        small_house.add(f"Child {number}")
    with pytest.raises(Invalid, match="You look after 8 already"):
        small_house.add("One more")


def test_the_desk_links_two_records_and_parts_them_again(house):
    session, rita = house.session, house.rita
    pair = FamilyLink(house.mother.id, house.lia.id)
    link(session, rita, pair, now=NOW)
    link(session, rita, pair, now=NOW)  # a second click

    names = [each.name for each in load_own_dependants(session, house.ana, now=NOW)]
    assert names == ["Lia Costa", "Tiago Silva"]
    family = load_family(session, rita, house.lia.id, now=NOW)
    assert [each.name for each in family.guardians] == ["Ana Silva", "Bea Costa"]
    unlink(session, rita, pair, now=NOW)
    with pytest.raises(NotFound):
        house.as_(house.lia)
    with pytest.raises(NotFound):
        unlink(session, rita, pair, now=NOW)
    with pytest.raises(Invalid, match="Nobody looks after themselves"):
        link(session, rita, FamilyLink(house.lia.id, house.lia.id), now=NOW)
    with pytest.raises(Invalid, match="Ana Silva looks after Tiago Silva"):
        link(session, rita, FamilyLink(house.tiago.id, house.mother.id), now=NOW)
    for actor in (house.ana, a.actor(session, Role.PROFESSIONAL)):
        with pytest.raises(NotAllowed):
            link(session, actor, pair, now=NOW)


def test_a_guardian_and_a_child_are_not_taken_for_one_person_nor_made_one(small_house):
    house, session = small_house, small_house.session
    child = house.add("Ana Silva")  # named after her
    assert merging.find_same(session, house.rita, child.id, now=NOW) == []
    asked = merging.MergeRequest(house.mother.id, house.mother.version, child.id, child.version)
    with pytest.raises(Invalid, match="looks after the other"):
        merging.merge(session, house.rita, asked, now=NOW)


def test_links_go_along_when_two_records_become_one_and_come_back(small_house):
    house, session = small_house, small_house.session
    again = a.patient(session, name="Ana M. Silva", phone="+351912345678")
    asked = merging.MergeRequest(again.id, again.version, house.mother.id, house.mother.version)
    merging.merge(session, house.rita, asked, now=NOW)
    family = load_family(session, house.rita, again.id, now=NOW)
    assert [each.name for each in family.dependants] == ["Tiago Silva"]

    merging.undo_merge(session, house.rita, house.mother.id, now=NOW)
    assert load_family(session, house.rita, again.id, now=NOW).dependants == []
    assert house.as_(house.tiago)


@pytest.mark.parametrize("erased", ["mother", "tiago"])
def test_an_erasure_takes_the_links_and_leaves_the_other_record(small_house, erased):
    house, session = small_house, small_house.session
    gone = getattr(house, erased)
    admin = a.confirmed(session, Role.ADMIN, now=NOW)
    request = privacy.ErasureRequest(gone.id, gone.version, str(gone.id))
    privacy.erase(session, admin, request, now=NOW)

    ids = (house.mother.id, house.tiago.id)
    left = session.scalars(select(Dependant).where(Dependant.patient_id.in_(ids))).all()
    assert left == []
    other = house.tiago if erased == "mother" else house.mother
    assert session.get_one(Patient, other.id).archived_at is None


def test_a_guardian_downloads_what_is_kept_about_the_child(small_house):
    house, session = small_house, small_house.session
    child = house.as_(house.tiago)
    offered = exports.offer(session, child, "patient", str(house.tiago.id), now=NOW)

    assert exports.take(session, house.ana, offered, now=NOW).name.startswith("patient-")
    offered = exports.offer(session, child, "patient", str(house.tiago.id), now=NOW)
    unlink(session, house.rita, FamilyLink(house.mother.id, house.tiago.id), now=NOW)
    with pytest.raises(NotFound):
        exports.take(session, house.ana, offered, now=NOW)


# --- on screen


@pytest.fixture
def mine(monkeypatch, sqlite_database):
    """My bookings, seen by Ana, with a visit of her own and one of her child's."""
    with sqlite_database.writing() as db:
        house = House(db)
        soon = utc_now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=3)
        for patient, hours in ((house.mother, 0), (house.tiago, 2)):
            start = soon + timedelta(hours=hours)
            slot = Interval(start, start + timedelta(minutes=30))
            a.booking(db, house.ada, slot, patient=patient)
        user = db.get_one(User, house.ana.user_id)
        other = house.lia.id
    page = screen.show_to(monkeypatch, sqlite_database, user).run()
    page.house = house
    page.strangers = other
    return shown(page)


def shown(page):
    assert not page.exception
    return page


def coming(page):
    return [each.key for each in page.button if str(each.key).startswith("file_")]


def pick(page, number):
    (pills,) = [each for each in page.button_group if each.key == "family_whom"]
    return shown(pills.set_value(number).run())


def test_for_whom_is_asked_and_the_page_is_about_whoever_is_chosen(mine, sqlite_database):
    house = mine.house
    with sqlite_database.reading() as db:
        by_patient = {
            each.attendees[0].patient_id: f"file_{each.id}"
            for each in db.scalars(select(Booking).options(selectinload(Booking.attendees))).all()
        }
    assert coming(mine) == [by_patient[house.mother.id]]
    assert coming(pick(mine, house.tiago.id)) == [by_patient[house.tiago.id]]
    mine.switch_page(str(places.PAGES / "find.py")).run()
    assert mine.session_state["_for_whom"] == house.tiago.id
    mine.switch_page(str(places.PAGES / "my_bookings.py")).run()
    assert coming(pick(mine, house.mother.id)) == [by_patient[house.mother.id]]


def test_a_made_up_choice_is_nobody_and_the_page_is_ones_own(mine):
    own = coming(mine)
    mine.session_state["_for_whom"] = mine.strangers
    assert coming(shown(mine.run())) == own
    assert "_for_whom" not in mine.session_state


def test_what_was_typed_for_a_child_is_not_saved_for_the_guardian_once_they_are_parted(
    mine, sqlite_database
):
    house = mine.house
    page = pick(mine, house.tiago.id)
    (phone,) = [each for each in page.text_input if each.label == "Phone"]
    phone.input("+351910000000")
    with sqlite_database.writing() as db:
        unlink(db, house.rita, FamilyLink(house.mother.id, house.tiago.id), now=NOW)
    page = shown(page.button(key="own_contact_save").click().run())

    with sqlite_database.reading() as db:
        phones = [db.get_one(Patient, each.id).phone for each in (house.mother, house.tiago)]
    assert phones == ["+351912345678", "+351912345678"]
    assert "no longer act for them, and nothing was done" in page.warning[0].value
    (phone,) = [each for each in page.text_input if each.label == "Phone"]
    assert phone.value == "+351912345678"


def test_an_empty_list_names_whose_it_is(mine, sqlite_database):
    with sqlite_database.writing() as db:
        house = mine.house
        other = add_own_dependant(db, house.ana, NewDependant("Eva Silva", BORN), now=NOW)
    page = pick(shown(mine.run()), other.id)
    assert page.info[0].value.startswith("Eva Silva has no bookings to come.")


def test_what_was_cancelled_for_a_child_is_taken_back_when_the_page_is_about_them_again(mine):
    house = mine.house
    page = pick(mine, house.tiago.id)
    (file,) = coming(page)
    cancel_button = f"cancel_{file.removeprefix('file_')}"
    page = shown(page.button(key=cancel_button).click().run())
    page.text_input(key="own_cancel_words").input("ill")
    page = shown(page.button(key="own_cancel_do").click().run())
    assert page.toast[0].value.startswith("Cancelled the visit of Tiago Silva with Dr Ada, ")

    def offered(page):
        return [each.label for each in page.button if str(each.key).startswith("last_step_")]

    assert "Undo" in offered(page)
    assert offered(pick(page, house.mother.id)) == []
    page = pick(page, house.tiago.id)
    assert "Undo" in offered(page)
    (undo,) = [each for each in page.button if each.label == "Undo"]
    page = shown(undo.click().run())
    assert [each.value for each in page.toast] == ["Undone: Tiago Silva is booked as before."]


def test_what_is_said_about_a_childs_data_names_the_child(mine):
    page = pick(mine, mine.house.tiago.id)
    said = [each.value for each in page.caption]
    assert any(each.startswith("The name or date of birth of Tiago Silva has") for each in said)
    assert [each.label for each in page.toggle] == ["Send e-mails about the visits of Tiago Silva"]
    page = shown(page.button(key="own_contact_save").click().run())
    assert [each.value for each in page.toast] == ["Saved: this is how we reach Tiago Silva now."]


def test_two_who_look_after_each_other_since_records_became_one_are_parted_on_the_record(
    monkeypatch, sqlite_database
):
    with sqlite_database.writing() as db:
        house = House(db)
        other = a.patient(db, name="Ana M. Silva", phone="+351912345678")
        link(db, house.rita, FamilyLink(house.tiago.id, other.id), now=NOW)
        asked = merging.MergeRequest(house.mother.id, house.mother.version, other.id, other.version)
        merging.merge(db, house.rita, asked, now=NOW)
        desk, mother = db.get_one(User, house.rita.user_id), house.mother.id
        pair = f"{house.tiago.id}_{mother}"
    page = screen.show_to(monkeypatch, sqlite_database, desk)
    page.query_params["patient"] = str(mother)
    page = shown(page.switch_page(str(places.PAGES / "patients.py")).run())
    shown(page.button(key=f"patient_family_unlink_{pair}").click().run())

    with sqlite_database.reading() as db:
        family = load_family(db, house.rita, mother, now=NOW)
    assert (family.guardians, [each.name for each in family.dependants]) == ([], ["Tiago Silva"])
