"""Erased patients, and how long things are kept.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("patient_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("erased_at", Instant(), nullable=False),
        sa.Column("swept_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_erasures_patient_id_patients")
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_erasures")),
    )
    op.add_column("patients", sa.Column("erasure_asked_at", Instant(), nullable=True))
    op.add_column("organisation", sa.Column("keep_months", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("organisation", "keep_months")
    op.drop_column("patients", "erasure_asked_at")
    op.drop_table("erasures")
