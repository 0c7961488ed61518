"""The times of live parts, above all where frames are missing, as browsers judge them (Media Source Extensions)."""

from collections.abc import Collection
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_nvr.live import protocol
from mini_nvr.live.packager import Packager
from mini_nvr.media.frame import Frame
from mini_nvr.media.mp4 import Init, parse_init, read_part
from tests.support.footage import FRAME_90K, Clip, video_clip, video_format
from tests.support.live import frames_of

FRAMES, GOP = 100, 50


class Times(NamedTuple):
    """Of a frame, in 90 kHz: decoding, declared duration, presentation."""

    decoded: int
    lasts: int
    presented: int
    is_key: bool

    @property
    def end(self) -> int:
        return self.presented + self.lasts


def packed(frames: Collection[Frame], clip: Clip | None = None) -> list[Times]:
    video = video_format(clip or video_clip(gop=GOP))
    packager = Packager(video, None, video.reorder_depth or 0, FRAME_90K)
    init = parse_init(packager.preamble(1, "main", 0)[1].body[1:])
    return [times(packager.video(frame, 0).body, init) for frame in frames]


def times(message: bytes, init: Init) -> Times:
    part = protocol.read_part(message)
    whole = read_part(lambda at, size: part.data[at : at + size], 0, len(part.data), init)
    (run,) = whole.runs
    return Times(run.base_dts, run.durations[0], run.base_dts + (run.cts_offsets or [0])[0], part.is_key)


def without(missing: Collection[int], clip: Clip | None = None) -> list[Frame]:
    return [frame for number, frame in enumerate(frames_of(clip or video_clip(gop=GOP))) if number not in missing]


def test_the_bytes_of_a_frame_are_kept_once() -> None:
    """A hub keeps the frames of the last group of pictures and the parts made from them: of each camera that is watched."""
    packager = Packager(video_format(video_clip(gop=GOP)), None, 0, FRAME_90K)
    frame = frames_of(video_clip(gop=GOP))[0]
    assert any(piece is frame.data for piece in packager.video(frame, 0).pieces)


def thrown_away(frames: list[Times], ticks_per_s: int) -> int:
    """How many frames a browser throws away that counts in so many ticks a second (coded frame processing, step 6)."""
    thrown, needs_key = 0, True
    last: Times | None = None
    for frame in frames:
        if last is not None:
            step = frame.decoded * ticks_per_s // 90_000 - last.decoded * ticks_per_s // 90_000
            needs_key = needs_key or step < 0 or step > 2 * (last.lasts * ticks_per_s // 90_000)
        needs_key = needs_key and not frame.is_key
        thrown += needs_key
        last = frame
    return thrown


@pytest.mark.parametrize("missing", [range(20, 21), range(20, 22), range(20, 25), range(20, 45), range(20, 50), range(20, 60)])
def test_behind_missing_frames_nothing_is_thrown_away(missing: range) -> None:
    frames = packed(without(missing))
    assert len(frames) == FRAMES - len(missing)
    assert [thrown_away(frames, ticks) for ticks in (1_000, 90_000, 1_000_000)] == [0, 0, 0]


@given(st.sets(st.integers(1, FRAMES - 1), max_size=60))
def test_whatever_is_missing_every_frame_is_shown_at_its_time(missing: set[int]) -> None:
    kept = without(missing)
    frames = packed(kept)
    assert [frame.presented for frame in frames] == [frame.pts for frame in kept]
    assert all(earlier.decoded < later.decoded <= later.presented for earlier, later in pairwise(frames))
    assert thrown_away(frames, 1_000_000) == 0


def test_a_whole_stream_is_decoded_when_it_is_shown_and_ends_where_its_last_frame_ends() -> None:
    frames = packed(without([]))
    assert all(frame.decoded == frame.presented and frame.lasts == FRAME_90K for frame in frames)


def test_what_a_player_has_ends_with_its_newest_frame_soon_after_a_hole() -> None:
    frames = packed(without(range(20, 45)))
    assert all(frame.lasts <= 2 * FRAME_90K for frame in frames)
    assert frames[19].end == frames[19].presented + FRAME_90K
    assert frames[20 + 16].lasts <= FRAME_90K * 1.2


def test_after_a_hole_the_decoding_times_catch_up_at_the_next_key_frame_at_last() -> None:
    frames = packed(without(range(5, 48)))
    behind = next(frame for frame in frames if frame.is_key and frame.presented > 0)
    assert behind.decoded == behind.presented


def test_a_camera_that_sends_fewer_frames_from_now_on_is_followed() -> None:
    rare = packed(without([number for number in range(20, 100) if number % 5]))
    assert rare[19 + 6].lasts == 5 * FRAME_90K
    assert rare[19 + 9].decoded == rare[19 + 9].presented
    assert thrown_away(rare, 1_000_000) == 0


@pytest.mark.parametrize("missing", [range(30, 31), range(31, 40)])
def test_frames_in_another_order_go_on_too(missing: range) -> None:
    clip = video_clip(gop=GOP, b_frames=2)
    kept = without(missing, clip)
    frames = packed(kept, clip)
    assert [frame.presented for frame in frames] == [frame.pts for frame in kept]
    assert thrown_away(frames, 1_000_000) == 0
