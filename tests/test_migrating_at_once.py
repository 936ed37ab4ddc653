"""Migrations when things go wrong: two at once, and one that is killed."""

import random
import time

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from core import schema
from core.db import Database
from core.models import Base
from tests import force
from tests.test_races import quick_and_slow


@pytest.fixture
def empty_sqlite(tmp_path):
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def empty_postgresql(migrated_postgresql):
    def run(statement):
        engine = migrated_postgresql.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))

    run("CREATE DATABASE empty TEMPLATE template0")
    yield migrated_postgresql.engine.url.set(database="empty").render_as_string(hide_password=False)
    run("DROP DATABASE empty WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request):
    """Where a database without tables lies."""
    return request.getfixturevalue(f"empty_{request.param}")


def migrate_there(url):
    with force.opened(url) as database:
        force.meet()
        schema.migrate(database)
        return schema.current_revision(database)


def assert_at_the_newest(url):
    with force.opened(url) as database, database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert context.get_current_heads() == (schema.newest_revision(),)
        assert compare_metadata(context, Base.metadata) == []


def test_of_four_that_migrate_at_once_one_does_and_all_find_it_done(empty):
    """T120"""
    ended = force.in_processes(migrate_there, [(empty,)] * 4, at_once=True)
    assert ended == [schema.newest_revision()] * 4
    assert_at_the_newest(empty)


def migrate_when_told(told, url):
    database = Database(url)
    told.send("now")
    schema.migrate(database)
    told.send("done")


def tables_of(url):
    with force.opened(url) as database:
        return set(inspect(database.engine).get_table_names()), schema.current_revision(database)


@quick_and_slow("kills", (3,), (60,))
def test_a_killed_migration_leaves_the_old_tables_or_the_new(empty, kills):
    """T119: never something between; and the next one goes through."""
    chance = random.Random(119)
    server = force.forkserver()
    for _ in range(kills):
        heard, told = server.Pipe(duplex=False)
        process = server.Process(target=migrate_when_told, args=(told, empty))
        process.start()
        assert heard.recv() == "now"
        time.sleep(chance.uniform(0, 0.5))
        process.kill()
        process.join()
        tables, revision = tables_of(empty)
        assert revision in (None, schema.newest_revision())
        assert not tables or tables == {*Base.metadata.tables, "alembic_version"}
        with force.opened(empty) as database:
            if revision:
                schema.downgrade(database, "base")
                with database.writing() as session:
                    session.execute(text("DROP TABLE alembic_version"))

    with force.opened(empty) as database:
        schema.migrate(database)
    assert_at_the_newest(empty)
