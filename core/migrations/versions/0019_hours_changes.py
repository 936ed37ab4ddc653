"""Saves of weekly hours, visits they leave without any, and time that takes nothing new.

Revision ID: 0019
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0019"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hours_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("undone_at", Instant(), nullable=True),
        _to("hours_changes", "professional_id", "professionals"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_changes")),
    )
    op.create_index(op.f("ix_hours_changes_professional_id"), "hours_changes", ["professional_id"])
    op.create_table(
        "stranded_visits",
        sa.Column("booking_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("handed_at", Instant(), nullable=False),
        _to("stranded_visits", "booking_id", "bookings"),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_stranded_visits")),
    )
    # Written out: a table that is made anew takes the calls of its absences with it on SQLite.
    op.execute(
        "ALTER TABLE time_off ADD COLUMN kind VARCHAR(20) DEFAULT 'away' NOT NULL "
        "CONSTRAINT ck_time_off_kind CHECK (kind IN ('away', 'not_bookable'))"
    )


def downgrade() -> None:
    # Time that only took nothing new must not turn into an absence.
    op.execute(sa.text("DELETE FROM time_off WHERE kind = 'not_bookable'"))
    op.drop_column("time_off", "kind")
    op.drop_table("stranded_visits")
    op.drop_table("hours_changes")


def _to(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{referred}")
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=name)
