"""What the footage takes now, with files that the catalog does not know yet."""

import errno
import os
from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.clock import US_PER_S
from mini_nvr.storage.fresh import FreshFiles
from mini_nvr.storage.measure import SpaceMeter, growth
from mini_nvr.storage.policy import BLOCK_BYTES
from tests.support.catalog import DAY, FIVE_MINUTES, T0, change, facts, path_of
from tests.support.kept_footage import MB, SEGMENT_BYTES, KeptFootage

FILE = SEGMENT_BYTES + BLOCK_BYTES
CH1, CH2 = PurePosixPath("ch1/2026-03-01/133000+0000.mp4"), PurePosixPath("ch2/2026-03-01/133000+0000.mp4")


def grow(path: Path, size_bytes: int) -> None:
    with path.open("ab") as file:
        file.truncate(size_bytes)


def test_sealed_files_come_from_the_counters(kept: KeptFootage) -> None:
    kept.fill(3, channels=2)
    assert SpaceMeter(kept.catalog, kept.record_dir, kept.clock).measure().used == {1: 3 * FILE, 2: 3 * FILE}


def test_growing_and_fresh_files_are_looked_at(kept: KeptFootage) -> None:
    kept.fill(1)
    meter = SpaceMeter(kept.catalog, kept.record_dir, kept.clock)
    assert meter.measure().written == {}
    growing = kept.put(1, size_bytes=MB, sealed=False)
    grow(kept.path(growing.path), 3 * MB)
    fresh = kept.write(facts(T0, channel=2), 5 * MB)
    measured = meter.measure()
    assert measured.used == {1: FILE + 3 * MB + BLOCK_BYTES, 2: 5 * MB + BLOCK_BYTES}
    assert measured.written == {1: 3 * MB, 2: 5 * MB}
    grow(fresh, 6 * MB)
    kept.catalog.commit([change(facts(T0, channel=2, size_bytes=4 * MB, sealed=False))])
    measured = meter.measure()
    assert measured.used[2] == 6 * MB + BLOCK_BYTES
    assert measured.written == {1: 0, 2: MB}


def test_used_space_is_never_less_than_what_du_finds(kept: KeptFootage) -> None:
    for number, size in enumerate((1, 4_095, 4_096, 4_097, 100_000)):
        row = kept.put(number, size_bytes=size)
        kept.path(row.path).write_bytes(b"x" * size)
    blocks = sum((kept.record_dir / path).stat().st_blocks * 512 for path in kept.files())
    (used,) = SpaceMeter(kept.catalog, kept.record_dir, kept.clock).measure().used.values()
    assert blocks <= used <= blocks + 5 * BLOCK_BYTES


def test_files_that_are_gone_take_nothing(kept: KeptFootage) -> None:
    row = kept.put(0, sealed=False)
    kept.path(row.path).unlink()
    assert SpaceMeter(kept.catalog, kept.record_dir, kept.clock).measure().used == {1: BLOCK_BYTES}


def test_growth_is_never_negative() -> None:
    assert growth({CH1: 10}, {CH1: 4, CH2: 3}) == {1: 0, 2: 3}
    assert growth(None, {CH1: 4}) == {}


class TestFreshFiles:
    def test_a_file_is_fresh_until_it_is_confirmed(self, kept: KeptFootage) -> None:
        fresh = FreshFiles(kept.record_dir, kept.clock)
        assert fresh.look() == set()
        paths = {path_of(facts(T0, channel=channel)) for channel in (1, 2)}
        for channel in (1, 2):
            kept.write(facts(T0, channel=channel))
        assert fresh.look() == paths
        fresh.confirm([CH1, PurePosixPath("ch9/2026-03-01/000000+0000.mp4")])
        assert fresh.look() == {CH2}
        kept.path(CH2).unlink()
        assert fresh.look() == set()

    def test_a_confirmed_file_is_not_asked_for_again_when_another_comes(self, kept: KeptFootage) -> None:
        fresh = FreshFiles(kept.record_dir, kept.clock)
        kept.write(facts(T0))
        fresh.confirm(fresh.look())
        kept.write(facts(T0 + FIVE_MINUTES))
        assert fresh.look() == {path_of(facts(T0 + FIVE_MINUTES))}

    def test_the_newest_days_of_each_channel_are_watched(self, kept: KeptFootage) -> None:
        fresh = FreshFiles(kept.record_dir, kept.clock)
        kept.clock.advance(10 * DAY / US_PER_S)
        for day in range(5):
            kept.write(facts(T0 + day * DAY))
        assert {path.parent.name for path in fresh.look()} == {"2026-03-03", "2026-03-04", "2026-03-05"}

    def test_days_that_are_still_to_come_do_not_hide_today(self, kept: KeptFootage) -> None:
        """A clock that was ahead made their folders, or somebody by hand."""
        for name in ("2036-03-01", "2036-03-02", "9999-x"):
            (kept.record_dir / "ch1" / name).mkdir(parents=True)
        paths = {path_of(facts(T0 - days * DAY)) for days in (0, 1)}
        for days in (0, 1):
            kept.write(facts(T0 - days * DAY))
        assert FreshFiles(kept.record_dir, kept.clock).look() == paths

    def test_nothing_but_segments_counts(self, kept: KeptFootage) -> None:
        day = kept.record_dir / "ch1" / "2026-03-01"
        day.mkdir(parents=True)
        for name in ("133000+0000.mp4.part", "notes.txt", "133000.mp4"):
            (day / name).write_bytes(b"x")
        (kept.record_dir / "ch1" / "zzz").mkdir()
        (kept.record_dir / "chx").mkdir()
        assert FreshFiles(kept.record_dir, kept.clock).look() == set()

    def test_folders_are_read_again_only_when_they_have_changed(self, kept: KeptFootage, monkeypatch: pytest.MonkeyPatch) -> None:
        kept.write(facts(T0))
        fresh, read, scandir = FreshFiles(kept.record_dir, kept.clock), [], os.scandir

        def scan(path: Path) -> "os._ScandirIterator[str]":
            read.append(path)
            return scandir(str(path))

        monkeypatch.setattr(os, "scandir", scan)
        for _ in range(5):
            fresh.look()
        assert len(read) == 2 * 3  # the root, the channel and the day, each once more as its first time stamp may hide a change

    def test_a_folder_that_cannot_be_read_keeps_what_was_seen(self, kept: KeptFootage, monkeypatch: pytest.MonkeyPatch) -> None:
        kept.write(facts(T0))
        fresh = FreshFiles(kept.record_dir, kept.clock)
        before = fresh.look()

        def refuse(path: Path) -> None:
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "scandir", refuse)
        assert fresh.look() == before
