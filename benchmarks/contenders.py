"""The two ways to record that are compared: our one recorder process, and one ffmpeg process for each camera."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from benchmarks.cameras import Cameras
from benchmarks.process_cost import BytesWritten, bytes_written
from benchmarks.waiting import BenchmarkFailed, end, wait_for_exit, wait_until

Name = Literal["mini-nvr", "ffmpeg"]
SEGMENT_S = 300
_READY_BYTES = 100_000
_READY_TIMEOUT_S = 40
_STOP_TIMEOUT_S = 20
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}  # no setting of the caller's


@dataclass
class Recording:
    """The processes of one contender at work. Leave the context to end whatever still runs."""

    folder: Path
    suffix: str
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    def files(self) -> list[Path]:
        return sorted(self.folder.rglob(f"*{self.suffix}"))

    def wait_for_footage(self, cameras: int) -> None:
        """Return when every camera's file grows."""

        def all_grow() -> bool:
            self.check()
            return sum(path.stat().st_size > _READY_BYTES for path in self.files()) >= cameras

        wait_until(all_grow, _READY_TIMEOUT_S, f"{cameras} files grow")

    def check(self) -> None:
        """Raise BenchmarkFailed when a process has ended by itself."""
        ended = [process for process in self.processes if process.poll() is not None]
        if ended:
            raise BenchmarkFailed(f"{ended[0].args!r} ended with code {ended[0].returncode}")

    def finish(self) -> BytesWritten:
        """Ask for a clean end, which seals the files; what was written from start to end."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            wait_for_exit(process, _STOP_TIMEOUT_S)
        counts = [bytes_written(pid) for pid in self.pids]
        self.stop()
        return BytesWritten(sum(count.handed_over for count in counts), sum(count.to_disk for count in counts))

    def stop(self) -> None:
        """End and reap everything."""
        for process in self.processes:
            end(process)
        self.processes.clear()

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def start(name: Name, cameras: Cameras, count: int, folder: Path) -> Recording:
    """Record cameras 1 to `count` into `folder`, which is made."""
    folder.mkdir()
    return _start_ours(cameras, count, folder) if name == "mini-nvr" else _start_ffmpeg(cameras, count, folder)


def _start_ours(cameras: Cameras, count: int, folder: Path) -> Recording:
    settings = {
        "RTSP_URL_TEMPLATE": cameras.url("{channel}"),
        "NUM_CHANNELS": count,
        "SEGMENT_DURATION": SEGMENT_S,
        "RECORD_DIR": folder / "recordings",
        "DATA_DIR": folder / "data",
        "LOG_LEVEL": "WARNING",
    }
    env_file = folder / "env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    command = [sys.executable, "-m", "mini_nvr", "recorder", "--env-file", str(env_file)]
    return Recording(folder, ".mp4", [_launch(command, folder)])


def _start_ffmpeg(cameras: Cameras, count: int, folder: Path) -> Recording:
    recording = Recording(folder, ".mkv")
    for number in range(1, count + 1):
        source = ["-rtsp_transport", "tcp", "-i", cameras.url(number)]
        target = ["-f", "segment", "-segment_time", str(SEGMENT_S), "-segment_format", "matroska", f"ch{number}_%03d.mkv"]
        command = ["ffmpeg", "-nostdin", "-loglevel", "fatal", *source, "-c", "copy", *target]
        recording.processes.append(_launch(command, folder))
    return recording


def _launch(command: Sequence[str], folder: Path) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(command, cwd=folder, env=_ENVIRONMENT, stdin=subprocess.DEVNULL)
    except FileNotFoundError as exc:
        raise BenchmarkFailed(f"{command[0]} is not installed") from exc
