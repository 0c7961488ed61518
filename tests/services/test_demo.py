"""`mini-nvr demo` as a process: it listens, ends on request, and says when it cannot listen."""

import asyncio
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mini_nvr.clock import SystemClock
from mini_nvr.services.demo import addresses
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import wait_for_port

HOST = "127.0.0.1"


@asynccontextmanager
async def demo(port: int) -> AsyncIterator[Process]:
    arguments = ("-m", "mini_nvr", "demo", "--cameras", "1", "--port", str(port))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_listens_says_where_and_ends_on_sigterm() -> None:
    port = free_port(HOST, 0)
    async with demo(port) as process:
        assert process.stdout is not None
        first = await asyncio.wait_for(process.stdout.readline(), 60)
        await asyncio.wait_for(wait_for_port(HOST, port, SystemClock()), 60)
        process.terminate()
        rest, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert errors == b""
    assert (first + rest).decode().splitlines() == [f"rtsp://{HOST}:{port}/stream1", "Stop with Ctrl-C."]


def test_an_ipv6_address_gets_its_brackets() -> None:
    assert addresses(2, "::1", 8554) == ["rtsp://[::1]:8554/stream1", "rtsp://[::1]:8554/stream2"]


async def test_a_port_in_use_is_one_line_with_the_remedy() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        async with demo(other.getsockname()[1]) as process:
            _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert len(errors.splitlines()) == 1
    assert b"choose another --port" in errors
