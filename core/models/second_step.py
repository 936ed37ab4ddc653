"""The second step of signing in: what makes the codes, and what stands in for them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.models.base import Base


class SecondStep(Base):
    """What somebody's codes are made from: offered first, on once a code has come back.

    The secret is kept as it is, since each code is made from it. A key to lock it with would
    lie beside the database, and whoever has only a copy of it still lacks every password.
    """

    __tablename__ = "second_steps"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))
    offered_at: Mapped[datetime]
    on_since: Mapped[datetime | None]
    last_count: Mapped[int] = mapped_column(default=0)
    """The newest half minute a code was taken for: none of that time or before counts again."""


class RecoveryCode(Base):
    """A code on paper, for the day the telephone is lost. It works once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]
