"""Channels, runs, segments with their key-frame index, gaps."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_APPLICATION_ID = 0x4D4E5652


def upgrade() -> None:
    op.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO meta (key, value) VALUES ('rescan_due', '1')"
    )  # whatever was recorded, this database knows nothing of it
    op.create_table(
        "channels",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("first_seen_utc_us", sa.Integer, nullable=False),
    )
    _create_runs()
    _create_segments()
    op.create_table(
        "gaps",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.Integer, sa.ForeignKey("channels.number"), nullable=False),
        sa.Column("start_utc_us", sa.Integer, nullable=False),
        sa.Column("end_utc_us", sa.Integer),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.UniqueConstraint("channel", "start_utc_us", name="gaps_by_time"),
        sa.CheckConstraint("end_utc_us > start_utc_us", name="gaps_not_empty"),
        sqlite_autoincrement=True,
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("channel", sa.Integer, sa.ForeignKey("channels.number"), nullable=False),
        sa.Column("start_utc_us", sa.Integer, nullable=False),
        sa.Column("end_utc_us", sa.Integer),
        sa.Column("end_cause", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("runs_by_time", "runs", ["channel", "start_utc_us"])
    op.create_index("runs_open", "runs", ["channel"], sqlite_where=sa.text("end_utc_us IS NULL"))


def _create_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.Integer, sa.ForeignKey("channels.number"), nullable=False),
        sa.Column("start_utc_us", sa.Integer, nullable=False),
        sa.Column("duration_us", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("protected", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("container", sa.Text, nullable=False),
        sa.Column("video_frames", sa.Integer, nullable=False),
        sa.Column("video_codec", sa.Text),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("frame_rate", sa.Text),
        sa.Column("audio_codec", sa.Text),
        sa.Column("init_offset", sa.Integer, nullable=False),
        sa.Column("init_size_bytes", sa.Integer, nullable=False),
        sa.Column("time_source", sa.Text, nullable=False),
        sa.UniqueConstraint("path", name="segments_path"),
        sa.CheckConstraint("state IN ('growing', 'sealed', 'deleting', 'damaged')", name="segments_state"),
        sqlite_autoincrement=True,
    )
    op.create_index("segments_by_time", "segments", ["channel", "start_utc_us"])
    op.create_index("segments_unsealed", "segments", ["state"], sqlite_where=sa.text("state <> 'sealed'"))
    op.create_index("segments_deletable", "segments", ["start_utc_us"], sqlite_where=sa.text("state = 'sealed' AND protected = 0"))
    op.create_table(
        "segment_indexes",
        sa.Column("segment_id", sa.Integer, sa.ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("entries", sa.LargeBinary, nullable=False),
    )
