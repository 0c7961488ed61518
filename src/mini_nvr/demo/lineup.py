"""The cameras of demo mode, and serving them until told to stop."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from mini_nvr.demo.camera import DemoCamera
from mini_nvr.demo.clip import ClipSource, ClipSpec
from mini_nvr.demo.live import LiveScene
from mini_nvr.demo.scenes import CAR_PARK, DOORWAY, STREET, WAREHOUSE, Scene
from mini_nvr.demo.server import DemoServer
from mini_nvr.media.frame import AudioCodec, VideoCodec


class _Role(NamedTuple):
    name: str
    scene: Scene
    codec: VideoCodec
    audio: AudioCodec | None
    gop_s: int


_ROLES = (  # H.265 key frames cost 30 ms of a core each, hence fewer of them
    _Role("Street", STREET, "h264", "aac", 1),
    _Role("Doorway", DOORWAY, "h265", None, 2),
    _Role("Car park", CAR_PARK, "h264", "pcma", 1),
    _Role("Warehouse", WAREHOUSE, "h264", None, 1),
)


def default_cameras(count: int) -> list[DemoCamera]:
    """Cameras 1 to `count`; the four scenes repeat after the fourth, with the camera's number behind the name."""
    cameras = []
    for number in range(1, count + 1):
        role = _ROLES[(number - 1) % len(_ROLES)]
        name = role.name if number <= len(_ROLES) else f"{role.name} {number}"
        source = LiveScene(role.scene, name, codec=role.codec, audio=role.audio, gop_s=role.gop_s)
        cameras.append(DemoCamera(number, source, name=name))
    return cameras


async def serve(
    cameras: int, host: str, port: int, *, clip: ClipSpec | None = None, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve `stream1` to `stream{cameras}` without authentication until cancelled.

    clip: loop this clip on every camera instead of the scenes; for benchmarks. ready: called once when connections are taken.

    Raises:
        OSError: the address cannot be bound.
    """
    lineup = default_cameras(cameras) if clip is None else [DemoCamera(n, ClipSource(clip)) for n in range(1, cameras + 1)]
    server = DemoServer(lineup)
    await server.start(host, port)
    ready()
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await server.stop()
