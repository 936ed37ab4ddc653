"""Pictures of professionals.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portraits",
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.CheckConstraint("length(content) <= 200000", name=op.f("ck_portraits_size")),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professionals.id"],
            name=op.f("fk_portraits_professional_id_professionals"),
        ),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_portraits")),
    )
    op.create_index(op.f("ix_portraits_key"), "portraits", ["key"])


def downgrade() -> None:
    op.drop_table("portraits")
