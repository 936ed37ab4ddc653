"""The doors of the company's sign-in: what has to be configured, and what is closed without."""

import warnings
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.exceptions import StarletteDeprecationWarning
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core import company
from core.db import utc_now
from core.settings import Settings, from_environment
from dashboard import hardening
from dashboard.web import company as doors
from dashboard.web.company import CompanySignIn, mark_of
from tests import a, screen

with warnings.catch_warnings():  # it would rather have httpx2
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from starlette.testclient import TestClient

BUTTON = "Sign in with your company account"
ON = Settings("sqlite:///x.db", demo=False, trusted_proxies=(), company_sign_in=True)
AUTH = {
    "redirect_uri": "https://desk.example.org/oauth2callback",
    "cookie_secret": "x" * 32,
    "client_id": "frontdesk",
    "client_secret": "theirs",
    "server_metadata_url": "https://id.example.org/.well-known/openid-configuration",
}


# --- what has to be configured


def test_it_is_off_unless_the_environment_says_so():
    assert not from_environment({}).company_sign_in
    assert not from_environment({"FRONTDESK_COMPANY_SIGN_IN": "yes"}).company_sign_in
    assert from_environment({"FRONTDESK_COMPANY_SIGN_IN": "1"}).company_sign_in


@pytest.fixture
def secrets(monkeypatch):
    """``secrets(client_id="")``: what [auth] says, but for these."""

    def say(**changed):
        monkeypatch.setattr(doors, "_section", lambda: AUTH | changed)

    return say


def test_well_configured_there_is_nothing_to_say(secrets):
    secrets()
    assert list(doors.faults(ON)) == []
    assert list(doors.faults(replace(ON, public_url="https://desk.example.org"))) == []
    hardening.check(ON)


@pytest.mark.parametrize("name", doors.NEEDED)
def test_t153_what_is_missing_is_named(secrets, name):
    secrets(**{name: ""})

    [fault] = doors.faults(ON)
    assert f"does not say {name}." in fault
    with pytest.raises(hardening.NotSafeToStart, match=name):
        hardening.check(ON)


def test_t153_without_a_file_everything_is_missing():
    [fault] = doors.faults(ON)
    assert all(name in fault for name in doors.NEEDED)


def test_t153_a_secret_that_can_be_guessed_is_refused(secrets):
    secrets(cookie_secret="x" * 31)

    [fault] = doors.faults(ON)
    assert "can be guessed" in fault


def test_the_way_back_is_to_the_address_people_open(secrets):
    secrets(redirect_uri="https://elsewhere.example.org/oauth2callback")

    [fault] = doors.faults(replace(ON, public_url="https://desk.example.org"))
    assert "https://desk.example.org/oauth2callback" in fault


def test_switched_off_nobody_asks_what_the_file_says(secrets):
    secrets(cookie_secret="x")
    assert list(doors.faults(replace(ON, company_sign_in=False))) == []


# --- the doors


@pytest.fixture
def client(monkeypatch, sqlite_database):
    """Streamlit's routes stood in for by one that answers as its callback does."""

    def answer(request: Request) -> Response:
        made = PlainTextResponse("Streamlit")
        if request.query_params.get("code"):
            month = 30 * 24 * 3600
            for name, value in (
                ("_streamlit_user", "signed.chunks-2"),
                ("_streamlit_user_1", "signed.one"),
                ("_streamlit_user_2", "signed.two"),
                ("_streamlit_user_tokens", "signed.tokens"),
                ("_streamlit_user_tokens_1", "signed.more"),
                ("_streamlit_session", "state"),
            ):
                made.set_cookie(name, value, max_age=month, httponly=True, samesite="lax")
        else:
            made.delete_cookie("_streamlit_user")
        return made

    def start(*, on=True, base_url="http://localhost"):
        screen.use(monkeypatch, sqlite_database, company_sign_in=on)
        app = Starlette(routes=[Route("/{path:path}", answer)])
        return TestClient(CompanySignIn(app), base_url=base_url)

    return start


@pytest.mark.parametrize(
    ("path", "on", "status"),
    [
        ("/auth/login", True, 200),
        ("/oauth2callback", True, 200),
        ("/auth/logout", True, 404),
        ("/auth", True, 404),
        ("/auth/login/", True, 404),
        ("/oauth2callback/", True, 404),
        ("/auth/login", False, 404),
        ("/oauth2callback", False, 404),
        ("/auth/logout", False, 404),
        ("/authors", False, 200),
        ("/desk", False, 200),
    ],
)
def test_t078_two_routes_are_open_where_they_are_wanted(client, path, on, status):
    assert client(on=on).get(path).status_code == status


def test_an_answer_is_noted_kept_short_and_without_the_tokens(client, sqlite_database):
    answer = client(base_url="https://localhost").get("/oauth2callback?code=x")
    sent = {each.split("=")[0]: each for each in answer.headers.get_list("set-cookie")}

    assert set(sent) == {
        "_streamlit_user",
        "_streamlit_user_1",
        "_streamlit_user_2",
        "_streamlit_session",
    }
    for name, cookie in sent.items():
        if name.startswith("_streamlit_user"):
            assert {"Max-Age=120", "Secure", "HttpOnly", "SameSite=lax"} <= set(cookie.split("; "))
    mark = mark_of(dict(answer.cookies))
    with sqlite_database.reading() as session:
        assert company.is_expected(session, mark, now=utc_now())
        assert not company.is_expected(session, mark.replace("two", "three"), now=utc_now())


def test_an_answer_that_was_refused_notes_nothing(client, sqlite_database):
    answer = client().get("/oauth2callback", follow_redirects=False)

    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert answer.headers["location"] == "/?company-failed="
    with sqlite_database.reading() as session:
        assert not company.is_expected(session, "", now=utc_now())


def test_an_answer_in_parts_is_told_from_another_of_the_same_length():
    one = {"_streamlit_user": "chunks-1", "_streamlit_user_1": "rita", "other": "x"}

    assert mark_of(one) != mark_of(one | {"_streamlit_user_1": "eve"})
    assert mark_of(one) == mark_of(one | {"other": "y", "_streamlit_user_tokens": "z"})
    assert mark_of({"other": "x"}) == ""


# --- the page


@pytest.mark.parametrize("on", [False, True])
def test_the_way_to_the_provider_is_offered_where_it_is_wanted(monkeypatch, sqlite_database, on):
    with sqlite_database.writing() as session:
        a.user(session)
    page = screen.show_to(monkeypatch, sqlite_database, None)
    screen.use(monkeypatch, sqlite_database, company_sign_in=on)
    page.run()

    assert not page.exception
    assert (BUTTON in [each.label for each in page.button]) is on


def test_somebody_the_provider_did_not_let_through_is_told(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        a.user(session)
    page = screen.show_to(monkeypatch, sqlite_database, None)
    screen.use(monkeypatch, sqlite_database, company_sign_in=True)
    page.query_params[doors.FAILED] = "whatever"
    page.run()

    [said] = page.error
    assert "did not let you through" in said.value
    assert "whatever" not in said.value
