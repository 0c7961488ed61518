"""What the four demo cameras cost: CPU of the server process while one client each plays, in percent of one core.

    python benchmarks/demo.py [seconds] [cameras]

Drawing, encoding and sending are all included; the clients run in this process and only read.
"""

import asyncio
import multiprocessing
import platform
import socket
import sys

import psutil
import uvloop

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


async def _run(seconds: float, cameras: int) -> int:
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
    mbit = received * 8 / (seconds + 2) / 1e6
    print(f"{platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{cameras} cameras, {seconds:g} s: {percent:.1f} % of a core, {megabytes:.0f} MB resident, {mbit:.2f} Mbit/s sent")
    return 0 if percent < BUDGET_PERCENT else 1


if __name__ == "__main__":
    arguments = [float(argument) for argument in sys.argv[1:]]
    sys.exit(asyncio.run(_run(arguments[0] if arguments else 30, int(arguments[1]) if len(arguments) > 1 else 4)))
