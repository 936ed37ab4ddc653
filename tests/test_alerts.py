"""Alerts and preferences: what the desk has to know before it books, and what patients like."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from core import schema
from core.booking.groups import SeatRequest, join, leave
from core.desk import DayAsked, load_day
from core.errors import Invalid, NotAllowed, NotFound, Stale
from core.models import AuditEntry, PartOfDay, Patient, PreferredProfessional, Role
from core.patients import (
    EditedPatient,
    NewPatient,
    Preferences,
    add_patient,
    edit_patient,
    load_to_know,
)
from dashboard.components.desk_board import badges_of
from tests import a

P = PartOfDay
GROUND_FLOOR = "Needs the ground floor room"


@pytest.fixture
def ruiz(session):
    return a.professional(session, name="Dr Ruiz")


@pytest.fixture
def reed(session, ruiz):
    """Mr Reed, of whom nothing is known yet."""
    return a.patient(session, name="Mr Reed", phone="+351912345678")


@pytest.fixture
def rita(session):
    return a.actor(session)


def ask(patient, **values):
    return EditedPatient(
        patient.id, patient.version, **({"name": patient.name, "phone": patient.phone} | values)
    )


def edit(session, actor, patient, **values):
    return edit_patient(session, actor, ask(patient, **values), now=a.BEFORE)


def test_what_is_noted_is_told_in_order_and_once(session, rita, reed, ruiz):
    liked = Preferences((ruiz.id,), (P.EVENING, P.MORNING), "The quiet room")
    edit(
        session,
        rita,
        reed,
        alerts=f"  {GROUND_FLOOR} \n\nPays in advance\n{GROUND_FLOOR}",
        preferences=liked,
    )

    known = load_to_know(session, rita, reed.id, now=a.BEFORE)
    assert known.alerts == (GROUND_FLOOR, "Pays in advance")
    assert known.preferences == replace(liked, parts=(P.MORNING, P.EVENING))
    assert known.names == {ruiz.id: "Dr Ruiz"}
    assert known.at_work == (ruiz.id,)


def test_somebody_new_comes_with_theirs(session, rita, ruiz):
    asked = NewPatient(
        "Eva Dias", "+351912345678", alerts="Deaf", preferences=Preferences((ruiz.id,))
    )

    added = add_patient(session, rita, asked, now=a.BEFORE)

    known = load_to_know(session, rita, added.id, now=a.BEFORE)
    assert (known.alerts, known.names) == (("Deaf",), {ruiz.id: "Dr Ruiz"})


def test_the_record_of_a_change_names_the_fields_and_not_the_words(session, rita, reed, ruiz):
    edit(session, rita, reed, alerts=GROUND_FLOOR, preferences=Preferences((ruiz.id,)))

    fields = session.scalars(select(AuditEntry.fields)).one()
    assert '"alerts"' in fields
    assert '"preferred_professionals"' in fields
    assert "ground floor" not in fields


def test_a_change_of_professionals_alone_makes_an_open_form_stale(session, rita, reed, ruiz):
    opened = ask(reed)
    edit(session, rita, reed, preferences=Preferences((ruiz.id,)))

    with pytest.raises(Stale):
        edit_patient(session, rita, opened, now=a.BEFORE)


def test_nothing_changed_puts_nothing_on_record(session, rita, reed, ruiz):
    liked = Preferences((ruiz.id,), (P.MORNING,), "")
    edit(session, rita, reed, alerts="Deaf", preferences=liked)
    version = reed.version

    edit(session, rita, reed, alerts="Deaf", preferences=liked)

    assert reed.version == version
    assert len(session.scalars(select(AuditEntry.id)).all()) == 1


def test_who_left_stays_preferred_until_they_are_taken_out_and_nobody_new_prefers_them(
    session, rita, reed, ruiz
):
    edit(session, rita, reed, preferences=Preferences((ruiz.id,)))
    ruiz.archived_at = a.BEFORE
    edit(session, rita, reed, alerts="Deaf", preferences=Preferences((ruiz.id,)))
    other = a.patient(session, name="Eva Dias", phone="+351912345679")

    known = load_to_know(session, rita, reed.id, now=a.BEFORE)
    assert (list(known.names), known.at_work) == ([ruiz.id], ())
    with pytest.raises(Invalid, match="works here"):
        edit(session, rita, other, preferences=Preferences((ruiz.id,)))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"alerts": "x" * 121}, "alerts"),
        ({"alerts": "\n".join(f"Alert {each}" for each in range(9))}, "alerts"),
        ({"preferences": Preferences(words="x" * 501)}, "preference"),
    ],
    ids=["one too long", "too many", "too many words"],
)
def test_what_cannot_be_read_at_a_glance_is_refused(session, rita, reed, values, field):
    with pytest.raises(Invalid) as refused:
        edit(session, rita, reed, **values)

    assert refused.value.field == field


def test_professionals_know_of_those_they_see_and_patients_do_not_read_it(session, reed, ruiz):
    reed.alerts = GROUND_FLOOR
    doctor = a.actor(session, Role.PROFESSIONAL, professional_id=ruiz.id)
    himself = a.actor(session, Role.PATIENT, patient_id=reed.id)

    with pytest.raises(NotFound):
        load_to_know(session, doctor, reed.id, now=a.BEFORE)
    a.booking(session, ruiz, a.span(9, 10), patient=reed)
    assert load_to_know(session, doctor, reed.id, now=a.BEFORE).alerts == (GROUND_FLOOR,)
    with pytest.raises(NotAllowed):
        load_to_know(session, himself, reed.id, now=a.BEFORE)


def test_an_older_database_gets_them_empty_and_gives_them_up_again(database):
    """T118"""
    with database.writing() as db:
        reed = a.patient(db, name="Mr Reed", alerts="Deaf")
        liked = PreferredProfessional(
            patient_id=reed.id, professional_id=a.professional(db, name="Dr Ruiz").id
        )
        db.add(liked)
    schema.downgrade(database, "0015")
    try:
        with database.reading() as db:
            assert db.execute(text("SELECT name FROM patients")).scalars().all() == ["Mr Reed"]
    finally:
        schema.migrate(database)
    with database.reading() as db:
        found = db.scalars(select(Patient)).one()
        assert (found.name, found.alerts, found.preferred_parts) == ("Mr Reed", "", "")
        assert db.scalars(select(PreferredProfessional)).all() == []


def test_the_calendar_marks_who_there_is_something_to_know_about(session, rita, reed):
    """First of the marks, so that its sign is there however small the block."""
    visit = a.service(session, name="Yoga", seats=3)
    ada = a.professional(session, name="Dr Ada", services=(visit,))
    edit(session, rita, reed, alerts=GROUND_FLOOR)
    for hour in (9, 10):
        booking = a.booking(session, ada, a.span(hour, hour + 0.5), service=visit)
        booking.seats, booking.desk_note = 3, "Brings a mat"
    session.flush()
    join(session, rita, SeatRequest(booking.id, booking.version, reed.id), now=a.BEFORE)

    def marks():
        day = load_day(session, rita, DayAsked(a.DAY), now=a.BEFORE)
        return [list(badges_of(each)) for each in day.bookings]

    assert marks() == [["note"], ["⚠ alert", "note"]]
    leave(session, rita, SeatRequest(booking.id, booking.version, reed.id), now=a.BEFORE)
    assert marks() == [["note"], ["note"]]
