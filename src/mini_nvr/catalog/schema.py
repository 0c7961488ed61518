"""The tables of the catalog, as the queries of this version see them; `migrations/` is how a database file gets there.

Instants are `*_utc_us` (microseconds since the Unix epoch), stretches of time are half-open, [start, end).

Sized for millions of segments:
- The key-frame index of a segment (about 1 KB for five minutes) has a table of its own. In the row it would leave three rows on a
  4 KiB page, and every time-range scan, size sum and clean-up would read ten times the pages for bytes that only playback wants.
- `segments_by_time` holds what a time line shows, for 18 bytes a row: a day is a few pages next to each other, while the rows of a
  channel lie on as many pages as there are rows.
- `segments_unsealed`, `segments_deletable` and `segments_protected` are partial: the first stays tiny, the second holds exactly
  what clean-up may walk, so that years of protected footage at the old end are never stepped over, and the third answers how much
  is protected. Clean-up looks at one channel, or at the oldest of each, so `segments_deletable` begins with the channel.
- No index on `start_utc_us` alone: a range over all channels is one search of `segments_by_time` a channel.
- `segments.run_id` is no foreign key: checking one would need an index on 32 bytes a segment that no query uses.
- `footage_days` counts the rows of `segments` by channel and UTC day, and `footage_totals` the days of a channel, both kept by
  triggers in whatever transaction changes the rows. A migration that copies `segments` or `footage_days` makes them anew.
- Ids are never used again (AUTOINCREMENT): media is addressed by id and cached as immutable.
- `conversions` holds a row for each file whose conversion failed, until it succeeds or the file is gone.

`users`, `sessions`, `audit` and `throttle` are small, bounded, and the one part that no file can bring back: a rescan leaves them
as they are. A session's id is the SHA-256 of its token, so the table opens no door. `throttle.instants` are 64-bit big-endian.
"""

from sqlalchemy import (
    DDL,
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
    event,
    text,
)

HEAD = "0006"  # the newest revision in migrations/versions; revisions are numbers, so that "newer than this program" can be told
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
    Index("segments_by_time", "channel", "start_utc_us", "duration_us", "size_bytes", "state"),
    Index("segments_unsealed", "state", sqlite_where=text("state <> 'sealed'")),
    Index(
        "segments_deletable",
        "channel",
        "start_utc_us",
        sqlite_where=text("state IN ('sealed', 'damaged') AND protected = 0"),
    ),
    Index("segments_protected", "channel", "size_bytes", "protected", sqlite_where=text("protected = 1")),
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

users = Table(
    "users",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("must_change", Integer, nullable=False),
    Column("disabled", Integer, nullable=False, server_default=text("0")),
    Column("created_utc_us", Integer, nullable=False),
    Column("changed_utc_us", Integer, nullable=False),
    sqlite_with_rowid=False,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_key", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("credential", Text, nullable=False),
    Column("since_utc_us", Integer, nullable=False),
    Column("last_seen_utc_us", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("browser", Text, nullable=False),
    Column("ended_utc_us", Integer),
    Column("end_cause", Text),
    Index("sessions_of_user", "user_key"),
    sqlite_with_rowid=False,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_utc_us", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)

throttle = Table(
    "throttle",
    metadata,
    Column("key", Text, primary_key=True),
    Column("instants", LargeBinary, nullable=False),
    Column("streak", Integer, nullable=False),
    Column("last_utc_us", Integer, nullable=False),
    Index("throttle_by_age", "last_utc_us"),
    sqlite_with_rowid=False,
)

footage_days = Table(
    "footage_days",
    metadata,
    Column("channel", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("segments", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("duration_us", Integer, nullable=False),
    sqlite_with_rowid=False,
)

footage_totals = Table(
    "footage_totals",
    metadata,
    Column("channel", Integer, primary_key=True),
    Column("segments", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
)

conversions = Table(
    "conversions",
    metadata,
    Column("path", Text, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("next_utc_us", Integer, nullable=False),
    Column("error", Text, nullable=False),
    sqlite_with_rowid=False,
)


_COUNT_NEW = """INSERT INTO footage_days VALUES (new.channel, new.start_utc_us / 86400000000, 1, new.size_bytes, new.duration_us)
ON CONFLICT DO UPDATE SET segments = segments + 1, size_bytes = size_bytes + excluded.size_bytes,
duration_us = duration_us + excluded.duration_us;"""
_DISCOUNT_OLD = """UPDATE footage_days SET segments = segments - 1, size_bytes = size_bytes - old.size_bytes,
duration_us = duration_us - old.duration_us WHERE channel = old.channel AND day = old.start_utc_us / 86400000000;
DELETE FROM footage_days WHERE channel = old.channel AND day = old.start_utc_us / 86400000000 AND segments = 0;"""
_TRIGGERS = (
    f"CREATE TRIGGER segments_counted AFTER INSERT ON segments BEGIN\n{_COUNT_NEW}\nEND",
    "CREATE TRIGGER segments_recounted AFTER UPDATE OF channel, start_utc_us, size_bytes, duration_us ON segments BEGIN\n"
    f"{_DISCOUNT_OLD}\n{_COUNT_NEW}\nEND",
    f"CREATE TRIGGER segments_discounted AFTER DELETE ON segments BEGIN\n{_DISCOUNT_OLD}\nEND",
    """CREATE TRIGGER days_counted AFTER INSERT ON footage_days BEGIN
INSERT INTO footage_totals VALUES (new.channel, new.segments, new.size_bytes)
ON CONFLICT DO UPDATE SET segments = segments + excluded.segments, size_bytes = size_bytes + excluded.size_bytes;
END""",
    """CREATE TRIGGER days_recounted AFTER UPDATE ON footage_days BEGIN
UPDATE footage_totals SET segments = segments + new.segments - old.segments,
size_bytes = size_bytes + new.size_bytes - old.size_bytes WHERE channel = new.channel;
END""",
    """CREATE TRIGGER days_discounted AFTER DELETE ON footage_days BEGIN
UPDATE footage_totals SET segments = segments - old.segments, size_bytes = size_bytes - old.size_bytes WHERE channel = old.channel;
DELETE FROM footage_totals WHERE channel = old.channel AND segments = 0;
END""",
)
for _trigger in _TRIGGERS:
    event.listen(metadata, "after_create", DDL(_trigger))  # type: ignore[no-untyped-call]
