"""The desk invites patients on file to sign in, with the record they have."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core import accounts, activation, inviting, merging, passwords, sending
from core.activation import LinkSpent, PasswordChosen, choose_password, find_invited
from core.db import utc_now
from core.errors import ConfirmationNeeded, Invalid, NotAllowed
from core.inviting import AccountOff, PatientInvitation, SignsInAlready, invite_patient
from core.models import AuditEntry, OutboxMessage, Patient, Role, User
from dashboard import places, session
from tests import a, postman, screen

NOW = a.BEFORE
PASSWORD = "a long enough password"
URL = "https://desk.example"
MAIL = {
    "smtp_url": "smtp://mail.example",
    "mail_from": "desk@practice.example",
    "public_url": URL,
}


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def ana(database):
    return on_file(database)


def on_file(database, **values):
    with database.writing() as db:
        a.organisation(db)
        return a.patient(db, **{"name": "Ana Silva", "email": "ana@example.org"} | values)


def invite(database, patient, *, by_mail=False, now=NOW, role=Role.RECEPTIONIST):
    with database.writing() as db:
        who = a.confirmed(db, role, now=now)
        return invite_patient(db, who, PatientInvitation(patient.id, by_mail=by_mail), now=now)


def choose(database, link, *, now=NOW):
    return choose_password(database, PasswordChosen(link, PASSWORD), now=now)


def how(database, patient, *, now=NOW):
    with database.writing() as db:
        return inviting.load_sign_in(db, a.actor(db), patient.id, now=now)


def change(database, row, **values):
    with database.writing() as db:
        found = db.get_one(type(row), row.id)
        for name, value in values.items():
            setattr(found, name, value)


def test_who_is_invited_sees_the_record_they_have_and_no_second_one_is_made(database, ana):
    link = invite(database, ana).link
    token = accounts.TicketRequest(choose(database, link).ticket)

    with database.writing() as db:
        opened = accounts.redeem_ticket(db, token, now=NOW)
        actor = accounts.actor_from_token(db, opened, now=NOW)
        assert (actor.role, actor.patient_id) == (Role.PATIENT, ana.id)
        assert db.scalar(select(func.count()).select_from(Patient)) == 1
        entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "user.invited")).one()
        assert (entry.object_kind, entry.object_id) == ("users", actor.user_id)


def test_the_link_is_mailed_to_the_address_on_record_and_shown_to_nobody(database, ana):
    with database.writing() as db:
        receptionist = a.actor(db)  # who has not typed a password for it
        asked = PatientInvitation(ana.id, by_mail=True)
        assert invite_patient(db, receptionist, asked, now=NOW).link == ""

    with postman.serving() as post:
        office = sending.Office(post.server(), URL)
        sending.send_next(database, office, now=NOW)
        (mail,) = post.mails
    assert mail["To"] == "ana@example.org"
    assert f"{URL}/activate?link=" in mail.get_content()


def test_a_newer_link_makes_the_older_void(sqlite_database):
    ana = on_file(sqlite_database)
    first, second = (invite(sqlite_database, ana).link for _ in range(2))

    with pytest.raises(LinkSpent):
        choose(sqlite_database, first)
    assert choose(sqlite_database, second).ticket


def test_the_record_says_when_somebody_was_invited_and_then_that_they_sign_in(sqlite_database):
    ana = on_file(sqlite_database)
    assert how(sqlite_database, ana) is None

    invite(sqlite_database, ana)
    link = invite(sqlite_database, ana, now=NOW + timedelta(days=2)).link
    invited = how(sqlite_database, ana)
    assert (invited.username, invited.has_password) == ("ana@example.org", False)
    assert invited.invited_at == NOW + timedelta(days=2)

    choose(sqlite_database, link, now=NOW + timedelta(days=2))
    assert how(sqlite_database, ana).has_password
    with pytest.raises(SignsInAlready, match=r"Ana Silva signs in as ana@example\.org already"):
        invite(sqlite_database, ana)


def test_a_corrected_address_is_where_the_next_link_goes(sqlite_database):
    ana = on_file(sqlite_database)
    old = invite(sqlite_database, ana, by_mail=True).user
    change(sqlite_database, ana, email="silva@example.org")

    later = NOW + timedelta(minutes=1)
    user = invite(sqlite_database, ana, by_mail=True, now=later).user

    assert (user.id, user.email, user.username) == (old.id, *["silva@example.org"] * 2)
    with sqlite_database.reading() as db:
        rows = db.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert [(row.address, row.state) for row in rows] == [
        ("ana@example.org", "dropped"),
        ("silva@example.org", "waiting"),
    ]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"email": ""}, "has no e-mail address here yet"),
        ({"archived_at": NOW}, "is archived"),
    ],
)
def test_who_cannot_be_invited_is_told_why(sqlite_database, values, why):
    with pytest.raises(Invalid, match=f"Ana Silva {why}"):
        invite(sqlite_database, on_file(sqlite_database, **values))
    with sqlite_database.reading() as db:
        assert db.scalars(select(User).where(User.role == Role.PATIENT)).all() == []


@pytest.mark.parametrize("field", ["username", "email"])
def test_an_address_somebody_else_signs_in_with_is_refused(sqlite_database, field):
    ana = on_file(sqlite_database)
    with sqlite_database.writing() as db:
        a.user(db, **{field: "ana@example.org"})

    with pytest.raises(Invalid, match=r"Somebody else signs in with ana@example\.org"):
        invite(sqlite_database, ana)


def test_an_account_that_is_switched_off_is_not_opened_by_the_desk(sqlite_database):
    ana = on_file(sqlite_database)
    user = invite(sqlite_database, ana).user
    change(sqlite_database, user, active=False)

    with pytest.raises(AccountOff):
        invite(sqlite_database, ana)


def test_who_wants_no_messages_gets_none_and_the_link_is_handed_over(sqlite_database):
    ana = on_file(sqlite_database, no_contact=True)

    assert invite(sqlite_database, ana, by_mail=True).link

    with sqlite_database.reading() as db:
        assert db.scalars(select(OutboxMessage)).all() == []


def test_a_link_is_shown_to_those_alone_who_have_just_proved_who_they_are(sqlite_database):
    ana = on_file(sqlite_database)
    with sqlite_database.writing() as db:
        receptionist = a.actor(db)
        for each in (False, ana.no_contact):
            with pytest.raises(ConfirmationNeeded):
                invite_patient(db, receptionist, PatientInvitation(ana.id, by_mail=each), now=NOW)


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PROFESSIONAL])
def test_only_the_desk_and_admins_invite(sqlite_database, role):
    ana = on_file(sqlite_database)
    with sqlite_database.writing() as db, pytest.raises(NotAllowed):
        invite_patient(db, a.actor(db, role), PatientInvitation(ana.id), now=NOW)


def test_the_account_goes_along_when_two_records_become_one(sqlite_database):
    ana = on_file(sqlite_database)
    again = on_file(sqlite_database, email="", phone="+351912345678")
    link = invite(sqlite_database, ana).link
    with sqlite_database.writing() as db:
        versions = {each.id: db.get_one(Patient, each.id).version for each in (ana, again)}
        asked = merging.MergeRequest(again.id, versions[again.id], ana.id, versions[ana.id])
        merging.merge(db, a.actor(db), asked, now=NOW)

    with sqlite_database.reading() as db:
        assert find_invited(db, link, now=NOW).patient_id == again.id
    assert how(sqlite_database, again).invited_at == NOW


@pytest.fixture
def record(monkeypatch, sqlite_database):
    """The record of Ana, before the receptionist's or somebody else's eyes."""

    def open_record(role=Role.RECEPTIONIST, *, patient, **settings):
        with sqlite_database.writing() as db:
            user = a.user(db, role, name="Rita", password_hash="x")
        page = screen.show_to(monkeypatch, sqlite_database, user)
        screen.use(monkeypatch, sqlite_database, **settings)
        page.run()
        page.query_params["patient"] = str(patient.id)
        return shown(page.switch_page(str(places.PAGES / "patients.py")).run())

    return open_record


def shown(page):
    assert not page.exception
    return page


def said(page):
    told = "\n".join(each.value for each in (*page.caption, *page.error, *page.toast))
    return told.replace("\N{WORD JOINER}", "")


def test_the_desk_presses_once_and_the_record_says_that_a_link_is_on_its_way(
    record, sqlite_database
):
    ana = on_file(sqlite_database)
    page = record(patient=ana, **MAIL)
    assert "Does not sign in yet." in said(page)

    page.button(key="patient_invite").click().run()

    assert "A link is on its way to ana@example.org." in said(shown(page))
    assert re.search("Invited today ..:.. as ana@example.org; not used yet.", said(page))
    assert page.button(key="patient_invite").label == "Invite again"


def test_without_mail_the_link_is_shown_once_to_hand_over(record, sqlite_database):
    ana = on_file(sqlite_database)
    page = record(patient=ana, public_url=URL)

    page.button(key="patient_invite").click().run()

    url = shown(page).code[0].value
    assert url.startswith(f"{URL}/activate?link=")
    with session.reading() as db:
        link = url.partition("link=")[2]
        assert activation.find_invited(db, link, now=utc_now()).patient_id == ana.id
    page.button(key="patient_invite_done").click().run()
    assert not shown(page).code


def test_a_refusal_is_said_beside_the_button(record, sqlite_database):
    page = record(patient=on_file(sqlite_database, email=""))

    page.button(key="patient_invite").click().run()

    assert "Ana Silva has no e-mail address here yet" in said(shown(page))


def test_somebody_who_signs_in_is_not_invited_again(record, sqlite_database):
    ana = on_file(sqlite_database)
    with sqlite_database.writing() as db:
        a.user(db, Role.PATIENT, username="ana", patient_id=ana.id, password_hash="x")

    page = record(Role.ADMIN, patient=ana)

    assert "Signs in as ana." in said(page)
    assert "patient_invite" not in [each.key for each in page.button]
