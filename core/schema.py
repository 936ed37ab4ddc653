"""Bringing a database to the tables this version of Frontdesk knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from core.db import MIGRATION_LOCK, Database, take_lock
from core.errors import N_, DatabaseNotReady


def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to ``revision`` in one transaction, version row included, or not at all.

    Of two processes that start at once, one migrates and the other finds it done.
    Raises ``DatabaseNotReady`` when a newer Frontdesk wrote the database.
    """
    with _changing(database) as connection:
        _refuse_newer(MigrationContext.configure(connection).get_current_revision())
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    with _changing(database) as connection:
        command.downgrade(_config(connection), revision)


def write_migration(database: Database, message: str, revision: str) -> None:
    """Compare the models with a migrated database and write the difference as a new file."""
    with _changing(database) as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=revision)


def current_revision(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(_config(None)).get_current_head()


@contextmanager
def _changing(database: Database) -> Iterator[Connection]:
    """A connection in a transaction that no other migration can enter."""
    engine = database.engine.execution_options(sqlite_begin="IMMEDIATE")
    with engine.begin() as connection:
        take_lock(connection, MIGRATION_LOCK)
        yield connection


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def check_ready(database: Database) -> None:
    """``DatabaseNotReady`` unless the tables are those of this version, with what to do."""
    current, newest = current_revision(database), newest_revision()
    if current == newest:
        return
    _refuse_newer(current)
    raise DatabaseNotReady(
        N_(
            "The database is not ready for this Frontdesk (it has {current}, {newest} is "
            "needed). Stop Frontdesk, run: python -m core migrate"
        ),
        current=current or "no tables",
        newest=newest,
    )


def _refuse_newer(current: str | None) -> None:
    known = {each.revision for each in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseNotReady(
            N_(
                "This Frontdesk is older than its data, which a newer Frontdesk has written "
                "(schema {revision}). Nothing was changed. Install the newer version again."
            ),
            revision=current,
        )
