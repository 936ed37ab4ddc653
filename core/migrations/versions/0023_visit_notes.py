"""Private notes on visits.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visit_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _to("booking_id", "bookings"),
        _to("user_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_notes")),
        sa.UniqueConstraint(
            "booking_id", "user_id", name=op.f("uq_visit_notes_booking_id_user_id")
        ),
    )
    op.create_index(op.f("ix_visit_notes_user_id"), "visit_notes", ["user_id"])


def downgrade() -> None:
    op.drop_table("visit_notes")


def _to(column: str, referred: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_visit_notes_{column}_{referred}")
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=name)
