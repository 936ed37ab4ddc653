"""Signing in with the company's account: whom an answer of its provider lets in."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core import accounts, audit, company
from core.accounts import TicketRequest
from core.company import CompanyAnswer, NotKnown, NotOneAlone, NotVerified
from core.errors import TicketSpent
from core.models import AuditEntry, AuthSession, Role, User
from tests import a

NOW = a.BEFORE
EMAIL = "rita@rua-nova.example"


@pytest.fixture
def rita(database) -> User:
    with database.writing() as session:
        return a.user(session, username="rita", email=EMAIL)


def answered(database, email=EMAIL, *, is_verified=True, now=NOW) -> CompanyAnswer:
    """An answer that has just come in."""
    answer = CompanyAnswer(f"answer of {email} at {now}", email, is_verified)
    with database.writing() as session:
        company.expect(session, answer.mark, now=now)
    return answer


def record(database) -> list[tuple[str, str]]:
    with database.reading() as session:
        assert list(audit.verify(session)) == []
        found = session.execute(select(AuditEntry.action, AuditEntry.fields))
        return [tuple(each) for each in found]


def test_a_verified_address_opens_a_session_that_says_how_it_began(database, rita):
    ticket = company.sign_in(database, answered(database), now=NOW)
    with database.writing() as session:
        token = accounts.redeem_ticket(session, TicketRequest(ticket), now=NOW)
        actor = accounts.actor_from_token(session, token, now=NOW)

        assert (actor.user_id, actor.role) == (rita.id, Role.RECEPTIONIST)
        assert session.get(AuthSession, actor.session_id).by_company


@pytest.mark.parametrize(
    ("username", "email", "said", "known"),
    [
        ("rita", EMAIL, "Rita@RUA-nova.example", True),
        (EMAIL, "", EMAIL, True),
        (EMAIL, EMAIL, EMAIL, True),
        ("rita", EMAIL, "rita", False),
        ("rita", "", EMAIL, False),
        ("rita", EMAIL, "ｒita@rua-nova.example", False),
        ("rita", "kate@rua-nova.example", "\u212aate@rua-nova.example", False),
        ("rita", EMAIL, "", False),
        ("rita", "", "", False),
        ("rita", EMAIL, f"{EMAIL}\x00", False),
    ],
    ids=[
        "case",
        "user name",
        "both",
        "user name without an address",
        "no address here",
        "wide letter",
        "kelvin",
        "empty",
        "empty twice",
        "NUL",
    ],
)
def test_only_the_very_address_is_somebodys(sqlite_database, username, email, said, known):
    with sqlite_database.writing() as session:
        a.user(session, username=username, email=email)
    answer = answered(sqlite_database, said)
    if known:
        assert company.sign_in(sqlite_database, answer, now=NOW)
        return
    with pytest.raises(NotKnown):
        company.sign_in(sqlite_database, answer, now=NOW)


def test_an_address_the_provider_has_not_verified_is_refused_on_record(database, rita):
    with pytest.raises(NotVerified, match=EMAIL):
        company.sign_in(database, answered(database, is_verified=False), now=NOW)

    assert record(database) == [("sign_in.refused", '{"by": "company"}')]


def test_somebody_deactivated_is_refused_like_somebody_unknown(database, rita):
    with database.writing() as session:
        session.get(User, rita.id).active = False

    with pytest.raises(NotKnown) as gone:
        company.sign_in(database, answered(database), now=NOW)
    with pytest.raises(NotKnown) as unknown:
        company.sign_in(database, answered(database, "eve@rua-nova.example"), now=NOW)
    assert gone.value.message == unknown.value.message
    assert len(record(database)) == 2


def test_an_address_two_people_share_is_nobodys_until_one_of_them_is_gone(database, rita):
    with database.writing() as session:
        other = a.user(session, username=EMAIL)
    with pytest.raises(NotOneAlone, match="several people"):
        company.sign_in(database, answered(database), now=NOW)

    with database.writing() as session:
        session.get(User, other.id).active = False
    later = NOW + timedelta(minutes=1)
    assert company.sign_in(database, answered(database, now=later), now=later)


def test_an_answer_counts_once(database, rita):
    answer = answered(database)
    company.sign_in(database, answer, now=NOW)

    with pytest.raises(TicketSpent):
        company.sign_in(database, answer, now=NOW)
    with database.reading() as session:
        assert not company.is_expected(session, answer.mark, now=NOW)


def test_an_answer_counts_for_two_minutes(database, rita):
    answer = answered(database)
    almost, over = NOW + timedelta(seconds=119), NOW + company.ANSWER_LASTS

    with pytest.raises(TicketSpent):
        company.sign_in(database, answer, now=over)
    assert company.sign_in(database, answer, now=almost)


def test_an_answer_that_never_came_in_is_none(database, rita):
    with pytest.raises(TicketSpent):
        company.sign_in(database, CompanyAnswer("made up", EMAIL, is_verified=True), now=NOW)
    assert record(database) == []


def test_a_ticket_of_the_company_dies_when_the_person_is_shut_out(database, rita):
    ticket = company.sign_in(database, answered(database), now=NOW)
    with database.writing() as session:
        accounts.shut_out(session, session.get(User, rita.id), "deactivated", NOW)

    with database.writing() as session, pytest.raises(TicketSpent):
        accounts.redeem_ticket(session, TicketRequest(ticket), now=NOW)
