"""Plain HTTP on the real application: the cookie, the headers, the closed doors."""

import io
import shutil
import stat
import threading
import warnings
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.exceptions import StarletteDeprecationWarning

from core import accounts, exports, first_admin, passwords, schema
from core.accounts import SignInRequest
from core.db import Database, utc_now
from core.errors import DatabaseNotReady
from core.models import AuthSession, KnownDevice, Role, User
from core.settings import Settings
from dashboard import session, start_up
from dashboard.web import cookies
from dashboard.web.limits import LARGEST_BODY, LARGEST_UPLOAD, Allowance
from dashboard.web.middleware import inline_script_hashes
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
    configured = Settings(
        str(web_database.engine.url),
        demo=False,
        trusted_proxies=(PROXY,),
        public_url="http://testserver",
        allow_http=True,
    )
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
    return accounts.sign_in(web_database, SignInRequest("rita", PASSWORD), now=utc_now()).ticket


def open_session(client, ticket, headers=ORIGIN):
    return client.post("/session/open", json={"ticket": ticket}, headers=headers)


# --- the cookie


def test_t059_over_http_the_cookie_is_http_only_and_lax(client, ticket):
    answer = open_session(client, ticket)

    assert answer.status_code == 204
    lasting = {"frontdesk": 86400, "frontdesk-device": 15552000}
    for line in answer.headers.get_list("set-cookie"):
        name, _, rest = line.partition("=")
        attributes = {each.strip().lower() for each in rest.split(";")[1:]}
        max_age = f"max-age={lasting.pop(name)}"
        assert attributes == {"httponly", "samesite=lax", "path=/", max_age}
    assert lasting == {}
    assert client.get("/session").status_code == 204


def test_t059_over_https_it_is_secure_and_bound_to_the_host(app, web_database, ticket):
    client = TestClient(app.app, base_url="https://testserver")
    answer = open_session(client, ticket, {"origin": "https://testserver"})

    token, device = answer.headers.get_list("set-cookie")
    assert token.startswith("__Host-frontdesk=")
    assert device.startswith("__Host-frontdesk-device=")
    assert "; secure" in token.lower()
    assert "; secure" in device.lower()
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
    again = accounts.sign_in(web_database, SignInRequest("rita", PASSWORD), now=utc_now()).ticket

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


def leave_alone(database, token, **span) -> None:
    with database.writing() as opened:
        found = session_of(opened, token)
        found.last_seen_at -= timedelta(**span)


def session_of(opened, token) -> AuthSession:
    hashed = passwords.secret_hash(token)
    return opened.scalars(select(AuthSession).where(AuthSession.token_sha256 == hashed)).one()


@pytest.mark.parametrize(("minutes", "status"), [(5, 204), (20, 401)])
def test_t063_use_is_noted_while_the_session_is_not_locked(
    client, web_database, ticket, minutes, status
):
    open_session(client, ticket)
    token = client.cookies["frontdesk"]
    leave_alone(web_database, token, minutes=minutes)

    assert client.post("/session/used", headers=ORIGIN).status_code == status

    with web_database.reading() as opened:
        is_fresh = session_of(opened, token).last_seen_at > utc_now() - timedelta(minutes=1)
    assert is_fresh == (status == 204)


def test_t063_behind_a_lock_no_files_come_and_go(client, web_database, ticket):
    open_session(client, ticket)
    leave_alone(web_database, client.cookies["frontdesk"], minutes=20)

    assert client.get("/media/abc.csv").status_code == 401
    assert client.put("/_stcore/upload_file/a/b", headers=ORIGIN).status_code == 401
    assert client.get("/session").status_code == 401


def test_t062_a_locked_session_ends_with_its_cookie(client, web_database, ticket):
    open_session(client, ticket)
    token = client.cookies["frontdesk"]
    leave_alone(web_database, token, minutes=20)

    assert client.post("/session/close", headers=ORIGIN).status_code == 204

    with web_database.reading() as opened:
        assert session_of(opened, token).revoke_reason == "signed out"


def test_t049_a_browser_stays_known_when_its_person_has_signed_out(client, web_database, ticket):
    open_session(client, ticket)
    device = client.cookies["frontdesk-device"]
    client.post("/session/close", headers=ORIGIN)
    assert client.cookies["frontdesk-device"] == device

    again = accounts.sign_in(web_database, SignInRequest("rita", PASSWORD), now=utc_now()).ticket
    open_session(client, again)
    assert client.cookies["frontdesk-device"] == device
    with web_database.reading() as opened:
        kept = set(opened.scalars(select(KnownDevice.token_sha256)))
    assert passwords.secret_hash(device) in kept
    assert device not in kept


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


@pytest.mark.parametrize("path", ["/session/open", "/session/close", "/session/used"])
@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "http://testserver:81", "ftp://testserver", "testserver"],
)
def test_t071_a_foreign_or_missing_origin_is_refused(client, ticket, path, origin):
    headers = {"origin": origin} if origin else {}

    answer = client.post(path, json={"ticket": ticket}, headers=headers)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/session/open", "/session/close", "/session/used"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_t072_nothing_changes_by_other_methods(client, path, method):
    assert client.request(method, path, headers=ORIGIN).status_code == 405


@pytest.mark.parametrize("path", ["/media/abc.csv", "/_stcore/upload_file/a/b"])
def test_t132_t135_files_need_a_session(client, ticket, path):
    method = "PUT" if "upload" in path else "GET"
    assert client.request(method, path, headers=ORIGIN).status_code == 401

    open_session(client, ticket)
    answer = client.request(method, path, headers=ORIGIN)
    assert answer.status_code not in (401, 404 if method == "PUT" else 401)


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
    assert client.request(method, path, headers=ORIGIN).status_code in (400, 404)


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


@pytest.mark.parametrize(
    "host",
    ["evil.example", "testserver.evil.example", "x@testserver", "testserver:x", "", "10.0.0.1"],
)
@pytest.mark.parametrize("path", ["/", "/session", "/_stcore/host-config", "/media/x"])
def test_t073_under_a_name_that_is_not_ours_nothing_answers(client, host, path):
    answer = client.get(path, headers={"host": host})

    assert answer.status_code == 421
    assert "FRONTDESK_PUBLIC_URL" in answer.text


@pytest.mark.parametrize("host", ["testserver", "testserver:8443", "localhost:8501", "127.0.0.1"])
def test_t073_under_our_own_names_everything_does(client, host):
    assert client.get("/", headers={"host": host}).status_code == 200


def test_monitoring_may_ask_by_number(client):
    assert client.get("/healthz", headers={"host": "10.0.0.1"}).status_code == 200


def mutating():
    """Our routes that change something: whatever answers to POST."""
    return [route.path for route in ROUTES if hasattr(route.endpoint, "post")]


def test_t072_every_route_that_changes_something_answers_to_post_alone():
    for route in ROUTES:
        if route.path in mutating():
            assert not {"get", "head", "put", "patch", "delete"} & set(vars(route.endpoint))
    assert set(mutating()) >= {"/session/open", "/session/close", "/export"}


@pytest.mark.parametrize("path", mutating())
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_t072_and_with_405_to_what_a_link_or_picture_could_ask(client, path, method):
    assert client.request(method, path, headers=ORIGIN).status_code == 405


@pytest.mark.parametrize("path", [*mutating(), "/", "/desk", "/_stcore/upload_file/a/b", "/no"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_t071_nothing_but_our_own_pages_may_change_anything_anywhere(client, path, method):
    for headers in ({}, {"origin": "http://evil.example"}):
        assert client.request(method, path, headers=headers).status_code == 403


TO_ANYBODY = {
    f"/portrait/{'0' * 64}": 404,
    f"/logo/{'0' * 64}": 404,
    "/healthz": 200,
    "/_stcore/health": 200,
    "/_stcore/script-health-check": 404,
    "/_stcore/metrics": 404,
    "/_stcore/host-config": 200,
    "/session": 401,
    "/media/x": 401,
    "/static/x": 200,  # the one page there is, as for any address nobody knows
    "/component/x/y": 404,
    "/_stcore/bidi-components/x": 404,
    "/_stcore/agent": 404,
}


def test_t078_every_route_answers_a_stranger_as_written_here(client):
    """Pages are one page to HTTP, drawn over the websocket; what draws there is T128's."""
    for path, status in TO_ANYBODY.items():
        assert client.get(path).status_code == status, path
    for route in ROUTES:
        answered = client.get(route.path).status_code
        assert answered in (401, 404, 405) or route.path in OPEN_TO_ALL, route.path


OPEN_TO_ALL = {"/healthz"}


def test_t133_a_thousand_small_files_are_too_many(client, ticket):
    open_session(client, ticket)
    path = "/_stcore/upload_file/a/{}"

    answers = [
        client.put(path.format(number), content=b"x", headers=ORIGIN).status_code
        for number in range(1000)
    ]

    assert 429 not in answers[:20]
    assert set(answers[40:]) == {429}


def test_t133_large_files_count_as_several(client, ticket):
    """T133: however they are cut, no more than 60 MB of one session wait in memory."""
    open_session(client, ticket)
    path = "/_stcore/upload_file/b/{}"
    ten_megabytes = b"x" * (10 * 1024**2)

    answers = [
        client.put(path.format(number), content=ten_megabytes, headers=ORIGIN).status_code
        for number in range(8)
    ]

    assert answers.count(429) == 2


def test_an_allowance_comes_back_with_time_and_is_each_ones_own():
    clock = iter([0, 0, 0, 0, 5, 5])
    allowance = Allowance(at_once=2, per_second=0.2, clock=lambda: next(clock))

    assert [allowance.take(key) for key in "aaabaa"] == [True, True, False, True, True, False]


def test_an_allowance_forgets_the_longest_unused():
    allowance = Allowance(at_once=1, per_second=0, keys=2)

    assert [allowance.take(key) for key in "abac"] == [True, True, False, True]
    assert allowance.take("b")


# --- errors


def test_t136_a_bug_in_a_route_is_a_number_with_all_the_headers(client, monkeypatch, caplog):
    def fail():
        raise RuntimeError("SELECT secret FROM /srv/users")

    monkeypatch.setattr(session, "reading", fail)
    answer = client.get("/healthz")

    assert answer.status_code == 500
    number = answer.text.removesuffix(".").split()[-1]
    assert answer.text == f"Something went wrong on our side. Error {number}."
    assert [name for name in SIX_HEADERS if name not in answer.headers] == []
    assert f"error {number}" in caplog.text


# --- downloads


def take(client, link, headers=ORIGIN):
    return client.post("/export", json={"link": link}, headers=headers)


@pytest.fixture
def link(client, web_database, ticket) -> str:
    open_session(client, ticket)
    with web_database.writing() as db:
        a.organisation(db)
        actor = accounts.actor_from_token(db, client.cookies["frontdesk"], now=utc_now())
        return exports.offer(db, actor, "overrides", "2026-12-01", now=utc_now())


def test_a_download_is_a_file_to_keep_once(client, link):
    answer = take(client, link)

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="overrides-2026-12.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeffat,who,role")
    assert take(client, link).status_code == 404


def test_everything_comes_as_a_zip_and_leaves_nothing_behind(client, web_database, ticket):
    open_session(client, ticket)
    with web_database.writing() as db:
        rita = accounts.actor_from_token(db, client.cookies["frontdesk"], now=utc_now())
        db.get(User, rita.user_id).role = Role.ADMIN
        db.flush()
        alex = accounts.actor_from_token(db, client.cookies["frontdesk"], now=utc_now())
        link = exports.offer(db, alex, "everything", now=utc_now())

    answer = take(client, link)

    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert b"rita" in archive.read("users.csv")
    assert take(client, link).status_code == 404
    with web_database.writing() as db:
        db.get(User, rita.user_id).role = Role.RECEPTIONIST


def test_t135_without_the_session_it_was_made_for_there_is_no_file(client, link, web_database):
    mine = client.cookies["frontdesk"]
    client.cookies.clear()
    assert take(client, link).status_code == 404

    again = accounts.sign_in(web_database, SignInRequest("rita", PASSWORD), now=utc_now()).ticket
    open_session(client, again)
    assert take(client, link).status_code == 404

    client.cookies.clear()
    assert take(client, link, ORIGIN | {"cookie": f"frontdesk={mine}"}).status_code == 200


def test_t135_after_sign_out_there_is_no_file(client, link):
    mine = client.cookies["frontdesk"]
    client.post("/session/close", headers=ORIGIN)

    assert take(client, link, ORIGIN | {"cookie": f"frontdesk={mine}"}).status_code == 404


@pytest.mark.parametrize("link", ["", "x", "x.overrides", "x.overrides.2026-12-01", "x.y.z", "é"])
def test_a_made_up_link_is_no_file(client, ticket, link):
    open_session(client, ticket)

    assert take(client, link).status_code == 404


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
        "/session/used",
        "/session",
        "/export",
        "/portrait/{key}",
        "/logo/{key}",
        "/healthz",
    }


# --- start-up


def test_start_up_refuses_a_database_without_our_tables_and_says_what_to_do(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(DatabaseNotReady, match="python -m core migrate"):
        schema.check_ready(database)
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


def test_t041_of_two_that_start_at_once_the_file_holds_a_code_that_works(
    sqlite_database, tmp_path, capsys
):
    path, together = tmp_path / "setup-code", threading.Barrier(4)

    def start(_number):
        together.wait()
        start_up.announce_set_up(sqlite_database, path)

    with ThreadPoolExecutor(4) as processes:
        list(processes.map(start, range(4)))

    code = path.read_text().strip()
    assert code in capsys.readouterr().out
    with sqlite_database.writing() as opened:
        assert first_admin._check_code(opened, code.replace("-", ""), now=utc_now())
    assert [each.name for each in tmp_path.glob("setup-code*")] == ["setup-code"]


def test_start_up_says_what_mail_lacks(monkeypatch, sqlite_database, tmp_path, capsys):
    configured = Settings(
        str(sqlite_database.engine.url),
        demo=False,
        trusted_proxies=(),
        erasures=str(tmp_path / "erasures"),
        smtp_url="smtp://localhost",
        public_url="http://localhost:8501",
    )
    monkeypatch.setattr(session, "configured", lambda: configured)
    monkeypatch.setattr(session, "database", lambda: sqlite_database)
    start_up.prepare()

    assert "No mail is sent." in capsys.readouterr().out


def test_the_code_lies_beside_the_database(tmp_path):
    assert start_up.set_up_file(f"sqlite:///{tmp_path}/f.db") == tmp_path / "setup-code"
    assert start_up.set_up_file("postgresql://h/f").parts[-2:] == ("data", "setup-code")
