"""Patients: the record on screen, corrected by two at once, handed over, erased."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core import privacy
from core.db import utc_now
from core.errors import NotSaved
from core.interval import Interval
from core.models import (
    AuditEntry,
    AuthSession,
    Booking,
    BookingState,
    Erasure,
    Patient,
    Role,
    User,
    VisitNote,
    WaitingEntry,
)
from core.patients import EditedPatient, Preferences, edit_patient, load_to_know
from core.policy import CONSOLE, Actor
from core.privacy.inventory import ERASED_NAME
from dashboard import find_time, places, session
from tests import a, screen

S = BookingState
TODAY = utc_now().replace(hour=9, minute=0, second=0)


def half_an_hour(*, day: int) -> Interval:
    start = TODAY + timedelta(days=day)
    return Interval(start, start + timedelta(minutes=30))


@pytest.fixture
def ana(sqlite_database) -> Patient:
    with sqlite_database.writing() as db:
        doctor = a.professional(db, name="Dr Ruiz")
        patient = a.patient(db, name="Ana Silva", phone="+351912345678", born_on=date(1988, 3, 12))
        for day, state in ((-7, S.COMPLETED), (-2, S.NO_SHOW), (2, S.BOOKED)):
            a.booking(db, doctor, half_an_hour(day=day), patient=patient, state=state)
        return patient


@pytest.fixture
def staff(sqlite_database, ana) -> dict[Role, User]:
    with sqlite_database.writing() as db:
        doctor = db.scalars(select(Booking.professional_id)).first()
        return {
            Role.RECEPTIONIST: a.user(db, name="Rita"),
            Role.ADMIN: a.user(db, Role.ADMIN, name="Alex", password_hash="x"),
            Role.PROFESSIONAL: a.user(db, Role.PROFESSIONAL, professional_id=doctor),
            Role.PATIENT: a.user(db, Role.PATIENT, patient_id=ana.id, name="Ana Silva"),
        }


@pytest.fixture
def opened(monkeypatch, sqlite_database, staff):
    """``opened(role, number)`` is the record of that patient; without a number, the search."""

    def show(role: Role, number: object = None) -> AppTest:
        page = screen.show_to(monkeypatch, sqlite_database, staff[role]).run()
        if number is not None:
            page.query_params["patient"] = str(number)
        return page.switch_page(str(places.PAGES / "patients.py")).run()

    return show


def said(page: AppTest) -> str:
    assert not page.exception
    shown = (*page.markdown, *page.caption, *page.subheader, *page.info, *page.warning)
    return "\n".join(each.value for each in shown)


def type_in(page: AppTest, field: str, value: str) -> None:
    page.text_input(key=f"patient_form_{field}").set_value(value)


def save(page: AppTest) -> AppTest:
    return page.button(key="patient_save").click().run()


def entries(database, action: str) -> list[AuditEntry]:
    with database.reading() as db:
        return list(db.scalars(select(AuditEntry).where(AuditEntry.action == action)))


# Finding and reading.


def test_the_desk_finds_a_patient_and_the_address_holds_a_number_alone(opened, ana):
    page = opened(Role.RECEPTIONIST)
    page.text_input(key="patients_words").set_value("sil").run()
    page.button(key=f"patient_open_{ana.id}").click().run()

    assert page.query_params["patient"] in (str(ana.id), [str(ana.id)])
    assert "Silva" not in str(dict(page.query_params))
    assert page.text_input(key="patient_form_name").value == "Ana Silva"


def test_the_record_tells_what_is_to_come_and_how_it_went(opened, ana):
    text = said(opened(Role.RECEPTIONIST, ana.id))

    assert "1 visit · 1 no-show" in text
    assert text.count("with Dr Ruiz") == 3


def test_a_visit_to_come_is_opened_from_the_record(opened, ana, sqlite_database):
    page = opened(Role.RECEPTIONIST, ana.id)
    [visit] = [each for each in page.button if str(each.key).startswith("patient_visit_")]
    page = visit.click().run()

    assert not page.exception
    assert page.button(key="open_booking_again")


@pytest.mark.parametrize("way", ["to the search", "to another record"])
def test_what_was_open_on_a_record_is_not_open_on_the_next(opened, ana, way, sqlite_database):
    page = opened(Role.RECEPTIONIST, ana.id)
    [visit] = [each for each in page.button if str(each.key).startswith("patient_visit_")]
    page = visit.click().run()
    with sqlite_database.writing() as db:
        other = a.patient(db, name="Bo Lind").id

    if way == "to the search":
        del page.query_params["patient"]
        page = page.run()
        assert page.text_input(key="patients_words")
    page.query_params["patient"] = str(other)
    page = page.run()

    assert page.text_input(key="patient_form_name").value == "Bo Lind"
    assert not [each for each in page.button if str(each.key).startswith("open_booking")]


def test_the_desk_books_from_the_record_for_whoever_it_is(opened, ana):
    page = opened(Role.RECEPTIONIST, ana.id)
    page = page.button(key="patient_book").click().run()

    assert page.session_state[find_time.KEY].patient.id == ana.id
    assert "For **Ana Silva**" in said(page)


def test_professionals_do_not_book_from_a_record(opened, ana):
    page = opened(Role.PROFESSIONAL, ana.id)

    assert "patient_book" not in {each.key for each in page.button}


def test_professionals_who_find_nobody_are_told_where_others_are_opened(opened):
    page = opened(Role.PROFESSIONAL)
    page.text_input(key="patients_words").set_value("nobody").run()

    assert "under My calendar, with a reason" in said(page)
    page = opened(Role.RECEPTIONIST)
    page.text_input(key="patients_words").set_value("nobody").run()
    assert "new patients are added when they are booked" in said(page)


def test_t146_opening_a_record_is_put_on_record(opened, ana, sqlite_database):
    opened(Role.RECEPTIONIST, ana.id)

    assert [each.object_id for each in entries(sqlite_database, "patient.opened")] == [ana.id]


@pytest.mark.parametrize("typed", ["999", "x", "-1", "1;drop", "9" * 30, "٣"])
def test_a_number_that_is_nobodys_opens_nothing(opened, typed, ana):
    page = opened(Role.RECEPTIONIST, typed)

    assert not page.exception
    assert "Ana Silva" not in said(page)


def test_professionals_read_the_record_of_their_own_patients_and_change_nothing(
    opened, ana, sqlite_database
):
    page = opened(Role.PROFESSIONAL, ana.id)
    assert "+351 912 345 678" in said(page)
    assert not [each for each in page.button if each.key == "patient_save"]

    with sqlite_database.writing() as db:
        other = a.patient(db, name="Not Theirs")
    page = opened(Role.PROFESSIONAL, other.id)
    assert "Not Theirs" not in said(page)
    assert "not there any more" in page.error[0].value


# Correcting.


def test_a_correction_is_saved_and_named(opened, ana, sqlite_database):
    page = opened(Role.RECEPTIONIST, ana.id)
    type_in(page, "name", "Ana Sousa")
    page.toggle(key="patient_form_no_contact").set_value(True)
    page = save(page)

    with sqlite_database.reading() as db:
        found = db.get_one(Patient, ana.id)
    assert (found.name, found.no_contact) == ("Ana Sousa", True)
    assert [each.value for each in page.toast] == ["Saved Ana Sousa."]
    assert '"no_contact"' in entries(sqlite_database, "patient.edited")[0].fields


def test_what_cannot_be_kept_is_said_and_stays_typed(opened, ana):
    page = opened(Role.RECEPTIONIST, ana.id)
    type_in(page, "phone", "12")
    page = save(page)

    assert "phone number" in page.error[0].value
    assert page.text_input(key="patient_form_phone").value == "12"


def test_t035_a_stale_edit_shows_what_changed_and_keeps_what_was_typed(
    opened, ana, sqlite_database
):
    page = opened(Role.RECEPTIONIST, ana.id)
    with sqlite_database.writing() as db:
        asked = EditedPatient(ana.id, ana.version, "Ana Silva", "+351210000000", "ana@example.org")
        edit_patient(db, CONSOLE, asked, now=utc_now())
    type_in(page, "name", "Ana Sousa")
    page = save(page)

    warned = page.warning[0].value
    assert "has changed this in the meantime" in warned
    assert "Phone is now" in warned
    assert "351 21 000 0000" in warned
    assert page.text_input(key="patient_form_name").value == "Ana Sousa"
    assert page.text_input(key="patient_form_email").value == "ana@example.org"

    save(page)
    with sqlite_database.reading() as db:
        found = db.get_one(Patient, ana.id)
    assert (found.name, found.phone) == ("Ana Sousa", "+351210000000")


def test_a_correction_that_was_not_saved_is_there_again_field_by_field(opened, ana):
    page = opened(Role.RECEPTIONIST, ana.id)
    type_in(page, "email", "ana@example.org")
    page.date_input(key="patient_form_born_on").set_value(date(1988, 3, 13)).run()

    page = opened(Role.RECEPTIONIST, ana.id)
    assert "example.org · 13.03.1988" in said(page)
    page.button(key="patient_form_continue").click().run()
    assert page.text_input(key="patient_form_email").value == "ana@example.org"
    assert page.text_input(key="patient_form_name").value == "Ana Silva"
    save(page)
    assert "Not saved" not in said(opened(Role.RECEPTIONIST, ana.id))


def test_a_correction_is_offered_with_this_record_and_to_this_person_alone(
    opened, ana, sqlite_database
):
    with sqlite_database.writing() as db:
        other = a.patient(db, name="Bea Lima")
    page = opened(Role.RECEPTIONIST, ana.id)
    type_in(page, "name", "Ana Sousa")
    page.run()
    assert "Not saved" not in said(opened(Role.RECEPTIONIST, other.id))
    assert "Not saved" not in said(opened(Role.ADMIN, ana.id))
    assert "Not saved" in said(opened(Role.RECEPTIONIST, ana.id))


def test_a_correction_taken_back_is_not_offered(opened, ana):
    page = opened(Role.RECEPTIONIST, ana.id)
    type_in(page, "name", "Ana Sousa")
    page.run()
    type_in(page, "name", "Ana Silva")
    page.run()
    assert "Not saved" not in said(opened(Role.RECEPTIONIST, ana.id))


def test_a_correction_gone_on_with_over_a_record_that_has_changed_is_told(
    opened, ana, sqlite_database
):
    page = opened(Role.RECEPTIONIST, ana.id)
    type_in(page, "name", "Ana Sousa")
    page.run()
    with sqlite_database.writing() as db:
        asked = EditedPatient(ana.id, ana.version, "Ana Silva", "+351210000000")
        edit_patient(db, CONSOLE, asked, now=utc_now())

    page = opened(Role.RECEPTIONIST, ana.id)
    page.button(key="patient_form_continue").click().run()
    assert "has changed this in the meantime" in save(page).warning[0].value
    save(page)
    with sqlite_database.reading() as db:
        found = db.get_one(Patient, ana.id)
    assert (found.name, found.phone) == ("Ana Sousa", "+351210000000")


def test_alerts_and_preferences_are_noted_and_seen_at_the_top(opened, ana, sqlite_database):
    page = opened(Role.RECEPTIONIST, ana.id)
    with sqlite_database.reading() as db:
        ruiz = db.scalars(select(Booking.professional_id)).first()
    page.text_area(key="patient_form_alerts").set_value("Needs the *ground* floor room")
    page.multiselect(key="patient_form_preferred_professionals").set_value([ruiz])
    page.pills(key="patient_form_preferred_parts").set_value(["evening", "morning"])
    page = save(page)

    assert page.warning[0].value == r"Needs the \*ground\* floor room"
    assert "Prefers mornings or evenings, with Dr Ruiz" in said(page)
    assert page.pills(key="patient_form_preferred_parts").value == ["morning", "evening"]
    for_doctor = opened(Role.PROFESSIONAL, ana.id)
    assert "ground" in for_doctor.warning[0].value


def test_a_stale_edit_names_who_is_preferred_meanwhile_and_keeps_what_was_chosen(
    opened, ana, sqlite_database
):
    page = opened(Role.RECEPTIONIST, ana.id)
    with sqlite_database.writing() as db:
        ruiz = db.scalars(select(Booking.professional_id)).first()
        asked = EditedPatient(
            ana.id, ana.version, "Ana Silva", ana.phone, preferences=Preferences((ruiz,))
        )
        edit_patient(db, CONSOLE, asked, now=utc_now())
    page.text_area(key="patient_form_alerts").set_value("Deaf")
    page = save(page)

    assert "Preferred professionals is now Dr Ruiz" in page.warning[0].value
    save(page)
    with sqlite_database.reading() as db:
        known = load_to_know(db, CONSOLE, ana.id, now=utc_now())
    assert (known.alerts, known.names) == (("Deaf",), {ruiz: "Dr Ruiz"})


def test_alerts_that_were_not_saved_are_there_again(opened, ana):
    page = opened(Role.RECEPTIONIST, ana.id)
    page.text_area(key="patient_form_alerts").set_value("Deaf")
    page.pills(key="patient_form_preferred_parts").set_value(["morning"]).run()

    page = opened(Role.RECEPTIONIST, ana.id)
    page.button(key="patient_form_continue").click().run()
    assert page.text_area(key="patient_form_alerts").value == "Deaf"
    assert page.pills(key="patient_form_preferred_parts").value == ["morning"]


def test_what_a_patient_is_called_is_never_markup(opened, sqlite_database):
    with sqlite_database.writing() as db:
        evil = a.patient(db, name="![x](http://evil)", desk_note="**bold**")

    assert "![x](http" not in said(opened(Role.RECEPTIONIST, evil.id))


# Handing over and erasing.


def erasing(page: AppTest, typed: str) -> AppTest:
    page = page.button(key="patient_erase").click().run()
    page.text_input(key="patient_erase_typed").set_value(typed)
    return page.button(key="patient_erase_do").click().run()


def test_t158_an_admin_sees_what_goes_types_the_name_and_it_is_gone(
    opened, ana, sqlite_database, staff
):
    with sqlite_database.writing() as db:
        waits = {"patient_id": ana.id, "service_id": a.service(db).id, "request_key": "k"}
        db.add(WaitingEntry(**waits, from_on=TODAY.date()))
        visit = db.scalars(select(Booking).join(Booking.attendees)).first()
        visit.seats = 2
        writer = staff[Role.PROFESSIONAL].id
        db.add(VisitNote(booking_id=visit.id, user_id=writer, words="sleeps badly"))
    page = opened(Role.ADMIN, ana.id)
    page.button(key="patient_erase").click().run()
    text = said(page)
    assert "1 visit that is still to come is cancelled" in text
    assert "the account" in text
    assert "their place on the waiting list" in text
    assert "1 private note of a professional" in text
    assert "1 of the visits was a group's" in page.caption[-2].value

    page = erasing(page, "Ana Silva")
    assert "Erased." in page.toast[0].value
    with sqlite_database.reading() as db:
        assert db.get_one(Patient, ana.id).name == ERASED_NAME
        assert db.get_one(Erasure, ana.id).swept_at is not None
    listed = privacy.read_list(privacy.list_file(session.configured()))
    assert [each.patient_id for each in listed] == [ana.id]
    assert "This patient was erased" in said(opened(Role.ADMIN, ana.id))


def test_t158_another_name_erases_nobody(opened, ana, sqlite_database):
    page = erasing(opened(Role.ADMIN, ana.id), "Ana")

    assert "not the name" in page.error[0].value
    with sqlite_database.reading() as db:
        assert db.get_one(Patient, ana.id).name == "Ana Silva"


def test_t158_without_a_fresh_password_there_is_nothing_to_press(
    opened, ana, sqlite_database, monkeypatch
):
    page = opened(Role.ADMIN, ana.id)
    with sqlite_database.writing() as db:
        for each in db.scalars(select(AuthSession)):
            each.auth_at = utc_now() - timedelta(minutes=11)
    page.run()

    assert not {"patient_erase", "patient_download"} & {each.key for each in page.button}
    assert page.text_input(key="patient_rights_confirm_password")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (NotSaved("Not yet from the files."), "Not yet from the files."),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
    ids=["files", "disk"],
)
def test_t158_when_it_cannot_be_finished_now_it_is_said_and_the_form_ends(
    opened, ana, monkeypatch, error, why
):
    def in_the_way(*_asked, **_now):
        raise error

    page = opened(Role.ADMIN, ana.id)
    monkeypatch.setattr(privacy, "settle", in_the_way)
    page = erasing(page, str(ana.id))

    (toast,) = page.toast
    assert toast.value.startswith("Erased, but not yet for good")
    assert why in toast.value
    assert not page.error
    assert "patient_erasing" not in page.session_state


def test_t158_a_list_that_cannot_be_read_does_not_hide_that_somebody_was_erased(
    opened, ana, sqlite_database
):
    page = opened(Role.ADMIN, ana.id)
    privacy.list_file(session.configured()).write_text("1,yesterday\n")
    page = erasing(page, "Ana Silva")

    (toast,) = page.toast
    assert toast.value.startswith("Erased, but not yet for good. The list of erasures")
    with sqlite_database.reading() as db:
        assert db.get_one(Patient, ana.id).name == ERASED_NAME


def test_the_desk_neither_hands_over_nor_erases(opened, ana):
    page = opened(Role.RECEPTIONIST, ana.id)

    assert not {"patient_erase", "patient_download"} & {each.key for each in page.button}


def test_who_asked_and_who_is_due_are_listed_for_the_admin(opened, ana, sqlite_database):
    own = Actor(Role.PATIENT, "Ana", patient_id=ana.id)
    with sqlite_database.writing() as db:
        privacy.ask_for_erasure(db, own, now=utc_now())
        a.patient(db, name="Gone Long", created_at=utc_now() - timedelta(days=900))
    page = opened(Role.ADMIN)
    page.segmented_control(key="patients_section").set_value("Erasure").run()
    assert "Ana Silva" in said(page)
    assert "Gone Long" not in said(page)

    page.number_input(key="patients_keep_None").set_value(24).run()
    page.button(key="patients_keep_save").click().run()
    assert "Gone Long" in said(page)


# The patients themselves.


def test_a_patient_says_how_they_are_reached_now(monkeypatch, sqlite_database, staff, ana):
    page = screen.show_to(monkeypatch, sqlite_database, staff[Role.PATIENT]).run()
    drawn = f"own_contact_{ana.version}"
    page.text_input(key=f"{drawn}_phone").input("12")
    page = page.button(key="own_contact_save").click().run()
    assert "too short" in page.error[0].value

    page.text_input(key=f"{drawn}_phone").input("+351 961 111 222")
    page.selectbox(key=f"{drawn}_language").set_value("pt")
    page.toggle(key=f"{drawn}_wanted").set_value(False)
    page = page.button(key="own_contact_save").click().run()
    assert not page.exception
    with sqlite_database.reading() as db:
        kept = db.get_one(Patient, ana.id)
    assert (kept.phone, kept.language, kept.no_contact) == ("+351961111222", "pt", True)


def test_t035_a_patient_who_saves_over_the_desk_keeps_what_was_typed(
    monkeypatch, sqlite_database, staff, ana
):
    page = screen.show_to(monkeypatch, sqlite_database, staff[Role.PATIENT]).run()
    drawn = f"own_contact_{ana.version}"
    page.text_input(key=f"{drawn}_email").input("new@example.org")
    with sqlite_database.writing() as db:
        db.get_one(Patient, ana.id).desk_note = "stairs"
    page = page.button(key="own_contact_save").click().run()
    assert "has changed this in the meantime" in page.error[0].value
    assert page.text_input(key=f"{drawn}_email").value == "new@example.org"

    page = page.button(key="own_contact_anew").click().run()
    drawn = f"own_contact_{ana.version + 1}"
    page.text_input(key=f"{drawn}_email").input("new@example.org")
    page = page.button(key="own_contact_save").click().run()
    with sqlite_database.reading() as db:
        kept = db.get_one(Patient, ana.id)
    assert (kept.email, kept.desk_note) == ("new@example.org", "stairs")


def test_a_patient_asks_to_be_erased_and_thinks_better_of_it(
    monkeypatch, sqlite_database, staff, ana
):
    page = screen.show_to(monkeypatch, sqlite_database, staff[Role.PATIENT]).run()
    page.button(key="own_data_ask").click().run()
    assert "You asked to be erased" in said(page)
    with sqlite_database.reading() as db:
        assert db.get_one(Patient, ana.id).erasure_asked_at is not None

    page.button(key="own_data_withdraw").click().run()
    with sqlite_database.reading() as db:
        assert db.get_one(Patient, ana.id).erasure_asked_at is None


# On file twice.


@pytest.fixture
def again(sqlite_database, ana) -> Patient:
    """Ana, put on file a second time, with a visit of her own."""
    with sqlite_database.writing() as db:
        patient = a.patient(db, name="Ana M Silva", phone="+351912345678", email="ana@example.org")
        doctor = a.professional(db, name="Dr Costa")
        a.booking(db, doctor, half_an_hour(day=3), patient=patient)
        return patient


def twice(opened, ana, again) -> AppTest:
    page = opened(Role.RECEPTIONIST)
    page.segmented_control(key="patients_section").set_value("On file twice").run()
    return page.button(key=f"twice_compare_{ana.id}_{again.id}").click().run()


def test_two_records_are_compared_and_made_one_and_parted_again(
    opened, ana, again, sqlite_database
):
    page = twice(opened, ana, again)
    assert "The same phone number." in said(page)
    assert page.radio(key="twice_email").value == 1  # the one that is not empty
    page.radio(key="twice_name").set_value(1).run()
    page = page.button(key="twice_merge").click().run()

    assert "Ana M Silva is one record now." in said(page)
    page = opened(Role.RECEPTIONIST, again.id)
    assert page.text_input(key="patient_form_name").value == "Ana M Silva"
    assert page.text_input(key="patient_form_email").value == "ana@example.org"
    assert "with Dr Costa" in said(page)


def test_the_merge_is_taken_back_by_the_key_for_it(opened, ana, again, sqlite_database):
    page = twice(opened, ana, again)
    page = page.button(key="twice_merge").click().run()
    page = page.button(key=f"last_step_MERGE_{again.id}").click().run()

    assert not page.exception
    with sqlite_database.reading() as db:
        assert db.get(Patient, again.id).archived_at is None
        assert db.get(Patient, ana.id).email == ""


def test_on_the_record_it_says_who_is_perhaps_the_same(opened, ana, again):
    page = opened(Role.RECEPTIONIST, ana.id)
    assert "Perhaps the same person" in said(page)

    page = page.button(key=f"twice_apart_{ana.id}_{again.id}").click().run()

    assert "Perhaps the same person" not in said(page)


def test_what_is_in_the_way_of_merging_is_said_in_the_dialog(opened, ana, again, sqlite_database):
    page = twice(opened, ana, again)
    with sqlite_database.writing() as db:
        edited = EditedPatient(again.id, again.version, "Eva", email="eva@example.org")
        edit_patient(db, CONSOLE, edited, now=utc_now())
    page = page.button(key="twice_merge").click().run()

    assert page.error
    with sqlite_database.reading() as db:
        assert db.get(Patient, again.id).archived_at is None


def test_professionals_are_not_asked_who_is_the_same(opened, ana, again):
    page = opened(Role.PROFESSIONAL, ana.id)

    assert "Perhaps the same person" not in said(page)


# Language, and the waiting list.


def test_a_language_is_chosen_by_its_name_and_kept_as_a_code(opened, ana, sqlite_database):
    page = opened(Role.RECEPTIONIST, ana.id)
    field = page.selectbox(key="patient_form_language")
    assert "Portuguese" in field.options
    field.set_value("pt")
    save(page)

    with sqlite_database.reading() as db:
        assert db.get(Patient, ana.id).language == "pt"


def test_a_language_that_is_not_in_the_list_stays_as_it_was_written(opened, ana, sqlite_database):
    with sqlite_database.writing() as db:
        db.get(Patient, ana.id).language = "Mirandese"
    page = opened(Role.RECEPTIONIST, ana.id)
    assert page.selectbox(key="patient_form_language").value == "Mirandese"
    type_in(page, "email", "ana@example.org")
    save(page)

    with sqlite_database.reading() as db:
        assert db.get(Patient, ana.id).language == "Mirandese"


def test_the_desk_puts_a_patient_on_the_waiting_list_from_the_record(opened, ana):
    page = opened(Role.RECEPTIONIST, ana.id)
    page = page.button(key="patient_wait").click().run()

    assert not page.exception
    assert page.session_state["waiting_form_known_id"] == ana.id
    assert "patient_wait" not in {each.key for each in opened(Role.PROFESSIONAL, ana.id).button}
