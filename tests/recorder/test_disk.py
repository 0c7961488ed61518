"""The disk thread's jobs, done one by one without the thread: order, failures and their causes, what is told to whom."""

import errno
import os
import threading
from pathlib import Path, PurePosixPath

import pytest

from mini_nvr.errors import GapCause, SegmentError
from mini_nvr.media.part import VIDEO_TRACK_ID, Part, TrackPart
from mini_nvr.recorder.disk import DiskThread, gap_cause
from mini_nvr.recorder.growing import GrowingSegment
from mini_nvr.segment.model import SegmentFacts, SegmentHeader
from mini_nvr.segment.volume import VolumeMissing, VolumeUnwritable
from tests.support.clock import FakeClock

HEADER = SegmentHeader(1, "Door", 1_000_000_000, "0" * 32, 0, "arrival")


def part(data: bytes = b"12345678", base_dts: int = 0) -> Part:
    return Part([TrackPart(VIDEO_TRACK_ID, base_dts, [45_000], [data], keys=[True])], starts_at_key=True)


def os_error(number: int) -> SegmentError:
    error = SegmentError("could not append")
    error.__cause__ = OSError(number, os.strerror(number))
    return error


class FakeWriter:
    """Remembers parts; `fails` is raised by the next append."""

    def __init__(self) -> None:
        self.path = Path("ch1/x.mp4")
        self.parts: list[Part] = []
        self.fails: Exception | None = None

    def append(self, part: Part) -> None:
        if self.fails:
            raise self.fails
        self.parts.append(part)

    def checkpoint(self) -> SegmentFacts:
        raise AssertionError("not the disk thread's business")

    def seal(self) -> SegmentFacts:
        raise AssertionError("not the disk thread's business")

    def abandon(self) -> None: ...


class Scene:
    """A disk thread that is never started, with fakes around it."""

    def __init__(self) -> None:
        self.writer = FakeWriter()
        self.refuses: SegmentError | None = None
        self.added: list[GrowingSegment] = []
        self.finished: list[GrowingSegment] = []
        self.failures: list[tuple[GapCause, str]] = []
        self.clock = FakeClock()
        self.disk = DiskThread(self.create, self, self.clock)
        self.segment = GrowingSegment(HEADER, (), lambda _, cause, detail: self.failures.append((cause, detail)))

    def create(self, segment: GrowingSegment) -> tuple[PurePosixPath, FakeWriter]:
        if self.refuses:
            raise self.refuses
        return PurePosixPath("ch1/x.mp4"), self.writer

    def add(self, segment: GrowingSegment) -> None:
        self.added.append(segment)

    def finish(self, segment: GrowingSegment) -> None:
        self.finished.append(segment)

    def append(self, data: bytes = b"12345678") -> None:
        one = part(data, len(self.writer.parts) * 45_000)
        self.segment.submitted_bytes += one.size_bytes
        self.disk.handle(self.segment, one)


def test_the_first_part_creates_the_file_and_the_end_hands_it_over() -> None:
    scene = Scene()
    scene.append(b"a")
    scene.append(b"bc")
    scene.disk.handle(scene.segment, None)
    assert [one.tracks[0].payloads for one in scene.writer.parts] == [[b"a"], [b"bc"]]
    assert (scene.added, scene.finished) == ([scene.segment], [scene.segment])
    assert scene.segment.queued_bytes == 0
    assert scene.segment.written_end_utc_us == HEADER.start_utc_us + 1_000_000


def test_a_segment_ends_with_its_last_shown_picture() -> None:
    """Decoding order I P B B: the P frame is shown last, one frame later than decoding ends."""
    scene = Scene()
    track = TrackPart(
        VIDEO_TRACK_ID, 0, [3_600] * 4, [b"i", b"p", b"b", b"b"], cts_offsets=[0, 10_800, 0, 0], keys=[True] + [False] * 3
    )
    scene.disk.append(scene.segment, Part([track], starts_at_key=True))
    scene.disk.handle(scene.segment, Part([track], starts_at_key=True))
    end_utc_us = HEADER.start_utc_us + 5 * 40_000
    assert (scene.segment.submitted_end_utc_us, scene.segment.written_end_utc_us) == (end_utc_us, end_utc_us)


def test_a_failing_append_is_told_once_and_the_file_is_sealed_as_it_is() -> None:
    scene = Scene()
    scene.append()
    scene.writer.fails = os_error(errno.ENOSPC)
    scene.append()
    scene.append()
    scene.disk.handle(scene.segment, None)
    assert scene.failures == [(GapCause.DISK_FULL, "could not append")]
    assert scene.finished == [scene.segment]
    assert scene.segment.queued_bytes == 0
    assert scene.segment.whole_us == 500_000


def test_a_file_that_cannot_be_created_is_never_handed_over() -> None:
    scene = Scene()
    scene.refuses = VolumeMissing("the recording folder is not the known volume")
    scene.append()
    scene.disk.handle(scene.segment, None)
    assert scene.failures == [(GapCause.VOLUME_MISSING, "the recording folder is not the known volume")]
    assert (scene.added, scene.finished) == ([], [])


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (os_error(errno.ENOSPC), GapCause.DISK_FULL),
        (os_error(errno.EDQUOT), GapCause.DISK_FULL),
        (os_error(errno.EIO), GapCause.DISK_ERROR),
        (os_error(errno.EROFS), GapCause.DISK_ERROR),
        (VolumeMissing("gone"), GapCause.VOLUME_MISSING),
        (VolumeUnwritable("read-only"), GapCause.DISK_ERROR),
        (SegmentError("malformed"), GapCause.DISK_ERROR),
    ],
)
def test_causes(error: SegmentError, cause: GapCause) -> None:
    assert gap_cause(error) is cause


def test_the_thread_works_the_queue_off_before_it_ends() -> None:
    scene = Scene()
    scene.disk.start()
    for data in (b"before", b"after"):
        scene.disk.append(scene.segment, part(data))
    scene.disk.close(scene.segment)
    assert scene.disk.stop(60)
    assert [one.tracks[0].payloads[0] for one in scene.writer.parts] == [b"before", b"after"]
    assert scene.finished == [scene.segment]


def test_how_long_the_oldest_jobs_have_waited() -> None:
    scene, begun, may_go_on = Scene(), threading.Event(), threading.Event()

    class StallingWriter(FakeWriter):
        def append(self, part: Part) -> None:
            begun.set()
            assert may_go_on.wait(60)

    scene.writer = StallingWriter()
    scene.disk.append(scene.segment, part())
    scene.clock.advance(2)
    assert scene.disk.behind_s == 0, "the thread does not run yet"
    scene.disk.start()
    assert begun.wait(60)
    scene.disk.append(scene.segment, part(b"later"))
    scene.clock.advance(5)
    assert scene.disk.behind_s == 7
    may_go_on.set()
    assert scene.disk.stop(60)
    assert scene.disk.behind_s == 0


def test_the_thread_survives_a_bug_and_ends_that_file_alone(caplog: pytest.LogCaptureFixture) -> None:
    broken, sound = Scene(), Scene()
    broken.writer.fails = ZeroDivisionError("bug")
    broken.segment.writer, sound.segment.writer = broken.writer, sound.writer
    disk = broken.disk
    disk.start()
    disk.append(broken.segment, part())
    disk.append(sound.segment, part(b"sound"))
    assert disk.stop(60)
    assert broken.failures == [(GapCause.DISK_ERROR, "unexpected ZeroDivisionError while writing")]
    assert [one.tracks[0].payloads[0] for one in sound.writer.parts] == [b"sound"]
    assert "ZeroDivisionError" in caplog.text
