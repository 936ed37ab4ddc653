"""A desk that is left alone, and what people look after under their own name."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from core import passwords
from core.db import utc_now
from core.models import AuthSession, User
from tests import a
from tests.browser.conftest import PASSWORD, LiveServer, fill_sign_in

pytestmark = pytest.mark.browser

WHO = ".st-key-frontdesk_who"
NEW = "input[autocomplete=new-password]"
WITHIN = 60_000
NEW_PASSWORD = "four purple tractors"


@pytest.fixture
def live_server(shared_server: LiveServer) -> LiveServer:
    return shared_server


def sessions_of(username: str):
    return select(User.id).where(User.username == username).scalar_subquery()


def change(server: LiveServer, username: str, **values) -> None:
    with server.database.writing() as db:
        theirs = AuthSession.user_id == sessions_of(username)
        db.execute(update(AuthSession).where(theirs).values(**values))


def leave_alone(server: LiveServer, username: str, minutes: int = 16) -> None:
    change(server, username, last_seen_at=utc_now() - timedelta(minutes=minutes))


def last_seen(server: LiveServer, username: str):
    with server.database.reading() as db:
        theirs = AuthSession.user_id == sessions_of(username)
        return db.scalars(select(AuthSession.last_seen_at).where(theirs)).all()[-1]


def open_account(page: Page) -> None:
    page.locator(WHO).get_by_role("button").click()
    page.get_by_text("My account", exact=True).click()
    expect(page.get_by_role("heading", name="My account")).to_be_visible(timeout=30_000)


def press_unlock(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Unlock").click()


def test_t065_names_leave_the_screen_and_the_password_brings_the_place_back(
    live_server, new_page, sign_in
):
    """T063, T065: nobody touches the page; its own timer finds out."""
    with live_server.database.writing() as db:
        visit = a.service(db, name="Consultation")
        a.professional(db, name="Dr Tomás Almeida", services=(visit,))
    page = new_page()
    sign_in(page, "rita", path="/desk")
    expect(page.get_by_text("Dr Tomás Almeida").first).to_be_visible(timeout=30_000)

    leave_alone(live_server, "rita")

    expect(page.get_by_role("heading", name="Locked")).to_be_visible(timeout=WITHIN)
    body = page.locator("body")
    expect(body).not_to_contain_text("Almeida")
    expect(body).not_to_contain_text("Receptionist")
    expect(body).to_contain_text("Rita Fonseca")
    assert "Almeida" not in page.content()

    press_unlock(page, "not the password")
    expect(page.get_by_text("This is not your password.")).to_be_visible(timeout=30_000)
    press_unlock(page)
    expect(page.get_by_text("Dr Tomás Almeida").first).to_be_visible(timeout=30_000)
    expect(page).to_have_url(f"{live_server.url}/desk")


@pytest.mark.slow
def test_t063_a_reload_of_a_locked_page_is_the_lock_and_a_draft_is_still_there(
    live_server, new_page, sign_in
):
    page = new_page()
    sign_in(page, "alex", path="/practice?section=People")
    page.get_by_label("Search").fill("Rita")
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_text("Rita Fonseca")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Ana Silva")).to_have_count(0)

    leave_alone(live_server, "alex")
    expect(page.get_by_role("heading", name="Locked")).to_be_visible(timeout=WITHIN)
    expect(page.get_by_text("Rita Fonseca")).to_have_count(0)
    press_unlock(page)
    expect(page.get_by_label("Search")).to_have_value("Rita", timeout=30_000)

    leave_alone(live_server, "alex")
    page.reload()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible(timeout=30_000)


def test_t063_work_in_the_browser_keeps_the_session_and_no_press_is_lost(
    live_server, new_page, sign_in
):
    page = new_page()
    sign_in(page, "rita")
    open_account(page)
    leave_alone(live_server, "rita", minutes=5)
    page.reload()
    expect(page.get_by_role("button", name="Change password")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1000)
    before = last_seen(live_server, "rita")

    page.get_by_role("button", name="Change password").click()

    expect(page.locator(NEW)).to_be_visible(timeout=30_000)
    for _ in range(50):
        if last_seen(live_server, "rita") > before:
            break
        page.wait_for_timeout(100)
    assert last_seen(live_server, "rita") > before


@pytest.mark.slow
def test_t065_patients_find_the_sign_in_form(live_server, new_page, sign_in):
    page = new_page()
    sign_in(page, "ana")
    leave_alone(live_server, "ana", minutes=31)

    expect(page.get_by_label("User name")).to_be_visible(timeout=WITHIN)
    expect(page.get_by_text("Ana Silva")).to_have_count(0)


@pytest.mark.slow
def test_t064_the_end_is_told_in_time(live_server, new_page, sign_in):
    page = new_page()
    sign_in(page, "rita")
    change(live_server, "rita", expires_at=utc_now() + timedelta(minutes=4))
    expect(page.get_by_text("You will be signed out at")).to_be_visible(timeout=WITHIN)

    change(live_server, "rita", expires_at=utc_now())
    expect(page.get_by_label("User name")).to_be_visible(timeout=WITHIN)


@pytest.mark.slow
def test_t066_a_browser_that_is_ended_from_afar_shows_nothing_any_more(
    live_server, new_page, sign_in
):
    lost, page = new_page(), new_page()
    sign_in(lost, "ruiz")
    sign_in(page, "ruiz")
    open_account(page)
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_text("Signed out in")).to_be_visible(timeout=30_000)

    expect(lost.get_by_label("User name")).to_be_visible(timeout=WITHIN)
    expect(lost.get_by_text("Dr Elena Ruiz")).to_have_count(0)
    expect(page.locator(WHO)).to_contain_text("Dr Elena Ruiz")


def test_t067_a_new_password_moves_this_browser_to_a_new_session(live_server, new_page, sign_in):
    page, other = new_page(), new_page()
    sign_in(page, "ruiz")
    sign_in(other, "ruiz")
    before = token_in(page)
    open_account(page)
    page.get_by_role("button", name="Change password").click()
    page.locator(NEW).fill(NEW_PASSWORD)
    with page.expect_navigation(timeout=30_000):
        page.get_by_role("button", name="Change password").click()

    expect(page.locator(WHO)).to_contain_text("Dr Elena Ruiz", timeout=30_000)
    assert token_in(page) != before
    other.reload()
    fill_sign_in(other, "ruiz", NEW_PASSWORD)
    expect(other.locator(WHO)).to_be_visible(timeout=30_000)
    with live_server.database.writing() as db:
        user = db.scalars(select(User).where(User.username == "ruiz")).one()
        user.password_hash = passwords.rehash(PASSWORD)


def token_in(page: Page) -> str:
    return next(each["value"] for each in page.context.cookies() if each["name"] == "frontdesk")


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_lock_and_the_account_fit_every_screen(live_server, new_page, sign_in, width, dark):
    page = new_page(width=width, dark=dark)
    sign_in(page, "alex")
    open_account(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    leave_alone(live_server, "alex")
    page.reload()
    box = page.get_by_role("button", name="Unlock").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_t070_another_person_takes_over_a_locked_desk_and_finds_nothing(
    live_server, new_page, sign_in
):
    page = new_page()
    sign_in(page, "rita", path="/desk")
    leave_alone(live_server, "rita")
    page.reload()
    page.get_by_role("button", name="Sign in as somebody else").click()
    expect(page.get_by_label("User name")).to_be_visible(timeout=30_000)

    fill_sign_in(page, "alex", PASSWORD)
    expect(page.locator(WHO)).to_contain_text("Alex Moreau", timeout=30_000)
    expect(page.get_by_text("Rita")).to_have_count(0)


def test_a_desk_whose_session_was_ended_elsewhere_shows_the_door_by_itself(
    new_page, sign_in, live_server
):
    """T065, T066"""
    page = new_page()
    sign_in(page, "rita", path="/desk")
    change(live_server, "rita", revoked_at=utc_now(), revoke_reason="test")

    expect(page.get_by_label("Password", exact=True)).to_be_visible(timeout=45_000)
    assert "Traceback" not in live_server.log.read_text()
