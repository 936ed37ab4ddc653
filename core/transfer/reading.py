"""From the bytes of a file to rows of named cells, whatever program wrote it.

Encodings, separators and headers are recognised; what cannot be read is refused in a sentence
that says what to do about it.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from charset_normalizer import from_bytes

from core.errors import N_, BookingError, Invalid
from core.patients import fold

if TYPE_CHECKING:
    from _csv import Reader

LARGEST_FILE_BYTES = 64 * 1024 * 1024
MOST_ROWS = 200_000
MOST_COLUMNS = 200
LONGEST_TITLE = 100
"""As it is remembered; without its accents one may be longer than it was with them."""
SEPARATORS = (",", ";", "\t", "|")
SAMPLE_BYTES = 50_000
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
NO_HEADER = N_("The first line of this file does not name columns. Please add a line that does.")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would run a cell that starts so."""

Columns = Mapping[str, tuple[str, ...]]
"""A column's name, and the headers it is known by, folded and without spaces."""
Said = Mapping[str, str]
"""What somebody said that a title stands for: a column's name, or nothing."""
NOTHING_SAID: Said = MappingProxyType({})


@dataclass(frozen=True)
class Row:
    line: int
    cells: Mapping[str, str]
    refusal: BookingError | None = None


@dataclass(frozen=True)
class Table:
    rows: tuple[Row, ...]
    encoding: str
    columns: frozenset[str]
    ignored_columns: tuple[str, ...]


def read_file(path: Path) -> bytes:
    """A file's content, unless it is larger than anybody's list of patients."""
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise _too_large()
    return path.read_bytes()


def read_table(
    content: bytes, columns: Columns, *, encoding: str | None = None, said: Said = NOTHING_SAID
) -> Table:
    """The rows of a CSV file, or ``Invalid`` with what is wrong with the file.

    What was ``said`` of a title goes before what it says by itself.
    """
    reader, header, encoding = _opened(content, columns, encoding)
    names = [column_named(each, columns, said) for each in header]
    _check_header(names, header)
    rows = tuple(_rows(reader, names))
    return Table(
        rows=rows,
        encoding=encoding,
        columns=frozenset(each for each in names if each),
        ignored_columns=tuple(
            title.strip()
            for title, name in zip(header, names, strict=True)
            if not name and title.strip()
        ),
    )


def read_first(
    content: bytes, columns: Columns, *, encoding: str | None = None
) -> tuple[list[str], list[str]]:
    """The titles of a file and the cells of its first row."""
    reader, header, _encoding = _opened(content, columns, encoding)
    try:
        return header, [plain_cell(each) for each in next(reader, [])]
    except csv.Error:
        return header, []


def _opened(
    content: bytes, columns: Columns, encoding: str | None
) -> tuple["Reader", list[str], str]:
    text, encoding = decode(content, encoding)
    text, separator = _separator(text, columns)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    return reader, _header(reader), encoding


def check_columns(table: Table, needed: Mapping[str, tuple[str, ...]]) -> None:
    """Each needed thing must be told by at least one of its columns."""
    for label, any_of in needed.items():
        if table.columns.isdisjoint(any_of):
            raise Invalid(
                N_("This file has no column for {column}. Its first line must name the columns."),
                field="file",
                column=label,
            )


def csv_cell(value: object) -> str:
    """A cell that no spreadsheet runs as a formula; reading it gives the value back."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def uncovered(cell: str) -> str:
    """What ``csv_cell`` was given, to the letter."""
    covered = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS)
    return cell[1:] if covered else cell


def plain_cell(cell: str) -> str:
    """The same without the spaces around it."""
    return uncovered(cell).strip()


# Encodings.


def decode(content: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file and the encoding it was read in."""
    if not content.strip():
        raise Invalid(N_("This file is empty. Please choose another."), field="file")
    if len(content) > LARGEST_FILE_BYTES:
        raise _too_large()
    if content.startswith(SPREADSHEETS):
        raise Invalid(
            N_("This is a spreadsheet, not a CSV file. Please save it as CSV first."), field="file"
        )
    for guess in (encoding,) if encoding else _guesses(content):
        text = _decoded(content, guess)
        if text is not None and "\x00" not in text:
            return text, guess
    raise Invalid(
        N_("This is not a text file, or not in an encoding we know. Please save it as CSV, UTF-8."),
        field="file",
    )


def _guesses(content: bytes) -> Iterator[str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield "utf-16"
        return
    yield "utf-8-sig"
    sample = content[:SAMPLE_BYTES]
    if b"\x00" in sample:
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        if max(even, odd) > len(sample) // 5:
            yield "utf-16-be" if even > odd else "utf-16-le"
        return
    if from_bytes(sample, cp_isolation=["cp1252", "latin_1"]).best() is not None:
        yield "cp1252"
        yield "latin-1"


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


# Rows.


def _separator(text: str, columns: Columns) -> tuple[str, str]:
    """The separator under which the header names most columns that are known, or else most
    columns; ``sep=;`` says it outright."""
    text = text.lstrip("\ufeff\r\n")
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) <= 5:
        return rest, first.strip()[4:] or "\t"
    titles = {each: _split(first, each) for each in SEPARATORS}
    known = {
        each: sum(bool(column_named(title, columns)) for title in titles[each])
        for each in SEPARATORS
    }
    return text, max(SEPARATORS, key=lambda each: (known[each], len(titles[each])))


def _split(line: str, separator: str) -> list[str]:
    return [each.strip().strip('"') for each in line.split(separator, MOST_COLUMNS)]


def _header(reader: "Reader") -> list[str]:
    try:
        header = next(reader)
    except (csv.Error, StopIteration):
        raise Invalid(
            N_("The first line of this file does not name columns. Please add a line that does."),
            field="file",
        ) from None
    if len(header) > MOST_COLUMNS:
        raise Invalid(
            N_("This file has too many columns. Please take out those that are not needed."),
            field="file",
        )
    return header


def column_named(title: str, columns: Columns, said: Said = NOTHING_SAID) -> str:
    """Our name of a column, or nothing where nobody knows it."""
    key = title_key(title)
    if key in said:
        return said[key]
    return next((name for name, known in columns.items() if key in known), "")


def keyed(said: Mapping[str, str]) -> Said:
    """What was said of titles as they are written, by how they are compared."""
    return {title_key(title): column for title, column in said.items()}


def title_key(title: str) -> str:
    """A title as it is compared: without accents, case and spaces."""
    return fold(title[:LONGEST_TITLE]).replace(" ", "")[:LONGEST_TITLE]


def _check_header(names: list[str], header: list[str]) -> None:
    if not any(names):
        raise Invalid(NO_HEADER, field="file")
    for name in names:
        if name and names.count(name) > 1:
            titles = [title for title, each in zip(header, names, strict=True) if each == name]
            raise Invalid(
                N_("Two columns of this file say the same: {titles}. Please keep one."),
                field="file",
                titles=", ".join(each.strip() for each in titles),
            )


def _rows(reader: "Reader", names: list[str]) -> Iterator[Row]:
    count = 0
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _unreadable(line, error)
            count += 1
            continue
        if not any(each.strip() for each in fields):
            continue
        count += 1
        if count > MOST_ROWS:
            raise Invalid(
                N_("This file has more than {most} rows. Please split it."),
                field="file",
                most=MOST_ROWS,
            )
        yield _row(line, fields, names)


def _row(line: int, fields: list[str], names: list[str]) -> Row:
    cells = {name: plain_cell(field) for name, field in zip(names, fields, strict=False) if name}
    if len(fields) < len(names) or any(each.strip() for each in fields[len(names) :]):
        wrong = Invalid(
            N_("This row has {found} cells, the first line has {wanted}."),
            found=len(fields),
            wanted=len(names),
        )
        return Row(line, cells, wrong)
    return Row(line, cells)


def _unreadable(line: int, error: csv.Error) -> Row:
    if "end of data" in str(error):
        raise Invalid(
            N_("The quotation mark opened in line {line} is never closed. Please close it."),
            field="file",
            line=line,
        )
    return Row(line, {}, Invalid(N_("The quotation marks in this row do not match.")))


def _too_large() -> Invalid:
    return Invalid(
        N_("This file is larger than {most} MB. Please split it."),
        field="file",
        most=LARGEST_FILE_BYTES // 1024**2,
    )
