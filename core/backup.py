"""Backups that are proven when they are made, and restored only into an empty place.

A backup is one SQLite file beside a manifest, whichever engine it was taken from, so that it
can be restored into either. SQLite copies itself while bookings go on; PostgreSQL is read in
one snapshot. Every row committed before the backup began is in it.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic.migration import MigrationContext
from sqlalchemy import (
    URL,
    Connection,
    NullPool,
    create_engine,
    func,
    inspect,
    make_url,
    select,
    table,
    update,
)
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from core import audit, schema
from core.db import Database, sqlite_module
from core.errors import N_, DatabaseNotReady, Invalid
from core.models import AuthSession, Base, OneTimeLink
from core.policy import CONSOLE

ROWS_AT_ONCE = 1000
OWNER_ONLY = 0o600


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, to be compared with the file before it is restored."""

    file: str
    sha256: str
    schema: str
    rows: Mapping[str, int]
    audit_id: int
    audit_hash: str
    audit_intact: bool
    made_at: str


@dataclass(frozen=True)
class BackupMade:
    path: Path
    manifest_path: Path
    manifest: Manifest


@dataclass(frozen=True)
class Restored:
    rows: Mapping[str, int]
    made_at: str
    """When the backup was made."""


def backup(database: Database, directory: Path, *, now: datetime) -> BackupMade:
    """Copy the database as it is now into a new file under ``directory``, and prove the copy.

    Nobody waits for it. An existing file is never overwritten; a copy that does not verify is
    removed and ``DatabaseNotReady`` raised.
    """
    if schema.current_revision(database) is None:
        raise DatabaseNotReady(N_("This database has no tables yet: there is nothing to back up."))
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = _reserve(directory, now)
    partial = path.with_suffix(".partial")
    manifest_path = path.with_suffix(".json")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
        counted = None
        if database.is_sqlite:
            _copy_sqlite(database, partial)
        else:
            counted = _dump(database, partial)
        manifest = _proven(partial, path.name, counted, now)
        _sync(partial)
        partial.replace(path)
        _write_new(manifest_path, json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n")
        _sync(directory)
    except BaseException:
        for each in (path, partial, manifest_path, *_beside(partial)):
            each.unlink(missing_ok=True)
        raise
    return BackupMade(path, manifest_path, manifest)


def restore(backup_file: Path, into_url: str, *, now: datetime) -> Restored:
    """Put a backup into an empty database, of either engine.

    Refuses a file that is not what its manifest says, one of a newer Frontdesk, and a place
    that holds data. Browsers that were signed in when it was made have to sign in again.
    """
    manifest = _read_manifest(backup_file)
    _check_unchanged(backup_file, manifest)
    _check_no_leftovers(into_url)
    with _working_copy(backup_file) as source, _opened(into_url) as target:
        if _counted_rows(source) != dict(manifest.rows):
            raise Invalid(N_("This backup does not hold what its manifest says."), field="file")
        schema.migrate(source)
        _check_empty(target)
        schema.migrate(target)
        with source.reading() as old, target.writing() as new:
            _check_empty_now(new)
            rows = _fill(old.connection(), new.connection())
            _check_same(new, rows, manifest)
            _count_on(new)
            _close_sessions(new, now)
            audit.record(new, CONSOLE, "backup.restored", now=now, made_at=manifest.made_at)
        _check_sound(target)
    return Restored(rows, manifest.made_at)


# Making one.


def _reserve(directory: Path, now: datetime) -> Path:
    """A name of its own, taken at once so that nobody else gets it."""
    stem = f"frontdesk-{now:%Y%m%dT%H%M%SZ}"
    for number in range(1, 1000):
        path = directory / (f"{stem}.db" if number == 1 else f"{stem}-{number}.db")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
        except FileExistsError:
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
    if schema.current_revision(database) != schema.newest_revision():
        raise DatabaseNotReady(N_("Please migrate this database before it is backed up."))
    copy = Database(_sqlite_url(path))
    try:
        schema.migrate(copy)
        snapshot = database.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with snapshot.begin() as source, copy.writing() as target:
            rows = _copy_tables(source, target.connection())
    finally:
        copy.dispose()
    with _raw(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return rows


def _copy_tables(source: Connection, target: Connection) -> dict[str, int]:
    rows = {}
    for kept in Base.metadata.sorted_tables:
        rows[kept.name] = 0
        query = select(kept).order_by(*kept.primary_key.columns)
        found = source.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
        for part in found.mappings().partitions(ROWS_AT_ONCE):
            target.execute(kept.insert(), [dict(each) for each in part])
            rows[kept.name] += len(part)
    return rows


def _proven(path: Path, name: str, counted: dict[str, int] | None, now: datetime) -> Manifest:
    """Open the copy on its own and look at all of it."""
    with _raw(path) as connection:
        _check_integrity(connection)
    engine = create_engine(
        "sqlite://", module=sqlite_module(), creator=lambda: _connect(path), poolclass=NullPool
    )
    with engine.connect() as plain, Session(plain) as session:
        rows = _rows_in(plain)
        if counted is not None and rows != counted:
            raise DatabaseNotReady(N_("The backup lacks rows and was thrown away."))
        newest = audit.head(session)
        revision = MigrationContext.configure(plain).get_current_revision()
        intact = next(audit.verify(session), None) is None
    return Manifest(
        file=name,
        sha256=_sha256(path),
        schema=revision or "",
        rows=rows,
        audit_id=newest.id,
        audit_hash=newest.hash,
        audit_intact=intact,
        made_at=now.isoformat(),
    )


def _check_integrity(connection: Any) -> None:
    if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        raise DatabaseNotReady(N_("The database file is damaged: its integrity check fails."))
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise DatabaseNotReady(N_("The database is damaged: rows refer to missing ones."))


def _rows_in(connection: Connection) -> dict[str, int]:
    """Rows by table, of whatever tables there are."""
    names = set(inspect(connection).get_table_names()) - {"alembic_version"}
    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one()
        for name in sorted(names)
    }


# Restoring one.


def _read_manifest(backup_file: Path) -> Manifest:
    manifest_path = backup_file.with_suffix(".json")
    try:
        return Manifest(**json.loads(manifest_path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise Invalid(
            N_("There is no manifest {name} beside the backup."),
            field="file",
            name=manifest_path.name,
        ) from None
    except (ValueError, TypeError):
        raise Invalid(
            N_("The manifest {name} cannot be read."), field="file", name=manifest_path.name
        ) from None


def _check_unchanged(backup_file: Path, manifest: Manifest) -> None:
    if _sha256(backup_file) != manifest.sha256:
        raise Invalid(
            N_("This backup is damaged: it is not the file its manifest describes."), field="file"
        )


def _check_no_leftovers(into_url: str) -> None:
    """A journal without its database would be read into the new one."""
    url = make_url(into_url)
    if url.get_backend_name() != "sqlite" or not url.database or Path(url.database).exists():
        return
    left = [each.name for each in _beside(Path(url.database)) if each.exists()]
    if left:
        raise Invalid(
            N_("{names} of another database lies there. Please move it away first."),
            field="into",
            names=", ".join(left),
        )


def _check_empty(database: Database) -> None:
    with database.engine.connect() as connection:
        filled = [name for name, count in _rows_in(connection).items() if count]
    _refuse_filled(filled)


def _check_empty_now(session: Session) -> None:
    """Once more inside the transaction: somebody may have been quicker."""
    _refuse_filled([name for name, count in _rows_in(session.connection()).items() if count])


def _refuse_filled(filled: list[str]) -> None:
    if filled:
        raise DatabaseNotReady(
            N_("That database already holds data ({tables}). A backup goes into an empty one."),
            tables=", ".join(filled),
        )


def _fill(source: Connection, target: Connection) -> dict[str, int]:
    try:
        return _copy_tables(source, target)
    except (IntegrityError, DataError) as error:
        raise DatabaseNotReady(
            N_(
                "A row of this backup breaks a rule of the database ({rule}); nothing was restored."
            ),
            rule=str(error.orig).partition("\n")[0],
        ) from error


def _check_same(session: Session, rows: Mapping[str, int], manifest: Manifest) -> None:
    kept = {name: rows.get(name, 0) for name in manifest.rows if name in Base.metadata.tables}
    wanted = {name: count for name, count in manifest.rows.items() if name in kept}
    newest = audit.head(session)
    if kept != wanted or _rows_in(session.connection()) != rows:
        raise DatabaseNotReady(N_("Not every row arrived; nothing was restored."))
    if (newest.id, newest.hash) != (manifest.audit_id, manifest.audit_hash):
        raise DatabaseNotReady(N_("The audit trail does not end as it did; nothing was restored."))
    if manifest.audit_intact and next(audit.verify(session), None) is not None:
        raise DatabaseNotReady(N_("The audit trail does not verify; nothing was restored."))
    session.expunge_all()


def _count_on(session: Session) -> None:
    """PostgreSQL's counters go on after the highest id that was brought in."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for kept in Base.metadata.sorted_tables:
        column = kept.autoincrement_column
        if column is not None:
            highest = session.scalar(select(func.max(column)))
            if highest is not None:
                counter = func.pg_get_serial_sequence(kept.name, column.name)
                session.execute(select(func.setval(counter, highest)))


def _close_sessions(session: Session, now: datetime) -> None:
    """What was ended after the backup was made must not come back to life."""
    session.execute(
        update(AuthSession)
        .where(AuthSession.revoked_at.is_(None))
        .values(revoked_at=now, revoke_reason="restored")
    )
    session.execute(update(OneTimeLink).where(OneTimeLink.used_at.is_(None)).values(used_at=now))


def _check_sound(database: Database) -> None:
    if database.is_sqlite:
        connection = database.engine.raw_connection()
        try:
            _check_integrity(connection.cursor())
        finally:
            connection.close()


# Files.


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def _working_copy(backup_file: Path) -> Iterator[Database]:
    """A copy nobody else reads, to be opened and migrated while the backup stays as it is."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-restore-") as directory:
        copy = Path(directory) / "backup.db"
        shutil.copyfile(backup_file, copy)
        with _raw(copy) as connection:
            _check_integrity(connection)
        with _opened(_sqlite_url(copy)) as database:
            yield database


def _counted_rows(database: Database) -> dict[str, int]:
    with database.engine.connect() as connection:
        return _rows_in(connection)


@contextmanager
def _raw(path: Path) -> Iterator[Any]:
    connection = _connect(path)
    try:
        yield connection
    finally:
        connection.close()


def _connect(path: Path) -> Any:
    return sqlite_module().connect(f"file:{quote(str(path))}", uri=True, isolation_level=None)


def _sqlite_url(path: Path) -> str:
    return URL.create("sqlite", database=str(path)).render_as_string()


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_new(path: Path, content: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY), "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
