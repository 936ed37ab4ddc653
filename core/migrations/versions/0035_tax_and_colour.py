"""The tax in a service's price, and the colour its visits are marked with.

Revision ID: 0035
Revises: 0039
"""

from alembic import op

revision = "0035"
down_revision = "0039"
branch_labels = None
depends_on = None

COLOURS = "'blue', 'green', 'orange', 'pink', 'violet'"


def upgrade() -> None:
    # Written out: SQLite takes a check along with its column, and only so.
    op.execute(
        "ALTER TABLE services ADD COLUMN tax_rate INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_services_tax_rate CHECK (tax_rate BETWEEN 0 AND 10000)"
    )
    op.execute(
        "ALTER TABLE services ADD COLUMN colour VARCHAR(20) "
        f"CONSTRAINT ck_services_colour CHECK (colour IN ({COLOURS}))"
    )


def downgrade() -> None:
    op.drop_column("services", "colour")
    op.drop_column("services", "tax_rate")
