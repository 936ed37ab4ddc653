"""What was typed and not saved: kept for whoever typed it, for a while, and for nobody else."""

import json
from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select

from core import drafts, privacy
from core.booking.ledger import LONGEST_NOTE
from core.db import utc_now
from core.errors import SignInNeeded
from core.models import AuditEntry, Draft, Role
from core.policy import CONSOLE, Actor
from dashboard import new_booking, places, waiting_asked, walk_in
from tests import a, screen
from tests.test_desk_page import Desk, said
from tests.test_privacy import confirmed, erased, opened

NOW = a.at(8)
TYPED = {"name": "Zé Ninguém", "phone": "912", "adding": "phone x"}


@pytest.fixture
def rita(session):
    return a.actor(session, name="Rita")


def kept(session):
    return session.scalar(select(func.count()).select_from(Draft))


def test_what_was_typed_comes_back_field_by_field(session, rita):
    entries = TYPED | {"born": date(1990, 3, 1), "from": time(9, 30), "known_id": 7, "tall": True}
    drafts.keep(session, rita, "new_booking", entries, now=NOW)

    found = drafts.find(session, rita, "new_booking", now=NOW)
    assert found == drafts.DraftKept("new_booking", entries, NOW)


def test_it_comes_back_to_nobody_else_and_to_no_other_form(session, rita):
    drafts.keep(session, rita, "new_booking", TYPED, now=NOW)

    for role in Role:
        assert drafts.find(session, a.actor(session, role), "new_booking", now=NOW) is None
    assert drafts.find(session, rita, "walk_in", now=NOW) is None
    with pytest.raises(SignInNeeded):
        drafts.find(session, CONSOLE, "new_booking", now=NOW)


def test_nobody_throws_away_what_another_typed(session, rita):
    drafts.keep(session, rita, "new_booking", TYPED, now=NOW)
    drafts.discard(session, a.actor(session), "new_booking")
    assert kept(session) == 1

    drafts.discard(session, rita, "new_booking")
    assert kept(session) == 0


def test_a_form_has_one_draft_the_newest(session, rita):
    drafts.keep(session, rita, "new_booking", {"name": "Zé"}, now=NOW)
    drafts.keep(session, rita, "new_booking", {"phone": "912"}, now=a.at(9))

    found = drafts.find(session, rita, "new_booking", now=a.at(9))
    assert (found.entries, found.saved_at) == ({"phone": "912"}, a.at(9))
    assert kept(session) == 1


def test_after_a_day_and_a_half_it_is_gone_first_from_sight_and_then_from_the_table(session, rita):
    drafts.keep(session, rita, "new_booking", TYPED, now=NOW)
    late = NOW + drafts.KEPT

    assert drafts.find(session, rita, "new_booking", now=late - timedelta(seconds=1))
    assert drafts.find(session, rita, "new_booking", now=late) is None
    drafts.keep(session, rita, "walk_in", TYPED, now=late)
    assert session.scalars(select(Draft.form)).all() == ["walk_in"]


def test_nobody_fills_the_table(session, rita):
    for number in range(drafts.MOST_FORMS + 3):
        late = NOW + timedelta(seconds=number)
        drafts.keep(session, rita, f"form_{number}", {"words": "x" * 9_999}, now=late)
    many = {f"field_{number}": "x" for number in range(99)}
    drafts.keep(session, rita, "form_many", many, now=late)

    assert kept(session) == drafts.MOST_FORMS
    assert drafts.find(session, rita, "form_3", now=late) is None
    last = drafts.find(session, rita, f"form_{number}", now=late)
    assert len(last.entries["words"]) == drafts.LONGEST_ENTRY
    assert len(drafts.find(session, rita, "form_many", now=late).entries) == drafts.MOST_ENTRIES


def test_a_long_note_and_a_form_of_many_fields_are_kept_whole(session, rita):
    typed = {f"field_{number}": "x" for number in range(59)} | {"note": "x" * LONGEST_NOTE}
    drafts.keep(session, rita, "visit", typed, now=NOW)
    assert drafts.find(session, rita, "visit", now=NOW).entries == typed


def test_a_draft_is_no_change_of_anything_and_not_on_record(session, rita):
    before = session.scalar(select(func.count()).select_from(AuditEntry))
    drafts.keep(session, rita, "new_booking", TYPED, now=NOW)
    drafts.discard(session, rita, "new_booking")
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_who_asks_for_their_data_is_given_what_is_being_written_about_them(session, rita):
    ana, other = a.patient(session), a.patient(session)
    drafts.keep(session, rita, "patient", {"name": "Ana Rocha"}, ana.id, now=NOW)

    def given(patient):
        content = privacy.export_patient(session, confirmed(session), patient.id, now=NOW)
        return json.loads(opened(content).read("person.json"))["drafts"]

    assert [each["entries"] for each in given(ana)] == ['{"name": "Ana Rocha"}']
    assert given(other) == []


def test_an_erasure_takes_every_draft_along(session, rita):
    """One of them may name the patient, in whatever words."""
    drafts.keep(session, rita, "new_booking", TYPED, now=NOW)
    erased(session, a.patient(session, name="Zé Ninguém"))
    assert kept(session) == 0


def test_nothing_is_kept_of_somebody_who_was_erased_meanwhile(session, rita):
    """Whoever has the form open still, or takes back what they discarded, brings nobody back."""
    ana, other = a.patient(session), a.patient(session)
    erased(session, ana)

    drafts.keep(session, rita, "patient", {"name": "Ana Rocha"}, ana.id, now=NOW)
    assert kept(session) == 0
    drafts.keep(session, rita, "patient", {"name": "Ana Rocha"}, other.id, now=NOW)
    assert kept(session) == 1


# at the desk


@pytest.fixture
def desk(monkeypatch, sqlite_database):
    return Desk(monkeypatch, sqlite_database)


def draft_of(desk, form=new_booking.KEY):
    with desk.database.reading() as session:
        rita = Actor(Role.RECEPTIONIST, "Rita", user_id=desk.rita.id)
        return drafts.find(session, rita, form, now=utc_now())


def type_name(desk, name="Zé *Ninguém*"):
    desk.ask()
    desk.press("New patient")
    desk.page.text_input(key="new_booking_name").input(name).run()


def come_back(monkeypatch, desk, user=None):
    """A new window: nothing is left of the old one but what the database holds."""
    desk.page = screen.show_to(monkeypatch, desk.database, user or desk.rita).run()
    desk.ask()


def offers(page):
    return [each.value for each in page.markdown if "Not saved, from" in each.value]


def test_what_is_typed_is_there_again_after_a_crash_and_gone_on_with(desk, monkeypatch):
    type_name(desk)
    come_back(monkeypatch, desk)
    assert "Zé" in offers(desk.page)[0]

    desk.press("Continue")
    assert desk.page.text_input(key="new_booking_name").value == "Zé *Ninguém*"
    assert not offers(desk.page)
    assert draft_of(desk)


def test_another_user_is_offered_nothing(desk, monkeypatch):
    type_name(desk)
    with desk.database.writing() as session:
        bea = a.user(session, Role.RECEPTIONIST, name="Bea")
    come_back(monkeypatch, desk, bea)
    assert not offers(desk.page)


def test_what_is_thrown_away_is_gone(desk, monkeypatch):
    type_name(desk)
    come_back(monkeypatch, desk)
    desk.press("Discard")
    assert draft_of(desk) is None
    come_back(monkeypatch, desk)
    assert not offers(desk.page)


def test_what_was_thrown_away_by_mistake_is_back(desk, monkeypatch):
    type_name(desk)
    before = draft_of(desk)
    come_back(monkeypatch, desk)
    desk.press("Discard")
    desk.page.run()
    desk.press("Undo")
    assert draft_of(desk) == before
    assert offers(desk.page)


def test_what_was_thrown_away_comes_not_back_over_what_was_typed_since(desk, monkeypatch):
    type_name(desk)
    come_back(monkeypatch, desk)
    desk.press("Discard")
    desk.page.text_input(key="new_booking_words").input("silva").run()
    desk.press("Undo")
    assert "Something else was typed" in said(desk.page)
    assert draft_of(desk).entries == {"words": "silva"}


def test_what_is_saved_is_no_draft_any_more(desk):
    desk.ask()
    desk.page.text_input(key="new_booking_words").input("silva").run()
    assert draft_of(desk)
    desk.press("Book Ana Silva")
    assert draft_of(desk) is None


def test_saving_something_else_leaves_on_offer_what_was_left_before(desk, monkeypatch):
    type_name(desk)
    before = draft_of(desk)
    come_back(monkeypatch, desk)
    desk.page.text_input(key="new_booking_words").input("silva").run()
    assert draft_of(desk).entries["words"] == "silva"
    desk.press("Book Ana Silva")
    assert draft_of(desk) == before


def test_nothing_is_written_while_nothing_changes(desk):
    type_name(desk)
    before = draft_of(desk)
    with desk.database.writing() as session:
        session.query(Draft).delete()
    desk.page.run()
    assert draft_of(desk) is None
    desk.page.text_input(key="new_booking_phone").input("912").run()
    assert draft_of(desk).entries == before.entries | {"phone": "912"}


def test_an_empty_form_or_one_emptied_keeps_what_was_there(desk):
    """The browser empties a search on Escape, just before that closes the form."""
    desk.ask()
    assert draft_of(desk) is None
    desk.page.text_input(key="new_booking_words").input("zé").run()
    desk.page.text_input(key="new_booking_words").input("  ").run()
    assert draft_of(desk).entries == {"words": "zé"}


def test_what_goes_on_to_the_waiting_list_is_kept_there_alone(desk):
    type_name(desk)
    desk.press("No time suits? Put on the waiting list")
    assert draft_of(desk) is None
    assert draft_of(desk, waiting_asked.KEY).entries["name"] == "Zé *Ninguém*"


def test_why_a_booking_is_cancelled_is_kept_with_that_booking_alone(desk, monkeypatch):
    booking, other = desk.booked(), desk.booked(start=desk.start + timedelta(hours=2))
    desk.open(booking)
    desk.page.pills(key="open_booking_reason").set_value("Patient is ill").run()
    desk.page.text_input(key="open_booking_words").input("since Sunday").run()

    desk.page = screen.show_to(monkeypatch, desk.database, desk.rita).run()
    desk.open(other)
    assert not offers(desk.page)
    desk.open(booking)
    desk.press("Continue")
    assert desk.page.text_input(key="open_booking_words").value == "since Sunday"
    desk.press("Cancel booking")
    assert desk.read(booking).cancel_reason == "Patient is ill · since Sunday"
    assert draft_of(desk, f"cancel_{booking.id}") is None


def test_somebody_at_the_counter_is_not_forgotten(desk, monkeypatch):
    def open_form():
        desk.page = screen.show_to(monkeypatch, desk.database, desk.rita).run()
        desk.page.session_state[walk_in.KEY] = walk_in.Open("opened", "key")
        desk.page.switch_page(str(places.PAGES / "today.py")).run()

    open_form()
    desk.page.selectbox(key="walk_in_service").select(desk.service.id).run()
    desk.page.text_input(key="walk_in_words").input("silva").run()
    open_form()
    desk.press("Continue")
    assert desk.page.selectbox(key="walk_in_service").value == desk.service.id
    assert desk.page.text_input(key="walk_in_words").value == "silva"
