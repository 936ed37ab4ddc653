"""Who signs in by their names without accents, to be searched and put in order by.

Revision ID: 0037
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

from core.folding import fold

revision = "0037"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    folded = sa.Column("folded", sa.Text(), nullable=False, server_default="")
    op.add_column("users", folded)
    users = sa.table("users", sa.column("id", sa.Integer), sa.column("name"), sa.column("folded"))
    connection = op.get_bind()
    values = [
        {"of": id, "to": fold(name)}
        for id, name in connection.execute(sa.select(users.c.id, users.c.name))
    ]
    if values:
        change = sa.update(users).where(users.c.id == sa.bindparam("of"))
        connection.execute(change.values(folded=sa.bindparam("to")), values)


def downgrade() -> None:
    op.drop_column("users", "folded")
