"""What the columns of a file hold: known by their titles, or said once and remembered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import audit
from core.models import ImportColumn
from core.policy import Actor, Permission, require
from core.transfer.kinds import COLUMNS, FileKind
from core.transfer.reading import column_named, read_first, title_key


@dataclass(frozen=True)
class Heading:
    """A column of a file, with what stands in its first row."""

    title: str
    column: str
    """Ours, as it is remembered or known; empty where it is neither."""
    example: str


def read_headings(
    session: Session, actor: Actor, kind: FileKind, content: bytes, *, encoding: str | None = None
) -> list[Heading]:
    """The columns of a file. ``Invalid`` where it cannot be read at all."""
    require(actor, Permission.IMPORT)
    known = COLUMNS[kind]
    titles, cells = read_first(content, known, encoding=encoding)
    said = select(ImportColumn.title, ImportColumn.column).where(ImportColumn.kind == kind)
    remembered = {
        title: column for title, column in session.execute(said) if column in ("", *known)
    }
    examples = [*cells, *[""] * len(titles)]
    return [
        Heading(title.strip(), column_named(title, known, remembered), example.strip())
        for title, example in zip(titles, examples, strict=False)
        if title.strip()
    ]


def remember_columns(
    session: Session, actor: Actor, kind: FileKind, said: Mapping[str, str], *, now: datetime
) -> None:
    """Keep what each title stands for, where it is not what the title says by itself."""
    require(actor, Permission.IMPORT)
    known = COLUMNS[kind]
    told = {title_key(title): column for title, column in said.items() if column in ("", *known)}
    session.execute(
        delete(ImportColumn).where(ImportColumn.kind == kind, ImportColumn.title.in_(told))
    )
    kept = {title: column for title, column in told.items() if column_named(title, known) != column}
    session.add_all(ImportColumn(kind=kind, title=t, column=column) for t, column in kept.items())
    audit.record(session, actor, "import.columns_said", now=now, kind=kind, count=len(kept))
