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


def run(cameras: int, host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT; 0.

    Raises:
        DemoError: nobody can listen on that address.
    """
    try:
        uvloop.run(_serve_until_signal(cameras, host, port))
    except OSError as exc:
        raise DemoError(f"cannot listen on {host}:{port} ({os.strerror(exc.errno or 0)}): choose another --port or --host") from exc
    return 0


async def _serve_until_signal(cameras: int, host: str, port: int) -> None:
    serving = asyncio.ensure_future(serve(cameras, host, port))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving
