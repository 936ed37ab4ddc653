"""A forgotten password: a link by mail, the same answer for everybody, and nothing else opened."""

import re
import statistics
import time
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from core import accounts, activation, outbox, passwords, reset, sending
from core.accounts import NewEmail, SignInRequest, change_email, sign_in
from core.activation import LinkSpent, PasswordChosen
from core.errors import (
    ConfirmationNeeded,
    Invalid,
    NotAllowed,
    NotFound,
    Stale,
    TicketSpent,
    TooManyAttempts,
)
from core.models import AuditEntry, AuthSession, OneTimeLink, OutboxMessage, Role, SecondStep, User
from core.passwords import hash_password
from core.policy import CONSOLE
from core.reset import ResetAsked, ask_reset, find_resetting, reset_password
from tests import a, postman

NOW = a.BEFORE
OLD, NEW = "a long enough password", "another long password"
URL = "https://desk.example"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def post():
    with postman.serving() as found:
        yield found


def somebody(database, username="rita", **values):
    with database.writing() as session:
        made = {"name": "Rita", "email": f"{username}@example.org"}
        made |= {"password_hash": hash_password(OLD, Role.RECEPTIONIST)}
        return a.user(session, username=username, **made | values)


@pytest.fixture
def rita(database):
    return somebody(database)


def ask(database, who="rita", *, ip="10.0.0.1", now=NOW):
    ask_reset(database, ResetAsked(who, ip=ip), now=now)


def waiting(database):
    with database.reading() as session:
        return session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def actions(database):
    with database.reading() as session:
        return session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()


def link_for(database, user, *, now=NOW):
    """A link as a mail holds it."""
    with database.writing() as session:
        return reset.issue_link(session, user, now=now)


def choose(database, link, password=NEW, *, now=NOW):
    return reset_password(database, PasswordChosen(link, password), now=now)


def signs_in(database, password, username="rita"):
    sign_in(database, SignInRequest(username, password), now=NOW)


# --- asking


@pytest.mark.parametrize("who", ["rita", " RITA ", "rita@example.org", "Rita@Example.org"])
def test_a_link_is_mailed_to_the_address_on_file_and_lets_its_owner_in(database, rita, post, who):
    ask(database, who)
    office = sending.Office(post.server(), URL)
    assert sending.send_next(database, office, now=NOW)

    [mail] = post.mails
    assert mail["To"] == "rita@example.org"
    link = re.search(rf"{URL}/reset\?link=(\S+)", mail.get_content()).group(1)
    with database.reading() as session:
        assert find_resetting(session, link, now=NOW).id == rita.id
    ticket = choose(database, link).ticket
    with database.writing() as session:
        assert accounts.redeem_ticket(session, accounts.TicketRequest(ticket), now=NOW)
    signs_in(database, NEW)


def test_t056_asking_changes_nothing(database, rita):
    ask(database)

    signs_in(database, OLD)
    with database.reading() as session:
        assert session.get_one(User, rita.id).version == rita.version
        assert session.scalars(select(OneTimeLink).where(OneTimeLink.kind == "reset")).all() == []


@pytest.mark.parametrize(
    "who",
    [
        {"username": "nobody"},
        {"active": False},
        {"email": ""},
        {"password_hash": ""},
    ],
    ids=["unknown", "deactivated", "no address", "no password yet"],
)
def test_t057_for_whom_there_is_no_link_all_looks_the_same(database, who):
    user = somebody(database, **{"username": "rita"} | who)

    ask(database)

    assert waiting(database) == []
    assert actions(database) == ["reset.asked"]
    with database.reading() as session:
        assert session.scalar(select(AuditEntry.object_id)) is None
        assert session.get_one(User, user.id).version == user.version


def test_everybody_with_that_address_gets_a_link_of_their_own(database, rita):
    somebody(database, "rita.admin", email="rita@example.org", role=Role.ADMIN)
    somebody(database, "zoe")

    ask(database, "rita@example.org")

    assert [each.address for each in waiting(database)] == ["rita@example.org"] * 2
    assert len({each.user_id for each in waiting(database)}) == 2


@pytest.mark.parametrize("who", ["rita", "nobody"])
def test_t046_the_fourth_time_within_an_hour_is_refused_for_known_and_unknown(database, rita, who):
    for minute in range(3):
        ask(database, who, now=NOW + timedelta(minutes=minute))
    with pytest.raises(TooManyAttempts, match="asked too often") as refused:
        ask(database, who.upper(), ip="10.0.0.2", now=NOW + timedelta(minutes=3))
    assert refused.value.details["seconds"] == 57 * 60

    ask(database, who, now=NOW + timedelta(hours=1))
    assert len(waiting(database)) == (4 if who == "rita" else 0)


def test_a_name_and_an_address_are_counted_together_for_whom_they_mean(database, rita):
    for minute in range(3):
        for who in ("rita", "rita@example.org"):
            ask(database, who, now=NOW + timedelta(minutes=minute, seconds=who != "rita"))

    assert len(waiting(database)) == reset.MOST_AN_HOUR


def test_one_address_asks_for_only_so_many_people(database):
    for number in range(reset.MOST_AN_HOUR_FROM_ONE_ADDRESS):
        ask(database, f"user{number}")
    with pytest.raises(TooManyAttempts):
        ask(database, "one more")

    ask(database, "one more", ip="10.0.0.2")


def test_asking_does_not_slow_down_signing_in(database, rita):
    for minute in range(3):
        ask(database, now=NOW + timedelta(minutes=minute))

    signs_in(database, OLD)


def test_nothing_typed_is_asked_back(database):
    with pytest.raises(Invalid):
        ask(database, "  ")


def test_t046_known_and_unknown_have_the_same_work_done(sqlite_database):
    somebody(sqlite_database)
    ask(sqlite_database, "somebody else from the same address")
    asked = {who: statements_of(sqlite_database, who) for who in ("rita", "nobody")}

    assert any("INSERT INTO outbox" in each for each in asked["nobody"])
    assert asked["nobody"] == asked["rita"]


def statements_of(database, who) -> list[str]:
    """What asking for a link has the database do; how a step ends costs the same either way."""
    heard = []

    def hear(_connection, _cursor, statement, *_rest):
        if "SAVEPOINT" not in statement:
            heard.append(statement.replace("IS NULL", "= ?"))

    event.listen(database.engine, "before_cursor_execute", hear)
    ask(database, who)
    event.remove(database.engine, "before_cursor_execute", hear)
    return heard


@pytest.mark.slow
def test_t046_known_and_unknown_take_the_same_time(sqlite_database, monkeypatch):
    """In turns, so that whatever else the machine does meets both alike."""
    somebody(sqlite_database)
    monkeypatch.setattr(reset, "MOST_AN_HOUR", 10_000)
    monkeypatch.setattr(reset, "MOST_AN_HOUR_FROM_ONE_ADDRESS", 10_000)
    took = {"rita": [], "nobody": []}
    for number in range(60):
        for who, times in took.items():
            start = time.perf_counter()
            ask(sqlite_database, who, now=NOW + timedelta(seconds=number))
            times.append(time.perf_counter() - start)

    known, unknown = (statistics.median(times[10:]) for times in took.values())
    assert known / unknown == pytest.approx(1, abs=0.25)
    assert len(waiting(sqlite_database)) == 60


# --- using the link


def test_t056_a_link_works_once(database, rita):
    link = link_for(database, rita)
    choose(database, link)

    with pytest.raises(LinkSpent):
        choose(database, link, "yet another password")
    signs_in(database, NEW)


def test_t056_a_link_lasts_half_an_hour(database, rita):
    link = link_for(database, rita)

    with pytest.raises(LinkSpent):
        choose(database, link, now=NOW + timedelta(minutes=30))
    choose(database, link, now=NOW + timedelta(minutes=30, seconds=-1))


def test_t056_a_link_dies_with_the_password_it_was_made_for(database, rita):
    """Even where whatever changed the password forgot about links."""
    link = link_for(database, rita)
    with database.writing() as session:
        session.get_one(User, rita.id).password_hash = hash_password(NEW, Role.RECEPTIONIST)

    with database.reading() as session:
        assert find_resetting(session, link, now=NOW) is None
    with pytest.raises(LinkSpent):
        choose(database, link, "yet another password")


def test_t056_a_link_of_somebody_deactivated_is_worth_nothing(database, rita):
    link = link_for(database, rita)
    with database.writing() as session:
        accounts.deactivate_user(session, CONSOLE, rita.id, rita.version, now=NOW)
    with pytest.raises(LinkSpent):
        choose(database, link)

    with database.writing() as session:  # and coming back does not revive it
        user = session.get_one(User, rita.id)
        accounts.activate_user(session, CONSOLE, rita.id, user.version, now=NOW)
    with pytest.raises(LinkSpent):
        choose(database, link)


def test_a_new_password_ends_every_session_and_every_other_link(database, rita):
    first, second = link_for(database, rita), link_for(database, rita)
    with database.writing() as session:
        handed = activation.renew_link(session, CONSOLE, rita.id, now=NOW).link
        ticket = accounts.issue_ticket(session, session.get_one(User, rita.id), now=NOW)
        accounts.redeem_ticket(session, accounts.TicketRequest(ticket), now=NOW)

    choose(database, second)

    for spent in (first, second):
        with pytest.raises(LinkSpent):
            choose(database, spent, "yet another password")
    with database.reading() as session:
        assert activation.find_invited(session, handed, now=NOW) is None
        assert session.scalars(select(AuthSession.revoke_reason)).all() == ["new password"]
    assert actions(database)[-1] == "user.password_reset"


def test_a_password_that_is_refused_leaves_the_link_good(database, rita):
    link = link_for(database, rita)
    with pytest.raises(Invalid, match="at least 12"):
        choose(database, link, "short")

    choose(database, link)


@pytest.mark.parametrize("link", ["", "wrong", "é" * 300])
def test_a_link_nobody_made_opens_nothing(database, rita, link):
    with pytest.raises(LinkSpent):
        choose(database, link)


def test_links_of_one_kind_do_not_open_the_other_page(database, rita):
    with database.writing() as session:
        handed = activation.renew_link(session, CONSOLE, rita.id, now=NOW).link
    with pytest.raises(LinkSpent):
        choose(database, handed)

    mailed = link_for(database, rita)
    with database.reading() as session:
        assert activation.find_invited(session, mailed, now=NOW) is None


def test_t060_of_a_link_only_hashes_are_kept(database, rita):
    link = link_for(database, rita)

    with database.reading() as session:
        kept = session.scalars(select(OneTimeLink)).one()
    assert link not in (kept.token_sha256, kept.tied_to)
    assert len(kept.token_sha256) == len(kept.tied_to) == 64


# --- the address


def new_email(user, email, **values):
    return NewEmail(**({"user_id": user.id, "version": user.version, "email": email} | values))


def test_another_address_is_told_to_the_old_one_and_voids_what_lies_there(database, rita):
    link = link_for(database, rita)
    with database.writing() as session:
        change_email(session, CONSOLE, new_email(rita, " Rita@New.example "), now=NOW)

    with database.reading() as session:
        assert session.get_one(User, rita.id).email == "rita@new.example"
    [told] = waiting(database)
    assert (told.kind, told.address) == (outbox.Kind.EMAIL_CHANGED, "rita@example.org")
    with pytest.raises(LinkSpent):
        choose(database, link)
    assert actions(database) == ["user.email_changed"]


def test_the_old_address_hears_of_it(database, rita, post):
    with database.writing() as session:
        change_email(session, CONSOLE, new_email(rita, "new@x.example"), now=NOW)

    assert sending.send_next(database, sending.Office(post.server(), URL), now=NOW)
    [mail] = post.mails
    assert mail["To"] == "rita@example.org"
    assert "new@x.example" not in mail.get_content()


def test_a_first_address_is_told_to_nobody_and_the_same_one_changes_nothing(database):
    zoe = somebody(database, "zoe", email="")
    with database.writing() as session:
        user = change_email(session, CONSOLE, new_email(zoe, "zoe@example.org"), now=NOW)
        change_email(session, CONSOLE, new_email(user, "ZOE@example.org"), now=NOW)

    assert waiting(database) == []
    assert actions(database) == ["user.email_changed"]


@pytest.mark.parametrize("email", ["rita", "a@b", "a b@c.example", "a@b.example, c@d.example"])
def test_what_is_no_address_is_refused(session, email):
    user = a.user(session)

    with pytest.raises(Invalid) as refused:
        change_email(session, CONSOLE, new_email(user, email), now=NOW)
    assert refused.value.field == "email"


def test_t180_line_breaks_in_an_address_do_not_survive(session):
    user = a.user(session)

    with pytest.raises(Invalid):
        change_email(session, CONSOLE, new_email(user, "a@b.example\r\nBcc: c@d.example"), now=NOW)


def test_only_an_admin_who_is_really_there_changes_an_address(session):
    user, admin = a.user(session), a.actor(session, Role.ADMIN)
    asked = new_email(user, "new@x.example")

    with pytest.raises(NotAllowed):
        change_email(session, a.actor(session), asked, now=NOW)
    with pytest.raises(ConfirmationNeeded):
        change_email(session, admin, asked, now=NOW)
    with pytest.raises(Stale):
        change_email(session, CONSOLE, new_email(user, "new@x.example", version=9), now=NOW)
    with pytest.raises(NotFound):
        change_email(session, CONSOLE, new_email(user, "x@x.example", user_id=999), now=NOW)
    change_email(session, CONSOLE, asked, now=NOW)


def test_nobody_is_invited_by_mail_without_an_address(session):
    asked = activation.Invitation("zoe", "Zoe", Role.RECEPTIONIST, by_mail=True)

    with pytest.raises(Invalid, match="Enter the e-mail address"):
        activation.invite_user(session, CONSOLE, asked, now=NOW)


def test_a_second_step_stays_as_it_is(database, rita):
    with database.writing() as session:
        session.add(SecondStep(user_id=rita.id, secret="A" * 32, offered_at=NOW, on_since=NOW))

    choose(database, link_for(database, rita))

    answer = sign_in(database, SignInRequest("rita", NEW), now=NOW)
    assert answer.needs_code
    with database.writing() as session, pytest.raises(TicketSpent):
        accounts.redeem_ticket(session, accounts.TicketRequest(answer.ticket), now=NOW)
