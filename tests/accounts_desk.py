"""What tests of signing in share: Rita, who signs in, and a clock that is moved."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from core import accounts, audit
from core.accounts import SignInRequest, TicketRequest
from core.db import Database
from core.errors import WrongCredentials
from core.models import AuditEntry, Role, User
from core.passwords import hash_password
from core.policy import Actor
from tests import a

NOW = a.BEFORE
PASSWORD = "a long enough password"


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


def rita(database: Database, role: Role = Role.RECEPTIONIST, **values) -> User:
    """Somebody at the desk with ``PASSWORD``."""
    with database.writing() as session:
        if role is Role.PATIENT:
            values["patient_id"] = a.patient(session).id
        if role is Role.PROFESSIONAL:
            values["professional_id"] = a.professional(session).id
        named = {"username": "rita", "name": "Rita Fonseca"} | values
        hashed = named.pop("password_hash", None) or hash_password(PASSWORD, Role.ADMIN)
        return a.user(session, role, password_hash=hashed, **named)


def try_in(database, username="rita", password=PASSWORD, *, ip="10.0.0.1", device="", now=NOW):
    request = SignInRequest(username, password, ip=ip, device=device)
    return accounts.sign_in(database, request, now=now).ticket


def fail_in(database, *, times=1, **values):
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            try_in(database, password="not the password", **values)


def open_session(database, *, now=NOW, **values) -> str:
    ticket = try_in(database, now=now, **values)
    with database.writing() as session:
        return accounts.redeem_ticket(session, TicketRequest(ticket), now=now)


def know_device(database, token, device="", *, now=NOW) -> str:
    with database.writing() as session:
        return accounts.know_device(session, token, device, now=now)


def who(database, token, *, now=NOW) -> Actor | None:
    with database.reading() as session:
        return accounts.actor_from_token(session, token, now=now)


def actions(database) -> list[str]:
    with database.reading() as session:
        assert list(audit.verify(session)) == []
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
