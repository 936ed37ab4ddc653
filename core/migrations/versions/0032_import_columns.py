"""What the columns of other systems' files hold.

Revision ID: 0032
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_columns",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("column", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("kind", "title", name=op.f("pk_import_columns")),
    )


def downgrade() -> None:
    op.drop_table("import_columns")
