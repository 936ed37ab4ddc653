"""The logo of the place, and with which view the desk opens.

Revision ID: 0036
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None

VIEWS = ("day", "week", "month", "list")


def upgrade() -> None:
    view = sa.Enum(
        *VIEWS, name="opening_view", native_enum=False, create_constraint=True, length=20
    )
    with op.batch_alter_table("organisation") as organisation:
        organisation.add_column(
            sa.Column("opening_view", view, nullable=False, server_default="day")
        )
    op.create_table(
        "logos",
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.CheckConstraint("length(content) <= 200000", name=op.f("ck_logos_size")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_logos_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_logos")),
    )


def downgrade() -> None:
    op.drop_table("logos")
    with op.batch_alter_table("organisation") as organisation:
        organisation.drop_constraint(op.f("ck_organisation_opening_view"), type_="check")
        organisation.drop_column("opening_view")
