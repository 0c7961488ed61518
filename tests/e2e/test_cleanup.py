"""Storage I6 for real: cameras, the whole program, a small limit that is reached again and again, and the folder's size ten times
a second."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from mini_nvr.catalog.timeline import SLIVER_US
from mini_nvr.clock import NS_PER_S, SystemClock
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from mini_nvr.storage.growth import MARGIN, horizon_s
from mini_nvr.supervisor.run import free_port
from mini_nvr.supervisor.services import DEMO_HOST
from tests.e2e.conftest import MakeRecorder
from tests.e2e.recorder_process import RecorderProcess, camera_settings, pause, wait_until

CAMERAS = 4
BIT_RATE = 3_000_000
SEGMENT_S = 10
LIMIT_MB = 40
LIMIT = LIMIT_MB << 20
TIMES_FULL = 2.2
LONGEST_S = 240
RATE_OVER_S = 3.9
"""Cleanup measures over four seconds: a machine that stood still, and then wrote much at once, makes it careful for two minutes."""
USER, PASSWORD = "anna", "c4n4ry horse battery"


@dataclass
class Samples:
    """used, allocated: bytes and blocks of all footage at each sample. largest: the largest file ever seen.

    grown: the moment of each sample, in seconds, and what had been written by then, in bytes.
    full_since: the first sample in which a file was missing that had been there.
    """

    used: list[int] = field(default_factory=list)
    allocated: list[int] = field(default_factory=list)
    grown: list[tuple[float, int]] = field(default_factory=list)
    largest: int = 0
    full_since: int | None = None
    seen: dict[Path, int] = field(default_factory=dict)

    def take(self, record_dir: Path) -> None:
        used = allocated = there = 0
        for path in record_dir.glob("ch*/*/*"):
            with suppress(FileNotFoundError):
                found = path.stat()
                there += 1
                used += found.st_size
                allocated += found.st_blocks * 512
                self.seen[path] = found.st_size
                self.largest = max(self.largest, found.st_size)
        if self.full_since is None and there < len(self.seen):
            self.full_since = len(self.used)
        self.used.append(used)
        self.allocated.append(allocated)
        self.grown.append((SystemClock().monotonic_ns() / NS_PER_S, self.written))

    @property
    def written(self) -> int:
        """By all files, those that are gone included."""
        return sum(self.seen.values())

    def gone(self) -> set[str]:
        """The files that were there and are not."""
        return {"/".join(path.parts[-3:]) for path in list(self.seen) if not path.exists()}

    def fastest(self, window_s: float) -> float:
        """The most bytes a second that were written in any stretch of that length."""
        rates, first = [0.0], 0
        for moment, written in self.grown:
            while moment - self.grown[first + 1][0] >= window_s:
                first += 1
            began, before = self.grown[first]
            if moment - began >= window_s:
                rates.append((written - before) / (moment - began))
        return max(rates)


@contextmanager
def sampled(record_dir: Path) -> Iterator[Samples]:
    """Ten samples a second, on a thread."""
    samples, over = Samples(), threading.Event()

    def sample() -> None:
        while not over.wait(0.1):
            samples.take(record_dir)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def is_up(client: httpx.Client) -> bool:
    with suppress(httpx.HTTPError):
        return client.get("/healthz").status_code == 200
    return False


@contextmanager
def listening(port: int) -> Iterator[list[str]]:
    """The paths of which /api/events says that they were deleted."""
    told: list[str] = []
    client = httpx.Client(base_url=f"http://{DEMO_HOST}:{port}", timeout=60)
    wait_until(lambda: is_up(client), "the web service", 60)
    assert client.post("/api/login", json={"username": USER, "password": PASSWORD}).status_code == 200
    ready = threading.Event()

    def listen() -> None:
        with suppress(httpx.HTTPError), client.stream("GET", "/api/events") as answer:
            for line in answer.iter_lines():
                ready.set()  # with the state, which whoever listens is told first
                if line.startswith("data: ") and (event := json.loads(line[6:]))["event"] == "deleted":
                    told.append(event["path"])

    thread = threading.Thread(target=listen)
    thread.start()
    assert ready.wait(60)
    try:
        yield told
    finally:
        thread.join(60)  # the service's end ends the stream
        client.close()


@pytest.fixture
def cameras() -> Iterator[DemoRig]:
    spec = ClipSpec(width=640, height=360, bit_rate=BIT_RATE)
    with DemoRig([DemoCamera(number, ClipSource(spec)) for number in range(1, CAMERAS + 1)]) as rig:
        yield rig


def test_i6_the_limit_is_never_passed_and_no_more_than_a_file_a_channel_is_unused(
    cameras: DemoRig, make_recorder: MakeRecorder, tmp_path: Path
) -> None:
    port = free_port(DEMO_HOST, 0)
    limits = {"MAX_STORAGE_GB": str(LIMIT_MB / 1024), "SEGMENT_DURATION": str(SEGMENT_S)}
    web = {"WEB_PORT": str(port), "user1": USER, "pass1": PASSWORD}
    program: RecorderProcess = make_recorder(camera_settings(cameras, CAMERAS, **limits, **web), command=("run",))
    program.start()
    program.wait_recording(CAMERAS)
    clock = SystemClock()
    began_ns = clock.monotonic_ns()
    with sampled(program.record_dir) as samples, listening(port) as told:
        gone_unheard = samples.gone()  # before anybody listened
        while samples.written < TIMES_FULL * LIMIT and clock.monotonic_ns() - began_ns < LONGEST_S * NS_PER_S:
            pause(0.2)
        gone = samples.gone() - gone_unheard
        wait_until(lambda: set(told) >= gone, f"news of each of {sorted(gone)}", 60)
        running_samples = len(samples.used)
        assert program.stop() == 0, program.last_words()
    took_s = (clock.monotonic_ns() - began_ns) / NS_PER_S

    assert samples.written >= TIMES_FULL * LIMIT, f"{samples.written >> 20} MB in {took_s:.0f} s"
    assert max(samples.used) <= LIMIT
    assert max(samples.allocated) <= LIMIT
    lowest = min(samples.used[samples.full_since : running_samples])
    unused, allowed = LIMIT - lowest, CAMERAS * samples.largest
    after_a_stall = samples.largest + round(1.15 * MARGIN * horizon_s(SEGMENT_S) * samples.fastest(RATE_OVER_S))
    assert unused <= max(allowed, after_a_stall), f"{unused >> 10} KiB unused, a segment a channel is {allowed >> 10} KiB"
    print(
        f"{max(samples.used) / LIMIT:.0%} of the limit at most, {lowest / LIMIT:.0%} at least, in {len(samples.used)} samples; "
        f"{unused / allowed:.2f} of a segment a channel unused, allowed after a stall {after_a_stall / allowed:.2f}"
    )

    assert len(gone) >= CAMERAS
    assert "Traceback" not in program.log()
    assert program.log().count("storage: deleted") <= 1 + took_s / 60 + 1
    _require_whole_time_lines(program)
    program.check_catalog(tmp_path / "fresh")


def _require_whole_time_lines(program: RecorderProcess) -> None:
    """Storage I10: what was deleted is a gap that says so, and nothing is unexplained."""
    for channel in range(1, CAMERAS + 1):
        segments, gaps = program.segments(channel), program.gaps(channel)
        spans = sorted(
            [(row.start_utc_us, row.end_utc_us) for row in segments]
            + [(gap.start_utc_us, gap.end_utc_us or 1 << 62) for gap in gaps]
        )
        assert all(later - end < SLIVER_US for (_, end), (later, _) in zip(spans, spans[1:], strict=False))
        deleted = [gap for gap in gaps if gap.cause is GapCause.DELETED]
        assert len(deleted) == 1
        assert deleted[0].end_utc_us is not None
        assert abs(deleted[0].end_utc_us - segments[0].start_utc_us) < SLIVER_US
