"""What a file holds so far, counted part by part: by the writer while it grows, and by the scan that reads it back.

`Ledger.extent` is replaced as a whole by each part, so another thread that reads it once has one consistent account.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mini_nvr.clock import US_PER_S
from mini_nvr.errors import SegmentError
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, TrackFormat
from mini_nvr.media.mp4 import SampleRun
from mini_nvr.media.part import VIDEO_TRACK_ID
from mini_nvr.segment.layout import INIT_OFFSET
from mini_nvr.segment.model import IndexEntry, SegmentFacts, SegmentHeader


@dataclass(frozen=True, slots=True)
class Extent:
    """The file up to one whole part.

    size_bytes: of the file up to there.
    video_start_90k, video_end_90k: the first presented instant and the end of the last presented frame; None without video.
    closed: how many index entries are complete; open: the last one, to which parts are still added.
    """

    size_bytes: int
    video_frames: int = 0
    video_start_90k: int | None = None
    video_end_90k: int = 0
    closed: int = 0
    open: IndexEntry | None = None

    @property
    def duration_us(self) -> int:
        if self.video_start_90k is None:
            return 0
        return (self.video_end_90k - self.video_start_90k) * US_PER_S // VIDEO_CLOCK_HZ


class Ledger:
    """The extent of a file and its key-frame index. One thread adds, any thread reads."""

    def __init__(self, header: SegmentHeader, formats: Sequence[TrackFormat], init_size_bytes: int) -> None:
        self.extent = Extent(INIT_OFFSET + init_size_bytes)
        self._header = header
        self._formats = tuple(formats)
        self._init_size_bytes = init_size_bytes
        self._closed: list[IndexEntry] = []

    def facts(self, extent: Extent, *, sealed_size_bytes: int | None = None) -> SegmentFacts:
        """What is known of the file as it was at `extent`; `sealed_size_bytes`: of the whole file, when it is sealed."""
        closed = tuple(self._closed[: extent.closed])
        return SegmentFacts(
            header=self._header,
            container="mp4",
            formats=self._formats,
            duration_us=extent.duration_us,
            video_frames=extent.video_frames,
            size_bytes=extent.size_bytes if sealed_size_bytes is None else sealed_size_bytes,
            init_offset=INIT_OFFSET,
            init_size_bytes=self._init_size_bytes,
            index=closed if extent.open is None else (*closed, extent.open),
            sealed=sealed_size_bytes is not None,
        )

    def add(self, runs: Sequence[SampleRun], start: int, end: int, *, starts_at_key: bool) -> None:
        """Count a part that lies from `start`, its moof, to `end`.

        Raises:
            SegmentError: the first part does not start at a key frame.
        """
        before = self.extent
        video = next((run for run in runs if run.track_id == VIDEO_TRACK_ID), None)
        entry = before.open
        if starts_at_key and video is not None:
            if entry is not None:
                self._closed.append(entry)
            entry = IndexEntry(video.base_dts, sum(video.durations), start, end - start, video.data_offset, video.sizes[0])
        elif entry is None:
            raise SegmentError("a segment must start with a part that starts at a key frame")
        else:
            duration = sum(video.durations) if video else 0
            entry = entry._replace(duration_90k=entry.duration_90k + duration, size_bytes=end - entry.offset)
        self.extent = _extended(before, video, end, len(self._closed), entry)


def _extended(before: Extent, video: SampleRun | None, end: int, closed: int, entry: IndexEntry) -> Extent:
    if video is None:
        return replace(before, size_bytes=end, closed=closed, open=entry)
    first, last = _presented(video)
    started = before.video_start_90k
    return Extent(
        size_bytes=end,
        video_frames=before.video_frames + len(video.sizes),
        video_start_90k=first if started is None else min(started, first),
        video_end_90k=max(before.video_end_90k, last),
        closed=closed,
        open=entry,
    )


def _presented(video: SampleRun) -> tuple[int, int]:
    """The first presented instant of a run and the end of its last presented frame, in the track's clock rate."""
    if not video.cts_offsets:
        return video.base_dts, video.base_dts + sum(video.durations)
    dts = video.base_dts
    first = last = dts + video.cts_offsets[0]
    end = last
    for duration, offset in zip(video.durations, video.cts_offsets, strict=True):
        pts = dts + offset
        if pts >= last:
            last, end = pts, pts + duration
        first = min(first, pts)
        dts += duration
    return first, end
