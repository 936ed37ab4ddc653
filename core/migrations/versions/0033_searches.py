"""What was looked for, and whether it was found.

Revision ID: 0033
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0036"
branch_labels = None
depends_on = None

COUNTED = [
    "searched_on",
    "service_id",
    "professional_id",
    "weekday",
    "channel",
    "days_ahead",
    "reason",
]
CHANNELS = ("desk", "professional", "patient", "import")


def upgrade() -> None:
    op.create_table(
        "searches",
        sa.Column("key", sa.String(length=22), nullable=False),
        sa.Column("searched_on", sa.Date(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                *CHANNELS, name="channel", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=True),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("days_ahead", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_searches_days")),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_searches_weekday")),
        sa.CheckConstraint(
            "(found > 0) = (days_ahead IS NOT NULL)", name=op.f("ck_searches_found")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["services.id"], name=op.f("fk_searches_service_id_services")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professionals.id"],
            name=op.f("fk_searches_professional_id_professionals"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_searches")),
    )
    op.create_index("ix_searches_counted", "searches", COUNTED)


def downgrade() -> None:
    op.drop_table("searches")
