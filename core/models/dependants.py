"""Patients who are looked after by another."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class Dependant(Base):
    """Whoever signs in as the guardian acts for the patient, too.

    Two records that become one may bring the same pair twice; it counts once.
    """

    __tablename__ = "dependants"

    id: Mapped[int] = mapped_column(primary_key=True)
    guardian_patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients.id"), index=True)
    added_at: Mapped[datetime]
