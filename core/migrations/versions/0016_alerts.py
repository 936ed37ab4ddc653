"""What has to be seen before a patient is booked, and what they like.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in (
        ("alerts", sa.Text()),
        ("preferred_parts", sa.String(length=40)),
        ("preference", sa.Text()),
    ):
        column = sa.Column(name, kind, nullable=False, server_default="")
        op.add_column("patients", column)
    op.create_table(
        "preferred_professionals",
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        _to("patient_id", "patients"),
        _to("professional_id", "professionals"),
        sa.PrimaryKeyConstraint(
            "patient_id", "professional_id", name=op.f("pk_preferred_professionals")
        ),
    )
    op.create_index(
        op.f("ix_preferred_professionals_professional_id"),
        "preferred_professionals",
        ["professional_id"],
    )


def downgrade() -> None:
    op.drop_table("preferred_professionals")
    for name in ("preference", "preferred_parts", "alerts"):
        op.drop_column("patients", name)


def _to(column: str, referred: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_preferred_professionals_{column}_{referred}")
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=name)
