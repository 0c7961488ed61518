"""The recorder's and the storage service's own rooms, put together as they are in their processes, and stepped by hand.

No camera, no thread and no real time: frames of a clip go through the pipeline into files; checkpoints, seals and deletions come
when they are called. So a run does the same system calls in the same order each time, and can be killed at each of them.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Self

from mini_nvr.catalog.lock import DataDirLock
from mini_nvr.catalog.newest_files import take_in_newest
from mini_nvr.catalog.recovery import RepairReport, recorder_down, repair
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.rescan import rescan
from mini_nvr.config.load import load
from mini_nvr.config.model import Settings
from mini_nvr.errors import GapCause
from mini_nvr.ingest.source import StreamInfo
from mini_nvr.ingest.timestamps import media_us
from mini_nvr.media.frame import AudioFormat, Frame
from mini_nvr.media.part import VIDEO_TRACK_ID, Part
from mini_nvr.recorder.checkpoint import Checkpointer
from mini_nvr.recorder.disk import DiskThread
from mini_nvr.recorder.files import SegmentFiles
from mini_nvr.recorder.gaps import GapTracker
from mini_nvr.recorder.growing import GrowingSegment
from mini_nvr.recorder.pipeline import ChannelPipeline, ChannelRules
from mini_nvr.recorder.volume import RecordingVolume
from mini_nvr.segment.model import Container, TimeSource
from mini_nvr.storage.age_clock import AgeClock
from mini_nvr.storage.alarms import AlarmBoard
from mini_nvr.storage.cleaner import Cleaner
from mini_nvr.storage.rooms import RoomBook
from tests.support.catalog import T0
from tests.support.clock import FakeClock
from tests.support.footage import FRAME_90K, Clip, audio_clip, video_clip, video_format

SEGMENT_S = 2
FRAMES_A_SECOND = 25
Told = Callable[[str], None]


def clip() -> Clip:
    """Six seconds with a key frame each second; encoded once a process."""
    return video_clip(frames=6 * FRAMES_A_SECOND, gop=FRAMES_A_SECOND)


@dataclass(frozen=True, slots=True)
class Place:
    """The two folders of one Mini-NVR."""

    record_dir: Path
    data_dir: Path


def settings_of(place: Place) -> Settings:
    """One camera, and footage kept for a day."""
    return load(
        {
            "RECORD_DIR": str(place.record_dir),
            "DATA_DIR": str(place.data_dir),
            "RTSP_URL_TEMPLATE": "rtsp://camera/{channel}",
            "NUM_CHANNELS": "1",
            "RETENTION_DAYS": "1",
            "TZ": "UTC",
        }
    )


@contextmanager
def started(place: Place, now_utc_us: int) -> Iterator[tuple[Catalog, RecordingVolume, RepairReport]]:
    """Everything that the recorder does before it records, in its order (`services/recorder.py`)."""
    report = RepairReport()
    with DataDirLock(place.data_dir) as lock, Catalog.open(place.data_dir) as catalog:

        def prepare() -> None:
            nonlocal report
            if catalog.was_rebuilt:
                report = take_in_newest(catalog, place.record_dir)
                rescan(catalog, place.record_dir, lock=lock)
            else:
                report = repair(catalog, place.record_dir, now_utc_us)

        volume = RecordingVolume(place.record_dir, place.data_dir, prepare)
        volume.verify()
        catalog.register_channels([(1, "Door")], now_utc_us)
        catalog.commit([], recorder_down(catalog, now_utc_us))
        yield catalog, volume, report


class _StraightLine:
    """The camera's clock is the wall's; `origin_utc_us` is its presentation time 0."""

    time_source: TimeSource = "arrival"

    def __init__(self, origin_utc_us: int) -> None:
        self._origin_utc_us = origin_utc_us

    def start_utc_us(self, pts_90k: int) -> int:
        return self._origin_utc_us + media_us(pts_90k)

    def next_start_utc_us(self, pts_90k: int, expected_utc_us: int, elapsed_us: int) -> int:
        return expected_utc_us

    def utc_us(self, pts_90k: int) -> int:
        return self.start_utc_us(pts_90k)


class _InlineDisk:
    """Handles each job at once; `told` how many pictures a file holds, as soon as the kernel has them."""

    def __init__(self, disk: DiskThread, told: Told) -> None:
        self._disk = disk
        self._told = told
        self._pictures: dict[GrowingSegment, int] = {}

    def append(self, segment: GrowingSegment, part: Part) -> None:
        segment.submitted_bytes += part.size_bytes
        segment.submitted_us = max(segment.submitted_us, part.video_end_us)
        self._disk.handle(segment, part)
        here = sum(len(track.payloads) for track in part.tracks if track.track_id == VIDEO_TRACK_ID)
        self._pictures[segment] = self._pictures.get(segment, 0) + here
        self._told(f"wrote {segment.path} {self._pictures[segment]}")

    def close(self, segment: GrowingSegment) -> None:
        self._disk.handle(segment, None)


class _Tone:
    """What the camera's microphone hears."""

    def __init__(self, seconds: int) -> None:
        made = audio_clip(seconds=seconds)
        assert isinstance(made.format, AudioFormat)
        self.format = made.format
        self._waiting = deque(made.samples)

    def frames(self, until_s: float, clock: FakeClock) -> Iterator[Frame]:
        """Those that begin before this time of the connection, each once."""
        while self._waiting and self._waiting[0].pts < until_s * self.format.sample_rate_hz:
            sample = self._waiting.popleft()
            yield Frame(sample.data, sample.pts, clock.monotonic_ns(), is_key=True)


class SteppedRecorder:
    """Records channel 1 from `T0` on."""

    def __init__(self, place: Place, catalog: Catalog, volume: RecordingVolume, container: Container, told: Told) -> None:
        self.clock = FakeClock(T0)
        self._age_clock = AgeClock(self.clock)
        self._place = place
        self._catalog = catalog
        self.checkpointer = Checkpointer(catalog, place.record_dir, 1, self.clock)
        files = SegmentFiles(place.record_dir, volume.verify, UTC, container)
        disk = _InlineDisk(DiskThread(files.create, self.checkpointer, self.clock), told)
        gaps = GapTracker(1, self.checkpointer.note_gap)
        gaps.begin(T0, GapCause.RECORDER_DOWN)
        rules = ChannelRules(1, "Door", SEGMENT_S, container)
        self.pipeline = ChannelPipeline(rules, disk, gaps, self.checkpointer.note_run, self.clock, lambda act: act())

    @classmethod
    @contextmanager
    def running(cls, place: Place, container: Container, told: Told = lambda text: None) -> Iterator[Self]:
        """Started, and ended in good order."""
        with started(place, T0) as (catalog, volume, _):
            recorder = cls(place, catalog, volume, container, told)
            yield recorder
            recorder.pipeline.close()
            recorder.sync()

    def record(self, seconds: int, *, sound: bool = False) -> None:
        """A new connection of at most six seconds, with a checkpoint after each second; sound: with a tone, in AAC."""
        footage = clip()
        heard = _Tone(seconds) if sound else None
        self.pipeline.on_connected(StreamInfo(heard.format if heard else None), _StraightLine(self.clock.utc_us()))
        for number, sample in enumerate(footage.samples[: seconds * FRAMES_A_SECOND]):
            frame = Frame(sample.data, number * FRAME_90K, self.clock.monotonic_ns(), sample.key)
            frame.new_format = video_format(footage) if number == 0 else None
            self.pipeline.on_video(frame)
            self.clock.advance(1 / FRAMES_A_SECOND)
            for frame in heard.frames((number + 1) / FRAMES_A_SECOND, self.clock) if heard else ():
                self.pipeline.on_audio(frame)
            if (number + 1) % FRAMES_A_SECOND == 0:
                self.sync()

    def disconnect(self) -> None:
        self.pipeline.on_disconnected(GapCause.CAMERA_OFFLINE, "", 1.0)
        self.sync()

    def sync(self) -> None:
        """One round of the sync thread."""
        self.checkpointer.seal_finished()
        self.checkpointer.checkpoint()
        self.checkpointer.write_down()

    def clean_up(self) -> None:
        """The storage service's looks, with footage kept for a day."""
        board = AlarmBoard(self.clock, lambda alarm, over: None)
        Cleaner(
            settings_of(self._place), self._catalog, self.clock, alarms=board, rooms=RoomBook(), age_clock=self._age_clock
        ).look()


def run_all_steps(place: Place, container: Container, told: Told) -> None:
    """Create, append, checkpoint, seal, and delete: two files, two days later a third, and the first two become too old."""
    with SteppedRecorder.running(place, container, told) as recorder:
        recorder.record(4)
        recorder.disconnect()
        recorder.clock.advance(2 * 86_400)
        recorder.record(1)
        told("cleaning up")
        recorder.clean_up()
