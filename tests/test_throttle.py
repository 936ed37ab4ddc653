"""The throttle: guessing is slow, and nobody is kept out of their own account by a stranger."""

import contextlib
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import accounts, passwords, throttle
from core.accounts import devices, signing_in
from core.db import Database
from core.errors import TooManyAttempts, WrongCredentials
from core.models import KnownDevice, Throttle
from tests.accounts_desk import (
    NOW,
    actions,
    fail_in,
    know_device,
    later,
    open_session,
    rita,
    try_in,
)


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def desk(database) -> Database:
    rita(database)
    return database


@pytest.fixture
def sqlite_desk(sqlite_database) -> Database:
    rita(sqlite_database)
    return sqlite_database


# --- one name


def test_t048_from_the_sixth_wrong_password_on_the_wait_doubles_for_the_right_one_too(desk):
    fail_in(desk, times=6)
    now, waits = NOW, []
    for _ in range(11):
        with pytest.raises(TooManyAttempts) as refused:
            try_in(desk, now=now)
        waits.append(refused.value.details["seconds"])
        now += timedelta(seconds=waits[-1])
        fail_in(desk, now=now, ip=str(now))

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_t048_names_that_do_not_exist_wait_as_well(database):
    fail_in(database, times=6, username="nobody")

    with pytest.raises(TooManyAttempts):
        fail_in(database, username="NOBODY")


def test_t048_a_day_of_guessing_from_everywhere_is_heard_a_hundred_times(sqlite_desk, monkeypatch):
    """An attacker with as many addresses as they like, who tries again the second they may.

    The owner signs in every hour meanwhile, from a desk they know and from new ones.
    """
    monkeypatch.setattr(signing_in, "matches", lambda password, _hash: password == "right")
    known = know_device(sqlite_desk, open_session(sqlite_desk, password="right"))
    heard, hour, now = 0, 0, NOW
    while now < later(days=1):
        if now >= later(hours=hour):
            hour += 1
            assert try_in(sqlite_desk, password="right", device=known, now=now)
            try_from_elsewhere(sqlite_desk, now)
        try:
            try_in(sqlite_desk, password="guess", ip=f"bot {now}", now=now)
        except WrongCredentials:
            heard += 1
        except TooManyAttempts as refusal:
            now += timedelta(seconds=refusal.details["seconds"])
    print(f"{heard} guesses heard in a day")

    assert 50 <= heard <= 110


def try_from_elsewhere(database, now):
    with contextlib.suppress(TooManyAttempts):
        try_in(database, password="right", ip=f"somewhere {now}", now=now)


def test_the_right_password_forgives_what_was_typed_wrong_there(desk):
    fail_in(desk, times=5)
    try_in(desk)

    fail_in(desk, times=6)


def test_the_right_password_forgives_nothing_of_what_others_tried(desk):
    fail_in(desk, times=5, ip="10.6.6.6")
    try_in(desk)

    fail_in(desk, ip="10.6.6.6")
    with pytest.raises(TooManyAttempts):
        fail_in(desk, ip="10.6.6.6")


# --- one address


def test_t050_one_address_gets_thirty_wrong_attempts_in_a_quarter_of_an_hour(desk):
    for number in range(30):
        fail_in(desk, username=f"user{number}")

    with pytest.raises(TooManyAttempts) as refused:
        try_in(desk)
    assert refused.value.details["seconds"] == 900
    assert try_in(desk, ip="10.0.0.2")
    assert try_in(desk, now=later(minutes=15))


def test_a_busy_morning_behind_one_address_is_not_an_attack(desk):
    for _ in range(35):
        try_in(desk)


# --- a known device


def test_t049_a_flood_on_an_account_keeps_its_owner_out_of_new_places_but_not_of_their_own(desk):
    known = know_device(desk, open_session(desk))
    for number in range(6):
        fail_in(desk, ip=f"bot {number}")

    with pytest.raises(TooManyAttempts):
        try_in(desk)
    assert try_in(desk, device=known)


def test_t049_at_a_known_desk_wrong_passwords_count_as_well(desk):
    known = know_device(desk, open_session(desk))
    fail_in(desk, times=6, device=known)

    with pytest.raises(TooManyAttempts):
        try_in(desk, device=known)
    assert try_in(desk)


def test_a_right_password_at_a_known_desk_starts_its_count_afresh(desk):
    known = know_device(desk, open_session(desk))
    fail_in(desk, times=5, device=known)
    try_in(desk, device=known)

    fail_in(desk, times=6, device=known)


@pytest.mark.parametrize("device", ["", "made up", "somebody else's", "old"])
def test_a_device_counts_for_those_who_have_signed_in_from_it_lately(desk, device):
    rita(desk, username="sofia")
    known = {
        "somebody else's": lambda: know_device(desk, open_session(desk, username="sofia")),
        "old": lambda: know_device(desk, open_session(desk)),
    }.get(device, lambda: device)()
    now = later(days=181) if device == "old" else NOW
    for number in range(6):
        fail_in(desk, ip=f"bot {number}", now=now)

    with pytest.raises(TooManyAttempts):
        try_in(desk, device=known, now=now)


def test_one_desk_is_known_to_all_who_work_at_it(desk):
    rita(desk, username="sofia")
    first = know_device(desk, open_session(desk))
    second = know_device(desk, open_session(desk, username="sofia"), first)

    assert first == second
    with desk.reading() as session:
        assert len(session.scalars(select(KnownDevice)).all()) == 2


def test_a_planted_device_cookie_is_replaced(desk):
    assert know_device(desk, open_session(desk), "planted") != "planted"


def test_only_hashes_of_device_cookies_are_kept_and_of_the_last_ten(desk):
    made = [
        know_device(desk, open_session(desk, now=later(minutes=each)), now=later(minutes=each))
        for each in range(devices.MOST_DEVICES + 2)
    ]

    with desk.reading() as session:
        kept = set(session.scalars(select(KnownDevice.token_sha256)))
    assert kept == {passwords.secret_hash(each) for each in made[2:]}


# --- everybody


def test_more_than_two_hundred_wrong_ones_slow_strangers_down_and_raise_an_alarm(
    sqlite_desk, monkeypatch, caplog
):
    known = know_device(sqlite_desk, open_session(sqlite_desk))
    monkeypatch.setattr(throttle, "SLOW_DOWN", timedelta(seconds=0.3))
    for number in range(202):
        fail_in(sqlite_desk, username=f"user{number}", ip=f"bot {number}")

    assert how_long(lambda: try_in(sqlite_desk)) >= 0.3
    assert how_long(lambda: try_in(sqlite_desk, device=known)) < 0.3
    assert how_long(lambda: try_in(sqlite_desk, now=later(minutes=5))) < 0.3
    assert actions(sqlite_desk).count("sign_in.flood") == 1
    assert caplog.text.count("slowed down") == 1


def how_long(work) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


# --- where it is kept


def test_t051_attempts_count_across_processes(sqlite_desk):
    fail_in(sqlite_desk, times=6)
    other = Database(str(sqlite_desk.engine.url))

    with pytest.raises(TooManyAttempts):
        try_in(other)
    other.dispose()


def test_many_at_once_cannot_slip_past_the_throttle(desk):
    answers, start = [], threading.Barrier(8)

    def guess():
        start.wait()
        try:
            try_in(desk, password="wrong")
        except (WrongCredentials, TooManyAttempts) as refusal:
            answers.append(refusal.code)

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers.count("wrong_credentials") == 6


def test_counts_are_kept_under_hashes_and_swept_after_a_day(desk):
    fail_in(desk, username="someone else")
    fail_in(desk, now=later(days=1))

    with desk.reading() as session:
        keys = set(session.scalars(select(Throttle.key)))
    attempt = signing_in.Attempt("rita", "10.0.0.1", device="")
    assert keys == {each.key for each in attempt.counters}


# --- one address


def test_who_has_a_whole_network_of_addresses_counts_as_one(desk):
    for number in range(30):
        fail_in(desk, username=f"user{number}", ip=f"2001:db8::{number + 1:x}")
    with pytest.raises(TooManyAttempts):
        try_in(desk, username="one more", ip="2001:db8::ffff:1")

    for ip in ("2001:db8:0:1::1", "::ffff:10.0.0.1"):
        assert try_in(desk, ip=ip)


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:DB8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("bot 1", "bot 1"),
    ],
)
def test_what_one_subscriber_has(ip, network):
    assert throttle.network_of(ip) == network


# --- who is signed in already


def test_proving_who_has_a_session_is_counted_for_the_session_alone(desk):
    token = open_session(desk)
    with desk.reading() as session:
        actor = accounts.actor_from_token(session, token, now=NOW)
    for number in range(6):
        fail_in(desk, ip=f"bot {number}")
    accounts.confirm(desk, actor, "a long enough password", now=NOW)

    for _ in range(6):
        with pytest.raises(accounts.proving.WrongPassword):
            accounts.confirm(desk, actor, "wrong", now=NOW)
    with pytest.raises(TooManyAttempts):
        accounts.confirm(desk, actor, "a long enough password", now=NOW)
