"""Stills from real files: the right key frame, the cache, and what is said when there is none."""

import io
import os
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mini_nvr.catalog.model import GapChange
from mini_nvr.clock import US_PER_S
from mini_nvr.errors import GapCause
from mini_nvr.media.frame import VideoCodec
from mini_nvr.playback.errors import FootageUnreadable, NoFootage, NotPlayable
from mini_nvr.playback.still_cache import StillCache
from mini_nvr.playback.stills import StillMaker
from tests.support.archive import Archive
from tests.support.catalog import T0, change, facts, index_of
from tests.support.footage import video_clip

PLENTY = 1 << 24


@pytest.fixture
def maker(archive: Archive, tmp_path: Path) -> StillMaker:
    return StillMaker(archive.catalog, archive.record_dir, tmp_path / "stills", PLENTY)


def luma(jpeg: bytes) -> NDArray[np.uint8]:
    with av.open(io.BytesIO(jpeg), "r", format="mjpeg") as container:
        return np.asarray(next(container.decode(video=0)).to_ndarray(format="gray"), np.uint8)


def pictures(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in container.decode(video=0)]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_the_key_frame_at_or_before_an_instant(codec: VideoCodec, b_frames: int, archive: Archive, maker: StillMaker) -> None:
    row = archive.record(T0, [video_clip(codec, b_frames=b_frames)])
    shown = pictures(archive.path(row))
    for at_s, key in [(0, 0), (0.99, 0), (1, 25), (1.5, 25), (3.9, 75)]:
        still = maker.still(1, T0 + int(at_s * US_PER_S))
        assert still.utc_us == T0 + key * 40_000
        got, expected = luma(still.jpeg).astype(int), shown[key].astype(int)
        assert got.shape == (108, 192)
        assert np.abs(got - expected).mean() < 8  # full range against limited range, and JPEG
        others = [np.abs(got - shown[other].astype(int)).mean() for other in (0, 25, 50, 75) if other != key]
        assert np.abs(got - expected).mean() < min(others)


@pytest.mark.parametrize(("width", "expected"), [(64, (36, 64)), (5, (8, 16)), (10_000, (108, 192)), (101, (56, 100))])
def test_a_width_keeps_the_shape(width: int, expected: tuple[int, int], archive: Archive, maker: StillMaker) -> None:
    archive.record(T0, [video_clip()])
    assert luma(maker.still(1, T0, width).jpeg).shape == expected


def test_a_second_still_comes_from_the_cache(archive: Archive, maker: StillMaker) -> None:
    row = archive.record(T0, [video_clip()])
    first = maker.still(1, T0, 64)
    archive.path(row).unlink()
    assert maker.still(1, T0 + 100, 64) == first
    with pytest.raises(FootageUnreadable, match="cannot be read"):
        maker.still(1, T0, 66)


def test_no_footage_says_why(archive: Archive, maker: StillMaker) -> None:
    row = archive.record(T0, [video_clip()])
    archive.catalog.commit([], [GapChange(1, row.end_utc_us, None, GapCause.CAMERA_OFFLINE)])
    with pytest.raises(NoFootage, match="camera offline") as gap:
        maker.still(1, row.end_utc_us + US_PER_S)
    assert gap.value.cause is GapCause.CAMERA_OFFLINE
    with pytest.raises(NoFootage) as nothing:
        maker.still(1, T0 - US_PER_S)
    assert nothing.value.cause is None
    with pytest.raises(NoFootage):
        maker.still(2, T0)


def test_between_two_files_of_a_run_the_earlier_one_holds(archive: Archive, maker: StillMaker) -> None:
    row = archive.record(T0, [video_clip()])
    archive.record(row.end_utc_us + 20_000, [video_clip()], number=1)
    assert maker.still(1, row.end_utc_us + 10_000).utc_us == T0 + 3 * US_PER_S


def test_an_instant_that_an_answer_cut_off_to_its_millisecond_finds_what_it_tells_of(archive: Archive, maker: StillMaker) -> None:
    row = archive.record(T0 + 507_800, [video_clip()])
    archive.catalog.commit([], [GapChange(1, T0 - US_PER_S, T0 + 507_800, GapCause.RECORDER_DOWN)])
    for key in (0, 1, 2, 3):
        taken = row.start_utc_us + key * US_PER_S
        assert maker.still(1, taken // 1_000 * 1_000).utc_us == taken
    with pytest.raises(NoFootage, match="recorder down"):
        maker.still(1, T0 + 506_999)


def test_the_end_of_a_file_cut_off_to_its_millisecond_is_still_in_it(archive: Archive, maker: StillMaker) -> None:
    row = archive.record(T0 + 507_800, [video_clip()])
    archive.catalog.commit([], [GapChange(1, row.end_utc_us, None, GapCause.CAMERA_OFFLINE)])
    assert maker.still(1, row.end_utc_us // 1_000 * 1_000).utc_us == row.start_utc_us + 3 * US_PER_S


def test_a_growing_file_shows_its_last_key_frame_until_a_gap_begins(archive: Archive, maker: StillMaker) -> None:
    row = archive.record(T0, [video_clip()], seal=False)
    now = row.end_utc_us + 5 * US_PER_S
    assert maker.still(1, now).utc_us == T0 + 3 * US_PER_S
    archive.catalog.commit([], [GapChange(1, row.end_utc_us, None, GapCause.STREAM_STALLED)])
    with pytest.raises(NoFootage, match="stream stalled"):
        maker.still(1, now)


def test_matroska_is_told_apart(archive: Archive, maker: StillMaker) -> None:
    archive.catalog.commit([change(facts(container="mkv", index=()))])
    with pytest.raises(NotPlayable, match="mkv"):
        maker.still(1, T0 + 1)


def test_a_damaged_key_frame_is_an_error_of_ours(archive: Archive, maker: StillMaker) -> None:
    row = archive.record(T0, [video_clip()])
    entry = index_of(archive.catalog, row.id)[0]
    with archive.path(row).open("r+b") as file:
        file.seek(entry.key_offset)
        file.write(b"\xff" * entry.key_size_bytes)
    with pytest.raises(FootageUnreadable):
        maker.still(1, T0)


# The cache


def test_the_cache_stays_below_its_bound_and_drops_what_was_not_asked_for(tmp_path: Path) -> None:
    cache = StillCache(tmp_path / "stills", 10_000)
    for number in range(9):
        cache.put(str(number), bytes([number]) * 1_000)
        os.utime(tmp_path / "stills" / f"{number}.jpg", (number, number))
    assert cache.get("0") is not None  # asked for: now the newest
    for number in range(9, 12):
        cache.put(str(number), bytes([number]) * 1_000)
    kept = {number for number in range(12) if (tmp_path / "stills" / f"{number}.jpg").exists()}
    assert {0, 10, 11} <= kept
    assert 1 not in kept
    assert sum(path.stat().st_size for path in (tmp_path / "stills").iterdir()) <= 10_000


def test_a_new_cache_counts_what_lies_there_and_clears_drafts(tmp_path: Path) -> None:
    StillCache(tmp_path, 10_000).put("old", bytes(6_000))
    (tmp_path / "x.1.2.draft").write_bytes(b"half")
    os.utime(tmp_path / "old.jpg", (1, 1))
    cache = StillCache(tmp_path, 10_000)
    cache.put("new", bytes(6_000))
    assert [path.name for path in tmp_path.iterdir()] == ["new.jpg"]


def test_a_cache_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = StillCache(tmp_path / "file", 10_000)
    cache.put("a", b"x")
    assert cache.get("a") is None


def test_a_picture_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    cache = StillCache(tmp_path, 10)
    cache.put("a", bytes(11))
    assert cache.get("a") is None
