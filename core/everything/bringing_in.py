"""Building the place up again from its file: all of it, into an empty database, or nothing."""

import csv
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DataError, IntegrityError

from core import audit, schema
from core.backup.copies import count_on, counted_rows, rows_in
from core.db import Database
from core.errors import N_, DatabaseNotReady, Invalid
from core.everything.cells import reader_of
from core.everything.described import file_of
from core.everything.tables import INSTEAD, carried_columns, carried_tables
from core.everything.writing import FORMAT, MANIFEST, ROWS_AT_ONCE, Exported
from core.policy import CONSOLE
from core.privacy import Listed, replay

LARGEST_MANIFEST = 100_000
LARGEST_CELL = 32 * 1024 * 1024
LARGEST_ROW = LARGEST_CELL + 1024 * 1024
LARGEST_UNPACKED = 16 * 1024**3
MOST_FILES = 200
"""Both many times what a place has; more is no place, but meant to fill the disk or the memory."""
WAYS_TO_PACK = frozenset({ZIP_STORED, ZIP_DEFLATED})
PACKED_OTHERWISE = N_(
    "This ZIP has a password, or is packed in a way we do not know. Please pack the files again "
    "without."
)
DAMAGED = N_("This file is damaged, or no ZIP at all. Please bring it over again.")
BROKEN = (BadZipFile, NotImplementedError, OSError, OverflowError, ValueError, struct.error)
"""How ``zipfile`` says that what should describe the files makes no sense."""
NOT_OURS = N_("This is no file of everything. Please use one that `export-all` has made.")


@dataclass(frozen=True)
class BroughtIn:
    rows: Mapping[str, int]
    made_at: str
    erased_again: int
    """Patients of the file who have been erased since."""
    audit_intact: bool
    """Whether the record of every step verifies as it came."""


def import_everything(
    database: Database, file: Path, *, now: datetime, erased: Sequence[Listed] = ()
) -> BroughtIn:
    """Fill an empty database. Patients who have been ``erased`` since do not come back.

    Refuses a file of another version, one that is not whole, and a place that holds data.
    """
    with _opened(file) as archive:
        manifest = _manifest(archive)
        _check_empty(counted_rows(database))
        schema.migrate(database)
        with _by_the_rules("this file"), database.writing() as session:
            _check_empty(rows_in(session.connection()))  # somebody may have been quicker
            rows = _fill(session.connection(), archive)
            _check_all_there(rows, manifest)
            count_on(session)
            intact = next(audit.verify(session), None) is None
            again = replay(session, erased, now=now)
            audit.record(session, CONSOLE, "place.imported", now=now, made_at=manifest.made_at)
    return BroughtIn(rows, manifest.made_at, again, intact)


@contextmanager
def _opened(file: Path) -> Iterator[ZipFile]:
    largest = csv.field_size_limit(LARGEST_CELL)
    try:
        with file.open("rb") as content, _unpacked(content) as archive:
            _check_packing(archive)
            yield archive
    except (BadZipFile, EOFError, zlib.error) as error:
        raise Invalid(DAMAGED, field="file") from error
    finally:
        csv.field_size_limit(largest)


def _unpacked(content: BinaryIO) -> ZipFile:
    try:
        return ZipFile(content)
    except BROKEN as error:
        raise Invalid(DAMAGED, field="file") from error


def _check_packing(archive: ZipFile) -> None:
    """Before anything is unpacked: no more of it is read than each file says it has."""
    entries = archive.infolist()
    if any(each.compress_type not in WAYS_TO_PACK for each in entries):
        raise Invalid(PACKED_OTHERWISE, field="file")
    if len(entries) > MOST_FILES:
        raise Invalid(
            N_("This ZIP has too many files ({count}). Please use one that `export-all` made."),
            field="file",
            count=len(entries),
        )
    if sum(each.file_size for each in entries) > LARGEST_UNPACKED:
        raise Invalid(
            N_(
                "This ZIP unpacks to more than {most} GB, which no place has. Please use one that "
                "`export-all` made."
            ),
            field="file",
            most=LARGEST_UNPACKED // 1024**3,
        )


@contextmanager
def _entry(archive: ZipFile, name: str) -> Iterator[IO[bytes]]:
    try:
        entry = archive.open(name)
    except BROKEN as error:
        raise Invalid(DAMAGED, field="file") from error
    except RuntimeError as error:  # how ``zipfile`` says that it wants a password
        raise Invalid(PACKED_OTHERWISE, field="file") from error
    with entry:
        yield entry


def _manifest(archive: ZipFile) -> Exported:
    try:
        with _entry(archive, MANIFEST) as entry:
            manifest = _said(json.loads(entry.read(LARGEST_MANIFEST)))
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise Invalid(NOT_OURS, field="file") from error
    if (manifest.format, manifest.schema) != (FORMAT, schema.newest_revision()):
        raise Invalid(
            N_(
                "This file is of another Frontdesk (schema {theirs}, here {ours}). Please bring "
                "it in with that version, then update."
            ),
            field="file",
            theirs=manifest.schema,
            ours=schema.newest_revision(),
        )
    return manifest


def _said(read: Mapping[str, Any]) -> Exported:
    """What the file says of itself; ``TypeError`` or ``ValueError`` where that is no such thing."""
    manifest = Exported(**read)
    datetime.fromisoformat(manifest.made_at)
    if not isinstance(manifest.rows, dict):
        raise TypeError(manifest.rows)
    return manifest


def _check_empty(rows: Mapping[str, int]) -> None:
    """What no file carries, as the code that names the first admin, is in nobody's way."""
    filled = [each.name for each in carried_tables() if rows.get(each.name)]
    if filled:
        raise DatabaseNotReady(
            N_(
                "That database already holds data ({tables}). Everything goes into an empty "
                "one. Please name another in FRONTDESK_DATABASE_URL."
            ),
            tables=", ".join(filled),
        )


def _fill(target: Connection, archive: ZipFile) -> dict[str, int]:
    rows = {}
    for table in carried_tables():
        try:
            with _by_the_rules(file_of(table)), _entry(archive, file_of(table)) as entry:
                rows[table.name] = _fill_table(target, table, entry)
        except KeyError as error:
            raise Invalid(
                N_("{file} is missing from this file. Please make it again."),
                field="file",
                file=file_of(table),
            ) from error
    return rows


@contextmanager
def _by_the_rules(file: str) -> Iterator[None]:
    """What the database does not take, at a row or at the end, as a refusal of the file."""
    try:
        yield
    except (IntegrityError, DataError) as error:
        raise Invalid(
            N_(
                "A row of {file} breaks a rule of the database ({rule}); nothing was kept. "
                "Please make the file again."
            ),
            field="file",
            file=file,
            rule=str(error.orig).partition("\n")[0],
        ) from error


def _fill_table(target: Connection, table: Table, entry: IO[bytes]) -> int:
    count, rows = 0, _rows(table, entry)
    while part := list(islice(rows, ROWS_AT_ONCE)):
        target.execute(table.insert(), part)
        count += len(part)
    return count


def _rows(table: Table, entry: IO[bytes]) -> Iterator[dict[str, Any]]:
    instead = dict(INSTEAD.get(table.name, {}))
    readers = {each.name: reader_of(each) for each in carried_columns(table)}
    with io.TextIOWrapper(entry, encoding="utf-8-sig", newline="") as text:
        bounded = _Bounded(text)
        lines = csv.reader(bounded, strict=True)
        try:
            header = _header(lines, readers)
            for cells in lines:
                bounded.used = 0
                yield _row(header, cells, readers) | instead
        except (csv.Error, KeyError, OverflowError, ValueError) as error:
            raise Invalid(
                N_(
                    "{file} cannot be read at line {line} ({why}); nothing was kept. Please "
                    "make the file again."
                ),
                field="file",
                file=file_of(table),
                line=lines.line_num,
                why=error,
            ) from error


class _Bounded:
    """The lines of a file, as long as no row is longer than memory is good for."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self.used = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LARGEST_ROW)
        self.used += len(line)
        if self.used >= LARGEST_ROW:
            raise csv.Error("this row is longer than any")
        if not line:
            raise StopIteration
        return line


def _header(lines: Iterator[list[str]], readers: Mapping[str, object]) -> list[str]:
    header = next(lines, [])
    if sorted(header) != sorted(readers):
        raise ValueError(f"columns: {', '.join(sorted(set(header) ^ set(readers)))}")
    return header


def _row(
    header: list[str], cells: list[str], readers: Mapping[str, Callable[[str], Any]]
) -> dict[str, Any]:
    return {name: readers[name](cell) for name, cell in zip(header, cells, strict=True)}


def _check_all_there(rows: Mapping[str, int], manifest: Exported) -> None:
    for name, count in rows.items():
        if manifest.rows.get(name) != count:
            raise Invalid(
                N_(
                    "{file} has {count} rows where {manifest} says {said}; nothing was kept. "
                    "Please make the file again."
                ),
                field="file",
                file=f"{name}.csv",
                count=count,
                manifest=MANIFEST,
                said=manifest.rows.get(name, 0),
            )
