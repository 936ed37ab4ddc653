"""Forgotten passwords, mailed links and the outbox as people see them."""

import contextlib
from datetime import timedelta

import pytest
from sqlalchemy import select
from streamlit.util import calc_hash

from core import outbox, passwords, reset
from core.accounts import SignInRequest, sign_in
from core.db import utc_now
from core.errors import BookingError
from core.models import AuthSession, OutboxMessage, Role, User
from core.outbox import Kind, Message
from dashboard import places
from tests import a, screen

MAIL = {
    "smtp_url": "smtp://mail.example",
    "mail_from": "desk@practice.example",
    "public_url": "https://desk.example",
}


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def rita(sqlite_database):
    with sqlite_database.writing() as db:
        a.organisation(db)
        a.user(db, Role.ADMIN, name="Alex Moreau", username="alex", password_hash="x")
        return a.user(
            db, username="rita", name="Rita [F](x)", email="rita@example.org", password_hash="x"
        )


@pytest.fixture
def sign_in_page(monkeypatch, sqlite_database, rita):
    def open_page(**settings):
        page = screen.show_to(monkeypatch, sqlite_database, None)
        screen.use(monkeypatch, sqlite_database, **settings)
        return shown(page.run())

    return open_page


@pytest.fixture
def practice(monkeypatch, sqlite_database, rita):
    """A section of Practice, seen by Alex."""

    def open_section(section, **settings):
        with sqlite_database.reading() as db:
            alex = db.scalars(select(User).where(User.username == "alex")).one()
        page = screen.show_to(monkeypatch, sqlite_database, alex)
        screen.use(monkeypatch, sqlite_database, **settings)
        page.run().switch_page(str(places.PAGES / "practice.py")).run()
        page.segmented_control(key="section").set_value(section).run()
        return shown(page)

    return open_section


def shown(page):
    assert not page.exception
    return page


def press(page, key):
    return shown(page.button(key=key).click().run())


def send(page, label):
    [found] = [each for each in page.button if each.label == label]
    return shown(found.click().run())


def type_in(page, key, value):
    return shown(page.text_input(key=key).set_value(value).run())


def said(page):
    kinds = (page.markdown, page.caption, page.success, page.info, page.error)
    return "\n".join(each.value for kind in kinds for each in kind)


def waiting(database):
    with database.reading() as db:
        return db.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


# --- forgot your password?


@pytest.mark.parametrize(("who", "mails"), [("rita", 1), ("no*bo*dy", 0)])
def test_t046_t057_known_and_unknown_are_told_the_same(sign_in_page, sqlite_database, who, mails):
    page = press(sign_in_page(**MAIL), "frontdesk_forgot")
    page.text_input(key="forgot_who").set_value(who)
    page = send(page, "Send the link")

    shown_name = who.replace("*", r"\*")
    assert [each.value for each in page.success] == [
        f"If **{shown_name}** can sign in here and we have an e-mail address, a link is on its way."
    ]
    assert not page.error
    assert len(waiting(sqlite_database)) == mails
    page = press(page, "frontdesk_forgot_back")
    assert [field.label for field in page.text_input] == ["User name", "Password"]


def test_asked_too_often_the_page_says_when_to_try_again(sign_in_page):
    page = press(sign_in_page(**MAIL), "frontdesk_forgot")
    for _ in range(4):
        page.text_input(key="forgot_who").set_value("rita")
        page = send(page, "Send the link")
        if not page.error:
            page = press(press(page, "frontdesk_forgot_back"), "frontdesk_forgot")

    assert "This was asked too often. Please try again in" in page.error[0].value


def test_without_mail_the_page_says_whom_to_ask(sign_in_page):
    page = press(sign_in_page(), "frontdesk_forgot")

    assert "Ask whoever looks after Frontdesk" in said(page)
    assert not page.text_input


# --- the page behind the link


@pytest.fixture
def open_link(monkeypatch, sqlite_database, rita):
    def follow(link="", user=None):
        page = screen.show_to(monkeypatch, sqlite_database, user)
        page.query_params["link"] = link
        page._page_hash = calc_hash("reset")
        return shown(page.run())

    return follow


def test_t056_the_link_asks_for_a_new_password_and_hands_the_sign_in_over(
    open_link, sqlite_database, rita
):
    with sqlite_database.writing() as db:
        link = reset.issue_link(db, rita, now=utc_now())
    token = screen.open_session(sqlite_database, rita)
    page = open_link(link)
    assert r"Hello, Rita \[F\](x). Your user name is **rita**." in said(page)
    with sqlite_database.reading() as db:
        assert db.get_one(User, rita.id).password_hash == "x"  # looking changes nothing

    page.text_input(key="reset_password").set_value("a new password of mine")
    page = send(page, "Save and sign in")

    assert said(page) == "Signing in …"
    assert "link" not in page.query_params
    with sqlite_database.reading() as db:
        assert db.scalars(select(AuthSession.revoke_reason)).all() == ["new password"]
    assert token


def test_a_new_password_lets_in_whom_wrong_ones_had_kept_out(open_link, sqlite_database, rita):
    with sqlite_database.writing() as db:
        rita = db.get_one(User, rita.id)
        rita.password_hash = passwords.hash_password("hers until now", Role.RECEPTIONIST)
    for number in range(7):
        with contextlib.suppress(BookingError):
            request = SignInRequest("rita", f"guess {number}", ip="127.0.0.1")
            sign_in(sqlite_database, request, now=utc_now())
    with sqlite_database.writing() as db:
        link = reset.issue_link(db, rita, now=utc_now())
    page = open_link(link)
    page.text_input(key="reset_password").set_value("a new password of mine")
    page = send(page, "Save and sign in")

    assert not page.error
    assert said(page) == "Signing in …"


def test_a_link_that_does_not_work_leads_to_a_new_one(open_link):
    page = open_link("spent")

    assert "If you still need one" in page.error[0].value
    press(page, "frontdesk_forgot")


def test_a_link_for_somebody_else_is_kept_for_them(open_link, sqlite_database, rita):
    with sqlite_database.writing() as db:
        link = reset.issue_link(db, rita, now=utc_now())
        zoe = a.user(db, name="Zoe")

    assert "you are signed in as Zoe" in open_link(link, zoe).info[0].value


# --- people


def test_an_activation_link_is_mailed_where_there_is_an_address(practice, sqlite_database):
    page = press(practice("People", **MAIL), "practice_add_user")
    for name, value in {"name": "Zoe", "username": "zoe", "email": "Zoe@Example.org"}.items():
        page.text_input(key=f"practice_form_{name}").set_value(value)
    page = press(page, "practice_form_save")

    assert [each.value for each in page.toast] == ["A link is on its way to zoe@\u2060example.org."]
    assert not page.code
    [message] = waiting(sqlite_database)
    assert (message.kind, message.address) == ("activation", "zoe@example.org")


@pytest.mark.parametrize(("settings", "email"), [(MAIL, ""), ({}, "zoe@example.org")])
def test_otherwise_it_is_shown_once(practice, sqlite_database, settings, email):
    page = press(practice("People", **settings), "practice_add_user")
    for name, value in {"name": "Zoe", "username": "zoe", "email": email}.items():
        page.text_input(key=f"practice_form_{name}").set_value(value)
    page = press(page, "practice_form_save")

    assert "/activate?link=" in page.code[0].value
    assert page.code[0].value.startswith(settings.get("public_url", ""))
    assert waiting(sqlite_database) == []


def test_a_link_can_be_mailed_or_shown_anew(practice, rita, sqlite_database):
    page = press(practice("People", **MAIL), f"practice_edit_user_{rita.id}")
    page = press(page, "practice_form_mail")
    assert [each.kind for each in waiting(sqlite_database)] == ["activation"]

    page = press(page, f"practice_edit_user_{rita.id}")
    page = press(page, "practice_form_link")
    assert page.code[0].value.startswith("https://desk.example/activate?link=")


def test_another_address_is_saved_and_the_old_one_is_told(practice, rita, sqlite_database):
    page = press(practice("People", **MAIL), f"practice_edit_user_{rita.id}")
    page = press(type_in(page, "practice_form_email", "new@x.example"), "practice_form_save")

    assert [each.value for each in page.toast] == [r"Saved Rita \[F\](x)."]
    [message] = waiting(sqlite_database)
    assert (message.kind, message.address) == ("email_changed", "rita@example.org")
    with sqlite_database.reading() as db:
        assert db.get_one(User, rita.id).email == "new@x.example"


def test_an_admin_who_was_away_proves_who_they_are_before_an_address_changes(
    practice, rita, sqlite_database
):
    page = practice("People", **MAIL)
    with sqlite_database.writing() as db:
        opened = db.scalars(select(AuthSession)).one()
        opened.auth_at = utc_now() - timedelta(minutes=11)
    page = press(page, f"practice_edit_user_{rita.id}")
    assert page.button(key="practice_form_save")

    page = type_in(page, "practice_form_email", "new@x.example")

    assert not [each for each in page.button if each.key == "practice_form_save"]
    assert "Whoever reads that mail can sign in as" in said(page)
    assert "Your password, to be sure that it is you" in [each.label for each in page.text_input]


def type_password(page, key, password):
    page.text_input(key=key).set_value(password)
    return send(page, "Continue")


def away(sqlite_database):
    with sqlite_database.writing() as db:
        alex = db.scalars(select(User).where(User.username == "alex")).one()
        alex.password_hash = passwords.hash_password("my own long password", Role.ADMIN)
        for opened in db.scalars(select(AuthSession)):
            opened.auth_at = utc_now() - timedelta(minutes=11)


def test_an_admin_who_was_away_proves_who_they_are_before_a_link_is_made(
    practice, rita, sqlite_database
):
    page = practice("People")
    away(sqlite_database)
    page = press(press(page, f"practice_edit_user_{rita.id}"), "practice_form_link")
    assert not page.code
    assert r"Whoever has the link can sign in as Rita \[F\](x)." in said(page)

    page = type_password(page, "practice_form_new_link_confirm_password", "wrong")
    assert page.error
    page = type_password(page, "practice_form_new_link_confirm_password", "my own long password")
    page = press(page, "practice_form_link")
    assert "/activate?link=" in page.code[0].value


def test_an_admin_who_was_away_proves_who_they_are_before_somebody_is_let_in(
    practice, rita, sqlite_database
):
    page = practice("People")
    away(sqlite_database)
    page = press(page, "practice_add_user")
    page.text_input(key="practice_form_name").set_value("Zoe")
    page.text_input(key="practice_form_username").set_value("zoe")
    page = type_password(page, "practice_form_invite_confirm_password", "my own long password")
    page = press(page, "practice_form_save")
    assert "/activate?link=" in page.code[0].value


def test_an_admin_who_was_away_proves_who_they_are_before_a_role_changes(
    practice, rita, sqlite_database
):
    page = practice("People")
    away(sqlite_database)
    page = press(page, f"practice_edit_user_{rita.id}")
    page.radio(key="practice_form_role").set_value(Role.ADMIN)
    page = shown(page.run())
    assert "Admins need a longer password" in said(page)
    assert not [each for each in page.button if each.key == "practice_form_save"]

    page = type_password(page, "practice_form_edit_confirm_password", "my own long password")
    page = press(page, "practice_form_save")
    with sqlite_database.reading() as db:
        assert db.get_one(User, rita.id).role is Role.ADMIN


# --- messages


def put_out(database, dedupe, **values):
    message = Message(dedupe, Kind.EMAIL_CHANGED, f"{dedupe}@example.org", **values)
    with database.writing() as db:
        outbox.enqueue(db, message, now=utc_now())
        return db.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()


def fail(database, message):
    with database.writing() as db:
        outbox.note_failed(db, message, "550 *no* such user", permanent=True, now=utc_now())


def test_an_admin_sees_what_failed_and_sends_it_again(practice, rita, sqlite_database):
    put_out(sqlite_database, "fine")
    fail(sqlite_database, put_out(sqlite_database, "rita", user_id=rita.id))
    page = practice("Messages", **MAIL)

    assert "Rita" in said(page)
    assert r"550 \*no\* such user" in said(page)
    assert "fine" not in said(page)
    page = press(page, f"practice_message_{waiting(sqlite_database)[1].id}")

    assert [each.value for each in page.toast] == ["It is on its way again."]
    assert {each.state for each in waiting(sqlite_database)} == {"waiting"}


def test_the_page_says_what_mail_still_needs(practice):
    lacking = practice("Messages", **MAIL | {"public_url": ""})
    assert "Nothing is mailed; links are shown to you" in lacking.info[-1].value
    assert "FRONTDESK_PUBLIC_URL is missing" in lacking.info[-1].value

    assert "Nothing is mailed" not in said(practice("Messages", **MAIL))
