"""A professional is away: the stranded visits one after the other, until none is left."""

from core.sick_day.proposing import Instead, Why, propose_instead
from core.sick_day.steps import (
    MoveInstead,
    TakenBack,
    cancel_stranded,
    move_stranded,
    no_answer,
    skip,
    take_next,
    undo_last,
)
from core.sick_day.worklist import Worklist, WorkRow, load_worklist

__all__ = [
    "Instead",
    "MoveInstead",
    "TakenBack",
    "Why",
    "WorkRow",
    "Worklist",
    "cancel_stranded",
    "load_worklist",
    "move_stranded",
    "no_answer",
    "propose_instead",
    "skip",
    "take_next",
    "undo_last",
]
