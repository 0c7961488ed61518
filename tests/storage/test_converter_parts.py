"""Parts of whole files: every frame once and at its time, cut where a playlist may start."""

from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.media.frame import AudioFormat
from mini_nvr.media.part import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Part
from mini_nvr.storage.converter_audio import AudioFrames
from mini_nvr.storage.converter_input import CodedVideo
from mini_nvr.storage.converter_parts import MAX_PART, PartCutter
from tests.support.footage import audio_clip, video_clip, video_format

VIDEO = video_format(video_clip())
AUDIO = audio_clip().format
FRAME = 3_600


def frames_at(times: list[int], keys: set[int]) -> list[CodedVideo]:
    return [CodedVideo(b"%d" % number, pts, FRAME, number in keys) for number, pts in enumerate(times)]


def cut(frames: list[CodedVideo], sound: AudioFrames | None = None, end_90k: int | None = None) -> tuple[list[Part], PartCutter]:
    assert isinstance(AUDIO, AudioFormat)
    cutter = PartCutter(VIDEO, AUDIO if sound is not None else None)
    if sound is not None:
        cutter.audio(sound)
    parts = [part for frame in frames if (part := cutter.video(frame)) is not None]
    last = cutter.last(end_90k)
    return [*parts, *([last] if last is not None else [])], cutter


def shown(parts: list[Part]) -> list[tuple[bytes, int]]:
    """(data, presentation time from the origin) of all frames."""
    found = []
    for part in parts:
        track = next(track for track in part.tracks if track.track_id == VIDEO_TRACK_ID)
        dts = track.base_dts
        for number, data in enumerate(track.payloads):
            found.append((data, dts + (track.cts_offsets[number] if track.cts_offsets else 0)))
            dts += track.durations[number]
    return found


def test_parts_start_at_key_frames_and_are_short() -> None:
    parts, _ = cut(frames_at([n * FRAME for n in range(100)], {0, 50}))
    assert [part.starts_at_key for part in parts] == [True, False, False, True, False, False]
    assert all(part.tracks[0].duration <= MAX_PART for part in parts)


def test_short_groups_are_gathered() -> None:
    parts, _ = cut(frames_at([n * FRAME for n in range(100)], set(range(100))))
    assert all(part.starts_at_key for part in parts)
    assert len(parts) == 10


def test_the_end_that_the_file_claims_is_the_end() -> None:
    parts, _ = cut(frames_at([0, FRAME], {0}), end_90k=10_000)
    assert parts[-1].tracks[0].presented_end == 10_000


def test_time_that_stands_still_fills_no_memory() -> None:
    parts, _ = cut(frames_at([0] * 5_000, {0}))
    assert max(len(part.tracks[0].payloads) for part in parts) <= 1_000


def test_sound_before_the_first_picture_is_left_out_and_the_rest_keeps_its_time() -> None:
    sound = [(b"%d" % n, n * 1_024) for n in range(40)]
    parts, _ = cut(frames_at([90_000 + n * FRAME for n in range(25)], {0}), sound)
    heard = [
        (data, start)
        for part in parts
        for track in part.tracks
        if track.track_id == AUDIO_TRACK_ID
        for data, start in zip(
            track.payloads, [track.base_dts + sum(track.durations[:n]) for n in range(len(track.payloads))], strict=True
        )
    ]
    assert heard[0] == (b"15", 0)  # its first third lies before the picture
    assert heard[1:] == [(b"%d" % n, n * 1_024 - 16_000) for n in range(16, 40)]


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=120),
    st.lists(st.integers(1, 20_000), min_size=120, max_size=120),
    st.sets(st.integers(1, 119)),
)
def test_every_frame_comes_out_once_and_at_its_time(swaps: list[int], steps: list[int], keys: set[int]) -> None:
    """Any frame durations, and frames shown up to three places later than they are decoded."""
    times, now = [], 0
    for number in range(len(swaps)):
        times.append(now)
        now += steps[number]
    for number, distance in enumerate(swaps):
        if distance and number + distance < len(times) and number:
            times[number], times[number + distance] = times[number + distance], times[number]
    frames = frames_at(times, {0, *keys})
    parts, cutter = cut(frames)
    origin = cutter.origin_90k
    assert origin is not None
    assert shown(parts) == [(frame.data, frame.pts_90k - origin) for frame in frames]
    ends = 0
    for part in parts:
        assert part.tracks[0].base_dts >= ends
        assert all(duration > 0 for duration in part.tracks[0].durations)
        ends = part.tracks[0].base_dts + part.tracks[0].duration
