"""What the four demo cameras cost: CPU of the server process while one client each plays, in percent of one core.

    python -m benchmarks.demo [--seconds 30] [--cameras 4]

Drawing, encoding and sending are all included; the clients run in this process and only read.
"""

import argparse
import asyncio
import multiprocessing
import socket
import sys
from collections.abc import Sequence

import psutil
import uvloop

from benchmarks.findings import Figure, Findings
from benchmarks.part import parser, run
from mini_nvr.clock import SystemClock
from mini_nvr.demo import serve

HOST = "127.0.0.1"
BUDGET_PERCENT = 15.0


def _serve(cameras: int, port: int) -> None:
    uvloop.run(serve(cameras, HOST, port))  # as the command line does


async def _play(port: int, number: int) -> int:
    """Set up both tracks, play and count the bytes until cancelled."""
    reader, writer = await asyncio.open_connection(HOST, port)
    url = f"rtsp://{HOST}:{port}/stream{number}"
    session = ""
    steps = [
        f"SETUP {url}/trackID=0 RTSP/1.0\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n",
        f"SETUP {url}/trackID=1 RTSP/1.0\r\nTransport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n",
        f"PLAY {url} RTSP/1.0\r\n",
    ]
    for cseq, step in enumerate(steps, 1):
        writer.write(f"{step}CSeq: {cseq}\r\n{session}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        session = next((f"{line.partition(';')[0]}\r\n" for line in head.split("\r\n") if line.startswith("Session:")), session)
    received = 0
    try:
        while data := await reader.read(256 * 1024):
            received += len(data)
    except asyncio.CancelledError:
        pass
    writer.close()
    return received


async def _measure(cameras: int, port: int, pid: int, seconds: float) -> tuple[float, float, int]:
    """(percent of a core, resident MB, bytes received) over the time, after two seconds of settling."""
    clock = SystemClock()
    server = psutil.Process(pid)
    tasks = [asyncio.create_task(_play(port, number)) for number in range(1, cameras + 1)]
    await clock.sleep(2)
    before, start_ns = server.cpu_times(), clock.monotonic_ns()
    await clock.sleep(seconds)
    after, end_ns = server.cpu_times(), clock.monotonic_ns()
    for task in tasks:
        task.cancel()
    received = sum(await asyncio.gather(*tasks))
    used = after.user + after.system - before.user - before.system
    return used / (end_ns - start_ns) * 1e11, server.memory_info().rss / 1e6, received


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def _wait_for(port: int) -> None:
    clock = SystemClock()
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except ConnectionRefusedError:
            await clock.sleep(0.05)
        else:
            writer.close()
            return


async def _run(seconds: float, cameras: int) -> Findings:
    port = _free_port()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(cameras, port), daemon=True)
    process.start()
    assert process.pid is not None
    try:
        await _wait_for(port)
        percent, megabytes, received = await _measure(cameras, port, process.pid, seconds)
    finally:
        process.terminate()
        process.join()
    figures = [
        Figure("cpu", "the demo server, drawing, encoding and sending", percent, "% of a core", 1, BUDGET_PERCENT),
        Figure("memory", "its memory (resident)", megabytes, "MB", 0),
        Figure("sent", "sent", received * 8 / (seconds + 2) / 1e6, "Mbit/s", 2),
    ]
    return Findings(figures, conditions=f"{cameras} cameras, {seconds:g} s")


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.demo", __doc__)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--cameras", type=int, default=4)
    return run("demo", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    return asyncio.run(_run(arguments.seconds, arguments.cameras))


if __name__ == "__main__":
    sys.exit(main())
