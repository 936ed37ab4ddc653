"""Signing in with the company's account, against a small provider on this machine."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookies import SimpleCookie

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer
from joserfc.jwk import RSAKey
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from core.models import AuditEntry, AuthSession, Organisation, SecondStep, User
from tests import a, provider
from tests.browser.conftest import LiveServer, copy_with_people, serve, sign_out
from tests.provider import Provider

pytestmark = pytest.mark.browser

WHO = ".st-key-frontdesk_who"
BUTTON = "Sign in with your company account"
COOKIE_SECRET = "for these tests only, and long enough for them"


def secrets_for(address: str) -> str:
    return f"""
[auth]
redirect_uri = "http://localhost:{{port}}/oauth2callback"
cookie_secret = "{COOKIE_SECRET}"
client_id = "{provider.CLIENT}"
client_secret = "{provider.SECRET}"
server_metadata_url = "{address}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def rua_nova() -> Iterator[Provider]:
    with provider.serve() as found:
        yield found


@pytest.fixture(scope="module")
def company_server(rua_nova, migrated_file, tmp_path_factory) -> Iterator[LiveServer]:
    with ExitStack() as stack:
        yield stack.enter_context(start(rua_nova, migrated_file, tmp_path_factory, on="1"))


@pytest.fixture
def live_server(company_server, rua_nova) -> LiveServer:
    rua_nova.says = {"email": "rita@rua-nova.example", "email_verified": True}
    rua_nova.signs_with = None
    with company_server.database.writing() as db:
        db.execute(update(User).values(email="", active=True))
        db.execute(update(User).filter_by(username="rita").values(email="Rita@Rua-Nova.example"))
        db.execute(update(Organisation).values(two_step_required=False))
    return company_server


def start(rua_nova, migrated_file, tmp_path_factory, *, on: str):
    """A server whose user keeps the provider's secrets in the place Streamlit looks for them."""
    home = tmp_path_factory.mktemp("company")
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "secrets.toml").write_text(secrets_for(rua_nova.address))
    database = copy_with_people(migrated_file, home)
    told = {"HOME": str(home), "FRONTDESK_COMPANY_SIGN_IN": on}
    return serve(database, told, home / "server.log")


def come_back(page: Page, url: str) -> None:
    """To the provider and back."""
    page.goto(url)
    page.get_by_role("button", name=BUTTON).click(timeout=30_000)


def streamlits(page: Page) -> list[str]:
    names = (each["name"] for each in page.context.cookies())
    return [name for name in names if name.startswith("_streamlit_user")]


def test_somebody_we_know_is_signed_in_by_us_and_streamlit_keeps_nothing(live_server, new_page):
    page = new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    come_back(page, live_server.url)

    expect(page.locator(WHO)).to_contain_text("Rita Fonseca", timeout=20_000)
    expect(page.locator(WHO)).to_contain_text("Receptionist")
    assert streamlits(page) == []
    assert [line for line in said if "Content Security Policy" in line] == []
    with live_server.database.reading() as db:
        newest = db.scalars(select(AuthSession).order_by(AuthSession.id.desc())).first()
        assert newest.by_company


def test_a_user_name_that_is_the_address_will_do(live_server, rua_nova, new_page):
    rua_nova.says = {"email": "alex", "email_verified": True}
    page = new_page()
    come_back(page, live_server.url)
    expect(page.get_by_text("is not the address of anybody")).to_be_visible(timeout=20_000)

    with live_server.database.writing() as db:
        db.execute(update(User).filter_by(username="alex").values(username="alex@rua-nova.example"))
    rua_nova.says = {"email": "Alex@rua-nova.example", "email_verified": True}
    page.get_by_role("button", name=BUTTON).click()
    expect(page.locator(WHO)).to_contain_text("Alex Moreau", timeout=20_000)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ({"email": "rita@rua-nova.example", "email_verified": False}, "has not verified"),
        ({"email": "rita@rua-nova.example", "email_verified": "true"}, "has not verified"),
        ({"email": "rita@rua-nova.example"}, "has not verified"),
        ({"email": "eve@rua-nova.example", "email_verified": True}, "not the address of anybody"),
    ],
    ids=["not verified", "verified as text", "silent", "unknown"],
)
def test_who_is_not_vouched_for_or_not_known_stays_out_and_is_told_why(
    live_server, rua_nova, new_page, says, sentence
):
    rua_nova.says = says
    page = new_page()
    come_back(page, live_server.url)

    expect(page.get_by_text(sentence)).to_be_visible(timeout=20_000)
    expect(page.get_by_label("User name")).to_be_visible()
    expect(page.locator(WHO)).to_have_count(0)
    with live_server.database.reading() as db:
        newest = db.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (newest.action, newest.fields) == ("sign_in.refused", '{"by": "company"}')


def test_somebody_deactivated_stays_out(live_server, new_page):
    with live_server.database.writing() as db:
        db.execute(update(User).filter_by(username="rita").values(active=False))
    page = new_page()
    come_back(page, live_server.url)

    expect(page.get_by_text("not the address of anybody")).to_be_visible(timeout=20_000)


def test_a_role_the_provider_claims_is_worth_nothing(live_server, rua_nova, new_page):
    """T081."""
    rua_nova.says |= {"role": "admin", "roles": ["admin"], "groups": ["admin"]}
    page = new_page()
    come_back(page, live_server.url)

    expect(page.locator(WHO)).to_contain_text("Receptionist", timeout=20_000)


def test_an_answer_signed_by_somebody_else_is_none(live_server, rua_nova, new_page):
    rua_nova.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    page = new_page()
    come_back(page, live_server.url)

    expect(page.get_by_text("did not let you through")).to_be_visible(timeout=20_000)
    expect(page.get_by_label("User name")).to_be_visible()
    expect(page.locator(WHO)).to_have_count(0)
    assert streamlits(page) == []


def test_streamlits_cookie_alone_signs_nobody_in_and_an_answer_counts_once(live_server, new_page):
    page = new_page()
    with page.expect_response(lambda answer: "/oauth2callback?" in answer.url) as answered:
        come_back(page, live_server.url)
    expect(page.locator(WHO)).to_be_visible(timeout=20_000)
    sent = [SimpleCookie(each) for each in answered.value.header_values("set-cookie")]
    kept = next(each["_streamlit_user"] for each in sent if "_streamlit_user" in each)

    thief = new_page()
    thief.context.add_cookies(
        [{"name": kept.key, "value": kept.value, "url": live_server.url, "httpOnly": True}]
    )
    thief.goto(live_server.url)
    expect(thief.get_by_label("User name")).to_be_visible(timeout=20_000)
    thief.wait_for_timeout(1500)
    expect(thief.locator(WHO)).to_have_count(0)


def test_a_cookie_made_with_the_secret_itself_signs_nobody_in(live_server, new_page):
    """Only an answer that came in through our own door counts, whoever can sign one."""
    claims = {
        "email": "rita@rua-nova.example",
        "email_verified": True,
        "origin": live_server.url,
        "is_logged_in": True,
        "provider": "default",
    }
    made = URLSafeTimedSerializer(COOKIE_SECRET, salt="_streamlit_user").dumps(json.dumps(claims))
    page = new_page()
    page.context.add_cookies([{"name": "_streamlit_user", "value": made, "url": live_server.url}])
    page.goto(live_server.url)

    expect(page.get_by_label("User name")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(1500)
    expect(page.locator(WHO)).to_have_count(0)


def test_the_second_step_is_the_companys_own(live_server, new_page):
    with live_server.database.writing() as db:
        rita = db.scalars(select(User).filter_by(username="rita")).one()
        db.merge(
            SecondStep(user_id=rita.id, secret="A" * 32, offered_at=a.BEFORE, on_since=a.BEFORE)
        )
        db.execute(update(Organisation).values(two_step_required=True))
    page = new_page()
    come_back(page, live_server.url)

    expect(page.locator(WHO)).to_contain_text("Rita Fonseca", timeout=20_000)
    expect(page).to_have_url(re.compile("/desk$"))


def test_signed_out_one_stays_signed_out(live_server, new_page):
    """T062."""
    page = new_page()
    come_back(page, live_server.url)
    expect(page.locator(WHO)).to_contain_text("Rita Fonseca", timeout=20_000)
    sign_out(page)

    page.goto(live_server.url)
    expect(page.get_by_label("User name")).to_be_visible(timeout=20_000)
    expect(page.locator(WHO)).to_have_count(0)


def test_the_answers_cookie_is_short_lived_and_the_tokens_never_come(live_server):
    with httpx.Client(base_url=live_server.url) as client:
        assert client.get("/auth/logout").status_code == 404
        assert client.get("/auth/").status_code == 404
        assert client.get("/oauth2callback/").status_code == 404
        assert client.get("/oauth2callback?code=x&state=y").status_code == 302
        assert not client.cookies.get("_streamlit_user")


class TestSwitchedOff:
    def test_without_our_own_switch_there_is_no_way_in(
        self, rua_nova, migrated_file, tmp_path_factory, new_page
    ):
        with start(rua_nova, migrated_file, tmp_path_factory, on="") as server:
            page = new_page()
            page.goto(server.url)
            expect(page.get_by_label("User name")).to_be_visible(timeout=30_000)
            expect(page.get_by_role("button", name=BUTTON)).to_have_count(0)
            for path in (
                "/auth/login?provider=x",
                "/auth/logout",
                "/oauth2callback?code=x&state=y",
            ):
                assert httpx.get(server.url + path).status_code == 404
