"""The database: both engines behind one door.

``reading()`` never commits; ``writing()`` commits once, at the end, or not at all.
Instants are whole seconds of UTC: integers on SQLite, ``timestamptz`` on PostgreSQL.
"""

import math
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Integer,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.errors import N_, DatabaseNotReady, NotSaved

BUSY_TIMEOUT_SECONDS = 30
# https://sqlite.org/wal.html#walresetbug: several writers could corrupt a file in WAL mode.
WAL_IS_SAFE_SINCE = (3, 51, 3)
WAL_IS_UNSAFE_SINCE = (3, 7, 0)


def utc_now() -> datetime:
    """The present in whole seconds, as every instant is stored."""
    return datetime.now(UTC).replace(microsecond=0)


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC, to the second. Naive values are refused."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True, precision=0))
        return dialect.type_descriptor(Integer())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"instant must be aware: {value}")
        if dialect.name == "postgresql":
            return value.astimezone(UTC).replace(microsecond=0)
        return math.floor(value.timestamp())

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromtimestamp(value, UTC)


class seconds_of(GenericFunction[int]):  # noqa: N801 - reads as the function it is
    """An instant column as epoch seconds, for loops that cannot afford datetimes."""

    type = BigInteger()
    inherit_cache = True


@compiles(seconds_of, "postgresql")
def _seconds_on_postgresql(element: seconds_of, compiler: Any, **options: Any) -> str:
    return f"CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **options)}) AS BIGINT)"


@compiles(seconds_of)
def _seconds_on_sqlite(element: seconds_of, compiler: Any, **options: Any) -> str:
    inner: str = compiler.process(element.clauses, **options)
    return inner


class Turns:
    """A lock that is handed over in the order of asking; Python's own lets late-comers in first."""

    def __init__(self) -> None:
        self._door = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        with self._door:
            if not self._taken:
                self._taken = True
                return
            called = threading.Event()
            self._waiting.append(called)
        try:
            called.wait()
        except BaseException:
            self._give_up(called)
            raise

    def __exit__(self, *_error: object) -> None:
        with self._door:
            self._call_next()

    def _call_next(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._taken = False

    def _give_up(self, called: threading.Event) -> None:
        """Leave the queue; a turn that came all the same goes to the next."""
        with self._door:
            if called in self._waiting:
                self._waiting.remove(called)
            else:
                self._call_next()


class Database:
    """The door to one database; ``url`` as SQLAlchemy writes it."""

    def __init__(self, url: str) -> None:
        self.engine = connect(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._reader = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._writer = sessionmaker(
            self.engine, expire_on_commit=False, execution_options={"sqlite_begin": "IMMEDIATE"}
        )
        # SQLite lets waiting writers poll; a queue of our own hands over in turn.
        self._turn: Turns | nullcontext[None] = Turns() if self.is_sqlite else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reads; whatever it changed is rolled back."""
        with self._reader() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end, rolled back on any exception.

        Raises ``NotSaved`` where the database cannot take it: a full disk, a lost connection.
        """
        with self._turn:
            try:
                with self._writer.begin() as session:
                    yield session
            except DBAPIError as error:
                if why := why_not_saved(error):
                    # What was opened while the disk took nothing may stay read-only for good.
                    self.engine.dispose()
                    raise NotSaved(why) from error
                raise

    def clear_traces(self) -> None:
        """Write the tables anew, so that nothing that was deleted is left in their files.

        Waits for everybody who reads or writes, and keeps the next ones waiting.
        """
        with self._turn:
            connection = self.engine.raw_connection()
            try:
                if self.is_sqlite:
                    _vacuum_sqlite(connection.cursor())
                else:
                    _vacuum_postgresql(connection.driver_connection)
            except self.engine.dialect.loaded_dbapi.Error as error:
                raise NotSaved(NOT_CLEARED) from error
            finally:
                connection.close()

    def dispose(self) -> None:
        self.engine.dispose()


FULL = N_("Could not be saved: the disk is full. Nothing was changed. Please make room on it.")
FAILING = N_(
    "Could not be saved: the disk does not take it. Nothing was changed. Please tell an admin."
)
READ_ONLY = N_(
    "Could not be saved: the database can only be read now. Nothing was changed. "
    "Please tell an admin."
)
BUSY = N_("Could not be saved: too many others are writing. Nothing was changed, please try again.")
LOST = N_("The database went away. Please look whether this was saved before you try again.")
NOT_CLEARED = N_(
    "What was erased is gone from every screen, but not yet from the database's files: "
    "somebody is using them. Please run: python -m core erasures settle"
)

# https://sqlite.org/rescode.html, the low byte; https://postgresql.org/docs/current/errcodes-appendix.html
SENTENCES = {
    5: BUSY,
    8: READ_ONLY,
    10: FAILING,
    13: FULL,
    14: FAILING,
    "25006": READ_ONLY,
    "40001": BUSY,
    "40P01": BUSY,
    "53100": FULL,
    "55P03": BUSY,
    "58030": FAILING,
}


def why_not_saved(error: BaseException | None) -> str | None:
    """The sentence for an error that is the machine's; None for one that is ours.

    The error that came first tells: what follows it while rolling back does not.
    """
    found = None
    while error is not None:
        if isinstance(error, DBAPIError):
            found = _sentence_for(error) or found
        error = error.__cause__ or error.__context__
    return found


def _sentence_for(error: DBAPIError) -> str | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return SENTENCES.get(code & 0xFF)
    state = getattr(error.orig, "sqlstate", None)
    went_away = state is None or state.startswith(("08", "57P"))
    if went_away and isinstance(error, OperationalError):
        return LOST
    return SENTENCES.get(state) if state else None


def connect(url: str) -> Engine:
    """An engine with our settings; ``postgresql://`` means psycopg 3.

    Raises ``DatabaseNotReady`` where the driver is one we do not support.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _connect_sqlite(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,  # what people wrote belongs in no log
        )
    raise DatabaseNotReady(
        N_(
            "Frontdesk runs on SQLite or PostgreSQL, not on {name}. Please change "
            "FRONTDESK_DATABASE_URL."
        ),
        name=parsed.drivername,
    )


def sqlite_module() -> ModuleType:
    """The newest SQLite at hand: the bundled one where it is installed."""
    try:
        import pysqlite3

        module: ModuleType = pysqlite3
    except ImportError:
        module = sqlite3
    return module


def journal_mode(version: tuple[int, ...]) -> str:
    """WAL where it is safe; versions with the WAL-reset bug get the old journal."""
    return "DELETE" if WAL_IS_UNSAFE_SINCE <= version < WAL_IS_SAFE_SINCE else "WAL"


def _connect_sqlite(url: str) -> Engine:
    name = make_url(url).database
    if not name or name == ":memory:":
        raise DatabaseNotReady(
            N_(
                "The database must be a file: SQLite in memory forgets it all. Please name "
                "one in FRONTDESK_DATABASE_URL."
            )
        )
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    module = sqlite_module()
    mode = journal_mode(module.sqlite_version_info)
    engine = create_engine(
        url,
        module=module,
        hide_parameters=True,
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_SECONDS},
    )
    event.listen(engine, "do_connect", lambda *_args: _make_private(name))
    event.listen(engine, "connect", _set_pragmas(mode))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(name: str) -> None:
    """A new file is for the server's own user; SQLite gives its journals the same mode."""
    with suppress(OSError):  # it is there, or the driver will tell why it cannot be
        os.close(os.open(name, os.O_CREAT | os.O_EXCL, 0o600))


def _set_pragmas(mode: str) -> Callable[[Any, Any], None]:
    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        _set_journal(cursor, mode)
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "cache_size=-32000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return on_connect


def _set_journal(cursor: Any, mode: str) -> None:
    """Of those who meet at a new file one changes it; SQLite lets the others not even wait."""
    until = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            cursor.execute(f"PRAGMA journal_mode={mode}")
        except sqlite_module().OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock before it reads, so that "is it free?" stays true until
    # it commits. PostgreSQL gets the same from an advisory lock on each calendar.
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    if mode == "DEFERRED":
        # Straight to the driver: SQLAlchemy's own way costs a reader more than some queries.
        connection.connection.execute("BEGIN")
    else:
        connection.exec_driver_sql(f"BEGIN {mode}")


def _vacuum_sqlite(cursor: Any) -> None:
    """Freed space is overwritten at once; only a new file forgets what moved between pages."""
    cursor.execute("VACUUM")
    waits, _pages, _copied = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if waits:
        raise sqlite_module().OperationalError("somebody reads what the journal still holds")


def _vacuum_postgresql(connection: Any) -> None:
    """What the planner knows of the values first: it keeps samples of them in its own tables."""
    connection.rollback()
    connection.autocommit = True
    try:
        connection.execute("ANALYZE")
        connection.execute("VACUUM (FULL)")
    finally:
        connection.autocommit = False


CALENDAR_LOCKS = 7
"""Our namespace among PostgreSQL's advisory locks; the second key is the calendar's id."""
AUDIT_LOCK = 8
EXPERTISE_LOCK = 9
THROTTLE_LOCK = 10
KEEPING_LOCK = 11
IMPORT_LOCK = 12
MIGRATION_LOCK = 13
"""All of them stand here: two that share a number would wait for each other."""
LOCK = text("SELECT pg_advisory_xact_lock(:space, 0)")
LOCK_IN_ORDER = text(
    "SELECT pg_advisory_xact_lock(:space, id) FROM unnest(CAST(:calendars AS int[])) AS id"
)
"""In the order of the array: a scan of it is never done in parallel."""


def take_lock(connection: Connection, space: int) -> None:
    """Hold it until the transaction ends. On SQLite the writer already holds the whole database."""
    if connection.dialect.name == "postgresql":
        connection.execute(LOCK, {"space": space})


def lock_calendars(session: Session, calendar_ids: set[int]) -> None:
    """Hold the calendars until the transaction ends: one writer at a time for each.

    In id order, so that two writers never wait for each other. On SQLite the writer
    already holds the whole database.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        asked = {"space": CALENDAR_LOCKS, "calendars": sorted(calendar_ids)}
        connection.execute(LOCK_IN_ORDER, asked)


def lock_expertise(session: Session) -> None:
    """One writer at a time of the tags, so that none is made twice; taken after calendars."""
    take_lock(session.connection(), EXPERTISE_LOCK)


def lock_audit(session: Session) -> None:
    """One writer at a time at the end of the audit chain; taken last."""
    take_lock(session.connection(), AUDIT_LOCK)


def overlaps(
    starts: ColumnElement[Any], ends: ColumnElement[Any], start: datetime, end: datetime
) -> ColumnElement[bool]:
    """SQL's half of the overlap rule; ``Interval.overlaps`` is Python's."""
    return (starts < end) & (ends > start)
