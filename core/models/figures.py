"""What figures are counted from, kept beside the bookings and made again from them at any time.

Whatever changes a booking, a trigger writes down which day or patient is to be read anew.
"""

import enum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base, words

MADE_AGAIN = {"made_again": True}
"""Marks tables that no copy needs: they follow from the others."""


class Kept(enum.StrEnum):
    """What is kept, and what its key is."""

    VISITS = "visits"
    """By the day of UTC they begin on, counted from 1970."""
    MADE = "made"
    """By the day of UTC they were booked on."""
    PATIENTS = "patients"
    """By patient: their first visit; a change has the patient's number as its key, and what is
    kept that of some thousand of them."""


class FigureDay(Base):
    """The bookings of one day, or some patients' first visits, packed as numbers."""

    __tablename__ = "figure_days"
    __table_args__ = {"info": MADE_AGAIN}  # noqa: RUF012 - as SQLAlchemy wants it

    of: Mapped[Kept] = mapped_column(words(Kept, "of"), primary_key=True)
    key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    facts: Mapped[bytes]


class FigureChange(Base):
    """A day or a patient whose bookings have changed since they were kept."""

    __tablename__ = "figure_changes"
    __table_args__ = (Index(None, "of", "key"), {"info": MADE_AGAIN})

    id: Mapped[int] = mapped_column(primary_key=True)
    of: Mapped[Kept] = mapped_column(words(Kept, "of"))
    key: Mapped[int]
