"""What a booking was sold as before it was moved to another service.

Revision ID: 0027
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Steps from before this do not tell: undone, they leave service and price as they are.
    op.add_column("booking_events", sa.Column("old_service_id", sa.Integer(), nullable=True))
    op.add_column("booking_events", sa.Column("old_price_cents", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("booking_events", "old_price_cents")
    op.drop_column("booking_events", "old_service_id")
