"""Passwords: which are taken, how they are kept, and what checking one costs."""

import statistics
import threading
import time
from datetime import timedelta
from unittest.mock import patch

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import passwords
from core.accounts import signing_in
from core.errors import Invalid, TooBusy, WrongCredentials
from core.models import Role, User
from core.passwords import check_password, hash_password, matches
from tests import a
from tests.accounts_desk import (
    PASSWORD,
    fail_in,
    later,
    open_session,
    rita,
    try_in,
)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


def letters(length: int) -> str:
    """As many characters, none of which anybody would try first."""
    return ("é ü😀 ñ\x00" + PASSWORD * 12)[:length]


# --- which are taken


@pytest.mark.parametrize(
    ("length", "role", "accepted"),
    [
        (11, Role.RECEPTIONIST, False),
        (12, Role.RECEPTIONIST, True),
        (14, Role.ADMIN, False),
        (15, Role.ADMIN, True),
        (256, Role.PATIENT, True),
        (257, Role.PATIENT, False),
    ],
)
def test_t053_a_password_has_a_least_and_a_most_length(length, role, accepted):
    if accepted:
        check_password(letters(length), role)
        return
    with pytest.raises(Invalid) as refused:
        check_password(letters(length), role)
    assert refused.value.field == "password"


@given(st.text(min_size=12, max_size=256), st.text(min_size=1, max_size=3))
def test_t053_a_password_is_never_trimmed_or_cut(password, more):
    with patch.object(passwords, "COST", 4):
        hashed = passwords.rehash(password)

        assert matches(password, hashed)
        assert not matches(password + more, hashed)
        assert not matches(more + password, hashed)


@pytest.mark.parametrize(
    "password",
    [
        "leavemealone",
        "LeaveMeAlone",
        "Password1234!",
        "2024sunshine!!",
        "passwordpassword",
        "PasswordPassword2024",
        "aaaaaaaaaaaaaaaa",
        "abc12abc12abc12",
        "123456789012345",
        "0987654321098",
        "abcdefghijklmnop",
        "qwertyuiopasdf",
    ],
)
def test_t054_what_everybody_tries_first_is_refused(password):
    with pytest.raises(Invalid, match="first that are tried") as refused:
        check_password(password, Role.RECEPTIONIST)
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password",
    ["leave me alone please", "four purple tractors", "password is my enemy", "9f3k2m8x0q1z"],
)
def test_t054_a_few_words_or_plain_chance_are_fine(password):
    check_password(password, Role.RECEPTIONIST)


ABOUT = ("rita.fonseca@example.org", "Rita Maria Fonseca", "Rua Nova Practice")


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("my cat likes RITA", "rita"),
        ("the fonsecas of porto", "fonseca"),
        ("nova takes the bus", "nova"),
        ("an example to follow", "example"),
    ],
)
def test_t054_the_persons_and_the_places_own_names_are_refused(password, word):
    with pytest.raises(Invalid, match=f"\u201c{word}\u201d"):
        check_password(password, Role.RECEPTIONIST, ABOUT)

    check_password(password, Role.RECEPTIONIST)


def test_t054_a_short_word_of_a_name_may_turn_up_by_chance():
    check_password("we ruin the quarter", Role.RECEPTIONIST, ("rui", "Rui Sá"))


def test_t054_the_list_has_the_top_ten_thousand():
    assert len(passwords.common_passwords()) >= 10_000


# --- what checking one costs


@pytest.fixture
def spent(monkeypatch) -> list[int]:
    """The costs of all hashing done since, in units of a check at cost 0."""
    units: list[int] = []
    checkpw, hashpw = bcrypt.checkpw, bcrypt.hashpw

    def check(password, hashed):
        units.append(2 ** int(hashed.split(b"$")[2]))
        return checkpw(password, hashed)

    def make(password, salt):
        units.append(2 ** int(salt.split(b"$")[2]))
        return hashpw(password, salt)

    passwords.prepare()
    monkeypatch.setattr(bcrypt, "checkpw", check)
    monkeypatch.setattr(bcrypt, "hashpw", make)
    return units


@pytest.fixture
def people(sqlite_database, monkeypatch):
    """The same password, kept at the cost of today and at that of years ago."""
    monkeypatch.setattr(passwords, "COST", 6)
    old, new = (passwords._hash(PASSWORD, cost) for cost in (4, 6))
    passwords.prepare()
    with sqlite_database.writing() as session:
        a.user(session, username="known", password_hash=new)
        a.user(session, username="old", password_hash=old)
        a.user(session, username="disabled", password_hash=new, active=False)
        a.user(session, username="invited", password_hash="")
    return sqlite_database


@pytest.mark.parametrize("name", ["known", "unknown", "old", "disabled", "invited"])
def test_t044_t047_every_wrong_password_costs_one_check_of_todays_cost(people, spent, name):
    fail_in(people, username=name)

    assert sum(spent) == 2**6


def test_t047_a_right_password_kept_at_a_lower_cost_is_hashed_anew_once(people, spent):
    open_session(people, username="old")
    assert spent == [2**4, 2**6]
    with people.reading() as session:
        kept = session.query(User).filter_by(username="old").one()
    assert passwords.cost_of(kept.password_hash) == 6
    assert kept.version == 1

    spent.clear()
    open_session(people, username="old")
    assert spent == [2**6]


def test_t047_a_right_password_of_todays_cost_stays_as_it_is(people, spent):
    with people.reading() as session:
        before = session.query(User).filter_by(username="known").one().password_hash
    open_session(people, username="known")

    with people.reading() as session:
        assert session.query(User).filter_by(username="known").one().password_hash == before
    assert spent == [2**6]


@pytest.mark.parametrize("cost", [4, 5])
def test_t045_the_hash_of_nobody_is_valid_and_costs_what_a_new_one_does(monkeypatch, cost):
    monkeypatch.setattr(passwords, "COST", cost)
    dummy = passwords.dummy_hash(cost)

    assert passwords.cost_of(dummy) == cost
    assert bcrypt.checkpw(passwords._digest("nobody"), dummy.encode())
    assert not matches("nobody", None)


def test_each_heard_attempt_costs_one_check_outside_any_transaction(database, monkeypatch):
    rita(database)
    asked: list[bool] = []

    def matches(password, hashed):
        with database.writing():  # would wait for ever if the caller held the database
            asked.append(hashed is not None)
        return False

    monkeypatch.setattr(signing_in, "matches", matches)
    for name in ("rita", "nobody"):
        with pytest.raises(WrongCredentials):
            try_in(database, username=name)

    assert asked == [True, False]


@pytest.mark.slow
def test_t044_at_the_real_cost_no_name_answers_sooner_than_another(sqlite_database, monkeypatch):
    """200 wrong passwords each, in turns, by the time of this thread alone."""
    monkeypatch.setattr(passwords, "COST", 12)
    passwords.prepare()
    known = passwords._hash(PASSWORD, 12)
    with sqlite_database.writing() as session:
        a.user(session, username="known", password_hash=known)
        a.user(session, username="guessed", password_hash=known)
        a.user(session, username="disabled", password_hash=known, active=False)
        a.user(session, username="invited", password_hash="")
    names = ("known", "unknown", "guessed", "disabled", "invited")
    taken: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(200):
        now = later(days=turn + 1)
        for number in range(6):  # the next one is heard after its wait
            _count_a_failure(sqlite_database, "guessed", now, ip=f"far {turn} {number}")
        for name, times in taken.items():
            started = time.thread_time()
            fail_in(sqlite_database, username=name, now=now + timedelta(hours=1), ip=name)
            times.append(time.thread_time() - started)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    print({name: round(median * 1000, 1) for name, median in medians.items()})

    for median in medians.values():
        assert 0.95 <= median / medians["known"] <= 1.05


def _count_a_failure(database, username, now, *, ip):
    from core import throttle

    with database.writing() as session:
        attempt = signing_in.Attempt(username, ip, device="")
        throttle.take(session, *attempt.counters, now=now)


# --- how many at once


def test_t052_two_passwords_are_checked_at_once_and_no_more(monkeypatch):
    running, most, lock = 0, 0, threading.Lock()

    def slow_check(*_):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return False

    monkeypatch.setattr(bcrypt, "checkpw", slow_check)
    in_parallel(lambda: matches("x", None), passwords.AT_ONCE + passwords.MOST_WAITING)

    assert most == 2


def test_t052_of_fifty_at_once_those_who_would_wait_too_long_are_told(database, monkeypatch):
    rita(database)
    answers, done = [], threading.Event()
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: done.wait(20))

    def guess(number):
        try:
            try_in(database, username=f"user{number}", ip=str(number))
        except (WrongCredentials, TooBusy) as refusal:
            answers.append(refusal.code)
        if len(answers) == 40:
            done.set()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(50)]
    run(threads)

    assert answers.count("too_busy") == 40
    assert answers.count("wrong_credentials") == 10


def test_t052_whoever_was_told_to_come_back_has_lost_no_try(database, monkeypatch):
    rita(database)
    full = threading.BoundedSemaphore(1)
    full.acquire()
    monkeypatch.setattr(passwords, "_line", full)
    for _ in range(10):
        with pytest.raises(TooBusy):
            try_in(database)
    full.release()

    assert try_in(database)


def in_parallel(work, count):
    run([threading.Thread(target=work) for _ in range(count)])


def run(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_new_password_is_held_to_the_policy_before_it_is_hashed():
    with pytest.raises(Invalid):
        hash_password("too short", Role.PATIENT)
