"""Counts of segments and bytes by channel, kept by triggers: a year of 64 channels is 23,000 days to add up."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "footage_totals",
        sa.Column("channel", sa.Integer, primary_key=True),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO footage_totals SELECT channel, sum(segments), sum(size_bytes) FROM footage_days GROUP BY 1")
    op.execute("""CREATE TRIGGER days_counted AFTER INSERT ON footage_days BEGIN
INSERT INTO footage_totals VALUES (new.channel, new.segments, new.size_bytes)
ON CONFLICT DO UPDATE SET segments = segments + excluded.segments, size_bytes = size_bytes + excluded.size_bytes;
END""")
    op.execute("""CREATE TRIGGER days_recounted AFTER UPDATE ON footage_days BEGIN
UPDATE footage_totals SET segments = segments + new.segments - old.segments,
size_bytes = size_bytes + new.size_bytes - old.size_bytes WHERE channel = new.channel;
END""")
    op.execute("""CREATE TRIGGER days_discounted AFTER DELETE ON footage_days BEGIN
UPDATE footage_totals SET segments = segments - old.segments, size_bytes = size_bytes - old.size_bytes WHERE channel = old.channel;
DELETE FROM footage_totals WHERE channel = old.channel AND segments = 0;
END""")
