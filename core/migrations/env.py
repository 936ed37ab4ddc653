"""Run by Alembic: one transaction for all that is to be done, on the connection we are given."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext

from core.models import Base


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | bool:
    """Write our own column types by name."""
    if kind == "type" and type(item).__module__ == "core.db":
        autogen.imports.add("from core.db import Instant")
        return f"{type(item).__name__}()"
    return False


def render_options(connection: Any) -> dict[str, Any]:
    return {
        "connection": connection,
        "target_metadata": Base.metadata,
        "render_item": render_item,
        "render_as_batch": connection.dialect.name == "sqlite",
        "transactional_ddl": True,
        "compare_type": True,
    }


context.configure(**render_options(context.config.attributes["connection"]))
with context.begin_transaction():
    context.run_migrations()
