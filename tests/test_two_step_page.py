"""Two-step sign-in on screen: the account page, what comes first, People, the second form."""

import re
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select, update
from streamlit.util import calc_hash

from core import passwords, second_step
from core.db import utc_now
from core.models import AuthSession, Organisation, Role, SecondStep, User
from core.passwords import hash_password
from dashboard import places
from tests import a, screen

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def rita(sqlite_database) -> User:
    with sqlite_database.writing() as session:
        a.organisation(session)
        hashed = hash_password(PASSWORD, Role.RECEPTIONIST)
        return a.user(session, username="rita", name="Rita Fonseca", password_hash=hashed)


@pytest.fixture
def open_account(monkeypatch, sqlite_database):
    def open_for(user):
        page = screen.show_to(monkeypatch, sqlite_database, user).run()
        return shown(page.switch_page(str(places.PAGES / "account.py")).run())

    return open_for


def shown(page):
    assert not page.exception
    return page


def go(page, url):
    """Any url, also where a sentence stands for the page itself."""
    page._page_hash = calc_hash(url)
    return shown(page.run())


def press(page, key):
    return shown(page.button(key=key).click().run())


def send(page, label):
    found = [each for each in page.button if each.label == label]
    return shown(found[-1].click().run())


def labels(page):
    return [each.label for each in page.button]


def text_of(page):
    kinds = (page.markdown, page.caption, page.title, page.error, page.info)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def give(database, user, *, secret=None) -> str:
    """The secret of a second step that is on."""
    secret = secret or pyotp.random_base32()
    with database.writing() as session:
        now = utc_now()
        session.add(SecondStep(user_id=user.id, secret=secret, offered_at=now, on_since=now))
    return secret


def is_on(database, user) -> bool:
    with database.reading() as session:
        return second_step.is_on(session, user.id)


def secret_on(page) -> str:
    return page.code[0].value.replace(" ", "")


def forget_proof(database) -> None:
    """As if the password had been typed an hour ago."""
    with database.writing() as session:
        an_hour_ago = utc_now() - timedelta(hours=1)
        session.execute(update(AuthSession).values(auth_at=an_hour_ago))


def switch_on(page) -> list[str]:
    """Through the form; the recovery codes."""
    code = pyotp.TOTP(secret_on(page)).at(utc_now())
    page.text_input(key="two_step_code").set_value(code)
    send(page, "Switch it on")
    return page.code[0].value.split()


# --- the account page


def test_it_is_set_up_by_a_picture_or_by_typing_and_a_first_code(
    open_account, sqlite_database, rita
):
    page = press(open_account(rita), "two_step_set_up")
    drawn = [each.proto.body for each in page.get("html") if "<img" in each.proto.body]
    assert len(drawn) == 1
    assert drawn[0].startswith('<img src="data:image/svg+xml')
    assert 'alt="Picture to scan' in drawn[0]

    codes = switch_on(page)
    assert is_on(sqlite_database, rita)
    assert len(codes) == 10
    press(page, "two_step_kept")
    page.switch_page(str(places.PAGES / "account.py")).run()
    assert "10 recovery codes left." in text_of(page)
    assert codes[0] not in text_of(page)


def test_a_wrong_first_code_is_told_and_the_same_picture_stays(open_account, sqlite_database, rita):
    page = press(open_account(rita), "two_step_set_up")
    secret = secret_on(page)
    page.text_input(key="two_step_code").set_value("12345")
    send(page, "Switch it on")

    assert "This code is not right" in text_of(page)
    assert secret_on(page) == secret
    assert not is_on(sqlite_database, rita)


def test_the_recovery_codes_stay_on_screen_wherever_one_goes_until_they_are_kept(
    open_account, rita
):
    page = press(open_account(rita), "two_step_set_up")
    codes = switch_on(page)
    go(page, "desk")
    assert page.code[0].value.split() == codes

    press(page, "two_step_kept")
    assert not page.code


def test_t074_setting_up_asks_for_the_password_when_it_was_typed_long_ago(
    open_account, sqlite_database, rita
):
    page = open_account(rita)
    forget_proof(sqlite_database)
    press(page, "two_step_set_up")
    assert not page.code
    page.text_input(key="two_step_confirm_password").set_value(PASSWORD)
    send(page, "Continue")

    assert page.code


def test_t074_it_is_switched_off_after_the_password_and_not_before(
    open_account, sqlite_database, rita
):
    give(sqlite_database, rita)
    page = open_account(rita)
    forget_proof(sqlite_database)
    press(page, "two_step_off")
    assert "Switch it off" not in labels(page)
    page.text_input(key="two_step_confirm_password").set_value(PASSWORD)
    send(page, "Continue")
    press(page, "two_step_off_now")

    assert not is_on(sqlite_database, rita)
    assert "Set up two-step sign-in" in labels(page)


def test_new_recovery_codes_are_shown_once(open_account, sqlite_database, rita):
    give(sqlite_database, rita)
    page = press(open_account(rita), "two_step_new")
    press(page, "two_step_new_now")

    assert len(page.code[0].value.split()) == 10
    press(page, "two_step_kept")
    assert not page.code


def test_one_can_change_ones_mind(open_account, sqlite_database, rita):
    page = press(open_account(rita), "two_step_set_up")
    press(page, "two_step_leave")

    assert "Set up two-step sign-in" in labels(page)
    assert not is_on(sqlite_database, rita)


def test_somebody_without_a_password_is_left_to_the_companys_sign_in(
    open_account, sqlite_database, rita
):
    with sqlite_database.writing() as session:
        session.get(User, rita.id).password_hash = ""
    page = open_account(rita)

    assert "Your company's sign-in looks after it." in text_of(page)
    assert "Set up two-step sign-in" not in labels(page)


# --- where it is required


def require(database) -> None:
    with database.writing() as session:
        session.get(Organisation, 1).two_step_required = True


@pytest.mark.parametrize("place", ["desk", "overrides", "account"])
def test_whoever_owes_it_sees_nothing_else_until_it_is_set_up(
    monkeypatch, sqlite_database, rita, place
):
    require(sqlite_database)
    page = screen.show_to(monkeypatch, sqlite_database, rita).run()
    go(page, place)
    assert [each.value for each in page.title] == ["Set up two-step sign-in"]

    switch_on(page)
    press(page, "two_step_kept")
    assert "Set up two-step sign-in" not in [each.value for each in page.title]


def test_whoever_has_it_already_goes_straight_to_work(monkeypatch, sqlite_database, rita):
    require(sqlite_database)
    give(sqlite_database, rita)
    page = shown(screen.show_to(monkeypatch, sqlite_database, rita).run())

    assert "Set up two-step sign-in" not in [each.value for each in page.title]


def test_a_patient_is_not_asked_for_it(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session, two_step_required=True)
        ana = a.user(session, Role.PATIENT, patient_id=a.patient(session).id)
    page = shown(screen.show_to(monkeypatch, sqlite_database, ana).run())

    assert "Set up two-step sign-in" not in [each.value for each in page.title]


# --- People


@pytest.fixture
def people(monkeypatch, sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session)
        admin = a.user(session, Role.ADMIN, name="Alex Moreau", password_hash="x")
    page = screen.show_to(monkeypatch, sqlite_database, admin).run()
    page.switch_page(str(places.PAGES / "practice.py")).run()
    return shown(page.segmented_control(key="section").set_value("People").run())


def test_an_admin_asks_it_of_the_staff_and_is_the_first_to_set_it_up(people, sqlite_database):
    assert "each of the staff decides" in text_of(people)
    press(people, "practice_two_step")
    send(people, "Staff must have it")

    with sqlite_database.reading() as session:
        assert session.scalar(select(Organisation.two_step_required))
    assert [each.value for each in people.title] == ["Set up two-step sign-in"]


def test_an_admin_leaves_it_to_the_staff_again(people, sqlite_database):
    with sqlite_database.writing() as session:
        session.get(Organisation, 1).two_step_required = True
        alex = session.scalars(select(User)).one()
    give(sqlite_database, alex)
    people.run()
    press(people, "practice_two_step")
    send(people, "Let each of the staff decide")

    with sqlite_database.reading() as session:
        assert not session.scalar(select(Organisation.two_step_required))


def test_an_admin_sees_who_has_it_and_resets_it(people, sqlite_database, rita):
    give(sqlite_database, rita)
    shown(people.run())
    assert "1 of 2 shown have it." in text_of(people)
    press(people, f"practice_edit_user_{rita.id}")
    press(people, "practice_form_two_step")
    assert re.search("Make sure first that it is Rita Fonseca", text_of(people))
    send(people, "Reset it")

    assert not is_on(sqlite_database, rita)
    assert [each.value for each in people.toast] == [
        "Rita Fonseca signs in with the password alone."
    ]


def test_somebody_without_it_has_nothing_to_reset(people, sqlite_database, rita):
    shown(people.run())
    press(people, f"practice_edit_user_{rita.id}")

    assert "Reset two-step sign-in" not in labels(people)


def test_t074_a_reset_asks_the_admin_for_the_password(people, sqlite_database, rita):
    give(sqlite_database, rita)
    shown(people.run())
    press(people, f"practice_edit_user_{rita.id}")
    press(people, "practice_form_two_step")
    forget_proof(sqlite_database)
    shown(people.run())

    assert "Reset it" not in labels(people)
    assert "Continue" in labels(people)


# --- the second form of signing in


@pytest.fixture
def door(monkeypatch, sqlite_database, rita):
    """The sign-in page, after Rita's password was right."""
    page = screen.show_to(monkeypatch, sqlite_database, None).run()
    page.text_input[0].set_value("rita")
    page.text_input[1].set_value(PASSWORD)
    return page


def test_a_code_follows_the_password_and_lets_in(door, sqlite_database, rita):
    secret = give(sqlite_database, rita)
    send(door, "Sign in")
    assert [each.value for each in door.title] == ["One more step"]
    door.text_input[0].set_value(pyotp.TOTP(secret).at(utc_now()))
    send(door, "Sign in")

    assert "Signing in …" in text_of(door)


def test_without_it_the_password_lets_in(door):
    send(door, "Sign in")

    assert "Signing in …" in text_of(door)


def test_a_wrong_code_is_told_and_can_be_tried_again(door, sqlite_database, rita):
    secret = give(sqlite_database, rita)
    send(door, "Sign in")
    door.text_input[0].set_value("1")
    send(door, "Sign in")
    assert "This code is not right" in text_of(door)
    door.text_input[0].set_value(pyotp.TOTP(secret).at(utc_now()))
    send(door, "Sign in")

    assert "Signing in …" in text_of(door)


def test_too_late_begins_again_with_the_user_name(door, sqlite_database, rita):
    give(sqlite_database, rita)
    send(door, "Sign in")
    with sqlite_database.writing() as session:
        session.execute(update(SecondStep).values(on_since=None))
    door.text_input[0].set_value("123456")
    send(door, "Sign in")
    assert "took too long" in text_of(door)
    shown(door.run())

    assert [each.label for each in door.text_input] == ["User name", "Password"]


def test_one_can_go_back_to_the_user_name(door, sqlite_database, rita):
    give(sqlite_database, rita)
    send(door, "Sign in")
    press(door, "frontdesk_code_back")

    assert [each.label for each in door.text_input] == ["User name", "Password"]
