"""Files that hold a whole database: opened on their own, looked at, filled and counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, func, inspect, select, table
from sqlalchemy.orm import Session

from core.db import Database, sqlite_module
from core.errors import N_, DatabaseNotReady
from core.models import MADE_AGAIN, Base

ROWS_AT_ONCE = 1000
COPIED = [each for each in Base.metadata.sorted_tables if each.info != MADE_AGAIN]
"""Every table but those the database fills again by itself."""
NOT_COPIED = {"alembic_version"} | {each.name for each in Base.metadata.tables.values()} - {
    each.name for each in COPIED
}


def copy_tables(source: Connection, target: Connection) -> dict[str, int]:
    rows = {}
    for kept in COPIED:
        rows[kept.name] = 0
        query = select(kept).order_by(*kept.primary_key.columns)
        found = source.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
        for part in found.mappings().partitions(ROWS_AT_ONCE):
            target.execute(kept.insert(), [dict(each) for each in part])
            rows[kept.name] += len(part)
    return rows


def count_on(session: Session) -> None:
    """PostgreSQL's counters go on after the highest id that was brought in."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for kept in COPIED:
        column = kept.autoincrement_column
        if column is not None:
            highest = session.scalar(select(func.max(column)))
            if highest is not None:
                counter = func.pg_get_serial_sequence(kept.name, column.name)
                session.execute(select(func.setval(counter, highest)))


def check_integrity(connection: Any) -> None:
    if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
        raise DatabaseNotReady(
            N_(
                "The database file is damaged: its integrity check fails. Please restore the "
                "last good backup."
            )
        )
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise DatabaseNotReady(
            N_(
                "The database is damaged: rows refer to missing ones. Please restore the last"
                " good backup."
            )
        )


def rows_in(connection: Connection) -> dict[str, int]:
    """Rows by table, of whatever tables there are."""
    names = set(inspect(connection).get_table_names()) - NOT_COPIED
    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one()
        for name in sorted(names)
    }


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


def counted_rows(database: Database) -> dict[str, int]:
    with database.engine.connect() as connection:
        return rows_in(connection)


@contextmanager
def raw(path: Path) -> Iterator[Any]:
    connection = connect(path)
    try:
        yield connection
    finally:
        connection.close()


def connect(path: Path) -> Any:
    return sqlite_module().connect(f"file:{quote(str(path))}", uri=True, isolation_level=None)


def sqlite_url(path: Path) -> str:
    return URL.create("sqlite", database=str(path)).render_as_string()


def beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]
