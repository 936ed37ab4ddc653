"""Setting the second step up, taking it away, and asking it of the staff."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from sqlalchemy import func, select

from core import accounts, activation, passwords, second_step
from core.__main__ import main
from core.accounts import SignInRequest, TicketRequest
from core.errors import ConfirmationNeeded, NotAllowed, NotFound, TicketSpent
from core.models import AuditEntry, AuthSession, Organisation, RecoveryCode, Role, SecondStep, User
from core.passwords import hash_password, secret_hash
from core.policy import CONSOLE, Actor
from core.second_step import CodeRequest, WrongCode
from core.second_step_set_up import (
    AlreadyOn,
    OfferSpent,
    find_offer,
    leave_to_staff,
    offer,
    renew_recovery_codes,
    require_of_staff,
    reset,
    switch_off,
    switch_on,
)
from tests import a

NOW = a.BEFORE
PASSWORD = "a long enough password"
LONG_AGO = NOW - timedelta(minutes=10)


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def signed_in(session, role=Role.RECEPTIONIST, *, auth_at=NOW, user=None, **values) -> Actor:
    """Somebody with an open session, who proved who they are at ``auth_at``."""
    user = user or a.user(session, role)
    opened = AuthSession(
        token_sha256=secret_hash(secrets.token_hex()),
        user_id=user.id,
        created_at=auth_at,
        last_seen_at=NOW,
        auth_at=auth_at,
        expires_at=later(hours=12),
        **values,
    )
    session.add(opened)
    session.flush()
    return Actor(role=user.role, name=user.name, user_id=user.id, session_id=opened.id)


def confirmed_long_ago(session, actor) -> None:
    session.get(AuthSession, actor.session_id).auth_at = LONG_AGO
    session.flush()


def switched_on(session, actor) -> list[str]:
    made = offer(session, actor, now=NOW)
    return switch_on(session, actor, pyotp.TOTP(made.secret).at(NOW), now=NOW)


def actions(session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


# --- switching it on and off


def test_the_app_gets_the_secret_under_the_practice_and_the_user_name(session):
    a.organisation(session, name="Rua Nova Practice")
    actor = signed_in(session, user=a.user(session, username="rita@example.org"))
    made = offer(session, actor, now=NOW)
    read = urlsplit(made.uri)

    assert (read.scheme, read.netloc) == ("otpauth", "totp")
    assert unquote(read.path) == "/Rua Nova Practice:rita@example.org"
    assert parse_qs(read.query)["secret"] == [made.secret]
    assert find_offer(session, actor, now=later(minutes=14)) == made


def test_a_first_code_switches_it_on_and_gives_ten_recovery_codes(session):
    actor = signed_in(session)
    codes = switched_on(session, actor)

    assert second_step.is_on(session, actor.user_id)
    assert len(codes) == second_step.count_recovery_codes(session, actor.user_id) == 10
    assert find_offer(session, actor, now=NOW) is None
    assert actions(session) == ["second_step.offered", "second_step.switched_on"]


def test_a_wrong_first_code_leaves_it_off_and_the_picture_on_screen(session):
    actor = signed_in(session)
    made = offer(session, actor, now=NOW)
    with pytest.raises(WrongCode):
        switch_on(session, actor, pyotp.TOTP(made.secret).at(later(minutes=5)), now=NOW)

    assert not second_step.is_on(session, actor.user_id)
    assert find_offer(session, actor, now=NOW) == made


def test_t075_the_first_code_does_not_sign_in_as_well(session):
    actor = signed_in(session)
    made = offer(session, actor, now=NOW)
    code = pyotp.TOTP(made.secret).at(NOW)
    switch_on(session, actor, code, now=NOW)

    assert not second_step.take_code(session, actor.user_id, code, now=NOW)


def test_what_was_offered_counts_for_a_quarter_of_an_hour_and_until_offered_anew(session):
    actor = signed_in(session)
    first = offer(session, actor, now=NOW)
    second = offer(session, actor, now=later(minutes=1))
    over = later(minutes=16)

    assert first.secret != second.secret
    with pytest.raises(WrongCode):
        switch_on(session, actor, pyotp.TOTP(first.secret).at(NOW), now=NOW)
    assert find_offer(session, actor, now=over) is None
    with pytest.raises(OfferSpent):
        switch_on(session, actor, pyotp.TOTP(second.secret).at(over), now=over)
    assert switch_on(session, actor, pyotp.TOTP(second.secret).at(NOW), now=NOW)


def test_nothing_is_offered_over_a_second_step_that_is_on(session):
    actor = signed_in(session)
    switched_on(session, actor)

    with pytest.raises(AlreadyOn):
        offer(session, actor, now=NOW)


def test_switching_it_on_ends_the_sessions_that_did_without(session):
    actor = signed_in(session)
    elsewhere = signed_in(session, user=session.get(User, actor.user_id))
    stranger = signed_in(session)
    switched_on(session, actor)

    ended = {
        each.id: each.revoked_at is not None
        for each in session.scalars(select(AuthSession).execution_options(populate_existing=True))
    }
    assert ended == {
        actor.session_id: False,
        elsewhere.session_id: True,
        stranger.session_id: False,
    }


def test_switched_off_nothing_of_it_is_left(session):
    actor = signed_in(session)
    switched_on(session, actor)
    switch_off(session, actor, now=NOW)

    assert not second_step.is_on(session, actor.user_id)
    for kind in (SecondStep, RecoveryCode):
        assert session.scalar(select(func.count()).select_from(kind)) == 0
    assert actions(session)[-1] == "second_step.switched_off"


def test_new_recovery_codes_void_the_old_ones(session):
    actor = signed_in(session)
    old = switched_on(session, actor)
    new = renew_recovery_codes(session, actor, now=NOW)

    assert not set(old) & set(new)
    assert second_step.count_recovery_codes(session, actor.user_id) == 10
    assert actions(session)[-1] == "second_step.codes_renewed"


def test_there_are_no_recovery_codes_without_a_second_step(session):
    with pytest.raises(NotFound):
        renew_recovery_codes(session, signed_in(session), now=NOW)


@pytest.mark.parametrize("verb", [offer, switch_off, renew_recovery_codes])
def test_t074_whoever_finds_an_open_desk_changes_nothing_without_the_password(session, verb):
    actor = signed_in(session)
    if verb is not offer:
        switched_on(session, actor)
    confirmed_long_ago(session, actor)
    with pytest.raises(ConfirmationNeeded):
        verb(session, actor, now=NOW)

    session.get(AuthSession, actor.session_id).auth_at = NOW
    session.flush()
    verb(session, actor, now=NOW)


# --- lost telephones


def test_an_admin_resets_it_and_whoever_was_in_is_out(session):
    admin, rita = signed_in(session, Role.ADMIN), signed_in(session)
    switched_on(session, rita)
    ticket = second_step.ask(session, rita.user_id, now=NOW)
    reset(session, admin, rita.user_id, now=NOW)

    assert not second_step.is_on(session, rita.user_id)
    session.expire_all()
    assert session.get(AuthSession, rita.session_id).revoke_reason == "second step reset"
    assert session.get(AuthSession, admin.session_id).revoked_at is None
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.user_id, entry.object_id) == (
        "second_step.reset",
        admin.user_id,
        rita.user_id,
    )
    assert second_step._find_asked(session, ticket, now=NOW) is None


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PROFESSIONAL, Role.RECEPTIONIST])
def test_only_an_admin_resets_somebody_or_asks_it_of_everybody(session, role):
    a.organisation(session)
    actor, other = signed_in(session, role), signed_in(session)
    switched_on(session, other)

    with pytest.raises(NotAllowed):
        reset(session, actor, other.user_id, now=NOW)
    for verb in (require_of_staff, leave_to_staff):
        with pytest.raises(NotAllowed):
            verb(session, actor, now=NOW)


def test_t074_an_admin_confirms_before_resetting_or_changing_the_rule(session):
    a.organisation(session)
    admin, rita = signed_in(session, Role.ADMIN, auth_at=LONG_AGO), signed_in(session)
    switched_on(session, rita)

    with pytest.raises(ConfirmationNeeded):
        reset(session, admin, rita.user_id, now=NOW)
    for verb in (require_of_staff, leave_to_staff):
        with pytest.raises(ConfirmationNeeded):
            verb(session, admin, now=NOW)


def test_the_console_resets_without_a_session(session):
    rita = signed_in(session)
    switched_on(session, rita)
    reset(session, CONSOLE, rita.user_id, now=NOW)

    assert not second_step.is_on(session, rita.user_id)


def test_somebody_without_a_second_step_has_nothing_to_reset(session):
    admin, rita = signed_in(session, Role.ADMIN), signed_in(session)
    for user_id in (rita.user_id, 999):
        with pytest.raises(NotFound):
            reset(session, admin, user_id, now=NOW)


# --- asked of the staff


@pytest.mark.parametrize("role", list(Role))
def test_staff_owe_it_once_it_is_required_and_patients_never_do(session, role):
    a.organisation(session)
    admin, actor = signed_in(session, Role.ADMIN), signed_in(session, role)
    assert not second_step.is_owed(session, actor)

    require_of_staff(session, admin, now=NOW)
    assert second_step.is_owed(session, actor) is (role is not Role.PATIENT)
    switched_on(session, actor)
    assert not second_step.is_owed(session, actor)


def test_left_to_the_staff_nobody_owes_it_and_the_record_knows_both(session):
    a.organisation(session)
    admin, rita = signed_in(session, Role.ADMIN), signed_in(session)
    require_of_staff(session, admin, now=NOW)
    leave_to_staff(session, admin, now=NOW)

    assert not second_step.is_owed(session, rita)
    assert not session.get(Organisation, 1).two_step_required
    assert actions(session) == ["second_step.required", "second_step.left_to_staff"]


def test_whoever_came_by_the_company_owes_none_since_the_company_asked(session):
    a.organisation(session, two_step_required=True)
    by_password, by_company = signed_in(session), signed_in(session, by_company=True)

    assert second_step.is_owed(session, by_password)
    assert not second_step.is_owed(session, by_company)


# --- at sign-in


@pytest.fixture
def rita(database, monkeypatch) -> User:
    monkeypatch.setattr(passwords, "COST", 4)
    with database.writing() as session:
        return a.user(
            session, username="rita", password_hash=hash_password(PASSWORD, Role.RECEPTIONIST)
        )


def try_in(database, password=PASSWORD, *, now=NOW):
    return accounts.sign_in(database, SignInRequest("rita", password, ip="10.0.0.1"), now=now)


def test_without_a_second_step_the_password_is_enough(database, rita):
    answer = try_in(database)

    assert not answer.needs_code
    with database.writing() as session:
        assert accounts.redeem_ticket(session, TicketRequest(answer.ticket), now=NOW)


def test_with_it_the_password_opens_nothing_before_the_code(database, rita):
    secret = pyotp.random_base32()
    with database.writing() as session:
        session.add(SecondStep(user_id=rita.id, secret=secret, offered_at=NOW, on_since=NOW))
    answer = try_in(database)

    assert answer.needs_code
    with database.writing() as session, pytest.raises(TicketSpent):
        accounts.redeem_ticket(session, TicketRequest(answer.ticket), now=NOW)
    code = pyotp.TOTP(secret).at(NOW)
    ticket = second_step.confirm_code(database, CodeRequest(answer.ticket, code), now=NOW)
    with database.writing() as session:
        token = accounts.redeem_ticket(session, TicketRequest(ticket), now=NOW)
        assert accounts.actor_from_token(session, token, now=NOW).user_id == rita.id


def test_a_link_for_a_new_password_does_not_go_round_it(database, rita):
    """T056."""
    secret = pyotp.random_base32()
    with database.writing() as session:
        session.add(SecondStep(user_id=rita.id, secret=secret, offered_at=NOW, on_since=NOW))
        admin = signed_in(session, Role.ADMIN)
        link = activation.renew_link(session, admin, rita.id, now=NOW).link
    new = "quite another password"
    activation.choose_password(database, activation.PasswordChosen(link, new), now=NOW)

    assert try_in(database, new).needs_code


def test_a_new_password_voids_the_ticket_that_waits_for_a_code(database, rita):
    secret = pyotp.random_base32()
    with database.writing() as session:
        session.add(SecondStep(user_id=rita.id, secret=secret, offered_at=NOW, on_since=NOW))
    answer = try_in(database)
    with database.writing() as session:
        accounts.shut_out(session, session.get(User, rita.id), "new password", NOW)

    request = CodeRequest(answer.ticket, pyotp.TOTP(secret).at(NOW))
    with pytest.raises(TicketSpent):
        second_step.confirm_code(database, request, now=NOW)


# --- from the console


def test_the_console_takes_it_away_by_user_name(database, rita, monkeypatch, capsys):
    url = database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    with database.writing() as session:
        step = SecondStep(user_id=rita.id, secret="A" * 32, offered_at=NOW, on_since=NOW)
        session.add(step)

    assert main(["two-step", "reset", " Rita "]) == 0
    assert f"{rita.name} signs in with the password alone" in capsys.readouterr().out
    assert not try_in(database).needs_code
    for name in ("rita", "nobody"):
        assert main(["two-step", "reset", name]) == 1
        assert "is not there any more" in capsys.readouterr().err
