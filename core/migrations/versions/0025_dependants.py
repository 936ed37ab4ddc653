"""Who looks after whom: patients who book for a child, or for somebody in their care.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COLUMNS = ("guardian_patient_id", "patient_id")


def upgrade() -> None:
    op.create_table(
        "dependants",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COLUMNS),
        sa.Column("added_at", Instant(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [name], ["patients.id"], name=op.f(f"fk_dependants_{name}_patients")
            )
            for name in COLUMNS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dependants")),
    )
    for name in COLUMNS:
        op.create_index(op.f(f"ix_dependants_{name}"), "dependants", [name])


def downgrade() -> None:
    op.drop_table("dependants")
