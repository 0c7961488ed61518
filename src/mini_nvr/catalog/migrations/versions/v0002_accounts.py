"""Accounts, sessions, audit records and the counters that slow down guessing."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("must_change", sa.Integer, nullable=False),
        sa.Column("disabled", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("created_utc_us", sa.Integer, nullable=False),
        sa.Column("changed_utc_us", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_key", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("credential", sa.Text, nullable=False),
        sa.Column("since_utc_us", sa.Integer, nullable=False),
        sa.Column("last_seen_utc_us", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("browser", sa.Text, nullable=False),
        sa.Column("ended_utc_us", sa.Integer),
        sa.Column("end_cause", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("sessions_of_user", "sessions", ["user_key"])
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at_utc_us", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("instants", sa.LargeBinary, nullable=False),
        sa.Column("streak", sa.Integer, nullable=False),
        sa.Column("last_utc_us", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("throttle_by_age", "throttle", ["last_utc_us"])
