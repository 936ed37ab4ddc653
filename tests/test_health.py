"""Health: each thing is told as it is, and what is amiss says what to do."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core import audit, schema
from core.__main__ import main
from core.audit_trail import check_chain
from core.db import journal_mode
from core.errors import NotAllowed
from core.health import (
    BACKUPS_EVERY,
    MAIL_WAITS,
    VERIFIED_EVERY,
    load_health,
    note_backup,
    note_verified,
)
from core.models import AuditEntry, MessageState, OutboxMessage, Role
from core.policy import CONSOLE
from core.settings import Settings
from dashboard import places
from tests import a, screen

NOW = a.BEFORE


def configured(database, **values):
    url = database.engine.url.render_as_string(hide_password=False)
    return Settings(url, demo=False, trusted_proxies=(), **values)


@pytest.fixture
def health(database):
    """``health(later=…)`` is how the place is that long after it was set up."""
    with database.writing() as session:
        a.organisation(session)

    def look(*, later=timedelta(), **values):
        with database.reading() as session:
            return load_health(session, CONSOLE, configured(database, **values), now=NOW + later)

    return look


def test_the_database_tells_what_it_is(database, health):
    found = health().database

    assert found.engine == ("SQLite" if database.is_sqlite else "PostgreSQL")
    assert found.size_bytes > 100_000
    assert found.is_newest
    assert found.schema == schema.newest_revision()
    if database.is_sqlite:
        version = tuple(map(int, found.version.split(".")))
        assert found.is_slowed is (journal_mode(version) != "WAL")
    else:
        assert not found.is_slowed


def test_free_room_is_told_where_the_database_is_a_file(database, health, monkeypatch):
    if not database.is_sqlite:
        assert health().disk is None
        return
    usage = type("Usage", (), {"free": 5 * 1024**2})
    monkeypatch.setattr("core.health.shutil.disk_usage", lambda _where: usage)
    assert not health().disk.is_enough
    usage.free = 5 * 1024**3
    assert health().disk.is_enough


def test_a_backup_lasts_a_day_and_is_a_look_at_the_record_too(database, health):
    assert not health().is_backed_up(NOW)
    with database.writing() as session:
        note_backup(session, CONSOLE, intact=True, now=NOW)

    assert health().is_backed_up(NOW + BACKUPS_EVERY - timedelta(seconds=1))
    assert not health().is_backed_up(NOW + BACKUPS_EVERY)
    assert health().is_verified(NOW + VERIFIED_EVERY - timedelta(seconds=1))
    assert not health().is_verified(NOW + VERIFIED_EVERY)


def test_the_command_that_makes_a_backup_leaves_word_of_it(
    sqlite_database, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", configured(sqlite_database).database_url)
    with sqlite_database.writing() as session:
        audit.record(session, CONSOLE, "desk.opened", now=NOW)

    assert main(["backup", str(tmp_path / "backups")]) == 0

    with sqlite_database.reading() as session:
        assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all() == [
            "desk.opened",
            "backup.made",
        ]
    assert "Audit head: 1 " in capsys.readouterr().out


def test_a_record_that_was_not_whole_is_not_well_however_new(sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session)
        note_backup(session, CONSOLE, intact=True, now=NOW)
        found = check_chain(session, CONSOLE)
        broken = type(found)(found.head, broken_at=1)
        note_verified(session, CONSOLE, broken, now=NOW + timedelta(hours=1))
        health = load_health(session, CONSOLE, configured(sqlite_database), now=NOW)

    assert not health.is_verified(NOW + timedelta(hours=1))
    assert health.is_backed_up(NOW)


def test_messages_that_failed_or_wait_too_long_are_counted(database, health):
    with database.writing() as session:
        for number, state in enumerate((MessageState.WAITING, MessageState.FAILED)):
            session.add(
                OutboxMessage(
                    dedupe=str(number),
                    kind="reset",
                    address="x@example.org",
                    created_at=NOW,
                    due_at=NOW,
                    state=state,
                )
            )

    mail = health(smtp_url="smtp://mail.example").mail
    assert (mail.waiting, mail.failed, mail.is_set_up) == (1, 1, True)
    assert not mail.is_stuck(NOW + MAIL_WAITS)
    assert mail.is_stuck(NOW + MAIL_WAITS + timedelta(seconds=1))
    assert health(later=-timedelta(hours=1)).mail.waits_since is None  # nothing is due yet


def test_what_contradicts_in_the_calendars_is_in_it(sqlite_database):
    with sqlite_database.writing() as session:
        a.organisation(session)
        a.service(session, name="Visit nobody offers")
        found = load_health(session, CONSOLE, configured(sqlite_database), now=NOW).findings

    assert ["Visit nobody offers" in str(each) for each in found] == [True]


def test_nobody_but_admins_sees_it(session):
    for role in (Role.RECEPTIONIST, Role.PATIENT):
        with pytest.raises(NotAllowed):
            load_health(session, a.actor(session, role), Settings("", False, ()), now=NOW)


# --- the page


@pytest.fixture
def page(monkeypatch, sqlite_database):
    screen.set_clock(monkeypatch, NOW)
    with sqlite_database.writing() as session:
        a.organisation(session)
        alex = a.user(session, Role.ADMIN, name="Alex Moreau", password_hash="x")
    opened = screen.show_to(monkeypatch, sqlite_database, alex).run()
    opened.switch_page(str(places.PAGES / "practice.py")).run()
    opened.segmented_control(key="section").set_value("Health").run()
    assert not opened.exception
    return opened


def lines(page):
    return {
        each.value.partition("**")[2].partition("**")[0]: each.value
        for each in page.markdown
        if "material/" in each.value
    }


def test_what_is_amiss_says_what_to_do(page, sqlite_database):
    told = lines(page)
    assert "none was ever made" in told["Backup"]
    assert "python -m core backup DIR" in told["Backup"]
    assert "warning" in told["Record of every step"]
    assert "as this Frontdesk wants them" in told["Tables"]

    page.button(key="practice_health_verify").click().run()

    assert "check" in lines(page)["Record of every step"]
    assert [each.value for each in page.toast] == ["Whole up to entry 0."]
    with sqlite_database.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.fields) == ("audit.verified", '{"intact": true}')


def test_all_is_well_once_nothing_needs_anybody(page, sqlite_database, monkeypatch):
    with sqlite_database.writing() as session:
        note_backup(session, CONSOLE, intact=True, now=NOW)
    monkeypatch.setattr("core.health.journal_mode", lambda _version: "WAL")
    monkeypatch.setattr("core.health.LEAST_FREE_BYTES", 0)
    page.run()

    assert page.success[0].value == "All is well."
