"""A file cut at any byte is finished to what it would have been, or refused without harm."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mini_nvr.errors import SegmentError
from mini_nvr.segment.layout import HEAD_BYTES, SEAL_BYTES, SEAL_OFFSET
from mini_nvr.segment.scan import EmptySegment, recover, scan
from tests.support.footage import audio_clip, video_clip
from tests.support.hybrid_files import Recording, ffprobe_complaints, packets, record


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """B-frames and sound in three parts of a third of a second, small enough to be cut at every byte."""
    clips = [video_clip(frames=24, gop=8, b_frames=2, width=64, quantizer=40), audio_clip(rate=8_000, seconds=0.9, bit_rate=8_000)]
    return record(tmp_path_factory.mktemp("recovery") / "full.mp4", clips)


@pytest.fixture(autouse=True)
def no_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of recoveries: what reaches the platter is not what is asked here."""
    monkeypatch.setattr(os, "fdatasync", lambda _: None)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: the tests that try every byte make thousands of files."""
    shared = Path("/dev/shm")  # noqa: S108  made unique below
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


def leave(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "crashed.mp4"
    path.write_bytes(data)
    return path


def finished(recording: Recording, parts: int, directory: Path) -> bytes:
    """The file as recovery makes it when exactly that many parts are whole."""
    path = directory / f"reference{parts}.mp4"
    path.write_bytes(recording.growing[: recording.ends[parts]])
    recover(path)
    return path.read_bytes()


def test_recovery_writes_the_same_bytes_as_sealing(recording: Recording, tmp_path: Path) -> None:
    path = leave(tmp_path, recording.growing)
    assert recover(path) == recording.facts
    assert path.read_bytes() == recording.sealed


def test_cut_at_every_byte_of_the_last_parts(recording: Recording, memory: Path) -> None:
    count = len(recording.parts)
    expected = {parts: finished(recording, parts, memory) for parts in (count - 2, count - 1, count)}
    for end in range(recording.ends[count - 2], recording.ends[count] + 1):
        path = leave(memory, recording.growing[:end])
        facts = recover(path)
        whole = max(parts for parts in expected if recording.ends[parts] <= end)
        assert path.read_bytes() == expected[whole], end
        assert facts.sealed
    for parts, data in expected.items():
        path = leave(memory, data)
        assert (
            scan(path).video_frames
            == len(packets(path, "video"))
            == sum(len(p.tracks[0].payloads) for p in recording.parts[:parts])
        )
        assert ffprobe_complaints(path) == ""


def test_cut_at_every_byte_of_the_index(recording: Recording, memory: Path) -> None:
    """The index was being appended: the head still says that the file grows."""
    growing_with_index = recording.growing[:HEAD_BYTES] + recording.sealed[HEAD_BYTES:]
    for end in range(len(recording.growing), len(growing_with_index) + 1):
        path = leave(memory, growing_with_index[:end])
        assert recover(path) == recording.facts
        assert path.read_bytes() == recording.sealed


def test_cut_at_every_byte_of_the_beginning(recording: Recording, memory: Path) -> None:
    for end in range(recording.ends[1]):
        path = leave(memory, recording.growing[:end])
        with pytest.raises(EmptySegment):
            recover(path)
        assert path.read_bytes() == recording.growing[:end]


def test_recovery_of_a_sealed_file_changes_nothing(recording: Recording, tmp_path: Path) -> None:
    path = leave(tmp_path, recording.sealed)
    stamp = path.stat().st_mtime_ns
    assert recover(path) == recover(path) == scan(path) == recording.facts
    assert path.stat().st_mtime_ns == stamp


def test_a_sealed_file_that_lost_its_index_gets_it_back(recording: Recording, tmp_path: Path) -> None:
    for end in (len(recording.growing), len(recording.growing) + 9, len(recording.sealed) - 1):
        path = leave(tmp_path, recording.sealed[:end])
        with pytest.raises(SegmentError):
            scan(path)
        assert recover(path) == recording.facts
        assert path.read_bytes() == recording.sealed


def test_a_sealed_file_that_lost_parts_is_sealed_at_what_is_left(recording: Recording, tmp_path: Path) -> None:
    path = leave(tmp_path, recording.sealed[: recording.ends[1] + 5])
    recover(path)
    assert path.read_bytes() == finished(recording, 1, tmp_path)


def test_pages_of_zeros_beyond_the_checkpoint_end_the_file(recording: Recording, tmp_path: Path) -> None:
    """After a power cut the file has its length, but a piece that was not flushed reads as zeros: every place of the last part."""
    count = len(recording.parts)
    start, end = recording.ends[count - 1], recording.ends[count]
    expected = finished(recording, count - 1, tmp_path)
    last_frame = recording.parts[-1].tracks[-1].payloads[-1]
    for hole in range(start, end - len(last_frame), 97):
        zeros = min(4096, end - hole)
        path = leave(tmp_path, recording.growing[:hole] + bytes(zeros) + recording.growing[hole + zeros :])
        recover(path, synced_bytes=start)
        assert path.read_bytes() == expected, hole


def test_footage_that_a_checkpoint_promised_is_never_cut(recording: Recording, tmp_path: Path) -> None:
    damaged = bytearray(recording.growing)
    hole = recording.ends[1]
    damaged[hole : hole + 16] = bytes(16)
    path = leave(tmp_path, bytes(damaged))
    with pytest.raises(SegmentError, match="damaged at byte"):
        recover(path, synced_bytes=recording.ends[-1])
    assert path.read_bytes() == damaged


def test_damage_with_footage_behind_it_is_left_alone_when_no_checkpoint_is_known(recording: Recording, tmp_path: Path) -> None:
    """A rescan knows no checkpoint: what stands behind a lost page may be hours of footage."""
    for hole in (recording.ends[0], recording.ends[1]):
        damaged = recording.growing[:hole] + bytes(16) + recording.growing[hole + 16 :]
        path = leave(tmp_path, damaged)
        with pytest.raises(SegmentError, match="footage behind it") as caught:
            recover(path)
        assert not isinstance(caught.value, EmptySegment)
        assert path.read_bytes() == damaged


def test_lost_page_inside_a_part_does_not_cost_the_parts_behind_it(recording: Recording, tmp_path: Path) -> None:
    frame = recording.facts.index[1].key_offset
    path = leave(tmp_path, recording.growing[:frame] + bytes(16) + recording.growing[frame + 16 :])
    assert recover(path, synced_bytes=recording.ends[1]).video_frames == recording.facts.video_frames


def test_parts_of_which_none_is_sound_are_refused_and_kept(recording: Recording, tmp_path: Path) -> None:
    start, end = recording.facts.index[0].key_offset, recording.ends[1]
    data = recording.growing[:start] + bytes(end - start)
    path = leave(tmp_path, data)
    with pytest.raises(SegmentError, match="can be trusted") as caught:
        recover(path)
    assert not isinstance(caught.value, EmptySegment)
    assert path.read_bytes() == data


def test_a_file_full_of_would_be_parts_is_given_up_quickly(recording: Recording, tmp_path: Path) -> None:
    data = recording.growing[: recording.ends[1]] + b"moof" * 100_000
    path = leave(tmp_path, data)
    with pytest.raises(SegmentError, match="footage behind it"):
        recover(path)
    assert recover(path, synced_bytes=recording.ends[1]).sealed


def test_lost_head_is_empty_unless_it_was_durable(recording: Recording, tmp_path: Path) -> None:
    lost = bytes(4096) + recording.growing[4096:]
    with pytest.raises(EmptySegment):
        recover(leave(tmp_path, lost))
    with pytest.raises(SegmentError, match="first bytes are lost") as caught:
        recover(leave(tmp_path, lost), synced_bytes=recording.ends[1])
    assert not isinstance(caught.value, EmptySegment)


@pytest.mark.parametrize("name", ["notes.txt", "a.mp4", "b.mp4"])
def test_foreign_files_are_refused_and_kept(recording: Recording, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = {"a.mp4": b"\0\0\0\x18ftypmp42" + bytes(500), "b.mp4": b"x", "notes.txt": recording.growing}[name]
    path.write_bytes(content)
    for act in (scan, recover):
        with pytest.raises(SegmentError) as caught:
            act(path)
        assert not isinstance(caught.value, EmptySegment)
    assert path.read_bytes() == content


def test_seal_written_in_two_halves(recording: Recording, tmp_path: Path) -> None:
    """The 16 bytes of the seal lie in one sector, so a half is not to be expected; it is refused, not guessed at."""
    for cut in range(SEAL_OFFSET + 1, SEAL_OFFSET + SEAL_BYTES):
        path = leave(tmp_path, recording.sealed[:cut] + recording.growing[cut:HEAD_BYTES] + recording.sealed[HEAD_BYTES:])
        try:
            assert recover(path) == recording.facts
        except EmptySegment:
            pytest.fail("footage given up")
        except SegmentError:
            continue
