"""The whole program under load for long: small files, a limit that is reached again and again, services killed, cameras dropped.

    python -m benchmarks.soak [--minutes 60] [--save] [--strict]

Sixteen cameras, files of 10 s: what takes days with files of a quarter of an hour happens here in minutes. Ten times a second the
size of all footage is read, every five seconds memory and open files of each service. What held and what not is decided at the end
(`benchmarks.soak_verdicts`).

Services are killed in the first third only, one after the other, so that each then lives for long enough to show a leak; cameras
are dropped all the time.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from benchmarks.findings import Findings
from benchmarks.part import parser, run
from benchmarks.process_cost import memory_bytes
from benchmarks.soak_verdicts import SERVICES, Look, Samples, figure, of_all, table
from benchmarks.waiting import BenchmarkFailed, pause, wait_until
from mini_nvr.catalog.repository import Catalog
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from mini_nvr.storage.fsck import check
from mini_nvr.supervisor.run import free_port

HOST = "127.0.0.1"
CAMERAS = 16
BIT_RATE = 1_000_000
LIMIT_MB = 160
SEGMENT_S = 10
KILLED_AT = {"storage": (0.08, 0.2), "recorder": (0.14,), "web": (0.26,)}
DROP_EVERY_S = 20.0
STEP_S = 0.1
PROCESS_STEPS = 50
TRACEBACK = "Traceback"
LINES_SHOWN = 60
USER, PASSWORD = "soak", "violet otter umbrella"  # noqa: S105  of a server that lives for this run


class Soak:
    """The running program, its cameras, and what is done to both."""

    def __init__(self, folder: Path, rig: DemoRig, seconds: float, seed: int) -> None:
        self.folder = folder
        self.samples = Samples()
        self._rig = rig
        self._seconds = seconds
        self._began = time.monotonic()
        self._random = random.Random(seed)  # noqa: S311  moments, not secrets
        self._kills = sorted((at, name) for name, moments in KILLED_AT.items() for at in moments)
        self._drop_due = DROP_EVERY_S
        self.faults = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._web_port = free_port(HOST, 0)

    @property
    def record_dir(self) -> Path:
        return self.folder / "recordings"

    @property
    def at(self) -> float:
        """How much of the time is over."""
        return (time.monotonic() - self._began) / self._seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        values = {
            "RECORD_DIR": self.record_dir,
            "DATA_DIR": self.folder / "data",
            "RTSP_URL_TEMPLATE": f"rtsp://{HOST}:{self._rig.port}/stream{{channel}}",
            "NUM_CHANNELS": CAMERAS,
            "SEGMENT_DURATION": SEGMENT_S,
            "SYNC_INTERVAL": 1,
            "MAX_STORAGE_GB": LIMIT_MB / 1024,
            "WEB_HOST": HOST,
            "WEB_PORT": self._web_port,
            "user1": USER,
            "pass1": PASSWORD,
        }
        settings = self.folder / "settings.env"
        settings.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
        command = [sys.executable, "-m", "mini_nvr", "run", "--env-file", str(settings)]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, env={})
        try:
            wait_until(lambda: len(list(self.record_dir.glob("ch*/*/*"))) >= CAMERAS, 60, "all cameras being recorded")
            self._began = time.monotonic()
            yield
            self.stop()
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()

    def stop(self) -> None:
        """As an administrator stops it."""
        assert self._process is not None
        self._process.terminate()
        if self._process.wait(30) != 0:
            raise BenchmarkFailed(f"exit code {self._process.returncode}")

    def services(self) -> dict[str, psutil.Process]:
        """Those that run, by name."""
        assert self._process is not None
        found: dict[str, psutil.Process] = {}
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self._process.pid).children():
                with suppress(psutil.NoSuchProcess):
                    found |= {name: child for name in SERVICES if name in child.cmdline()}
        return found

    def run(self) -> None:
        """Until the time is over."""
        steps = 0
        while self.at < 1:
            began = time.monotonic()
            self.samples.take_size(self.record_dir)
            if steps % PROCESS_STEPS == 0:
                self._look_at_services()
                self._disturb()
            steps += 1
            pause(max(0.0, STEP_S - (time.monotonic() - began)))

    def _look_at_services(self) -> None:
        for name, process in self.services().items():
            with suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                look = Look(self.at, process.pid, memory_bytes(process.pid), process.num_fds())
                self.samples.looks[name].append(look)

    def _disturb(self) -> None:
        while self._kills and self._kills[0][0] <= self.at:
            _, name = self._kills.pop(0)
            victim = self.services().get(name)
            if victim is not None:
                victim.kill()
                self.faults += 1
        if self.at * self._seconds >= self._drop_due:
            self._drop_due += DROP_EVERY_S
            self._rig.camera(self._random.randint(1, CAMERAS)).faults.drop_connections(reset=self._random.random() < 0.5)
            self.faults += 1

    def watch(self, over: threading.Event) -> None:
        """On a thread: a client that asks for the time line every second; failures are the kills'."""
        while not over.is_set():
            with suppress(httpx.HTTPError), httpx.Client(base_url=f"http://{HOST}:{self._web_port}", timeout=5) as client:
                client.post("/api/login", json={"username": USER, "password": PASSWORD})
                while not over.wait(1.0):
                    client.get("/api/storage").raise_for_status()
                    client.get("/api/dates").raise_for_status()
            over.wait(1.0)

    # What came of it

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def last_words(self) -> str:
        """Where the first unexpected error is, or else the end of the log."""
        lines = self.log().splitlines()
        first = next((index for index, line in enumerate(lines) if TRACEBACK in line), None)
        return "\n".join(lines[-LINES_SHOWN:] if first is None else lines[max(0, first - 3) : first + LINES_SHOWN])

    def violations(self) -> list[str]:
        """Of the storage invariants, in words."""
        with Catalog.open(self.folder / "data") as catalog:
            return [example for finding in check(catalog, self.record_dir, settle_s=0) for example in finding.examples]


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser("benchmarks.soak", __doc__)
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--seed", type=int, default=1, help="which camera is dropped when")
    return run("soak", arguments, measure, argv)


def measure(arguments: argparse.Namespace) -> Findings:
    seconds = arguments.minutes * 60
    with tempfile.TemporaryDirectory(prefix="bench-soak-") as folder:
        work = _soaked(Path(folder), seconds, arguments.seed)
        errors = work.log().count(TRACEBACK)
        verdicts = list(of_all(work.samples, LIMIT_MB, seconds, errors=errors, violations=work.violations()))
        if not all(verdict.holds for verdict in verdicts):
            print(work.last_words(), file=sys.stderr)
    done = f"{arguments.minutes:g} minutes, {len(work.samples.used)} samples, {work.faults} faults injected"
    return Findings([figure(verdicts)], [table(verdicts)], f"{done}, load at the end {os.getloadavg()[0]:.1f}")


def _soaked(folder: Path, seconds: float, seed: int) -> Soak:
    """After the time is over and the program has ended."""
    source = ClipSource(ClipSpec(width=640, height=360, bit_rate=BIT_RATE, gop_frames=25))
    over = threading.Event()
    with DemoRig([DemoCamera(number, source) for number in range(1, CAMERAS + 1)]) as rig:
        work = Soak(folder, rig, seconds, seed)
        client = threading.Thread(target=work.watch, args=(over,))
        with work.running():
            client.start()
            try:
                work.run()
            finally:
                over.set()
                client.join()
    return work


if __name__ == "__main__":
    sys.exit(main())
