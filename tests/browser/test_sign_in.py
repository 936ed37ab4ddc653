"""Signing in and out in a real browser, against the real server."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from core.db import utc_now
from core.models import AuthSession, Patient, Professional, User
from tests.browser.conftest import (
    LOOKS,
    PASSWORD,
    LiveServer,
    add_people,
    fill_sign_in,
    serve,
    sign_out,
)

pytestmark = pytest.mark.browser

WHO = ".st-key-frontdesk_who"


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


def expect_form(page: Page) -> None:
    expect(page.get_by_label("User name")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize(
    ("username", "role", "home"),
    [
        ("rita", "Receptionist", "desk"),
        ("ruiz", "Professional", "my-calendar"),
        ("ana", "Patient", "my-bookings"),
        ("alex", "Admin", "numbers"),
    ],
)
def test_each_role_signs_in_lands_at_home_and_nothing_comes_from_outside(
    live_server, new_page, sign_in_by_hand, username, role, home
):
    """T059, T099, T138."""
    page = new_page()
    heard: list[str] = []
    page.on("request", lambda asked: heard.append(asked.url))
    page.on("console", lambda said: heard.append(said.text))
    sign_in_by_hand(page, username)

    expect(page.locator(WHO)).to_contain_text(role)
    expect(page).to_have_url(f"{live_server.url}/{home}")
    page.wait_for_load_state("networkidle")
    assert [
        url
        for url in heard
        if url.startswith(("http:", "https:")) and not url.startswith(live_server.url)
    ] == []
    assert [line for line in heard if "Content Security Policy" in line] == []
    assert page.evaluate("document.cookie").find("frontdesk") == -1
    cookie = next(each for each in page.context.cookies() if each["name"] == "frontdesk")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")


def test_a_wrong_password_gets_a_sentence_and_another_try(live_server, new_page, sign_in_by_hand):
    """T046."""
    page = new_page()
    page.goto(live_server.url)
    fill_sign_in(page, "rita", "not the password")
    expect(page.get_by_text("do not belong together")).to_be_visible()

    fill_sign_in(page, "rita", PASSWORD)
    expect(page.locator(WHO)).to_be_visible(timeout=30_000)


def test_a_link_survives_signing_in_and_a_place_of_another_role_says_so(
    live_server, new_page, sign_in_by_hand
):
    page = new_page()
    sign_in_by_hand(page, "alex", path="/desk")
    expect(page).to_have_url(f"{live_server.url}/desk")

    page.goto(f"{live_server.url}/my-calendar")
    expect(page.get_by_text("Your role does not open this page.")).to_be_visible(timeout=30_000)
    page.goto(live_server.url)
    expect(page).to_have_url(f"{live_server.url}/numbers", timeout=30_000)


def test_a_reload_and_a_second_tab_stay_signed_in(live_server, new_page, sign_in_by_hand):
    page = new_page()
    sign_in_by_hand(page, "rita")
    page.reload()
    expect(page.locator(WHO)).to_contain_text("Rita Fonseca", timeout=30_000)

    second = page.context.new_page()
    second.goto(live_server.url)
    expect(second.locator(WHO)).to_contain_text("Rita Fonseca", timeout=30_000)


def test_signing_out_ends_it_in_every_tab_and_for_a_copied_cookie(
    live_server, new_page, sign_in_by_hand
):
    """T062, T066."""
    page = new_page()
    sign_in_by_hand(page, "alex")
    copied = page.context.cookies()
    second = page.context.new_page()
    second.goto(live_server.url)
    expect(second.locator(WHO)).to_be_visible(timeout=30_000)

    sign_out(page)

    expect_form(page)
    expect(page).to_have_url(f"{live_server.url}/")
    assert [each for each in page.context.cookies() if each["name"] == "frontdesk"] == []
    second.get_by_role("link", name="Desk").click()
    expect_form(second)
    stolen = new_page()
    stolen.context.add_cookies(copied)
    stolen.goto(live_server.url)
    expect_form(stolen)


def test_the_next_person_in_the_same_tab_finds_nothing_of_the_last(
    live_server, new_page, sign_in_by_hand
):
    """T070."""
    page = new_page()
    sign_in_by_hand(page, "rita")
    sign_out(page)
    expect_form(page)
    expect(page.get_by_text("Rita")).to_have_count(0)

    fill_sign_in(page, "ana", PASSWORD)

    expect(page.locator(WHO)).to_contain_text("Ana Silva", timeout=30_000)
    expect(page.get_by_text("Rita")).to_have_count(0)


def test_a_planted_cookie_is_worth_nothing_after_signing_in(live_server, new_page, sign_in_by_hand):
    """T061."""
    page = new_page()
    page.context.add_cookies([{"name": "frontdesk", "value": "planted", "url": live_server.url}])
    sign_in_by_hand(page, "rita")

    cookie = next(each for each in page.context.cookies() if each["name"] == "frontdesk")
    assert cookie["value"] != "planted"


def test_a_session_that_is_ended_is_out_at_the_next_press(live_server, new_page, sign_in_by_hand):
    """T066, T068."""
    page = new_page()
    sign_in_by_hand(page, "alex")
    page.get_by_role("link", name="Desk").hover()
    with live_server.database.writing() as db:
        db.execute(update(AuthSession).values(revoked_at=utc_now()))

    page.mouse.down()  # at once: in time the page would notice by itself
    page.mouse.up()

    expect_form(page)
    expect(page.get_by_text("Alex Moreau")).to_have_count(0)


def test_a_browser_that_keeps_no_cookies_is_told_so(live_server, new_page):
    page = new_page()
    page.route("**/session", lambda route: route.fulfill(status=401))
    page.goto(live_server.url)
    fill_sign_in(page, "rita", PASSWORD)

    expect(page.get_by_text("Allow cookies")).to_be_visible(timeout=30_000)
    expect_form(page)


def test_a_post_that_fails_gives_the_form_back(live_server, new_page):
    page = new_page()
    page.route("**/session/open", lambda route: route.abort())
    page.goto(live_server.url)
    fill_sign_in(page, "rita", PASSWORD)

    expect(page.get_by_text("That took too long. Please sign in again.")).to_be_visible(
        timeout=30_000
    )
    expect(page.get_by_text("Allow cookies")).to_have_count(0)
    expect_form(page)


@LOOKS
def test_the_way_out_is_on_screen_at_every_width(live_server, new_page, sign_in, width, dark):
    page = new_page(width=width, dark=dark)
    sign_in(page, "alex")

    box = page.locator(WHO).get_by_role("button").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 60
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sign_out(page)
    expect_form(page)


def test_the_form_works_by_keyboard_alone(live_server, new_page):
    page = new_page()
    page.goto(live_server.url)
    page.get_by_label("User name").focus()
    page.keyboard.type("rita")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.locator(WHO)).to_be_visible(timeout=30_000)


class TestDemo:
    @pytest.fixture
    def live_server(self, own_database, tmp_path):
        with serve(own_database, {"FRONTDESK_DEMO": "1"}, tmp_path / "server.log") as server:
            yield server

    def test_the_demo_signs_in_by_one_press(self, live_server, new_page):
        from core.demo_sign_ins import SIGN_INS
        from core.models import Role
        from core.passwords import hash_password

        with live_server.database.writing() as db:
            for each in SIGN_INS:
                user = db.scalars(select(User).where(User.username == each.username)).one()
                user.password_hash = hash_password(each.password, Role.PATIENT)
        page = new_page()
        page.goto(live_server.url)
        page.get_by_role("button", name=re.compile("Receptionist")).click()

        expect(page.locator(WHO)).to_contain_text("Rita Fonseca", timeout=30_000)


class TestFirstRun:
    @pytest.fixture
    def live_server(self, sqlite_database, tmp_path):
        with serve(sqlite_database, {}, tmp_path / "server.log") as server:
            yield server

    def test_t041_t042_the_printed_code_makes_the_first_admin(self, live_server, new_page):
        said = live_server.log.read_text()
        code = re.search(r"[0-9a-f]{4}(-[0-9a-f]{4}){7}", said)
        assert code is not None
        page, late = new_page(), new_page()
        late.goto(live_server.url)
        expect(late.get_by_text("Set up Frontdesk")).to_be_visible(timeout=30_000)

        page.goto(live_server.url)
        page.get_by_label("Set-up code").fill(code.group())
        page.get_by_label("Name of the practice").fill("Rua Nova Practice")
        page.get_by_label("Country, two letters").fill("PT")
        page.get_by_label("Currency, three letters").fill("EUR")
        page.get_by_label("Your name").fill("Alex Moreau")
        page.get_by_label("Your user name").fill("alex")
        page.get_by_label(re.compile("Your password")).fill(PASSWORD)
        page.get_by_role("button", name="Start Frontdesk").click()

        expect(page.locator(WHO)).to_contain_text("Alex Moreau", timeout=30_000)
        late.reload()
        expect_form(late)


def test_the_people_of_these_tests_are_linked_to_their_records(sqlite_database):
    add_people(sqlite_database)

    with sqlite_database.reading() as db:
        users = {user.username: user for user in db.scalars(select(User))}
        assert db.get(Patient, users["ana"].patient_id).name == "Ana Silva"
        assert db.get(Professional, users["ruiz"].professional_id).name == "Dr Elena Ruiz"
