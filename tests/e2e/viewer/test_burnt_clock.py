"""The reader of burnt-in clocks can be trusted: right at any size, silent where there is none."""

from datetime import time
from io import BytesIO

import av
import numpy as np
import pytest

from mini_nvr.demo.painter import Planes
from mini_nvr.demo.scenes import CAR_PARK, STREET, WAREHOUSE, Scene
from mini_nvr.demo.stage import Stage
from tests.e2e.viewer import burnt_clock


def screenshot(scene: Scene, text: str, width: int, height: int) -> bytes:
    """A demo picture, scaled like a browser would, in a PNG with a margin of 10 pixels."""
    planes = Planes(np.zeros((360, 640), np.uint8), *(np.full((180, 320), 128, np.uint8) for _ in range(2)))
    Stage(scene, "Scene", planes).draw(3.0, text, 30, flash=False)
    frame = av.VideoFrame(640, 360, "yuv420p")
    for target, plane in zip(frame.planes, planes, strict=True):
        array = np.frombuffer(memoryview(target), np.uint8).reshape(-1, target.line_size)
        array[: plane.shape[0], : plane.shape[1]] = plane
    picture = frame.reformat(width, height, "rgb24").to_ndarray()
    return png(np.pad(picture, ((10, 10), (10, 10), (0, 0))))


def png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    sink = BytesIO()
    with av.open(sink, "w", format="image2pipe") as container:
        stream = container.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = pixels.shape[1], pixels.shape[0], "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return sink.getvalue()


@pytest.mark.parametrize(("width", "height"), [(400, 225), (640, 360), (1280, 720)])
@pytest.mark.parametrize("scene", [STREET, CAR_PARK, WAREHOUSE], ids=["street", "car park", "warehouse"])
def test_it_is_read_at_the_sizes_of_tiles(scene: Scene, width: int, height: int) -> None:
    for text in ("12:34:56.7", "08:09:18.0", "23:50:41.3"):
        found = burnt_clock.read(screenshot(scene, text, width, height), (10, 10, width, height))
        assert found == time.fromisoformat(text + "00")


def test_a_picture_without_a_clock_has_none() -> None:
    assert burnt_clock.read(png(np.zeros((380, 660, 3), np.uint8)), (10, 10, 640, 360)) is None
    assert burnt_clock.read(png(np.full((380, 660, 3), 200, np.uint8)), (10, 10, 640, 360)) is None
    shifted = screenshot(STREET, "12:34:56.7", 640, 360)
    assert burnt_clock.read(shifted, (40, 60, 600, 300)) is None


def test_differences_go_the_short_way_round_midnight() -> None:
    assert burnt_clock.difference_s(time(0, 0, 1), time(23, 59, 59)) == 2
    assert burnt_clock.difference_s(time(12), time(13)) == -3600
