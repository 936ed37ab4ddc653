"""Every step on record, and the access that was taken for a good reason."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class AuditEntry(Base):
    """One step on record; each carries the hash of the one before it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "at", "id"),
        Index(None, "user_id", "at", "id"),
        Index(None, "action", "at", "id"),
        Index(None, "object_kind", "object_id", "at", "id"),
    )

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


class ExceptionalAccess(Base):
    """One patient's record, open for an hour to somebody whose patient they are not."""

    __tablename__ = "exceptional_accesses"
    __table_args__ = (Index(None, "user_id", "ends_at"), Index(None, "noted_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"))
    reason: Mapped[str]
    """What the person wrote: here and not in the audit, so that it can be erased."""
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    noted_at: Mapped[datetime | None]
    """When an admin took note of it."""
    noted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
