"""The disk thread: creates files and appends parts, one vectored write each, in the order in which they were submitted.

The event loop never waits for it (storage I9): submitting is a queue operation, and the pipeline looks at
`GrowingSegment.queued_bytes` before it submits more.
"""

import errno
import logging
import threading
from collections.abc import Callable
from pathlib import PurePosixPath
from queue import SimpleQueue
from typing import Protocol

from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.errors import GapCause, SegmentError
from mini_nvr.media.part import Part
from mini_nvr.recorder.growing import GrowingSegment
from mini_nvr.segment.model import SegmentWriter
from mini_nvr.segment.volume import VolumeMissing, VolumeUnwritable

_log = logging.getLogger(__name__)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def gap_cause(error: SegmentError) -> GapCause:
    """The cause that the owner reads when this error kept footage from being written."""
    if isinstance(error, VolumeMissing):
        return GapCause.VOLUME_MISSING
    origin = error.__cause__
    if isinstance(origin, OSError) and origin.errno in _FULL:
        return GapCause.DISK_FULL
    return GapCause.DISK_ERROR


class Keeper(Protocol):
    """Who makes files durable and sealed (the checkpointer)."""

    def add(self, segment: GrowingSegment) -> None:
        """The file exists and grows."""

    def finish(self, segment: GrowingSegment) -> None:
        """Nothing more will be appended: seal it."""


Job = tuple[GrowingSegment, Part | None]
"""A part to append, or None for the end of the file."""


class DiskThread:
    """Owns every growing file's append side.

    batching: jobs wait for `flush`, for a loop that handles many cameras at a time; waking the thread costs more than some jobs.
    """

    def __init__(
        self, create: Callable[[GrowingSegment], tuple[PurePosixPath, SegmentWriter]], keeper: Keeper, clock: Clock
    ) -> None:
        self._create = create
        self._keeper = keeper
        self._clock = clock
        self._queue: SimpleQueue[tuple[int, list[Job]]] = SimpleQueue()
        self._batch: list[Job] = []
        self._oldest_ns: int | None = None
        self.batching = False
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Work off the queue and end; False when the disk did not let it end in time."""
        self.flush()
        self._queue.put((0, []))
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def behind_s(self) -> float:
        """How long the oldest jobs that are not done have waited, in seconds; 0 when all are done."""
        oldest_ns = self._oldest_ns
        return 0.0 if oldest_ns is None else (self._clock.monotonic_ns() - oldest_ns) / NS_PER_S

    def append(self, segment: GrowingSegment, part: Part) -> None:
        """Queue a part; the first one creates the file. Called on the event loop."""
        segment.submitted_bytes += part.size_bytes
        segment.submitted_us = max(segment.submitted_us, part.video_end_us)
        self._submit((segment, part))

    def close(self, segment: GrowingSegment) -> None:
        """Queue the end of a file. Called on the event loop."""
        self._submit((segment, None))

    def flush(self) -> None:
        """Hand the waiting jobs to the thread. Called on the event loop."""
        if self._batch:
            self._queue.put((self._clock.monotonic_ns(), self._batch))
            self._batch = []

    def _submit(self, job: Job) -> None:
        self._batch.append(job)
        if not self.batching:
            self.flush()

    def _run(self) -> None:
        while True:
            submitted_ns, jobs = self._queue.get()
            if not jobs:
                return
            self._oldest_ns = submitted_ns
            for segment, part in jobs:
                self._handle_safely(segment, part)
            self._oldest_ns = None

    def _handle_safely(self, segment: GrowingSegment, part: Part | None) -> None:
        try:
            self.handle(segment, part)
        except Exception as error:  # noqa: BLE001  the thread must outlive whatever one file does to it
            _log.exception("ch%d: unexpected error on the disk thread", segment.header.channel)
            self._fail(segment, SegmentError(f"unexpected {type(error).__name__} while writing"))

    def handle(self, segment: GrowingSegment, part: Part | None) -> None:
        """One job; called by the thread, and by tests without one."""
        try:
            if segment.failure is not None:
                return
            if part is None:
                if segment.writer is not None:
                    self._keeper.finish(segment)
                return
            if segment.writer is None:
                segment.path, segment.writer = self._create(segment)
                self._keeper.add(segment)
            segment.writer.append(part)
            segment.whole_us = max(segment.whole_us, part.video_end_us)
        except SegmentError as error:
            self._fail(segment, error)
        finally:
            if part is not None:
                segment.written_bytes += part.size_bytes

    def _fail(self, segment: GrowingSegment, error: SegmentError) -> None:
        segment.failure = error
        if segment.writer is not None:
            self._keeper.finish(segment)
        cause = GapCause.DISK_ERROR if isinstance(error, VolumeUnwritable) else gap_cause(error)
        segment.on_failure(segment, cause, str(error))
