"""Clean-up walks each channel's oldest footage, damaged files included; what is protected is summed from an index of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_index("segments_deletable", "segments")
    op.create_index(
        "segments_deletable",
        "segments",
        ["channel", "start_utc_us"],
        sqlite_where=sa.text("state IN ('sealed', 'damaged') AND protected = 0"),
    )
    op.create_index("segments_protected", "segments", ["channel", "size_bytes", "protected"], sqlite_where=sa.text("protected = 1"))
