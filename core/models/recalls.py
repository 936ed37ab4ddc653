"""Patients who are to be seen again, months from now."""

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.models.base import Base, Edited, words
from core.models.practice import Patient


class RecallEnd(enum.StrEnum):
    BOOKED = "booked"
    NOT_WANTED = "not_wanted"


class Recall(Base, Edited):
    """Somebody to call from a day on; what became of it is kept."""

    __tablename__ = "recalls"
    __table_args__ = (
        CheckConstraint("(closed_because IS NULL) = (closed_at IS NULL)", name="closed"),
        CheckConstraint(
            "(closed_because IS NOT NULL AND closed_because = 'booked') = (booking_id IS NOT NULL)",
            name="booked",
        ),
        UniqueConstraint("created_by", "request_key"),
        Index(None, "closed_at", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"))
    professional_id: Mapped[int | None] = mapped_column(ForeignKey("professionals.id"))
    due_on: Mapped[date]
    note: Mapped[str] = mapped_column(default="")
    last_called_at: Mapped[datetime | None]
    next_on: Mapped[date | None]
    """When to try again, once a call was not answered."""
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[RecallEnd | None] = mapped_column(words(RecallEnd, "closed_because"))
    close_reason: Mapped[str] = mapped_column(default="")
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"), index=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    request_key: Mapped[str] = mapped_column(String(64))

    patient: Mapped[Patient] = relationship(lazy="raise_on_sql")
