"""Whether patients find and book by themselves, how much of it, and with whom.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LISTED = ("professionals", "services")


def upgrade() -> None:
    for name, kind, at_first in (
        ("patients_book", sa.Boolean(), sa.true()),
        ("directory_open", sa.Boolean(), sa.false()),
        ("most_open_bookings", sa.Integer(), "3"),
    ):
        column = sa.Column(name, kind, nullable=False, server_default=at_first)
        op.add_column("organisation", column)
    for table in LISTED:
        column = sa.Column("listed", sa.Boolean(), nullable=False, server_default=sa.true())
        op.add_column(table, column)


def downgrade() -> None:
    for table in LISTED:
        op.drop_column(table, "listed")
    for name in ("most_open_bookings", "directory_open", "patients_book"):
        op.drop_column("organisation", name)
