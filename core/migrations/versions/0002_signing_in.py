"""Known devices, and when a session last proved who it belongs to.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_devices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_known_devices_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
        sa.UniqueConstraint(
            "user_id", "token_sha256", name=op.f("uq_known_devices_user_id_token_sha256")
        ),
    )
    # Who is signed in now proved it when the session was opened.
    with op.batch_alter_table("auth_sessions") as sessions:
        sessions.add_column(sa.Column("auth_at", Instant(), nullable=True))
    op.execute("UPDATE auth_sessions SET auth_at = created_at")
    with op.batch_alter_table("auth_sessions") as sessions:
        sessions.alter_column("auth_at", existing_type=Instant(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("auth_sessions") as sessions:
        sessions.drop_column("auth_at")
    op.drop_table("known_devices")
