"""What was taken away by mistake can be put back for a while.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("openings", "time_off", "closures")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("removed_at", Instant(), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        # What has been taken away must not come back by itself.
        op.execute(sa.text(f"DELETE FROM {table} WHERE removed_at IS NOT NULL"))
        op.drop_column(table, "removed_at")
