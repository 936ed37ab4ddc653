"""Who can sign in, and their sessions."""

import enum
from datetime import date, datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from core.folding import fold
from core.models.base import Base, Edited, words


class Role(enum.StrEnum):
    PATIENT = "patient"
    PROFESSIONAL = "professional"
    RECEPTIONIST = "receptionist"
    ADMIN = "admin"


class User(Base, Edited):
    """Somebody who can sign in. What they may do follows from the role alone."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    """Case-folded; often an e-mail address."""
    name: Mapped[str]
    folded: Mapped[str] = mapped_column(default="", server_default="")
    """The name without accents or case: what a search and an order go by."""
    email: Mapped[str] = mapped_column(default="", server_default="")
    """Where links and notices go, or empty. Several users may share one."""
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("patients.id"), unique=True)
    professional_id: Mapped[int | None] = mapped_column(ForeignKey("professionals.id"), unique=True)

    @validates("name")
    def _fold_name(self, _key: str, name: str) -> str:
        self.folded = fold(name)
        return name


class AuthSession(Base):
    """One sign-in of one browser. Only the hash of its token is kept."""

    __tablename__ = "auth_sessions"
    __table_args__ = (Index(None, "user_id", "revoked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    auth_at: Mapped[datetime]
    """When a password or a code last proved who it is."""
    expires_at: Mapped[datetime]
    ip: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str] = mapped_column(default="")
    by_company: Mapped[bool] = mapped_column(default=False)
    """Opened by the company's own sign-in, which asks for a second step or does not."""

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class OneTimeLink(Base):
    """A secret that works once: a sign-in ticket, a set-up code. Only its hash is kept."""

    __tablename__ = "one_time_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id"), index=True)
    """Whose it is who is nobody's user yet."""
    tied_to: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """The hash of what must still hold for it to work, or empty."""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Registration(Base):
    """What somebody typed who registers, until a mail has shown that the address is theirs."""

    __tablename__ = "registrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(index=True)
    phone: Mapped[str] = mapped_column(String(32))
    born_on: Mapped[date | None]
    expires_at: Mapped[datetime]


class KnownDevice(Base):
    """A browser somebody has signed in from before. Only the hash of its cookie is kept."""

    __tablename__ = "known_devices"
    __table_args__ = (UniqueConstraint("user_id", "token_sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    token_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]


class Throttle(Base):
    """Wrong attempts counted against a hashed key, and when the next one is heard."""

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fails: Mapped[int]
    first_at: Mapped[datetime]
    next_at: Mapped[datetime]
