"""Where bookings stood before they were moved is found without reading every event.

Revision ID: 0040
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0035"
branch_labels = None
depends_on = None

NAME = "ix_booking_events_changed"
CHANGED = sa.text("kind IN ('moved', 'undone')")


def upgrade() -> None:
    op.create_index(
        NAME,
        "booking_events",
        ["new_starts_at", "old_starts_at", "booking_id"],
        sqlite_where=CHANGED,
        postgresql_where=CHANGED,
    )


def downgrade() -> None:
    op.drop_index(NAME, "booking_events")
