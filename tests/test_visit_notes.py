"""Private notes on a visit: for whoever wrote them, and for nobody else."""

import json
import zipfile
from io import BytesIO

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core import drafts, merging, privacy
from core.booking import MoveRequest, move
from core.errors import Invalid, NotAllowed, NotFound, Stale
from core.models import AuditEntry, Booking, BookingState, Role, VisitNote
from core.policy import Actor
from core.visit_notes import NoteRequest, load_note, write_note
from dashboard import last_step, open_booking
from tests import a, screen

NOW = a.at(12)
WORDS = "Afraid of needles; talk about sailing."


class Practice:
    """Dr Ruiz has seen Ana, and Dr Ito works beside her."""

    def __init__(self, session):
        self.session = session
        self.visit = a.service(session, name="Visit")
        self.ruiz, self.ito = (
            a.professional(session, name=name, services=(self.visit,))
            for name in ("Dr Ruiz", "Dr Ito")
        )
        self.own, self.colleague = (
            a.actor(session, Role.PROFESSIONAL, professional_id=each.id)
            for each in (self.ruiz, self.ito)
        )
        self.ana = a.patient(session, name="Ana Silva", phone="+351912345678")
        self.booking = self.booked(13)

    def booked(self, hour, *, day=0, patient=None, professional=None, **values) -> Booking:
        span = a.span(hour, hour + 0.5, day=day)
        made = {"patient": patient or self.ana, "service": self.visit} | values
        return a.booking(self.session, professional or self.ruiz, span, **made)

    def write(self, words=WORDS, version=0, *, booking=None, actor=None) -> VisitNote:
        request = NoteRequest((booking or self.booking).id, version, words)
        return write_note(self.session, actor or self.own, request, now=NOW)


@pytest.fixture
def practice(session) -> Practice:
    return Practice(session)


def test_a_note_is_read_by_whoever_wrote_it_and_written_anew(practice):
    assert load_note(practice.session, practice.own, practice.booking.id).words == ""

    practice.write("  Sleeps\r\nbadly  ")
    kept = load_note(practice.session, practice.own, practice.booking.id)
    assert (kept.words, kept.version) == ("Sleeps\nbadly", 1)

    practice.write("", kept.version)
    kept = load_note(practice.session, practice.own, practice.booking.id)
    assert (kept.words, kept.version) == ("", 2)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.RECEPTIONIST, Role.PATIENT])
def test_neither_desk_nor_admin_nor_patient_reads_or_writes_one(practice, role):
    practice.write()
    asker = a.actor(
        practice.session, role, patient_id=practice.ana.id if role is Role.PATIENT else None
    )
    with pytest.raises(NotAllowed):
        load_note(practice.session, asker, practice.booking.id)
    with pytest.raises(NotAllowed):
        practice.write(version=1, actor=asker)


def test_a_colleague_finds_no_visit_and_once_it_is_theirs_a_note_of_their_own(practice):
    practice.write()
    for booking_id in (practice.booking.id, 1_000_000):
        with pytest.raises(NotFound, match="booking"):
            load_note(practice.session, practice.colleague, booking_id)

    asked = MoveRequest(practice.booking.id, practice.booking.version, practice.ito.id, a.at(15))
    move(practice.session, a.actor(practice.session), asked, now=a.BEFORE)
    assert load_note(practice.session, practice.colleague, practice.booking.id).words == ""
    practice.write("New to me", actor=practice.colleague)
    with pytest.raises(NotFound):
        load_note(practice.session, practice.own, practice.booking.id)
    words = practice.session.scalars(select(VisitNote.words).order_by(VisitNote.id)).all()
    assert words == [WORDS, "New to me"]


def test_what_another_window_wrote_meanwhile_is_not_written_over(practice):
    practice.write()
    with pytest.raises(Stale, match="Another window of yours has changed this"):
        practice.write("Other words")
    assert load_note(practice.session, practice.own, practice.booking.id).words == WORDS


def test_a_note_too_long_is_refused(practice):
    with pytest.raises(Invalid, match="too long"):
        practice.write("x" * 5000)


def test_the_audit_says_that_and_not_what(practice):
    practice.write()
    entry = practice.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    said = (entry.action, entry.object_kind, entry.object_id, json.loads(entry.fields))
    assert said == ("booking.noted", "bookings", practice.booking.id, {})


def test_notes_of_this_patients_visits_before_are_shown_the_latest_first(practice):
    for day, words in ((-14, "Two weeks ago"), (-7, "Last week"), (7, "Next week")):
        practice.write(words, booking=practice.booked(9, day=day))
    practice.write("Emptied", booking=(empty := practice.booked(9, day=-3)))
    practice.write("", 1, booking=empty)
    practice.write("Of another", booking=practice.booked(9, patient=a.patient(practice.session)))
    theirs = practice.booked(11, professional=practice.ito)
    practice.write("Of a colleague", booking=theirs, actor=practice.colleague)

    earlier = load_note(practice.session, practice.own, practice.booking.id).earlier
    assert [each.words for each in earlier] == ["Last week", "Two weeks ago"]


def test_a_merge_loses_no_note(practice):
    other = a.patient(practice.session, name="Ana Sylva")
    before = practice.booked(9, day=-7, patient=other)
    practice.write("Under her other name", booking=before)
    asked = merging.MergeRequest(practice.ana.id, practice.ana.version, other.id, other.version)
    merging.merge(practice.session, a.actor(practice.session), asked, now=a.BEFORE)

    earlier = load_note(practice.session, practice.own, practice.booking.id).earlier
    assert [each.words for each in earlier] == ["Under her other name"]


def confirmed_admin(session) -> Actor:
    return a.confirmed(session, Role.ADMIN, now=NOW)


def test_an_export_says_that_there_is_one_and_keeps_the_words_from_whoever_makes_it(practice):
    practice.write()
    begun = {"words": "needles again"}
    name, about = f"note_{practice.booking.id}", practice.ana.id
    drafts.keep(practice.session, practice.own, name, begun, about, now=NOW)
    content = privacy.export_patient(
        practice.session, confirmed_admin(practice.session), practice.ana.id, now=NOW
    )
    files = zipfile.ZipFile(BytesIO(content))
    whole = json.loads(files.read("person.json"))
    assert [each["booking_id"] for each in whole["visit_notes"]] == [practice.booking.id]
    assert [each["form"] for each in whole["drafts"]] == [name]
    assert all(b"needles" not in files.read(each) for each in files.namelist())
    assert b"private to the professional" in files.read("README.txt")


def test_an_erasure_takes_notes_along_and_lets_none_in_afterwards(practice):
    past = practice.booked(9, day=-7, state=BookingState.COMPLETED)
    practice.write(booking=past)
    kept = practice.write(
        "Of another", booking=practice.booked(9, patient=a.patient(practice.session))
    )
    request = privacy.ErasureRequest(practice.ana.id, practice.ana.version, "Ana Silva")
    admin = confirmed_admin(practice.session)
    privacy.erase(practice.session, admin, request, now=NOW)

    assert practice.session.scalars(select(VisitNote.id)).all() == [kept.id]
    with pytest.raises(Invalid, match="was erased"):
        practice.write("Typed before", booking=past)


# On screen.


@pytest.fixture
def place(monkeypatch, sqlite_database):
    """The signed-in professional, another window of theirs, and a visit at one."""
    screen.set_clock(monkeypatch, NOW)
    with sqlite_database.writing() as session:
        doctor = a.professional(session, name="Dr Ruiz")
        user = a.user(session, Role.PROFESSIONAL, professional_id=doctor.id)
        patient = a.patient(session, name="Ana Silva")
        booking = a.booking(session, doctor, a.span(13, 14), patient=patient)
    return user, booking


def opened(monkeypatch, database, user, booking) -> AppTest:
    page = screen.show_to(monkeypatch, database, user).run()
    page.session_state[open_booking.KEY] = open_booking.Opened(booking.id)
    return page.run()


def box(page: AppTest):
    assert not page.exception
    return next(each for each in page.text_area if each.label.startswith("Only you"))


def save(page: AppTest) -> AppTest:
    return next(each for each in page.button if each.label == "Save note").click().run()


def note_of(database, user, booking) -> str:
    actor = Actor(Role.PROFESSIONAL, "", user_id=user.id, professional_id=user.professional_id)
    with database.reading() as session:
        return load_note(session, actor, booking.id).words


def test_it_is_written_in_the_opened_booking_which_stays_open(monkeypatch, sqlite_database, place):
    page = opened(monkeypatch, sqlite_database, *place)
    box(page).set_value(WORDS)
    save(page)

    assert note_of(sqlite_database, *place) == WORDS
    assert [each.value for each in page.toast] == ["Your note on Ana Silva is saved."]
    assert box(page).value == WORDS


def test_typed_and_not_saved_is_offered_the_next_time(monkeypatch, sqlite_database, place):
    box(opened(monkeypatch, sqlite_database, *place)).set_value(WORDS).run()

    page = opened(monkeypatch, sqlite_database, *place)
    assert box(page).value == ""
    next(each for each in page.button if each.label == "Continue").click().run()
    assert box(page).value == WORDS


@pytest.mark.parametrize("other", ["A week later", "Arrived"])
def test_typed_just_before_another_button_is_offered_the_next_time(
    monkeypatch, sqlite_database, place, other
):
    page = opened(monkeypatch, sqlite_database, *place)
    box(page).set_value(WORDS)
    next(each for each in page.button if each.label.startswith(other)).click().run()
    assert not page.exception

    page = opened(monkeypatch, sqlite_database, *place)
    next(each for each in page.button if each.label == "Continue").click().run()
    assert box(page).value == WORDS


def test_a_note_that_was_saved_is_not_offered_once_the_visit_is_closed(
    monkeypatch, sqlite_database, place
):
    page = opened(monkeypatch, sqlite_database, *place)
    box(page).set_value(WORDS)
    save(page)
    next(each for each in page.button if each.label.startswith("Arrived")).click().run()

    page = opened(monkeypatch, sqlite_database, *place)
    assert "Continue" not in [each.label for each in page.button]


def test_why_a_visit_was_to_be_cancelled_is_there_again_after_another_button(
    monkeypatch, sqlite_database, place
):
    page = opened(monkeypatch, sqlite_database, *place)
    page.pills(key="open_booking_reason").set_value("Patient is ill").run()
    page.text_input(key="open_booking_words").set_value("Has a fever")
    next(each for each in page.button if each.label.startswith("A week later")).click().run()

    page = opened(monkeypatch, sqlite_database, *place)
    next(each for each in page.button if each.label == "Continue").click().run()
    assert page.text_input(key="open_booking_words").value == "Has a fever"


def test_thrown_away_it_is_not_read_out_where_the_patient_may_look(
    monkeypatch, sqlite_database, place
):
    box(opened(monkeypatch, sqlite_database, *place)).set_value(WORDS).run()
    page = opened(monkeypatch, sqlite_database, *place)
    next(each for each in page.button if each.label == "Discard").click().run()

    noted = page.session_state[last_step.KEY]
    assert noted.words == "Discarded: private note."
    assert noted.discarded.kept.entries == {"words": WORDS}


def test_two_windows_lose_nothing(monkeypatch, sqlite_database, place):
    page = opened(monkeypatch, sqlite_database, *place)
    user, booking = place
    own = Actor(Role.PROFESSIONAL, "", user_id=user.id, professional_id=user.professional_id)
    with sqlite_database.writing() as session:
        write_note(session, own, NoteRequest(booking.id, 0, "From the other window"), now=NOW)
    box(page).set_value(WORDS)
    save(page)
    assert "Another window of yours" in page.error[0].value

    page.run()
    assert box(page).value == "From the other window"
    assert any(WORDS[:10] in each.value for each in page.markdown)


def test_the_desk_sees_no_box(monkeypatch, sqlite_database, place):
    with sqlite_database.writing() as session:
        rita = a.user(session)
    page = opened(monkeypatch, sqlite_database, rita, place[1])

    assert not page.exception
    assert "Arrived" in [each.label for each in page.button]
    assert not [each for each in page.text_area if each.label.startswith("Only you")]
