"""What the desk did about each visit of a professional who is away.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STEPS = ("opened", "no_answer", "skipped", "moved", "cancelled")


def upgrade() -> None:
    op.create_table(
        "absence_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("time_off_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column(
            "step",
            sa.Enum(*STEPS, name="step", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("booking_version", sa.Integer(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["time_off_id"],
            ["time_off.id"],
            name=op.f("fk_absence_calls_time_off_id_time_off"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_absence_calls_booking_id_bookings")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_absence_calls_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence_calls")),
    )
    for column in ("time_off_id", "booking_id"):
        op.create_index(op.f(f"ix_absence_calls_{column}"), "absence_calls", [column])


def downgrade() -> None:
    op.drop_table("absence_calls")
