"""The whole program under load for long: small files, a limit that is reached again and again, services killed, cameras dropped.

Sixteen cameras, files of 10 s: what takes days with files of a quarter of an hour happens here in minutes. Ten times a second the
size of all footage is read, every five seconds memory and open files of each service. At the end it says what held and what not.

Services are killed in the first third only, one after the other, so that each then lives for long enough to show a leak; cameras
are dropped all the time. Memory and files are compared between [0.4, 0.55) and the last 15 % of the time.

    python -m benchmarks.soak --minutes 60
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx
import psutil

from benchmarks.process_cost import memory_bytes
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
SERVICES = ("storage", "recorder", "web")
KILLED_AT = {"storage": (0.08, 0.2), "recorder": (0.14,), "web": (0.26,)}
BASE, FINAL = (0.4, 0.55), (0.85, 1.0)
DROP_EVERY_S = 20.0
MOST_GROWTH = 0.05
MOST_FILES_MORE = 2
STEP_S = 0.1
PROCESS_STEPS = 50
TRACEBACK = "Traceback"
LINES_SHOWN = 60
USER, PASSWORD = "soak", "violet otter umbrella"  # noqa: S105  of a server that lives for this run


@dataclass(frozen=True, slots=True)
class Look:
    """One service at one moment. at: of the whole time, 0 to 1."""

    at: float
    pid: int
    memory: int
    files: int


@dataclass
class Samples:
    """used: bytes of all footage at each sample. seen: the last size of each file, those that are gone included."""

    used: list[int] = field(default_factory=list)
    looks: dict[str, list[Look]] = field(default_factory=lambda: {name: [] for name in SERVICES})
    seen: dict[str, int] = field(default_factory=dict)

    def take_size(self, record_dir: Path) -> None:
        used = 0
        for path in record_dir.glob("ch*/*/*"):
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                used += size
                self.seen[str(path)] = size
        self.used.append(used)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the table."""

    what: str
    allowed: str
    measured: str
    holds: bool


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

    def verdicts(self) -> Iterator[Verdict]:
        used, limit = self.samples.used, LIMIT_MB << 20
        written = sum(self.samples.seen.values())
        yield Verdict("size of all footage", f"{LIMIT_MB} MB", f"{max(used) / (1 << 20):.1f} MB", max(used) <= limit)
        filled = written / limit
        least = 1.5 if self._seconds > 120 else 0.0
        yield Verdict("limit filled", f"{least:g} times or more", f"{filled:.1f} times", filled >= least)
        for name in SERVICES:
            yield from self._verdicts_on(name)
        tracebacks = self.log().count(TRACEBACK)
        yield Verdict("unexpected errors in the log", "0", str(tracebacks), tracebacks == 0)
        with Catalog.open(self.folder / "data") as catalog:
            found = [example for finding in check(catalog, self.record_dir, settle_s=0) for example in finding.examples]
        yield Verdict("storage invariants violated", "0", f"{len(found)} {'; '.join(found[:2])}".strip(), not found)

    def _verdicts_on(self, name: str) -> Iterator[Verdict]:
        base, final = self._between(name, BASE), self._between(name, FINAL)
        if not base or not final:
            yield Verdict(f"{name}: memory, files", "measured", "too short a run", False)
            return
        before, after = (median(look.memory for look in looks) for looks in (base, final))
        growth = after / before - 1
        text = f"{before / 1e6:.1f} MB {growth:+.1%}"
        yield Verdict(f"{name}: memory (PSS) grows", f"{MOST_GROWTH:.0%} at most", text, growth <= MOST_GROWTH)
        files = [round(median(look.files for look in looks)) for looks in (base, final)]
        yield Verdict(f"{name}: open files", "constant", f"{files[0]}, then {files[1]}", files[1] - files[0] <= MOST_FILES_MORE)
        lives = len({look.pid for look in base + final})
        yield Verdict(f"{name}: ended by itself", "never", f"{lives - 1} times", lives == 1)

    def _between(self, name: str, span: tuple[float, float]) -> list[Look]:
        return [look for look in self.samples.looks[name] if span[0] <= look.at < span[1]]


def soak(folder: Path, seconds: float, seed: int) -> bool:
    """Run, print the table; whether everything held."""
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
    verdicts = list(work.verdicts())
    print(
        f"{seconds / 60:g} minutes, {len(work.samples.used)} samples, {work.faults} faults injected, load {os.getloadavg()[0]:.1f}"
    )
    print_table(verdicts, print)
    holds = all(verdict.holds for verdict in verdicts)
    if not holds:
        print(work.last_words())
    return holds


def print_table(verdicts: Sequence[Verdict], out: Callable[[str], None]) -> None:
    rows = [
        ("", "allowed", "measured", ""),
        *((one.what, one.allowed, one.measured, "" if one.holds else "FAILED") for one in verdicts),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        out("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1, help="which camera is dropped when")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not soak(Path(folder), arguments.minutes * 60, arguments.seed):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
