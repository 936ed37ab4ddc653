"""Writing everything: one snapshot, a thousand rows in memory at a time."""

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import Connection, Table, select
from sqlalchemy.orm import Session

from core import schema
from core.accounts import check_confirmed
from core.db import Database
from core.errors import N_, DatabaseNotReady
from core.everything.cells import writer_of
from core.everything.described import describe, file_of
from core.everything.tables import carried_columns, carried_tables
from core.policy import Actor, Permission, require

FORMAT = 1
MANIFEST = "manifest.json"
OWNER_ONLY = 0o600
ROWS_AT_ONCE = 1000
QUICKLY = 1
"""How hard the ZIP is pressed: the next steps take twice the time for a tenth less."""


@dataclass(frozen=True)
class Exported:
    """What the file says of itself."""

    format: int
    schema: str
    made_at: str
    rows: Mapping[str, int]


def check_may_export_everything(session: Session, actor: Actor, *, now: datetime) -> None:
    """For admins who have just shown who they are: the file names every patient."""
    require(actor, Permission.EXPORT)
    check_confirmed(session, actor, now=now)


def export_everything(database: Database, path: Path, *, now: datetime) -> Exported:
    with owner_only(path) as file:
        return write_everything(database, file, now=now)


@contextmanager
def owner_only(path: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner can read; nothing is left of one that fails."""
    opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY)
    try:
        with os.fdopen(opened, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_everything(database: Database, file: BinaryIO, *, now: datetime) -> Exported:
    """The database as one moment sees it. Nobody waits for it."""
    revision = schema.current_revision(database)
    if revision is None or revision != schema.newest_revision():
        raise DatabaseNotReady(
            N_("The database is not at the newest schema: run `python -m core migrate` first.")
        )
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=QUICKLY) as archive:
        _put(archive, "README.md", describe(now), now)
        with _snapshot(database) as source:
            rows = {
                each.name: _write_table(archive, source, each, now) for each in carried_tables()
            }
        made = Exported(FORMAT, revision, now.isoformat(), rows)
        _put(archive, MANIFEST, json.dumps(asdict(made), indent=2) + "\n", now)
    return made


@contextmanager
def _snapshot(database: Database) -> Iterator[Connection]:
    """SQLite's readers see one moment by themselves; PostgreSQL has to be asked for it."""
    engine = database.engine
    if not database.is_sqlite:
        engine = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    with engine.connect() as connection:
        yield connection


def _write_table(archive: ZipFile, source: Connection, table: Table, now: datetime) -> int:
    columns = carried_columns(table)
    convert = [writer_of(each) for each in columns]
    query = select(*columns).order_by(*table.primary_key.columns)
    count = 0
    with (
        archive.open(_named(file_of(table), now), "w", force_zip64=True) as entry,
        io.TextIOWrapper(entry, encoding="utf-8", newline="") as text,
    ):
        out = csv.writer(text)
        out.writerow(each.name for each in columns)
        found = source.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
        for part in found.partitions():
            out.writerows(
                [make(value) for make, value in zip(convert, row, strict=True)] for row in part
            )
            count += len(part)
    return count


def _put(archive: ZipFile, name: str, content: str, now: datetime) -> None:
    archive.writestr(_named(name, now), content, compresslevel=QUICKLY)


def _named(name: str, now: datetime) -> ZipInfo:
    info = ZipInfo(name, now.timetuple()[:6])
    info.compress_type = ZIP_DEFLATED
    info.external_attr = OWNER_ONLY << 16
    return info
