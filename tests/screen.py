"""The screens without a browser: ``screen.show_to(monkeypatch, database, user)``.

    desk = screen.show_to(monkeypatch, sqlite_database, rita).run()

runs the router as that user's browser would, on their home. ``page`` names another one.
"""

import importlib
import pkgutil
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from streamlit import dataframe_util
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Dataframe

import dashboard
from core import db
from core.db import Database
from core.models import AuthSession, User
from core.passwords import secret_hash
from core.settings import Settings
from dashboard import searched, session

SCRIPTS = {"dashboard.app", "dashboard.router"}
ROUTER = Path(__file__).resolve().parent.parent / "dashboard" / "router.py"


def show_to(monkeypatch: pytest.MonkeyPatch, database: Database, user: User | None) -> AppTest:
    """The router over ``database``, seen by ``user``, or by a stranger."""
    use(monkeypatch, database)
    token = open_session(database, user) if user is not None else ""
    monkeypatch.setattr(session, "cookie_token", lambda: token)
    return AppTest.from_file(str(ROUTER), default_timeout=60)


def use(
    monkeypatch: pytest.MonkeyPatch, database: Database, *, demo: bool = False, **changed: Any
) -> None:
    """Every ``session.reading()`` and ``session.writing()`` goes to ``database``."""
    configured = Settings(str(database.engine.url), demo=demo, trusted_proxies=(), **changed)
    monkeypatch.setattr(session, "database", lambda: database)
    monkeypatch.setattr(session, "configured", lambda: configured)
    monkeypatch.setattr(searched, "after", lambda write: write())  # at once, not in its thread


def cells(table: Dataframe) -> list[dict[str, str]]:
    """The rows of a table as they are written; AppTest itself gives the values below."""
    written = dataframe_util.convert_arrow_bytes_to_pandas_df(
        table.proto.arrow_data.styler.display_values
    )
    return [dict(zip(table.value.columns, row, strict=True)) for row in written.values.tolist()]


def set_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Let it be ``now`` on every screen, whichever test imported it first."""
    for module in [*_screens(), db]:  # all of them are imported before the first is set
        if hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", lambda: now)


def _screens() -> Iterator[ModuleType]:
    """Every module of the dashboard. One imported under a set clock would keep it for good."""
    for found in pkgutil.walk_packages(dashboard.__path__, "dashboard."):
        if found.name not in SCRIPTS:
            yield importlib.import_module(found.name)


def open_session(database: Database, user: User) -> str:
    """The token of a new session, as if ``user`` had signed in just now."""
    token, now = secrets.token_hex(8), db.utc_now()
    with database.writing() as opened:
        opened.add(
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
