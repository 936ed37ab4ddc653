"""Access for a good reason, for an hour; and the audit's indexes, since it is read now.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

READ_BY = (
    ("at", "id"),
    ("user_id", "at", "id"),
    ("action", "at", "id"),
    ("object_kind", "object_id", "at", "id"),
)


def upgrade() -> None:
    op.create_table(
        "exceptional_accesses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("noted_at", Instant(), nullable=True),
        sa.Column("noted_by", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_exceptional_accesses_{column}_{table}")
            )
            for column, table in (
                ("user_id", "users"),
                ("patient_id", "patients"),
                ("noted_by", "users"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exceptional_accesses")),
    )
    op.create_index(
        op.f("ix_exceptional_accesses_user_id_ends_at"),
        "exceptional_accesses",
        ["user_id", "ends_at"],
    )
    op.create_index(op.f("ix_exceptional_accesses_noted_at"), "exceptional_accesses", ["noted_at"])
    for columns in READ_BY:
        op.create_index(_name(columns), "audit_entries", list(columns))


def downgrade() -> None:
    for columns in READ_BY:
        op.drop_index(_name(columns), "audit_entries")
    op.drop_table("exceptional_accesses")


def _name(columns: tuple[str, ...]) -> str:
    return op.f("ix_audit_entries_" + "_".join(columns))
