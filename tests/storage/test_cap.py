"""Storage I6 in a simulation: recorders of all kinds write, cleanup looks when it says it will, and no instant is above the limit.

What the recorder does is copied in outline: files grow a part at a time, the catalog learns of them at checkpoints only, a file is
sealed with an index behind it when the next begins. Used space is reckoned after every part.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from mini_nvr.catalog.model import SegmentChange
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.storage.growth import MARGIN, horizon_s, look_interval_s
from tests.support.catalog import T0, facts, path_of
from tests.support.kept_footage import KeptFootage, gb

STEP_S = 0.5
SECONDS = 110
INDEX_BYTES = 800  # a second of 25 frames and their sound


@dataclass
class Camera:
    """One channel. rate(t): bytes a second at a time in seconds; 0 is a camera that is away."""

    channel: int
    rates: dict[float, int]
    segment_s: float
    number: int = 0
    facts: SegmentFacts | None = None
    path: Path | None = None
    size: int = 0
    largest: int = 0
    pending: list[SegmentChange] = field(default_factory=list)

    def rate(self, t: float) -> int:
        return next(rate for start, rate in reversed(self.rates.items()) if t >= start)


@dataclass
class Recorder:
    """Writes for all cameras, into holes."""

    kept: KeptFootage
    cameras: list[Camera]
    sync_s: float
    used: int = 0
    most_used: int = 0
    least_used: int | None = None

    def step(self, t: float) -> None:
        for camera in self.cameras:
            rate = camera.rate(t)
            if camera.facts is not None and (rate == 0 or t - self._begun(camera) >= camera.segment_s):
                self._seal(camera, t)
            if rate:
                self._write(camera, t, int(rate * STEP_S))
        if t % self.sync_s < STEP_S:
            self._checkpoint(t)
        self.measure()

    def measure(self) -> None:
        self.used = sum(path.stat().st_size for path in self.kept.record_dir.glob("ch*/*/*"))
        self.most_used = max(self.most_used, self.used)

    def _begun(self, camera: Camera) -> float:
        assert camera.facts is not None
        return (camera.facts.header.start_utc_us - T0) / 1e6

    def _write(self, camera: Camera, t: float, size: int) -> None:
        if camera.facts is None:
            start = T0 + int(t * 1e6)
            camera.facts = facts(
                start, channel=camera.channel, run=camera.channel, number=camera.number, size_bytes=0, sealed=False
            )
            camera.path = self.kept.write(camera.facts)
            camera.number += 1
            camera.size = 0
        assert camera.path is not None
        camera.size += size
        with camera.path.open("ab") as file:
            file.truncate(camera.size)

    def _seal(self, camera: Camera, t: float) -> None:
        assert camera.facts is not None
        assert camera.path is not None
        duration_s = t - self._begun(camera)
        camera.size += int(INDEX_BYTES * duration_s)
        with camera.path.open("ab") as file:
            file.truncate(camera.size)
        camera.largest = max(camera.largest, camera.size)
        self._commit(camera, t, sealed=True)
        camera.facts = camera.path = None

    def _checkpoint(self, t: float) -> None:
        for camera in self.cameras:
            if camera.facts is not None:
                self._commit(camera, t, sealed=False)

    def _commit(self, camera: Camera, t: float, *, sealed: bool) -> None:
        assert camera.facts is not None
        duration_us = max(int((t - self._begun(camera)) * 1e6), 1)
        now = replace(camera.facts, size_bytes=camera.size, duration_us=duration_us, sealed=sealed)
        self.kept.catalog.commit([SegmentChange(path_of(now), now)])


def steady(rate: int) -> dict[float, int]:
    return {0.0: rate}


MBIT = 125_000
CASES = {
    "one camera": ([steady(2 * MBIT)], 20, 0.5, 15),
    "two unlike cameras": ([steady(6 * MBIT), steady(2 * MBIT)], 20, 1, 50),
    "one large and three small": ([steady(16 * MBIT), *[steady(MBIT)] * 3], 20, 5, 130),
    "a minute between checkpoints": ([steady(4 * MBIT)] * 3, 10, 60, 50),
    "night falls, rates triple": ([{0.0: 3 * MBIT, 50.0: 9 * MBIT, 80.0: 2 * MBIT}] * 3, 10, 5, 60),
    "all come back at once": ([{0.0: 6 * MBIT, 40.0: 0, 70.0: 6 * MBIT}] * 4, 10, 5, 70),
}
ALONE = "one camera"
"""Nobody else's segment makes up for the reserve: that much more may be unused."""


@pytest.mark.parametrize("name", CASES)
def test_i6_the_limit_is_kept_at_every_instant_and_used(kept: KeptFootage, name: str) -> None:
    rates, segment_s, sync_s, cap_mb = CASES[name]
    cap = cap_mb * 1_000_000
    cameras = [Camera(number, rate, segment_s) for number, rate in enumerate(rates, start=1)]
    recorder = Recorder(kept, cameras, sync_s)
    settings = {"MAX_STORAGE_GB": gb(cap), "SEGMENT_DURATION": str(segment_s), "CLEANUP_INTERVAL": "60"}
    cleaner = kept.cleaner(settings, channels=len(cameras))
    t, look_at, looks, low = 0.0, 0.0, 0, cap
    while t < SECONDS:
        recorder.step(t)
        while t >= look_at:
            look_at = t + cleaner.look()
            looks += 1
            recorder.measure()
        if kept.deleted and all(camera.rate(t) for camera in cameras):
            low = min(low, recorder.used)
        t += STEP_S
        kept.clock.advance(STEP_S)
    assert recorder.most_used <= cap
    assert len(kept.deleted) >= 2 * len(cameras)
    fastest = max(sum(camera.rate(second) for camera in cameras) for second in range(SECONDS))
    measured = 1.15 * fastest  # from a few looks half a second apart
    reserve = MARGIN * horizon_s(segment_s) * measured + 2_000 * segment_s * len(cameras)
    assert cap - low <= max(camera.largest for camera in cameras) + reserve + 4096 * len(kept.files())
    if name != ALONE:
        assert cap - low <= sum(camera.largest for camera in cameras), "more than a segment a channel is unused"
    assert looks <= SECONDS / look_interval_s(segment_s) + 10
