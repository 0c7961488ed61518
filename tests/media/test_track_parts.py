"""Parts join without a seam, whatever they are cut into; the last frame lasts as long as somebody knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.media.part import TrackPart
from mini_nvr.media.track_parts import DEFAULT_FRAME_DURATION, AudioParts, VideoParts

FRAME = 3_600
ORIGIN = 1_000_000


def video_parts(times: list[int], cuts: list[int], *, last_duration: int = 0, end: int | None = None) -> list[TrackPart]:
    """The frames at `times`, a part ending before each of the positions `cuts`."""
    parts, made, origin = VideoParts(None), [], None
    bounds = [0, *cuts, len(times)]
    for first, behind in zip(bounds, bounds[1:], strict=False):
        some = times[first:behind]
        track, origin = parts.cut(
            some,
            [b"x"] * len(some),
            [False] * len(some),
            following=times[behind] if behind < len(times) else None,
            origin=origin,
            last_duration=last_duration,
            end=end,
        )
        made.append(track)
    return made


@given(
    steps=st.lists(st.integers(1, 10_000), min_size=3, max_size=40),
    cuts=st.sets(st.integers(1, 39), max_size=5),
)
def test_video_lasts_from_frame_to_frame_over_parts(steps: list[int], cuts: set[int]) -> None:
    times = [ORIGIN + sum(steps[:count]) for count in range(len(steps) + 1)]
    made = video_parts(times, sorted(cut for cut in cuts if cut < len(times)))
    assert [duration for part in made for duration in part.durations][:-1] == steps
    assert made[-1].durations[-1] == (made[-2].durations[-1] if len(made) > 1 else DEFAULT_FRAME_DURATION)
    for earlier, later in zip(made, made[1:], strict=False):
        assert later.base_dts == earlier.base_dts + earlier.duration
    assert made[0].base_dts == 0


@pytest.mark.parametrize(
    ("known", "duration"),
    [
        ({}, FRAME),
        ({"last_duration": 1_800}, 1_800),
        ({"end": ORIGIN + 3 * FRAME + 900}, 900),
        ({"end": ORIGIN}, FRAME),  # before the last frame: not so
    ],
)
def test_the_last_frame(known: dict[str, int], duration: int) -> None:
    (part,) = video_parts([ORIGIN + number * FRAME for number in range(4)], [], **known)
    assert part.durations == [FRAME, FRAME, FRAME, duration]


def test_a_frame_alone_lasts_a_usual_time() -> None:
    (part,) = video_parts([ORIGIN], [])
    assert part.durations == [DEFAULT_FRAME_DURATION]


def test_reordered_video_is_offset_from_its_decoding() -> None:
    shown = [ORIGIN + number * FRAME for number in (0, 3, 1, 2, 6, 4, 5)]
    (part,) = video_parts(shown, [], end=ORIGIN + 7 * FRAME)
    decoded = [part.base_dts + sum(part.durations[:count]) for count in range(len(shown))]
    assert [dts + offset for dts, offset in zip(decoded, part.cts_offsets, strict=True)] == [pts - ORIGIN for pts in shown]
    assert decoded == sorted(set(decoded))


def test_one_frame_of_sound_waits_for_the_next() -> None:
    sound = AudioParts(8_000, 1_024)
    for number in range(3):
        sound.add(bytes([number]), 80_000 + number * 1_024)
    first = sound.take(900_000, everything=False)
    rest = sound.take(900_000, everything=True)
    assert first is not None
    assert rest is not None
    assert (first.payloads, first.durations, first.base_dts) == ([b"\0", b"\1"], [1_024, 1_024], 0)
    assert (rest.payloads, rest.durations, rest.base_dts) == ([b"\2"], [1_024], 2_048)
    assert sound.take(900_000, everything=True) is None


def test_sound_never_goes_back() -> None:
    sound = AudioParts(8_000, 100)
    for pts in (0, 90, 80, 300):
        sound.add(b"x", pts)
    part = sound.take(0, everything=True)
    assert part is not None
    assert part.durations == [90, 1, 209, 100]
