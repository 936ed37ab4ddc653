"""Lists of reasons that an admin edits, where they were written in the program.

Revision ID: 0034
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant, utc_now

revision = "0034"
down_revision = "0030"
branch_labels = None
depends_on = None

# Words, whether the patient wished it, whether it says nothing by itself.
UNTIL_NOW = {
    "cancel": (
        ("Patient is ill", True, False),
        ("Patient cannot come", True, False),
        ("Professional is away", False, False),
        ("Booked by mistake", False, False),
        ("Other", True, False),
    ),
    "override": (
        ("Urgent", False, False),
        ("Agreed with the professional", False, False),
        ("Patient is here without a booking", False, False),
        ("Our mistake", False, False),
        ("Other", False, True),
    ),
}


def upgrade() -> None:
    reasons = op.create_table(
        "reasons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("by_patient", sa.Boolean(), nullable=False),
        sa.Column("needs_words", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('cancel', 'override')", name=op.f("ck_reasons_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reasons")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_reasons_kind_name")),
    )
    # A place that is set up later gets them with its name.
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM organisation")):
        op.bulk_insert(reasons, _rows())


def _rows() -> list[dict[str, object]]:
    now = utc_now()
    return [
        {
            "kind": kind,
            "name": name,
            "by_patient": by_patient,
            "needs_words": needs_words,
            "position": position,
            "created_at": now,
            "updated_at": now,
            "version": 1,
        }
        for kind, listed in UNTIL_NOW.items()
        for position, (name, by_patient, needs_words) in enumerate(listed)
    ]


def downgrade() -> None:
    op.drop_table("reasons")
