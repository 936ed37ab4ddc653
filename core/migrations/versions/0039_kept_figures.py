"""What figures are counted from, kept by day, and triggers that say which days have changed.

Revision ID: 0039
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0037"
branch_labels = None
depends_on = None

OF = ("visits", "made", "patients")
DAY = 86400
COUNTED = (
    "service_id, professional_id, room_id, starts_at, ends_at, state, held_until, price_cents, "
    "currency, channel, seats, cancel_asked_by_patient, cancelled_late, arrived_at, started_at, "
    "created_at"
)
SEAT = "booking_id, patient_id, waiting, state"


def upgrade() -> None:
    op.create_table(
        "figure_days",
        sa.Column("of", _of(), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("of", "key", name=op.f("pk_figure_days")),
    )
    op.create_table(
        "figure_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("of", _of(), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_changes")),
    )
    op.create_index("ix_figure_changes_of_key", "figure_changes", ["of", "key"])
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in sqlite_triggers() if on_sqlite else POSTGRESQL_TRIGGERS:
        op.execute(statement)
    days = _day_on_sqlite if on_sqlite else _day_on_postgresql
    for of, key, table in (
        ("visits", days("starts_at"), "bookings"),
        ("made", days("created_at"), "bookings"),
        ("patients", "patient_id", "attendees"),
    ):
        op.execute(
            f"INSERT INTO figure_changes (of, key) SELECT DISTINCT '{of}', {key} FROM {table}"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in ("bookings", "attendees"):
            for change in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER {table}_figures_{change}")
    else:
        for table in ("bookings", "attendees"):
            op.execute(f"DROP TRIGGER {table}_figures ON {table}")
            op.execute(f"DROP FUNCTION {table}_figures()")
    op.drop_table("figure_changes")
    op.drop_table("figure_days")


def _of() -> sa.Enum:
    return sa.Enum(*OF, name="of", native_enum=False, create_constraint=True, length=20)


def _day_on_sqlite(instant: str) -> str:
    """Rounded down before 1970 as well."""
    return f"(({instant}) - ((({instant}) % {DAY}) + {DAY}) % {DAY}) / {DAY}"


def _day_on_postgresql(instant: str) -> str:
    return f"CAST(floor(extract(epoch FROM {instant}) / {DAY}) AS integer)"


def sqlite_triggers() -> list[str]:
    """One for each change of a table; a key that is written down already is not written twice."""

    def changed(of: str, key: str, source: str = "") -> str:
        return (
            f"INSERT INTO figure_changes (of, key) SELECT DISTINCT '{of}', {key} {source} "
            f"{'AND' if source else 'WHERE'} NOT EXISTS "
            f"(SELECT 1 FROM figure_changes WHERE of = '{of}' AND key = {key});"
        )

    def booking(row: str) -> str:
        return (
            changed("visits", _day_on_sqlite(f"{row}.starts_at"))
            + changed("made", _day_on_sqlite(f"{row}.created_at"))
            + changed("patients", "patient_id", f"FROM attendees WHERE booking_id = {row}.id")
        )

    def attendee(row: str) -> str:
        day = _day_on_sqlite("starts_at")
        return changed("patients", f"{row}.patient_id") + changed(
            "visits", day, f"FROM bookings WHERE id = {row}.booking_id"
        )

    found = []
    for table, columns, lines in (("bookings", COUNTED, booking), ("attendees", SEAT, attendee)):
        for change, when, body in (
            ("insert", "INSERT", lines("NEW")),
            ("update", f"UPDATE OF {columns}", lines("OLD") + lines("NEW")),
            ("delete", "DELETE", lines("OLD")),
        ):
            found.append(
                f"CREATE TRIGGER {table}_figures_{change} AFTER {when} ON {table} BEGIN {body} END"
            )
    return found


# A change that is not committed yet is seen by nobody else: here every one is written down.
POSTGRESQL_TRIGGERS = [
    f"""
    CREATE FUNCTION bookings_figures() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            INSERT INTO figure_changes (of, key) VALUES
                ('visits', {_day_on_postgresql("OLD.starts_at")}),
                ('made', {_day_on_postgresql("OLD.created_at")});
            INSERT INTO figure_changes (of, key)
                SELECT 'patients', patient_id FROM attendees WHERE booking_id = OLD.id;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO figure_changes (of, key) VALUES
                ('visits', {_day_on_postgresql("NEW.starts_at")}),
                ('made', {_day_on_postgresql("NEW.created_at")});
        END IF;
        RETURN NULL;
    END $$
    """,
    f"""
    CREATE TRIGGER bookings_figures AFTER INSERT OR DELETE OR UPDATE OF {COUNTED} ON bookings
    FOR EACH ROW EXECUTE FUNCTION bookings_figures()
    """,
    f"""
    CREATE FUNCTION attendees_figures() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            INSERT INTO figure_changes (of, key) VALUES ('patients', OLD.patient_id);
            INSERT INTO figure_changes (of, key)
                SELECT 'visits', {_day_on_postgresql("starts_at")}
                FROM bookings WHERE id = OLD.booking_id;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO figure_changes (of, key) VALUES ('patients', NEW.patient_id);
            INSERT INTO figure_changes (of, key)
                SELECT 'visits', {_day_on_postgresql("starts_at")}
                FROM bookings WHERE id = NEW.booking_id;
        END IF;
        RETURN NULL;
    END $$
    """,
    f"""
    CREATE TRIGGER attendees_figures AFTER INSERT OR DELETE OR UPDATE OF {SEAT} ON attendees
    FOR EACH ROW EXECUTE FUNCTION attendees_figures()
    """,
]
