"""The sync thread: makes footage durable, then says so in the catalog (storage I3), and seals finished files.

Each SYNC_INTERVAL: fdatasync of every growing file, then one transaction for all channels. Finished files are sealed as they come.
A catalog that cannot be written (locked, damaged, disk full) never stops recording: its changes wait and are tried again. A damaged
one is replaced first. A locked one is not waited for, since files have to be synced meanwhile.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.engine import CatalogBusy, CatalogDamaged
from mini_nvr.catalog.model import GapChange, RunChange, SegmentChange
from mini_nvr.catalog.repository import Catalog
from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.errors import CatalogError, SegmentError
from mini_nvr.recorder.growing import GrowingSegment
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.scan import EmptySegment, recover

_log = logging.getLogger(__name__)

PATIENCE_S = 0.5
"""With others who write to the catalog; what waits is tried again at the next checkpoint."""
LOCKED_TOLD_S = 10.0
"""A lock is told from here on: the end of a rescan takes some seconds, and that is nobody's fault."""


@dataclass(slots=True)
class _Pending:
    """Changes that the catalog has not taken yet, newest state of each thing only."""

    segments: dict[PurePosixPath, SegmentChange] = field(default_factory=dict)
    gaps: dict[tuple[int, int], GapChange] = field(default_factory=dict)
    runs: dict[str, RunChange] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.segments) + len(self.gaps) + len(self.runs)


class Checkpointer:
    """Implements `recorder.disk.Keeper`; `note_gap` and `note_run` are called on the event loop, the rest on the threads named.

    committed: called on the sync thread with the segments that the catalog has just taken.
    damaged: called there when the catalog's bytes are wrong; what waits is tried again afterwards.
    told: called there with what keeps the catalog from taking changes, and (None) when it takes them again.
    """

    def __init__(
        self,
        catalog: Catalog,
        record_dir: Path,
        interval_s: float,
        clock: Clock,
        committed: Callable[[list[SegmentChange]], None] = lambda changes: None,
        damaged: Callable[[], None] = lambda: None,
        *,
        told: Callable[[str | None], None] = lambda trouble: None,
    ) -> None:
        self._catalog = catalog
        self._record_dir = record_dir
        self._interval_s = interval_s
        self._clock = clock
        self._committed = committed
        self._damaged = damaged
        self._told = told
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._growing: dict[GrowingSegment, None] = {}
        self._finished: list[GrowingSegment] = []
        self._unsealed: list[PurePosixPath] = []
        self._pending = _Pending()
        self._stopping = False
        self._failing_since_ns: int | None = None
        self._failure_told = False
        self._last_checkpoint_ns = 0
        self._on_disk_since_ns: int | None = None
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        self._last_checkpoint_ns = self._clock.monotonic_ns()
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Seal what was finished, write everything down, end; False when the disk did not let it end in time."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def age_s(self) -> float:
        """Seconds since the catalog last took a checkpoint."""
        return (self._clock.monotonic_ns() - self._last_checkpoint_ns) / NS_PER_S

    @property
    def behind_s(self) -> float:
        """How long files have been being synced or sealed at one go, in seconds; 0 when none is."""
        since_ns = self._on_disk_since_ns
        return 0.0 if since_ns is None else (self._clock.monotonic_ns() - since_ns) / NS_PER_S

    def add(self, segment: GrowingSegment) -> None:
        """Disk thread: the file exists and grows."""
        with self._lock:
            self._growing[segment] = None

    def finish(self, segment: GrowingSegment) -> None:
        """Disk thread: nothing more will be appended."""
        with self._lock:
            self._growing.pop(segment, None)
            self._finished.append(segment)
        self._wake.set()

    def note_gap(self, gap: GapChange) -> None:
        """Event loop: a gap began or ended."""
        with self._lock:
            self._pending.gaps[gap.channel, gap.start_utc_us] = gap
        self._wake.set()

    def note_run(self, run: RunChange) -> None:
        """Event loop: a run began or ended; it goes with the next transaction."""
        with self._lock:
            self._pending.runs[run.run_id] = run

    def _run(self) -> None:
        while not self._stopping:
            due_s = self._interval_s - self.age_s
            self._wake.wait(max(due_s, 0.0))
            self._wake.clear()
            self._step(self._interval_s - self.age_s <= 0)
        self._step(True)

    def _step(self, everything: bool) -> None:
        try:
            with self._on_disk():
                self.seal_finished()
                if everything:
                    self.checkpoint()
            self.write_down()
        except Exception:  # noqa: BLE001  the thread must outlive whatever one file does to it
            _log.exception("unexpected error on the sync thread")

    def seal_finished(self) -> None:
        """Seal the files that take no more parts; one that cannot be sealed now is tried again at each checkpoint."""
        with self._lock:
            finished, self._finished = self._finished, []
        for segment in finished:
            assert segment.writer is not None and segment.path is not None  # noqa: S101  only created files are finished
            try:
                self._claim(segment.path, segment.writer.seal())
            except EmptySegment:
                self._remove_empty(segment.path)
            except SegmentError as error:
                _log.error("%s: not sealed: %s; it plays as it is and is tried again", segment.path, error)
                segment.writer.abandon()
                self._unsealed.append(segment.path)

    def checkpoint(self) -> None:
        """fdatasync of all growing files; what they hold may then be claimed."""
        self._last_checkpoint_ns = self._clock.monotonic_ns()
        with self._lock:
            growing = list(self._growing)
        for segment in growing:
            assert segment.writer is not None and segment.path is not None  # noqa: S101  only created files grow
            try:
                facts = segment.writer.checkpoint()
            except SegmentError as error:
                _log.error("%s: not synced: %s", segment.path, error)
            else:
                with self._lock:
                    still_growing = segment in self._growing
                if still_growing and facts.video_frames:
                    self._claim(segment.path, facts)
        self._seal_leftovers()

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        self._on_disk_since_ns = self._clock.monotonic_ns()
        try:
            yield
        finally:
            self._on_disk_since_ns = None

    def write_down(self) -> None:
        """One transaction with everything that waits; on failure it goes on waiting."""
        with self._lock:
            pending, self._pending = self._pending, _Pending()
        try:
            self._catalog.commit(
                list(pending.segments.values()),
                list(pending.gaps.values()),
                list(pending.runs.values()),
                now_utc_us=self._clock.utc_us(),
                patience_s=PATIENCE_S,
            )
        except CatalogError as error:
            self._put_back(pending)
            self._tell_failure(error, len(pending))
            if isinstance(error, CatalogDamaged):
                self._damaged()
        else:
            self._tell_success()
            if pending.segments:
                self._committed(list(pending.segments.values()))

    def _tell_failure(self, error: CatalogError, waiting: int) -> None:
        """Once; of a lock when it has lasted."""
        now_ns = self._clock.monotonic_ns()
        if self._failing_since_ns is None:
            self._failing_since_ns = now_ns
        passing = isinstance(error, CatalogBusy) and now_ns - self._failing_since_ns < LOCKED_TOLD_S * NS_PER_S
        if self._failure_told or passing:
            return
        self._failure_told = True
        _log.error("catalog: %s; recording goes on, %d changes wait", error, waiting)
        self._told(f"{error}; recording goes on, its changes wait")

    def _tell_success(self) -> None:
        if self._failure_told:
            _log.warning("catalog: writable again, nothing was lost")
            self._told(None)
        self._failing_since_ns, self._failure_told = None, False

    def _claim(self, path: PurePosixPath, facts: SegmentFacts) -> None:
        with self._lock:
            self._pending.segments[path] = SegmentChange(path, facts)

    def _put_back(self, older: _Pending) -> None:
        """Merge changes that were not taken with those that came meanwhile, which win."""
        with self._lock:
            newer = self._pending
            older.segments.update(newer.segments)
            older.gaps.update(newer.gaps)
            older.runs.update(newer.runs)
            self._pending = older

    def _seal_leftovers(self) -> None:
        unsealed, self._unsealed = self._unsealed, []
        for path in unsealed:
            self._seal_leftover(path)

    def _seal_leftover(self, path: PurePosixPath) -> None:
        try:
            self._claim(path, recover(self._record_dir / path))
        except EmptySegment:
            self._remove_empty(path)
        except SegmentError:
            self._unsealed.append(path)
        else:
            _log.info("%s: sealed after all", path)

    def _remove_empty(self, path: PurePosixPath) -> None:
        try:
            (self._record_dir / path).unlink(missing_ok=True)
        except OSError as error:
            _log.error("%s: an empty file could not be removed: %s", path, error.strerror)
