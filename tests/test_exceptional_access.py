"""Break-glass: one record, for a reason, for an hour, and the admins are told (T152)."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from core import exceptional_access
from core.booking import BookingRequest, book
from core.errors import ConfirmationNeeded, Invalid, NotAllowed, NotFound
from core.exceptional_access import AccessRequest, TooManyAccesses, Vain, open_exceptionally
from core.models import AuditEntry, AuthSession, OutboxMessage, Role
from core.patients import find_patients, get_patient
from tests import a

NOW = a.at(9)
WHY = "Collapsed in the waiting room"


@pytest.fixture
def house(session):
    """Dr Ada, who has never seen Bea."""
    service = a.service(session)
    ada = a.professional(session, name="Dr Ada", services=(service,))
    return SimpleNamespace(
        session=session,
        service=service,
        ada=ada,
        doctor=a.confirmed(session, Role.PROFESSIONAL, now=NOW, professional_id=ada.id),
        admin=a.actor(session, Role.ADMIN),
        bea=a.patient(
            session, name="Béa Müller", phone="+351912345678", born_on=a.DAY.replace(year=1980)
        ),
    )


def ask(house, *, now=NOW, by_mail=False, actor=None, **who):
    request = AccessRequest(**({"reason": WHY, "phone": "912 345 678"} | who))
    return open_exceptionally(
        house.session, actor or house.doctor, request, now=now, by_mail=by_mail
    )


def actions(session):
    return [
        each
        for each in session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
        if each.startswith("patient.")
    ]


def test_t152_a_record_outside_ones_patients_opens_for_a_reason(house):
    with pytest.raises(NotFound):
        get_patient(house.session, house.doctor, house.bea.id, now=NOW)

    access = ask(house)

    assert get_patient(house.session, house.doctor, house.bea.id, now=NOW) is house.bea
    assert access.ends_at == NOW + timedelta(minutes=60)
    assert actions(house.session) == ["patient.opened_exceptionally"]


def test_t152_it_closes_after_an_hour(house):
    ask(house)
    last = NOW + timedelta(minutes=59, seconds=59)
    assert get_patient(house.session, house.doctor, house.bea.id, now=last) is house.bea

    with pytest.raises(NotFound):
        get_patient(house.session, house.doctor, house.bea.id, now=last + timedelta(seconds=1))


def test_t152_it_opens_one_record_to_one_person(house):
    a.patient(house.session, name="Béa Other")
    other = a.professional(house.session)
    ben = a.actor(house.session, Role.PROFESSIONAL, professional_id=other.id)
    ask(house)

    found = find_patients(house.session, house.doctor, "bea", now=NOW)
    assert [each.name for each in found] == ["Béa Müller"]
    assert find_patients(house.session, ben, "bea", now=NOW) == []


def test_t152_a_record_opened_for_an_hour_is_not_booked_into_ones_own(house):
    ask(house)
    request = BookingRequest(house.ada.id, house.service.id, house.bea.id, a.at(10), "k")
    with pytest.raises(NotFound):
        book(house.session, house.doctor, request, now=NOW)


def test_t152_the_entry_holds_no_word_of_the_reason(house):
    ask(house)
    entry = house.session.scalars(
        select(AuditEntry).where(AuditEntry.object_kind == "patients")
    ).one()
    assert entry.fields == '{"access": 1}'


@pytest.mark.parametrize("reason", ["", "   ill   ", "x" * 501, "first line\x1b[2Jsecond line"])
def test_a_reason_is_a_few_words(house, reason):
    with pytest.raises(Invalid) as refused:
        ask(house, reason=reason)
    assert refused.value.field == "reason"


@pytest.mark.parametrize(
    "who",
    [
        {"phone": "+351 912 345 678"},
        {"phone": "", "name": "bea muller", "born_on": a.DAY.replace(year=1980)},
    ],
)
def test_the_full_number_or_the_name_with_the_birth_date_finds_the_patient(house, who):
    assert ask(house, **who).patient_id == house.bea.id


@pytest.mark.parametrize(
    "who",
    [
        {"phone": "+351 912 345 679"},
        {"phone": "", "name": "Bea", "born_on": a.DAY.replace(year=1980)},
        {"phone": "", "name": "Bea Muller", "born_on": a.DAY.replace(year=1981)},
    ],
)
def test_nobody_quite_like_that_opens_nothing_and_is_on_record(house, who):
    assert ask(house, **who) is Vain.NOBODY_FITS
    assert actions(house.session) == ["patient.sought_exceptionally"]


@pytest.mark.parametrize(
    "who", [{"phone": ""}, {"phone": "", "name": "Béa Müller"}, {"phone": "912 345"}]
)
def test_half_of_it_is_not_enough(house, who):
    with pytest.raises(Invalid):
        ask(house, **who)


def test_of_two_who_share_a_number_nobody_is_opened(house):
    a.patient(house.session, phone="+351912345678")
    assert ask(house) is Vain.SEVERAL_FIT
    assert actions(house.session) == ["patient.sought_exceptionally"]


def test_a_patient_of_ones_own_needs_no_exception(house):
    a.booking(house.session, house.ada, a.span(8, 9), patient=house.bea)
    with pytest.raises(Invalid, match="You can see this record already"):
        ask(house)


def test_five_times_an_hour_and_no_more(house):
    for number in range(5):
        ask(house, phone=f"+35191234560{number}")
    with pytest.raises(TooManyAccesses):
        ask(house)

    house.session.get_one(AuthSession, house.doctor.session_id).auth_at = NOW + timedelta(hours=1)
    assert ask(house, now=NOW + timedelta(hours=1)) is not None


def test_t152_ten_at_the_same_moment_are_five_and_no_more(database):
    with database.writing() as session:
        a.organisation(session)
        ada = a.professional(session, name="Dr Ada")
        doctor = a.confirmed(session, Role.PROFESSIONAL, now=NOW, professional_id=ada.id)
        for number in range(10):
            a.patient(session, phone=f"+35191234560{number}")
    together = threading.Barrier(10)

    def try_once(number):
        request = AccessRequest(WHY, phone=f"+35191234560{number}")
        together.wait()
        try:
            with database.writing() as session:
                open_exceptionally(session, doctor, request, now=NOW, by_mail=False)
        except TooManyAccesses:
            return "refused"
        return "opened"

    with ThreadPoolExecutor(10) as desks:
        assert Counter(desks.map(try_once, range(10))) == {"opened": 5, "refused": 5}


def test_t074_it_needs_a_password_typed_just_now(house):
    house.session.get_one(AuthSession, house.doctor.session_id).auth_at = NOW - timedelta(
        minutes=11
    )
    with pytest.raises(ConfirmationNeeded):
        ask(house)


@pytest.mark.parametrize("role", [Role.PATIENT, Role.RECEPTIONIST, Role.ADMIN])
def test_only_professionals_open_a_record_that_way(house, role):
    somebody = a.confirmed(house.session, role, now=NOW)
    with pytest.raises(NotAllowed):
        ask(house, actor=somebody)


def test_t152_admins_see_it_until_one_takes_note(house):
    access = ask(house)
    (seen,) = exceptional_access.load_not_noted(house.session, house.admin)
    assert (seen.patient, seen.reason) == ("Béa Müller", WHY)

    exceptional_access.note_access(house.session, house.admin, access.id, now=NOW)

    assert exceptional_access.load_not_noted(house.session, house.admin) == []
    assert access.noted_by == house.admin.user_id


def test_the_one_who_asked_takes_no_note_of_it(house):
    access = ask(house)
    with pytest.raises(NotAllowed):
        exceptional_access.note_access(house.session, house.doctor, access.id, now=NOW)
    with pytest.raises(NotAllowed):
        exceptional_access.load_not_noted(house.session, house.doctor)


def test_t152_admins_with_an_address_are_told_by_mail_where_there_is_any(house):
    boss = a.user(house.session, Role.ADMIN, email="boss@example.org")
    a.user(house.session, Role.ADMIN, email="gone@example.org", active=False)
    ask(house, phone="+351912345670", by_mail=True)
    assert house.session.scalars(select(OutboxMessage)).all() == []

    ask(house, by_mail=True)

    (message,) = house.session.scalars(select(OutboxMessage))
    assert (message.user_id, message.address) == (boss.id, "boss@example.org")


def test_ones_own_open_records_are_listed_while_they_are_open(house):
    access = ask(house)
    listed = exceptional_access.load_open_records(house.session, house.doctor, now=NOW)
    assert [(each.name, ends_at) for each, ends_at in listed] == [("Béa Müller", access.ends_at)]

    later = NOW + timedelta(hours=1)
    assert exceptional_access.load_open_records(house.session, house.doctor, now=later) == []
