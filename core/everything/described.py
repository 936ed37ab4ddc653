"""The README inside the file: which CSV holds what, and what is in none of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table

from core.everything.cells import kind_of
from core.everything.tables import ABOUT, INSTEAD, LEFT_OUT, carried_columns, carried_tables

HEAD = """\
# Everything Frontdesk holds of this place

Made at {now}. One CSV file for each table: UTF-8 with commas, the first line names the columns.
An empty cell means that there is no value. Numbers called `id` tie the files together, money is
in hundredths of the currency, and instants are in UTC. Text that a spreadsheet would run as a
formula has an apostrophe before it, which is taken off again on the way in. `manifest.json` says
how many rows each file has.

To build the place up again, in an empty database of the same Frontdesk:

    python -m core import-all FILE.zip
    python -m core check

Nobody has a password there: `python -m core admin create NAME` makes the first admin, who sends
everybody else a new link under Practice, People.

This file is not encrypted and names every patient. Keep it as you keep their records.
"""


def describe(now: datetime) -> str:
    """The README as Markdown."""
    return "\n".join((HEAD.format(now=now.isoformat()), *_files(), *_left_out()))


def _files() -> Iterator[str]:
    for table in carried_tables():
        yield f"## {table.name}.csv\n\n{ABOUT[table.name]}\n"
        for column in carried_columns(table):
            yield f"- `{column.name}`: {_says(column)}"
        yield ""


def _says(column: Column[Any]) -> str:
    empty = ", or empty" if column.nullable else ""
    for key in column.foreign_keys:
        return f"the {key.column.name} of a row in {key.column.table.name}.csv{empty}"
    return f"{kind_of(column)}{empty}"


def _left_out() -> Iterator[str]:
    yield "## What is in none of them\n"
    for table, columns in INSTEAD.items():
        yield from (f"- `{each}` of {table}: it opens a door" for each in columns)
    yield from (f"- {name}: {why}" for name, why in LEFT_OUT.items())


def file_of(table: Table) -> str:
    return f"{table.name}.csv"
