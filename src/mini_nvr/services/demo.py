"""`mini-nvr demo`: the simulated cameras as a process of their own."""

import asyncio
import contextlib
import os
import signal

import uvloop

from mini_nvr.demo import serve
from mini_nvr.errors import MiniNvrError


class DemoError(MiniNvrError):
    """The simulated cameras could not be served."""


def run(cameras: int, host: str, port: int, *, tell: bool) -> int:
    """Serve until SIGTERM or SIGINT; 0.

    tell: print where the cameras are, for who started them by hand.

    Raises:
        DemoError: nobody can listen on that address.
    """
    try:
        uvloop.run(_serve_until_signal(cameras, host, port, tell=tell))
    except OSError as exc:
        raise DemoError(f"cannot listen on {host}:{port} ({os.strerror(exc.errno or 0)}): choose another --port or --host") from exc
    return 0


def addresses(cameras: int, host: str, port: int) -> list[str]:
    """Of each camera, as a player takes it."""
    place = f"[{host}]" if ":" in host else host
    return [f"rtsp://{place}:{port}/stream{number}" for number in range(1, cameras + 1)]


async def _serve_until_signal(cameras: int, host: str, port: int, *, tell: bool) -> None:
    def ready() -> None:
        if tell:
            print("\n".join([*addresses(cameras, host, port), "Stop with Ctrl-C."]), flush=True)

    serving = asyncio.ensure_future(serve(cameras, host, port, ready=ready))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving
