"""Patients who were on file twice, and pairs that only look it.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "patient_merges",
        sa.Column("merged_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kept_version", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        _to("patient_merges", "merged_id", "patients"),
        _to("patient_merges", "kept_id", "patients"),
        _to("patient_merges", "user_id", "users"),
        sa.PrimaryKeyConstraint("merged_id", name=op.f("pk_patient_merges")),
    )
    op.create_index(op.f("ix_patient_merges_kept_id"), "patient_merges", ["kept_id"])
    op.create_table(
        "told_apart",
        sa.Column("first_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("second_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_told_apart_order")),
        _to("told_apart", "first_id", "patients"),
        _to("told_apart", "second_id", "patients"),
        _to("told_apart", "user_id", "users"),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_told_apart")),
    )
    op.create_index(op.f("ix_told_apart_second_id"), "told_apart", ["second_id"])


def downgrade() -> None:
    op.drop_table("told_apart")
    op.drop_table("patient_merges")


def _to(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{referred}")
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=name)
