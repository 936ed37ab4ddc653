"""Words that mean the same as an expertise.

Revision ID: 0020
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "expertise_synonyms",
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("expertise_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["expertise_id"],
            ["expertise.id"],
            name=op.f("fk_expertise_synonyms_expertise_id_expertise"),
        ),
        sa.PrimaryKeyConstraint("folded", name=op.f("pk_expertise_synonyms")),
    )
    op.create_index(
        op.f("ix_expertise_synonyms_expertise_id"), "expertise_synonyms", ["expertise_id"]
    )


def downgrade() -> None:
    op.drop_table("expertise_synonyms")
