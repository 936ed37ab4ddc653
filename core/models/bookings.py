"""Bookings, who attends them, the calendars they claim and what happened to them."""

import enum
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.interval import Interval
from core.models.accounts import Role
from core.models.base import Base, Edited, words
from core.models.practice import Patient, Professional, Room, Service

LONGEST_VISIT_SECONDS = 24 * 3600
"""No visit is longer, so a look for overlaps never reads further back than this."""


class BookingState(enum.StrEnum):
    HELD = "held"
    BOOKED = "booked"
    ARRIVED = "arrived"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


OCCUPYING = frozenset(BookingState) - {BookingState.NO_SHOW, BookingState.CANCELLED}


class EventKind(enum.StrEnum):
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    MARKED = "marked"
    UNDONE = "undone"
    JOINED = "joined"
    LEFT = "left"


class Frequency(enum.StrEnum):
    """How a series repeats; by weekday means "the second Tuesday"."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY_BY_DATE = "monthly_by_date"
    MONTHLY_BY_WEEKDAY = "monthly_by_weekday"


class OverrideKind(enum.StrEnum):
    """The rule somebody at the desk set aside."""

    OVERLAP = "overlap"
    OUTSIDE_HOURS = "outside_hours"
    NOTICE = "notice"
    OFF_STEP = "off_step"
    BUFFER = "buffer"
    LIMIT = "limit"
    LATE_CANCEL = "late_cancel"


class Channel(enum.StrEnum):
    """Where a booking came from."""

    DESK = "desk"
    PROFESSIONAL = "professional"
    PATIENT = "patient"
    IMPORT = "import"


class Series(Base, Edited):
    """Bookings made together that repeat; each is a booking of its own."""

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint("every >= 1", name="every"),
        CheckConstraint("count IS NOT NULL OR until_on IS NOT NULL", name="ends"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    frequency: Mapped[Frequency] = mapped_column(words(Frequency, "frequency"))
    every: Mapped[int] = mapped_column(default=1)
    weekdays: Mapped[str] = mapped_column(String(13), default="")
    """ISO weekdays of a weekly series, as in "1,3,5"."""
    first_on: Mapped[date]
    count: Mapped[int | None]
    until_on: Mapped[date | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Booking(Base, Edited):
    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        CheckConstraint("(state = 'held') = (held_until IS NOT NULL)", name="held"),
        UniqueConstraint("created_by", "request_key"),
        Index(None, "professional_id", "starts_at"),
        Index(None, "starts_at", "state"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"))
    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[BookingState] = mapped_column(words(BookingState, "state"))
    held_until: Mapped[datetime | None]
    price_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    channel: Mapped[Channel] = mapped_column(words(Channel, "channel"))
    desk_note: Mapped[str] = mapped_column(default="")
    seats: Mapped[int] = mapped_column(default=1)
    """As sold; a group visit has more than one."""
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    cancel_reason: Mapped[str] = mapped_column(default="")
    cancel_asked_by_patient: Mapped[bool] = mapped_column(default=True)
    cancelled_late: Mapped[bool] = mapped_column(default=False)
    arrived_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    request_key: Mapped[str] = mapped_column(String(64))
    request_sha256: Mapped[str] = mapped_column(String(64))

    service: Mapped[Service] = relationship(lazy="raise_on_sql")
    professional: Mapped[Professional] = relationship(lazy="raise_on_sql")
    room: Mapped[Room | None] = relationship(lazy="raise_on_sql")
    attendees: Mapped[list["Attendee"]] = relationship(
        back_populates="booking", lazy="raise_on_sql", order_by="Attendee.id"
    )

    @property
    def interval(self) -> Interval:
        return Interval(self.starts_at, self.ends_at)

    @property
    def occupies(self) -> bool:
        return self.state in OCCUPYING


class Attendee(Base):
    """A patient in a booking, with a state of their own."""

    __tablename__ = "attendees"
    __table_args__ = (UniqueConstraint("booking_id", "patient_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    waiting: Mapped[bool] = mapped_column(default=False)
    """Beyond the seats of a group visit; moves up when somebody leaves."""
    state: Mapped[BookingState] = mapped_column(words(BookingState, "state"))

    booking: Mapped[Booking] = relationship(back_populates="attendees", lazy="raise_on_sql")
    patient: Mapped[Patient] = relationship(lazy="raise_on_sql")


class Confirmation(Base):
    """A patient said on the telephone that they will come; gone when the booking moves."""

    __tablename__ = "confirmations"

    attendee_id: Mapped[int] = mapped_column(
        ForeignKey("attendees.id"), primary_key=True, autoincrement=False
    )
    confirmed_at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Claim(Base):
    """A booking's hold on one calendar. Its index covers what availability reads."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="span"),
        Index(
            "ix_claims_busy",
            "calendar_id",
            "starts_at",
            "ends_at",
            "before_minutes",
            "after_minutes",
            "held_until",
            "guarded",
            "booking_id",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), index=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendars.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    before_minutes: Mapped[int] = mapped_column(default=0)
    after_minutes: Mapped[int] = mapped_column(default=0)
    """The buffers of the service as sold; the guard covers the visit alone."""
    held_until: Mapped[datetime | None]
    guarded: Mapped[bool] = mapped_column(default=True)
    """False only by an overlap override: the guard lets it lie over another claim."""

    @staticmethod
    def counts(now: datetime) -> ColumnElement[bool]:
        """Every claim but those of holds that have run out."""
        return or_(Claim.held_until.is_(None), Claim.held_until > now)


CHANGED = text("kind IN ('moved', 'undone')")
"""Of events: a visit was moved, or brought back. In words, as a partial index is only used
where the very same stands in the query."""


class BookingEvent(Base):
    """What happened to a booking, as ids and times only."""

    __tablename__ = "booking_events"
    __table_args__ = (
        Index(None, "booking_id", "id"),
        Index(
            "ix_booking_events_changed",
            "new_starts_at",
            "old_starts_at",
            "booking_id",
            sqlite_where=CHANGED,
            postgresql_where=CHANGED,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[EventKind] = mapped_column(words(EventKind, "kind"))
    patient_id: Mapped[int | None]
    """Who joined or left a group visit."""
    old_state: Mapped[BookingState | None] = mapped_column(words(BookingState, "old_state"))
    old_professional_id: Mapped[int | None]
    old_room_id: Mapped[int | None]
    old_starts_at: Mapped[datetime | None]
    old_ends_at: Mapped[datetime | None]
    old_service_id: Mapped[int | None]
    old_price_cents: Mapped[int | None]
    """What it is sold as now stands on the booking, or as old in the next event."""
    new_state: Mapped[BookingState] = mapped_column(words(BookingState, "new_state"))
    new_professional_id: Mapped[int]
    new_room_id: Mapped[int | None]
    new_starts_at: Mapped[datetime]
    new_ends_at: Mapped[datetime]


class Override(Base):
    """A rule set aside for one booking: by whom, when and why."""

    __tablename__ = "overrides"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), index=True)
    kind: Mapped[OverrideKind] = mapped_column(words(OverrideKind, "kind"))
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    at: Mapped[datetime]
