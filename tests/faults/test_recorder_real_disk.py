"""A file system of its own under a recorder: filled by another program, made read-only, taken away, exchanged.

A size-limited tmpfs; only root may mount one. Read-only is a read-only mount over the folder, which refuses new files while those
that are open go on, as the kernel does when it makes a volume read-only; `test_recorder_disk.py` has writes that fail with EROFS.
"""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from mini_nvr.clock import US_PER_S
from mini_nvr.demo import ClipSource, ClipSpec, DemoCamera, DemoRig
from mini_nvr.errors import GapCause
from tests.e2e.recorder_process import RecorderProcess, camera_settings, pause
from tests.faults.long import WAIT_S
from tests.faults.resuming import RESUMES_WITHIN_S, check_resumes, now_us
from tests.support.hybrid_files import ffprobe_complaints

CHANNELS = 2
CLEANUP_INTERVAL_S = 10
SIZE_MB = 32
MB = 1 << 20


def may_mount() -> bool:
    """Root alone does not do in a container without CAP_SYS_ADMIN."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    probe = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return probe.returncode == 0


pytestmark = [
    pytest.mark.skipif(not may_mount(), reason="only root may mount a tmpfs"),
    pytest.mark.skipif(shutil.which("ffprobe") is None, reason="Debian's ffmpeg is not installed (`make test` does it)"),
]


class Mounts:
    """What is mounted where; everything is unmounted at the end."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def tmpfs(self, target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        self._mount(target, "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0755", "none", target)

    def bind(self, source: Path, target: Path) -> None:
        self._mount(target, "--bind", source, target)

    def read_only(self, target: Path) -> None:
        """Over what is there."""
        self.bind(target, target)
        subprocess.run(["mount", "-o", "remount,bind,ro", target], check=True)

    def unmount(self, target: Path) -> None:
        """The topmost mount; files that are open in it stay open."""
        subprocess.run(["umount", "--lazy", target], check=True)

    def close(self) -> None:
        self._stack.close()

    def _mount(self, target: Path, *arguments: str | Path) -> None:
        subprocess.run(["mount", *arguments], check=True)
        self._stack.callback(lambda: subprocess.run(["umount", "--lazy", target], capture_output=True, check=False))


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    made = Mounts()
    yield made
    made.close()


@pytest.fixture(scope="module")
def rig() -> Iterator[DemoRig]:
    spec = ClipSpec(width=640, height=360, bit_rate=2_000_000)
    with DemoRig([DemoCamera(number, ClipSource(spec)) for number in range(1, CHANNELS + 1)]) as rig:
        yield rig


@pytest.fixture
def recorder(rig: DemoRig, mounts: Mounts, tmp_path: Path) -> Iterator[RecorderProcess]:
    """It records to a tmpfs that is mounted twice: at `disk`, where nobody looks, and at the recording folder."""
    settings = camera_settings(rig, CHANNELS, SEGMENT_DURATION="10", SYNC_INTERVAL="1")
    recorder = RecorderProcess(tmp_path / "nvr", settings)
    mounts.tmpfs(tmp_path / "disk")
    recorder.record_dir.mkdir()
    mounts.bind(tmp_path / "disk", recorder.record_dir)
    with recorder:
        recorder.wait_recording(CHANNELS)
        yield recorder


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Another program takes all space that is left, and keeps it."""
    file = folder / "somebody else's"
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(MB // 4))
        except OSError as exc:
            assert exc.errno == errno.ENOSPC
        with suppress(OSError):
            while out.write(bytes(512)):
                pass
    try:
        yield
    finally:
        file.unlink()


def wait_for_gaps(recorder: RecorderProcess, cause: GapCause, since_us: int) -> None:
    def all_have() -> bool:
        channels = range(1, CHANNELS + 1)
        return all(any(gap.cause is cause and gap.start_utc_us >= since_us for gap in recorder.gaps(n)) for n in channels)

    recorder.wait_until(all_have, f"gaps for {cause}", WAIT_S)


def check_files(recorder: RecorderProcess, scratch: Path) -> None:
    """After it was stopped."""
    assert recorder.stop() == 0, recorder.last_words()
    assert "Traceback" not in recorder.log(), recorder.last_words()
    for path in recorder.files():
        assert not ffprobe_complaints(path)
    recorder.check_catalog(scratch)


def test_a_disk_that_somebody_fills_is_used_again_when_there_is_room(recorder: RecorderProcess, tmp_path: Path) -> None:
    pause(2)
    before_us = now_us()
    with filled(recorder.record_dir):
        wait_for_gaps(recorder, GapCause.DISK_FULL, before_us - 5 * US_PER_S)
        pause(1)
    check_resumes(recorder, CHANNELS, now_us())
    check_files(recorder, tmp_path / "fresh")


def test_a_volume_that_turns_read_only_or_is_another_one_is_not_recorded_to(
    recorder: RecorderProcess, mounts: Mounts, tmp_path: Path
) -> None:
    begun_us = now_us()
    mounts.read_only(recorder.record_dir)
    wait_for_gaps(recorder, GapCause.DISK_ERROR, begun_us)
    mounts.unmount(recorder.record_dir)
    check_resumes(recorder, CHANNELS, now_us())

    begun_us = now_us()
    mounts.unmount(recorder.record_dir)
    wait_for_gaps(recorder, GapCause.VOLUME_MISSING, begun_us)
    assert list(recorder.record_dir.iterdir()) == [], "it recorded to the mount point"
    mounts.tmpfs(tmp_path / "other")
    (tmp_path / "other/.mini-nvr-volume").write_text('{"volume_id": "00000000-0000-4000-8000-000000000000"}\n')
    mounts.bind(tmp_path / "other", recorder.record_dir)
    pause(5)
    assert [path.name for path in recorder.record_dir.iterdir()] == [".mini-nvr-volume"], "it recorded to another volume"
    mounts.unmount(recorder.record_dir)
    mounts.bind(tmp_path / "disk", recorder.record_dir)
    check_resumes(recorder, CHANNELS, now_us())
    check_files(recorder, tmp_path / "fresh")


def test_cleanup_makes_room_on_a_disk_that_somebody_fills(rig: DemoRig, mounts: Mounts, tmp_path: Path) -> None:
    """With MIN_FREE_GB, what others write costs the oldest footage, and recording is back without anybody's help."""
    limits = {"MIN_FREE_GB": str(4 / 1024), "CLEANUP_INTERVAL": str(CLEANUP_INTERVAL_S)}
    settings = camera_settings(rig, CHANNELS, SEGMENT_DURATION="10", SYNC_INTERVAL="1", **limits)
    program = RecorderProcess(tmp_path / "nvr", settings, command=("run",))
    mounts.tmpfs(program.record_dir)
    with program:
        program.wait_recording(CHANNELS)
        program.wait_until(lambda: len(program.files(1)) > 1, "a sealed file of each channel", WAIT_S)
        pause(1)
        full_us = now_us()
        with filled(program.record_dir):
            within_s = CLEANUP_INTERVAL_S + RESUMES_WITHIN_S
            check_resumes(program, CHANNELS, full_us + 2 * US_PER_S, within_s)
            assert any(gap.cause is GapCause.DELETED for gap in program.gaps(1) + program.gaps(2))
        check_files(program, tmp_path / "fresh")
