"""Are the storage invariants true of this disk and this catalog? Looks, counts, and changes nothing.

Two cannot be seen afterwards: what was written besides what is there (I1), and whether anything waited for the disk (I9).

It may run beside the recorder: what looks wrong in one moment because something is just being written is looked at once more,
after `settle_s`, and only what is still wrong then is counted. What it finds, the recorder's next start or `mini-nvr rescan`
repairs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path, PurePosixPath

from mini_nvr.catalog.footage import day_folders, files_in
from mini_nvr.catalog.model import GapRow, SegmentRow, SegmentState
from mini_nvr.catalog.repository import Catalog
from mini_nvr.catalog.timeline import SLIVER_US
from mini_nvr.catalog.usage import counted_bytes, summed_bytes
from mini_nvr.clock import SystemClock, block
from mini_nvr.errors import SegmentError
from mini_nvr.segment import scan as files
from mini_nvr.segment.errors import EmptySegment
from mini_nvr.segment.model import SegmentFacts
from mini_nvr.segment.volume import read_volume_id
from mini_nvr.storage.limits import Limits
from mini_nvr.storage.measure import SpaceMeter
from mini_nvr.storage.tally import gigabytes
from mini_nvr.storage.volume import known_volume_id

SETTLE_S = 6.0  # longer than a checkpoint takes to come, with the default SYNC_INTERVAL
EXAMPLES = 5
_JOIN_US = 50_000  # files of a run join; drift correction and rounding lie between them

Suspect = tuple[str, Callable[[], str | None]]
"""What it is about, and a fresh look: what is wrong with it, None when nothing is (any more)."""


@dataclass(slots=True)
class Finding:
    """One invariant and how it stands. `looked_at`: files, rows or days; `examples`: the first violations, in words."""

    invariant: str
    says: str
    looked_at: int = 0
    violations: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        self.violations += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


def check(
    catalog: Catalog,
    record_dir: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008  immutable
    thorough: bool = False,
    settle_s: float = SETTLE_S,
    wait: Callable[[float], None] = block,
) -> list[Finding]:
    """Every invariant that can be seen on the disk, in the order of their numbers.

    Reads the head and the index of every file: two seeks each from a disk that turns. `thorough`: the heads of all parts, hundreds.
    limits: what the footage may take.

    Raises:
        CatalogError: the recording folder is missing, or the catalog cannot be read.
    """
    work = _Check(catalog, record_dir, files.verify if thorough else files.scan)
    for folder in day_folders(record_dir, work.unreadable_folder):
        work.look_into(folder)
    work.look_for_missing_files()
    work.look_at_deletions()
    work.look_at_limits(limits)
    work.look_at_time_lines()
    work.look_at_volume()
    work.look_at_counters()
    work.look_again(lambda: wait(settle_s))
    return work.findings


class _Check:
    """One pass. The rows of a folder are compared with its files; only paths that look wrong are remembered."""

    def __init__(self, catalog: Catalog, record_dir: Path, read: Callable[[Path], SegmentFacts]) -> None:
        self._catalog = catalog
        self._record_dir = record_dir
        self._read = read
        self._walked: set[PurePosixPath] = set()
        self._suspects: list[tuple[Finding, Suspect]] = []
        self._meter = SpaceMeter(catalog, record_dir, SystemClock())
        self.readable = Finding("I2", "each file plays, up to its last whole part")
        self.synced = Finding("I3", "the catalog claims no byte that is not there")
        self.deleting = Finding("I4", "no deletion was left half done")
        self.told = Finding("I5", "the catalog says what the files say")
        self.known = Finding("I5", "each file has a row, each row a file")
        self.limited = Finding("I6", "the footage takes no more than it may")
        self.volume = Finding("I7", "the recording folder is the volume that it should be")
        self.guarded = Finding("I8", "nothing that is protected is being deleted")
        self.explained = Finding("I10", "each second is footage, or a gap with a cause")
        self.leftovers = Finding("I11", "no temporary files, nothing that cannot be read")
        self.counted = Finding("", "the space counted is the space of the files")
        self.findings = [self.readable, self.synced, self.deleting, self.told, self.known]
        self.findings += [self.limited, self.volume, self.guarded, self.explained, self.leftovers, self.counted]

    def unreadable_folder(self, folder: PurePosixPath, reason: OSError) -> None:
        self.leftovers.add(f"{folder} cannot be read: {reason.strerror}")

    # Files and rows

    def look_into(self, folder: PurePosixPath) -> None:
        """One day of a channel."""
        try:
            paths, temporary = files_in(self._record_dir, folder)
        except OSError as exc:
            self.unreadable_folder(folder, exc)
            return
        rows = {row.path: row for row in self._catalog.segments_in(folder)}
        self._walked.add(folder)
        for path in rows.keys() - set(paths):
            self._suspect(self.known, str(path), partial(self._without_file, path))
        for path in temporary:
            self._suspect(self.leftovers, str(path), partial(self._still_there, path, "a temporary file was left behind"))
        for path in paths:
            self.readable.looked_at += 1
            self.known.looked_at += 1
            row = rows.get(path)
            if row is None:
                self._suspect(self.known, str(path), partial(self._without_row, path))
            elif row.state is not SegmentState.DELETING:
                self._compare(path, row)

    def _compare(self, path: PurePosixPath, row: SegmentRow) -> None:
        self.synced.looked_at += 1
        self.told.looked_at += 1
        for finding, _ in self._differences(path, row):
            self._suspect(finding, str(path), partial(self._still_different, path, finding))

    def _differences(self, path: PurePosixPath, row: SegmentRow) -> Iterator[tuple[Finding, str]]:
        """What is wrong with a file that has a row."""
        if row.state is SegmentState.DAMAGED:
            yield self.readable, "it is damaged, and was kept as it is"
            return
        try:
            facts = self._read(self._record_dir / path)
            size = facts.size_bytes if facts.sealed else (self._record_dir / path).stat().st_size
        except EmptySegment:
            if row.size_bytes > 0 and row.video_frames > 0:
                yield self.readable, "it holds nothing that can be played"
            return
        except (SegmentError, OSError) as exc:
            yield self.readable, str(exc)
            return
        if size < row.size_bytes:
            yield self.synced, f"{row.size_bytes} bytes are claimed, {size} are there"
        for text in _contradictions(row, facts):
            yield self.told, text

    def _still_different(self, path: PurePosixPath, finding: Finding) -> str | None:
        row = self._catalog.segment_at(path)
        if row is None or row.state is SegmentState.DELETING:
            return None
        return next((text for found, text in self._differences(path, row) if found is finding), None)

    def _without_row(self, path: PurePosixPath) -> str | None:
        if self._catalog.segment_at(path) is not None:
            return None
        return self._still_there(path, "the catalog does not know it")

    def _still_there(self, path: PurePosixPath, wrong: str) -> str | None:
        return wrong if (self._record_dir / path).exists() else None

    def look_for_missing_files(self) -> None:
        """Rows whose file is gone, where no folder was walked that could have held it."""
        for path in self._catalog.paths_newest_first():
            if path.parent not in self._walked:
                self._suspect(self.known, str(path), partial(self._without_file, path))

    def _without_file(self, path: PurePosixPath) -> str | None:
        row = self._catalog.segment_at(path)
        if row is None or row.state is SegmentState.DELETING or (self._record_dir / path).exists():
            return None
        return "the file is gone"

    def look_at_deletions(self) -> None:
        for row in self._catalog.segments(state=SegmentState.DELETING):
            self.deleting.looked_at += 1
            self.guarded.looked_at += 1
            self._suspect(self.deleting, str(row.path), partial(self._still_deleting, row.path))
            self._suspect(self.guarded, str(row.path), partial(self._protected_and_deleting, row.path))

    def _still_deleting(self, path: PurePosixPath) -> str | None:
        row = self._catalog.segment_at(path)
        return "marked to be deleted, and still there" if row is not None and row.state is SegmentState.DELETING else None

    def _protected_and_deleting(self, path: PurePosixPath) -> str | None:
        row = self._catalog.segment_at(path)
        lost = row is not None and row.protected and row.state is SegmentState.DELETING
        return "protected, and marked to be deleted" if lost else None

    # The time line

    def look_at_time_lines(self) -> None:
        for channel in self._catalog.channels():
            self.explained.looked_at += 1
            where = f"channel {channel.number}"
            for start, end in self._unexplained(channel.number):
                self._suspect(self.explained, where, partial(self._still_unexplained, channel.number, start, end))

    def _unexplained(self, channel: int) -> Iterator[tuple[int, int]]:
        """[start, end) between two files of a channel that no gap explains, UTC microseconds.

        A file that cannot be read, of which nobody knows how long it is, begins and ends nothing: there is no footage in it.
        """
        gaps = self._catalog.gaps(channel)
        position = 0
        for earlier, later in pairwise(row for row in self._catalog.segments(channel) if row.duration_us > 0):
            start, end = earlier.end_utc_us, later.start_utc_us
            if end - start < (_JOIN_US if earlier.run_id == later.run_id else SLIVER_US):
                continue
            while position < len(gaps) and (gaps[position].end_utc_us or end) <= start:
                position += 1
            yield from _uncovered(start, end, gaps, position)

    def _still_unexplained(self, channel: int, start: int, end: int) -> str | None:
        seconds = (end - start) / 1e6
        return f"{seconds:.1f} s from {start} µs on are unexplained" if (start, end) in self._unexplained(channel) else None

    # The rest

    def look_at_limits(self, limits: Limits) -> None:
        own = [(number, limits.max_bytes_of(number)) for number in limits.channels]
        for channel, most in [(None, limits.max_bytes), *own]:
            if most is not None:
                self.limited.looked_at += 1
                about = "all footage" if channel is None else f"channel {channel}"
                self._suspect(self.limited, about, partial(self._still_above, channel, most))

    def _still_above(self, channel: int | None, most: int) -> str | None:
        used = self._meter.measure().used
        taken = sum(used.values()) if channel is None else used.get(channel, 0)
        return f"takes {gigabytes(taken)}, and {gigabytes(most)} are allowed" if taken > most else None

    def look_at_volume(self) -> None:
        self.volume.looked_at = 1
        try:
            found = read_volume_id(self._record_dir)
            known = known_volume_id(self._catalog.data_dir)
        except SegmentError as exc:
            self.volume.add(str(exc))
            return
        if found is None:
            self.volume.add(f"{self._record_dir} has no identity file")
        elif known is not None and found != known:
            self.volume.add(f"{self._record_dir} is another volume ({found}) than the one recorded to before ({known})")

    def look_at_counters(self) -> None:
        self.counted.looked_at = 1
        self._suspect(self.counted, "the catalog", self._miscounted)

    def _miscounted(self) -> str | None:
        summed = summed_bytes(self._catalog)
        wrong = {
            channel
            for counted in counted_bytes(self._catalog)
            for channel in counted.keys() | summed.keys()
            if counted.get(channel, 0) != summed.get(channel, 0)
        }
        return f"channels {sorted(wrong)} are counted wrongly" if wrong else None

    def _suspect(self, finding: Finding, about: str, look: Callable[[], str | None]) -> None:
        self._suspects.append((finding, (about, look)))

    def look_again(self, settle: Callable[[], None]) -> None:
        """Count what is wrong, and still is after a while."""
        suspects = [(finding, suspect) for finding, suspect in self._suspects if suspect[1]() is not None]
        if suspects:
            settle()
        for finding, (about, look) in suspects:
            wrong = look()
            if wrong is not None:
                finding.add(f"{about}: {wrong}")


def _contradictions(row: SegmentRow, facts: SegmentFacts) -> Iterator[str]:
    """What row and file say differently. A growing file is ahead of its row, which says what was synced (I3)."""
    if facts.header.channel != row.channel:
        yield f"it is of channel {facts.header.channel}, not {row.channel}"
    if facts.header.start_utc_us != row.start_utc_us:
        yield f"it begins {(facts.header.start_utc_us - row.start_utc_us) / 1e6:+.3f} s from where the catalog says"
    if row.state is SegmentState.GROWING:
        return
    if not facts.sealed:
        yield "it is not sealed, and the catalog says that it is"
    elif (facts.size_bytes, facts.duration_us, facts.video_frames) != (row.size_bytes, row.duration_us, row.video_frames):
        yield f"{facts.video_frames} frames in {facts.size_bytes} bytes, not {row.video_frames} in {row.size_bytes}"


def _uncovered(start: int, end: int, gaps: list[GapRow], position: int) -> Iterator[tuple[int, int]]:
    """What of [start, end) lies in no gap, rounding left aside; `position`: the first gap that may touch it."""
    whole = start
    for gap in gaps[position:]:
        if gap.start_utc_us >= end:
            break
        if gap.start_utc_us - start >= SLIVER_US:
            yield whole, end
            return
        start = max(start, gap.end_utc_us or end)
    if end - start >= SLIVER_US:
        yield whole, end
