"""Messages on their way out."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, words


class MessageState(enum.StrEnum):
    """A message waits until it is sent, not wanted any more, or given up."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


class OutboxMessage(Base):
    """That somebody is to be written to, and why. What the message says is made when it is sent:
    the secret of a link never lies here."""

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe: Mapped[str] = mapped_column(unique=True)
    """The occasion: whatever asks twice, one message goes out."""
    kind: Mapped[str] = mapped_column(String(30))
    address: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"), index=True)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id"), index=True)
    booking_version: Mapped[int | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[MessageState] = mapped_column(
        words(MessageState, "state"), default=MessageState.WAITING
    )
    lease_until: Mapped[datetime | None]
    """Until then one worker has it in hand, or it pauses after a try that failed."""
    attempts: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[str] = mapped_column(default="")
    """Its Message-ID, from the first attempt on."""
    last_error: Mapped[str] = mapped_column(default="")
    finished_at: Mapped[datetime | None]
