"""Making a backup, and proving it before it gets its name."""

import os
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

from core import audit, schema
from core.backup.copies import (
    beside,
    check_integrity,
    connect,
    copy_tables,
    raw,
    rows_in,
    sqlite_url,
)
from core.backup.manifest import (
    OWNER_ONLY,
    Manifest,
    manifest_beside,
    sha256_of,
    write_manifest,
)
from core.backup.sealing import check_key, seal
from core.db import Database, sqlite_module
from core.errors import N_, DatabaseNotReady

PLAIN, SEALED = ".db", ".sealed"


@dataclass(frozen=True)
class BackupMade:
    path: Path
    manifest_path: Path
    manifest: Manifest


def backup(database: Database, directory: Path, *, now: datetime, key: str = "") -> BackupMade:
    """Copy the database as it is now into a new file under ``directory``, and prove the copy.

    Nobody waits for it. With a ``key`` the file is encrypted, and lies in plain only in a
    private place of this machine until then. An existing file is never overwritten; a copy
    that does not verify is removed and ``DatabaseNotReady`` raised.
    """
    if key:
        check_key(key)
    if schema.current_revision(database) is None:
        raise DatabaseNotReady(
            N_(
                "This database has no tables yet: there is nothing to back up. Run: python -m"
                " core migrate"
            )
        )
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = _reserve(directory, SEALED if key else PLAIN, now)
    partial = path.with_suffix(".partial")
    try:
        if key:
            manifest = _make_sealed(database, partial, path.name, key, now)
        else:
            manifest = _make(database, partial, path.name, now)
        _sync(partial)
        partial.replace(path)
        write_manifest(path, manifest)
        _sync(directory)
    except BaseException:
        for each in (path, partial, manifest_beside(path), *beside(partial)):
            each.unlink(missing_ok=True)
        raise
    return BackupMade(path, manifest_beside(path), manifest)


def _make(database: Database, path: Path, name: str, now: datetime) -> Manifest:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    counted = None
    if database.is_sqlite:
        _copy_sqlite(database, path)
    else:
        counted = _dump(database, path)
    return _proven(path, name, counted, now)


def _make_sealed(database: Database, path: Path, name: str, key: str, now: datetime) -> Manifest:
    with tempfile.TemporaryDirectory(prefix="frontdesk-backup-") as private:
        plain = Path(private) / "backup.db"
        manifest = _make(database, plain, name, now)
        seal(plain, path, key)
    return replace(manifest, sha256=sha256_of(path))


def _reserve(directory: Path, suffix: str, now: datetime) -> Path:
    """A name of its own, taken at once so that nobody else gets it."""
    stem = f"frontdesk-{now:%Y%m%dT%H%M%SZ}"
    for number in range(1, 1000):
        name = f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"
        path = directory / name
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
        except FileExistsError:
            continue
        if manifest_beside(path).exists():
            path.unlink()
            continue
        return path
    raise FileExistsError(path)


def _copy_sqlite(database: Database, path: Path) -> None:
    """SQLite's own online copy: one read transaction, packed, into an empty file."""
    connection = database.engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM INTO ?", (str(path),))
    finally:
        connection.close()


def _dump(database: Database, path: Path) -> dict[str, int]:
    """Every table as one snapshot sees it, into a SQLite file of the same schema."""
    schema.check_ready(database)
    copy = Database(sqlite_url(path))
    try:
        schema.migrate(copy)
        snapshot = database.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with snapshot.begin() as source, copy.writing() as target:
            rows = copy_tables(source, target.connection())
    finally:
        copy.dispose()
    with raw(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return rows


def _proven(path: Path, name: str, counted: dict[str, int] | None, now: datetime) -> Manifest:
    """Open the copy on its own and look at all of it."""
    with raw(path) as connection:
        check_integrity(connection)
    engine = create_engine(
        "sqlite://", module=sqlite_module(), creator=lambda: connect(path), poolclass=NullPool
    )
    with engine.connect() as plain, Session(plain) as session:
        rows = rows_in(plain)
        if counted is not None and rows != counted:
            raise DatabaseNotReady(
                N_("The backup lacks rows and was thrown away. Please make it again.")
            )
        newest = audit.head(session)
        revision = MigrationContext.configure(plain).get_current_revision()
        intact = next(audit.verify(session), None) is None
    return Manifest(
        file=name,
        sha256=sha256_of(path),
        schema=revision or "",
        rows=rows,
        audit_id=newest.id,
        audit_hash=newest.hash,
        audit_intact=intact,
        made_at=now.isoformat(),
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
