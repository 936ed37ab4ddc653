"""Mail to a real server: what it says, how it is protected, and what is made of refusals."""

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import mail
from core.mail import Letter, MailFailed, MailNotReady, Security
from core.settings import from_environment
from tests import a, postman
from tests.postman import DESK

LETTER = Letter("Grüße from the desk", "Hello,\n\nolá.\n")
READY = {
    "FRONTDESK_SMTP_URL": "smtp://desk:let%26ters@mail.example",
    "FRONTDESK_MAIL_FROM": "Rua Nova <desk@practice.example>",
    "FRONTDESK_PUBLIC_URL": "https://desk.example/",
}


def composed(to="ana@example.org", *, letter=LETTER, dedupe="one"):
    return mail.compose(letter, to=to, dedupe=dedupe, sender=DESK, now=a.BEFORE)


def settings(**changed):
    return from_environment(READY | changed)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return postman.make_certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def trusted(certificate, monkeypatch):
    """This machine knows who signed it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


# --- what is written


def test_a_letter_arrives_as_it_was_written():
    with postman.serving() as post:
        mail.send(post.server(), composed())

    [arrived] = post.mails
    assert arrived["To"] == "ana@example.org"
    assert arrived["From"] == "Rua Nova Practice <desk@practice.example>"
    assert arrived["Subject"] == "Grüße from the desk"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Date"].datetime == a.BEFORE
    assert arrived.get_content_type() == "text/plain"
    assert arrived.get_content().replace("\r\n", "\n") == LETTER.text


def test_one_occasion_has_one_message_id():
    ids = [composed(dedupe=each)["Message-ID"] for each in ("one", "one", "two")]

    assert ids[0] == ids[1] != ids[2]
    assert ids[0].endswith("@practice.example>")


@given(
    st.sampled_from(["to", "subject"]),
    st.text(),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.text(max_size=20),
)
def test_t180_a_line_break_never_becomes_a_header(where, before, break_, after):
    hostile = f"{before}{break_}Bcc: eve@evil.example{break_}{after}"
    letter = Letter(hostile, "Hello") if where == "subject" else LETTER
    to = hostile if where == "to" else "ana@example.org"

    with pytest.raises(MailFailed) as refused:
        composed(to, letter=letter)

    assert refused.value.permanent


@pytest.mark.parametrize(
    "to",
    ["", "ana", "ana@", "a@b, c@d", "ana@exa\x00mple.org", "anä@example.org", "a b@example.org"],
)
def test_t180_an_address_that_is_none_is_refused_for_good(to):
    with pytest.raises(MailFailed) as refused:
        composed(to)

    assert refused.value.permanent


# --- how it is protected


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_mail_goes_out_encrypted_to_a_server_that_proves_who_it_is(trusted, security):
    with postman.serving(security=security, certificate=trusted) as post:
        mail.send(post.server(security), composed())

    assert post.encrypted == [True]


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_server_that_cannot_prove_who_it_is_gets_nothing(certificate, security):
    with (
        postman.serving(security=security, certificate=certificate) as post,
        pytest.raises(MailFailed, match="could not prove who it is") as refused,
    ):
        mail.send(post.server(security), composed())

    assert post.mails == []
    assert not refused.value.permanent


def test_a_certificate_of_somebody_else_is_no_proof(tmp_path, monkeypatch):
    other = postman.make_certificate(tmp_path, "mail.evil.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    with (
        postman.serving(security=Security.STARTTLS, certificate=other) as post,
        pytest.raises(MailFailed, match="could not prove who it is"),
    ):
        mail.send(post.server(Security.STARTTLS), composed())

    assert post.mails == []


def test_a_server_that_no_longer_encrypts_gets_neither_password_nor_mail():
    with postman.serving() as post:
        known = {"username": postman.USERNAME, "password": postman.PASSWORD}
        with pytest.raises(MailFailed, match="does not encrypt"):
            mail.send(post.server(Security.STARTTLS, **known), composed())

    assert post.mails == post.signed_in == []


def test_the_server_is_told_who_we_are_and_a_wrong_password_may_be_mended(trusted):
    with postman.serving(security=Security.STARTTLS, certificate=trusted, auth=True) as post:
        known = {"username": postman.USERNAME, "password": postman.PASSWORD}
        mail.send(post.server(Security.STARTTLS, **known), composed())
        with pytest.raises(MailFailed, match="535") as refused:
            mail.send(post.server(Security.STARTTLS, **known | {"password": "no"}), composed())

    assert len(post.mails) == 1
    assert not refused.value.permanent
    assert postman.PASSWORD not in repr(post.server(**known))


# --- what is made of refusals


@pytest.mark.parametrize(
    ("answer", "permanent"), [("550 No such user", True), ("450 Try later", False)]
)
def test_a_refused_address_is_final_where_the_server_says_so(answer, permanent):
    with postman.serving() as post:
        post.refused["ana@example.org"] = answer
        with pytest.raises(MailFailed, match=answer) as refused:
            mail.send(post.server(), composed())
        mail.send(post.server(), composed("bea@example.org"))

    assert refused.value.permanent is permanent
    assert [each["To"] for each in post.mails] == ["bea@example.org"]


@pytest.mark.parametrize(
    ("answer", "permanent"), [("554 Looks like spam", True), ("452 Out of space", False)]
)
def test_a_refused_mail_is_final_where_the_server_says_so(answer, permanent):
    with postman.serving() as post:
        post.refuses_all = answer
        with pytest.raises(MailFailed, match=answer) as refused:
            mail.send(post.server(), composed())

    assert refused.value.permanent is permanent


def test_t179_a_server_that_is_down_is_tried_again():
    with postman.serving() as post:
        server = post.server()

    with pytest.raises(MailFailed, match="does not answer") as failed:
        mail.send(server, composed())

    assert not failed.value.permanent


def test_t179_a_server_that_says_nothing_is_waited_for_only_so_long():
    with socket.create_server(("localhost", 0)) as silent:
        server = postman.Postman(port=silent.getsockname()[1]).server(patience_seconds=0.2)
        with pytest.raises(MailFailed, match="does not answer") as failed:
            mail.send(server, composed())

    assert not failed.value.permanent


def test_a_server_that_takes_the_mail_and_never_parts_has_taken_it():
    with postman.serving() as post:
        post.hangs_at_the_end = True
        mail.send(post.server(patience_seconds=0.2), composed())

    assert len(post.mails) == 1


def test_a_server_that_hangs_up_in_the_middle_is_tried_again():
    with socket.create_server(("localhost", 0)) as rude:

        def hang_up():
            connection, _ = rude.accept()
            connection.sendall(b"220 hello\r\n")
            connection.recv(100)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        server = postman.Postman(port=rude.getsockname()[1]).server(patience_seconds=2)
        with pytest.raises(MailFailed, match="does not answer"):
            mail.send(server, composed())
        thread.join()


def test_what_a_server_says_is_kept_short_and_on_one_line():
    failed = MailFailed("550 no\r\n\x1b[31m" + "x" * 500)

    assert str(failed).isprintable()
    assert len(str(failed)) == mail.LONGEST_REASON


# --- settings


def test_the_settings_name_the_server_and_who_writes():
    server = mail.server_of(settings())

    assert (server.host, server.port, server.security) == ("mail.example", 587, Security.STARTTLS)
    assert (server.username, server.password) == ("desk", "let&ters")
    assert str(server.sender) == "Rua Nova <desk@practice.example>"
    assert mail.is_configured(settings())
    assert "let" not in repr(settings())


@pytest.mark.parametrize(
    ("url", "port"),
    [("smtps://m.example", 465), ("smtp-plain://localhost", 25), ("smtp://m.example:2525", 2525)],
)
def test_each_kind_of_server_has_its_port(url, port):
    assert mail.server_of(settings(FRONTDESK_SMTP_URL=url)).port == port


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FRONTDESK_SMTP_URL", "mail.example"),
        ("FRONTDESK_SMTP_URL", "http://mail.example"),
        ("FRONTDESK_SMTP_URL", "smtp://mail.example:port"),
        ("FRONTDESK_SMTP_URL", "smtp://"),
        ("FRONTDESK_SMTP_URL", "smtp-plain://desk:secret@mail.example"),
        ("FRONTDESK_MAIL_FROM", ""),
        ("FRONTDESK_MAIL_FROM", "the desk"),
        ("FRONTDESK_MAIL_FROM", "Desk\r\nBcc: x@y.example <desk@practice.example>"),
        ("FRONTDESK_PUBLIC_URL", ""),
        ("FRONTDESK_PUBLIC_URL", "desk.example"),
        ("FRONTDESK_PUBLIC_URL", "javascript:alert(1)"),
        ("FRONTDESK_PUBLIC_URL", "https://desk.example/?next="),
    ],
)
def test_nothing_is_mailed_until_every_setting_is_there(name, value):
    """Without an address of our own a link could only begin with what a request claims."""
    changed = settings(**{name: value})

    with pytest.raises(MailNotReady, match=name):
        mail.server_of(changed)
    assert not mail.is_configured(changed)


def test_without_a_server_nothing_is_mailed_and_a_demo_never_mails():
    assert not mail.is_configured(settings(FRONTDESK_SMTP_URL=""))
    assert not mail.is_configured(settings(FRONTDESK_DEMO="1"))
