"""The place, its people and what it offers: whatever can be busy has a calendar."""

import enum
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.models.base import Base, Edited, words


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


class ServiceColour(enum.StrEnum):
    """What its visits are marked with; screens decide on the shade."""

    BLUE = "blue"
    GREEN = "green"
    ORANGE = "orange"
    PINK = "pink"
    VIOLET = "violet"


class PartOfDay(enum.StrEnum):
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class OpeningView(enum.StrEnum):
    """With which view of the book the desk opens."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    LIST = "list"


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
    two_step_required: Mapped[bool] = mapped_column(default=False)
    """Staff who sign in with a password set up a second step before anything else."""
    keep_months: Mapped[int | None]
    """Patients who have not come for so long are proposed for erasure; None: nobody is."""
    patients_book: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Patients find times and book by themselves."""
    directory_open: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Who is bookable, and when, is shown to whoever has not signed in too."""
    patients_register: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whoever is not on file yet registers by themselves."""
    most_open_bookings: Mapped[int] = mapped_column(default=3, server_default="3")
    """How many visits to come a patient may have booked by themselves."""
    opening_view: Mapped[OpeningView] = mapped_column(
        words(OpeningView, "opening_view"), default=OpeningView.DAY, server_default="day"
    )


class Logo(Base):
    """The logo of the place, as large as it is printed: one row at most."""

    __tablename__ = "logos"
    __table_args__ = (CheckConstraint("length(content) <= 200000", name="size"),)

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    """The hash of what it shows: its address."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]


class ReasonKind(enum.StrEnum):
    """What a reason from the desk's lists is given for."""

    CANCEL = "cancel"
    OVERRIDE = "override"


class ListedReason(Base, Edited):
    """A reason the desk chooses from: what is recorded is its words as they were then."""

    __tablename__ = "reasons"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ReasonKind] = mapped_column(words(ReasonKind, "kind"))
    name: Mapped[str]
    by_patient: Mapped[bool] = mapped_column(default=False)
    """Of a cancellation: the patient wished it, so it can be late; else nobody is."""
    needs_words: Mapped[bool] = mapped_column(default=False)
    """Of a rule set aside: it says nothing by itself, so the desk says more."""
    position: Mapped[int]
    archived_at: Mapped[datetime | None]


class Calendar(Base):
    __tablename__ = "calendars"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[CalendarKind] = mapped_column(words(CalendarKind, "kind"))


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
    alerts: Mapped[str] = mapped_column(default="", server_default="")
    """What has to be seen before they are booked, one short sentence a line."""
    preferred_parts: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """Words of ``PartOfDay`` with commas between them; empty is any time."""
    preference: Mapped[str] = mapped_column(default="", server_default="")
    """What else they like, in words."""
    no_contact: Mapped[bool] = mapped_column(default=False, server_default=false())
    """They want no messages: nothing is sent to them, not even what is already waiting."""
    search: Mapped[str] = mapped_column(default="")
    """What the desk types against: folded name, digits, birth date and e-mail."""
    erasure_asked_at: Mapped[datetime | None]
    """Since when the patient wants everything about them erased."""
    archived_at: Mapped[datetime | None]

    calendar: Mapped[Calendar] = relationship(lazy="raise_on_sql")


class PreferredProfessional(Base):
    """Whom a patient would rather come to."""

    __tablename__ = "preferred_professionals"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), primary_key=True)
    professional_id: Mapped[int] = mapped_column(
        ForeignKey("professionals.id"), primary_key=True, index=True
    )


class Professional(Base, Edited):
    __tablename__ = "professionals"

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendars.id"), unique=True)
    name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    bio: Mapped[str] = mapped_column(default="")
    languages: Mapped[str] = mapped_column(default="")
    tier_id: Mapped[int | None] = mapped_column(ForeignKey("tiers.id"))
    """What sets them apart, given by an admin; most are in none."""
    colour: Mapped[str] = mapped_column(String(7), default="#0072B2")
    zone: Mapped[str | None]
    """The professional's own time zone; the organisation's where there is none."""
    visits_per_day: Mapped[int | None]
    visits_per_week: Mapped[int | None]
    minutes_per_day: Mapped[int | None]
    minutes_per_week: Mapped[int | None]
    listed: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Patients find and book them by themselves."""
    archived_at: Mapped[datetime | None]

    calendar: Mapped[Calendar] = relationship(lazy="raise_on_sql")

    @hybrid_property
    def premium(self) -> bool:
        """Whether they are in a tier."""
        return self.tier_id is not None

    @premium.inplace.expression
    @classmethod
    def _premium_in_sql(cls) -> ColumnElement[bool]:
        return cls.tier_id.is_not(None)

    expertise: Mapped[list["Expertise"]] = relationship(
        secondary="professional_expertise", lazy="raise_on_sql", order_by="Expertise.name"
    )


class Tier(Base, Edited):
    """A name patients see, and what it adds to the service's price: percent, cents or nothing."""

    __tablename__ = "tiers"
    __table_args__ = (
        CheckConstraint(
            "percent >= 0 AND surcharge_cents >= 0 AND (percent = 0 OR surcharge_cents = 0)",
            name="surcharge",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    percent: Mapped[int] = mapped_column(default=0)
    surcharge_cents: Mapped[int] = mapped_column(default=0)


class Expertise(Base):
    __tablename__ = "expertise"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class ExpertiseSynonym(Base):
    """Another word that means the same: "heart" for cardiology."""

    __tablename__ = "expertise_synonyms"

    folded: Mapped[str] = mapped_column(primary_key=True)
    """The word without accents and case, as it is looked up."""
    word: Mapped[str]
    expertise_id: Mapped[int] = mapped_column(ForeignKey("expertise.id"), index=True)


class ProfessionalExpertise(Base):
    __tablename__ = "professional_expertise"

    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"), primary_key=True)
    expertise_id: Mapped[int] = mapped_column(
        ForeignKey("expertise.id"), primary_key=True, index=True
    )


class Portrait(Base):
    """The picture of a professional, as small as it is shown."""

    __tablename__ = "portraits"
    __table_args__ = (CheckConstraint("length(content) <= 200000", name="size"),)

    professional_id: Mapped[int] = mapped_column(ForeignKey("professionals.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    """The hash of what it shows: its address, which nobody can guess without having it."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime]


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
        CheckConstraint("tax_rate BETWEEN 0 AND 10000", name="tax_rate"),
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
    tax_rate: Mapped[int] = mapped_column(default=0, server_default="0")
    """In hundredths of a per cent: 2300 is 23 %. Prices include it."""
    colour: Mapped[ServiceColour | None] = mapped_column(words(ServiceColour, "colour"))
    listed: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Patients book it by themselves."""
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
