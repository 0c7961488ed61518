"""Writing Matroska: FFmpeg reads back every bit and every time, at every instant."""

import errno
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from mini_nvr.errors import SegmentError
from mini_nvr.media.frame import TrackFormat, VideoFormat
from mini_nvr.media.nal import length_prefixed, split_length_prefixed
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part, TrackPart
from mini_nvr.segment import matroska
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.header import decode_header
from mini_nvr.segment.matroska import MatroskaWriter, recover_matroska, scan_matroska
from mini_nvr.segment.matroska_cluster import with_parameter_sets
from tests.support import coded_video
from tests.support.footage import Clip, audio_clip, cut_into_parts, video_clip
from tests.support.hybrid_files import HEADER, ffprobe_complaints, opened, packets, pictures
from tests.support.matroska_files import g711_clip, record

CLIPS = {
    "h264": (video_clip("h264"),),
    "h264 with B-frames and AAC": (video_clip("h264", b_frames=2), audio_clip()),
    "h265 with A-law": (video_clip("h265"), g711_clip("pcma")),
    "h265 with B-frames and mu-law": (video_clip("h265", b_frames=2), g711_clip("pcmu")),
}
all_clips = pytest.mark.parametrize("clips", CLIPS.values(), ids=CLIPS.keys())


def milliseconds(ticks: int, clock_hz: int) -> int:
    return int(Fraction(ticks * 1000, clock_hz) + Fraction(1, 2))


def part_of(
    payloads: list[bytes], *, base_dts: int = 0, duration: int = 3_600, key: bool = True, sets: list[bytes] | None = None
) -> Part:
    keys = [key] + [False] * (len(payloads) - 1)
    track = TrackPart(VIDEO_TRACK_ID, base_dts, [duration] * len(payloads), payloads, keys=keys, in_band_sets=sets or [])
    return Part([track], starts_at_key=key)


@all_clips
def test_every_bit_and_every_time_comes_back(tmp_path: Path, clips: tuple[Clip, ...]) -> None:
    recording = record(tmp_path / "a.mkv", clips)
    for clip, kind in zip(clips, ("video", "audio"), strict=False):
        found = packets(recording.path, kind)
        assert [data for _, _, data in found] == [sample.data for sample in clip.samples]
        assert [pts for pts, _, _ in found] == [milliseconds(sample.pts, clip.format.clock_hz) for sample in clip.samples]
    assert len(pictures(recording.path)) == len(clips[0].samples)
    assert ffprobe_complaints(recording.path) == ""


@all_clips
def test_a_growing_file_plays_after_every_part(tmp_path: Path, clips: tuple[Clip, ...]) -> None:
    recording = record(tmp_path / "a.mkv", clips)
    frames = 0
    for part, end in zip(recording.parts, recording.ends[1:], strict=True):
        frames += len(part.tracks[0].payloads)
        growing = tmp_path / "growing.mkv"
        growing.write_bytes(recording.growing[:end])
        assert len(pictures(growing)) == frames
        assert ffprobe_complaints(growing) == ""
        facts = scan_matroska(growing)
        assert (facts.video_frames, facts.size_bytes, facts.sealed) == (frames, end, False)


@all_clips
def test_the_file_says_what_was_recorded(tmp_path: Path, clips: tuple[Clip, ...]) -> None:
    recording = record(tmp_path / "a.mkv", clips)
    facts = scan_matroska(recording.path)
    assert facts == recording.facts
    assert facts.sealed
    assert facts.header == HEADER
    assert facts.formats == tuple(clip.format for clip in clips)
    assert facts.duration_us == 4_000_000
    assert facts.video_frames == 100
    assert facts.size_bytes == recording.path.stat().st_size


@pytest.mark.parametrize("sealed", [False, True])
def test_ffmpeg_sees_the_header_and_the_codecs(tmp_path: Path, sealed: bool) -> None:
    recording = record(tmp_path / "a.mkv", (video_clip(), g711_clip("pcmu")))
    with opened(recording.sealed if sealed else recording.growing) as container:
        assert container.metadata["title"] == HEADER.camera_name
        assert decode_header(container.metadata["MINI_NVR"].encode()) == HEADER
        assert container.metadata["creation_time"].startswith("2026-09-21T14:13:20")
        assert [stream.codec_context.name for stream in container.streams] == ["h264", "pcm_mulaw"]
        if sealed:
            assert container.duration == 4_000_000


def test_a_sealed_file_seeks_by_its_cues(tmp_path: Path) -> None:
    recording = record(tmp_path / "a.mkv", (video_clip(b_frames=2), audio_clip()))
    for wanted_us, key_ms in [(0, 0), (999_000, 0), (1_500_000, 1000), (3_999_000, 3000)]:
        with opened(recording.path) as container:
            container.seek(wanted_us)
            packet = next(packet for packet in container.demux(video=0))
            assert (packet.pts, packet.is_keyframe) == (key_ms, True)


def test_sample_aspect_reaches_the_player(tmp_path: Path) -> None:
    for aspect, shown in [(Fraction(4, 3), Fraction(4, 3)), (Fraction(2, 3), Fraction(2, 3)), (Fraction(1), None)]:
        video = coded_video.encode(frames=1, sample_aspect=aspect)
        path = tmp_path / f"{aspect.numerator}.mkv"
        writer = MatroskaWriter(path, HEADER, [video.format])
        writer.append(part_of([video.frames[0].data]))
        writer.seal()
        with opened(path) as container:
            found = container.streams.video[0].sample_aspect_ratio
            assert found == shown or (shown is None and found in {None, Fraction(1)})
        assert scan_matroska(path).formats == (video.format,)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_in_band_parameter_sets_stay_where_the_camera_put_them(tmp_path: Path, codec: str) -> None:
    clip = video_clip("h264" if codec == "h264" else "h265", frames=50)
    assert isinstance(clip.format, VideoFormat)
    sets = length_prefixed(clip.format.parameter_sets)
    delimiter = length_prefixed([b"\x09\x10" if codec == "h264" else b"\x46\x01\x50"])
    payloads = [delimiter + sample.data if sample.key else sample.data for sample in clip.samples]
    writer = MatroskaWriter(tmp_path / "a.mkv", HEADER, [clip.format])
    writer.append(part_of(payloads, sets=[sets if sample.key else b"" for sample in clip.samples]))
    writer.seal()
    expected = [delimiter + sets + sample.data if sample.key else sample.data for sample in clip.samples]
    assert [data for _, _, data in packets(tmp_path / "a.mkv", "video")] == expected
    assert len(pictures(tmp_path / "a.mkv")) == 50


@pytest.mark.parametrize(
    ("nals", "expected"),
    [
        ([b"\x09\xf0", b"\x06sei", b"\x65idr"], [b"\x09\xf0", b"\x67sps", b"\x06sei", b"\x65idr"]),
        ([b"\x06sei", b"\x65idr"], [b"\x67sps", b"\x06sei", b"\x65idr"]),
        ([], [b"\x67sps"]),
    ],
)
def test_parameter_sets_follow_the_delimiter(nals: list[bytes], expected: list[bytes]) -> None:
    whole = with_parameter_sets(length_prefixed(nals), length_prefixed([b"\x67sps"]), "h264")
    assert split_length_prefixed(whole) == expected


def test_a_part_longer_than_a_cluster_may_be(tmp_path: Path) -> None:
    clip = video_clip(frames=3)
    writer = MatroskaWriter(tmp_path / "a.mkv", HEADER, [clip.format])
    writer.append(part_of([sample.data for sample in clip.samples], duration=40 * 90_000))
    facts = writer.seal()
    assert [pts for pts, _, _ in packets(tmp_path / "a.mkv", "video")] == [0, 40_000, 80_000]
    assert facts.duration_us == 120_000_000
    assert scan_matroska(tmp_path / "a.mkv") == facts


def test_overhead_stays_below_one_percent(tmp_path: Path) -> None:
    """A slow stream, 400 kbit/s of video and G.711, for a minute."""
    writer = MatroskaWriter(tmp_path / "a.mkv", HEADER, [video_clip().format, g711_clip().format])
    frame, sound = bytes(2_000), bytes(160)
    media = 0
    for second in range(60):
        part = part_of([frame] * 25, base_dts=second * 90_000)
        part.tracks.append(TrackPart(AUDIO_TRACK_ID, second * 8_000, [160] * 50, [sound] * 50))
        media += part.size_bytes
        writer.append(part)
    facts = writer.seal()
    assert facts.size_bytes / media < 1.014  # audio packets of 160 bytes cost 6 more each
    assert facts.video_frames == 1_500


def test_a_checkpoint_tells_what_was_appended(tmp_path: Path) -> None:
    clip = video_clip()
    writer = MatroskaWriter(tmp_path / "a.mkv", HEADER, [clip.format])
    assert writer.checkpoint().video_frames == 0
    for number, part in enumerate(cut_into_parts([clip]), 1):
        writer.append(part)
        facts = writer.checkpoint()
        assert (facts.video_frames, facts.duration_us) == (25 * number, 1_000_000 * number)
        assert facts == scan_matroska(writer.path)
    writer.abandon()
    writer.abandon()
    with pytest.raises(SegmentError, match="closed"):
        writer.checkpoint()


def test_an_append_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = video_clip()
    first, second, *_ = cut_into_parts([clip])
    writer = MatroskaWriter(tmp_path / "a.mkv", HEADER, [clip.format])
    writer.append(first)
    before = writer.path.read_bytes()

    def full(fd: int, buffers: list[bytes], offset: int) -> int:
        os.pwrite(fd, b"".join(buffers)[:1000], offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(SegmentError, match="No space left") as caught:
        patch.setattr(matroska, "write_at", full)
        writer.append(second)
    assert isinstance(caught.value.__cause__, OSError)
    assert writer.path.read_bytes() == before
    writer.append(second)
    assert writer.seal().video_frames == 50
    assert len(pictures(writer.path)) == 50


def test_a_seal_that_fails_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = video_clip()
    writer = MatroskaWriter(tmp_path / "a.mkv", HEADER, [clip.format])
    writer.append(cut_into_parts([clip])[0])
    before = writer.path.read_bytes()

    def full(fd: int, buffers: list[bytes], offset: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(SegmentError, match="could not be sealed"):
        patch.setattr(matroska, "write_at", full)
        writer.seal()
    assert writer.path.read_bytes() == before
    assert writer.seal() == scan_matroska(writer.path)


def test_a_failed_flush_stays_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = video_clip()
    writer = MatroskaWriter(tmp_path / "a.mkv", HEADER, [clip.format])
    writer.append(cut_into_parts([clip])[0])

    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", broken)
        with pytest.raises(SegmentError, match="could not be made durable"):
            writer.checkpoint()
    for attempt in (writer.checkpoint, writer.seal):
        with pytest.raises(SegmentError, match="could not be made durable"):
            attempt()
    writer.abandon()
    assert recover_matroska(writer.path).video_frames == 25


def test_an_existing_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(b"precious")
    with pytest.raises(SegmentError) as caught:
        MatroskaWriter(path, HEADER, [video_clip().format])
    assert isinstance(caught.value.__cause__, FileExistsError)
    assert path.read_bytes() == b"precious"


def test_nothing_appended_means_an_empty_segment(tmp_path: Path) -> None:
    writer = MatroskaWriter(tmp_path / "ch1" / "a.mkv", HEADER, [video_clip().format])
    with pytest.raises(EmptySegment):
        writer.seal()
    with pytest.raises(EmptySegment):
        scan_matroska(writer.path)


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    clip = video_clip()
    parts = cut_into_parts([clip, audio_clip()])
    formats: list[TrackFormat] = [clip.format]
    writer = MatroskaWriter(tmp_path / "a.mkv", HEADER, formats)
    with pytest.raises(SegmentError, match="key frame"):
        writer.append(replace(parts[0], starts_at_key=False))
    with pytest.raises(SegmentError, match="does not fit the tracks"):
        writer.append(parts[0])
    writer.append(Part([], starts_at_key=True))
    writer.abandon()
