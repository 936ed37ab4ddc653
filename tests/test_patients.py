"""Patients: put on file, changed, and found by whatever the desk remembers."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.errors import Invalid, NotAllowed, NotFound, Stale
from core.models import AuditEntry, CalendarKind, Patient, Role
from core.patients import (
    EditedPatient,
    NewPatient,
    OwnContact,
    add_patient,
    edit_own_contact,
    edit_patient,
    find_likely_duplicates,
    find_patients,
    fold,
    get_patient,
    search_text,
)
from core.patients.search import sought
from core.policy import CONSOLE
from tests import a

NURIA = NewPatient(
    name="Nuria García López",
    phone="+34 642 110 478",
    email="nuria.garcia@example.org",
    born_on=date(1984, 3, 12),
)


@pytest.fixture
def desk(session):
    """A receptionist of a practice in Madrid."""
    a.organisation(session, zone="Europe/Madrid", country="ES")
    return a.actor(session)


def put(session, actor, **values):
    return add_patient(session, actor, NewPatient(**values), now=a.BEFORE)


def names(session, actor, words):
    return [each.name for each in find_patients(session, actor, words, now=a.BEFORE)]


def edited(patient, **values):
    kept = {
        "patient_id": patient.id,
        "version": patient.version,
        "name": patient.name,
        "phone": patient.phone,
        "email": patient.email,
        "born_on": patient.born_on,
    }
    return EditedPatient(**(kept | values))


# Put on file.


def test_a_patient_is_put_on_file_with_a_calendar_of_their_own(session, desk):
    patient = add_patient(session, desk, NURIA, now=a.BEFORE)

    assert patient.calendar.kind is CalendarKind.PATIENT
    assert (patient.name, patient.phone) == ("Nuria García López", "+34642110478")
    assert session.scalars(select(AuditEntry.action)).all() == ["patient.added"]


def test_the_record_of_a_new_patient_names_no_one(session, desk):
    add_patient(session, desk, NURIA, now=a.BEFORE)

    assert "Nuria" not in session.scalars(select(AuditEntry.fields)).one()


@pytest.mark.parametrize("role", [Role.PROFESSIONAL, Role.PATIENT])
def test_only_the_desk_puts_patients_on_file(session, desk, role):
    with pytest.raises(NotAllowed):
        add_patient(session, a.actor(session, role), NURIA, now=a.BEFORE)


def test_a_phone_number_alone_is_enough(session, desk):
    assert put(session, desk, name="Ana", phone="642110478").email == ""


def test_an_email_address_alone_is_enough(session, desk):
    assert put(session, desk, name="Ana", email="Ana@Example.org").email == "ana@example.org"


def test_neither_phone_nor_email_is_refused(session, desk):
    with pytest.raises(Invalid, match="phone number or an e-mail") as refusal:
        put(session, desk, name="Ana")
    assert refusal.value.field == "phone"


@pytest.mark.parametrize("name", ["", "   ", "\x00\x1f", "\u200b\u2060"])
def test_a_name_that_shows_nothing_is_refused(session, desk, name):
    with pytest.raises(Invalid, match="enter a name") as refusal:
        put(session, desk, name=name, phone="642110478")
    assert refusal.value.field == "name"


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("ES", "642 110 478", "+34642110478"),
        ("ES", "(+34) 642-110-478", "+34642110478"),
        ("ES", "0034642110478", "+34642110478"),
        ("PT", "912 345 678", "+351912345678"),
        ("GB", "07912 345678", "+447912345678"),
        ("US", "(201) 555-0123", "+12015550123"),
        ("ES", "+44 (0)7912 345678", "+447912345678"),
        ("ES", "\u0666\u0664\u0662 110 478", "+34642110478"),
    ],
)
def test_a_phone_number_is_read_as_the_country_writes_it(session, country, typed, kept):
    a.organisation(session, country=country)

    assert put(session, CONSOLE, name="Ana", phone=typed).phone == kept


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("642 11", "too short"),
        ("+34 642 110 478 999 999", "too long"),
        ("ask her mother", "not look like a phone number"),
        ("+999 12345678", "country's code"),
        ("642110478 ext. 12", "extension in the note"),
    ],
)
def test_a_wrong_phone_number_is_refused_with_what_is_wrong(session, desk, typed, says):
    with pytest.raises(Invalid, match=says) as refusal:
        put(session, desk, name="Ana", phone=typed)
    assert refusal.value.field == "phone"


def test_before_the_place_has_a_country_a_phone_number_needs_its_prefix(session):
    with pytest.raises(Invalid, match=r"start the phone number with \+"):
        put(session, CONSOLE, name="Ana", phone="642110478")
    assert put(session, CONSOLE, name="Ana", phone="+34642110478").phone == "+34642110478"


@pytest.mark.parametrize("typed", ["ana", "ana@", "@example.org", "ana@localhost", "a b@x.org"])
def test_a_wrong_email_address_is_refused(session, desk, typed):
    with pytest.raises(Invalid, match="e-mail") as refusal:
        put(session, desk, name="Ana", email=typed)
    assert refusal.value.field == "email"


@pytest.mark.parametrize(
    ("field", "longest"), [("name", 200), ("desk_note", 4000), ("language", 35)]
)
def test_what_is_too_long_is_refused(session, desk, field, longest):
    values = {"name": "Ana", "phone": "642110478"}
    assert getattr(put(session, desk, **(values | {field: "x" * longest})), field)
    with pytest.raises(Invalid, match="too long") as refusal:
        put(session, desk, **(values | {field: "x" * (longest + 1)}))
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("born_on", "says"), [(date(2026, 12, 5), "future"), (date(1884, 3, 12), "too long ago")]
)
def test_nobody_is_born_tomorrow_or_in_another_century(session, desk, born_on, says):
    with pytest.raises(Invalid, match=says):
        put(session, desk, name="Ana", phone="642110478", born_on=born_on)
    assert put(session, desk, name="Ana", phone="642110478", born_on=date(2026, 12, 4)).born_on


def test_control_characters_and_marks_that_turn_text_around_are_left_out(session, desk):
    patient = put(
        session,
        desk,
        name="Ana\x00\u202e  Silva\ud800\t",
        phone="642110478",
        desk_note="Brings\x07 her son.\r\nPrefers mornings.",
    )

    assert patient.name == "Ana Silva"
    assert patient.desk_note == "Brings her son.\nPrefers mornings."


@pytest.mark.parametrize("name", ["نورية غارسيا", "גרסיה נוריה", "Ana 👩🏽‍⚕️ Silva", "加西亚"])
def test_names_of_any_script_are_kept_and_found(session, desk, name):
    patient = put(session, desk, name=name, phone="642110478")

    assert patient.name == name
    assert names(session, desk, name.split()[0]) == [name]


# Changed.


def test_an_edit_changes_the_record_and_what_finds_it(session, desk):
    patient = add_patient(session, desk, NURIA, now=a.BEFORE)

    edit_patient(session, desk, edited(patient, name="Nuria Ruiz"), now=a.BEFORE)

    assert names(session, desk, "ruiz") == ["Nuria Ruiz"]
    assert names(session, desk, "lopez") == []
    assert '{"changed": ["name"]}' in session.scalars(select(AuditEntry.fields)).all()


def test_an_edit_that_changes_nothing_leaves_no_trace(session, desk):
    patient = add_patient(session, desk, NURIA, now=a.BEFORE)

    edit_patient(session, desk, edited(patient), now=a.BEFORE)

    assert patient.version == 1
    assert len(session.scalars(select(AuditEntry)).all()) == 1


def test_t035_a_stale_edit_is_refused_and_names_who_came_first(session, desk):
    rita = a.actor(session, name="Rita Fonseca")
    patient = add_patient(session, desk, NURIA, now=a.BEFORE)
    form = edited(patient, phone="+34642110479")
    edit_patient(session, rita, edited(patient, email="nuria@example.org"), now=a.BEFORE)

    with pytest.raises(Stale, match="Rita Fonseca has changed this"):
        edit_patient(session, desk, form, now=a.BEFORE)
    assert patient.phone == "+34642110478"


def test_an_edit_of_nobody_is_refused(session, desk):
    with pytest.raises(NotFound):
        edit_patient(session, desk, EditedPatient(99, 1, "Ana", "642110478"), now=a.BEFORE)


def test_a_patient_somebody_may_not_see_is_missing_to_them(session, desk):
    patient = add_patient(session, desk, NURIA, now=a.BEFORE)
    stranger = a.actor(session, Role.PATIENT, patient_id=a.patient(session).id)

    assert get_patient(session, desk, patient.id, now=a.BEFORE) is patient
    with pytest.raises(NotFound):
        get_patient(session, stranger, patient.id, now=a.BEFORE)


def test_a_patient_changes_how_they_are_reached_and_nothing_else(session, desk):
    patient = add_patient(session, desk, replace(NURIA, desk_note="stairs"), now=a.BEFORE)
    own = a.actor(session, Role.PATIENT, patient_id=patient.id)
    bystander = add_patient(session, desk, NewPatient("Bo", email="bo@example.org"), now=a.BEFORE)

    wanted = OwnContact(1, "642110499", "new@example.org", "es", no_contact=True)
    edit_own_contact(session, own, wanted, now=a.BEFORE)

    assert (patient.phone, patient.email) == ("+34642110499", "new@example.org")
    assert (patient.name, patient.desk_note) == (NURIA.name, "stairs")
    assert names(session, desk, "642110499") == [NURIA.name]
    assert (bystander.email, bystander.version) == ("bo@example.org", 1)
    changed = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (changed.action, changed.object_id) == ("patient.edited", patient.id)
    assert "new@example.org" not in changed.fields


def test_t035_a_patient_who_saves_over_the_desk_is_told(session, desk):
    patient = add_patient(session, desk, NURIA, now=a.BEFORE)
    own = a.actor(session, Role.PATIENT, patient_id=patient.id)
    edit_patient(session, desk, edited(patient, phone="+34642110479"), now=a.BEFORE)

    with pytest.raises(Stale):
        edit_own_contact(session, own, OwnContact(1, "642110499"), now=a.BEFORE)
    assert patient.phone == "+34642110479"


# Found.


@pytest.mark.parametrize(
    "words",
    [
        "nur",
        "garcia",
        "GARCÍA",
        "uria gar",
        "lopez nuria",
        "garcia, nuria",
        "642 110 478",
        "642.11.04.78",
        "642110",
        "+34 642 110 478",
        "0034 642110478",
        "(+34) 642-110",
        "478",
        "12.03.1984",
        "1984-03-12",
        "12/3/84",
        "12-3-1984",
        "1984",
        "nuria.garcia@example.org",
        "Garcia@EXAMPLE",
        "nuria 1984",
        "nuria 642",
    ],
)
def test_the_desk_finds_a_patient_by_whatever_it_remembers(session, desk, words):
    add_patient(session, desk, NURIA, now=a.BEFORE)
    put(session, desk, name="Bela Costa", phone="+351 912 345 999", email="bela@example.com")

    assert names(session, desk, words) == ["Nuria García López"]


@pytest.mark.parametrize("words", ["", "   ", "?!", "%", "_", "nuria smith", "13.03.1984", "643"])
def test_what_does_not_fit_finds_nobody(session, desk, words):
    add_patient(session, desk, NURIA, now=a.BEFORE)

    assert names(session, desk, words) == []


def test_a_number_dialled_inside_its_country_finds_the_patient(session, desk):
    put(session, desk, name="Tom", phone="+44 7912 345678")

    assert names(session, desk, "07912 345 678") == ["Tom"]
    assert names(session, desk, "+44 (0)7912 345678") == ["Tom"]


def test_a_country_that_writes_the_month_first_is_read_so(session):
    a.organisation(session, country="US")
    add_patient(session, CONSOLE, NURIA, now=a.BEFORE)

    assert names(session, CONSOLE, "3/12/84") == ["Nuria García López"]
    assert names(session, CONSOLE, "12/3/84") == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Sinéad O'Brien", "obrien"),
        ("Sinéad OBrien", "o'brien"),
        ("Jean-Pierre Roux", "jean pierre"),
        ("Søren Jørgensen", "soren jorgensen"),
        ("Łukasz Wałęsa", "lukasz walesa"),
        ("Anna Groß", "gross"),
        ("İpek Işık", "ipek isik"),
        ("Αλέξης Σπύρος", "αλεξης σπυρος"),
    ],
)
def test_the_desk_need_not_type_what_its_keyboard_lacks(session, desk, name, words):
    put(session, desk, name=name, phone="642110478")

    assert names(session, desk, words) == [name]


def test_names_that_begin_with_the_words_come_first(session, desk):
    for number, name in enumerate(["Juliana Reis", "Bela Anaya", "Ana Silva", "Susana Ana"]):
        put(session, desk, name=name, phone=f"+34 642 110 4{number:02}")

    assert names(session, desk, "ana") == ["Ana Silva", "Bela Anaya", "Susana Ana", "Juliana Reis"]


def test_no_more_are_found_than_asked_for(session, desk):
    for number in range(5):
        put(session, desk, name=f"Ana {number}", phone="642110478")

    assert len(find_patients(session, desk, "ana", limit=3, now=a.BEFORE)) == 3


def test_archived_patients_are_not_found(session, desk):
    add_patient(session, desk, NURIA, now=a.BEFORE).archived_at = a.BEFORE
    session.flush()

    assert names(session, desk, "nuria") == []


def test_t080_nobody_finds_patients_they_may_not_see(session, desk):
    seen = put(session, desk, name="Ana Seen", phone="642110478")
    put(session, desk, name="Ana Foreign", phone="642110478")
    doctor = a.professional(session)
    a.booking(session, doctor, a.span(9, 10), patient=seen)
    professional = a.actor(session, Role.PROFESSIONAL, professional_id=doctor.id)
    patient = a.actor(session, Role.PATIENT, patient_id=seen.id)

    assert names(session, professional, "ana") == ["Ana Seen"]
    assert names(session, patient, "642 110 478") == ["Ana Seen"]


@pytest.mark.parametrize(
    "words",
    [
        "x" * 10_000,
        "q " * 5_000,
        "1 " * 5_000,
        "9" * 10_000,
        "%_\\'\";--" * 1_000,
        "' OR 1=1 --",
        "\x00\ud800\u202e",
        "99/99/9999",
        "٣" * 500,
    ],
)
def test_t092_t093_hostile_words_are_only_words(session, desk, words):
    add_patient(session, desk, NURIA, now=a.BEFORE)

    assert names(session, desk, words) == []
    assert sum(len(group) for group in sought(words, "ES")) < 50


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1, max_size=40)


@given(name=NAMES, cut=st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_any_part_of_a_name_is_part_of_its_search_text(name, cut):
    text = search_text(NewPatient(name=name, phone="+34642110478"))
    start = cut.draw(st.integers(0, len(name) - 1))
    end = cut.draw(st.integers(start + 1, len(name)))

    for group in sought(name[start:end], "ES"):
        assert any(each in text for each in group)


@given(NAMES)
def test_folding_twice_changes_nothing(name):
    assert fold(fold(name)) == fold(name)
    assert fold(name.upper()).replace(" ", "") == fold(fold(name.upper())).replace(" ", "")


@given(born_on=st.dates(date(1900, 1, 1), date(2026, 1, 1)))
@settings(max_examples=50)
def test_a_birth_date_is_found_in_each_form(born_on):
    text = search_text(NewPatient(name="Ana", born_on=born_on))
    day, month, year = born_on.day, born_on.month, born_on.year
    for typed in (
        born_on.isoformat(),
        f"{day}.{month}.{year}",
        f"{day:02}/{month:02}/{year}",
        f"{day}-{month}-{year % 100:02}",
    ):
        assert all(any(each in text for each in group) for group in sought(typed, "ES"))


# Twice on file.


def reasons(session, actor, **values):
    found = find_likely_duplicates(session, actor, NewPatient(**values), now=a.BEFORE)
    return [(each.patient.name, *each.reasons) for each in found]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"name": "N. G.", "phone": "642110478"}, "The same phone number."),
        ({"name": "N. G.", "email": "NURIA.GARCIA@example.org"}, "The same e-mail address."),
        (
            {"name": "garcia lopez, nuria", "born_on": date(1984, 3, 12)},
            "The same name and date of birth.",
        ),
        ({"name": "NURIA GARCIA LOPEZ", "phone": "+34 600 000 000"}, "The same name."),
    ],
)
def test_a_likely_duplicate_is_shown_with_the_reason(session, desk, values, why):
    add_patient(session, desk, NURIA, now=a.BEFORE)

    assert reasons(session, desk, **values) == [("Nuria García López", why)]


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": "Nuria"},
        {"name": "Bela Costa", "phone": "642"},
        {"name": "Bela Costa", "born_on": date(1984, 3, 12)},
        {"name": "Nuria García", "email": "nuria@"},
    ],
)
def test_a_different_or_half_typed_patient_is_no_duplicate(session, desk, values):
    add_patient(session, desk, NURIA, now=a.BEFORE)

    assert reasons(session, desk, **values) == []


def test_the_likeliest_duplicate_comes_first(session, desk):
    put(session, desk, name="Pau García", phone="642110478")
    add_patient(session, desk, NURIA, now=a.BEFORE)

    found = find_likely_duplicates(session, desk, NURIA, now=a.BEFORE)

    assert [each.patient.name for each in found] == ["Nuria García López", "Pau García"]


def everything_of(session, patient):
    session.flush()
    columns = Patient.__table__.columns
    return session.execute(select(*columns).where(columns.id == patient.id)).one()


SHARED = [
    {"email": "nuria.garcia@example.org"},
    {"email": "NURIA.Garcia@Example.org"},
    {"phone": "642 110 478"},
    {"phone": "0034 642110478", "email": "nuria.garcia@example.org"},
]
"""Of Nuria's own, as somebody of her family gives it."""


@pytest.mark.parametrize("shared", SHARED)
def test_a_patient_put_on_file_with_anothers_contact_data_leaves_the_other_alone(
    session, desk, shared
):
    nuria = add_patient(session, desk, NURIA, now=a.BEFORE)
    before = everything_of(session, nuria)

    pau = put(session, desk, name="Pau García", **shared)

    assert everything_of(session, pau).name == "Pau García"
    assert pau.id != nuria.id
    assert pau.calendar_id != nuria.calendar_id
    assert everything_of(session, nuria) == before


@pytest.mark.parametrize("shared", SHARED)
def test_a_patient_given_anothers_contact_data_leaves_the_other_alone(session, desk, shared):
    nuria = add_patient(session, desk, NURIA, now=a.BEFORE)
    pau = put(session, desk, name="Pau Ruiz", phone="600 000 000")
    session.flush()
    before = everything_of(session, nuria)

    edit_patient(session, desk, edited(pau, **shared), now=a.BEFORE)

    changed = everything_of(session, pau)
    assert changed.name == "Pau Ruiz"
    assert all(getattr(changed, each) == getattr(before, each) for each in shared), (
        "both hold it now"
    )
    assert everything_of(session, nuria) == before


def test_a_search_of_many_patients_reads_no_more_than_it_shows(session, desk):
    for number in range(3):
        put(session, desk, name=f"Ana {number}", phone="642110478", desk_note="private")
    session.expunge_all()

    find_patients(session, desk, "ana", now=a.BEFORE)

    assert not any(isinstance(each, Patient) for each in session.identity_map.values())
