"""Patients who were on file twice, and pairs that only look it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class PatientMerge(Base):
    """A record that became part of another, with what it takes to part them again."""

    __tablename__ = "patient_merges"

    merged_id: Mapped[int] = mapped_column(
        ForeignKey("patients.id"), primary_key=True, autoincrement=False
    )
    kept_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    kept_version: Mapped[int]
    """The version of the kept record right after: a later one cannot be parted."""
    moved: Mapped[str]
    """JSON: the rows that changed hands, as numbers; empty once it cannot be undone."""
    before: Mapped[str]
    """JSON: what the kept record said; empty once it cannot be undone."""


class ToldApart(Base):
    """Two patients who look like one and are not."""

    __tablename__ = "told_apart"
    __table_args__ = (CheckConstraint("first_id < second_id", name="order"),)

    first_id: Mapped[int] = mapped_column(
        ForeignKey("patients.id"), primary_key=True, autoincrement=False
    )
    second_id: Mapped[int] = mapped_column(
        ForeignKey("patients.id"), primary_key=True, autoincrement=False, index=True
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
