"""The waiting list: who would come when a time becomes free, and the times they were offered."""

import enum
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.models.base import Base, Edited, words
from core.models.practice import Patient, Professional, Service


class WaitingState(enum.StrEnum):
    """Being offered a time is no state of its own: an offer says so, while it runs."""

    WAITING = "waiting"
    BOOKED = "booked"
    CLOSED = "closed"


class Priority(enum.StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"


class Answer(enum.StrEnum):
    """What became of an offer. One without an answer runs until its hold does."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    TAKEN_BACK = "taken_back"
    """By the desk, before the patient was asked."""


ONE_EACH = text("state = 'waiting'")
"""A patient waits once for a service; past entries are kept."""


class WaitingEntry(Base, Edited):
    __tablename__ = "waiting_entries"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="days"),
        CheckConstraint("notice_minutes >= 0", name="notice"),
        CheckConstraint("(state = 'booked') = (booking_id IS NOT NULL)", name="booked"),
        CheckConstraint("(state = 'waiting') = (closed_at IS NULL)", name="closed"),
        UniqueConstraint("created_by", "request_key"),
        Index(
            "uq_waiting_entries_waiting",
            "patient_id",
            "service_id",
            unique=True,
            sqlite_where=ONE_EACH,
            postgresql_where=ONE_EACH,
        ),
        Index(None, "state", "service_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    weekdays: Mapped[str] = mapped_column(String(13), default="1,2,3,4,5,6,7")
    """ISO weekdays, as in "1,3,5"."""
    times: Mapped[str] = mapped_column(String(60), default="")
    """Minutes of the local day in which the visit may start, as in "0-720,1020-1440"; empty
    for any time."""
    notice_minutes: Mapped[int] = mapped_column(default=0)
    """The shortest notice the patient can manage."""
    priority: Mapped[Priority] = mapped_column(words(Priority, "priority"), default=Priority.NORMAL)
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[WaitingState] = mapped_column(
        words(WaitingState, "state"), default=WaitingState.WAITING
    )
    close_reason: Mapped[str] = mapped_column(default="")
    closed_at: Mapped[datetime | None]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"), index=True)
    """What the waiting ended with."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    request_key: Mapped[str] = mapped_column(String(64))

    patient: Mapped[Patient] = relationship(lazy="raise_on_sql")
    service: Mapped[Service] = relationship(lazy="raise_on_sql")


class WaitingProfessional(Base):
    """Somebody the patient would come to; an entry without any means everybody."""

    __tablename__ = "waiting_professionals"

    entry_id: Mapped[int] = mapped_column(ForeignKey("waiting_entries.id"), primary_key=True)
    professional_id: Mapped[int] = mapped_column(
        ForeignKey("professionals.id"), primary_key=True, index=True
    )


class Offer(Base):
    """A time held for somebody who waits, while the desk asks them; kept as the log."""

    __tablename__ = "offers"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
        CheckConstraint(
            "(answer IS NOT NULL AND answer = 'accepted') = (booking_id IS NOT NULL)",
            name="accepted",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("waiting_entries.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    """As offered: the entry may be changed to another one."""
    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    hold_id: Mapped[int | None] = mapped_column(
        ForeignKey("bookings.id", ondelete="SET NULL"), index=True
    )
    """The hold while there is one; nothing is left of it afterwards."""
    held_until: Mapped[datetime]
    offered_at: Mapped[datetime]
    offered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answer: Mapped[Answer | None] = mapped_column(words(Answer, "answer"))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"), index=True)

    entry: Mapped[WaitingEntry] = relationship(lazy="raise_on_sql")
    service: Mapped[Service] = relationship(lazy="raise_on_sql")
    professional: Mapped[Professional] = relationship(lazy="raise_on_sql")

    def runs(self, now: datetime) -> bool:
        """Whether the time is held for the patient at this moment."""
        return self.answer is None and self.held_until > now
