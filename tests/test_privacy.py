"""What is kept about a person: given to them whole, and forgotten for good."""

import csv
import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from sqlalchemy import Text, func, select

from core import privacy
from core.booking.groups import SeatRequest, join, leave
from core.check import find_broken
from core.errors import Invalid, NotAllowed, NotFound, Stale
from core.models import (
    Attendee,
    AuditEntry,
    AuthSession,
    Base,
    Booking,
    BookingState,
    Erasure,
    Override,
    OverrideKind,
    Patient,
    Role,
    User,
    VisitNote,
)
from core.patients import EditedPatient, edit_patient, find_patients
from core.policy import Actor
from core.privacy.exporting import fields_of
from core.privacy.inventory import ERASED_NAME, HOLDINGS, NOT_THEIRS
from tests import a

S = BookingState
NOW = a.at(8)


def confirmed(session, role=Role.ADMIN, **values) -> Actor:
    """Somebody who has just typed their password."""
    made = a.actor(session, role, **values)
    opened = AuthSession(
        token_sha256=f"{made.user_id:064}",
        user_id=made.user_id,
        created_at=NOW,
        last_seen_at=NOW,
        auth_at=NOW,
        expires_at=NOW + timedelta(hours=12),
        ip="203.0.113.77",
        user_agent="Lynx",
    )
    session.add(opened)
    session.flush()
    return Actor(
        role=role,
        name=made.name,
        user_id=made.user_id,
        patient_id=made.patient_id,
        session_id=opened.id,
    )


def ana(session, **values) -> Patient:
    return a.patient(
        session,
        **(
            {
                "name": "Ana Zarzuela",
                "phone": "+351912345678",
                "email": "ana.zarzuela@example.org",
                "born_on": date(1984, 3, 12),
                "desk_note": "Deaf in the left ear",
                "alerts": "Zarzuela pays in advance",
                "preference": "Zarzuela likes the quiet room",
                "preferred_parts": "morning",
                "language": "pt",
            }
            | values
        ),
    )


def request(patient, confirmation=None) -> privacy.ErasureRequest:
    return privacy.ErasureRequest(patient.id, patient.version, confirmation or patient.name)


def erased(session, patient, admin=None):
    return privacy.erase(session, admin or confirmed(session), request(patient), now=NOW)


# What is kept.


def test_t156_every_table_is_known_to_hold_something_about_a_person_or_not():
    held = [each.table.name for each in HOLDINGS]

    assert sorted([*held, *NOT_THEIRS]) == sorted(Base.metadata.tables)


def test_t156_a_table_that_names_a_person_is_never_called_nobodys():
    """Whoever adds a column that points at a patient or a user has to say what becomes of it."""
    people = {"patients", "users"}
    pointing = {
        table.name
        for table in Base.metadata.sorted_tables
        if {key.column.table.name for key in table.foreign_keys} & people
        or {"patient_id", "user_id"} & set(table.c.keys())
    }

    assert pointing & set(NOT_THEIRS) == {"erasures"}


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda each: each.table.name)
def test_t156_every_column_is_given_or_left_out_for_a_reason(holding):
    columns = set(holding.table.c.keys())

    assert set(holding.left_out) <= columns
    assert set(holding.given) <= set(fields_of(holding))
    assert set(holding.blanks) <= columns
    assert all(holding.left_out.values())
    assert holding.why


WORDS_THAT_STAY = {
    "waiting_entries": {"request_key"},
    "auth_sessions": {"revoke_reason", "token_sha256"},
    "bookings": {"currency", "request_key"},
    "series": {"weekdays"},
    "audit_entries": {"action", "object_kind", "fields", "previous_hash", "hash"},
}
"""Codes of our own, which nobody types."""


@pytest.mark.parametrize("holding", HOLDINGS, ids=lambda each: each.table.name)
def test_t158_whatever_can_hold_words_about_a_person_is_emptied(holding):
    typed = {
        each.name
        for each in holding.table.c
        if isinstance(each.type, Text) or type(each.type).__name__ == "String"
    }

    if not holding.removed:
        assert typed - set(holding.blanks) <= WORDS_THAT_STAY.get(holding.table.name, set())


# An export.


def opened(content: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content))


def table(files: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files.read(f"{name}.csv").decode("utf-8-sig"))))


@pytest.fixture
def history(session):
    """A patient with visits, a group, an account and an override, and another patient."""
    patient, other = ana(session), a.patient(session, name="Other Person")
    user = a.user(session, Role.PATIENT, patient_id=patient.id, username="ana@example.org")
    doctor = a.professional(session, name="Dr Ruiz")
    past = a.booking(session, doctor, a.span(9, 10, day=-7), patient=patient, state=S.COMPLETED)
    past.desk_note = "Brings a wheelchair"
    coming = a.booking(session, doctor, a.span(9, 10, day=1), patient=patient)
    yoga = a.service(session, name="Yoga", seats=3, length_minutes=60)
    group = a.booking(session, doctor, a.span(14, 15), patient=other, service=yoga)
    group.seats, group.desk_note = 3, "Other Person is late"
    session.flush()
    desk = a.actor(session)
    join(session, desk, SeatRequest(group.id, group.version, patient.id), now=a.BEFORE)
    session.add(
        Override(
            booking_id=past.id,
            kind=OverrideKind.NOTICE,
            reason="Ana phoned",
            note="at night",
            role=Role.RECEPTIONIST,
            at=a.BEFORE,
        )
    )
    session.flush()
    return {
        "patient": patient,
        "other": other,
        "user": user,
        "past": past,
        "coming": coming,
        "group": group,
        "desk": desk,
    }


def test_t156_an_export_holds_everything_as_data_and_as_tables(session, history):
    content = privacy.export_patient(session, confirmed(session), history["patient"].id, now=NOW)

    files = opened(content)
    whole = json.loads(files.read("person.json"))
    assert whole["patients"][0]["name"] == "Ana Zarzuela"
    assert whole["patients"][0]["born_on"] == "1984-03-12"
    assert [each["professional_id"] for each in whole["bookings"]] == ["Dr Ruiz"] * 3
    assert {each["desk_note"] for each in whole["bookings"]} == {"Brings a wheelchair", ""}
    assert whole["users"][0]["username"] == "ana@example.org"
    assert whole["overrides"][0]["reason"] == "Ana phoned"
    assert {each.table.name for each in HOLDINGS} <= set(whole)
    for holding in HOLDINGS:
        assert len(table(files, holding.table.name)) == len(whole[holding.table.name])
    assert "Left out: password_hash" in files.read("README.txt").decode()


def test_t156_an_export_tells_nothing_about_anybody_else(session, history):
    content = privacy.export_patient(session, confirmed(session), history["patient"].id, now=NOW)

    everything = b"".join(opened(content).read(name) for name in opened(content).namelist())
    assert b"Other Person" not in everything
    assert history["desk"].name.encode() not in everything


def test_t156_what_was_set_aside_for_a_group_and_who_else_is_in_it_stay_out(session, history):
    group, patient, other = history["group"], history["patient"], history["other"]
    session.add(
        Override(
            booking_id=group.id,
            kind=OverrideKind.LIMIT,
            reason="for Other Person",
            note="who is Other Person",
            role=Role.RECEPTIONIST,
            at=a.BEFORE,
        )
    )
    asked = SeatRequest(group.id, group.version, other.id)
    leave(session, history["desk"], asked, now=a.BEFORE)
    content = privacy.export_patient(session, confirmed(session), patient.id, now=NOW)

    whole = json.loads(opened(content).read("person.json"))
    assert [(each["reason"], each["note"]) for each in whole["overrides"]] == [
        ("Ana phoned", "at night"),
        ("", ""),
    ]
    assert {
        each["action"]: each["fields"]
        for each in whole["audit_entries"]
        if each["action"].startswith("group.")
    } == {"group.joined": f'{{"patient": {patient.id}}}', "group.left": ""}


def test_t156_patients_take_their_own_and_nobody_elses(session, history):
    own = Actor(Role.PATIENT, "Ana", patient_id=history["patient"].id)

    assert privacy.export_patient(session, own, history["patient"].id, now=NOW)
    with pytest.raises(NotFound):
        privacy.export_patient(session, own, history["other"].id, now=NOW)


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PROFESSIONAL])
def test_t156_only_admins_export_others(session, history, role):
    with pytest.raises(NotAllowed):
        privacy.export_patient(session, confirmed(session, role), history["patient"].id, now=NOW)


def test_t156_an_export_is_put_on_record_once(session, history):
    privacy.export_patient(session, confirmed(session), history["patient"].id, now=NOW)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "patient.exported")).one()
    assert (entry.object_kind, entry.object_id) == ("patients", history["patient"].id)


def test_a_formula_in_a_name_stays_text_in_the_tables(session):
    patient = a.patient(session, name="=1+1")
    files = opened(privacy.export_patient(session, confirmed(session), patient.id, now=NOW))

    assert table(files, "patients")[0]["name"] == "'=1+1"
    assert json.loads(files.read("person.json"))["patients"][0]["name"] == "=1+1"


# Erasing.


def test_t158_erasing_leaves_the_figures_and_nothing_that_tells_who(session, history):
    patient, past = history["patient"], history["past"]
    before = (past.starts_at, past.professional_id, past.service_id, past.price_cents)
    erased(session, patient)

    shell = session.get_one(Patient, patient.id)
    assert (shell.name, shell.phone, shell.email) == (ERASED_NAME, "", "")
    assert (shell.born_on, shell.desk_note, shell.search) == (None, "", "")
    assert shell.archived_at == NOW
    kept = session.get_one(Booking, past.id)
    assert (kept.starts_at, kept.professional_id, kept.service_id, kept.price_cents) == before
    assert (kept.state, kept.desk_note) == (S.COMPLETED, "")
    assert session.scalars(select(Override.reason)).one() == ""
    assert session.get_one(Erasure, patient.id).erased_at == NOW


def test_t158_what_was_still_to_come_is_cancelled_and_seats_are_given_up(session, history):
    erased(session, history["patient"])

    assert session.get_one(Booking, history["coming"].id).state is S.CANCELLED
    assert session.get_one(Booking, history["group"].id).state is S.BOOKED
    seats = session.scalars(
        select(Attendee.state).where(Attendee.booking_id == history["group"].id)
    ).all()
    assert sorted(seats) == [S.BOOKED, S.CANCELLED]
    assert not session.get_one(Booking, history["coming"].id).cancelled_late
    amiss = {each.name for each in find_broken(session, now=NOW)}
    assert amiss <= {"first_event", "last_event", "claimed_for_nothing"}  # of rows made by hand


def test_t158_their_account_is_closed_and_says_nothing(session, history):
    user = history["user"]
    session.add(
        AuthSession(
            token_sha256="7" * 64,
            user_id=user.id,
            created_at=NOW,
            last_seen_at=NOW,
            auth_at=NOW,
            expires_at=NOW + timedelta(hours=1),
            ip="203.0.113.9",
            user_agent="Ana's phone",
        )
    )
    erased(session, history["patient"])

    shell = session.get_one(User, user.id)
    assert (shell.username, shell.name, shell.active) == (f"erased-{user.id}", ERASED_NAME, False)
    open_one = session.scalars(select(AuthSession).where(AuthSession.user_id == user.id)).one()
    assert (open_one.ip, open_one.user_agent, open_one.revoked_at) == ("", "", NOW)


def test_t158_another_patient_is_left_as_they_were(session, history):
    other = history["other"]
    before = (other.name, other.version)
    erased(session, history["patient"])

    session.expire_all()
    assert (other.name, other.version) == before


def test_t158_an_erased_patient_is_found_exported_and_erased_no_more(session, history):
    admin, patient = confirmed(session), history["patient"]
    erased(session, patient, admin)

    assert find_patients(session, admin, "Zarzuela", now=NOW) == []
    with pytest.raises(NotFound):
        privacy.export_patient(session, admin, patient.id, now=NOW)
    with pytest.raises(NotFound):
        erased(session, patient, admin)
    with pytest.raises(NotFound):
        privacy.preview_erasure(session, admin, patient.id, now=NOW)


def test_t158_the_name_or_the_number_is_typed_once_more(session):
    admin, patient = confirmed(session), ana(session)
    with pytest.raises(Invalid, match="not the name"):
        privacy.erase(session, admin, request(patient, "Ana"), now=NOW)

    assert privacy.erase(session, admin, request(patient, "  ana ZARZUELA "), now=NOW)


def test_t158_the_number_will_do(session):
    patient = ana(session)

    assert privacy.erase(session, confirmed(session), request(patient, str(patient.id)), now=NOW)


def test_t158_only_admins_erase(session):
    patient = ana(session)
    for role in (Role.RECEPTIONIST, Role.PROFESSIONAL, Role.PATIENT):
        with pytest.raises(NotAllowed):
            privacy.erase(session, confirmed(session, role), request(patient), now=NOW)


def test_t158_a_record_that_was_changed_meanwhile_is_looked_at_again(session):
    admin, patient = confirmed(session), ana(session)
    asked = request(patient)
    edit_patient(
        session,
        admin,
        EditedPatient(patient.id, patient.version, "Ana Zarzuela", "+351912345679"),
        now=NOW,
    )
    with pytest.raises(Stale):
        privacy.erase(session, admin, asked, now=NOW)


def test_t158_who_is_here_is_not_erased_before_they_leave(session):
    patient = ana(session)
    visit = a.booking(
        session, a.professional(session), a.span(7.5, 9), patient=patient, state=S.IN_PROGRESS
    )
    with pytest.raises(Invalid, match="is here now"):
        erased(session, patient)

    visit.state = visit.attendees[0].state = S.COMPLETED
    session.flush()
    assert erased(session, patient)


def test_t158_the_preview_counts_what_goes_and_what_stays(session, history):
    preview = privacy.preview_erasure(session, confirmed(session), history["patient"].id, now=NOW)

    assert [each.id for each in preview.coming] == [history["group"].id, history["coming"].id]
    assert (preview.visits, preview.notes) == (1, 2)
    assert preview.username == "ana@example.org"
    assert not preview.is_here


def test_t158_the_preview_counts_private_notes_and_says_which_words_others_lose(session, history):
    past, group = history["past"], history["group"]
    writer = a.user(session, Role.PROFESSIONAL, professional_id=past.professional_id)
    for booking, words in ((past, "sleeps badly"), (group, "Ana hurt her knee")):
        session.add(VisitNote(booking_id=booking.id, user_id=writer.id, words=words))
    session.flush()
    elsewhere = a.booking(session, a.professional(session), a.span(9, 10))
    session.add(VisitNote(booking_id=elsewhere.id, user_id=writer.id, words="not hers"))
    session.flush()

    preview = privacy.preview_erasure(session, confirmed(session), history["patient"].id, now=NOW)
    assert (preview.private_notes, preview.of_groups) == (2, 1)

    erased(session, history["patient"])
    assert session.scalars(select(VisitNote.words)).all() == ["not hers"]


def test_t158_an_erasure_is_put_on_record_with_numbers_alone(session, history):
    erased(session, history["patient"])

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "patient.erased")).one()
    assert json.loads(entry.fields) == {"cancelled": 2}


def test_t157_a_corrected_name_leaves_only_the_name_of_the_field(session):
    admin, patient = confirmed(session), ana(session)
    edit_patient(
        session,
        admin,
        EditedPatient(patient.id, patient.version, "Anna Zarzuela", "+351912345678"),
        now=NOW,
    )

    said = session.scalars(select(AuditEntry.fields)).all()
    assert "name" in said[-1]
    assert not any("Zarzuela" in each for each in said)


# Asking for it.


def test_a_patient_asks_and_the_admin_sees_it_until_they_think_better_of_it(session):
    admin, patient = confirmed(session), ana(session)
    own = Actor(Role.PATIENT, "Ana", patient_id=patient.id)

    privacy.ask_for_erasure(session, own, now=NOW)
    assert [each.patient_id for each in privacy.load_requests(session, admin)] == [patient.id]
    privacy.withdraw_request(session, own, now=NOW)
    assert privacy.load_requests(session, admin) == []


def test_a_request_is_done_with_once_the_patient_is_erased(session):
    admin, patient = confirmed(session), ana(session)
    privacy.ask_for_erasure(session, Actor(Role.PATIENT, "Ana", patient_id=patient.id), now=NOW)
    erased(session, patient, admin)

    assert privacy.load_requests(session, admin) == []


def test_nobody_asks_for_somebody_else(session):
    with pytest.raises(NotAllowed):
        privacy.ask_for_erasure(session, confirmed(session), now=NOW)


@pytest.mark.parametrize("step", ["ask", "withdraw", "keep"])
def test_t141_every_other_step_is_put_on_record_once(session, step):
    a.organisation(session)
    admin, patient = confirmed(session), ana(session)
    own = Actor(Role.PATIENT, "Ana", patient_id=patient.id)
    if step == "withdraw":
        privacy.ask_for_erasure(session, own, now=NOW)
    before = session.scalar(select(func.count()).select_from(AuditEntry))

    for _twice in range(2):
        if step == "ask":
            privacy.ask_for_erasure(session, own, now=NOW)
        elif step == "withdraw":
            privacy.withdraw_request(session, own, now=NOW)
        else:
            privacy.keep_for(session, admin, privacy.KeepRequest(24), now=NOW)

    assert session.scalar(select(func.count()).select_from(AuditEntry)) == before + 1


# How long.


@pytest.fixture
def long_ago(session):
    """Patients put on file three years ago: one came last month, one never did."""
    a.organisation(session)
    then = NOW - timedelta(days=3 * 365)
    came = ana(session, created_at=then)
    a.booking(session, a.professional(session), a.span(9, 10, day=-30), patient=came)
    a.patient(session, name="New Here", created_at=NOW)
    return a.patient(session, name="Gone Long", created_at=then), came


def due(session, admin):
    return [each.name for each in privacy.load_due(session, admin, now=NOW, limit=10)]


def test_without_a_rule_nobody_is_due(session, long_ago):
    assert due(session, confirmed(session)) == []


def test_who_has_not_come_for_that_long_is_due_and_still_there(session, long_ago):
    admin = confirmed(session)
    privacy.keep_for(session, admin, privacy.KeepRequest(24), now=NOW)

    assert due(session, admin) == ["Gone Long"]
    assert session.scalar(select(func.count()).select_from(Erasure)) == 0


@pytest.mark.parametrize("state", [S.CANCELLED, S.NO_SHOW])
def test_a_visit_that_never_took_place_is_no_visit(session, long_ago, state):
    admin = confirmed(session)
    privacy.keep_for(session, admin, privacy.KeepRequest(24), now=NOW)
    doctor = a.professional(session)
    a.booking(session, doctor, a.span(9, 10, day=-9), patient=long_ago[0], state=state)
    assert due(session, admin) == ["Gone Long"]

    a.booking(session, doctor, a.span(9, 10, day=-8), patient=long_ago[0], state=S.COMPLETED)
    assert due(session, admin) == []


def test_who_is_to_come_is_not_due(session, long_ago):
    admin = confirmed(session)
    privacy.keep_for(session, admin, privacy.KeepRequest(1), now=NOW + timedelta(days=60))
    later = NOW + timedelta(days=60)
    assert "Ana Zarzuela" in [
        each.name for each in privacy.load_due(session, admin, now=later, limit=10)
    ]
    a.booking(session, a.professional(session), a.span(9, 10, day=90), patient=long_ago[1])

    assert "Ana Zarzuela" not in [
        each.name for each in privacy.load_due(session, admin, now=later, limit=10)
    ]


def test_the_rule_is_a_number_of_months_and_the_admins_to_say(session, long_ago):
    admin = confirmed(session)
    for months in (0, 601):
        with pytest.raises(Invalid):
            privacy.keep_for(session, admin, privacy.KeepRequest(months), now=NOW)
    with pytest.raises(NotAllowed):
        privacy.keep_for(
            session, confirmed(session, Role.RECEPTIONIST), privacy.KeepRequest(12), now=NOW
        )
    privacy.keep_for(session, admin, privacy.KeepRequest(12), now=NOW)
    assert privacy.keep_for(session, admin, privacy.KeepRequest(None), now=NOW).keep_months is None


def test_the_erased_are_not_due_again(session, long_ago):
    admin = confirmed(session)
    privacy.keep_for(session, admin, privacy.KeepRequest(24), now=NOW)
    erased(session, long_ago[0], admin)

    assert due(session, admin) == []
