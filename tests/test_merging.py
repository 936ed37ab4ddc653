"""A person on file twice: found, made one with everything they have, parted again, told apart."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core import merging, privacy, waiting
from core.booking import BookingRequest, CancelRequest, book, cancel
from core.errors import BookingError, Invalid, NotAllowed, NotFound, Stale
from core.merging import MergeRequest, TellApartRequest
from core.merging.moving import MOVED, STAYS
from core.models import (
    AuditEntry,
    Base,
    Claim,
    Erasure,
    ExceptionalAccess,
    PartOfDay,
    Patient,
    PatientMerge,
    PreferredProfessional,
    Role,
    User,
    WaitingEntry,
)
from core.patient_record import load_record
from core.patients import (
    EditedPatient,
    Preferences,
    edit_patient,
    find_patients,
    load_to_know,
)
from core.policy import Actor
from tests import a

BORN = date(1984, 3, 12)
SOON = a.BEFORE + timedelta(minutes=9)


class Twice:
    """Ana Silva, and the second record somebody made of her, each with a visit and more."""

    def __init__(self, session):
        self.session = session
        self.rita = a.actor(session)
        self.visit = a.service(session, name="Visit")
        self.ada = a.professional(session, name="Dr Ada", services=(self.visit,))
        self.ana = a.patient(
            session,
            name="Ana Silva",
            phone="+351912345678",
            born_on=BORN,
            desk_note="Step at door",
            alerts="Needs the ground floor room",
            preferred_parts="morning",
        )
        self.again = a.patient(
            session,
            name="Ana M. Silva",
            email="ana@example.org",
            born_on=BORN,
            desk_note="Deaf",
            alerts="Needs the ground floor room\nPays in advance",
            preferred_parts="evening",
            preference="The quiet room",
        )
        session.add(PreferredProfessional(patient_id=self.again.id, professional_id=self.ada.id))
        self.first = self.book(self.ana, 9)
        self.second = self.book(self.again, 11)

    def book(self, patient, hour):
        asked = BookingRequest(
            self.ada.id, self.visit.id, patient.id, a.at(hour), f"{patient.id} {hour}"
        )
        return book(self.session, self.rita, asked, now=a.BEFORE)

    def request(self, *from_other):
        ana, again = self.ana, self.again
        return MergeRequest(ana.id, ana.version, again.id, again.version, frozenset(from_other))

    def merge(self, *from_other, actor=None):
        asked = self.request(*from_other)
        return merging.merge(self.session, actor or self.rita, asked, now=a.BEFORE)

    def undo(self, *, now=SOON, actor=None):
        return merging.undo_merge(self.session, actor or self.rita, self.again.id, now=now)

    def wait(self, patient):
        asked = waiting.NewEntry(patient.id, waiting.Wishes(self.visit.id), f"waits {patient.id}")
        return waiting.add(self.session, self.rita, asked, now=a.BEFORE)

    def names_patients(self):
        """Every row that names one of the two, as it is, but for what was put on record."""
        self.session.flush()
        found = {}
        for table in Base.metadata.sorted_tables:
            columns = [each for each in table.c if names_a_patient(each)]
            if columns and table.name not in ("audit_entries", "patient_merges"):
                rows = self.session.execute(select(table).order_by(*table.primary_key))
                found[table.name] = [row._asdict() for row in rows]
        claims = select(Claim.id, Claim.calendar_id).order_by(Claim.id)
        found["claims"] = self.session.execute(claims).all()
        people = self.session.execute(select(Patient.__table__).order_by(Patient.id))
        stamps = {"version", "updated_at"}
        found["patients"] = [
            {name: value for name, value in row._asdict().items() if name not in stamps}
            for row in people
        ]
        return found


def names_a_patient(column) -> bool:
    refers = {each.column.table.name for each in column.foreign_keys}
    return "patients" in refers or column.name == "patient_id"


@pytest.fixture
def twice(session) -> Twice:
    return Twice(session)


@pytest.fixture
def with_more(twice) -> Twice:
    """The second record also waits, signs in, was written to, and was opened for a reason."""
    db = twice.session
    twice.wait(twice.again)
    user = a.user(db, Role.PATIENT, patient_id=twice.again.id)
    db.add(
        ExceptionalAccess(
            user_id=user.id,
            patient_id=twice.again.id,
            reason="call",
            opened_at=a.BEFORE,
            ends_at=SOON,
        )
    )
    db.flush()
    return twice


# What moves.


def test_every_column_that_names_a_patient_moves_or_stays_for_a_reason():
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.c
        if names_a_patient(column)
    }
    moved = {f"{each.column.table.name}.{each.column.name}" for each in MOVED}

    assert named == moved | set(STAYS)
    assert not moved & set(STAYS)


def test_everything_of_the_second_record_becomes_the_first_ones(with_more):
    kept = with_more.merge("email")

    db = with_more.session
    record = load_record(db, with_more.rita, kept.id, now=a.BEFORE, past=9)
    assert [each.booking_id for each in record.coming] == [with_more.first.id, with_more.second.id]
    assert kept.email == "ana@example.org"
    assert kept.desk_note == "Step at door\nDeaf"
    assert db.scalars(select(User.patient_id).where(User.role == Role.PATIENT)).all() == [kept.id]
    assert db.scalars(select(ExceptionalAccess.patient_id)).all() == [kept.id]
    assert db.scalars(select(WaitingEntry.patient_id)).all() == [kept.id]
    claims = db.scalars(select(Claim).where(Claim.calendar_id == kept.calendar_id)).all()
    assert {each.booking_id for each in claims} == {with_more.first.id, with_more.second.id}


def test_the_second_record_is_found_no_more_and_its_links_lead_to_the_first(twice):
    twice.merge()

    found = find_patients(twice.session, twice.rita, "silva", now=a.BEFORE)
    assert [each.id for each in found] == [twice.ana.id]
    led = load_record(twice.session, twice.rita, twice.again.id, now=a.BEFORE, past=9)
    assert led.patient.id == twice.ana.id


def test_the_time_of_a_visit_that_came_along_is_taken(twice):
    twice.merge()

    with pytest.raises(BookingError):
        twice.book(twice.ana, 11)


# What is in the way.


def test_who_is_in_two_places_at_once_is_two_people(twice):
    other = a.professional(twice.session, name="Dr Ben")
    a.booking(twice.session, other, a.span(9, 9.5), service=twice.visit, patient=twice.again)

    with pytest.raises(Invalid, match=r"Ana Silva \(\d+\) has Visit, Dr Ada .*Visit, Dr Ben"):
        twice.merge()


def test_both_on_one_waiting_list_are_not_made_one(twice):
    twice.wait(twice.ana)
    twice.wait(twice.again)

    with pytest.raises(Invalid, match="waiting list for Visit"):
        twice.merge()


def test_two_accounts_are_not_made_one_before_an_admin_switches_one_off(twice):
    a.user(twice.session, Role.PATIENT, patient_id=twice.ana.id)
    second = a.user(twice.session, Role.PATIENT, patient_id=twice.again.id)
    with pytest.raises(Invalid, match="account of their own"):
        twice.merge()

    second.active = False
    assert twice.merge().id == twice.ana.id
    assert second.patient_id == twice.again.id


def test_a_record_that_was_changed_meanwhile_is_looked_at_again(twice):
    asked = twice.request()
    again = twice.again
    edit_patient(
        twice.session,
        twice.rita,
        EditedPatient(again.id, again.version, "Eva", email="eva@example.org"),
        now=a.BEFORE,
    )

    with pytest.raises(Stale):
        merging.merge(twice.session, twice.rita, asked, now=a.BEFORE)


def test_an_erased_patient_is_made_one_with_nobody(twice):
    twice.session.add(Erasure(patient_id=twice.again.id, added_at=a.BEFORE, erased_at=a.BEFORE))

    with pytest.raises(NotFound):
        twice.merge()


@pytest.mark.parametrize("role", [Role.PROFESSIONAL, Role.PATIENT])
def test_only_who_may_change_records_makes_them_one(session, role):
    twice = Twice(session)

    with pytest.raises(NotAllowed):
        twice.merge(actor=Actor(role=role, name="x", professional_id=twice.ada.id))


def test_alerts_and_preferences_are_kept_from_both(twice):
    kept = twice.merge()

    known = load_to_know(twice.session, twice.rita, kept.id, now=a.BEFORE)
    assert known.alerts == ("Needs the ground floor room", "Pays in advance")
    assert known.preferences == Preferences(
        (twice.ada.id,), (PartOfDay.MORNING, PartOfDay.EVENING), "The quiet room"
    )


def test_a_form_open_on_the_kept_record_does_not_undo_what_came_from_the_other(twice):
    opened_on = twice.ana.version
    twice.merge()

    with pytest.raises(Stale):
        edit_patient(
            twice.session,
            twice.rita,
            EditedPatient(twice.ana.id, opened_on, "Ana Silva", "+351912345678"),
            now=a.BEFORE,
        )


# Undo.


def test_undo_brings_both_back_exactly(with_more):
    before = with_more.names_patients()
    with_more.merge("name", "email")
    assert with_more.names_patients() != before

    with_more.undo()

    assert with_more.names_patients() == before
    assert with_more.session.scalars(select(PatientMerge)).all() == []


def test_a_visit_cancelled_since_goes_back_cancelled(twice):
    twice.merge()
    cancel(
        twice.session,
        twice.rita,
        CancelRequest(twice.second.id, twice.second.version, "ill"),
        now=a.BEFORE,
    )

    twice.undo()

    record = load_record(twice.session, twice.rita, twice.again.id, now=a.BEFORE, past=9)
    assert [each.booking_id for each in record.past] == [twice.second.id]
    assert record.coming == []


def test_a_visit_booked_since_for_who_waited_stays_with_whom_it_was_booked_for(twice):
    twice.wait(twice.again)
    twice.merge()
    served = twice.book(twice.ana, 14)
    entry = waiting.close_served(twice.session, twice.rita, served, now=a.BEFORE)
    twice.undo()

    assert (entry.patient_id, entry.booking_id) == (twice.ana.id, served.id)


def test_after_ten_minutes_it_stays(twice):
    twice.merge()

    with pytest.raises(NotFound):
        twice.undo(now=a.BEFORE + timedelta(minutes=10))


def test_a_record_that_was_edited_since_is_not_parted(twice):
    kept = twice.merge()
    edited = EditedPatient(kept.id, kept.version, "Eva", email="eva@example.org")
    edit_patient(twice.session, twice.rita, edited, now=a.BEFORE)

    with pytest.raises(Stale):
        twice.undo()


def test_merging_twice_is_undone_from_the_end(twice):
    third = a.patient(twice.session, name="A. Silva", phone="+351912345678")
    twice.merge()
    ana = twice.ana
    asked = MergeRequest(third.id, third.version, ana.id, ana.version)
    merging.merge(twice.session, twice.rita, asked, now=a.BEFORE)

    led = load_record(twice.session, twice.rita, twice.again.id, now=a.BEFORE, past=9)
    assert led.patient.id == third.id
    with pytest.raises((NotFound, Stale)):
        twice.undo()

    merging.undo_merge(twice.session, twice.rita, ana.id, now=SOON)
    led = load_record(twice.session, twice.rita, twice.again.id, now=a.BEFORE, past=9)
    assert led.patient.id == ana.id


def test_what_it_takes_to_part_them_is_kept_no_longer_than_that(twice):
    twice.merge()
    later = a.BEFORE + timedelta(days=1)
    one, two = (a.patient(twice.session, name="Eva Dias", email="e@example.org") for _ in range(2))
    asked = MergeRequest(one.id, one.version, two.id, two.version)
    merging.merge(twice.session, twice.rita, asked, now=later)

    old = twice.session.get(PatientMerge, twice.again.id)
    twice.session.refresh(old)
    assert (old.before, old.moved) == ("", "")


def test_the_audit_says_so_in_numbers_alone(twice):
    twice.merge()
    twice.undo()

    about = select(AuditEntry).where(AuditEntry.action.in_(("patient.united", "patient.parted")))
    entries = twice.session.scalars(about.order_by(AuditEntry.id)).all()
    assert [each.object_id for each in entries] == [twice.ana.id] * 2
    assert "Silva" not in "".join(each.fields for each in entries)


# Privacy.


def test_erasing_the_one_that_was_kept_erases_both(twice):
    twice.merge()
    admin = a.confirmed(twice.session, Role.ADMIN, now=a.BEFORE)
    asked = privacy.ErasureRequest(twice.ana.id, twice.ana.version, str(twice.ana.id))
    privacy.erase(twice.session, admin, asked, now=a.BEFORE)

    rows = twice.session.execute(select(Patient.__table__)).all()
    assert not [row for row in rows if "Silva" in str(row) or "ana@" in str(row)]
    erased = set(twice.session.scalars(select(Erasure.patient_id)))
    assert erased == {twice.ana.id, twice.again.id}
    with pytest.raises(NotFound):
        twice.undo()


def test_an_older_copy_in_which_they_were_two_brings_back_neither(twice):
    listed = [
        privacy.Listed(each.id, each.created_at, a.BEFORE) for each in (twice.ana, twice.again)
    ]

    assert privacy.replay(twice.session, listed, now=a.BEFORE) == 2
    names = twice.session.scalars(select(Patient.name)).all()
    assert not [name for name in names if "Silva" in name]


def test_who_became_part_of_another_is_neither_exported_nor_erased_alone(twice):
    twice.merge()
    admin = a.confirmed(twice.session, Role.ADMIN, now=a.BEFORE)

    with pytest.raises(NotFound):
        privacy.check_may_export(twice.session, admin, twice.again.id, now=a.BEFORE)
    with pytest.raises(NotFound):
        privacy.preview_erasure(twice.session, admin, twice.again.id, now=a.BEFORE)
    assert b"PK" in privacy.export_patient(twice.session, admin, twice.ana.id, now=a.BEFORE)[:2]


# Finding them.


def pairs(session, actor):
    found = merging.load_pairs(session, actor, now=a.BEFORE, limit=9)
    return [(each.first.name, each.second.name) for each in found]


def test_pairs_share_a_number_an_address_or_a_name_and_birth_date(session):
    rita = a.actor(session)
    a.patient(session, name="Ana Silva", phone="+351912345678", email="ana@example.org")
    a.patient(session, name="Ana M Silva", phone="+351912345678", email="ana@example.org")
    a.patient(session, name="Núria Costa", born_on=BORN)
    a.patient(session, name="nuria costa", born_on=BORN)
    a.patient(session, name="Eva Dias", email="eva@example.org")
    a.patient(session, name="Eva Dias Lopes", email="eva@example.org")

    assert pairs(session, rita) == [
        ("Ana Silva", "Ana M Silva"),
        ("Eva Dias", "Eva Dias Lopes"),
        ("Núria Costa", "nuria costa"),
    ]


def test_a_family_with_one_telephone_is_no_pair(session):
    rita = a.actor(session)
    a.patient(session, name="Ana Silva", phone="+351912345678", born_on=BORN)
    a.patient(session, name="Rui Silva", phone="+351912345678", born_on=date(2015, 1, 1))
    a.patient(session, name="Tom Hill", phone="+351912345678")

    assert pairs(session, rita) == []


def test_those_told_apart_are_not_suggested_again_in_the_list_or_on_the_record(twice):
    db, rita = twice.session, twice.rita
    again = a.patient(db, name="Ana Silva", phone="+351912345678")
    assert pairs(db, rita) == [("Ana Silva", "Ana Silva")]
    assert [
        each.patient.id for each in merging.find_same(db, rita, twice.ana.id, now=a.BEFORE)
    ] == [again.id]

    merging.tell_apart(db, rita, TellApartRequest(again.id, twice.ana.id), now=a.BEFORE)

    assert pairs(db, rita) == []
    assert merging.find_same(db, rita, twice.ana.id, now=a.BEFORE) == []


def test_told_apart_from_one_holds_for_whom_it_became_part_of(twice):
    db, rita = twice.session, twice.rita
    like = a.patient(db, name="Ana Silva", phone="+351912345678")
    merging.tell_apart(db, rita, TellApartRequest(like.id, twice.again.id), now=a.BEFORE)

    twice.merge()

    assert pairs(db, rita) == []
