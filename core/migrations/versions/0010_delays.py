"""Professionals who run late, and who was told.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delays",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_delays_minutes")),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professionals.id"],
            name=op.f("fk_delays_professional_id_professionals"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delays")),
        sa.UniqueConstraint(
            "professional_id", "day_on", name=op.f("uq_delays_professional_id_day_on")
        ),
    )
    op.create_table(
        "delay_calls",
        sa.Column("booking_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("expected_at", Instant(), nullable=False),
        sa.Column("called_at", Instant(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_delay_calls_booking_id_bookings")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_delay_calls_user_id_users")
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_delay_calls")),
    )


def downgrade() -> None:
    op.drop_table("delay_calls")
    op.drop_table("delays")
