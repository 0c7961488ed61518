"""The benchmark of cleanup deletes what it says, and the size of the archive does not show in the work."""

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks import archive, cleanup
from mini_nvr.storage.cleaner import MOST_A_BATCH

CHANNELS = 4
DELETED = 32


def test_it_deletes_the_oldest_of_all_channels(tmp_path: Path) -> None:
    rows = archive.build(tmp_path / "data", channels=CHANNELS, days=3, index_days=1)
    found = cleanup.measure(tmp_path / "data", tmp_path / "recordings", DELETED)
    assert found["rows"] == rows
    assert found["a file deleted"] > 0
    with closing(sqlite3.connect(tmp_path / "data" / "catalog.db")) as connection:
        (left,) = connection.execute("SELECT count(*) FROM segments").fetchone()
        oldest = {start for (start,) in connection.execute("SELECT min(start_utc_us) FROM segments GROUP BY channel")}
    assert DELETED <= rows - left < DELETED + MOST_A_BATCH
    assert max(oldest) - min(oldest) <= archive.SEGMENT_US
    assert not list((tmp_path / "recordings").rglob("*.mp4"))
