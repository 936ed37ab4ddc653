"""What was looked for, and whether it was found: nothing about who looked, or for whom."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, words
from core.models.bookings import Channel

COUNTED = (
    "searched_on",
    "service_id",
    "professional_id",
    "weekday",
    "channel",
    "days_ahead",
    "reason",
)
"""All that figures ask for, so that they are counted without a look at the rows."""


class Search(Base):
    """One search for a time. Of its instant only the day is kept, so that no row can be laid
    beside what somebody did at that minute."""

    __tablename__ = "searches"
    __table_args__ = (
        CheckConstraint("last_on >= first_on", name="days"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("(found > 0) = (days_ahead IS NOT NULL)", name="found"),
        Index("ix_searches_counted", *COUNTED),
    )

    key: Mapped[str] = mapped_column(String(22), primary_key=True)
    """By chance: the same search looked at again is the same row."""
    searched_on: Mapped[date]
    channel: Mapped[Channel] = mapped_column(words(Channel, "channel"))
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    professional_id: Mapped[int | None] = mapped_column(ForeignKey("professionals.id"))
    """Whom it had to be with; none where several would do, or anybody."""
    weekday: Mapped[int | None]
    """The one day of the week it had to be on; none where several would do."""
    first_on: Mapped[date]
    last_on: Mapped[date]
    found: Mapped[int]
    """How many starts were shown that would do."""
    days_ahead: Mapped[int | None]
    """How long after ``first_on`` the first of them lay."""
    reason: Mapped[str] = mapped_column(String(20))
    """What stood in the way where nothing was found, as availability has it."""
