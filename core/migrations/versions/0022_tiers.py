"""Tiers with a surcharge, where professionals were premium or not.

Revision ID: 0022
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant, utc_now

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None

TIERS = sa.table(
    "tiers",
    sa.column("id", sa.Integer()),
)
PROFESSIONALS = sa.table(
    "professionals",
    sa.column("premium", sa.Boolean()),
    sa.column("tier_id", sa.Integer()),
)


def upgrade() -> None:
    op.create_table(
        "tiers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("surcharge_cents", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "percent >= 0 AND surcharge_cents >= 0 AND (percent = 0 OR surcharge_cents = 0)",
            name=op.f("ck_tiers_surcharge"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tiers")),
        sa.UniqueConstraint("name", name=op.f("uq_tiers_name")),
    )
    # Written out: SQLite takes a reference along with its column, and only so.
    op.execute(
        "ALTER TABLE professionals ADD COLUMN tier_id INTEGER "
        "CONSTRAINT fk_professionals_tier_id_tiers REFERENCES tiers (id)"
    )
    _make_premium_a_tier()
    op.drop_column("professionals", "premium")


def _make_premium_a_tier() -> None:
    """Whoever was premium is in the tier of that name, which adds nothing to their prices."""
    connection = op.get_bind()
    were = sa.select(sa.func.count()).select_from(PROFESSIONALS).where(PROFESSIONALS.c.premium)
    if not connection.scalar(were):
        return
    connection.execute(
        sa.text(
            "INSERT INTO tiers (name, percent, surcharge_cents, created_at, updated_at, version) "
            "VALUES ('Premium', 0, 0, :now, :now, 1)"
        ).bindparams(sa.bindparam("now", utc_now(), type_=Instant()))
    )
    tier = sa.select(TIERS.c.id).scalar_subquery()
    connection.execute(PROFESSIONALS.update().where(PROFESSIONALS.c.premium).values(tier_id=tier))


def downgrade() -> None:
    op.add_column(
        "professionals",
        sa.Column("premium", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.execute(
        PROFESSIONALS.update().where(PROFESSIONALS.c.tier_id.is_not(None)).values(premium=sa.true())
    )
    op.drop_column("professionals", "tier_id")
    op.drop_table("tiers")
