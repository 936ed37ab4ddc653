"""What the desk did, visit by visit, about a professional who is away."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, words


class CallStep(enum.StrEnum):
    OPENED = "opened"
    """Somebody has this visit before them and is calling."""
    NO_ANSWER = "no_answer"
    SKIPPED = "skipped"
    MOVED = "moved"
    CANCELLED = "cancelled"


class AbsenceCall(Base):
    """One step about one visit; what was taken back stays, with the time it was."""

    __tablename__ = "absence_calls"

    id: Mapped[int] = mapped_column(primary_key=True)
    time_off_id: Mapped[int] = mapped_column(
        ForeignKey("time_off.id", ondelete="CASCADE"), index=True
    )
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    step: Mapped[CallStep] = mapped_column(words(CallStep, "step"))
    at: Mapped[datetime]
    booking_version: Mapped[int]
    """The booking after the step: changed since, the step is not taken back."""
    ended_at: Mapped[datetime | None]
    """When it was taken back, or an opened visit was given up."""
