"""How long `mini-nvr rescan` and `mini-nvr check --storage` take over an archive of many files.

One small file is encoded, written and sealed; the others are copies of it, each with a head of its own. They lie in a temporary
folder and are removed afterwards.

    python -m benchmarks.rescan --files 100000 --channels 16
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC
from fractions import Fraction
from pathlib import Path

from benchmarks.waiting import BenchmarkFailed
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.clock import US_PER_S
from mini_nvr.demo.encoder import VideoEncoder, VideoSettings
from mini_nvr.demo.live import Studio
from mini_nvr.demo.scenes import STREET
from mini_nvr.media import h264
from mini_nvr.media.frame import VIDEO_CLOCK_HZ
from mini_nvr.media.nal import length_prefixed
from mini_nvr.media.part import VIDEO_TRACK_ID, Part, TrackPart
from mini_nvr.segment.header import encode_header
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.model import SegmentHeader
from mini_nvr.segment.names import segment_name
from mini_nvr.segment.volume import create_volume
from mini_nvr.storage.fsck import check

LIMIT_S = 60.0
START_UTC_US = 1_790_000_000 * US_PER_S
FPS = 5
FRAMES = 10
SIZE = (160, 96)
LENGTH_US = FRAMES * US_PER_S // FPS
FIRST_NUMBER = 100_000  # numbers of one length, so that heads have one length


def header(channel: int, index: int) -> SegmentHeader:
    """The head of a channel's file; 100 files of a run join, and the next run follows without a gap."""
    run = f"{channel:016x}{index // 100:016x}"
    start = START_UTC_US + index * LENGTH_US
    return SegmentHeader(channel, f"Camera {channel}", start, run, FIRST_NUMBER + index % 100, "arrival")


def template(path: Path) -> bytes:
    """A sealed file with the head of channel 10, file 0: two seconds, a key frame at its start and one second later."""
    frame_90k = VIDEO_CLOCK_HZ // FPS
    encoder = VideoEncoder(VideoSettings("h264", *SIZE, fps=Fraction(FPS), gop_frames=FPS))
    studio = Studio(STREET, "Street", SIZE)
    sets = {h264.nal_type(nal): nal for nal in encoder.parameter_sets}
    writer = HybridWriter(path, header(10, 0), [h264.video_format([sets[7]], [sets[8]])])
    pictures = [
        picture for number in range(FRAMES) for picture in encoder.encode(studio.frame, number, force_key=number % FPS == 0)
    ]
    for first in range(0, FRAMES, FPS):
        some = pictures[first : first + FPS]
        track = TrackPart(VIDEO_TRACK_ID, first * frame_90k, [frame_90k] * FPS, [length_prefixed(one.nals) for one in some])
        track.keys = [one.is_key for one in some]
        writer.append(Part([track], starts_at_key=True))
    writer.seal()
    return path.read_bytes()


def make_archive(record_dir: Path, files: int, channels: int) -> None:
    """Channels 10, 11, ..., with the same number of files each."""
    create_volume(record_dir)
    original = template(record_dir / "template.mp4")
    (record_dir / "template.mp4").unlink()
    head = encode_header(header(10, 0))
    folders: set[Path] = set()
    for path, stamped in _stamped(files, channels):
        target = record_dir / path
        if target.parent not in folders:
            target.parent.mkdir(parents=True)
            folders.add(target.parent)
        if len(stamped) != len(head):
            raise BenchmarkFailed(f"the head of {path} is {len(stamped)} bytes long, not {len(head)}")
        target.write_bytes(original.replace(head, stamped))


def _stamped(files: int, channels: int) -> Iterator[tuple[str, bytes]]:
    for index in range(files // channels):
        for channel in range(10, 10 + channels):
            of = header(channel, index)
            yield str(segment_name(channel, of.start_utc_us, UTC, "mp4")), encode_header(of)


def measure(folder: Path, files: int, channels: int) -> dict[str, float]:
    """Seconds, by what was done. Processor time is what a quiet machine would take."""
    record_dir = folder / "recordings"
    started = time.monotonic()
    make_archive(record_dir, files, channels)
    os.sync()
    made = time.monotonic()
    with Catalog.open(folder / "data") as catalog:
        opened, began = time.monotonic(), time.process_time()
        report = rescan(catalog, record_dir)
        rescanned, between = time.monotonic(), time.process_time()
        found = check(catalog, record_dir)
        checked, ended = time.monotonic(), time.process_time()
    violations = [example for finding in found for example in finding.examples]
    if report.files != files // channels * channels or report.unreadable_count or violations:
        raise BenchmarkFailed(f"{report.files} files read, {report.unreadable_count} unreadable, violations: {violations}")
    return {
        "made": made - started,
        "rescan": rescanned - opened,
        "of it processor time": between - began,
        "check --storage": checked - rescanned,
        "of that processor time": ended - between,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--channels", type=int, default=16)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), arguments.files, arguments.channels)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{arguments.files} files, {arguments.channels} channels, load {load}")
    for name, seconds in result.items():
        print(f"  {name}: {seconds:.1f} s, {arguments.files / seconds:.0f} files a second")
    scaled = result["rescan"] * 100_000 / arguments.files
    if scaled > LIMIT_S:
        raise SystemExit(f"rescan would take {scaled:.0f} s for 100,000 files; at most {LIMIT_S:g} s are allowed")


if __name__ == "__main__":
    main()
