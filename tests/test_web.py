"""Plain HTTP on the real application: the cookie, the headers, the closed doors."""

import shutil
import stat
import warnings
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from starlette.exceptions import StarletteDeprecationWarning

from core import accounts, first_admin, passwords
from core.accounts import SignInRequest
from core.db import Database, utc_now
from core.errors import DatabaseNotReady
from core.models import AuthSession, Role
from core.settings import Settings
from dashboard import session, start_up
from dashboard.web import cookies
from dashboard.web.middleware import LARGEST_BODY, LARGEST_UPLOAD, inline_script_hashes
from dashboard.web.routes import ROUTES
from tests import a

with warnings.catch_warnings():  # it would rather have httpx2
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from starlette.testclient import TestClient

ORIGIN = {"origin": "http://testserver"}
PROXY = "192.0.2.1"
PASSWORD = "a long enough password"
SIX_HEADERS = (
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
)


@pytest.fixture(scope="module")
def web_database(migrated_file, tmp_path_factory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("web") / "web.db"
    shutil.copyfile(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    with database.writing() as opened:
        a.user(
            opened,
            username="rita",
            password_hash=passwords._hash(PASSWORD, 4),
        )
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def app(web_database) -> Iterator[TestClient]:
    """The application as it is served, started once: Streamlit starts once in a process."""
    configured = Settings(str(web_database.engine.url), demo=False, trusted_proxies=(PROXY,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "database", lambda: web_database)
        patch.setattr(session, "configured", lambda: configured)
        from dashboard.app import app

        with TestClient(app) as started:
            yield started


@pytest.fixture
def client(app) -> Iterator[TestClient]:
    """A browser without cookies."""
    app.cookies.clear()
    yield app
    app.cookies.clear()


@pytest.fixture
def ticket(web_database) -> str:
    return accounts.sign_in(web_database, SignInRequest("rita", PASSWORD), now=utc_now())


def open_session(client, ticket, headers=ORIGIN):
    return client.post("/session/open", json={"ticket": ticket}, headers=headers)


# --- the cookie


def test_t059_over_http_the_cookie_is_http_only_and_lax(client, ticket):
    answer = open_session(client, ticket)

    assert answer.status_code == 204
    name, _, rest = answer.headers["set-cookie"].partition("=")
    attributes = {each.strip().lower() for each in rest.split(";")[1:]}
    assert name == "frontdesk"
    assert attributes == {"httponly", "samesite=lax", "path=/", "max-age=86400"}
    assert client.get("/session").status_code == 204


def test_t059_over_https_it_is_secure_and_bound_to_the_host(app, web_database, ticket):
    client = TestClient(app.app, base_url="https://testserver")
    answer = open_session(client, ticket, {"origin": "https://testserver"})

    assert answer.headers["set-cookie"].startswith("__Host-frontdesk=")
    assert "; secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(("peer", "name"), [(PROXY, "__Host-frontdesk"), ("8.8.8.8", "frontdesk")])
def test_only_a_trusted_proxy_may_say_that_a_request_came_over_https(app, ticket, peer, name):
    client = TestClient(app.app, client=(peer, 5000))
    answer = open_session(client, ticket, ORIGIN | {"x-forwarded-proto": "https"})

    assert answer.headers["set-cookie"].startswith(f"{name}=")


@pytest.mark.parametrize(
    ("jar", "secure", "found"),
    [
        ({"frontdesk": "planted"}, True, ""),
        ({"frontdesk": "mine"}, False, "mine"),
        ({"frontdesk": "planted", "__Host-frontdesk": "mine"}, True, "mine"),
        ({"frontdesk": "planted", "__Host-frontdesk": "mine"}, False, "mine"),
        ({}, False, ""),
    ],
)
def test_t061_a_plain_cookie_is_none_over_https(jar, secure, found):
    assert cookies.token_in(jar, secure=secure) == found


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("8.8.8.8", "1.1.1.1", "8.8.8.8"),
        (PROXY, "1.1.1.1", "1.1.1.1"),
        (PROXY, "6.6.6.6, 1.1.1.1, 192.0.2.1", "1.1.1.1"),
        (PROXY, "", PROXY),
    ],
)
def test_an_address_is_the_last_one_no_proxy_of_ours_added(peer, forwarded, expected):
    assert cookies.client_address(peer, {"x-forwarded-for": forwarded}, (PROXY,)) == expected


def test_t061_a_planted_cookie_ends_when_its_browser_signs_in(client, web_database, ticket):
    open_session(client, ticket)
    planted = client.cookies["frontdesk"]
    again = accounts.sign_in(web_database, SignInRequest("rita", PASSWORD), now=utc_now())

    open_session(client, again)

    assert client.cookies["frontdesk"] != planted
    client.cookies.clear()
    assert client.get("/session", headers={"cookie": f"frontdesk={planted}"}).status_code == 401


def test_t062_a_copied_cookie_is_worth_nothing_after_sign_out(client, web_database, ticket):
    open_session(client, ticket)
    copied = client.cookies["frontdesk"]

    answer = client.post("/session/close", headers=ORIGIN)

    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert "frontdesk" not in client.cookies
    headers = {"cookie": f"frontdesk={copied}"}
    assert client.get("/session", headers=headers).status_code == 401
    assert client.get("/media/x", headers=headers).status_code == 401
    with web_database.reading() as opened:
        found = opened.scalars(
            select(AuthSession).where(AuthSession.token_sha256 == passwords.secret_hash(copied))
        ).one()
    assert found.revoke_reason == "signed out"


def test_closing_without_a_session_is_quietly_done(client):
    assert client.post("/session/close", headers=ORIGIN).status_code == 204


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"ticket": null}', b'{"ticket": 7}', b'{"ticket": "x"}', b"\xff"]
)
def test_a_bad_ticket_is_refused_without_a_cookie(client, body):
    answer = client.post("/session/open", content=body, headers=ORIGIN)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


# --- the doors


@pytest.mark.parametrize("path", ["/session/open", "/session/close"])
@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "http://testserver:81", "ftp://testserver", "testserver"],
)
def test_t071_a_foreign_or_missing_origin_is_refused(client, ticket, path, origin):
    headers = {"origin": origin} if origin else {}

    answer = client.post(path, json={"ticket": ticket}, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/session/open", "/session/close"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_t072_nothing_changes_by_other_methods(client, path, method):
    assert client.request(method, path, headers=ORIGIN).status_code == 405


@pytest.mark.parametrize("path", ["/media/abc.csv", "/_stcore/upload_file/a/b"])
def test_t132_t135_files_need_a_session(client, ticket, path):
    method = "PUT" if "upload" in path else "GET"
    assert client.request(method, path).status_code == 401

    open_session(client, ticket)
    assert client.request(method, path).status_code not in (401, 404 if method == "PUT" else 401)


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/agent",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/interact",
        "/%5fstcore/metrics",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_t137_streamlits_figures_and_remote_control_are_off(client, path, method):
    assert client.request(method, path).status_code in (400, 404)


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/session/open", LARGEST_BODY), ("/_stcore/upload_file/a/b", LARGEST_UPLOAD)],
)
def test_t133_a_body_beyond_its_limit_is_refused(client, ticket, path, limit):
    open_session(client, ticket)

    answer = client.request(
        "POST" if path == "/session/open" else "PUT",
        path,
        content=b"x" * (limit + 1),
        headers=ORIGIN,
    )

    assert answer.status_code == 413


def test_a_body_that_does_not_tell_its_length_is_cut_off(client):
    def endless():
        for _ in range(100):
            yield b"x" * 1024

    answer = client.post("/session/open", content=endless(), headers=ORIGIN)

    assert answer.status_code == 413


# --- the headers


@pytest.mark.parametrize(
    "path",
    ["/", "/desk", "/healthz", "/session", "/media/x", "/_stcore/health", "/_stcore/agent", "/no"],
)
def test_t100_every_answer_carries_the_six_headers(client, path):
    headers = client.get(path).headers

    assert [name for name in SIX_HEADERS if name not in headers] == []
    assert "strict-transport-security" not in headers


def test_t099_the_policy_allows_the_scripts_of_streamlits_own_page_and_no_others(client):
    answer = client.get("/")
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )

    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
    for found in inline_script_hashes(answer.text):
        assert found in policy["script-src"]


def test_health_asks_the_database(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_our_routes_are_these_and_no_others():
    assert {route.path for route in ROUTES} == {
        "/session/open",
        "/session/close",
        "/session",
        "/healthz",
    }


# --- start-up


def test_start_up_refuses_a_database_without_our_tables_and_says_what_to_do(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(DatabaseNotReady, match="python -m core migrate"):
        start_up.check_migrated(database)
    database.dispose()


def test_t041_start_up_prints_a_code_and_keeps_it_for_the_servers_user_alone(
    sqlite_database, tmp_path, capsys
):
    path = tmp_path / "setup-code"
    path.write_text("an old one")
    start_up.announce_set_up(sqlite_database, path)

    code = path.read_text().strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert code in capsys.readouterr().out
    with sqlite_database.writing() as opened:
        assert first_admin._check_code(opened, code.replace("-", ""), now=utc_now())


def test_t042_start_up_says_nothing_once_somebody_can_sign_in(sqlite_database, tmp_path, capsys):
    with sqlite_database.writing() as opened:
        a.user(opened, Role.ADMIN)
    path = tmp_path / "setup-code"
    path.write_text("an old one")

    start_up.announce_set_up(sqlite_database, path)

    assert capsys.readouterr().out == ""
    assert not path.exists()


def test_the_code_lies_beside_the_database(tmp_path):
    assert start_up.set_up_file(f"sqlite:///{tmp_path}/f.db") == tmp_path / "setup-code"
    assert start_up.set_up_file("postgresql://h/f").parts[-2:] == ("data", "setup-code")
