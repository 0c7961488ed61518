"""Counts of segments, bytes and footage by channel and UTC day, kept by triggers; an index that answers time lines alone."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_COUNT_NEW = """INSERT INTO footage_days VALUES (new.channel, new.start_utc_us / 86400000000, 1, new.size_bytes, new.duration_us)
ON CONFLICT DO UPDATE SET segments = segments + 1, size_bytes = size_bytes + excluded.size_bytes,
duration_us = duration_us + excluded.duration_us;"""
_DISCOUNT_OLD = """UPDATE footage_days SET segments = segments - 1, size_bytes = size_bytes - old.size_bytes,
duration_us = duration_us - old.duration_us WHERE channel = old.channel AND day = old.start_utc_us / 86400000000;
DELETE FROM footage_days WHERE channel = old.channel AND day = old.start_utc_us / 86400000000 AND segments = 0;"""


def upgrade() -> None:
    op.create_table(
        "footage_days",
        sa.Column("channel", sa.Integer, primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("duration_us", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO footage_days SELECT channel, start_utc_us / 86400000000, count(*), sum(size_bytes), sum(duration_us) "
        "FROM segments GROUP BY 1, 2"
    )
    op.execute(f"CREATE TRIGGER segments_counted AFTER INSERT ON segments BEGIN\n{_COUNT_NEW}\nEND")
    op.execute(
        "CREATE TRIGGER segments_recounted AFTER UPDATE OF channel, start_utc_us, size_bytes, duration_us ON segments BEGIN\n"
        f"{_DISCOUNT_OLD}\n{_COUNT_NEW}\nEND"
    )
    op.execute(f"CREATE TRIGGER segments_discounted AFTER DELETE ON segments BEGIN\n{_DISCOUNT_OLD}\nEND")
    op.drop_index("segments_by_time", "segments")
    op.create_index("segments_by_time", "segments", ["channel", "start_utc_us", "duration_us", "size_bytes", "state"])
