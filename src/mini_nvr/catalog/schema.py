"""The tables of the catalog, as the queries of this version see them; `migrations/` is how a database file gets there.

Instants are `*_utc_us` (microseconds since the Unix epoch), stretches of time are half-open, [start, end).

Sized for millions of segments:
- The key-frame index of a segment (about 1 KB for five minutes) has a table of its own. In the row it would leave three rows on a
  4 KiB page, and every time-range scan, size sum and clean-up would read ten times the pages for bytes that only playback wants.
- `segments_unsealed` and `segments_deletable` are partial: the first stays tiny, the second holds exactly what clean-up may walk,
  so that years of protected footage at the old end are never stepped over.
- No index on `start_utc_us` alone: a range over all channels is one search of `segments_by_time` a channel.
- `segments.run_id` is no foreign key: checking one would need an index on 32 bytes a segment that no query uses.
- Ids are never used again (AUTOINCREMENT): media is addressed by id and cached as immutable.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

HEAD = "0001"  # the newest revision in migrations/versions; revisions are numbers, so that "newer than this program" can be told
APPLICATION_ID = 0x4D4E5652  # "MNVR" in the SQLite header: this file is a catalog of ours

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

channels = Table(
    "channels",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("first_seen_utc_us", Integer, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Integer, ForeignKey("channels.number"), nullable=False),
    Column("start_utc_us", Integer, nullable=False),
    Column("end_utc_us", Integer),
    Column("end_cause", Text),
    Index("runs_by_time", "channel", "start_utc_us"),
    Index("runs_open", "channel", sqlite_where=text("end_utc_us IS NULL")),
    sqlite_with_rowid=False,
)

segments = Table(
    "segments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Integer, ForeignKey("channels.number"), nullable=False),
    Column("start_utc_us", Integer, nullable=False),
    Column("duration_us", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("protected", Integer, nullable=False, server_default=text("0")),
    Column("run_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("container", Text, nullable=False),
    Column("video_frames", Integer, nullable=False),
    Column("video_codec", Text),
    Column("width", Integer),
    Column("height", Integer),
    Column("frame_rate", Text),
    Column("audio_codec", Text),
    Column("init_offset", Integer, nullable=False),
    Column("init_size_bytes", Integer, nullable=False),
    Column("time_source", Text, nullable=False),
    UniqueConstraint("path", name="segments_path"),
    CheckConstraint("state IN ('growing', 'sealed', 'deleting', 'damaged')", name="segments_state"),
    Index("segments_by_time", "channel", "start_utc_us"),
    Index("segments_unsealed", "state", sqlite_where=text("state <> 'sealed'")),
    Index("segments_deletable", "start_utc_us", sqlite_where=text("state = 'sealed' AND protected = 0")),
    sqlite_autoincrement=True,
)

segment_indexes = Table(
    "segment_indexes",
    metadata,
    Column("segment_id", Integer, ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True),
    Column("entries", LargeBinary, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", Integer, ForeignKey("channels.number"), nullable=False),
    Column("start_utc_us", Integer, nullable=False),
    Column("end_utc_us", Integer),
    Column("cause", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("channel", "start_utc_us", name="gaps_by_time"),
    CheckConstraint("end_utc_us > start_utc_us", name="gaps_not_empty"),
    sqlite_autoincrement=True,
)
