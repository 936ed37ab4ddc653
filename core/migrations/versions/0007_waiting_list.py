"""The waiting list, and the times offered to those on it."""

import sqlalchemy as sa
from alembic import op

from core.db import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    waiting_entries()
    op.create_table(
        "waiting_professionals",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["waiting_entries.id"],
            name=op.f("fk_waiting_professionals_entry_id_waiting_entries"),
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"],
            ["professionals.id"],
            name=op.f("fk_waiting_professionals_professional_id_professionals"),
        ),
        sa.PrimaryKeyConstraint(
            "entry_id", "professional_id", name=op.f("pk_waiting_professionals")
        ),
    )
    op.create_index(
        op.f("ix_waiting_professionals_professional_id"),
        "waiting_professionals",
        ["professional_id"],
    )
    offers()


def downgrade() -> None:
    op.drop_table("offers")
    op.drop_table("waiting_professionals")
    op.drop_table("waiting_entries")


def waiting_entries() -> None:
    op.create_table(
        "waiting_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("weekdays", sa.String(length=13), nullable=False),
        sa.Column("times", sa.String(length=60), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column("priority", words("priority", "normal", "urgent"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", words("state", "waiting", "booked", "closed"), nullable=False),
        sa.Column("close_reason", sa.Text(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on >= from_on", name=op.f("ck_waiting_entries_days")
        ),
        sa.CheckConstraint("notice_minutes >= 0", name=op.f("ck_waiting_entries_notice")),
        sa.CheckConstraint(
            "(state = 'booked') = (booking_id IS NOT NULL)",
            name=op.f("ck_waiting_entries_booked"),
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (closed_at IS NULL)", name=op.f("ck_waiting_entries_closed")
        ),
        *(
            foreign_key("waiting_entries", column, table)
            for column, table in (
                ("patient_id", "patients"),
                ("service_id", "services"),
                ("booking_id", "bookings"),
                ("created_by", "users"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entries")),
        sa.UniqueConstraint(
            "created_by", "request_key", name=op.f("uq_waiting_entries_created_by_request_key")
        ),
    )
    for columns in (["patient_id"], ["booking_id"], ["state", "service_id"]):
        name = op.f(f"ix_waiting_entries_{'_'.join(columns)}")
        op.create_index(name, "waiting_entries", columns)
    op.create_index(
        op.f("uq_waiting_entries_waiting"),
        "waiting_entries",
        ["patient_id", "service_id"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.Integer(), nullable=False),
        sa.Column("professional_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("hold_id", sa.Integer(), nullable=True),
        sa.Column("held_until", Instant(), nullable=False),
        sa.Column("offered_at", Instant(), nullable=False),
        sa.Column("offered_by", sa.Integer(), nullable=True),
        sa.Column(
            "answer",
            words("answer", "accepted", "declined", "no_answer", "taken_back"),
            nullable=True,
        ),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_offers_span")),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_offers_answered")
        ),
        sa.CheckConstraint(
            "(answer IS NOT NULL AND answer = 'accepted') = (booking_id IS NOT NULL)",
            name=op.f("ck_offers_accepted"),
        ),
        *(
            foreign_key("offers", column, table)
            for column, table in (
                ("entry_id", "waiting_entries"),
                ("service_id", "services"),
                ("professional_id", "professionals"),
                ("offered_by", "users"),
                ("answered_by", "users"),
                ("booking_id", "bookings"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["hold_id"],
            ["bookings.id"],
            name=op.f("fk_offers_hold_id_bookings"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
    )
    for column in ("entry_id", "hold_id", "booking_id"):
        op.create_index(op.f(f"ix_offers_{column}"), "offers", [column])


def words(name: str, *allowed: str) -> sa.Enum:
    return sa.Enum(*allowed, name=name, native_enum=False, create_constraint=True, length=20)


def foreign_key(of: str, column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{table}.id"], name=op.f(f"fk_{of}_{column}_{table}")
    )
