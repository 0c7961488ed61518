"""Real files of FFmpeg and of our Matroska writer, converted: the same pictures before and after, whatever the container held."""

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_nvr.media.frame import AudioFormat, VideoFormat
from mini_nvr.segment.hybrid_reader import scan_hybrid
from mini_nvr.segment.model import Container, SegmentFacts
from mini_nvr.storage.converter_errors import ConversionError, ConversionStopped, Unconvertible
from mini_nvr.storage.converter_file import Original, convert_file, fingerprint_of, verify_file
from tests.support.footage import audio_clip, video_clip
from tests.support.foreign_files import MJPEG, X264, X264_B, X265, make, pictures, sound_seconds
from tests.support.hybrid_files import HEADER
from tests.support.matroska_files import g711_clip, record


def no_pace(_size: int) -> None:
    """Work as fast as the machine can."""


def original(path: Path) -> Original:
    container: Container = "mkv" if path.suffix == ".mkv" else "mp4"
    return Original(path, container, HEADER)


def converted(source: Original, target: Path) -> SegmentFacts:
    return verify_file(source, convert_file(source, target, no_pace), target, no_pace)


def audio_of(facts: SegmentFacts) -> AudioFormat | None:
    return next((item for item in facts.formats if isinstance(item, AudioFormat)), None)


@pytest.mark.parametrize(
    ("name", "video", "audio", "rate"),
    [
        ("plain.mkv", X264, (), 0),
        ("reordered.mkv", X264_B, ("-c:a", "pcm_alaw"), 8_000),
        ("h265.mkv", X265, ("-c:a", "aac"), 16_000),
        ("mp2.mkv", X264, ("-c:a", "mp2"), 48_000),
        ("pcm.mkv", X264, ("-c:a", "pcm_s16le"), 44_100),
        ("mulaw.mkv", X264, ("-c:a", "pcm_mulaw"), 8_000),
        ("opus.mkv", X264, ("-c:a", "libopus", "-ar", "48000"), 48_000),
        ("aac.mp4", X264_B, ("-c:a", "aac"), 44_100),
        ("mp3.mp4", X264, ("-c:a", "libmp3lame"), 32_000),
        ("h265.mp4", (*X265, "-tag:v", "hev1"), (), 0),
        ("fragmented.mp4", (*X264, "-movflags", "frag_keyframe+empty_moov"), ("-c:a", "aac"), 16_000),
        ("one_frame.mkv", (*X264, "-frames:v", "1"), (), 0),
        ("all_keys.mkv", ("-c:v", "libx264", "-g", "1"), (), 0),
    ],
)
def test_every_picture_comes_out_as_it_went_in(
    tmp_path: Path, name: str, video: tuple[str, ...], audio: tuple[str, ...], rate: int
) -> None:
    source = make(tmp_path / name, video=video, audio=audio, rate=rate)
    facts = converted(original(source), tmp_path / "out.mp4")
    assert pictures(tmp_path / "out.mp4") == pictures(source)
    assert facts.video_frames == len(pictures(source))
    assert facts.sealed
    assert all(entry.key_size_bytes for entry in facts.index)
    assert (audio_of(facts) is not None) == bool(audio)
    if audio:
        assert sound_seconds(tmp_path / "out.mp4") == pytest.approx(sound_seconds(source), abs=0.15)
    assert scan_hybrid(tmp_path / "out.mp4") == facts


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_our_matroska_becomes_our_mp4_with_the_same_header_frames_and_duration(tmp_path: Path, codec: str) -> None:
    clips = [video_clip("h264" if codec == "h264" else "h265", b_frames=0), g711_clip()]
    recording = record(tmp_path / "in.mkv", clips)
    source = Original(recording.path, "mkv", HEADER, recording.facts.video_frames, recording.facts.duration_us)
    facts = converted(source, tmp_path / "out.mp4")
    assert facts.header == recording.facts.header
    assert facts.video_frames == recording.facts.video_frames
    assert abs(facts.duration_us - recording.facts.duration_us) <= 1_000
    assert next(item for item in facts.formats if isinstance(item, VideoFormat)) == clips[0].format
    assert pictures(tmp_path / "out.mp4") == pictures(recording.path)
    sound = audio_of(facts)
    assert sound is not None
    assert (sound.codec, sound.sample_rate_hz) == ("aac", 8_000)


def test_aac_is_copied_frame_by_frame(tmp_path: Path) -> None:
    recording = record(tmp_path / "in.mkv", [video_clip(), audio_clip(seconds=3)])
    source = original(recording.path)
    written = convert_file(source, tmp_path / "out.mp4", no_pace)
    assert written.copied_audio
    assert written.audio_frames == len(audio_clip(seconds=3).samples)
    verify_file(source, written, tmp_path / "out.mp4", no_pace)
    assert audio_of(scan_hybrid(tmp_path / "out.mp4")) == audio_clip(seconds=3).format


def test_a_file_that_was_never_completed_gives_the_frames_that_are_whole(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.mkv", audio=("-c:a", "pcm_alaw"), seconds=4)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    facts = converted(original(cut), tmp_path / "out.mp4")
    assert 0 < facts.video_frames < 100
    assert pictures(tmp_path / "out.mp4") == pictures(whole)[: facts.video_frames]


def test_frames_before_the_first_key_frame_are_left_out(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.mkv", seconds=3)
    late = tmp_path / "late.mkv"

    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(whole), "-c", "copy", "-copyinkf", "-bsf:v", "noise=drop=lt(n\\,5)", str(late)],
        check=True,
        timeout=30,
    )
    facts = converted(original(late), tmp_path / "out.mp4")
    assert facts.video_frames == 50
    assert pictures(tmp_path / "out.mp4") == pictures(whole)[25:]


def test_what_the_head_of_the_file_does_not_say_is_taken_from_the_first_key_frame(tmp_path: Path) -> None:
    source = make(tmp_path / "in_band.mp4", video=(*X264, "-bsf:v", "dump_extra"))
    facts = converted(original(source), tmp_path / "out.mp4")
    assert pictures(tmp_path / "out.mp4") == pictures(source)
    assert facts.video_frames == 75


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("noise.mkv", lambda: bytes(range(256)) * 200),
        ("empty.mp4", lambda: b""),
        ("zeros.mkv", lambda: bytes(100_000)),
        ("playlist.mp4", lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
        ("script.mkv", lambda: b"ffconcat version 1.0\nfile /etc/passwd\n"),
    ],
)
def test_what_is_no_footage_is_refused_and_leaves_nothing(tmp_path: Path, name: str, content: Callable[[], bytes]) -> None:
    source = tmp_path / name
    source.write_bytes(content())
    with pytest.raises(Unconvertible):
        convert_file(original(source), tmp_path / "out.mp4", no_pace)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("name", "video", "more", "reason"),
    [
        ("mjpeg.mkv", MJPEG, (), "mjpeg"),
        ("two.mkv", X264, ("-map", "0:v", "-map", "0:v"), "2 video tracks"),
        ("mpeg4.mp4", ("-c:v", "mpeg4"), (), "mpeg4"),
    ],
)
def test_what_our_files_cannot_hold_is_kept(
    tmp_path: Path, name: str, video: tuple[str, ...], more: tuple[str, ...], reason: str
) -> None:
    source = make(tmp_path / name, video=video, more=more, seconds=1)
    with pytest.raises(Unconvertible, match=reason):
        convert_file(original(source), tmp_path / "out.mp4", no_pace)
    assert not (tmp_path / "out.mp4").exists()


def test_a_truncated_mp4_without_its_index_is_refused(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.mp4")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[:-1_000])
    with pytest.raises(Unconvertible, match="0 video tracks"):
        convert_file(original(cut), tmp_path / "out.mp4", no_pace)


def test_a_file_most_of_which_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """FFmpeg passes over damage; an original must not go because few frames came out."""
    source = make(tmp_path / "in.mkv", seconds=3)
    with source.open("ab") as file:
        file.write(bytes(2_000_000))
    with pytest.raises(Unconvertible, match="cannot be read"):
        convert_file(original(source), tmp_path / "out.mp4", no_pace)


def test_a_file_of_ours_that_lost_frames_is_refused(tmp_path: Path) -> None:
    recording = record(tmp_path / "in.mkv", [video_clip()])
    claims_more = Original(recording.path, "mkv", HEADER, recording.facts.video_frames + 1, recording.facts.duration_us)
    with pytest.raises(Unconvertible, match="says that it holds 101 frames"):
        convert_file(claims_more, tmp_path / "out.mp4", no_pace)
    assert not (tmp_path / "out.mp4").exists()


def test_a_result_that_the_disk_changed_is_noticed(tmp_path: Path) -> None:
    source = original(make(tmp_path / "in.mkv"))
    target = tmp_path / "out.mp4"
    written = convert_file(source, target, no_pace)
    entry = scan_hybrid(target).index[1]
    with target.open("r+b") as file:
        file.seek(entry.key_offset + entry.key_size_bytes // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes((byte[0] ^ 1,)))
    with pytest.raises(ConversionError, match="not what was written"):
        verify_file(source, written, target, no_pace)


def test_stopping_half_way_leaves_nothing(tmp_path: Path) -> None:
    source = original(make(tmp_path / "in.mkv"))
    parts = 0

    def stop(_size: int) -> None:
        nonlocal parts
        parts += 1
        if parts == 3:
            raise ConversionStopped("the service stops")

    with pytest.raises(ConversionStopped):
        convert_file(source, tmp_path / "out.mp4", stop)
    assert not (tmp_path / "out.mp4").exists()


def test_an_existing_target_is_never_written_to(tmp_path: Path) -> None:
    source = original(make(tmp_path / "in.mkv"))
    (tmp_path / "out.mp4").write_bytes(b"somebody's")
    with pytest.raises(ConversionError):
        convert_file(source, tmp_path / "out.mp4", no_pace)
    assert (tmp_path / "out.mp4").read_bytes() == b"somebody's"


def test_a_fingerprint_tells_files_apart_and_knows_its_own(tmp_path: Path) -> None:
    one, other = original(make(tmp_path / "a.mkv")), original(make(tmp_path / "b.mkv", video=(*X264, "-crf", "30")))
    assert fingerprint_of(one, no_pace).matches(fingerprint_of(one, no_pace))
    assert not fingerprint_of(one, no_pace).matches(fingerprint_of(other, no_pace))


def test_mjpeg_becomes_h264_when_the_owner_asks_for_it(tmp_path: Path) -> None:
    path = make(tmp_path / "mjpeg.mkv", video=(*MJPEG, "-pix_fmt", "yuvj420p"), audio=("-c:a", "pcm_alaw"))
    source = Original(path, "mkv", HEADER, encode_mjpeg=True)
    facts = converted(source, tmp_path / "out.mp4")
    assert facts.video_frames == len(pictures(path)) == len(pictures(tmp_path / "out.mp4"))
    assert facts.duration_us == 3_000_000
    assert [entry.start_90k for entry in facts.index] == [0, 180_000]
    assert fingerprint_of(source, no_pace).matches(fingerprint_of(source, no_pace))
    compared = subprocess.run(
        ["ffmpeg", "-i", str(path), "-i", str(tmp_path / "out.mp4"), "-lavfi", "psnr", "-f", "null", "-"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert float(compared.stderr.rpartition("average:")[2].split()[0]) > 40


def test_time_need_not_begin_at_zero(tmp_path: Path) -> None:
    """As FFmpeg's segments that go on where the one before ended."""
    source = make(tmp_path / "late.mkv", audio=("-c:a", "pcm_alaw"), more=("-output_ts_offset", "300"))
    facts = converted(original(source), tmp_path / "out.mp4")
    assert facts.duration_us == 3_000_000
    assert sound_seconds(tmp_path / "out.mp4") == pytest.approx(3, abs=0.15)


def test_wherever_a_file_was_cut_what_is_whole_comes_out_or_it_is_refused(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.mkv", audio=("-c:a", "pcm_alaw"), seconds=2)
    data, seen = whole.read_bytes(), pictures(whole)
    for number, size in enumerate(range(100, len(data), len(data) // 12)):
        cut, target = tmp_path / f"cut{number}.mkv", tmp_path / f"out{number}.mp4"
        cut.write_bytes(data[:size])
        try:
            facts = converted(original(cut), target)
        except ConversionError:
            assert not target.exists()
            assert size < 20_000
        else:
            assert pictures(target) == seen[: facts.video_frames]


@pytest.mark.parametrize("name", ["flipped.mkv", "flipped.mp4"])
def test_damaged_files_never_end_in_anything_but_a_result_or_a_refusal(tmp_path: Path, name: str) -> None:
    data = make(tmp_path / name, audio=("-c:a", "aac"), seconds=1).read_bytes()
    flips = random.Random(5)  # noqa: S311  the same damage in every run
    for number in range(60):
        damaged = bytearray(data)
        for _ in range(flips.randrange(1, 6)):
            damaged[flips.randrange(len(data))] = flips.randrange(256)
        source, target = tmp_path / f"{number}{name}", tmp_path / f"{number}.mp4"
        source.write_bytes(damaged)
        try:
            facts = converted(original(source), target)
        except ConversionError:
            target.unlink(missing_ok=True)
        else:
            assert facts.video_frames <= 25
