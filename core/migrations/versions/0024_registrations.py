"""Whether patients register by themselves, and what is kept of them until they are verified.

Revision ID: 0024
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0024"
down_revision = "0032"
branch_labels = None
depends_on = None

POINTING = ("one_time_links", "outbox")


def upgrade() -> None:
    op.add_column(
        "organisation",
        sa.Column("patients_register", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
    )
    op.create_index(op.f("ix_registrations_email"), "registrations", ["email"])
    for table in POINTING:
        # Written out: SQLite takes a reference along with its column, and only so.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN registration_id INTEGER "
            f"CONSTRAINT fk_{table}_registration_id_registrations REFERENCES registrations (id)"
        )
        name = op.f(f"ix_{table}_registration_id")
        op.create_index(name, table, ["registration_id"])


def downgrade() -> None:
    for table in POINTING:
        op.execute(f"DELETE FROM {table} WHERE registration_id IS NOT NULL")
        op.drop_index(op.f(f"ix_{table}_registration_id"), table_name=table)
        op.drop_column(table, "registration_id")
    op.drop_table("registrations")
    op.drop_column("organisation", "patients_register")
