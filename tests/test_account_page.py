"""My account: the password, and where one is signed in."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core import accounts, passwords
from core.db import utc_now
from core.models import AuthSession, Role
from dashboard import confirming, hand_over, places, session
from dashboard.account.devices import browser_in_words, place_in_words
from tests import a, screen
from tests.accounts_desk import PASSWORD, rita, try_in

ACCOUNT = str(places.PAGES / "account.py")
NEW_PASSWORD = "four purple tractors"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def user(sqlite_database):
    with sqlite_database.writing() as db:
        a.organisation(db)
    return rita(sqlite_database)


@pytest.fixture
def page(monkeypatch, sqlite_database, user):
    return screen.show_to(monkeypatch, sqlite_database, user).switch_page(ACCOUNT).run()


def sessions(database) -> list[AuthSession]:
    with database.reading() as db:
        return list(db.scalars(select(AuthSession).order_by(AuthSession.id)))


def long_ago(database) -> None:
    """It has been a while since anybody proved who they are."""
    with database.writing() as db:
        for each in db.scalars(select(AuthSession)):
            each.auth_at -= timedelta(minutes=11)


def labels(page) -> list[str]:
    return [button.label for button in page.button]


def change_to(page, password):
    page.text_input(key="account_new_password").set_value(password)
    next(each for each in page.button if each.label == "Change password").click().run()


def confirm(page, password):
    page.text_input(key="account_confirm_password").set_value(password)
    next(each for each in page.button if each.label == "Continue").click().run()


@pytest.mark.parametrize("role", list(Role))
def test_everybody_has_an_account_page(monkeypatch, sqlite_database, user, role):
    person = rita(sqlite_database, role, username="somebody")
    shown = screen.show_to(monkeypatch, sqlite_database, person)
    shown.switch_page(ACCOUNT).run()

    assert not shown.exception
    headings = [each.value for each in shown.subheader]
    assert {"Password", "Devices and sessions"} <= set(headings)


def test_t067_a_new_password_ends_every_session_and_fetches_a_new_cookie(page, sqlite_database):
    page.button(key="account_change").click().run()
    change_to(page, NEW_PASSWORD)

    assert not page.exception
    assert [each.value for each in page.markdown] == ["Signing in …"]
    assert page.session_state[hand_over.PENDING].ticket
    assert [each.revoke_reason for each in sessions(sqlite_database)] == ["new password"]
    assert try_in(sqlite_database, password=NEW_PASSWORD, now=utc_now())


def test_t054_a_password_that_is_easy_to_guess_is_refused_with_the_reason(page, sqlite_database):
    page.button(key="account_change").click().run()
    change_to(page, "Rita Fonseca 2024")

    assert "“fonseca”" in page.error[0].value
    assert [each.revoked_at for each in sessions(sqlite_database)] == [None]


def test_t074_after_ten_minutes_the_old_password_is_asked_for_first(page, sqlite_database):
    long_ago(sqlite_database)
    page.button(key="account_change").click().run()
    confirm(page, "not the password")
    assert [each.value for each in page.error] == ["This is not your password. Please try again."]

    confirm(page, PASSWORD)
    assert not page.error
    assert page.text_input(key="account_new_password").label.startswith("New password")


def test_whoever_comes_in_by_another_way_is_told_so(monkeypatch, sqlite_database):
    with sqlite_database.writing() as db:
        user = a.user(db)
    page = screen.show_to(monkeypatch, sqlite_database, user).switch_page(ACCOUNT).run()

    assert "account_change" not in [button.key for button in page.button]
    assert "You have none" in " ".join(each.value for each in page.markdown)


def test_t066_a_session_is_ended_from_its_line(page, sqlite_database, user):
    screen.open_session(sqlite_database, user)
    page.run()
    other = sessions(sqlite_database)[1]
    page.button(key=f"end_session_{other.id}").click().run()

    assert [each.revoke_reason for each in sessions(sqlite_database)] == ["", "ended"]
    assert [toast.value for toast in page.toast] == ["Signed out there."]
    assert "End" not in labels(page)


def test_signing_out_everywhere_else_leaves_this_page(page, sqlite_database, user):
    assert "Sign out everywhere else" not in labels(page)
    for _ in range(2):
        screen.open_session(sqlite_database, user)
    page.run()
    page.button(key="account_elsewhere").click().run()

    assert [each.revoke_reason for each in sessions(sqlite_database)] == ["", "ended", "ended"]
    assert [toast.value for toast in page.toast] == ["Signed out in 2 places."]
    assert [title.value for title in page.title] == ["My account"]


def test_t066_an_admin_signs_somebody_out_under_people(monkeypatch, sqlite_database, user):
    screen.open_session(sqlite_database, user)
    admin = rita(sqlite_database, Role.ADMIN, username="alex", name="Alex Moreau")
    page = screen.show_to(monkeypatch, sqlite_database, admin)
    page.query_params["section"] = "People"
    page.switch_page(str(places.PAGES / "practice.py")).run()
    page.button(key=f"practice_edit_user_{user.id}").click().run()
    assert "End" in labels(page)

    page.button(key="people_sign_out").click().run()
    ended = [each.revoke_reason for each in sessions(sqlite_database) if each.user_id == user.id]
    assert ended == ["ended"]


def test_a_screen_knows_whether_somebody_has_just_proved_who_they_are(
    monkeypatch, sqlite_database, user
):
    screen.use(monkeypatch, sqlite_database)
    token = screen.open_session(sqlite_database, user)
    with sqlite_database.reading() as db:
        actor = accounts.actor_from_token(db, token, now=utc_now())
    monkeypatch.setattr(session, "cookie_token", lambda: token)
    assert confirming.is_confirmed(actor)

    long_ago(sqlite_database)
    assert not confirming.is_confirmed(actor)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/18.0 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            "like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8", "A browser we do not know"),
        ("", "A browser we do not know"),
        ("<b>Firefox/</b>", "Firefox"),
    ],
)
def test_a_browser_is_told_in_words(user_agent, words):
    assert browser_in_words(user_agent) == words


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1", "the machine Frontdesk runs on"),
        ("192.168.1.20", "the local network (192.168.1.20)"),
        ("8.8.8.8", "8.8.8.8"),
        ("[x](http://x.example)", ""),
        ("", ""),
    ],
)
def test_an_address_is_told_as_far_as_it_goes(address, words):
    assert place_in_words(address) == words
