"""The outbox: what was promised goes out, once, and not when nobody wants it any more."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core import activation, letters, outbox, sending
from core.activation import PasswordChosen, choose_password
from core.db import utc_now
from core.errors import NotAllowed, NotFound
from core.models import (
    AuditEntry,
    Booking,
    BookingState,
    MessageState,
    OneTimeLink,
    OutboxMessage,
    Patient,
    Registration,
    Role,
    User,
)
from core.outbox import Kind, Message, enqueue
from core.settings import Settings
from dashboard import start_up
from tests import a, force, postman

NOW = a.BEFORE
S = MessageState
URL = "https://desk.example"
RITAS = "waters the plants first"


@pytest.fixture
def post():
    with postman.serving() as found:
        yield found


@pytest.fixture
def office(post):
    return sending.Office(post.server(), URL)


def put_out(database, dedupe="one", *, now=NOW, **values):
    """A message to Ana; of the present where a worker with a clock of its own shall find it."""
    message = {"kind": Kind.EMAIL_CHANGED, "address": "ana@example.org"} | values
    with database.writing() as session:
        return enqueue(session, Message(dedupe, **message), now=now)


def rows(database):
    with database.reading() as session:
        return session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def one(database):
    [found] = rows(database)
    return found


def invite(database, **values):
    """Rita, whose link is to be mailed."""
    with database.writing() as session:
        admin = a.confirmed(session, Role.ADMIN, now=NOW)
        invitation = activation.Invitation(
            **(
                {
                    "username": "rita",
                    "name": "Rita Fonseca",
                    "role": Role.RECEPTIONIST,
                    "email": "rita@example.org",
                    "by_mail": True,
                }
                | values
            )
        )
        return activation.invite_user(session, admin, invitation, now=NOW)


def link_in(mail):
    return re.search(r"\?link=(\S+)", mail.get_content()).group(1)


# --- into the outbox


def test_what_is_asked_twice_goes_out_once(database):
    assert put_out(database) is True
    assert put_out(database, address="else@example.org") is False

    assert one(database).address == "ana@example.org"


def test_t173_a_message_lies_there_with_what_it_is_about_or_not_at_all(database):
    def write_and_fail():
        with database.writing() as session:
            rita = a.user(session)
            enqueue(session, Message("one", Kind.RESET, "r@x.example", user_id=rita.id), now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()

    assert rows(database) == []


def test_a_message_is_not_sent_before_it_is_due(database, office, post):
    put_out(database, due_at=NOW + timedelta(hours=1))

    assert sending.send_next(database, office, now=NOW) is None
    assert sending.send_next(database, office, now=NOW + timedelta(hours=1)) is S.SENT
    assert len(post.mails) == 1


def test_a_message_is_kept_for_a_month(database, office):
    put_out(database)
    put_out(database, "waiting", due_at=a.at(9, day=365))
    sending.send_next(database, office, now=NOW)

    put_out(database, "a month on", now=NOW + outbox.KEPT)
    assert [each.dedupe for each in rows(database)] == ["one", "waiting", "a month on"]
    put_out(database, "later", now=NOW + outbox.KEPT + timedelta(seconds=1))
    assert [each.dedupe for each in rows(database)] == ["waiting", "a month on", "later"]


# --- out of it


def test_a_link_is_mailed_and_works(database, office, post):
    invited = invite(database)

    assert invited.link == ""
    assert sending.send_next(database, office, now=NOW) is S.SENT
    assert sending.send_next(database, office, now=NOW) is None
    [mail] = post.mails
    assert mail["To"] == "rita@example.org"
    assert f"{URL}/activate?link=" in mail.get_content()
    assert choose_password(database, PasswordChosen(link_in(mail), RITAS), now=NOW).ticket
    found = one(database)
    assert (found.state, found.message_id, found.finished_at) == (S.SENT, mail["Message-ID"], NOW)
    with database.reading() as session:
        assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all() == [
            "user.created",
            "message.sent",
            "user.password_chosen",
        ]


def test_t060_the_secret_of_a_mailed_link_lies_nowhere(sqlite_database, office, post):
    invite(sqlite_database)
    sending.send_next(sqlite_database, office, now=NOW)
    secret = link_in(post.mails[0]).encode()

    place = Path(str(sqlite_database.engine.url.database))
    files = list(place.parent.glob(f"{place.name}*"))
    assert files
    assert not [path for path in files if secret in path.read_bytes()]


def test_t095_no_letter_tells_anything_about_anybody(session):
    ana = a.patient(session, name="Ana Silva")
    rita = a.user(session, Role.PATIENT, name="Ana Silva", username="ana", patient_id=ana.id)
    visit = a.service(session, name="Oncology")
    ada = a.professional(session, name="Dr Ada Lima", services=(visit,))
    booking = a.booking(session, ada, a.span(9, 10), service=visit, patient=ana)

    begun = registered(session, "Ana Silva")

    assert set(letters.WORDS) == set(Kind)
    for kind in Kind:
        about = {"user_id": rita.id, "booking_id": booking.id, "registration_id": begun.id}
        message = OutboxMessage(kind=kind, **about)
        letter = letters.write(session, message, URL, now=NOW)
        said = f"{letter.subject} {letter.text}"
        for private in ("Ana", "Silva", "Oncology", "Ada", "Lima", "09:00"):
            assert private not in said
        assert "http" not in said.replace(URL, "")


def registered(session, name):
    over = NOW + timedelta(hours=24)
    made = Registration(name=name, email="ana@example.org", phone="", expires_at=over)
    session.add(made)
    session.flush()
    return made


def test_each_letter_names_the_practice_that_writes(session):
    a.organisation(session)
    rita, begun = a.user(session), registered(session, "Eva")
    for kind in Kind:
        message = OutboxMessage(kind=kind, user_id=rita.id, registration_id=begun.id)
        letter = letters.write(session, message, URL, now=NOW)
        assert letter.subject.endswith(" · Rua Nova Practice")
        assert letter.text.endswith("\nRua Nova Practice\n")


# --- looked at again before it is sent


def no_contact(session, _user, patient, _booking):
    patient.no_contact = True


def archived(session, _user, patient, _booking):
    patient.archived_at = NOW


def cancelled(session, _user, _patient, booking):
    booking.state = BookingState.CANCELLED


def moved(session, _user, _patient, booking):
    booking.starts_at, booking.ends_at = a.at(10), a.at(11)


def deactivated(session, user, _patient, _booking):
    user.active = False


def nothing(session, _user, _patient, _booking):
    pass


CHANGES = [
    (nothing, S.SENT),
    (no_contact, S.DROPPED),
    (archived, S.DROPPED),
    (cancelled, S.DROPPED),
    (moved, S.DROPPED),
    (deactivated, S.DROPPED),
]


@pytest.mark.parametrize(("change", "outcome"), CHANGES)
def test_t160_t176_what_changed_while_a_message_waited_counts(
    database, office, post, change, outcome
):
    with database.writing() as session:
        ana = a.patient(session)
        user = a.user(session, Role.PATIENT, patient_id=ana.id)
        booking = a.booking(session, a.professional(session), a.span(9, 10), patient=ana)
        about = {"user_id": user.id, "patient_id": ana.id, "booking_id": booking.id}
    put_out(database, **about, booking_version=booking.version)
    with database.writing() as session:
        kinds = (User, user.id), (Patient, ana.id), (Booking, booking.id)
        change(session, *(session.get_one(*each) for each in kinds))

    assert sending.send_next(database, office, now=NOW) is outcome

    assert len(post.mails) == (outcome is S.SENT)
    found = one(database)
    assert found.state is outcome
    assert bool(found.last_error) is (outcome is S.DROPPED)


def test_a_link_goes_only_to_the_address_on_file(database, office, post):
    invite(database)
    with database.writing() as session:
        session.scalars(select(User).where(User.username == "rita")).one().email = "new@x.example"

    assert sending.send_next(database, office, now=NOW) is S.DROPPED
    assert post.mails == []


def test_t178_what_waited_for_days_because_nothing_was_mailed_stays_unsent(database, office):
    put_out(database, "in time", now=NOW + timedelta(seconds=1))
    put_out(database, "late")

    three_days_on = NOW + timedelta(days=3, seconds=1)
    assert sending.send_next(database, office, now=three_days_on) is S.DROPPED
    assert sending.send_next(database, office, now=three_days_on) is S.SENT


def test_t178_a_link_nobody_waits_for_any_more_is_not_sent(database, office, post):
    with database.writing() as session:
        rita = a.user(session, email="rita@example.org")
    values = {"kind": Kind.RESET, "address": "rita@example.org", "user_id": rita.id}
    put_out(database, "in time", **values)
    put_out(database, "late", **values, now=NOW - timedelta(seconds=1))

    half_an_hour_on = NOW + timedelta(minutes=30)
    assert sending.send_next(database, office, now=half_an_hour_on) is S.DROPPED
    assert sending.send_next(database, office, now=half_an_hour_on) is S.SENT


# --- failures


def test_t179_what_fails_is_tried_later_and_later_and_then_shown_to_the_admins(
    database, office, post
):
    post.refuses_all = "451 come back later"
    put_out(database)
    now, pauses = NOW, []
    while sending.send_next(database, office, now=now) is S.WAITING:
        found = one(database)
        assert found.last_error == "451 come back later"
        again = found.lease_until
        pauses.append(again - now)
        assert sending.send_next(database, office, now=again - timedelta(seconds=1)) is None
        now = again

    second = timedelta(seconds=1)
    assert len(pauses) == outbox.MOST_ATTEMPTS - 1
    for attempts, pause in enumerate(pauses, start=1):
        middle = min(outbox.FIRST_PAUSE * 2 ** (attempts - 1), outbox.LONGEST_PAUSE)
        assert middle * 0.75 - second <= pause <= middle * 1.25  # instants are whole seconds
    with database.writing() as session:
        admin = a.actor(session, Role.ADMIN)
        assert outbox.count_messages(session, admin)[S.FAILED] == 1
        [seen] = outbox.load_messages(session, admin, S.FAILED)
        assert (seen.address, seen.attempts) == ("ana@example.org", outbox.MOST_ATTEMPTS)
        assert seen.last_error == "451 come back later"
        outbox.send_again(session, admin, seen.id, now=now)
    post.refuses_all = ""
    assert sending.send_next(database, office, now=now) is S.SENT


def test_an_address_that_is_refused_is_not_tried_again(database, office, post):
    post.refused["ana@example.org"] = "550 no such user"
    put_out(database)

    assert sending.send_next(database, office, now=NOW) is S.FAILED
    assert one(database).last_error == "550 no such user"


def test_what_waits_or_was_sent_is_not_sent_again_by_hand(session):
    admin = a.actor(session, Role.ADMIN)
    enqueue(session, Message("one", Kind.EMAIL_CHANGED, "ana@example.org"), now=NOW)
    id = session.scalars(select(OutboxMessage.id)).one()

    with pytest.raises(NotFound):
        outbox.send_again(session, admin, id, now=NOW)


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.PROFESSIONAL, Role.PATIENT])
def test_only_admins_see_who_is_written_to(session, role):
    stranger = a.actor(session, role)

    for act in (
        lambda: outbox.count_messages(session, stranger),
        lambda: outbox.load_messages(session, stranger, S.SENT),
        lambda: outbox.send_again(session, stranger, 1, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_each_try_at_a_link_leaves_the_earlier_one_good(database, office, post):
    """Any of them may be the one that arrived: a mail system shows one copy of a Message-ID."""
    post.refuses_all = "451 taken, whatever I say"
    invite(database)
    sending.send_next(database, office, now=NOW)
    post.refuses_all = ""
    later = NOW + timedelta(minutes=1)
    sending.send_next(database, office, now=later)

    with database.reading() as session:
        open_links = select(func.count()).where(
            OneTimeLink.kind == activation.ACTIVATION, OneTimeLink.used_at.is_(None)
        )
        assert session.scalar(open_links) == 2
    choose_password(database, PasswordChosen(link_in(post.mails[0]), RITAS), now=later)
    with database.reading() as session:
        assert session.scalar(open_links) == 0


# --- several workers


def test_a_message_in_hand_is_nobody_elses_until_the_lease_runs_out(database):
    put_out(database)
    lease = outbox.LEASE
    with database.writing() as session:
        first = outbox.claim(session, now=NOW)
    with database.writing() as session:
        assert first is not None
        assert outbox.claim(session, now=NOW + lease - timedelta(seconds=1)) is None
        second = outbox.claim(session, now=NOW + lease)
    assert second is not None

    with database.writing() as session:
        outbox.note_failed(session, first, "lost", permanent=False, now=NOW + lease)
        assert outbox.claim(session, now=NOW + 2 * lease - timedelta(seconds=1)) is None
        outbox.note_sent(session, first, "<1@x>", now=NOW + lease)
        outbox.note_failed(session, second, "again", permanent=True, now=NOW + lease)
    assert (one(database).state, one(database).message_id) == (S.SENT, "<1@x>")


def send_until_done(url, port):
    """What one worker of many does; what became of the messages it had."""
    server = postman.Postman(port=port).server()
    with force.opened(url) as database:
        force.meet()
        outcomes = Counter()
        while outcome := sending.send_next(database, sending.Office(server, URL), now=NOW):
            outcomes[outcome] += 1
        return outcomes


@pytest.mark.parametrize(
    "count",
    [pytest.param(40, id="quick"), pytest.param(10_000, id="slow", marks=pytest.mark.slow)],
)
def test_t175_four_workers_send_each_message_once(database, post, count):
    with database.writing() as session:
        for number in range(count):
            message = Message(str(number), Kind.EMAIL_CHANGED, f"{number}@example.org")
            enqueue(session, message, now=NOW)
    database.engine.dispose()

    url = force.url_of(database)
    outcomes = force.in_processes(send_until_done, [(url, post.port)] * 4, at_once=True)

    assert sum(outcomes, Counter()) == {S.SENT: count}
    assert Counter(mail["To"] for mail in post.mails) == Counter(
        f"{number}@example.org" for number in range(count)
    )
    assert {each.state for each in rows(database)} == {S.SENT}


def environment(database, port):
    return os.environ | {
        "FRONTDESK_DATABASE_URL": force.url_of(database),
        "FRONTDESK_SMTP_URL": f"smtp-plain://localhost:{port}",
        "FRONTDESK_MAIL_FROM": "Rua Nova <desk@practice.example>",
        "FRONTDESK_PUBLIC_URL": URL,
    }


def test_t174_a_worker_killed_while_sending_loses_nothing(database, office, post):
    """The mail is taken, the worker dies before it hears so: a second copy, the same Message-ID."""
    for number in range(6):
        put_out(database, str(number), now=utc_now(), address=f"{number}@example.org")
    workers = []
    post.on_mail = lambda: len(post.mails) == 3 and workers[0].kill()
    worker = subprocess.Popen(
        [sys.executable, "-m", "core", "send", "--once"], env=environment(database, post.port)
    )
    workers.append(worker)
    assert worker.wait(timeout=60) == -signal.SIGKILL
    assert [each.state for each in rows(database)].count(S.SENT) == 2

    after = utc_now() + outbox.LEASE
    while sending.send_next(database, office, now=after):
        pass

    written_to = Counter(mail["To"] for mail in post.mails)
    assert written_to == {f"{number}@example.org": 1 + (number == 2) for number in range(6)}
    twice = [mail["Message-ID"] for mail in post.mails if mail["To"] == "2@example.org"]
    assert len(set(twice)) == 1
    assert len({mail["Message-ID"] for mail in post.mails}) == 6


# --- how it is run


def test_the_console_sends_what_is_due(sqlite_database, post):
    put_out(sqlite_database, now=utc_now())
    put_out(sqlite_database, "two", now=utc_now(), address="none")
    run = subprocess.run(
        [sys.executable, "-m", "core", "send", "--once"],
        env=environment(sqlite_database, post.port),
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout == "Messages: 1 failed, 1 sent.\n"
    assert len(post.mails) == 1


def configured(database, post, **changed):
    values = {
        "smtp_url": f"smtp-plain://localhost:{post.port}",
        "mail_from": "desk@practice.example",
        "public_url": URL,
    }
    return Settings(force.url_of(database), demo=False, trusted_proxies=(), **(values | changed))


def test_the_application_sends_by_itself(sqlite_database, post):
    arrived = threading.Event()
    post.on_mail = arrived.set
    put_out(sqlite_database, now=utc_now())

    with sending.in_background(sqlite_database, configured(sqlite_database, post)):
        assert arrived.wait(10)

    assert one(sqlite_database).state is S.SENT
    assert "outbox" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("missing", ["smtp_url", "mail_from", "public_url"])
def test_the_application_sends_nothing_while_a_setting_is_missing_and_says_which(
    sqlite_database, post, capsys, missing
):
    """A link could begin with nothing but what a request claims."""
    put_out(sqlite_database, now=utc_now())
    settings = configured(sqlite_database, post, **{missing: ""})

    with sending.in_background(sqlite_database, settings):
        assert "outbox" not in [thread.name for thread in threading.enumerate()]
    start_up.say_what_mail_lacks(settings)

    said = capsys.readouterr().out
    assert (f"FRONTDESK_{missing.upper()}" in said) is (missing != "smtp_url")


def test_a_message_that_cannot_be_written_does_not_stop_the_others(sqlite_database, post, caplog):
    arrived = threading.Event()
    post.on_mail = arrived.set
    put_out(sqlite_database, now=utc_now(), kind="of another version", address="secret@example.org")
    put_out(sqlite_database, "two", now=utc_now())

    with sending.in_background(sqlite_database, configured(sqlite_database, post)):
        assert arrived.wait(10)

    assert "could not be sent: KeyError" in caplog.text
    assert "secret@example.org" not in caplog.text
