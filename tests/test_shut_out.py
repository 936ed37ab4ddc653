"""Who is shut out stays out, whatever was half done at that moment.

The races take two real connections on PostgreSQL: SQLite has one writer at a time.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, text

from core import (
    accounts,
    activation,
    audit,
    one_time,
    outbox,
    passwords,
    reset,
    second_step,
    sending,
)
from core.accounts import TicketRequest, signing_in
from core.edits import lock_row
from core.errors import BookingError, ConfirmationNeeded, TicketSpent, WrongCredentials
from core.models import AuthSession, MessageState, OutboxMessage, Role, SecondStep, User
from core.passwords import hash_password
from core.policy import CONSOLE
from core.reset import ResetAsked, ask_reset, find_resetting, reset_password
from core.second_step import CodeRequest, confirm_code, make_recovery_codes
from core.second_step_set_up import offer, switch_on
from tests import postman
from tests.accounts_desk import NOW, PASSWORD, later, open_session, rita, try_in, who

NEW = "four purple tractors"
SECRET = pyotp.random_base32()
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


@contextmanager
def while_waiting(database, first, then):
    """``first`` is done but not yet saved while ``then`` waits for it; yields what it answers."""
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as session:
            first(session)
            session.flush()
            outcome = pool.submit(then)
            deadline = time.monotonic() + 30
            with database.engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            ) as looking:
                while not looking.scalar(WAITING):
                    assert time.monotonic() < deadline, "nobody waits"
                    time.sleep(0.01)
            audit.record(session, CONSOLE, "demo.filled", now=NOW)  # the audit comes last
        yield outcome


def change(session, user, password=NEW):
    """Another password, as every way to one sets it."""
    found = lock_row(session, User, user.id, what="user")
    found.password_hash = hash_password(password, Role.ADMIN)
    accounts.shut_out(session, found, "new password", NOW)


# --- the password checked is the one in force


@pytest.mark.parametrize("meanwhile", ["another password", "deactivated"])
def test_a_password_replaced_while_it_was_checked_lets_nobody_in(database, monkeypatch, meanwhile):
    user = rita(database)
    matches, done = signing_in.matches, threading.Event()

    def slowly(password, hashed):
        right = matches(password, hashed)
        if not done.is_set():
            done.set()
            with database.writing() as session:
                if meanwhile == "deactivated":
                    session.get_one(User, user.id).active = False
                else:
                    change(session, user)
        return right

    monkeypatch.setattr(signing_in, "matches", slowly)
    with pytest.raises(WrongCredentials):
        try_in(database)
    assert done.is_set()


def test_of_two_at_once_with_an_old_hash_both_get_in(database, monkeypatch):
    """The first keeps a stronger hash of the same password; the second is checked against that."""
    rita(database)
    monkeypatch.setattr(passwords, "COST", 5)
    matches, done = signing_in.matches, threading.Event()

    def slowly(password, hashed):
        right = matches(password, hashed)
        if not done.is_set():
            done.set()
            assert try_in(database)
        return right

    monkeypatch.setattr(signing_in, "matches", slowly)
    assert try_in(database)


# --- races


def test_a_session_that_was_just_opening_ends_with_a_new_password(postgresql_database):
    database, user = postgresql_database, rita(postgresql_database)
    actor, ticket, opened = who(database, open_session(database)), try_in(database), []

    def redeem(session):
        link = one_time.use(session, one_time.TICKET, ticket, now=NOW)
        owner = session.get_one(User, link.user_id)
        session.add(
            AuthSession(
                token_sha256="made",
                user_id=owner.id,
                created_at=NOW,
                last_seen_at=NOW,
                auth_at=NOW,
                expires_at=later(hours=12),
            )
        )

    with while_waiting(
        database, redeem, lambda: accounts.change_password(database, actor, NEW, now=NOW)
    ) as changed:
        opened.append(changed.result(30))

    assert opened
    with database.reading() as session:
        still = select(AuthSession).where(
            AuthSession.user_id == user.id, AuthSession.revoked_at.is_(None)
        )
        assert session.scalars(still).all() == []


def test_a_code_that_waited_for_a_new_password_opens_nothing(postgresql_database):
    database, user = postgresql_database, rita(postgresql_database)
    with database.writing() as session:
        session.add(SecondStep(user_id=user.id, secret=SECRET, offered_at=NOW, on_since=NOW))
    request = CodeRequest(try_in(database), pyotp.TOTP(SECRET).at(NOW))

    with (
        while_waiting(
            database,
            lambda session: change(session, user),
            lambda: confirm_code(database, request, now=NOW),
        ) as confirmed,
        pytest.raises(TicketSpent),
    ):
        confirmed.result(30)


@pytest.mark.parametrize("way", ["another password", "a recovery code"])
def test_nobody_sweeps_old_links_while_they_hold_the_audit(postgresql_database, way):
    """Or whoever swept before them would wait for the audit, and they for the links."""
    database, user = postgresql_database, rita(postgresql_database)
    token = open_session(database)
    with database.writing() as session:
        session.add(SecondStep(user_id=user.id, secret=SECRET, offered_at=NOW, on_since=NOW))
        [code, *_] = make_recovery_codes(session, user.id)
        ask = second_step.ask(session, user.id, now=NOW)
        one_time.issue(session, "old", lasts=timedelta(), now=later(hours=-2))
    ways = {
        "another password": lambda: accounts.change_password(
            database, who(database, token), NEW, now=NOW
        ),
        "a recovery code": lambda: confirm_code(database, CodeRequest(ask, code), now=NOW),
    }

    with while_waiting(
        database,
        lambda session: one_time.issue(session, "new", lasts=timedelta(1), now=NOW),
        ways[way],
    ) as done:
        assert done.result(30)


# --- the second step


def test_what_the_password_alone_was_traded_for_is_void_once_a_second_step_is_on(database):
    rita(database)
    actor = who(database, open_session(database))
    ticket = try_in(database)
    with database.writing() as session:
        made = offer(session, actor, now=NOW)
        switch_on(session, actor, pyotp.TOTP(made.secret).at(NOW), now=NOW)

    with database.writing() as session, pytest.raises(TicketSpent):
        accounts.redeem_ticket(session, TicketRequest(ticket), now=NOW)


# --- letters on their way


def waiting(database):
    with database.reading() as session:
        is_waiting = OutboxMessage.state == MessageState.WAITING
        return list(session.scalars(select(OutboxMessage.kind).where(is_waiting)))


def test_a_letter_that_waits_makes_no_link_once_its_owner_has_a_new_password(database):
    user = rita(database, email="rita@example.org")
    ask_reset(database, ResetAsked("rita"), now=NOW)
    with database.writing() as session:
        session.add(
            OutboxMessage(
                dedupe="told",
                kind="email_changed",
                address="old@example.org",
                user_id=user.id,
                created_at=NOW,
                due_at=NOW,
            )
        )
        change(session, user)

    assert waiting(database) == ["email_changed"]


def test_a_new_link_takes_the_place_of_one_still_to_be_mailed(database):
    user = rita(database, email="rita@example.org")
    ask_reset(database, ResetAsked("rita"), now=NOW)
    with database.writing() as session:
        activation.renew_link(session, CONSOLE, user.id, by_mail=True, now=NOW)
    with database.writing() as session:
        activation.renew_link(session, CONSOLE, user.id, by_mail=True, now=later(minutes=1))
    assert waiting(database) == ["reset", "activation"]

    with database.writing() as session:
        activation.renew_link(session, CONSOLE, user.id, now=later(minutes=2))
    assert waiting(database) == ["reset"]


def test_a_letter_in_hand_is_not_sent_once_its_link_is_void(database, monkeypatch):
    user = rita(database, email="rita@example.org")
    ask_reset(database, ResetAsked("rita"), now=NOW)
    claim = outbox.claim

    def claim_and_change(session, *, now):
        found = claim(session, now=now)
        change(session, user)
        return found

    monkeypatch.setattr(outbox, "claim", claim_and_change)
    with postman.serving() as post:
        sending.send_next(database, sending.Office(post.server(), "https://x.example"), now=NOW)
        assert post.mails == []


# --- who hands out links


@pytest.mark.parametrize("minutes", [9, 10])
@pytest.mark.parametrize("verb", ["invite", "renew", "another role"])
def test_whoever_gives_a_way_in_proves_who_they_are(database, verb, minutes):
    """T074: a desk left unlocked is no way into another account."""
    rita(database, Role.ADMIN, username="alex")
    user = rita(database)
    actor = who(database, open_session(database, username="alex"))
    now = later(minutes=minutes)
    verbs = {
        "invite": lambda session: activation.invite_user(
            session, actor, activation.Invitation("zoe", "Zoe", Role.ADMIN), now=now
        ),
        "renew": lambda session: activation.renew_link(session, actor, user.id, now=now),
        "another role": lambda session: accounts.edit_user(
            session, actor, accounts.EditedUser(user.id, 1, user.name, Role.ADMIN), now=now
        ),
    }

    def act():
        with database.writing() as session:
            return verbs[verb](session)

    if minutes == 9:
        assert act()
        return
    with pytest.raises(ConfirmationNeeded):
        act()
    with database.writing() as session:  # a name gives nobody a way in
        named = accounts.EditedUser(user.id, 1, "Rita Dias", user.role)
        assert accounts.edit_user(session, actor, named, now=now).name == "Rita Dias"


# --- the way in after a lock-out


def test_a_new_password_lets_its_owner_in_whatever_was_tried_before(database):
    user = rita(database, email="rita@example.org")
    for _ in range(6):
        with pytest.raises(WrongCredentials):
            try_in(database, password="guess")
    with pytest.raises(BookingError):
        try_in(database)
    with database.writing() as session:
        link = activation.issue_link(session, user, now=NOW)

    answer = activation.choose_password(
        database, activation.PasswordChosen(link, PASSWORD), now=NOW
    )

    assert not answer.needs_code
    with database.writing() as session:
        assert accounts.redeem_ticket(session, TicketRequest(answer.ticket), now=NOW)


def test_with_a_second_step_a_new_password_still_asks_for_the_code(database):
    user = rita(database, email="rita@example.org")
    with database.writing() as session:
        session.add(SecondStep(user_id=user.id, secret=SECRET, offered_at=NOW, on_since=NOW))
        link = reset.issue_link(session, user, now=NOW)
    answer = reset_password(database, activation.PasswordChosen(link, NEW), now=NOW)

    assert answer.needs_code
    with database.reading() as session:
        assert find_resetting(session, link, now=NOW) is None
    code = pyotp.TOTP(SECRET).at(NOW)
    assert confirm_code(database, CodeRequest(answer.ticket, code), now=NOW)


# --- what no database takes


def test_control_characters_in_a_name_are_not_there(database):
    rita(database, email="rita@example.org")

    assert try_in(database, "ri\x00ta\ud800")
    with pytest.raises(WrongCredentials):
        try_in(database, "no\x00body")
    ask_reset(database, ResetAsked("ri\x00ta"), now=NOW)
    assert waiting(database) == ["reset"]
