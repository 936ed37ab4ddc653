"""What an import is asked for, and what it answers: one line for each row."""

import enum
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.errors import BookingError
from core.schedule import WeekdayWindow
from core.transfer.values import DateOrder

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows in all."""


def no_progress(_done: int, _total: int) -> None:
    """Nobody is watching."""


class Keep(enum.StrEnum):
    """What is kept of a file in which some rows are refused."""

    GOOD_ROWS = "good-rows"
    ALL_OR_NOTHING = "all-or-nothing"
    NOTHING = "nothing"
    """Only look: the report says what would happen."""


class Outcome(enum.StrEnum):
    ADDED = "added"
    MERGED = "merged"
    """Blanks of a record on file were filled; what it already said stays."""
    CHANGED = "changed"
    """What is on record was made as the row says."""
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class ImportOptions:
    date_order: DateOrder = DateOrder.YMD
    keep: Keep = Keep.GOOD_ROWS
    encoding: str | None = None
    """Named only where the file's own encoding is not recognised."""
    said: Mapping[str, str] = field(default_factory=dict)
    """What columns hold whose titles do not tell: title to column, or to nothing."""


@dataclass(frozen=True)
class RowReport:
    line: int
    """Where the row begins in the file; the header is line 1."""
    label: str
    """The row's name, for people."""
    outcome: Outcome
    refusal: BookingError | None = None
    filled: tuple[str, ...] = ()
    """The blanks a merge filled."""
    differs: tuple[str, ...] = ()
    """Where the row says something else than the record on file, which stays as it is."""
    changed: tuple[str, ...] = ()
    """What the row made different on record."""
    ends: tuple[WeekdayWindow, ...] = ()
    """Hours on record that the file no longer has."""

    @property
    def why(self) -> str:
        return "" if self.refusal is None else str(self.refusal)


@dataclass(frozen=True)
class ImportReport:
    rows: tuple[RowReport, ...]
    saved: bool
    """Whether anything of it was written."""
    encoding: str
    ignored_columns: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(each.outcome for each in self.rows)

    @property
    def refused(self) -> tuple[RowReport, ...]:
        return tuple(each for each in self.rows if each.outcome is Outcome.REFUSED)


def is_kept(keep: Keep, rows: list[RowReport]) -> bool:
    """Whether rows like these are written at all."""
    if keep is Keep.ALL_OR_NOTHING:
        return all(each.outcome is not Outcome.REFUSED for each in rows)
    return keep is Keep.GOOD_ROWS
