"""What people have typed and not saved."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class Draft(Base):
    """What somebody has typed into one form. It is theirs alone, and not kept for long."""

    __tablename__ = "drafts"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    form: Mapped[str] = mapped_column(String(40), primary_key=True)
    patient_id: Mapped[int | None] = mapped_column(
        ForeignKey("patients.id", ondelete="CASCADE"), index=True
    )
    """Whose record the form belongs to, where it is one."""
    entries: Mapped[str]
    """Field by field, as JSON."""
    saved_at: Mapped[datetime] = mapped_column(index=True)
