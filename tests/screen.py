"""The screens without a browser: ``screen.show_to(monkeypatch, database, user)``.

    desk = screen.show_to(monkeypatch, sqlite_database, rita).run()

runs the router as that user's browser would, on their home. ``page`` names another one.
"""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.db import Database, utc_now
from core.models import AuthSession, User
from core.passwords import secret_hash
from core.settings import Settings
from dashboard import session

ROUTER = Path(__file__).resolve().parent.parent / "dashboard" / "router.py"


def show_to(monkeypatch: pytest.MonkeyPatch, database: Database, user: User | None) -> AppTest:
    """The router over ``database``, seen by ``user``, or by a stranger."""
    use(monkeypatch, database)
    token = open_session(database, user) if user is not None else ""
    monkeypatch.setattr(session, "cookie_token", lambda: token)
    return AppTest.from_file(str(ROUTER), default_timeout=15)


def use(
    monkeypatch: pytest.MonkeyPatch, database: Database, *, demo: bool = False, **changed: Any
) -> None:
    """Every ``session.reading()`` and ``session.writing()`` goes to ``database``."""
    configured = Settings(str(database.engine.url), demo=demo, trusted_proxies=(), **changed)
    monkeypatch.setattr(session, "database", lambda: database)
    monkeypatch.setattr(session, "configured", lambda: configured)


def open_session(database: Database, user: User) -> str:
    """The token of a new session, as if ``user`` had signed in just now."""
    token, now = secrets.token_hex(8), utc_now()
    with database.writing() as db:
        db.add(
            AuthSession(
                token_sha256=secret_hash(token),
                user_id=user.id,
                created_at=now,
                last_seen_at=now,
                auth_at=now,
                expires_at=now + timedelta(hours=12),
            )
        )
    return token
