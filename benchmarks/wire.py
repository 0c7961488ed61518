"""CPU and memory that the wire room alone costs per camera: packets in, frames out, thrown away.

GStreamer's server sends one clip, paced in real time, on as many mounts as there are cameras; this process is the only reader.
Needs the server script of the e2e tests and Debian's GStreamer.

    python benchmarks/wire.py --cameras 16 --seconds 20
    python benchmarks/wire.py --cameras 1 --profile          # where the time goes, per function
"""

import argparse
import asyncio
import cProfile
import gc
import multiprocessing
import os
import pstats
import re
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import uvloop

from mini_nvr.clock import SystemClock
from mini_nvr.media.frame import Frame
from mini_nvr.rtsp.client import RtspClient

SERVER = Path(__file__).parents[2] / "shared" / "tools" / "gst_rtsp_server.py"
PYTHON = "/usr/bin/python3"
WIDTH, HEIGHT, RATE, GOP_S, BIT_RATE = 1920, 1080, 25, 2, 4_000_000


def make_clip(path: Path, seconds: int) -> None:
    """H.264 at 1080p25, fresh noise in each picture so that the bit rate is really used."""
    generator = np.random.default_rng(1)
    options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "g": str(GOP_S * RATE),
        "x264-params": "vbv-maxrate=4000:vbv-bufsize=4000",
    }
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(RATE), options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", BIT_RATE
        for _ in range(seconds * RATE):
            window = generator.integers(96, 160, (HEIGHT // 8, WIDTH // 8), dtype=np.uint8).repeat(8, axis=0).repeat(8, axis=1)
            picture = av.VideoFrame.from_ndarray(window, format="gray").reformat(format="yuv420p")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


@dataclass
class Counter:
    """A sink that only counts."""

    frames: int = 0
    lost: int = 0

    def on_frame(self, track: int, frame: Frame) -> None:
        self.frames += 1

    def on_sender_report(self, track: int, ntp_utc_us: int, rtp_timestamp: int) -> None:
        pass

    def on_loss(self, track: int, packets: int) -> None:
        self.lost += packets


@dataclass
class Usage:
    """What the process has used so far; private memory in kB."""

    cpu_s: float
    private_kb: int
    switches: int

    @classmethod
    def now(cls) -> "Usage":
        times = os.times()
        rollup = Path("/proc/self/smaps_rollup").read_text()
        status = Path("/proc/self/status").read_text()
        private = sum(int(kb) for kb in re.findall(r"Private_\w+:\s+(\d+)", rollup))
        switches = int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[0])
        return cls(times.user + times.system, private, switches)


async def measure(port: int, cameras: int, seconds: float, profile: cProfile.Profile | None) -> str:
    clients = [RtspClient(f"rtsp://127.0.0.1:{port}/stream{n + 1}", SystemClock()) for n in range(cameras)]
    counters = [Counter() for _ in clients]
    alone = Usage.now()
    for client, counter in zip(clients, counters, strict=True):
        await client.play(await client.describe(), counter)
    await asyncio.sleep(2)
    before, bytes_before, frames_before = Usage.now(), sum(c.media_bytes for c in clients), sum(c.frames for c in counters)
    if profile:
        profile.enable()
    await asyncio.sleep(seconds)
    if profile:
        profile.disable()
    after = Usage.now()
    media = sum(client.media_bytes for client in clients) - bytes_before
    frames = sum(counter.frames for counter in counters) - frames_before
    await asyncio.gather(*(client.close() for client in clients))
    per_camera = seconds * cameras
    return (
        f"{cameras} cameras, {seconds:g} s: {100 * (after.cpu_s - before.cpu_s) / per_camera:.3f} % of a core per camera, "
        f"{(after.private_kb - alone.private_kb) / cameras:.0f} kB per camera, {frames / per_camera:.1f} frames/s, "
        f"{8e-6 * media / per_camera:.2f} Mbit/s, {(after.switches - before.switches) / seconds:.0f} waits/s in all, "
        f"{sum(counter.lost for counter in counters)} packets lost"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        maker = multiprocessing.get_context("spawn").Process(target=make_clip, args=(clip, int(arguments.seconds) + 10))
        maker.start()  # in a process of its own, so that the encoder's memory does not hide ours
        maker.join()
        command = [PYTHON, str(SERVER), "--port", str(port), "--mounts", str(arguments.cameras), "--file", str(clip)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert server.stdout is not None
            server.stdout.readline()
            profile = cProfile.Profile() if arguments.profile else None
            gc.freeze()
            print(uvloop.run(measure(port, arguments.cameras, arguments.seconds, profile)))
            if profile:
                pstats.Stats(profile).sort_stats("tottime").print_stats(15)
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
