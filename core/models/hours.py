"""When professionals work: weekly habits, single dates, openings, time off, closures."""

import enum
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, Edited, words


class HoursKind(enum.StrEnum):
    WORK = "work"
    BREAK = "break"


class WorkingHours(Base):
    """A weekly habit on the wall clock: minutes since midnight, past 1440 when overnight."""

    __tablename__ = "working_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint(
            "starts_minute BETWEEN 0 AND 1439 AND ends_minute > starts_minute "
            "AND ends_minute <= starts_minute + 1440",
            name="minutes",
        ),
        CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_to >= valid_from", name="valid"
        ),
        Index(None, "professional_id", "weekday"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"))
    weekday: Mapped[int]
    """ISO: Monday is 1, Sunday is 7."""
    kind: Mapped[HoursKind] = mapped_column(words(HoursKind, "kind"), default=HoursKind.WORK)
    starts_minute: Mapped[int]
    ends_minute: Mapped[int]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    """The last day included."""


class HoursChange(Base):
    """One save of weekly hours, and what stood before it: the version of the hours."""

    __tablename__ = "hours_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"), index=True)
    at: Mapped[datetime]
    before: Mapped[str]
    """JSON: the rows of ``working_hours`` as they were; empty once it cannot be undone."""
    undone_at: Mapped[datetime | None]


class StrandedVisit(Base):
    """A visit that other hours left without any, handed to the desk to be moved or cancelled."""

    __tablename__ = "stranded_visits"

    booking_id: Mapped[int] = mapped_column(
        ForeignKey("bookings.id"), primary_key=True, autoincrement=False
    )
    starts_at: Mapped[datetime]
    """When it was to begin: once it begins at another time the desk has moved it."""
    handed_at: Mapped[datetime]


class DateHours(Base):
    """One date's own hours, in place of the weekday's; without minutes the date is closed."""

    __tablename__ = "date_hours"
    __table_args__ = (
        CheckConstraint(
            "(starts_minute IS NULL AND ends_minute IS NULL) OR (starts_minute BETWEEN 0 AND 1439 "
            "AND ends_minute > starts_minute AND ends_minute <= starts_minute + 1440)",
            name="minutes",
        ),
        Index(None, "professional_id", "on_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"))
    on_date: Mapped[date]
    kind: Mapped[HoursKind] = mapped_column(words(HoursKind, "kind"), default=HoursKind.WORK)
    starts_minute: Mapped[int | None]
    ends_minute: Mapped[int | None]


class Removable:
    """Taken away, a row is out of use; for a short time it can be put back as it was."""

    removed_at: Mapped[datetime | None]


class Opening(Base, Edited, Removable):
    """Extra time a professional publishes once, besides the weekly hours."""

    __tablename__ = "openings"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        Index(None, "professional_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class TimeOffKind(enum.StrEnum):
    AWAY = "away"
    """Nobody is there: what is booked is to be moved."""
    NOT_BOOKABLE = "not_bookable"
    """At work, and taking nothing new: what is booked takes place."""


class TimeOff(Base, Edited, Removable):
    __tablename__ = "time_off"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        Index(None, "professional_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")
    kind: Mapped[TimeOffKind] = mapped_column(
        words(TimeOffKind, "kind"), default=TimeOffKind.AWAY, server_default="away"
    )


class Closure(Base, Edited, Removable):
    """Days on which the whole place is closed, both included."""

    __tablename__ = "closures"
    __table_args__ = (CheckConstraint("last_on >= first_on", name="days"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    first_on: Mapped[date]
    last_on: Mapped[date] = mapped_column(index=True)
    name: Mapped[str]
