"""Practice, Data: what the place takes along, and what it brings in, as its admin sees it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.models import AuditEntry, AuthSession, Role
from dashboard import places
from tests import a, screen


@pytest.fixture
def admin(sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session)
        return a.user(session, Role.ADMIN, name="Alex Moreau", password_hash="x")


@pytest.fixture
def data(monkeypatch, sqlite_database, admin):
    screen.set_clock(monkeypatch, a.BEFORE)
    page = screen.show_to(monkeypatch, sqlite_database, admin).run()
    page.switch_page(str(places.PAGES / "practice.py")).run()
    return shown(page.segmented_control(key="section").set_value("Data").run())


def shown(page):
    assert not page.exception
    return page


def test_everything_is_offered_and_on_record(data, sqlite_database):
    shown(data.button(key="practice_everything_download").click().run())

    with sqlite_database.reading() as session:
        entry = session.scalars(select(AuditEntry)).all()[-1]
    assert (entry.action, entry.fields) == ("export.offered", '{"kind": "everything"}')


def test_after_a_while_the_password_comes_first(data, sqlite_database):
    with sqlite_database.writing() as session:
        for each in session.scalars(select(AuthSession)):
            each.auth_at = a.BEFORE - timedelta(minutes=11)
    shown(data.run())

    assert "practice_everything_download" not in {each.key for each in data.button}
    assert data.text_input(key="practice_everything_confirm_password")
