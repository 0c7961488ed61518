"""The cameras of demo mode."""

import asyncio
import contextlib
import socket

import pytest

from mini_nvr.demo import ClipSpec, default_cameras, serve
from tests.support.rtsp_dialogue import Dialogue


def test_four_scenes_one_in_h265_two_with_sound() -> None:
    tracks = [[track.codec for track in camera.tracks()] for camera in default_cameras(4)]
    assert tracks == [["h264", "aac"], ["h265"], ["h264", "pcma"], ["h264"]]


def test_after_the_fourth_they_repeat_under_other_names() -> None:
    cameras = default_cameras(6)
    assert [camera.name for camera in cameras] == ["Street", "Doorway", "Car park", "Warehouse", "Street 5", "Doorway 6"]
    assert [camera.path for camera in cameras] == [f"stream{number}" for number in range(1, 7)]


@pytest.mark.parametrize("clip", [None, ClipSpec(width=64, height=64, bit_rate=60_000, frames=25)])
async def test_serving_goes_on_until_cancelled(clip: ClipSpec | None) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = asyncio.create_task(serve(2, "127.0.0.1", port, clip=clip))
    client = None
    async with asyncio.timeout(60):
        while client is None:
            with contextlib.suppress(ConnectionRefusedError):
                client = await Dialogue.open(port, "stream2")
            await asyncio.sleep(0.01)
    assert (await client.request("DESCRIBE")).status == 200
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert await client.at_end()
    await client.close()
    with pytest.raises(ConnectionRefusedError):
        await Dialogue.open(port, "stream2")
