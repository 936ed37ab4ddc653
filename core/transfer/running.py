"""What every import does alike: open the file, one at a time, row by row, kept or not."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from core.db import IMPORT_LOCK, take_lock
from core.policy import Actor, Permission, require
from core.transfer.reading import Columns, Table, check_columns, keyed, read_table
from core.transfer.report import ImportOptions, ImportReport, Progress, RowReport, is_kept

Part = TypeVar("Part")


def open_table(
    session: Session,
    actor: Actor,
    content: bytes,
    options: ImportOptions,
    columns: Columns,
    needed: Mapping[str, tuple[str, ...]],
) -> Table:
    """The rows of a file, for who may import and while nobody else does.

    Raises ``Invalid`` where the file as a whole cannot be read.
    """
    require(actor, Permission.IMPORT)
    table = read_table(content, columns, encoding=options.encoding, said=keyed(options.said))
    check_columns(table, needed)
    # Two of the same file must not both find nobody there.
    take_lock(session.connection(), IMPORT_LOCK)
    return table


def bring_parts(
    session: Session,
    table: Table,
    options: ImportOptions,
    parts: Sequence[Part],
    settle: Callable[[Part], Sequence[RowReport]],
    progress: Progress,
) -> ImportReport:
    """Settle what belongs together part by part; all of it is undone where it is not kept."""
    rows: list[RowReport] = []
    with session.begin_nested() as whole:
        for part in parts:
            rows += settle(part)
            progress(len(rows), len(table.rows))
        saved = is_kept(options.keep, rows)
        if not saved:
            whole.rollback()
    rows.sort(key=lambda each: each.line)
    return ImportReport(tuple(rows), saved, table.encoding, table.ignored_columns)
