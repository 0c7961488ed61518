"""`kill -9` of the recorder at any moment costs less than a second of footage, and the next start leaves no trace of it."""

import itertools
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from mini_nvr.clock import NS_PER_S, US_PER_S, SystemClock
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, VideoCodec
from mini_nvr.segment.scan import scan
from tests.e2e.conftest import MakeRecorder
from tests.e2e.played import digests_without_sets, has_footage, packets, picture_times
from tests.e2e.recorder_process import RecorderProcess, camera_settings, pause
from tests.e2e.sent_frames import lost_s
from tests.e2e.taken_frames import Taken, look, look_at_stopped, lost_of_taken_s
from tests.support.hybrid_files import ffprobe_complaints

KILLS = 20
SEED = 20_260_301
MOST_LOST_S = 1.0
LOOK_EACH_S = 0.1
CLOCK_AGREES_S = 5.0  # a camera that is held up sends late, which is in no picture's time
KILL_AFTER_S = (0.3, 4.0)  # from when the recorder answers
KILL_RECORDING_AFTER_S = (0.3, 2.2)  # from when all cameras are recorded, which may take long on a busy machine
RECORDING_WITHIN_S = 60.0
ANYTIME_EVERY = 3  # the other kills wait until there is something to lose
RESIZE_BEFORE_S = (0.4, 2.0)
KILL_REPAIR_AFTER_S = (0.3, 1.2)
MKV_EVERY = 4
RESIZED = 4  # this camera changes its resolution now and then, so that files are being sealed when the kill comes
SIZES = ((320, 180), (352, 208))

# Groups of pictures of 3.2 s are cut into parts; shorter ones would hide parts that are too long
CLIPS = {
    1: ClipSpec(gop_frames=25, audio="aac"),
    2: ClipSpec(gop_frames=80, b_frames=2, frames=160),
    3: ClipSpec(codec="h265", gop_frames=80, frames=160),
    RESIZED: ClipSpec(gop_frames=25, audio="pcma"),
}
needs_ffprobe = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="Debian's ffmpeg is not installed (`make test` does it)")


@pytest.fixture
def rig() -> Iterator[DemoRig]:
    for spec in [ClipSpec(width=width, height=height, audio="pcma") for width, height in SIZES]:
        ClipSource(spec)  # encoded once now, not while a camera waits for it
    with DemoRig([DemoCamera(number, ClipSource(spec), log_sent=True) for number, spec in CLIPS.items()]) as rig:
        yield rig


@dataclass(frozen=True, slots=True)
class Killed:
    """One kill: when, the files that it left, how many frames each camera had sent, and what was seen to be taken until then."""

    monotonic_ns: int
    utc_us: int
    files: list[Path]
    sent: dict[int, int]
    looks: list[Taken]


class _Kills:
    """One recorder, killed again and again; knows which files each kill left."""

    def __init__(self, rig: DemoRig, recorder: RecorderProcess, seed: int) -> None:
        self.rig = rig
        self.recorder = recorder
        self.random = random.Random(seed)  # noqa: S311  moments, not secrets
        self.losses_s: list[float] = []
        self.losses_of_sent_s: list[float] = []
        self._sizes = itertools.cycle(SIZES[::-1])
        self._seen: set[Path] = set()

    def record_and_kill(self, *, anytime: bool) -> Killed:
        """Start, let it run for a while, which begins when it answers or, not `anytime`, when it records, and kill it."""
        delay_s = self.random.uniform(*(KILL_AFTER_S if anytime else KILL_RECORDING_AFTER_S))
        for number in CLIPS:
            self.rig.camera(number).sent.clear()
        resize_at_s = max(delay_s - self.random.uniform(*RESIZE_BEFORE_S), 0.0)
        self.recorder.start()
        looks = [] if anytime else self._watch_until_recording()
        looks += self._watch(resize_at_s)
        self.rig.camera(RESIZED).faults.change_resolution(*next(self._sizes))
        looks += self._watch(delay_s - resize_at_s)
        self.recorder.freeze()
        clock = SystemClock()
        killed_ns, killed_utc_us = clock.monotonic_ns(), clock.utc_us()
        self._silence_cameras(True)  # so that what is on its way arrives
        sent = {number: len(self.rig.camera(number).sent.whole()) for number in CLIPS}
        looks.append(look_at_stopped(self.rig, list(CLIPS), self.recorder))
        self.recorder.kill()
        self._silence_cameras(False)
        files = [path for path in self.recorder.files() if path not in self._seen]
        self._seen.update(self.recorder.files())
        return Killed(killed_ns, killed_utc_us, files, sent, looks)

    def _silence_cameras(self, silent: bool) -> None:
        for number in CLIPS:
            self.rig.camera(number).faults.stalled = silent

    def _watch(self, duration_s: float) -> list[Taken]:
        """Let it record for so long; what it has taken meanwhile."""
        until_ns = SystemClock().monotonic_ns() + round(duration_s * NS_PER_S)
        looks = []
        while (left_ns := until_ns - SystemClock().monotonic_ns()) > 0:
            looks.append(look(self.rig, list(CLIPS), self.recorder))
            pause(min(LOOK_EACH_S, left_ns / NS_PER_S))
        return looks

    def _watch_until_recording(self) -> list[Taken]:
        """The same until each camera has its file."""
        looks: list[Taken] = []

        def recording() -> bool:
            looks.append(look(self.rig, list(CLIPS), self.recorder))
            return sum(row.status == "LIVE" and row.file is not None for row in self.recorder.status() or []) == len(CLIPS)

        self.recorder.wait_until(recording, "all cameras being recorded", RECORDING_WITHIN_S)
        return looks

    def check_files(self, killed: Killed) -> dict[Path, int]:
        """Each file plays as the kill left it; no channel lost more than a second. The pictures in each file."""
        shown: dict[Path, int] = {}
        for number, spec in CLIPS.items():
            sent = self.rig.camera(number).sent.whole()
            stored: list[bytes] = []
            end_utc_us = 0
            for path in [path for path in killed.files if path.parts[-3] == f"ch{number}"]:
                times, found = self._play(path, spec.codec)
                shown[path] = len(times)
                stored += found
                if times:
                    end_utc_us = scan(path).header.start_utc_us + round(max(times) * US_PER_S)
            lost = lost_of_taken_s(number, sent, stored, killed.looks, killed.monotonic_ns, VIDEO_CLOCK_HZ)
            lost_of_sent = lost_s(sent[: killed.sent[number]], stored, VIDEO_CLOCK_HZ)
            assert lost <= MOST_LOST_S, f"channel {number}: {lost:.3f} s are lost, {lost_of_sent:.3f} s of what was sent"
            if stored:
                oldest_us = killed.utc_us - (lost_of_sent + CLOCK_AGREES_S) * US_PER_S
                assert end_utc_us >= oldest_us, f"channel {number}: the last picture is too old"
            self.losses_s.append(lost)
            self.losses_of_sent_s.append(lost_of_sent)
        return shown

    def _play(self, path: Path, codec: VideoCodec) -> tuple[list[Fraction], list[bytes]]:
        """When its pictures are shown, and the digests of its stored frames; a file that has only begun has none."""
        if not has_footage(path):
            return [], []
        try:
            times = picture_times(path)
        except OSError as exc:
            raise AssertionError(f"{path.name} ({path.stat().st_size} bytes) does not play: {exc}") from exc
        frames = packets(path, "video")
        assert len(times) == len(frames), f"{path.name}: {len(frames)} frames are stored, {len(times)} are shown"
        return times, digests_without_sets(codec, frames)

    def restart(self) -> None:
        """The next start, which repairs; sometimes it is killed at that, and the one after it has to."""
        if self.random.random() < 1 / 3:
            self.recorder.start(wait=False)
            pause(self.random.uniform(*KILL_REPAIR_AFTER_S))
            self.recorder.kill()
        self.recorder.start()
        assert self.recorder.stop() == 0
        self._seen.update(self.recorder.files())


@needs_ffprobe
def test_a_kill_costs_less_than_a_second_and_leaves_no_trace(rig: DemoRig, make_recorder: MakeRecorder, tmp_path: Path) -> None:
    settings = camera_settings(rig, len(CLIPS), SEGMENT_DURATION="10", SYNC_INTERVAL="1")
    recorder = make_recorder(settings)
    kills = _Kills(rig, recorder, SEED)
    print(f"seed {SEED}")
    for kill in range(KILLS):
        recorder.write_settings(settings | {"RECORD_FORMAT": "mkv" if kill % MKV_EVERY == MKV_EVERY - 1 else "mp4"})
        killed = kills.record_and_kill(anytime=kill % ANYTIME_EVERY == 0)
        print(f"kill {kill}: {len(killed.files)} files, {len(killed.looks)} looks")
        shown = kills.check_files(killed)
        kills.restart()
        for path, count in shown.items():
            if not count:
                assert not path.exists(), f"{path.name} holds nothing and is still there"
                continue
            assert scan(path).sealed
            assert len(picture_times(path)) == count, f"{path.name}: the repair changed what is shown"
            assert ffprobe_complaints(path) == ""
        recorder.check_catalog(tmp_path / f"fresh{kill}")
    for what, losses_s in (("taken", kills.losses_s), ("sent", kills.losses_of_sent_s)):
        print(f"lost of what was {what}: at most {max(losses_s):.3f} s, {sum(losses_s) / len(losses_s):.3f} s on average")
