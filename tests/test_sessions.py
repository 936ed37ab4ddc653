"""Sessions: how long one lasts, who looks at it, how it ends, and proving again who it is."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core import accounts, activation, passwords, reset
from core.accounts import SESSION_LIMITS, TicketRequest
from core.activation import PasswordChosen
from core.errors import (
    ConfirmationNeeded,
    Invalid,
    NotAllowed,
    NotFound,
    SignInNeeded,
    TicketSpent,
    WrongCredentials,
    WrongPassword,
)
from core.models import AuthSession, OneTimeLink, Role, User
from core.policy import CONSOLE
from tests import a
from tests.accounts_desk import (
    NOW,
    PASSWORD,
    actions,
    later,
    open_session,
    rita,
    try_in,
    who,
)

SECOND = timedelta(seconds=1)
STAFF = [Role.PROFESSIONAL, Role.RECEPTIONIST, Role.ADMIN]
NEW_PASSWORD = "four purple tractors"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def desk(database):
    rita(database)
    return database


@pytest.fixture
def token(desk) -> str:
    return open_session(desk)


def locked(database, token, *, now):
    with database.reading() as session:
        return accounts.find_locked(session, token, now=now)


def touch(database, token, *, now) -> None:
    actor = who(database, token, now=now)
    with database.writing() as session:
        accounts.touch(session, actor, now=now)


def row_of(database, token) -> AuthSession:
    with database.reading() as session:
        found = select(AuthSession).where(AuthSession.token_sha256 == passwords.secret_hash(token))
        return session.scalars(found).one()


# --- how long


@pytest.mark.parametrize("role", list(Role))
def test_t063_t064_nobody_acts_in_a_session_left_alone_or_at_its_end(sqlite_database, role):
    rita(sqlite_database, role)
    limits, token = SESSION_LIMITS[role], open_session(sqlite_database)

    assert who(sqlite_database, token, now=NOW + limits.idle - SECOND) is not None
    assert who(sqlite_database, token, now=NOW + limits.idle) is None

    now = NOW
    while now < NOW + limits.absolute:
        touch(sqlite_database, token, now=now)
        now += limits.idle - SECOND
    assert who(sqlite_database, token, now=NOW + limits.absolute) is None


def test_t063_the_limits_are_these():
    assert {
        role: (limits.idle, limits.absolute, limits.locks)
        for role, limits in SESSION_LIMITS.items()
    } == {
        Role.PATIENT: (timedelta(minutes=30), timedelta(hours=24), False),
        **{role: (timedelta(minutes=15), timedelta(hours=12), True) for role in STAFF},
    }


@pytest.mark.parametrize("role", STAFF)
def test_t063_staff_find_their_session_locked_until_its_end(sqlite_database, role):
    user, token = rita(sqlite_database, role), open_session(sqlite_database)

    assert locked(sqlite_database, token, now=later(minutes=14)) is None
    found = locked(sqlite_database, token, now=later(minutes=15))
    assert (found.user_id, found.name, found.has_password) == (user.id, "Rita Fonseca", True)
    assert locked(sqlite_database, token, now=later(hours=12)) is None


def test_t063_patients_are_signed_out(sqlite_database):
    rita(sqlite_database, Role.PATIENT)
    token = open_session(sqlite_database)

    assert locked(sqlite_database, token, now=later(minutes=30)) is None


def test_nobody_is_found_behind_an_ended_or_made_up_session(desk, token):
    actor = who(desk, token)
    with desk.writing() as session:
        accounts.sign_out(session, actor, now=NOW)

    for each in (token, "made up", ""):
        assert locked(desk, each, now=later(minutes=15)) is None


def test_t063_use_is_noted_once_a_minute_at_most(desk, token):
    seen = []
    for seconds in (30, 59, 60, 100):
        now = later(seconds=seconds)
        with desk.reading() as session:
            due = accounts.find_signed_in(session, token, now=now).is_stamp_due(now)
        touch(desk, token, now=now)
        seen.append((due, row_of(desk, token).last_seen_at))

    minute = later(seconds=60)
    assert seen == [(False, NOW), (False, NOW), (True, minute), (False, minute)]


def test_t063_what_was_begun_in_time_does_not_unlock_too_late(desk, token):
    actor = who(desk, token, now=later(minutes=14))
    with desk.writing() as session:
        accounts.touch(session, actor, now=later(minutes=15))

    assert who(desk, token, now=later(minutes=15)) is None


def test_a_sixth_session_ends_the_oldest(desk):
    tokens = [open_session(desk) for _ in range(accounts.MOST_SESSIONS + 1)]

    assert [who(desk, each) is not None for each in tokens] == [False] + [True] * 5


# --- unlocking


def test_t063_the_owners_password_unlocks_and_the_session_goes_on(desk, token):
    now = later(minutes=20)
    accounts.unlock(desk, token, PASSWORD, now=now)

    assert who(desk, token, now=now).name == "Rita Fonseca"
    assert actions(desk) == ["session.opened", "session.unlocked"]
    assert who(desk, token, now=later(hours=12)) is None


def test_a_wrong_password_leaves_it_locked(desk, token):
    now = later(minutes=20)
    with pytest.raises(WrongPassword):
        accounts.unlock(desk, token, "not the password", now=now)

    assert who(desk, token, now=now) is None
    assert actions(desk) == ["session.opened", "session.proof_refused"]


def test_a_colleagues_password_does_not_unlock(desk, token):
    rita(desk, username="sofia", password_hash=passwords.rehash("sofia has another one"))
    now = later(minutes=20)

    with pytest.raises(WrongPassword):
        accounts.unlock(desk, token, "sofia has another one", now=now)


@pytest.mark.parametrize("minutes", [5, 12 * 60])
def test_a_session_in_use_or_over_is_not_there_to_be_unlocked(desk, token, minutes):
    with pytest.raises(SignInNeeded):
        accounts.unlock(desk, token, PASSWORD, now=later(minutes=minutes))


def test_nobody_without_a_password_unlocks(desk, token):
    with desk.writing() as session:
        session.scalars(select(User)).one().password_hash = ""
    now = later(minutes=20)

    assert not locked(desk, token, now=now).has_password
    with pytest.raises(WrongPassword):
        accounts.unlock(desk, token, "", now=now)


def test_t062_whoever_has_the_cookie_may_end_a_locked_session(desk, token):
    now = later(minutes=20)
    with desk.writing() as session:
        accounts.close_session(session, token, now=now)
        accounts.close_session(session, token, now=now)

    assert locked(desk, token, now=now) is None
    assert actions(desk) == ["session.opened", "session.closed"]


# --- proving again


def test_t074_signing_in_is_proof_for_ten_minutes(desk, token):
    actor = who(desk, token)
    with desk.reading() as session:
        accounts.check_confirmed(session, actor, now=later(minutes=10) - SECOND)
        with pytest.raises(ConfirmationNeeded):
            accounts.check_confirmed(session, actor, now=later(minutes=10))


def test_t074_the_password_is_proof_for_ten_more(desk, token):
    actor, now = who(desk, token), later(minutes=12)
    accounts.confirm(desk, actor, PASSWORD, now=now)

    with desk.reading() as session:
        accounts.check_confirmed(session, actor, now=later(minutes=22) - SECOND)
        with pytest.raises(ConfirmationNeeded):
            accounts.check_confirmed(session, actor, now=later(minutes=22))
    assert actions(desk)[-1] == "session.confirmed"


def test_t074_a_wrong_password_proves_nothing(desk, token):
    actor, now = who(desk, token), later(minutes=12)
    with pytest.raises(WrongPassword):
        accounts.confirm(desk, actor, "not the password", now=now)

    with desk.reading() as session, pytest.raises(ConfirmationNeeded):
        accounts.check_confirmed(session, actor, now=now)


def test_t074_proof_in_one_session_is_none_in_another(desk, token):
    other = who(desk, open_session(desk))
    actor, now = who(desk, token), later(minutes=12)
    accounts.confirm(desk, actor, PASSWORD, now=now)

    with desk.reading() as session, pytest.raises(ConfirmationNeeded):
        accounts.check_confirmed(session, other, now=now)


def test_t074_somebody_without_a_session_has_to_prove_it_and_the_console_has_not(session):
    with pytest.raises(ConfirmationNeeded):
        accounts.check_confirmed(session, a.actor(session, Role.ADMIN), now=NOW)

    accounts.check_confirmed(session, CONSOLE, now=NOW)


def test_t074_nobody_proves_anything_in_a_session_that_was_ended(desk, token):
    actor = who(desk, token)
    with desk.writing() as session:
        accounts.sign_out(session, actor, now=NOW)

    with pytest.raises(WrongPassword):
        accounts.confirm(desk, actor, PASSWORD, now=NOW)


# --- another password


def test_t067_another_password_ends_every_session_and_opens_a_new_one(desk, token):
    elsewhere = open_session(desk)
    ticket = accounts.change_password(desk, who(desk, token), NEW_PASSWORD, now=NOW)

    assert who(desk, token) is None
    assert who(desk, elsewhere) is None
    with desk.writing() as session:
        new = accounts.redeem_ticket(session, accounts.TicketRequest(ticket), now=NOW)
    assert new not in (token, elsewhere)
    assert who(desk, new).name == "Rita Fonseca"
    assert try_in(desk, password=NEW_PASSWORD)
    assert "user.password_changed" in actions(desk)


def test_t067_what_was_handed_out_before_is_void(desk, token):
    before = try_in(desk)
    accounts.change_password(desk, who(desk, token), NEW_PASSWORD, now=NOW)

    with desk.writing() as session, pytest.raises(TicketSpent):
        accounts.redeem_ticket(session, accounts.TicketRequest(before), now=NOW)
    with desk.reading() as session:
        assert sum(each.used_at is None for each in session.scalars(select(OneTimeLink))) == 1


def test_t074_another_password_takes_recent_proof(desk, token):
    actor, now = who(desk, token), later(minutes=12)
    with pytest.raises(ConfirmationNeeded):
        accounts.change_password(desk, actor, NEW_PASSWORD, now=now)

    accounts.confirm(desk, actor, PASSWORD, now=now)
    assert accounts.change_password(desk, actor, NEW_PASSWORD, now=now)


@pytest.mark.parametrize("password", ["too short", "i am rita fonseca", "passwordpassword"])
def test_t054_another_password_is_held_to_the_policy_and_nothing_changes(desk, token, password):
    with pytest.raises(Invalid):
        accounts.change_password(desk, who(desk, token), password, now=NOW)

    assert who(desk, token) is not None


# --- looking and ending


def seen_by(database, actor, user_id, *, now=NOW):
    with database.reading() as session:
        return accounts.load_sessions(session, actor, user_id, now=now)


def test_people_see_their_open_sessions_and_which_is_this_one(desk, token):
    open_session(desk, now=later(minutes=3))
    ended = open_session(desk)
    with desk.writing() as session:
        accounts.sign_out(session, who(desk, ended), now=NOW)
    actor = who(desk, token, now=later(minutes=4))

    seen = seen_by(desk, actor, actor.user_id, now=later(minutes=4))

    assert [(each.since, each.is_this) for each in seen] == [
        (later(minutes=3), False),
        (NOW, True),
    ]


def test_a_locked_session_is_on_the_list_and_one_that_is_over_is_not(desk, token):
    fresh = open_session(desk, now=later(hours=11, minutes=59))
    for minutes, count in ((719, 2), (720, 1)):
        now = later(minutes=minutes)
        actor = who(desk, fresh, now=now)
        assert len(seen_by(desk, actor, actor.user_id, now=now)) == count


def test_t066_people_end_a_session_of_their_own(desk, token):
    lost = open_session(desk)
    with desk.writing() as session:
        accounts.end_session(session, who(desk, token), row_of(desk, lost).id, now=NOW)

    assert who(desk, lost) is None
    assert who(desk, token) is not None
    assert actions(desk)[-1] == "session.ended"


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PROFESSIONAL, Role.PATIENT])
def test_t066_a_colleagues_session_is_not_there(desk, token, role):
    rita(desk, role, username="sofia")
    other = who(desk, open_session(desk, username="sofia"))
    mine = row_of(desk, token)

    with desk.writing() as session, pytest.raises(NotFound):
        accounts.end_session(session, other, mine.id, now=NOW)
    with pytest.raises(NotFound):
        seen_by(desk, other, mine.user_id)
    with desk.writing() as session, pytest.raises(NotAllowed):
        accounts.end_sessions_of(session, other, mine.user_id, now=NOW)
    assert who(desk, token) is not None


def test_t066_admins_see_and_end_anybodys(desk, token):
    rita(desk, Role.ADMIN, username="alex")
    admin = who(desk, open_session(desk, username="alex"))
    mine = row_of(desk, token)
    open_session(desk)

    assert len(seen_by(desk, admin, mine.user_id)) == 2
    with desk.writing() as session:
        accounts.end_session(session, admin, mine.id, now=NOW)
        assert accounts.end_sessions_of(session, admin, mine.user_id, now=NOW) == 1
        assert accounts.end_sessions_of(session, admin, mine.user_id, now=NOW) == 0
    assert seen_by(desk, admin, mine.user_id) == []
    assert actions(desk)[-3:] == ["session.ended", "session.all_ended", "session.all_ended"]


def test_signing_out_everywhere_else_leaves_this_one(desk, token):
    others = [open_session(desk) for _ in range(2)]
    with desk.writing() as session:
        assert accounts.sign_out_elsewhere(session, who(desk, token), now=NOW) == 2

    assert [who(desk, each) is not None for each in (token, *others)] == [True, False, False]


def test_t161_everybody_is_out_at_once(desk, token):
    rita(desk, Role.ADMIN, username="alex")
    admin = open_session(desk, username="alex")
    ticket = try_in(desk)
    with desk.writing() as session:
        link = reset.issue_link(session, session.get_one(User, who(desk, token).user_id), now=NOW)
        assert accounts.end_all_sessions(session, CONSOLE, now=NOW) == 2

    assert who(desk, token) is None
    assert who(desk, admin) is None
    assert is_over(desk, ticket, link)
    assert actions(desk)[-1] == "session.everybody_ended"


def test_t161_who_is_signed_out_everywhere_has_no_link_left_either(desk, token):
    user_id, tickets = who(desk, token).user_id, [try_in(desk)]
    rita(desk, username="sofia")
    tickets.append(try_in(desk, "sofia"))
    with desk.writing() as session:
        link = reset.issue_link(session, session.get_one(User, user_id), now=NOW)
        accounts.end_sessions_of(session, CONSOLE, user_id, now=NOW)

    assert is_over(desk, tickets[0], link)
    with desk.writing() as session:
        assert accounts.redeem_ticket(session, TicketRequest(tickets[1]), now=NOW)


def is_over(desk, ticket, link):
    """Whether neither opens anything."""
    with desk.writing() as session, pytest.raises(TicketSpent):
        accounts.redeem_ticket(session, TicketRequest(ticket), now=NOW)
    with desk.reading() as session:
        return reset.find_resetting(session, link, now=NOW) is None


def test_t161_only_an_admin_puts_everybody_out(desk, token):
    with desk.writing() as session, pytest.raises(NotAllowed):
        accounts.end_all_sessions(session, who(desk, token), now=NOW)


# --- what admins change


def test_t068_another_role_ends_every_session(desk, token):
    user = row_of(desk, token).user_id
    with desk.writing() as session:
        ana = a.patient(session)
        request = accounts.EditedUser(user, 1, "Rita Fonseca", Role.PATIENT, patient_id=ana.id)
        accounts.edit_user(session, CONSOLE, request, now=NOW)

    assert who(desk, token) is None
    assert who(desk, open_session(desk)).role is Role.PATIENT


def test_who_becomes_an_admin_chooses_a_new_password(desk, token):
    """T054: nobody can tell whether the old one is as long as an admin's has to be."""
    user = row_of(desk, token).user_id
    request = accounts.EditedUser(user, 1, "Rita Fonseca", Role.ADMIN)
    with desk.writing() as session:
        accounts.edit_user(session, CONSOLE, request, now=NOW)

    with pytest.raises(WrongCredentials):
        open_session(desk)
    with desk.writing() as session:
        link = activation.renew_link(session, CONSOLE, user, now=NOW).link
    with pytest.raises(Invalid):
        activation.choose_password(desk, PasswordChosen(link, "twelve chars"), now=NOW)
    activation.choose_password(desk, PasswordChosen(link, "fifteen characters"), now=NOW)
    assert who(desk, open_session(desk, password="fifteen characters")).role is Role.ADMIN


def test_t068_another_name_ends_none(desk, token):
    user = row_of(desk, token).user_id
    request = accounts.EditedUser(user, 1, "Rita Dias", Role.RECEPTIONIST)
    with desk.writing() as session:
        accounts.edit_user(session, CONSOLE, request, now=NOW)

    assert who(desk, token).name == "Rita Dias"


def test_t068_whoever_is_let_in_no_more_is_out_at_once_locked_or_not(desk, token):
    with desk.writing() as session:
        user_id = row_of(desk, token).user_id
        accounts.create_user(
            session,
            CONSOLE,
            accounts.NewUser("alex", "Alex", Role.ADMIN, passwords.rehash(PASSWORD)),
            now=NOW,
        )
        accounts.deactivate_user(session, CONSOLE, user_id, 1, now=NOW)

    assert who(desk, token) is None
    assert locked(desk, token, now=later(minutes=20)) is None
