"""What is remembered of people who asked to be forgotten."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class Erasure(Base):
    """A patient who was erased: a number and times, nothing that tells who it was."""

    __tablename__ = "erasures"

    patient_id: Mapped[int] = mapped_column(
        ForeignKey("patients.id"), primary_key=True, autoincrement=False
    )
    added_at: Mapped[datetime]
    """When the patient was put on file: numbers may come again, the two together do not."""
    erased_at: Mapped[datetime]
    swept_at: Mapped[datetime | None]
    """When what the database had left of them in its files was cleared away."""
