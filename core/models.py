"""The tables, and predicates over them.

Everything that can be busy (a professional, a room, a patient) has a *calendar*; a booking
lays one *claim* on each calendar it needs. The guard against double booking lives on claims,
in the database (see the first migration).
"""

import enum
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Date,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    or_,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, relationship

from core.db import Instant, utc_now
from core.interval import Interval

LONGEST_VISIT_SECONDS = 24 * 3600
"""No visit is longer, so a look for overlaps never reads further back than this."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant(), date: Date(), str: Text()}


def words(kind: type[enum.Enum], name: str) -> Enum:
    """An enum kept as its own words, with a CHECK that holds the database to them."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


class Edited:
    """A row that people edit: stamped, and versioned so that a stale edit is noticed."""

    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)
    version: Mapped[int]

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class Role(enum.StrEnum):
    PATIENT = "patient"
    PROFESSIONAL = "professional"
    RECEPTIONIST = "receptionist"
    ADMIN = "admin"


class CalendarKind(enum.StrEnum):
    PROFESSIONAL = "professional"
    ROOM = "room"
    PATIENT = "patient"


class Anchor(enum.StrEnum):
    """Where starts fall: on multiples of the step, or counted from each opening."""

    CLOCK = "clock"
    OPENING = "opening"


class BufferRule(enum.StrEnum):
    """Between two visits: the larger of the two buffers, or both of them."""

    GAP = "gap"
    ADD = "add"


class HoursKind(enum.StrEnum):
    WORK = "work"
    BREAK = "break"


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


class Organisation(Base, Edited):
    """The place itself: one row."""

    __tablename__ = "organisation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str]
    zone: Mapped[str]
    country: Mapped[str] = mapped_column(String(2))
    """ISO 3166 code; the country a telephone number is read for when it has no prefix."""
    currency: Mapped[str] = mapped_column(String(3))


class Calendar(Base):
    __tablename__ = "calendars"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[CalendarKind] = mapped_column(words(CalendarKind, "kind"))


class User(Base, Edited):
    """Somebody who can sign in. What they may do follows from the role alone."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    """Case-folded; often an e-mail address."""
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"), unique=True)
    professional_id: Mapped[int | None] = mapped_column(ForeignKey("professionals.id"), unique=True)


class AuthSession(Base):
    """One sign-in of one browser. Only the hash of its token is kept."""

    __tablename__ = "auth_sessions"
    __table_args__ = (Index(None, "user_id", "revoked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ip: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str] = mapped_column(default="")

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class OneTimeLink(Base):
    """A secret that works once: a sign-in ticket, a set-up code. Only its hash is kept."""

    __tablename__ = "one_time_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """Wrong attempts counted against a hashed key, and when the next one is heard."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fails: Mapped[int]
    first_at: Mapped[datetime]
    next_at: Mapped[datetime]


class Patient(Base, Edited):
    __tablename__ = "patients"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendars.id"), unique=True)
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(String(32), default="", index=True)
    """E.164, or empty."""
    email: Mapped[str] = mapped_column(default="")
    born_on: Mapped[date | None]
    language: Mapped[str] = mapped_column(String(35), default="")
    desk_note: Mapped[str] = mapped_column(default="")
    search: Mapped[str] = mapped_column(default="")
    """What the desk types against: folded name, digits, birth date and e-mail."""
    archived_at: Mapped[datetime | None]

    calendar: Mapped[Calendar] = relationship(lazy="raise_on_sql")


class Professional(Base, Edited):
    __tablename__ = "professionals"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendars.id"), unique=True)
    name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    bio: Mapped[str] = mapped_column(default="")
    languages: Mapped[str] = mapped_column(default="")
    premium: Mapped[bool] = mapped_column(default=False)
    colour: Mapped[str] = mapped_column(String(7), default="#0072B2")
    zone: Mapped[str | None]
    """The professional's own time zone; the organisation's where there is none."""
    visits_per_day: Mapped[int | None]
    visits_per_week: Mapped[int | None]
    minutes_per_day: Mapped[int | None]
    minutes_per_week: Mapped[int | None]
    archived_at: Mapped[datetime | None]

    calendar: Mapped[Calendar] = relationship(lazy="raise_on_sql")
    expertise: Mapped[list["Expertise"]] = relationship(
        secondary="professional_expertise", lazy="raise_on_sql", order_by="Expertise.name"
    )


class Expertise(Base):
    __tablename__ = "expertise"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class ProfessionalExpertise(Base):
    __tablename__ = "professional_expertise"

    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"), primary_key=True)
    expertise_id: Mapped[int] = mapped_column(
        ForeignKey("expertise.id"), primary_key=True, index=True
    )


class Room(Base, Edited):
    __tablename__ = "rooms"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendars.id"), unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    archived_at: Mapped[datetime | None]

    calendar: Mapped[Calendar] = relationship(lazy="raise_on_sql")


class Service(Base, Edited):
    __tablename__ = "services"
    __table_args__ = (
        CheckConstraint("length_minutes BETWEEN 1 AND 1440", name="length"),
        CheckConstraint("step_minutes BETWEEN 1 AND 1440", name="step"),
        CheckConstraint("before_minutes >= 0 AND after_minutes >= 0", name="buffers"),
        CheckConstraint("seats >= 1", name="seats"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    length_minutes: Mapped[int]
    step_minutes: Mapped[int] = mapped_column(default=15)
    anchor: Mapped[Anchor] = mapped_column(words(Anchor, "anchor"), default=Anchor.CLOCK)
    before_minutes: Mapped[int] = mapped_column(default=0)
    after_minutes: Mapped[int] = mapped_column(default=0)
    buffer_rule: Mapped[BufferRule] = mapped_column(
        words(BufferRule, "buffer_rule"), default=BufferRule.GAP
    )
    notice_minutes: Mapped[int] = mapped_column(default=0)
    cancel_notice_minutes: Mapped[int] = mapped_column(default=24 * 60)
    """A patient's cancellation later than this before the start counts as late."""
    horizon_days: Mapped[int] = mapped_column(default=365)
    seats: Mapped[int] = mapped_column(default=1)
    price_cents: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]


class ProfessionalService(Base):
    """Who offers what, at which own length and price where they differ from the service's."""

    __tablename__ = "professional_services"

    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"), primary_key=True, index=True)
    length_minutes: Mapped[int | None]
    price_cents: Mapped[int | None]


class ServiceRoom(Base):
    """A service with rows here needs one of these rooms."""

    __tablename__ = "service_rooms"

    service_id: Mapped[int] = mapped_column(ForeignKey("services.id"), primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"), primary_key=True, index=True)


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


class Opening(Base, Edited):
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


class TimeOff(Base, Edited):
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


class Closure(Base, Edited):
    """Days on which the whole place is closed, both included."""

    __tablename__ = "closures"
    __table_args__ = (CheckConstraint("last_on >= first_on", name="days"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    first_on: Mapped[date]
    last_on: Mapped[date] = mapped_column(index=True)
    name: Mapped[str]


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


class BookingEvent(Base):
    """What happened to a booking, as ids and times only."""

    __tablename__ = "booking_events"
    __table_args__ = (Index(None, "booking_id", "id"),)

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


class AuditEntry(Base):
    """One step on record; each carries the hash of the one before it."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    session_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(40))
    object_kind: Mapped[str] = mapped_column(String(30))
    object_id: Mapped[int | None]
    fields: Mapped[str]
    """JSON: names of fields and ids, never what a person wrote."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
