"""A value as it stands in a cell, and back: exact, and nothing a spreadsheet would run."""

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum as Words
from typing import Any

from sqlalchemy import Boolean, Column, Date, Enum, Integer, LargeBinary, String

from core.db import Instant
from core.transfer import csv_cell, uncovered

LARGEST_NUMBER = 2**63 - 1
"""What either engine keeps in a column."""

Convert = Callable[[Any], Any]


def writer_of(column: Column[Any]) -> Convert:
    """What makes a cell of a value; no value is an empty cell."""
    write = _pair(column)[0]
    return lambda value: "" if value is None else write(value)


def reader_of(column: Column[Any]) -> Convert:
    """The way back. ``ValueError``, ``KeyError`` or ``OverflowError`` for what cannot be held."""
    read = _pair(column)[1]
    if column.nullable:
        return lambda cell: None if cell == "" else read(cell)
    return read


def kind_of(column: Column[Any]) -> str:
    """What stands in the cells of a column, for people."""
    kind = column.type
    if isinstance(kind, Enum):
        return "one of: " + ", ".join(kind.enums)
    return next(says for of, says, *_pair in KINDS if isinstance(kind, of))


def _pair(column: Column[Any]) -> tuple[Convert, Convert]:
    kind = column.type
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return _word, kind.enum_class
    return next((write, read) for of, _says, write, read in KINDS if isinstance(kind, of))


def _word(value: Words) -> str:
    return str(value.value)


def _instant(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _read_instant(cell: str) -> datetime:
    read = datetime.fromisoformat(cell)
    if read.tzinfo is None:
        raise ValueError(cell)
    return read.astimezone(UTC)  # OverflowError, before the first year or after the last


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _read_yes_or_no(cell: str) -> bool:
    return {"yes": True, "no": False}[cell]


def _read_number(cell: str) -> int:
    number = int(cell)
    if abs(number) > LARGEST_NUMBER:
        raise ValueError(cell)
    return number


def _read_bytes(cell: str) -> bytes:
    return base64.b64decode(cell, validate=True)


def _bytes(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


KINDS: tuple[tuple[type, str, Convert, Convert], ...] = (
    (Instant, "date and time in UTC", _instant, _read_instant),
    (Boolean, "yes or no", _yes_or_no, _read_yes_or_no),
    (Date, "date", date.isoformat, date.fromisoformat),
    (Integer, "number", str, _read_number),
    (LargeBinary, "base64", _bytes, _read_bytes),
    (String, "text", csv_cell, uncovered),
)
