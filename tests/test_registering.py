"""Who is new registers: verified by mail, told nothing of others, never given another's record."""

import re
from dataclasses import fields
from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select
from streamlit.util import calc_hash

from core import catalog, merging, outbox, passwords, registering, sending
from core.accounts import TicketRequest, actor_from_token, redeem_ticket
from core.activation import PasswordChosen
from core.errors import Invalid, NotAllowed, TooManyAttempts
from core.inviting import PatientInvitation, invite_patient
from core.models import (
    AuditEntry,
    OneTimeLink,
    Organisation,
    OutboxMessage,
    Patient,
    Registration,
    Role,
    User,
)
from core.own_bookings import load_coming
from core.policy import Actor
from core.registering import (
    HasAccount,
    MailNeeded,
    RegisterSwitch,
    RegistrationAsked,
    RegistrationClosed,
    RegistrationSpent,
    let_patients_register,
    register,
)
from core.settings import from_environment
from dashboard import places
from tests import a, postman, screen

NOW = a.BEFORE
PASSWORD = "a long enough password"
URL = "https://desk.example"
MAIL = {"smtp_url": "smtp://mail.example", "mail_from": "desk@practice.example", "public_url": URL}
NO_MAIL = from_environment({})
WITH_MAIL = from_environment(
    {
        "FRONTDESK_SMTP_URL": "smtp://mail.example",
        "FRONTDESK_MAIL_FROM": "desk@practice.example",
        "FRONTDESK_PUBLIC_URL": URL,
    }
)
HER = {"name": "Eva Reis", "email": "eva@example.org", "phone": "+351912345678"}


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


def opened(database, **values):
    """The practice lets patients register."""
    with database.writing() as db:
        a.organisation(db, **{"patients_book": True, "patients_register": True} | values)
    return database


def ask(database, *, now=NOW, **values):
    made = HER | {"born_on": date(1990, 5, 17), "agrees": True, "ip": "10.0.0.1"} | values
    register(database, RegistrationAsked(**made), now=now)


def link_of(database, *, now=NOW):
    """The link of the newest registration, as its mail holds it."""
    with database.writing() as db:
        newest = db.scalars(select(Registration).order_by(Registration.id.desc())).first()
        return registering.issue_link(db, newest, now=now)


def finish(database, link, *, now=NOW):
    return registering.finish(database, PasswordChosen(link, PASSWORD), now=now)


def count(database, *tables):
    with database.reading() as db:
        return [db.scalar(select(func.count()).select_from(each)) for each in tables]


def messages(database):
    with database.reading() as db:
        rows = db.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        return [(row.kind, row.address) for row in rows]


def somebody(database, role=Role.PATIENT, **values):
    with database.writing() as db:
        ana = a.patient(db, name="Ana Silva", email="ana@example.org")
        made = {"username": "ana@example.org", "email": "ana@example.org", "password_hash": "x"}
        whom = ana.id if role is Role.PATIENT else None
        return a.user(db, role, patient_id=whom, **made | values)


def test_who_opens_the_link_and_chooses_a_password_is_a_patient_who_signs_in(database):
    opened(database)
    with postman.serving() as post:
        ask(database)
        sending.send_next(database, sending.Office(post.server(), URL), now=NOW)
        (mail,) = post.mails
    assert mail["To"] == "eva@example.org"
    assert count(database, Patient, User) == [0, 0]  # nothing before the address is shown theirs

    link = re.search(rf"{URL}/register\?link=(\S+)", mail.get_content())[1]
    answer = finish(database, link)

    with database.writing() as db:
        token = redeem_ticket(db, TicketRequest(answer.ticket), now=NOW)
        actor = actor_from_token(db, token, now=NOW)
        patient = db.get_one(Patient, actor.patient_id)
        assert (actor.role, actor.name) == (Role.PATIENT, "Eva Reis")
        assert {name: getattr(patient, name) for name in HER} == HER
        assert patient.born_on == date(1990, 5, 17)
        done = set(db.scalars(select(AuditEntry.action)))
    assert {"registration.asked", "user.registered"} <= done
    assert count(database, Registration, OneTimeLink) == [0, 1]  # that one is the used ticket
    with pytest.raises(RegistrationSpent):
        finish(database, link)


def test_what_is_typed_is_who_they_are_and_nothing_else_can_be_said(sqlite_database):
    """No role, no price, no note: there is no field for it, and none is taken from elsewhere."""
    assert {each.name for each in fields(RegistrationAsked)} == {
        *HER,
        "born_on",
        "agrees",
        "ip",
    }
    with pytest.raises(TypeError):
        ask(opened(sqlite_database), role=Role.ADMIN)
    ask(sqlite_database)
    finish(sqlite_database, link_of(sqlite_database))
    with sqlite_database.reading() as db:
        assert db.scalars(select(User.role)).all() == [Role.PATIENT]
        assert db.scalars(select(Patient.desk_note)).all() == [""]


@pytest.mark.parametrize("known", ["ana@example.org", "Ana@Example.org"])
def test_who_has_an_account_is_told_so_by_mail_alone(sqlite_database, known):
    opened(sqlite_database)
    user = somebody(sqlite_database)

    ask(sqlite_database, email=known)  # and is answered like anybody

    assert messages(sqlite_database) == [("has_account", "ana@example.org")]
    assert count(sqlite_database, Registration) == [0]
    with postman.serving() as post:
        sending.send_next(sqlite_database, sending.Office(post.server(), URL), now=NOW)
        (mail,) = post.mails
    assert "Forgot your password?" in mail.get_content()
    assert "link=" not in mail.get_content()
    assert user.name not in mail.get_content()


@pytest.mark.parametrize(
    ("role", "letter"), [(Role.PATIENT, "activation"), (Role.ADMIN, "has_account")]
)
def test_a_patient_who_was_invited_and_registers_gets_their_link_and_staff_do_not(
    sqlite_database, role, letter
):
    opened(sqlite_database)
    somebody(sqlite_database, password_hash="", role=role)

    ask(sqlite_database, email="ana@example.org")

    assert messages(sqlite_database) == [(letter, "ana@example.org")]


def test_an_address_that_was_typed_wrong_once_asks_for_no_further_link(sqlite_database):
    opened(sqlite_database)
    user = somebody(sqlite_database, password_hash="")
    with sqlite_database.writing() as db:
        db.get_one(Patient, user.patient_id).email = "silva@example.org"

    ask(sqlite_database, email="ana@example.org")

    assert messages(sqlite_database) == [("has_account", "ana@example.org")]


def test_known_and_unknown_have_the_same_work_done(sqlite_database):
    opened(sqlite_database)
    somebody(sqlite_database)
    ask(sqlite_database, email="first@example.org")
    asked = {
        who: statements_of(sqlite_database, who) for who in ("ana@example.org", "no@example.org")
    }

    assert any("INSERT INTO registrations" in each for each in asked["ana@example.org"])
    assert asked["ana@example.org"] == asked["no@example.org"]


def statements_of(database, email):
    """What it has the database do; how a step ends costs the same either way."""
    heard = []

    def hear(_connection, _cursor, statement, *_rest):
        if "SAVEPOINT" not in statement:
            heard.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    ask(database, email=email)
    event.remove(database.engine, "before_cursor_execute", hear)
    return heard


def test_the_same_name_address_and_birth_date_do_not_open_somebodys_record(sqlite_database):
    """Who reads a mailbox is not yet the patient: the desk joins the two, account and all."""
    opened(sqlite_database)
    with sqlite_database.writing() as db:
        doctor = a.professional(db)
        known = a.patient(db, **HER, born_on=date(1990, 5, 17))
        a.booking(db, doctor, a.span(9, 10), patient=known)
        rita = a.actor(db)
    ask(sqlite_database)
    finish(sqlite_database, link_of(sqlite_database))

    with sqlite_database.writing() as db:
        user = db.scalars(select(User).where(User.role == Role.PATIENT)).one()
        assert user.patient_id != known.id
        assert load_coming(db, of(user), now=NOW).count == 0
        (pair,) = merging.load_pairs(db, rita, now=NOW, limit=10)
        assert {pair.first.id, pair.second.id} == {known.id, user.patient_id}

        asked = merging.MergeRequest(
            pair.first.id, pair.first.version, pair.second.id, pair.second.version
        )
        merging.merge(db, rita, asked, now=NOW)
        assert user.patient_id == known.id
        assert load_coming(db, of(user), now=NOW).count == 1


def of(user):
    return Actor(Role.PATIENT, user.name, user_id=user.id, patient_id=user.patient_id)


def test_who_never_opens_the_link_leaves_nothing_behind(database):
    opened(database)
    ask(database)
    link = link_of(database)
    over = NOW + registering.LINK_LASTS

    with pytest.raises(RegistrationSpent):
        finish(database, link, now=over)
    sending.forget_registrations(database, now=over - timedelta(seconds=1))
    assert count(database, Registration, OutboxMessage, OneTimeLink) == [1, 1, 1]
    sending.forget_registrations(database, now=over)
    assert count(database, Registration, OutboxMessage, OneTimeLink) == [0, 0, 0]
    with database.reading() as db:
        kept = " ".join(f"{each.fields} {each.object_kind}" for each in db.scalars(all_entries()))
    assert "eva" not in kept.lower()


def all_entries():
    return select(AuditEntry)


def test_a_letter_that_waited_too_long_makes_no_link(sqlite_database):
    ask(opened(sqlite_database))
    with sqlite_database.writing() as db:
        message = db.scalars(select(OutboxMessage)).one()
        assert outbox.why_not(db, message, now=NOW) == ""
        assert outbox.why_not(db, message, now=NOW + registering.LINK_LASTS) == outbox.VOIDED


def test_of_two_who_register_with_one_address_the_first_has_it(sqlite_database):
    opened(sqlite_database)
    links = []
    for minute in range(2):
        ask(sqlite_database, now=NOW + timedelta(minutes=minute))
        links.append(link_of(sqlite_database))

    finish(sqlite_database, links[1])

    assert count(sqlite_database, Registration, OutboxMessage, User) == [0, 0, 1]
    with pytest.raises(RegistrationSpent):
        finish(sqlite_database, links[0])


def test_who_was_let_in_meanwhile_is_told_to_sign_in(sqlite_database):
    ask(opened(sqlite_database))
    link = link_of(sqlite_database)
    with sqlite_database.writing() as db:
        known = a.patient(db, **HER)
        asked = PatientInvitation(known.id, by_mail=True)
        invite_patient(db, a.actor(db), asked, now=NOW)

    with pytest.raises(HasAccount):
        finish(sqlite_database, link)
    assert count(sqlite_database, Patient) == [1]


def test_nobody_registers_where_it_is_off_nor_where_patients_do_not_book(sqlite_database):
    opened(sqlite_database)
    ask(sqlite_database)
    link = link_of(sqlite_database)
    for off in ({"patients_register": False}, {"patients_register": True, "patients_book": False}):
        with sqlite_database.writing() as db:
            place = db.get_one(Organisation, 1)
            for name, value in off.items():
                setattr(place, name, value)
        with pytest.raises(RegistrationClosed):
            ask(sqlite_database, email="other@example.org")
        with pytest.raises(RegistrationClosed):
            finish(sqlite_database, link)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"agrees": False}, "agrees"),
        ({"name": "  "}, "name"),
        ({"email": ""}, "email"),
        ({"email": "eva at home"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"born_on": date(2100, 1, 1)}, "born_on"),
    ],
    ids=lambda each: str(each),
)
def test_what_cannot_be_kept_is_said_and_nobody_is_written_to(sqlite_database, typed, field):
    with pytest.raises(Invalid) as refused:
        ask(opened(sqlite_database), **typed)
    assert refused.value.field == field
    assert count(sqlite_database, Registration, OutboxMessage) == [0, 0]


def test_one_address_is_written_to_three_times_an_hour(sqlite_database):
    opened(sqlite_database)
    for _ in range(registering.MOST_AN_HOUR):
        ask(sqlite_database)
    with pytest.raises(TooManyAttempts, match="Please try again in 60 minutes"):
        ask(sqlite_database)
    ask(sqlite_database, email="other@example.org")
    ask(sqlite_database, now=NOW + timedelta(hours=1))


def test_one_computer_cannot_have_everybody_written_to(sqlite_database):
    opened(sqlite_database)
    for number in range(registering.MOST_AN_HOUR_FROM_ONE_ADDRESS):
        ask(sqlite_database, email=f"eva{number}@example.org")
    with pytest.raises(TooManyAttempts):
        ask(sqlite_database, email="one-more@example.org")
    ask(sqlite_database, email="one-more@example.org", ip="10.0.0.2")


def switch(database, to, settings, role=Role.ADMIN):
    with database.writing() as db:
        version = catalog.get_organisation(db).version
        asked = RegisterSwitch(version, to)
        return let_patients_register(db, a.actor(db, role), asked, settings, now=NOW)


def test_it_is_switched_on_by_admins_and_only_where_links_can_be_mailed(database):
    opened(database, patients_register=False)

    with pytest.raises(MailNeeded):
        switch(database, True, NO_MAIL)
    with pytest.raises(NotAllowed):
        switch(database, True, WITH_MAIL, Role.RECEPTIONIST)
    assert switch(database, True, WITH_MAIL).patients_register
    assert not switch(database, False, NO_MAIL).patients_register
    with database.reading() as db:
        entries = db.scalars(
            select(AuditEntry).where(AuditEntry.action == "organisation.patients_register")
        ).all()
    assert len(entries) == 2


# --- on screen


@pytest.fixture
def door(monkeypatch, sqlite_database):
    """What a stranger sees; the practice lets them register unless told."""

    def look(*, settings=MAIL, **values):
        opened(sqlite_database, **values)
        with sqlite_database.writing() as db:
            a.user(db, Role.ADMIN, password_hash="x")
        page = screen.show_to(monkeypatch, sqlite_database, None)
        screen.use(monkeypatch, sqlite_database, **settings)
        return shown(page.run())

    return look


def shown(page):
    assert not page.exception
    return page


def said(page):
    boxes = (*page.title, *page.markdown, *page.success, *page.error, *page.caption)
    return "\n".join(each.value for each in boxes).replace("\N{WORD JOINER}", "")


def keys(page):
    return [each.key for each in page.button]


def fill_in(page, **values):
    for name, value in ({"name": "Eva Reis", "email": "eva@example.org"} | values).items():
        page.text_input(key=f"register_{name}").set_value(value)
    return page


def send(page):
    (found,) = [each for each in page.button if each.label == "Send the link"]
    return shown(found.click().run())


def test_from_the_sign_in_page_a_stranger_registers_and_is_written_to(door, sqlite_database):
    page = door()
    page.button(key="frontdesk_register").click().run()
    fill_in(shown(page)).checkbox(key="register_agrees").check()

    send(page)

    assert "We have written to **eva@example.org**" in said(page)
    assert messages(sqlite_database) == [("registration", "eva@example.org")]
    page.button(key="frontdesk_register_back").click().run()
    assert "frontdesk_register" in keys(shown(page))


def test_known_or_not_the_page_says_the_same(door, sqlite_database):
    page = door()
    somebody(sqlite_database)
    answers = set()
    for email in ("ana@example.org", "eva@example.org"):
        page.button(key="frontdesk_register").click().run()
        fill_in(page, email=email).checkbox(key="register_agrees").check()
        answers.add(said(send(page)).replace(email, "…"))
        page.button(key="frontdesk_register_back").click().run()
    assert len(answers) == 1


def test_what_is_missing_is_said_and_what_was_typed_stays(door):
    page = door()
    page.button(key="frontdesk_register").click().run()
    fill_in(page)

    send(page)

    assert "Please agree that we keep this" in said(page)
    assert page.text_input(key="register_name").value == "Eva Reis"


@pytest.mark.parametrize(
    "closed",
    [{"patients_register": False}, {"patients_book": False}, {"settings": {}}],
    ids=["off", "patients do not book", "no mail"],
)
def test_nothing_is_offered_where_nobody_can_register(door, closed):
    page = door(**closed)
    assert "frontdesk_register" not in keys(page)
    assert "Register" not in said(page)


def test_from_what_everybody_sees_a_stranger_gets_to_the_form(door):
    page = door(directory_open=True)
    page._page_hash = calc_hash("find")  # a page without a file of its own
    page.run()
    page.button(key="directory_register").click().run()
    assert "register_name" in [each.key for each in shown(page).text_input]
    page.button(key="directory_back_to_times").click().run()
    assert "directory_register" in keys(shown(page))


@pytest.fixture
def online_booking(monkeypatch, sqlite_database):
    """The dialog in which an admin says what patients do by themselves."""

    def open_dialog(settings):
        opened(sqlite_database, patients_register=False)
        with sqlite_database.writing() as db:
            alex = a.user(db, Role.ADMIN, name="Alex", password_hash="x")
        page = screen.show_to(monkeypatch, sqlite_database, alex)
        screen.use(monkeypatch, sqlite_database, **settings)
        page.run().switch_page(str(places.PAGES / "practice.py")).run()
        page.segmented_control(key="section").set_value("Online booking").run()
        page.button(key="practice_edit_patients_book_1").click().run()
        return shown(page)

    return open_dialog


def box(page):
    (found,) = [
        each for each in page.checkbox if each.label == "Who is new registers by themselves"
    ]
    return found


def test_an_admin_switches_it_on(online_booking, sqlite_database):
    page = online_booking(MAIL)
    box(page).check()
    (save,) = [each for each in page.button if each.label == "Save"]
    save.click().run()

    assert "Who is new registers by themselves" in said(shown(page))
    with sqlite_database.reading() as db:
        assert catalog.get_organisation(db).patients_register


def test_without_mail_the_switch_says_why_it_cannot_be_turned_on(online_booking):
    page = online_booking({})
    assert box(page).disabled
    assert "That needs mail for the link" in said(page)
