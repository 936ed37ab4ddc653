"""Patients who are to be seen again.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recalls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("professional_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("last_called_at", Instant(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_because", _ends(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(closed_because IS NULL) = (closed_at IS NULL)", name=op.f("ck_recalls_closed")
        ),
        sa.CheckConstraint(
            "(closed_because IS NOT NULL AND closed_because = 'booked') = (booking_id IS NOT NULL)",
            name=op.f("ck_recalls_booked"),
        ),
        _to("patient_id", "patients"),
        _to("service_id", "services"),
        _to("professional_id", "professionals"),
        _to("booking_id", "bookings"),
        _to("created_by", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recalls")),
        sa.UniqueConstraint(
            "created_by", "request_key", name=op.f("uq_recalls_created_by_request_key")
        ),
    )
    for columns in (["patient_id"], ["booking_id"], ["closed_at", "due_on"]):
        op.create_index(op.f(f"ix_recalls_{'_'.join(columns)}"), "recalls", columns)


def downgrade() -> None:
    op.drop_table("recalls")


def _ends() -> sa.Enum:
    return sa.Enum(
        "booked",
        "not_wanted",
        name="closed_because",
        native_enum=False,
        create_constraint=True,
        length=20,
    )


def _to(column: str, referred: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_recalls_{column}_{referred}")
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=name)
