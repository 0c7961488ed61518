"""The cameras of demo mode, and serving them until told to stop."""

import asyncio

from mini_nvr.demo.camera import DemoCamera
from mini_nvr.demo.clip import ClipSource, ClipSpec
from mini_nvr.demo.server import DemoServer


def default_cameras(count: int) -> list[DemoCamera]:
    """Cameras 1 to `count`; the four scenes repeat after the fourth."""
    return [DemoCamera(number, ClipSource(ClipSpec())) for number in range(1, count + 1)]


async def serve(cameras: int, host: str, port: int, *, clip: ClipSpec | None = None) -> None:
    """Serve `stream1` to `stream{cameras}` without authentication until cancelled.

    clip: loop this clip on every camera instead of the scenes; for benchmarks.

    Raises:
        OSError: the address cannot be bound.
    """
    lineup = default_cameras(cameras) if clip is None else [DemoCamera(n, ClipSource(clip)) for n in range(1, cameras + 1)]
    server = DemoServer(lineup)
    await server.start(host, port)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await server.stop()
