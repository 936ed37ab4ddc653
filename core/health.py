"""How the installation is: what an admin looks at before something breaks."""

import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import func, make_url, select, text
from sqlalchemy.orm import Session

from core import audit, schema
from core.audit_trail import ChainState
from core.db import journal_mode
from core.models import AuditEntry, MessageState, OutboxMessage
from core.policy import Actor, Permission, require
from core.schedule_check import Finding, schedule_findings
from core.settings import Settings

BACKED_UP, VERIFIED = "backup.made", "audit.verified"
BACKUPS_EVERY = timedelta(hours=26)
"""Once a day, and a little late some days."""
VERIFIED_EVERY = timedelta(days=7)
MAIL_WAITS = timedelta(minutes=15)
LEAST_FREE_BYTES = 1024**3
VERSIONS = {
    "sqlite": ("SQLite", "SELECT sqlite_version()"),
    "postgresql": ("PostgreSQL", "SHOW server_version"),
}
SIZES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}


@dataclass(frozen=True)
class DatabaseState:
    engine: str
    version: str
    size_bytes: int
    is_slowed: bool
    """An SQLite with a known fault: Frontdesk goes round it, and writes more slowly."""
    schema: str
    newest_schema: str

    @property
    def is_newest(self) -> bool:
        return self.schema == self.newest_schema


@dataclass(frozen=True)
class Disk:
    """Where the database lies; a server's disk is not ours to look at."""

    free_bytes: int
    needed_bytes: int
    """For the database to grow, and for one copy of it."""

    @property
    def is_enough(self) -> bool:
        return self.free_bytes >= self.needed_bytes


@dataclass(frozen=True)
class MailState:
    is_set_up: bool
    waiting: int
    failed: int
    waits_since: datetime | None
    """When the oldest that is due was due."""

    def is_stuck(self, now: datetime) -> bool:
        return self.waits_since is not None and self.waits_since < now - MAIL_WAITS


@dataclass(frozen=True)
class Done:
    """When something was last done, and whether the record of every step was whole then."""

    at: datetime
    is_intact: bool


@dataclass(frozen=True)
class Health:
    database: DatabaseState
    disk: Disk | None
    mail: MailState
    backup: Done | None
    verified: Done | None
    """By hand, or by a backup."""
    findings: tuple[Finding, ...]

    def is_backed_up(self, now: datetime) -> bool:
        return self.backup is not None and self.backup.at > now - BACKUPS_EVERY

    def is_verified(self, now: datetime) -> bool:
        done = self.verified
        return done is not None and done.is_intact and done.at > now - VERIFIED_EVERY


def load_health(session: Session, actor: Actor, configured: Settings, *, now: datetime) -> Health:
    """Everything at once; the record of every step is not read through for it."""
    require(actor, Permission.HEALTH_READ)
    database = _database(session)
    done = [each for each in (_last(session, BACKED_UP), _last(session, VERIFIED)) if each]
    return Health(
        database=database,
        disk=_disk(configured, database.size_bytes),
        mail=_mail(session, configured, now),
        backup=_last(session, BACKED_UP),
        verified=max(done, key=lambda each: each.at, default=None),
        findings=tuple(schedule_findings(session, actor, now=now)),
    )


def note_verified(session: Session, actor: Actor, found: ChainState, *, now: datetime) -> None:
    """Put on record that the record was read through, and whether it was whole."""
    require(actor, Permission.AUDIT_READ)
    audit.record(session, actor, VERIFIED, now=now, intact=found.broken_at is None)


def note_backup(session: Session, actor: Actor, *, intact: bool, now: datetime) -> None:
    """Put on record that a backup was made, so that a missing one is noticed."""
    require(actor, Permission.HEALTH_READ)
    audit.record(session, actor, BACKED_UP, now=now, intact=intact)


def _database(session: Session) -> DatabaseState:
    connection = session.connection()
    name, asked = VERSIONS[connection.dialect.name]
    version = str(session.scalar(text(asked))).split()[0]
    is_sqlite = connection.dialect.name == "sqlite"
    return DatabaseState(
        engine=name,
        version=version,
        size_bytes=session.scalar(text(SIZES[connection.dialect.name])) or 0,
        is_slowed=is_sqlite and journal_mode(tuple(map(int, version.split(".")))) != "WAL",
        schema=MigrationContext.configure(connection).get_current_revision() or "",
        newest_schema=schema.newest_revision() or "",
    )


def _disk(configured: Settings, size_bytes: int) -> Disk | None:
    url = make_url(configured.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    free = shutil.disk_usage(Path(url.database).parent).free
    return Disk(free, max(LEAST_FREE_BYTES, 2 * size_bytes))


def _mail(session: Session, configured: Settings, now: datetime) -> MailState:
    counted = dict.fromkeys(MessageState, 0)
    grouped = select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)
    for state, count in session.execute(grouped):
        counted[state] = count
    oldest = select(func.min(OutboxMessage.due_at)).where(
        OutboxMessage.state == MessageState.WAITING, OutboxMessage.due_at <= now
    )
    return MailState(
        is_set_up=bool(configured.smtp_url),
        waiting=counted[MessageState.WAITING],
        failed=counted[MessageState.FAILED],
        waits_since=session.scalar(oldest),
    )


def _last(session: Session, action: str) -> Done | None:
    entry = select(AuditEntry.at, AuditEntry.fields).where(AuditEntry.action == action)
    found = session.execute(entry.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(1))
    row = found.one_or_none()
    return None if row is None else Done(row.at, bool(json.loads(row.fields).get("intact")))
