"""Bookings, holds, moves, states and groups against a model of a few lines, step by step.

The model keeps dictionaries and asks nobody. After every step the tables say what it says,
and every invariant holds.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from core.booking import (
    MAY_BECOME,
    BookingRequest,
    CancelRequest,
    MarkRequest,
    MoveRequest,
    UndoRequest,
    book,
    cancel,
    mark,
    move,
    undo,
)
from core.booking.groups import SeatRequest, join, leave
from core.check import find_broken
from core.errors import BookingError
from core.holds import HELD_FOR, HoldRequest, extend_hold, hold, release_hold
from core.models import OCCUPYING, Base, Booking, BookingState, Claim
from tests import a, force

S = BookingState
LENGTHS = {"visit": 30, "long": 60, "group": 60}
SEATS = {"visit": 1, "long": 1, "group": 3}
STEPPED = frozenset({S.ARRIVED, S.IN_PROGRESS, S.COMPLETED, S.NO_SHOW})

hours = st.sampled_from([9 + quarter / 4 for quarter in range(12)])
who = st.integers(0, 1)
whom = st.integers(0, 4)
which = st.integers(0, 30)
kinds = st.sampled_from(sorted(LENGTHS))


@dataclass
class Known:
    """One booking as the model knows it."""

    kind: str
    professional: int
    start: datetime
    state: BookingState
    room: bool = False
    held_until: datetime | None = None
    seated: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    before: BookingState | None = None
    """The state the last step began from, when it can be taken back."""

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=LENGTHS[self.kind])

    def meets(self, start: datetime, end: datetime) -> bool:
        return self.start < end and start < self.end
