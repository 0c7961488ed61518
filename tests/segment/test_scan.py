"""Scanning: hostile files raise our error only, and nothing is changed by looking."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.errors import SegmentError
from mini_nvr.segment.scan import recover, scan, verify
from tests.support.footage import audio_clip, video_clip
from tests.support.hybrid_files import record
from tests.support.mp4_strategies import damaged


def recorded() -> tuple[bytes, bytes, tuple[int, ...]]:
    """A small file as it grew and as it was sealed, and the ends of its parts."""
    clips = [video_clip(frames=16, gop=8, b_frames=2, width=64, quantizer=40), audio_clip(rate=8_000, seconds=0.6, bit_rate=8_000)]
    with tempfile.TemporaryDirectory() as folder:
        recording = record(Path(folder) / "a.mp4", clips)
        return recording.growing, recording.sealed, recording.ends


GROWING, SEALED, ENDS = recorded()
FILES = st.one_of(damaged(GROWING), damaged(SEALED), damaged(GROWING[:2_000]), st.binary(max_size=100))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scan")


@settings(max_examples=200)
@given(data=FILES)
def test_scan_of_hostile_files(folder: Path, data: bytes) -> None:
    path = folder / "hostile.mp4"
    path.write_bytes(data)
    try:
        facts = scan(path)
        assert facts.size_bytes <= len(data)
        assert all(entry.offset + entry.size_bytes <= len(data) for entry in facts.index)
    except SegmentError:
        pass
    assert path.read_bytes() == data


@settings(max_examples=200)
@given(data=FILES, synced=st.sampled_from([0, 2_000, len(GROWING)]))
def test_recovery_of_hostile_files(folder: Path, data: bytes, synced: int) -> None:
    """It is refused and left as it was, or it ends sealed; what was durable is never cut."""
    path = folder / "hostile.mp4"
    path.write_bytes(data)
    try:
        facts = recover(path, synced)
    except SegmentError:
        assert path.read_bytes() == data
        return
    assert facts.sealed
    assert scan(path) == recover(path) == facts
    if synced <= len(data):
        assert path.read_bytes()[44 : min(synced, len(GROWING))] == data[44 : min(synced, len(GROWING))]


@pytest.mark.parametrize(("brace", "broken"), [(b"{", b"["), (b"{", b"\x80"), (b"}", b"]")])
def test_a_summary_that_is_damaged_costs_no_footage(tmp_path: Path, brace: bytes, broken: bytes) -> None:
    path = tmp_path / "damaged.mp4"
    path.write_bytes(SEALED)
    whole = scan(path)
    at = SEALED.rindex(brace)
    path.write_bytes(SEALED[:at] + broken + SEALED[at + 1 :])
    assert scan(path) == recover(path) == whole


@pytest.mark.parametrize("act", [scan, recover])
def test_what_is_not_there_or_not_a_file(tmp_path: Path, act: object) -> None:
    assert callable(act)
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "real.mp4").write_bytes(SEALED)
    (tmp_path / "link.mp4").symlink_to(tmp_path / "real.mp4")
    for name in ("missing.mp4", "folder.mp4", "link.mp4"):
        with pytest.raises(SegmentError, match="could not be"):
            act(tmp_path / name)


def test_a_sealed_file_whose_parts_are_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    second = ENDS[1]
    path.write_bytes(SEALED[:second] + bytes(64) + SEALED[second + 64 :])
    for act in (verify, recover):
        with pytest.raises(SegmentError, match="damaged at byte"):
            act(path)
