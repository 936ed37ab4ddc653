"""Who runs late today, and who has been told."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Edited


class Delay(Base, Edited):
    """A professional's word for one day: the next visit begins so many minutes late."""

    __tablename__ = "delays"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="minutes"),
        UniqueConstraint("professional_id", "day_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"))
    day_on: Mapped[date]
    minutes: Mapped[int]
    said_at: Mapped[datetime]


class DelayCall(Base):
    """Somebody was told on the telephone when their visit will really begin."""

    __tablename__ = "delay_calls"

    booking_id: Mapped[int] = mapped_column(
        ForeignKey("bookings.id"), primary_key=True, autoincrement=False
    )
    expected_at: Mapped[datetime]
    called_at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
