"""The last picture of a GOP: the right one, whatever the order of its frames, and the last good one where frames are damaged."""

import io
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count

import av
import numpy as np
import numpy.typing as npt
import pytest

from mini_nvr.errors import MediaError
from mini_nvr.live.hub import StreamHub
from mini_nvr.media.frame import VideoCodec
from mini_nvr.media.still import newest_still
from tests.support.footage import FRAME_90K, Clip, video_clip, video_format
from tests.support.live import Screen, WallLine, file_of, frames_of

FRAMES = 12
"""Of one GOP. A picture differs from the next by 21 levels of grey."""
Coded = tuple[int, bytes]


@cache
def gop(codec: VideoCodec, b_frames: int = 0) -> Clip:
    return video_clip(codec, frames=FRAMES, gop=FRAMES, b_frames=b_frames)


def coded(clip: Clip) -> list[Coded]:
    """Each frame with its place in the order in which they are shown."""
    return [(sample.pts // FRAME_90K, sample.data) for sample in clip.samples]


@cache
def as_ffmpeg_shows(clip: Clip) -> list[npt.NDArray[np.uint8]]:
    """The grey of all pictures in the order in which they are shown, read by FFmpeg from a file."""
    hub, screen = StreamHub(1, "main"), Screen()
    hub.on_format(video_format(clip), None, WallLine())
    for frame in frames_of(clip):
        hub.on_video(frame)
    hub.join(screen)
    with av.open(io.BytesIO(file_of(screen.messages)), "r") as container:
        return [grey(picture) for picture in container.decode(video=0)]


def grey(picture: av.VideoFrame) -> npt.NDArray[np.uint8]:
    return np.asarray(picture.reformat(format="yuvj420p").to_ndarray()[: picture.height], np.uint8)


def shown(jpeg: bytes, clip: Clip) -> int:
    """Which picture it is."""
    with av.open(io.BytesIO(jpeg), "r", format="mjpeg") as container:
        seen = grey(next(container.decode(video=0))).astype(int)
    apart = [float(np.abs(seen - picture).mean()) for picture in as_ffmpeg_shows(clip)]
    assert min(apart) < 4, "like none of them"
    return apart.index(min(apart))


def always() -> bool:
    return True


def times(most: int) -> Callable[[], bool]:
    """Yes so many times."""
    asked = count()
    return lambda: next(asked) < most


def newest(clip: Clip, frames: Sequence[Coded], goes_on: Callable[[], bool] = always) -> int:
    """Which picture is shown; its time says the same."""
    jpeg, time = newest_still(frames, video_format(clip), None, goes_on)
    assert shown(jpeg, clip) == time
    return time


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("frames", [1, 2, 6, FRAMES])
def test_the_picture_that_is_shown_last(codec: VideoCodec, b_frames: int, frames: int) -> None:
    clip = gop(codec, b_frames)
    there = coded(clip)[:frames]
    assert newest(clip, there) == max(time for time, _ in there)


def test_b_frames_are_shown_before_what_came_first() -> None:
    order = [time for time, _ in coded(gop("h265", 2))]
    assert order != sorted(order), "what the test above is about"


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_who_runs_out_of_time_has_the_picture_up_to_there(codec: VideoCodec) -> None:
    clip = gop(codec)
    assert newest(clip, coded(clip), times(0)) == 0, "the key frame in any case"
    assert newest(clip, coded(clip), times(4)) == 4


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_damage_leaves_the_last_good_picture(codec: VideoCodec, b_frames: int) -> None:
    clip = gop(codec, b_frames)
    frames = coded(clip)
    time, data = frames[6]
    frames[6] = (time, data[: len(data) // 2])
    assert newest(clip, frames) == max(time for time, _ in frames[:6])


def test_a_picture_with_holes_is_not_shown_nor_what_follows_it() -> None:
    """FFmpeg mends it from its neighbours, and goes on."""
    clip = gop("h264")
    frames = coded(clip)
    time, data = frames[6]
    frames[6] = (time, data[:20] + bytes(len(data) - 20))
    assert newest(clip, frames) == 5


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_damaged_key_frame_is_our_error(codec: VideoCodec) -> None:
    clip = gop(codec)
    frames = coded(clip)
    key = frames[0][1]
    for data in (b"", b"\xff" * 40, key[:4] + bytes(len(key) - 4)):
        with pytest.raises(MediaError):
            newest_still([(0, data), *frames[1:]], video_format(clip), None, always)
    with pytest.raises(MediaError):
        newest_still([], video_format(clip), None, always)
