"""One key frame to one JPEG."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_nvr.errors import MediaError
from mini_nvr.media.still import still_jpeg
from tests.support.coded_video import encode
from tests.support.footage import video_clip, video_format


def size_of(jpeg: bytes) -> tuple[int, int]:
    with av.open(io.BytesIO(jpeg), "r", format="mjpeg") as container:
        frame = next(container.decode(video=0))
        return frame.width, frame.height


def test_the_sample_aspect_ratio_is_applied() -> None:
    clip = encode(size=(176, 144), sample_aspect=Fraction(12, 11))
    assert clip.format.sample_aspect == Fraction(12, 11)
    key = clip.frames[0].data
    assert size_of(still_jpeg(key, clip.format)) == (192, 144)
    assert size_of(still_jpeg(key, clip.format, 96)) == (96, 72)


def test_a_picture_is_never_enlarged() -> None:
    clip = video_clip()
    assert size_of(still_jpeg(clip.samples[0].data, video_format(clip), 5_000)) == (192, 108)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_ten_bit_pictures(codec: str) -> None:
    clip = encode("h264" if codec == "h264" else "h265", pixel_format="yuv420p10le", frames=2)
    assert size_of(still_jpeg(clip.frames[0].data, clip.format)) == (192, 112)


def test_black_stays_black_and_white_white() -> None:
    """Limited range in, full range out."""
    clip = video_clip(frames=50)
    with av.open(io.BytesIO(still_jpeg(clip.samples[0].data, video_format(clip))), "r", format="mjpeg") as container:
        luma = np.asarray(next(container.decode(video=0)).to_ndarray(format="gray"))
    assert luma.max() > 250
    assert luma.min() < 5


@given(st.binary(max_size=300))
@settings(max_examples=50, deadline=None)
def test_hostile_bytes_raise_only_our_error(data: bytes) -> None:
    clip = video_clip()
    for frame in (data, len(data).to_bytes(4, "big") + data, clip.samples[0].data[:200] + data):
        try:
            still_jpeg(frame, video_format(clip), 64)
        except MediaError:
            continue
