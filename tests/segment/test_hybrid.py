"""The growing and the sealed file: what FFmpeg reads from them, what they cost, and what a failing disk does to them."""

import errno
import os
import random
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from mini_nvr.errors import SegmentError
from mini_nvr.media.frame import AudioFormat, VideoCodec
from mini_nvr.media.mp4 import file_boxes
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.layout import PAGE_BYTES
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.scan import recover, scan
from tests.support.footage import Clip, audio_clip, cut_into_parts, video_clip
from tests.support.hybrid_files import HEADER, ffprobe_complaints, packets, pictures, record, seek_picture


def wanted(clip: Clip) -> list[tuple[int, int | None, bytes]]:
    return [(sample.pts, sample.duration, sample.data) for sample in clip.samples]


def whole_parts(parts: Sequence[Part], track_id: int) -> int:
    """How many frames of a track the parts hold."""
    return sum(len(track.payloads) for part in parts for track in part.tracks if track.track_id == track_id)


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("audio_start", [0, 5_001])
def test_sealed_file_has_every_frame_at_its_time(tmp_path: Path, codec: VideoCodec, b_frames: int, audio_start: int) -> None:
    video, audio = video_clip(codec, b_frames=b_frames), audio_clip(start=audio_start)
    recording = record(tmp_path / "ch1" / "day" / "a.mp4", [video, audio])
    assert packets(recording.path, "video") == wanted(video)
    assert packets(recording.path, "audio") == wanted(audio)
    assert ffprobe_complaints(recording.path) == ""
    facts = recording.facts
    assert (facts.sealed, facts.video_frames, facts.duration_us) == (True, 100, 4_000_000)
    assert facts.size_bytes == recording.path.stat().st_size
    assert scan(recording.path) == facts
    assert facts.formats == (video.format, audio.format)
    assert facts.header == HEADER


def test_video_that_starts_after_the_audio_keeps_its_offset(tmp_path: Path) -> None:
    video, audio = video_clip().delayed(4_500), audio_clip()
    recording = record(tmp_path / "a.mp4", [video, audio])
    for source in (recording.growing, recording.sealed):
        assert [pts for pts, *_ in packets(source, "video")] == [sample.pts for sample in video.samples]
        assert [pts for pts, *_ in packets(source, "audio")] == [sample.pts for sample in audio.samples]
    assert recording.facts.duration_us == 4_000_000
    assert recording.facts.index[0].start_90k == 4_500


@pytest.mark.parametrize(
    "clips", [[video_clip()], [video_clip(), Clip(audio_clip().format, ())]], ids=["none", "declared, none came"]
)
def test_without_audio(tmp_path: Path, clips: list[Clip]) -> None:
    recording = record(tmp_path / "a.mp4", clips)
    for source in (recording.growing, recording.sealed):
        assert [packet[0::2] for packet in packets(source, "video")] == [packet[0::2] for packet in wanted(clips[0])]
    assert ffprobe_complaints(recording.path) == ""
    assert scan(recording.path) == recording.facts


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_growing_file_opens_at_every_part_at_every_page_and_anywhere_but_in_a_moof(tmp_path: Path, codec: VideoCodec) -> None:
    """A write becomes visible page by page; FFmpeg refuses a file that ends inside a moof, so none lies across pages."""
    video, audio = video_clip(codec), audio_clip()
    recording = record(tmp_path / "a.mp4", [video, audio], part_90k=45_000)
    dice = random.Random(7)  # noqa: S311  reproducible positions
    moofs = moof_ranges(recording.growing, recording.ends[0])
    assert len(moofs) == len(recording.parts)
    assert all(moof[0] // PAGE_BYTES == moof[-1] // PAGE_BYTES for moof in moofs)
    anywhere = (dice.randrange(recording.ends[1], recording.ends[-1]) for _ in range(40))
    between = [end for end in anywhere if not any(end in moof for moof in moofs)]
    pages = range(-(-recording.ends[1] // PAGE_BYTES) * PAGE_BYTES, recording.ends[-1], PAGE_BYTES)
    positions = [*recording.ends[1:], *pages, *between]
    for end in positions:
        parts = recording.parts[: sum(part_end <= end for part_end in recording.ends[1:])]
        for kind, clip, track_id in (("video", video, VIDEO_TRACK_ID), ("audio", audio, AUDIO_TRACK_ID)):
            count = whole_parts(parts, track_id)
            assert [packet[0::2] for packet in packets(recording.growing[:end], kind)][:count] == [
                packet[0::2] for packet in wanted(clip)[:count]
            ]


def moof_ranges(data: bytes, start: int) -> list[range]:
    boxes = file_boxes(lambda offset, size: data[offset : offset + size], start, len(data))
    return [range(box.offset, box.end) for box in boxes if box.kind == b"moof"]


def test_growing_file_with_b_frames_reads_as_ffmpegs_own_does(tmp_path: Path) -> None:
    """FFmpeg moves the video of fragments with negative composition offsets by the largest of them, in its own files as in ours."""
    video = video_clip(b_frames=2)
    recording = record(tmp_path / "a.mp4", [video])
    shifts = {seen[0] - sample.pts for seen, sample in zip(packets(recording.growing, "video"), video.samples, strict=True)}
    assert shifts == {max(sample.dts - sample.pts for sample in video.samples)} == {3_600}


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_byte_range_from_an_index_entry_plays(tmp_path: Path, codec: VideoCodec, b_frames: int) -> None:
    """What HLS does: the init segment, then any consecutive entries, growing or sealed."""
    recording = record(tmp_path / "a.mp4", [video_clip(codec, b_frames=b_frames), audio_clip()], part_90k=45_000)
    index, sealed = recording.facts.index, recording.sealed
    assert [entry.start_90k for entry in index] == [0, 90_000, 180_000, 270_000]
    gaps = [following.offset - entry.offset - entry.size_bytes for entry, following in pairwise(index)]
    assert all(gap == 0 or 8 <= gap < PAGE_BYTES for gap in gaps)  # a free box may stand before a part
    init = sealed[recording.facts.init_offset : recording.facts.init_offset + recording.facts.init_size_bytes]
    shown = [picture for _, picture in pictures(recording.path)]
    for first in range(len(index)):
        for last in range(first, len(index)):
            entries = index[first : last + 1]
            data = init + b"".join(sealed[entry.offset : entry.offset + entry.size_bytes] for entry in entries)
            assert [picture for _, picture in pictures(data)] == shown[first * 25 : (last + 1) * 25]
    for entry in index:
        assert sealed[entry.offset + 4 : entry.offset + 8] == b"moof"
        key_frame = sealed[entry.key_offset : entry.key_offset + entry.key_size_bytes]
        assert key_frame == video_clip(codec, b_frames=b_frames).samples[entry.start_90k // 3_600].data


@pytest.mark.parametrize("b_frames", [0, 2])
def test_sealed_file_seeks_to_any_frame(tmp_path: Path, b_frames: int) -> None:
    recording = record(tmp_path / "a.mp4", [video_clip(b_frames=b_frames), audio_clip()])
    shown = pictures(recording.path)
    assert [pts for pts, _ in shown] == list(range(0, 360_000, 3_600))
    for index in (0, 1, 24, 25, 26, 60, 99):
        assert seek_picture(recording.path, shown[index][0]) == shown[index]


def test_checkpoints_tell_what_a_scan_of_the_same_bytes_tells(tmp_path: Path) -> None:
    video, audio = video_clip(b_frames=2), audio_clip()
    path = tmp_path / "growing.mp4"
    writer = HybridWriter(path, HEADER, [video.format, audio.format])
    assert writer.checkpoint() == scan(path)
    frames = 0
    for part in cut_into_parts([video, audio], part_90k=30_000):
        writer.append(part)
        facts = writer.checkpoint()
        frames += len(part.tracks[0].payloads)
        assert facts == scan(path)
        assert (facts.sealed, facts.video_frames, facts.size_bytes) == (False, frames, path.stat().st_size)
    writer.abandon()
    assert recover(path).video_frames == 100


def test_checkpoints_on_another_thread_see_whole_parts_only(tmp_path: Path) -> None:
    video = video_clip(frames=25)
    (part,) = cut_into_parts([video])
    writer = HybridWriter(tmp_path / "a.mp4", HEADER, [video.format])
    seen: list[SegmentFacts] = []
    done = threading.Event()

    def sync() -> None:
        while not done.is_set():
            seen.append(writer.checkpoint())

    thread = threading.Thread(target=sync)
    thread.start()
    for number in range(200):
        track = part.tracks[0]
        moved = TrackPart(track.track_id, number * 90_000, track.durations, track.payloads, keys=track.keys)
        writer.append(Part([moved], starts_at_key=True))
    done.set()
    thread.join()
    final = writer.seal()
    assert final.video_frames == 5_000
    for facts in seen:
        count = len(facts.index)
        assert facts.index == final.index[:count]
        assert (facts.video_frames, facts.duration_us) == (25 * count, 1_000_000 * count)
        assert count == 0 or facts.size_bytes == facts.index[-1].offset + facts.index[-1].size_bytes


@pytest.mark.parametrize(("jitter", "b_frames", "limit"), [(0, False, 1.009), (0, True, 1.013), (45, False, 1.014)])
def test_bytes_written_for_a_camera_of_500_kbit_with_audio(tmp_path: Path, jitter: int, b_frames: bool, limit: float) -> None:
    """Storage I1, at the low end: 25 frames a second and AAC at 16 kHz, five minutes in parts of a second, index included.

    With B-frames every offset is stored, twice, and of jittering timestamps every duration: there one per cent takes 700 kbit/s.
    """
    writer = HybridWriter(tmp_path / "a.mp4", HEADER, [video_clip().format, audio_clip().format])
    media = 0
    for second in range(300):
        part = slim_part(second, jitter=jitter, b_frames=b_frames)
        media += part.size_bytes
        writer.append(part)
    ratio = writer.seal().size_bytes / media
    assert 1 < ratio <= limit


def slim_part(second: int, *, jitter: int = 0, b_frames: bool = False) -> Part:
    """One second of 468 kbit/s video and 32 kbit/s audio, as bytes that mean nothing."""
    video = TrackPart(
        VIDEO_TRACK_ID, second * 90_000, [3_600] * 25, [bytes(16_500), *[bytes(1_750)] * 24], [], [True, *[False] * 24]
    )
    if jitter:
        video.durations = [3_600 + (jitter if i % 2 else -jitter) for i in range(24)] + [3_600]
    if b_frames:
        video.cts_offsets = [0, *[7_200, -3_600, -3_600] * 8]
    first = second * 16_000 // 1_024
    count = (second + 1) * 16_000 // 1_024 - first
    audio = TrackPart(AUDIO_TRACK_ID, first * 1_024, [1_024] * count, [bytes(256)] * count)
    return Part([video, audio], starts_at_key=True)


# --- what goes wrong ---


@pytest.fixture
def writer(tmp_path: Path) -> HybridWriter:
    return HybridWriter(tmp_path / "a.mp4", HEADER, [video_clip().format, audio_clip().format])


PARTS = cut_into_parts([video_clip(), audio_clip()])


def test_new_files_are_private_and_never_replace_others(tmp_path: Path) -> None:
    path = tmp_path / "ch1" / "day" / "a.mp4"
    HybridWriter(path, HEADER, [video_clip().format]).abandon()
    assert path.stat().st_mode & 0o777 & ~0o640 == 0
    before = path.read_bytes()
    with pytest.raises(SegmentError, match="File exists"):
        HybridWriter(path, HEADER, [video_clip().format])
    assert path.read_bytes() == before


def test_one_vectored_write_a_part(writer: HybridWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def pwritev(fd: int, buffers: Sequence[bytes], offset: int) -> int:
        calls.append(len(buffers))
        return real(fd, buffers, offset)

    real = os.pwritev
    monkeypatch.setattr(os, "pwritev", pwritev)
    for part in PARTS:
        writer.append(part)
    assert calls == [1 + sum(len(track.payloads) for track in part.tracks) for part in PARTS]


def test_writes_that_stop_short_are_finished(writer: HybridWriter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real_v, real = os.pwritev, os.pwrite
    monkeypatch.setattr(os, "pwritev", lambda fd, buffers, offset: real(fd, b"".join(buffers)[:1_000], offset))
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, bytes(data)[:777], offset))
    for part in PARTS:
        writer.append(part)
    monkeypatch.setattr(os, "pwritev", real_v)
    writer.seal()
    assert writer.path.read_bytes() == record(tmp_path / "b.mp4", [video_clip(), audio_clip()]).sealed


def test_part_with_more_frames_than_one_call_takes(tmp_path: Path) -> None:
    video = video_clip()
    count = 2_500
    payloads = [bytes((0, 0, 0, 1, i % 256)) for i in range(count)]
    track = TrackPart(VIDEO_TRACK_ID, 0, [36] * count, payloads, keys=[True, *[False] * (count - 1)])
    writer = HybridWriter(tmp_path / "a.mp4", HEADER, [video.format])
    writer.append(Part([track], starts_at_key=True))
    writer.seal()
    assert [data for *_, data in packets(writer.path, "video")] == payloads


def test_full_disk_costs_the_part_and_nothing_else(writer: HybridWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwritev

    def full(fd: int, buffers: Sequence[bytes], offset: int) -> int:
        os.pwrite(fd, bytes(buffers[0]), offset)
        raise OSError(errno.ENOSPC, "No space left on device")

    writer.append(PARTS[0])
    before = writer.path.read_bytes()
    monkeypatch.setattr(os, "pwritev", full)
    with pytest.raises(SegmentError, match="No space left") as caught:
        writer.append(PARTS[1])
    assert isinstance(caught.value.__cause__, OSError)
    assert writer.path.read_bytes() == before
    with pytest.raises(SegmentError, match="could not be sealed"):
        writer.seal()
    assert writer.path.read_bytes() == before
    monkeypatch.setattr(os, "pwritev", real)
    writer.append(PARTS[1])
    facts = writer.seal()
    assert scan(writer.path) == facts
    assert facts.video_frames == 50


def test_a_failed_flush_is_never_forgotten(writer: HybridWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """After EIO Linux marks the pages clean: a later fdatasync succeeds without having written them (storage I3)."""

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    writer.append(PARTS[0])
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(SegmentError, match="Input/output error"):
        writer.checkpoint()
    monkeypatch.setattr(os, "fdatasync", real)
    for act in (writer.checkpoint, writer.seal):
        with pytest.raises(SegmentError, match="Input/output error"):
            act()
    writer.abandon()
    assert scan(writer.path).video_frames == 25


def test_closed_writer_says_so(writer: HybridWriter) -> None:
    writer.append(PARTS[0])
    writer.seal()
    writer.abandon()
    for act in (writer.checkpoint, writer.seal, lambda: writer.append(PARTS[1])):
        with pytest.raises(SegmentError, match="is closed"):
            act()


def test_sealing_without_a_part(writer: HybridWriter) -> None:
    with pytest.raises(EmptySegment):
        writer.seal()
    with pytest.raises(EmptySegment):
        recover(writer.path)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Part([TrackPart(VIDEO_TRACK_ID, 0, [3_600], [b"x"], keys=[False])], starts_at_key=False), "must start at a key frame"),
        (Part([TrackPart(VIDEO_TRACK_ID, 0, [3_600], [], keys=[])], starts_at_key=True), "inconsistent"),
        (Part([TrackPart(VIDEO_TRACK_ID, -1, [3_600], [b"x"], keys=[True])], starts_at_key=True), "does not fit"),
        (Part([TrackPart(VIDEO_TRACK_ID, 0, [1 << 32], [b"x"], keys=[True])], starts_at_key=True), "does not fit"),
        (Part([TrackPart(VIDEO_TRACK_ID, 0, [1], [b"x"], [1 << 31], [True])], starts_at_key=True), "does not fit"),
        (Part([TrackPart(9, 0, [1], [b"x"])], starts_at_key=True), "track 9"),
    ],
)
def test_malformed_parts_are_refused_before_a_byte_is_written(writer: HybridWriter, part: Part, message: str) -> None:
    before = writer.path.read_bytes()
    with pytest.raises(SegmentError, match=message):
        writer.append(part)
    assert writer.path.read_bytes() == before
    writer.append(PARTS[0])
    assert writer.seal().video_frames == 25


def test_parts_must_not_run_backwards(writer: HybridWriter) -> None:
    writer.append(PARTS[0])
    with pytest.raises(SegmentError, match="before or too far after"):
        writer.append(PARTS[0])


def test_g711_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SegmentError, match="transcode"):
        HybridWriter(tmp_path / "a.mp4", HEADER, [video_clip().format, AudioFormat("pcma", 8_000, 1, b"", "", 0)])
    assert not (tmp_path / "a.mp4").exists()
