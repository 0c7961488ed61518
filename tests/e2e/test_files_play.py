"""A growing file plays at any instant; a sealed one is an ordinary MP4; and the parts of both play by byte range."""

import random
import shutil
import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mini_nvr.catalog.model import SegmentState
from mini_nvr.clock import US_PER_S
from mini_nvr.demo import ClipSource, DemoCamera, DemoRig
from mini_nvr.demo.sound import TICK_S, one_second
from mini_nvr.segment.layout import PAGE_BYTES
from tests.e2e.conftest import CLIPS, SCENES, SEGMENT_S, MakeRecorder, Minute
from tests.e2e.played import Floats, has_footage, opened, packets, picture_times, pictures, sound
from tests.e2e.recorder_process import RecorderProcess, camera_settings, pause
from tests.support.catalog import index_of

SEED = 20_260_302
LOOKS = 30
LOOK_EVERY_S = (0.05, 0.4)
AV_SYNC_S = 0.040
SEEKS = 5
TICKS_FOUND = 0.5
"""A scene that is held up leaves seconds out, as cameras do."""

REORDERED_S = {number: spec.b_frames / spec.fps for number, spec in CLIPS.items()}
"""How long the B-frames are shown that are sent behind the picture that follows them."""

of_each_camera = pytest.mark.parametrize("number", CLIPS)  # scenes leave out what a busy machine holds up
of_each_scene = pytest.mark.parametrize("number", SCENES)


def sealed_files(minute: Minute, number: int) -> list[Path]:
    return minute.recorders["mp4"].files(number)


# Growing


@pytest.fixture
def rig() -> Iterator[DemoRig]:
    with DemoRig([DemoCamera(number, ClipSource(spec)) for number, spec in CLIPS.items()]) as rig:
        yield rig


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_growing_file_opens_at_any_instant(container: str, rig: DemoRig, make_recorder: MakeRecorder, tmp_path: Path) -> None:
    """Copied while it grows, and where it lies; what was there before is still there."""
    moments = random.Random(SEED)  # noqa: S311  moments, not secrets
    print(f"seed {SEED}")
    with make_recorder(camera_settings(rig, len(CLIPS), SEGMENT_DURATION="10", RECORD_FORMAT=container)) as recorder:

        def newest_of_each() -> list[Path]:
            return [path for number in CLIPS for path in recorder.files(number)[-1:]]

        recorder.wait_recording(len(CLIPS))
        recorder.wait_until(lambda: all(map(has_footage, newest_of_each())), "footage of each camera")
        shown: dict[Path, int] = {}
        for look in range(LOOKS):
            pause(moments.uniform(*LOOK_EVERY_S))
            path = recorder.files(moments.choice(list(CLIPS)))[-1]
            copy = tmp_path / f"copy.{container}"
            shutil.copyfile(path, copy)
            if not has_footage(copy):
                continue
            for looked_at in (copy, path):
                try:
                    count = len(picture_times(looked_at))
                except av.FFmpegError as exc:
                    raise AssertionError(f"look {look}: {copy.stat().st_size} bytes of {path.name} do not play: {exc}") from exc
                assert count >= shown.get(path, 1), f"look {look}: {path.name} showed {shown[path]} pictures before, {count} now"
                shown[path] = count
        assert sum(shown.values()) > LOOKS


def test_the_parts_of_a_growing_file_play_by_byte_range(rig: DemoRig, make_recorder: MakeRecorder) -> None:
    """What the catalog lists while the file grows is on the disk, and plays without the rest of the file."""
    with make_recorder(camera_settings(rig, len(CLIPS), SEGMENT_DURATION="600", SYNC_INTERVAL="0.5")) as recorder:
        recorder.wait_until(
            lambda: all(_listed_us(recorder, number) > 3 * US_PER_S for number in CLIPS), "3 s of each channel listed"
        )
        for number in CLIPS:
            row = recorder.segments(number)[-1]
            assert row.state is SegmentState.GROWING
            times = picture_times(by_ranges(recorder, number, 0))
            assert times == picture_times(recorder.files(number)[0])[: len(times)]
            assert len(times) >= row.video_frames > 0


def _listed_us(recorder: RecorderProcess, number: int) -> int:
    return sum(row.duration_us for row in recorder.segments(number))


# Sealed


@of_each_camera
def test_a_sealed_file_is_an_ordinary_mp4(minute: Minute, number: int) -> None:
    """One `mdat`, then a `moov` with every frame in its tables: no player needs to know about fragments."""
    files = sealed_files(minute, number)
    for path in files:
        boxes = top_level_boxes(path)
        assert [kind for kind in boxes if kind != b"free"] == [b"ftyp", b"mdat", b"moov"]
        with opened(path) as container:
            video = container.streams.video[0]
            assert video.frames == len(picture_times(path)) > 0
            assert path == files[-1] or all(stream.frames > 0 for stream in container.streams), "the last may have no sound yet"


@of_each_camera
def test_a_sealed_file_says_how_long_it_is(minute: Minute, number: int) -> None:
    """Of the last file the recorder's stop may have cut off the B-frames before its last picture: FFmpeg tells the sum of all
    durations, and the picture stands where it belongs, behind the hole."""
    recorder = minute.recorders["mp4"]
    files = sealed_files(minute, number)
    for path, row in zip(files, recorder.segments(number), strict=True):
        frames = packets(path, "video")
        first = min(frame.pts for frame in frames)
        last = max(frames)
        with opened(path) as container:
            video = container.streams.video[0]
            stated_s = (video.duration or 0) * (video.time_base or Fraction(1))
        shown_s = last.pts + last.duration - first
        cut_off_s = REORDERED_S[number] if path == files[-1] else Fraction(0)
        difference_s = shown_s - stated_s
        assert -last.duration <= difference_s <= cut_off_s + last.duration, (
            f"{path.name} says {float(stated_s)} s, shows {float(shown_s)} s"
        )
        assert abs(Fraction(row.duration_us, US_PER_S) - shown_s) <= last.duration


@of_each_camera
def test_a_sealed_file_is_seekable(minute: Minute, number: int) -> None:
    path = sealed_files(minute, number)[1]
    all_times = picture_times(path)
    keys = [frame.pts for frame in packets(path, "video") if frame.is_key]
    moments = random.Random(SEED)  # noqa: S311  moments, not secrets
    with opened(path) as container:
        video = container.streams.video[0]
        base = video.time_base or Fraction(1)
        for wanted in moments.sample(all_times, SEEKS):
            container.seek(int(wanted / base), stream=video)
            first = next(frame for frame in container.decode(video))
            assert (first.pts or 0) * base == max(key for key in keys if key <= wanted)


@of_each_camera
def test_the_parts_of_a_sealed_file_play_by_byte_range(minute: Minute, number: int) -> None:
    recorder = minute.recorders["mp4"]
    for position, path in enumerate(sealed_files(minute, number)[:2]):
        listed = by_ranges(recorder, number, position)
        late = {fragmented - sealed for fragmented, sealed in zip(picture_times(listed), picture_times(path), strict=True)}
        assert len(late) == 1
        # FFmpeg shows pictures of a fragmented file late by the largest negative offset, those of an indexed one in time
        assert 0 <= late.pop() <= REORDERED_S[number], "the same pictures at the same times"
        assert [frame.data for frame in packets(listed, "video")] == [frame.data for frame in packets(path, "video")]
        assert [(frame.pts, frame.data) for frame in packets(listed, "audio")] == [
            (frame.pts, frame.data) for frame in packets(path, "audio")
        ]


@of_each_camera
def test_each_listed_part_plays_alone(minute: Minute, number: int) -> None:
    """A player that seeks fetches the init segment and one part."""
    recorder = minute.recorders["mp4"]
    with recorder.catalog() as catalog:
        row = catalog.segments(number)[0]
        index = index_of(catalog, row.id)
    data = (recorder.record_dir / row.path).read_bytes()
    init = data[row.init_offset : row.init_offset + row.init_size_bytes]
    assert index[0].offset == row.init_offset + row.init_size_bytes
    padding = [after.offset - before.offset - before.size_bytes for before, after in pairwise(index)]
    assert all(0 <= size < 2 * PAGE_BYTES for size in padding)
    alone = sum(len(picture_times(init + data[entry.offset : entry.offset + entry.size_bytes])) for entry in index)
    assert alone == row.video_frames


def by_ranges(recorder: RecorderProcess, number: int, position: int) -> bytes:
    """What an HLS player fetches: the init segment and each listed part by its byte range, one after the other."""
    with recorder.catalog() as catalog:
        row = catalog.segments(number)[position]
        index = index_of(catalog, row.id)
    data = (recorder.record_dir / row.path).read_bytes()
    ranges = [(row.init_offset, row.init_size_bytes), *((entry.offset, entry.size_bytes) for entry in index)]
    assert ranges[-1][0] + ranges[-1][1] <= len(data), "the catalog lists more than the file has (storage I3)"
    return b"".join(data[offset : offset + size] for offset, size in ranges)


def top_level_boxes(path: Path) -> list[bytes]:
    """The kinds of a file's boxes (ISO/IEC 14496-12 clause 4.2), which must fill it exactly."""
    data = path.read_bytes()
    kinds: list[bytes] = []
    position = 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        assert size >= 8, f"{path.name}: a box of {size} bytes at {position}"
        kinds.append(kind)
        position += size
    assert position == len(data)
    return kinds


# Sound and picture together


@of_each_scene
def test_sound_and_picture_are_in_sync(minute: Minute, number: int) -> None:
    """The scenes flash and tick with each full second; both are found in the decoded file, and their times compared."""
    differences: list[float] = []
    files = sealed_files(minute, number)[:-1]  # the last one may have no sound yet
    for path in files:
        flashes, ticks = flash_times(path), tick_times(path)
        near = [(flash, min(ticks, key=lambda tick: abs(tick - flash))) for flash in flashes]  # noqa: B023  called at once
        differences += [tick - flash for flash, tick in near if abs(tick - flash) < 0.5]
    print(f"{len(differences)} ticks, {min(differences):+.4f} to {max(differences):+.4f} s behind their flashes")
    assert len(differences) >= TICKS_FOUND * SEGMENT_S * len(files)
    assert max(map(abs, differences)) <= AV_SYNC_S


def flash_times(path: Path) -> list[float]:
    """When the dot in the upper right corner lights up: in a corner that is dark otherwise."""
    times: list[float] = []
    was_lit = True
    for time, luma in pictures(path):
        corner = luma[10:36, -36:-10]
        lit = bool(np.median(corner) > 215)
        if lit and not was_lit:
            times.append(float(time))
        was_lit = lit
    return times


def tick_times(path: Path) -> list[float]:
    """When a tick begins: where the sound is most like one, within each second."""
    start_s, rate, samples = sound(path)
    template = one_second(rate)[: round(TICK_S * rate)]
    likeness = np.correlate(samples, template, "valid")
    likeness /= float(template @ template)
    return [start_s + position / rate for position in _peaks(likeness, rate)]


def _peaks(likeness: Floats, rate: int) -> NDArray[np.intp]:
    """Positions of the maxima that stand out, at least half a second apart."""
    candidates = np.flatnonzero(likeness > 0.6)
    if not len(candidates):
        return candidates
    groups = np.split(candidates, np.flatnonzero(np.diff(candidates) > rate // 2) + 1)
    return np.array([group[np.argmax(likeness[group])] for group in groups])
