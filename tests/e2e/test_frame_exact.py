"""A minute across six segments: every frame that a camera sent is in its files once, in order, bit for bit."""

import shutil
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from mini_nvr.catalog.model import SegmentState
from mini_nvr.clock import US_PER_S
from mini_nvr.demo import SentFrame
from mini_nvr.media.frame import VIDEO_CLOCK_HZ
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.scan import scan
from tests.e2e.conftest import CLIPS, SEGMENT_S, SEGMENTS, Minute
from tests.e2e.played import Packet, digests, digests_without_sets, packets, picture_times, split_sets
from tests.e2e.sent_frames import lasted_s, lost_s, offset_in
from tests.support.hybrid_files import ffprobe_complaints

CONTAINERS = ("mp4", "mkv")
CODECS = {number: spec.codec for number, spec in CLIPS.items()}
SOUNDS = {number: spec.audio for number, spec in CLIPS.items()}
AAC = [number for number, sound in SOUNDS.items() if sound == "aac"]
G711 = [number for number, sound in SOUNDS.items() if sound != "aac"]
UNWRITTEN_AT_STOP_S = 1.0  # the cameras are silent by then, and nothing is on its way
AAC_FRAME_SAMPLES = 1024
LATE_SOUND_S = 0.4  # an AAC frame of 8 kHz lasts 128 ms, and the first whole one begins behind the first picture
UNWRITTEN_SOUND_S = 1.0  # on its way when the recorder stops
DATED_BY_FFMPEG = 6
"""With fewer pictures, B-frames among them, FFmpeg makes wrong decoding times and complains of them: it leaves the last two rows of
composition offsets out of account (`tests/segment/test_cut_short.py`). A stop may leave such a file."""
DRIFT_PPM = 500  # by so much may the start of a segment follow the camera's clock

of_each_camera = pytest.mark.parametrize("number", CLIPS)  # scenes leave out what a busy machine holds up
in_both_formats = pytest.mark.parametrize("container", CONTAINERS)


def files_of(minute: Minute, number: int, container: str) -> list[Path]:
    return minute.recorders[container].files(number)


def sent_to(minute: Minute, number: int, container: str, track: int) -> list[SentFrame]:
    log = minute.cameras[number].sent
    assert all(frame.outcome == "sent" for frame in log.frames), "the rig itself could not send everything"
    return log.whole(track, minute.clients[number, container])


def stored(minute: Minute, number: int, container: str, kind: str) -> list[Packet]:
    return [frame for path in files_of(minute, number, container) for frame in packets(path, kind)]


@in_both_formats
@of_each_camera
def test_every_picture_once_and_in_order(minute: Minute, number: int, container: str) -> None:
    sent = sent_to(minute, number, container, track=0)
    found = digests_without_sets(CODECS[number], stored(minute, number, container, "video"))
    assert found[0] == sent[0].digest, "the first frame sent is a key frame, and recording starts with it"
    lost = lost_s(sent, found, VIDEO_CLOCK_HZ)
    print(f"{len(found)} of {len(sent)} frames; the last {lost:.3f} s were lost when the recorder was stopped")
    assert lost <= UNWRITTEN_AT_STOP_S


@in_both_formats
@pytest.mark.parametrize("number", AAC)
def test_every_aac_frame_once_and_in_order(minute: Minute, number: int, container: str) -> None:
    check_sound(minute, number, container)


@pytest.mark.parametrize("number", G711)
def test_matroska_keeps_g711_as_it_came(minute: Minute, number: int) -> None:
    check_sound(minute, number, "mkv")


def check_sound(minute: Minute, number: int, container: str) -> None:
    """The stored frames are a stretch of those sent. The sound repeats itself, so a hole shows in where the stretch ends."""
    sent = sent_to(minute, number, container, track=1)
    frames = stored(minute, number, container, "audio")
    first = offset_in(sent, digests(frames))
    clock_hz = minute.cameras[number].tracks()[1].clock_hz
    late_s, short_s = lasted_s(sent[: first + 1], clock_hz), lasted_s(sent[first + len(frames) - 1 :], clock_hz)
    print(f"{len(frames)} of {len(sent)} frames, without {late_s:.3f} s at the start and {short_s:.3f} s at the end")
    assert late_s < LATE_SOUND_S
    assert short_s < UNWRITTEN_SOUND_S


@of_each_camera
def test_sound_has_no_hole(minute: Minute, number: int) -> None:
    """Frame joins frame, but for once a file, where sound follows the sender reports; files join within the same bounds."""
    drift_s = SEGMENT_S * DRIFT_PPM / 1e6
    ends: list[Fraction] = []
    starts: list[Fraction] = []
    recording_start_s = Fraction(scan(files_of(minute, number, "mp4")[0]).header.start_utc_us, US_PER_S)
    for path in files_of(minute, number, "mp4"):
        frames = packets(path, "audio")
        rate = scan(path).formats[-1].clock_hz
        start_s = Fraction(scan(path).header.start_utc_us, US_PER_S)
        jumps = {frame.pts: frame.duration - Fraction(AAC_FRAME_SAMPLES, rate) for frame in frames}
        odd = {float(pts): float(jump) for pts, jump in jumps.items() if jump}
        assert len(odd) <= 1, f"{path.name}: holes and squeezed frames (at, by): {odd}"
        assert all(abs(jump) <= drift_s for jump in odd.values()), f"{path.name}: (at, by): {odd}"
        starts.append(start_s + frames[0].pts)
        ends.append(start_s + frames[-1].pts + frames[-1].duration)
    holes = [float(start - end) for end, start in zip(ends, starts[1:], strict=False)]
    print("at the borders:", holes)
    assert all(abs(hole) <= drift_s + 0.002 for hole in holes)
    last = scan(files_of(minute, number, "mp4")[-1])
    video_end_s = Fraction(last.header.start_utc_us + last.duration_us, US_PER_S)
    late_s, short_s = float(starts[0] - recording_start_s), float(video_end_s - ends[-1])
    print(f"begins {late_s:.3f} s after the picture, ends {short_s:.3f} s before it")
    assert late_s < LATE_SOUND_S
    assert short_s < UNWRITTEN_SOUND_S


@in_both_formats
@of_each_camera
def test_segments_follow_each_other(minute: Minute, number: int, container: str) -> None:
    """Sealed, numbered, at most as long as they may be, joined without a gap; and the catalog knows all that."""
    recorder = minute.recorders[container]
    facts = [scan(path) for path in files_of(minute, number, container)]
    assert len(facts) > SEGMENTS
    assert all(of.sealed for of in facts)
    assert [of.header.number for of in facts] == list(range(len(facts)))
    assert len({of.header.run_id for of in facts}) == 1
    assert all(of.duration_us <= (SEGMENT_S + 0.05) * US_PER_S for of in facts)
    assert max(_border_us(before, after) for before, after in pairwise(facts)) <= SEGMENT_S * DRIFT_PPM
    rows = recorder.segments(number)
    assert [recorder.record_dir / row.path for row in rows] == files_of(minute, number, container)
    assert {row.state for row in rows} == {SegmentState.SEALED}
    assert sum(row.video_frames for row in rows) == len(stored(minute, number, container, "video"))
    first, end = rows[0].start_utc_us, rows[-1].end_utc_us
    assert not [gap for gap in recorder.gaps(number) if first < gap.start_utc_us < end]


def _border_us(before: SegmentFacts, after: SegmentFacts) -> int:
    return abs(after.header.start_utc_us - before.header.start_utc_us - before.duration_us)


@in_both_formats
def test_the_catalog_equals_a_rescan(minute: Minute, container: str, tmp_path: Path) -> None:
    minute.recorders[container].check_catalog(tmp_path / "fresh")


@of_each_camera
def test_matroska_keeps_parameter_sets_in_the_stream(minute: Minute, number: int) -> None:
    expected = minute.cameras[number].tracks()[0].parameter_sets
    for path in files_of(minute, number, "mkv"):
        for frame in packets(path, "video"):
            sets, _ = split_sets(CODECS[number], frame.data)
            assert sets == (expected if frame.is_key else ()), f"{path.name} at {float(frame.pts):.3f} s"


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="Debian's ffmpeg is not installed (`make test` does it)")
@in_both_formats
@of_each_camera
def test_ffmpeg_has_nothing_to_say_against_the_files(minute: Minute, number: int, container: str) -> None:
    for path in files_of(minute, number, container):
        pictures = scan(path).video_frames
        assert len(picture_times(path)) == pictures, path.name
        if pictures >= DATED_BY_FFMPEG:
            assert ffprobe_complaints(path) == "", path.name
