"""Accounts: passwords, signing in, sessions and the first run."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from core import accounts, audit, first_admin, one_time, passwords
from core.accounts import (
    NewUser,
    SignInRequest,
    TicketRequest,
    actor_from_token,
    create_user,
    redeem_ticket,
    sign_in,
)
from core.db import Database
from core.errors import (
    Invalid,
    NotAllowed,
    NotFound,
    TicketSpent,
    WrongCredentials,
    WrongSetUpCode,
)
from core.models import AuditEntry, AuthSession, OneTimeLink, Organisation, Role, User
from core.passwords import hash_password
from core.policy import CONSOLE, Actor
from tests import a

NOW = a.BEFORE
PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def rita(database: Database) -> User:
    with database.writing() as session:
        return a.user(
            session,
            username="rita",
            name="Rita Fonseca",
            password_hash=hash_password(PASSWORD, Role.RECEPTIONIST),
        )


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def try_in(database, username="rita", password=PASSWORD, *, ip="10.0.0.1", now=NOW):
    return sign_in(database, SignInRequest(username, password, ip=ip), now=now).ticket


def fail_in(database, *, times=1, **values):
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            try_in(database, password="not the password", **values)


def open_session(database, *, now=NOW, old_token="", **values):
    ticket = try_in(database, now=now, **values)
    with database.writing() as session:
        return redeem_ticket(session, TicketRequest(ticket, old_token=old_token), now=now)


def who(database, token, *, now=NOW) -> Actor | None:
    with database.reading() as session:
        return actor_from_token(session, token, now=now)


def actions(database) -> list[str]:
    with database.reading() as session:
        assert list(audit.verify(session)) == []
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


# --- users


def test_an_admin_adds_a_user_whose_name_is_folded_and_the_record_says_so(session):
    made = create_user(
        session,
        CONSOLE,
        NewUser("  Rita@Example.ORG ", "Rita  Fonseca", Role.RECEPTIONIST, hash_for()),
        now=NOW,
    )

    assert (made.username, made.name) == ("rita@example.org", "Rita Fonseca")
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.object_id, entry.fields) == (
        "user.created",
        made.id,
        '{"role": "receptionist"}',
    )


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PROFESSIONAL, Role.RECEPTIONIST])
def test_only_an_admin_adds_users(session, role):
    actor = a.actor(session, role)

    with pytest.raises(NotAllowed):
        create_user(session, actor, NewUser("x", "X", Role.ADMIN, hash_for()), now=NOW)


def test_a_user_name_is_taken_in_any_case(session):
    request = NewUser("rita", "Rita", Role.RECEPTIONIST, hash_for())
    create_user(session, CONSOLE, request, now=NOW)

    with pytest.raises(Invalid, match="taken") as refused:
        create_user(session, CONSOLE, NewUser("ＲITA", "R", Role.RECEPTIONIST, hash_for()), now=NOW)
    assert refused.value.field == "username"


def test_t058_of_several_who_add_the_same_name_at_once_one_does(database):
    """In any case and any width of its letters; the others are told, and change nothing."""
    spellings = ("rita", "RITA", "Rita ", "ｒita")
    answers, start, hashed = [], threading.Barrier(len(spellings)), hash_for()

    def add(username):
        start.wait()
        try:
            with database.writing() as session:
                request = NewUser(username, username, Role.RECEPTIONIST, hashed)
                create_user(session, CONSOLE, request, now=NOW)
            answers.append("added")
        except Invalid as refusal:
            answers.append(refusal.field)

    threads = [threading.Thread(target=add, args=(each,)) for each in spellings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["added", "username", "username", "username"]
    assert actions(database) == ["user.created"]


@pytest.mark.parametrize(
    ("username", "name", "role", "field"),
    [
        ("", "Rita", Role.RECEPTIONIST, "username"),
        ("rita", " ", Role.RECEPTIONIST, "name"),
        ("ri\u200bta", "Rita", Role.RECEPTIONIST, "username"),
        ("rita", "R" * 201, Role.RECEPTIONIST, "name"),
        ("rita", "Rita", Role.PATIENT, "patient_id"),
        ("rita", "Rita", Role.PROFESSIONAL, "professional_id"),
    ],
)
def test_a_user_needs_names_and_the_person_the_role_is_about(session, username, name, role, field):
    with pytest.raises(Invalid) as refused:
        create_user(session, CONSOLE, NewUser(username, name, role, hash_for()), now=NOW)
    assert refused.value.field == field


def hash_for(role=Role.RECEPTIONIST):
    return hash_password(PASSWORD, role)


# --- signing in


def test_the_right_password_opens_a_session_for_that_person(database, rita):
    token = open_session(database, username=" RITA ")

    actor = who(database, token)

    assert actor is not None
    assert (actor.role, actor.name, actor.user_id) == (Role.RECEPTIONIST, "Rita Fonseca", rita.id)
    assert actions(database) == ["session.opened"]


def test_t046_a_wrong_password_an_unknown_and_a_disabled_name_get_the_same_answer(database, rita):
    with database.writing() as session:
        a.user(session, username="gone", active=False, password_hash=hash_for())
    answers = set()
    for name in ("rita", "nobody", "gone"):
        with pytest.raises(WrongCredentials) as refused:
            try_in(database, username=name, password="wrong" if name == "rita" else PASSWORD)
        answers.add((refused.value.code, str(refused.value)))

    assert len(answers) == 1
    assert actions(database) == ["sign_in.refused"] * 3


def test_a_ticket_works_once(database, rita):
    ticket = try_in(database)
    with database.writing() as session:
        redeem_ticket(session, TicketRequest(ticket), now=NOW)

    with database.writing() as session, pytest.raises(TicketSpent):
        redeem_ticket(session, TicketRequest(ticket), now=NOW)


def test_a_ticket_lasts_a_minute(database, rita):
    ticket = try_in(database)

    with database.writing() as session, pytest.raises(TicketSpent):
        redeem_ticket(session, TicketRequest(ticket), now=later(seconds=60))


def test_of_two_at_once_one_gets_the_session(database, rita):
    ticket, answers, start = try_in(database), [], threading.Barrier(4)

    def redeem():
        start.wait()
        try:
            with database.writing() as session:
                answers.append(redeem_ticket(session, TicketRequest(ticket), now=NOW))
        except TicketSpent:
            answers.append(None)

    threads = [threading.Thread(target=redeem) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer is None for answer in answers) == [False, True, True, True]


def test_a_ticket_dies_with_its_user(database, rita):
    ticket = try_in(database)
    with database.writing() as session:
        session.get(User, rita.id).active = False

    with database.writing() as session, pytest.raises(TicketSpent):
        redeem_ticket(session, TicketRequest(ticket), now=NOW)


def test_t060_the_tables_hold_hashes_and_no_secret(database, rita):
    ticket = try_in(database)
    with database.writing() as session:
        token = redeem_ticket(session, TicketRequest(ticket), now=NOW)

    with database.reading() as session:
        opened = session.scalars(select(AuthSession)).one()
        link = session.scalars(select(OneTimeLink)).one()
        stored = {str(value) for row in (opened, link) for value in vars(row).values()}
    assert opened.token_sha256 == passwords.secret_hash(token)
    assert not stored & {token, ticket, PASSWORD}


def test_t061_signing_in_makes_a_new_token_and_ends_the_old_session(database, rita):
    planted = open_session(database)

    token = open_session(database, old_token=planted)

    assert token != planted
    assert who(database, planted) is None
    assert who(database, token) is not None


def test_t062_signing_out_ends_the_session_for_every_copy_of_the_cookie(database, rita):
    token = open_session(database)
    actor = who(database, token)
    assert actor is not None
    for _ in range(2):
        with database.writing() as session:
            accounts.sign_out(session, actor, now=NOW)

    assert who(database, token) is None
    assert actions(database) == ["session.opened", "session.closed"]


def test_t068_a_disabled_user_is_out_at_the_next_look_and_a_new_role_counts_at_once(database, rita):
    token = open_session(database)
    with database.writing() as session:
        session.get(User, rita.id).role = Role.ADMIN
    changed = who(database, token)
    assert changed is not None
    assert changed.role is Role.ADMIN

    with database.writing() as session:
        session.get(User, rita.id).active = False
    assert who(database, token) is None


def test_a_made_up_token_is_nobody(database, rita):
    for token in ("", "x", "\x00", "\ud800"):
        assert who(database, token) is None


# --- the first run


def set_up_request(code, **values):
    asked = {
        "code": code,
        "username": "Alex",
        "name": "Alex Moreau",
        "password": "reads the numbers daily",
        "organisation": "Rua Nova Practice",
        "zone": "Europe/Lisbon",
        "country": "pt",
        "currency": "eur",
    }
    return first_admin.SetUpRequest(**(asked | values))


@pytest.fixture
def code(database) -> Iterator[str]:
    with database.writing() as session:
        return first_admin.issue_code(session, now=NOW)


def test_t041_an_empty_database_has_no_account_only_a_code_and_only_its_hash(database, code):
    with database.reading() as session:
        assert session.scalar(select(func.count(User.id))) == 0
        link = session.scalars(select(OneTimeLink)).one()

    assert len(code.replace("-", "")) == 32
    assert code.count("-") == 7
    assert link.token_sha256 == passwords.secret_hash(code.replace("-", ""))


def test_the_code_makes_the_first_admin_and_the_place(database, code):
    first_admin.set_up(database, set_up_request(f" {code.upper()} "), now=NOW)

    with database.reading() as session:
        place = session.get(Organisation, 1)
        assert not first_admin.is_needed(session)
    assert (place.name, place.country, place.currency) == ("Rua Nova Practice", "PT", "EUR")
    token = open_session(database, username="alex", password="reads the numbers daily")
    actor = who(database, token)
    assert actor is not None
    assert actor.role is Role.ADMIN
    assert actions(database) == ["set_up.done", "session.opened"]


def test_t042_of_two_browsers_that_set_up_at_once_one_makes_the_admin(database, code):
    answers, start = [], threading.Barrier(2)

    def set_up(name):
        start.wait()
        try:
            first_admin.set_up(database, set_up_request(code, username=name), now=NOW)
            answers.append("done")
        except WrongSetUpCode:
            answers.append("refused")

    threads = [threading.Thread(target=set_up, args=(name,)) for name in ("alex", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["done", "refused"]
    with database.reading() as session:
        assert session.scalar(select(func.count(User.id))) == 1


def test_t042_after_set_up_there_is_no_code_to_be_had(database, rita):
    with database.writing() as session, pytest.raises(NotFound):
        first_admin.issue_code(session, now=NOW)


def test_t043_the_fifth_wrong_code_burns_it_until_the_next_start(database, code):
    for _ in range(5):
        with pytest.raises(WrongSetUpCode):
            first_admin.set_up(database, set_up_request("0" * 32), now=NOW)
    with pytest.raises(WrongSetUpCode):
        first_admin.set_up(database, set_up_request(code), now=NOW)

    with database.writing() as session:
        fresh = first_admin.issue_code(session, now=NOW)
    first_admin.set_up(database, set_up_request(fresh), now=NOW)


def test_t043_the_code_runs_out_after_a_quarter_of_an_hour(database, code):
    with pytest.raises(WrongSetUpCode):
        first_admin.set_up(database, set_up_request(code), now=later(minutes=15))


def test_a_new_code_voids_the_old_one(database, code):
    with database.writing() as session:
        first_admin.issue_code(session, now=NOW)

    with pytest.raises(WrongSetUpCode):
        first_admin.set_up(database, set_up_request(code), now=NOW)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("organisation", " "),
        ("zone", "Europe/Atlantis"),
        ("country", "P1"),
        ("currency", "EURO"),
        ("password", "too short"),
        ("username", ""),
    ],
)
def test_a_slip_in_the_form_costs_no_try(database, code, field, value):
    for _ in range(6):
        with pytest.raises(Invalid) as refused:
            first_admin.set_up(database, set_up_request(code, **{field: value}), now=NOW)
        assert refused.value.field == field

    first_admin.set_up(database, set_up_request(code), now=NOW)


def test_old_secrets_are_swept(session):
    for hours in (0, 2):
        one_time.issue(session, "sign_in", lasts=timedelta(minutes=1), now=later(hours=hours))

    assert session.scalar(select(func.count(OneTimeLink.id))) == 1


@pytest.fixture
def rita_on_sqlite(sqlite_database) -> User:
    with sqlite_database.writing() as session:
        return a.user(session, username="rita", password_hash=hash_for())
