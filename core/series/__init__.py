"""Series: bookings made together that repeat, and changed together or one by one.

Each is a booking of its own. A plan shows every date with what is in its way; what is saved
is the whole plan or nothing.
"""

from core.series.booking import book_series, preview_series
from core.series.changing import cancel_series, load_series, move_series, preview_move, to_come
from core.series.planning import MOST_DAYS, NEAR_DAYS
from core.series.repeats import MOST_BETWEEN, Repeats, dates_of
from core.series.requests import (
    CancelSeriesRequest,
    MoveSeriesAsked,
    MoveSeriesRequest,
    RowChange,
    RowKey,
    RowState,
    Scope,
    Seen,
    SeriesAsked,
    SeriesPlan,
    SeriesRequest,
    SeriesRow,
)
from core.series.undoing import NotAllBack, Undoable, UndoSeriesRequest, load_undoable, undo_series

__all__ = [
    "MOST_BETWEEN",
    "MOST_DAYS",
    "NEAR_DAYS",
    "CancelSeriesRequest",
    "MoveSeriesAsked",
    "MoveSeriesRequest",
    "NotAllBack",
    "Repeats",
    "RowChange",
    "RowKey",
    "RowState",
    "Scope",
    "Seen",
    "SeriesAsked",
    "SeriesPlan",
    "SeriesRequest",
    "SeriesRow",
    "UndoSeriesRequest",
    "Undoable",
    "book_series",
    "cancel_series",
    "dates_of",
    "load_series",
    "load_undoable",
    "move_series",
    "preview_move",
    "preview_series",
    "to_come",
    "undo_series",
]
