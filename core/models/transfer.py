"""How files of other systems were read, so that the next one is read the same."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class ImportColumn(Base):
    """What an admin said that a column holds."""

    __tablename__ = "import_columns"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    """What the file is of: patients, bookings and the others of ``core.transfer``."""
    title: Mapped[str] = mapped_column(String(100), primary_key=True)
    """The column's title without accents, case and spaces."""
    column: Mapped[str] = mapped_column(String(30))
    """Ours; empty where it is not used."""
