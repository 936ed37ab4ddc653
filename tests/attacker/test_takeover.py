"""Whoever holds somebody else's Streamlit session id, cookie or name, and not their session."""

import pytest
from websockets.exceptions import InvalidStatus

from core import accounts
from core.db import utc_now
from core.models import Role, User
from core.passwords import secret_hash
from core.policy import CONSOLE
from dashboard.web.owner import HEADER
from tests import a
from tests.attacker.client import Tab
from tests.attacker.conftest import CANARIES, DOCTORS

SECRETS = [name for names in CANARIES.values() for name in names] + list(DOCTORS.values())


def check_nothing_of_theirs(tab: Tab) -> None:
    heard = tab.said.decode("utf-8", "replace")
    assert not [each for each in SECRETS if each in heard]


# --- another browser's session id


def test_t069_a_stranger_with_a_session_id_gets_a_sign_in_page_and_nothing_else(target):
    with target.tab("rita") as victim:
        victim.run("desk")
        assert "Canary" in victim.text

        with target.tab(session_id=victim.session_id) as stranger:
            stranger.run("desk")
            assert stranger.is_anonymous()
            assert stranger.session_id != victim.session_id
            check_nothing_of_theirs(stranger)

        victim.press("Today")  # and nobody was thrown out
        assert "Canary" in victim.text


def test_t069_nor_does_one_who_comes_after_the_connection_was_lost(target):
    with target.tab("rita") as victim:
        victim.run("desk")
    with target.tab(session_id=victim.session_id) as stranger:
        stranger.run("desk")

        assert stranger.is_anonymous()
        assert stranger.session_id != victim.session_id
        check_nothing_of_theirs(stranger)


def test_t069_nor_one_who_is_signed_in_as_somebody_else(target):
    with target.tab("bea") as victim, target.tab("ana", session_id=victim.session_id) as other:
        victim.run("my-bookings")
        other.run("my-bookings")

        assert other.session_id != victim.session_id
        assert CANARIES["bea"][0] not in other.said.decode("utf-8", "replace")


def test_t069_nor_one_who_names_the_owner_himself(target):
    """The name Streamlit compares is written by us; what a client sends there is dropped."""
    token = target.token("rita")
    with Tab(target.url, token=token) as victim:
        victim.run("desk")
        forged = {HEADER: secret_hash(token), HEADER.title(): secret_hash(token)}
        with target.tab(session_id=victim.session_id, headers=forged) as stranger:
            stranger.run("desk")

            assert stranger.is_anonymous()
            assert stranger.session_id != victim.session_id


def test_t069_a_fragment_of_anothers_page_does_not_run(target):
    with target.tab("rita") as victim:
        victim.run("desk")
        fragment = next(fragment for _, _, fragment in victim.elements() if fragment)
        with target.tab(session_id=victim.session_id) as stranger:
            stranger.run("desk", fragment=fragment, page_hash=victim.page_hash, wait=False)
            stranger.overhear()

            check_nothing_of_theirs(stranger)


def test_a_lost_connection_of_ones_own_comes_back_to_its_session(target):
    token = target.token("rita")
    with Tab(target.url, token=token) as first:
        first.run("desk")
    with Tab(target.url, token=token, session_id=first.session_id) as again:
        again.run("desk")

        assert again.session_id == first.session_id
        assert not again.is_anonymous()


def test_t070_who_signs_in_next_in_the_same_tab_finds_nothing_of_the_one_before(target):
    with target.tab("rita") as first:
        first.run("desk")
        first.set("Day", string_array_value={"data": ["2030-01-07"]}).run(page_hash=first.page_hash)
        assert "2030" in first.text
    with target.tab("alex", session_id=first.session_id) as second:
        second.run("desk")

        assert second.session_id != first.session_id
        assert "2030" not in second.text
        assert "Rita" not in second.text


# --- a session that is over


def test_t062_a_copied_cookie_opens_nothing_after_sign_out(target):
    token = target.token("rita")
    with target.database.writing() as db:
        actor = accounts.actor_from_token(db, token, now=utc_now())
        accounts.sign_out(db, actor, now=utc_now())

    with Tab(target.url, token=token) as copied:
        assert copied.run("desk").is_anonymous()


def test_t066_an_open_tab_of_an_ended_session_is_a_strangers_on_the_next_step(target):
    token = target.token("rita")
    with Tab(target.url, token=token) as tab:
        tab.run("desk")
        assert "Canary" in tab.text
        fragment = next(fragment for _, _, fragment in tab.elements() if fragment)
        _end(target, token)

        tab.run(page_hash=tab.page_hash, fragment=fragment)
        assert "Canary" not in tab.text
        tab.run(page_hash=tab.page_hash)
        assert tab.is_anonymous()
        assert "Canary" not in tab.text


def _end(target, token):
    with target.database.writing() as db:
        actor = accounts.actor_from_token(db, token, now=utc_now())
        accounts.sign_out(db, actor, now=utc_now())


def test_t068_somebody_let_in_no_more_is_out_at_the_next_step(fresh):
    with fresh.tab("rita") as tab:
        tab.run("desk")
        with fresh.database.writing() as db:
            rita = db.get_one(User, fresh.users["rita"].id)
            accounts.deactivate_user(db, CONSOLE, rita.id, rita.version, now=utc_now())

        tab.press("Today")
        assert tab.is_anonymous()
        check_quiet(tab)


@pytest.mark.parametrize("part", ["page", "fragment"])
def test_t068_t087_somebody_with_another_role_does_nothing_more_with_the_old_one(fresh, part):
    with fresh.tab("rita") as tab:
        tab.run("desk")
        fragment = next(fragment for _, _, fragment in tab.elements() if fragment)
        with fresh.database.writing() as db:
            rita = db.get_one(User, fresh.users["rita"].id)
            made = accounts.EditedUser(
                rita.id, rita.version, rita.name, Role.PATIENT, patient_id=_spare_patient(db)
            )
            accounts.edit_user(db, CONSOLE, made, now=utc_now())

        tab.run(page_hash=tab.page_hash, fragment=fragment if part == "fragment" else "")
        check_quiet(tab)


def _spare_patient(db) -> int:
    return a.patient(db, name="Somebody Else").id


def check_quiet(tab: Tab) -> None:
    """The last run told nothing of anybody."""
    assert not [each for each in SECRETS if each in tab.text]


# --- another site's page, another name


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "http://localhost:1",
        "http://127.0.0.1",
        "https://evil.streamlit.app",
        "ftp://localhost",
    ],
)
def test_t073_a_websocket_from_another_page_is_refused(target, origin):
    token = target.token("rita")
    with pytest.raises(InvalidStatus) as refused:
        Tab(target.url, token=token, origin=origin)

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "a@localhost", "localhost:x", "127.0.0.2"]
)
def test_t073_a_websocket_under_another_name_is_refused(target, host):
    with pytest.raises(InvalidStatus) as refused:
        Tab(target.url, token=target.token("rita"), host=host, origin=f"http://{host}")

    assert refused.value.response.status_code in (400, 403)


def test_t061_a_cookie_of_ones_own_making_is_none(target):
    for token in ("x", "'; --", "0" * 43, target.token("rita")[:-1]):
        with Tab(target.url, token=token) as tab:
            assert tab.run("desk").is_anonymous()
