"""Restoring a backup into an empty place, without bringing back who was erased since."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, make_url, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from core import audit, outbox, schema
from core.backup.copies import (
    beside,
    check_integrity,
    copy_tables,
    count_on,
    counted_rows,
    opened,
    raw,
    rows_in,
    sqlite_url,
)
from core.backup.manifest import Manifest, read_manifest
from core.backup.sealing import is_sealed, unseal
from core.db import Database
from core.errors import N_, DatabaseNotReady, Invalid
from core.models import AuthSession, OneTimeLink, OutboxMessage
from core.policy import CONSOLE
from core.privacy import Listed, replay


@dataclass(frozen=True)
class Restored:
    rows: Mapping[str, int]
    made_at: str
    """When the backup was made."""
    erased_again: int
    """Patients of the backup who have been erased since."""


def restore(
    backup_file: Path,
    into_url: str,
    *,
    now: datetime,
    key: str = "",
    erased: Sequence[Listed] = (),
) -> Restored:
    """Put a backup into an empty database, of either engine.

    Refuses a file that is not what its manifest says, one of a newer Frontdesk, and a place
    that holds data. Browsers that were signed in when it was made have to sign in again.
    Patients who have been ``erased`` since are erased before anything of them gets there.
    """
    manifest = read_manifest(backup_file)
    _check_no_leftovers(into_url)
    with _working_copy(backup_file, key) as source, opened(into_url) as target:
        _check_as_described(source, manifest)
        schema.migrate(source)
        _check_empty(target)
        schema.migrate(target)
        with source.writing() as old:
            _check_trail(old, manifest)
            again = replay(old, erased, now=now)
        with source.reading() as old, target.writing() as new:
            _check_empty_now(new)
            rows = _fill(old.connection(), new.connection())
            _check_same(old, new, rows)
            count_on(new)
            _close_sessions(new, now)
            audit.record(new, CONSOLE, "backup.restored", now=now, made_at=manifest.made_at)
        _check_sound(target)
    return Restored(rows, manifest.made_at, again)


def _check_no_leftovers(into_url: str) -> None:
    """A journal without its database would be read into the new one."""
    url = make_url(into_url)
    if url.get_backend_name() != "sqlite" or not url.database or Path(url.database).exists():
        return
    left = [each.name for each in beside(Path(url.database)) if each.exists()]
    if left:
        raise Invalid(
            N_("{names} of another database lies there. Please move it away first."),
            field="into",
            names=", ".join(left),
        )


def _check_empty(database: Database) -> None:
    with database.engine.connect() as connection:
        filled = [name for name, count in rows_in(connection).items() if count]
    _refuse_filled(filled)


def _check_empty_now(session: Session) -> None:
    """Once more inside the transaction: somebody may have been quicker."""
    _refuse_filled([name for name, count in rows_in(session.connection()).items() if count])


def _refuse_filled(filled: list[str]) -> None:
    if filled:
        raise DatabaseNotReady(
            N_(
                "That database already holds data ({tables}). A backup goes into an empty "
                "one. Please name another."
            ),
            tables=", ".join(filled),
        )


def _fill(source: Connection, target: Connection) -> dict[str, int]:
    try:
        return copy_tables(source, target)
    except (IntegrityError, DataError) as error:
        raise DatabaseNotReady(
            N_(
                "A row of this backup breaks a rule of the database ({rule}); nothing was "
                "restored. Please use another backup."
            ),
            rule=str(error.orig).partition("\n")[0],
        ) from error


def _check_as_described(source: Database, manifest: Manifest) -> None:
    if counted_rows(source) != dict(manifest.rows):
        raise Invalid(
            N_("This backup does not hold what its manifest says. Please use another."),
            field="file",
        )


def _check_trail(session: Session, manifest: Manifest) -> None:
    newest = audit.head(session)
    if (newest.id, newest.hash) != (manifest.audit_id, manifest.audit_hash):
        raise DatabaseNotReady(
            N_(
                "The audit trail does not end as it did; nothing was restored. Please use "
                "another backup."
            )
        )
    if manifest.audit_intact and next(audit.verify(session), None) is not None:
        raise DatabaseNotReady(
            N_("The audit trail does not verify; nothing was restored. Please use another backup.")
        )


def _check_same(old: Session, new: Session, rows: Mapping[str, int]) -> None:
    if not rows_in(old.connection()) == rows_in(new.connection()) == rows:
        raise DatabaseNotReady(
            N_(
                "Not every row arrived; nothing was restored. Please try again, or use "
                "another backup."
            )
        )
    if audit.head(old) != audit.head(new):
        raise DatabaseNotReady(
            N_(
                "The audit trail does not end as it did; nothing was restored. Please use "
                "another backup."
            )
        )


def _close_sessions(session: Session, now: datetime) -> None:
    """What was ended or sent after the backup was made must not come back to life."""
    session.execute(
        update(AuthSession)
        .where(AuthSession.revoked_at.is_(None))
        .values(revoked_at=now, revoke_reason="restored")
    )
    session.execute(update(OneTimeLink).where(OneTimeLink.used_at.is_(None)).values(used_at=now))
    outbox.drop_waiting(session, OutboxMessage.id > 0, N_("A backup was restored."), now=now)


def _check_sound(database: Database) -> None:
    if database.is_sqlite:
        connection = database.engine.raw_connection()
        try:
            check_integrity(connection.cursor())
        finally:
            connection.close()


@contextmanager
def _working_copy(backup_file: Path, key: str) -> Iterator[Database]:
    """A copy nobody else reads, to be opened and changed while the backup stays as it is."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-restore-") as directory:
        copy = Path(directory) / "backup.db"
        if is_sealed(backup_file):
            unseal(backup_file, copy, key)
        else:
            shutil.copyfile(backup_file, copy)
        with raw(copy) as connection:
            check_integrity(connection)
        with opened(sqlite_url(copy)) as database:
            yield database
