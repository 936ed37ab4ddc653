"""The second step of signing in: codes, recovery codes, and who has to have it."""

import threading
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select

from core import audit, one_time, second_step, throttle
from core.db import Database
from core.errors import TicketSpent, TooManyAttempts
from core.models import AuditEntry, OneTimeLink, RecoveryCode, SecondStep, User
from core.passwords import secret_hash
from core.second_step import CodeRequest, WrongCode, confirm_code
from tests import a

NOW = a.BEFORE
SECRET = pyotp.random_base32()


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def code_at(moment: datetime, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(moment)


def wrong_code(moment: datetime = NOW) -> str:
    """Digits that no half minute near by answers to."""
    right = {code_at(moment + timedelta(seconds=30 * each)) for each in range(-2, 3)}
    return next(f"{each:06}" for each in range(10) if f"{each:06}" not in right)


@pytest.fixture
def rita(database: Database) -> User:
    with database.writing() as session:
        return with_second_step(session)


def with_second_step(session, **values: object) -> User:
    user = a.user(session, username="rita", name="Rita Fonseca", **values)
    session.add(SecondStep(user_id=user.id, secret=SECRET, offered_at=NOW, on_since=NOW))
    session.flush()
    return user


def asked(database, user, *, now=NOW) -> str:
    """The ticket the right password is traded for."""
    with database.writing() as session:
        return second_step.ask(session, user.id, now=now)


def enter(database, ticket, code, *, now=NOW, ip="10.0.0.1") -> str:
    return confirm_code(database, CodeRequest(ticket, code, ip=ip), now=now)


def actions(database) -> list[str]:
    with database.reading() as session:
        assert list(audit.verify(session)) == []
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


# --- six digits


def test_t075_the_code_of_now_opens_the_way_and_its_ticket_is_used_up(database, rita):
    ticket = asked(database, rita)
    opens = enter(database, ticket, code_at(NOW))

    with database.writing() as session:
        assert one_time.use(session, one_time.TICKET, opens, now=NOW).user_id == rita.id
    with pytest.raises(TicketSpent):
        enter(database, ticket, code_at(later(seconds=30)))


@pytest.mark.parametrize("spaced", ["{} {}", " {}{}\n", "{}\u00a0{}"])
def test_digits_may_be_typed_as_the_app_shows_them(database, rita, spaced):
    code = code_at(NOW)

    assert enter(database, asked(database, rita), spaced.format(code[:3], code[3:]))


@pytest.mark.parametrize(
    ("seconds", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_t075_a_clock_may_be_half_a_minute_off(database, rita, seconds, taken):
    ticket, code = asked(database, rita), code_at(later(seconds=seconds))
    if taken:
        assert enter(database, ticket, code)
        return
    with pytest.raises(WrongCode):
        enter(database, ticket, code)


def test_t075_a_code_counts_once_and_so_do_those_before_it(database, rita):
    enter(database, asked(database, rita), code_at(NOW))

    for seconds in (0, -30):
        with pytest.raises(WrongCode):
            enter(database, asked(database, rita), code_at(later(seconds=seconds)))
    assert enter(database, asked(database, rita), code_at(later(seconds=30)))


def test_t075_of_two_who_send_the_same_code_at_once_one_gets_in(database, rita):
    tickets, answers, start = [asked(database, rita) for _ in range(2)], [], threading.Barrier(2)

    def send(ticket):
        start.wait()
        try:
            enter(database, ticket, code_at(NOW))
            answers.append("in")
        except WrongCode:
            answers.append("refused")

    threads = [threading.Thread(target=send, args=(each,)) for each in tickets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["in", "refused"]


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "abcdef", "\x00", "\ud800"])
def test_what_is_no_code_is_a_wrong_one(database, rita, typed):
    with pytest.raises(WrongCode):
        enter(database, asked(database, rita), typed)


def test_a_wrong_code_goes_on_record_and_leaves_another_try(database, rita):
    ticket = asked(database, rita)
    with pytest.raises(WrongCode):
        enter(database, ticket, wrong_code())

    assert enter(database, ticket, code_at(NOW))
    assert actions(database) == ["second_step.refused"]


# --- the ticket between the two steps


def test_the_ticket_of_a_password_opens_no_session_by_itself(database, rita):
    ticket = asked(database, rita)

    with database.writing() as session:
        assert one_time.use(session, one_time.TICKET, ticket, now=NOW) is None


def test_the_ticket_lasts_five_minutes(database, rita):
    ticket = asked(database, rita)
    almost, over = later(minutes=5, seconds=-1), later(minutes=5)

    with pytest.raises(TicketSpent):
        enter(database, ticket, code_at(over), now=over)
    assert enter(database, ticket, code_at(almost), now=almost)


@pytest.mark.parametrize("ticket", ["", "made up", "\x00", "\ud800"])
def test_a_made_up_ticket_is_none(database, rita, ticket):
    with pytest.raises(TicketSpent):
        enter(database, ticket, code_at(NOW))


def test_t068_somebody_deactivated_between_the_steps_stays_out(database, rita):
    ticket = asked(database, rita)
    with database.writing() as session:
        session.get(User, rita.id).active = False

    with pytest.raises(TicketSpent):
        enter(database, ticket, code_at(NOW))


def test_t060_tickets_and_recovery_codes_are_kept_as_hashes(database, rita):
    ticket = asked(database, rita)
    with database.writing() as session:
        codes = second_step.make_recovery_codes(session, rita.id)

    with database.reading() as session:
        assert session.scalars(select(OneTimeLink.token_sha256)).one() == secret_hash(ticket)
        kept = set(session.scalars(select(RecoveryCode.code_sha256)))
    assert kept == {secret_hash(code.replace("-", "")) for code in codes}


# --- the throttle


def test_t075_from_the_sixth_wrong_code_on_the_right_one_waits_as_well(database, rita):
    for _ in range(6):
        with pytest.raises(WrongCode):
            enter(database, asked(database, rita), wrong_code())
    with pytest.raises(TooManyAttempts) as refused:
        enter(database, asked(database, rita), code_at(NOW))
    assert refused.value.details["seconds"] == 2

    over = later(seconds=2)
    assert enter(database, asked(database, rita), code_at(over), now=over)


def test_t075_a_new_address_or_a_new_ticket_does_not_start_the_count_afresh(database, rita):
    for number in range(6):
        with pytest.raises(WrongCode):
            enter(database, asked(database, rita), wrong_code(), ip=f"10.0.0.{number}")

    with pytest.raises(TooManyAttempts):
        enter(database, asked(database, rita), code_at(NOW), ip="10.0.0.99")


def test_the_right_code_wipes_the_slate(database, rita):
    for _ in range(5):
        with pytest.raises(WrongCode):
            enter(database, asked(database, rita), wrong_code())
    enter(database, asked(database, rita), code_at(NOW))

    with database.reading() as session:
        assert session.get(throttle.Throttle, throttle.of_second_step(rita.id).key) is None


# --- recovery codes


@pytest.fixture
def codes(database, rita) -> list[str]:
    with database.writing() as session:
        return second_step.make_recovery_codes(session, rita.id)


def test_t075_a_recovery_code_works_once_and_the_record_says_how_many_are_left(
    database, rita, codes
):
    assert enter(database, asked(database, rita), codes[0])

    with pytest.raises(WrongCode):
        enter(database, asked(database, rita), codes[0])
    assert enter(database, asked(database, rita), codes[1])
    assert actions(database) == [
        "second_step.recovery_code_used",
        "second_step.refused",
        "second_step.recovery_code_used",
    ]
    with database.reading() as session:
        assert second_step.count_recovery_codes(session, rita.id) == 8
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (last.fields, last.object_id) == ('{"left": 8}', rita.id)


@pytest.mark.parametrize(
    "typed",
    [str.upper, lambda code: code.replace("-", " "), lambda code: code.replace("o", "0")],
    ids=["capitals", "spaces", "zero for o"],
)
def test_a_recovery_code_may_be_typed_as_it_was_read(database, rita, codes, typed):
    assert enter(database, asked(database, rita), typed(codes[0]))


def test_ten_codes_of_eighty_bits_and_new_ones_void_the_old(database, rita, codes):
    with database.writing() as session:
        fresh = second_step.make_recovery_codes(session, rita.id)

    assert len(set(codes + fresh)) == 20
    assert all(len(code.replace("-", "")) == 16 for code in fresh)
    with pytest.raises(WrongCode):
        enter(database, asked(database, rita), codes[0])
    assert enter(database, asked(database, rita), fresh[0])


def test_a_recovery_code_of_somebody_else_is_wrong(database, rita, codes):
    with database.writing() as session:
        other = a.user(session)
        session.add(SecondStep(user_id=other.id, secret=SECRET, offered_at=NOW, on_since=NOW))

    with pytest.raises(WrongCode):
        enter(database, asked(database, other), codes[0])


def test_t075_recovery_codes_are_counted_like_digits(database, rita, codes):
    for _ in range(6):
        with pytest.raises(WrongCode):
            enter(database, asked(database, rita), "aaaa-bbbb-cccc-dddd")
    with pytest.raises(TooManyAttempts):
        enter(database, asked(database, rita), codes[0])


# --- who has it


def test_an_offered_secret_asks_nobody_for_a_code(session):
    user = a.user(session)
    session.add(SecondStep(user_id=user.id, secret=SECRET, offered_at=NOW))
    session.flush()

    assert not second_step.is_on(session, user.id)
    session.get(SecondStep, user.id).on_since = NOW
    session.flush()
    assert second_step.is_on(session, user.id)
