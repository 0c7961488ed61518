"""Whatever a kill or a power cut leaves of a Matroska file: recovered up to its last whole part, or left alone."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mini_nvr.errors import SegmentError
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.matroska import recover_matroska, scan_matroska
from mini_nvr.segment.matroska_elements import SEAL_BYTES, SEAL_OFFSET
from tests.support.footage import video_clip
from tests.support.hybrid_files import ffprobe_complaints, pictures
from tests.support.matroska_files import Recording, g711_clip, record


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(tmp_path_factory.mktemp("mkv") / "a.mkv", (video_clip(frames=40, gop=10), g711_clip(seconds=2)))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "b.mkv"


def sealed_after(recording: Recording, parts: int, path: Path) -> bytes:
    """The file as recovery seals it after that many whole parts."""
    path.write_bytes(recording.growing[: recording.ends[parts]])
    recover_matroska(path)
    return path.read_bytes()


def whole_parts(recording: Recording, size: int) -> int:
    return sum(end <= size for end in recording.ends[1:])


def test_recovery_seals_as_the_writer_would_have(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(recording.growing)
    assert recover_matroska(path) == recording.facts == scan_matroska(path)
    assert path.read_bytes() == recording.sealed
    assert recover_matroska(path) == recording.facts
    assert path.read_bytes() == recording.sealed


def test_a_kill_at_any_byte_loses_no_whole_part(
    recording: Recording, tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every byte around the ends of parts, every 97th of the rest, and all of the seal."""
    monkeypatch.setattr(os, "fdatasync", lambda _fd: None)  # hundreds of them, and no power cut here
    expected = {parts: sealed_after(recording, parts, scratch) for parts in range(1, len(recording.parts) + 1)}
    tail = recording.sealed[len(recording.growing) :]
    whole = recording.growing + tail  # the index is written, the head not yet
    near = {end + delta for end in recording.ends for delta in range(-20, 21)}
    sizes = near | set(range(0, len(recording.growing), 97)) | set(range(len(recording.growing), len(whole) + 1))
    path = tmp_path / "cut.mkv"
    for size in sorted(size for size in sizes if 0 <= size <= len(whole)):
        path.write_bytes(whole[:size])
        parts = whole_parts(recording, size)
        if parts == 0:
            with pytest.raises(EmptySegment):
                recover_matroska(path)
        else:
            assert recover_matroska(path).sealed
            assert path.read_bytes() == expected[parts], size


def test_a_kill_while_the_head_is_rewritten_loses_nothing(recording: Recording, tmp_path: Path) -> None:
    sealed = recording.sealed
    path = tmp_path / "torn.mkv"
    for written in range(SEAL_BYTES + 1):
        torn = sealed[: SEAL_OFFSET + written] + recording.growing[SEAL_OFFSET + written :] + sealed[len(recording.growing) :]
        path.write_bytes(torn)
        assert recover_matroska(path) == recording.facts
        assert path.read_bytes() == recording.sealed


def test_recovered_files_play(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    for parts in range(1, len(recording.parts) + 1):
        path.write_bytes(recording.growing[: recording.ends[parts]] + b"\x1f\x43\xb6\x75\x10")
        facts = recover_matroska(path)
        assert len(pictures(path)) == facts.video_frames == 10 * parts
        assert facts.duration_us == 400_000 * parts
        assert ffprobe_complaints(path) == ""


def test_pages_that_a_power_cut_left_blank_are_cut_off(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    start, end = recording.ends[2], recording.ends[3]
    for blank in range(start, end, 512):
        data = bytearray(recording.growing)
        data[blank : blank + 512] = bytes(512)
        path.write_bytes(data)
        assert recover_matroska(path).video_frames == 20


def test_a_damaged_cluster_that_was_durable_costs_no_other(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    data = bytearray(recording.growing)
    data[recording.ends[1] + 500] ^= 0x40
    path.write_bytes(data)
    facts = recover_matroska(path, synced_bytes=recording.ends[2])
    assert (facts.video_frames, facts.duration_us) == (40, 1_600_000)
    path.write_bytes(data)
    assert recover_matroska(path).video_frames == 10


def test_a_blank_file_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(bytes(100_000))
    with pytest.raises(EmptySegment):
        recover_matroska(path)


@pytest.mark.parametrize(
    "content",
    [b"not a film", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\xff" + bytes(100), b"\x00\x00\x00\x18ftypisom" + bytes(50)],
)
def test_foreign_files_are_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(content)
    for read in (scan_matroska, recover_matroska):
        with pytest.raises(SegmentError):
            read(path)
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "link.mkv").symlink_to(tmp_path / "elsewhere")
    for name in ("none.mkv", "link.mkv"):
        for read in (scan_matroska, recover_matroska):
            with pytest.raises(SegmentError, match="could not be opened") as caught:
                read(tmp_path / name)
            assert isinstance(caught.value.__cause__, OSError)


def test_matroska_of_another_product_is_refused(tmp_path: Path) -> None:
    import av  # noqa: PLC0415  this test alone makes a foreign file

    path = tmp_path / "a.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=8_000)
        frame = av.AudioFrame(format="s16", layout="mono", samples=800)
        frame.sample_rate = 8_000
        container.mux(stream.encode(frame))
    with pytest.raises(SegmentError, match="not written by this product") as caught:
        recover_matroska(path)
    assert not isinstance(caught.value, EmptySegment)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), st.booleans(), st.integers(0, 2**20), st.integers(1, 255))
def test_damage_anywhere_raises_only_our_error(
    recording: Recording, scratch: Path, sealed: bool, in_head: bool, place: int, difference: int
) -> None:
    content = bytearray(recording.sealed if sealed else recording.growing)
    content[place % (recording.ends[0] + 100 if in_head else len(content))] ^= difference
    scratch.write_bytes(content)
    try:
        facts = recover_matroska(scratch)
    except SegmentError:
        return
    assert 0 < facts.video_frames <= 40
    assert facts.size_bytes == os.stat(scratch).st_size  # noqa: PTH116  no symbolic links here


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_bytes_behind_a_good_head(recording: Recording, scratch: Path, junk: bytes) -> None:
    scratch.write_bytes(recording.growing[: recording.ends[1]] + junk)
    assert recover_matroska(scratch).video_frames == 10
