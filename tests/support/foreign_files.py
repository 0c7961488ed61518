"""Footage as other recorders leave it: made by the FFmpeg program, and what its decoder sees in any file."""

import os
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

PICTURE = "testsrc=size=160x120:rate=25"
TONE = "sine=frequency=440:sample_rate={rate}"
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "0")
X264_B = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "2")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=25:pools=1")
MJPEG = ("-c:v", "mjpeg", "-q:v", "5")
OLD = 1_700_000_000
"""When such a file was last written to."""


def make(
    path: Path,
    *,
    video: Sequence[str] = X264,
    audio: Sequence[str] = (),
    rate: int = 8_000,
    seconds: float = 3,
    more: Sequence[str] = (),
) -> Path:
    """A file by FFmpeg, with a tone when `audio` says how to code it; old enough to be complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_made(path.suffix, tuple(video), tuple(audio), rate, seconds, tuple(more)))
    os.utime(path, (OLD, OLD))
    return path


@cache
def _made(suffix: str, video: Sequence[str], audio: Sequence[str], rate: int, seconds: float, more: Sequence[str]) -> bytes:
    tone = ("-f", "lavfi", "-i", TONE.format(rate=rate)) if audio else ()
    command = ("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", PICTURE, *tone, "-t", str(seconds), *video, *audio, *more)
    with TemporaryDirectory() as folder:
        made = Path(folder) / f"made{suffix}"
        subprocess.run([*command, str(made)], check=True, timeout=60, stdin=subprocess.DEVNULL)
        return made.read_bytes()


def pictures(path: Path) -> list[str]:
    """A checksum of each decoded picture, in the order in which they are shown."""
    lines = _ffmpeg(path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5").splitlines()
    return [line.rpartition(",")[2].strip() for line in lines if not line.startswith("#")]


def sound_seconds(path: Path) -> float:
    """How long the decoded sound is; 0 without any."""
    data = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a:0?", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"],
        capture_output=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    ).stdout
    return len(data) / 16_000


def _ffmpeg(path: Path, *arguments: str) -> str:
    command = ["ffmpeg", "-v", "error", "-i", str(path), *arguments, "-"]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL, text=True).stdout
