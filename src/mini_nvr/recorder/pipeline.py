"""One channel: frames in, parts out to the disk, gaps and runs to the ledger. Runs on the event loop and never waits.

Who decides what: `segmenter` where to cut, `assembler` the times, `gaps` the time line's holes. This file joins them and owns the
channel's state: recording (a `Take` is under way), or not, with a cause.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from mini_nvr.catalog.model import RunChange
from mini_nvr.catalog.timeline import SLIVER_US
from mini_nvr.clock import NS_PER_S, Clock
from mini_nvr.errors import GapCause
from mini_nvr.ingest.source import StreamInfo, TimeLine
from mini_nvr.ingest.timestamps import media_us
from mini_nvr.media.frame import Frame, TrackFormat, VideoFormat
from mini_nvr.media.part import Part
from mini_nvr.recorder.assembler import VideoAssembler
from mini_nvr.recorder.audio_track import AudioTrack
from mini_nvr.recorder.gaps import GapTracker
from mini_nvr.recorder.growing import GrowingSegment
from mini_nvr.recorder.meter import Meter
from mini_nvr.recorder.segmenter import Cut, Segmenter
from mini_nvr.recorder.take import AUDIO_PATIENCE, Take
from mini_nvr.recorder.tap import Tap
from mini_nvr.segment.model import Container, GapNote, SegmentHeader

_log = logging.getLogger(__name__)

QUEUE_LIMIT_BYTES = 24 * 1024 * 1024  # per channel: 48 s at 4 Mbit/s
DISK_RETRY_S = 1.0
NO_KEY_FRAME_S = 10.0


class Disk(Protocol):
    """Where parts go (`recorder.disk.DiskThread`)."""

    def append(self, segment: GrowingSegment, part: Part) -> None:
        """Queue a part; the first one creates the file."""

    def close(self, segment: GrowingSegment) -> None:
        """Queue the end of a file."""


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """What the settings say about one channel."""

    number: int
    name: str
    segment_duration_s: int
    container: Container


@dataclass(slots=True)
class _Run:
    """An unbroken stretch of recording: its segments join without a gap."""

    run_id: str
    start_utc_us: int
    next_number: int = 0
    last: GrowingSegment | None = None
    last_origin: int = 0
    told: bool = False


class ChannelPipeline:
    """Implements `ingest.source.Receiver`.

    post: runs a function on the event loop, callable from any thread.
    """

    def __init__(
        self,
        rules: ChannelRules,
        disk: Disk,
        gaps: GapTracker,
        note_run: Callable[[RunChange], None],
        clock: Clock,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self.rules = rules
        self.gaps = gaps
        self.meter = Meter()
        self.format: VideoFormat | None = None
        self.last_frame_ns = 0
        self.tap: Tap | None = None
        self._disk = disk
        self._note_run = note_run
        self._clock = clock
        self._post = post
        self._label = f"ch{rules.number}"
        self._segmenter = Segmenter(rules.segment_duration_s)
        self._line: TimeLine | None = None
        self._audio: AudioTrack | None = None
        self._video = VideoAssembler(None)
        self._take: Take | None = None
        self._closing: Take | None = None
        self._run: _Run | None = None
        self._on_disk: list[GrowingSegment] = []  # submitted and perhaps not yet written
        self._blocked_until_ns = 0
        self._waiting_for_key_since_ns = 0
        self._failure_told: GapCause | None = None
        self._closed = False

    @property
    def recording(self) -> bool:
        """Frames are being put into a file."""
        return self._take is not None and self.gaps.cause is None

    @property
    def growing(self) -> GrowingSegment | None:
        """The file that takes the frames that come now."""
        return self._run.last if self._run and self._take else None

    @property
    def queue_bytes(self) -> int:
        """Footage received and not yet handed to the disk."""
        return self._video.size_bytes + sum(segment.queued_bytes for segment in self._on_disk)

    def on_connected(self, info: StreamInfo, time_line: TimeLine) -> None:
        """`ingest.source.Receiver`"""
        if self._closed:
            return
        self._line = time_line
        self._audio = AudioTrack(info.audio, self.rules.container) if info.audio else None
        self.format = None
        self._segmenter.stop()
        self._waiting_for_key_since_ns = 0
        self.meter.reset()

    def on_disconnected(self, cause: GapCause, detail: str, retry_in_s: float) -> None:
        """`ingest.source.Receiver`; a connection that ends because the recorder stops is no fault of the camera."""
        if self._closed:
            return
        self._end_audio()
        end_utc_us = self.stop(cause)
        self.gaps.begin(self._clock.utc_us() if end_utc_us is None else end_utc_us, cause, detail)
        if self.tap is not None:
            self.tap.on_end(cause, detail)

    def close(self) -> None:
        """The recorder stops: end the run, take no more frames."""
        self._closed = True
        self._end_audio()
        end_utc_us = self.stop(GapCause.RECORDER_DOWN)
        self.gaps.begin(self._clock.utc_us() if end_utc_us is None else end_utc_us, GapCause.RECORDER_DOWN)
        if self.tap is not None:
            self.tap.on_end(GapCause.RECORDER_DOWN, "")
            self.tap = None

    def on_video(self, frame: Frame) -> None:
        """`ingest.source.Receiver`; the hot path: one call a frame."""
        self.last_frame_ns = frame.arrival_ns
        changed = frame.new_format is not None and self._format_changed(frame.new_format)
        if self.tap is not None:
            self.tap.on_video(frame)
        cut = self._segmenter.decide(frame.pts, frame.is_key, changed)
        if cut is not Cut.NONE and not self._cut(cut, frame):
            return
        self._video.frames.append(frame)

    def on_audio(self, frame: Frame) -> None:
        """`ingest.source.Receiver`"""
        if self._audio is None:
            return
        self._add_audio(self._audio, self._audio.encode(frame))

    def _add_audio(self, track: AudioTrack, frames: list[tuple[bytes, int]]) -> None:
        """Each frame goes to the file that holds the video of its time."""
        for data, pts in frames:
            if self.tap is not None:
                self.tap.on_audio(data, pts)
            closing = self._closing
            if closing is not None and closing.audio is not None and closing.boundary is not None:
                if pts < track.ticks(closing.boundary):
                    closing.audio.add(data, pts)
                    continue
                self._close_now(closing)
            take = self._take
            if take is not None and take.audio is not None and pts >= track.ticks(take.start):
                take.audio.add(data, pts)

    def stop(self, cause: GapCause) -> int | None:
        """End the run; returns where its footage ends on the wall, None when nothing was being recorded."""
        self._segmenter.stop()
        if self._closing is not None:
            self._close_now(self._closing)
        take, self._take = self._take, None
        if take is not None and self._video.frames:
            self._write_part(take, None)
        self._video.frames.clear()
        if take is not None:
            self._close_now(take)
        run, self._run = self._run, None
        if run is None or run.last is None:
            return None
        end_utc_us = run.last.submitted_end_utc_us
        self._note_run(RunChange(run.run_id, self.rules.number, run.start_utc_us, end_utc_us, str(cause)))
        return end_utc_us

    def _end_audio(self) -> None:
        """The connection is over: the sound that is still being encoded belongs to it."""
        if self._audio is not None:
            self._add_audio(self._audio, self._audio.end())

    def _format_changed(self, new: VideoFormat) -> bool:
        """Whether this frame needs a new file; with the format's news in the log."""
        old, self.format = self.format, new
        if old == new:
            return False
        _log.info("%s: %s.%s %dx%d (%s)", self._label, new.codec[0].upper(), new.codec[1:], new.width, new.height, new.codec_string)
        if self.tap is not None and self._line is not None:
            self.tap.on_format(new, self._audio.format if self._audio else None, self._line)
        return True

    def _cut(self, cut: Cut, frame: Frame) -> bool:
        """Carry a decision out; whether the frame is recorded."""
        if cut is Cut.PART:
            if self._take is not None:
                self._write_part(self._take, frame)
            return self._take is not None
        if cut is Cut.SKIP:
            self._skip(frame)
            return False
        if self._take is not None:
            self._hand_over(self._take, frame)
        return self._begin_take(frame)

    def _skip(self, frame: Frame) -> None:
        """Nothing can be recorded until the next key frame."""
        end_utc_us = self.stop(GapCause.NO_KEY_FRAME) if self._take is not None else None
        if end_utc_us is not None:
            self.gaps.begin(end_utc_us, GapCause.NO_KEY_FRAME, "the format changed in the middle of a group of pictures")
        if not self._waiting_for_key_since_ns:
            self._waiting_for_key_since_ns = frame.arrival_ns
        elif frame.arrival_ns - self._waiting_for_key_since_ns > NO_KEY_FRAME_S * NS_PER_S and self._blocked_until_ns == 0:
            self.gaps.begin(self._clock.utc_us(), GapCause.NO_KEY_FRAME, "frames arrive, but none that decoding can start from")

    def _hand_over(self, take: Take, next_frame: Frame) -> None:
        """The segment's video ends before `next_frame`; its file is closed when the audio has caught up."""
        self._take = None
        if self._video.frames:
            self._write_part(take, next_frame)
        if self._closing is not None:
            self._close_now(self._closing)
        take.boundary = next_frame.pts
        if take.audio is None:
            self._close_now(take)
        else:
            self._closing = take

    def _begin_take(self, frame: Frame) -> bool:
        """Start a segment at this key frame, if the disk lets us."""
        self._waiting_for_key_since_ns = 0
        if self._run is None and self._may_not_begin(frame):
            self._segmenter.stop()
            return False
        self._blocked_until_ns = 0
        assert self.format is not None  # noqa: S101  `rtsp` delivers no frame before its format
        if self._run is None or self._video.format is not self.format:
            self._video = VideoAssembler(self.format)
        self._take = Take(frame.pts, self.format, self._video, self._audio.assembler() if self._audio else None)
        return True

    def _may_not_begin(self, frame: Frame) -> bool:
        return self._closed or frame.arrival_ns < self._blocked_until_ns or self._over_limit(QUEUE_LIMIT_BYTES // 2)

    def _write_part(self, take: Take, next_frame: Frame | None) -> None:
        """Cut what waits and queue it for the disk; the first part decides the file's start and its tracks."""
        if take.growing is None and take.audio is not None and not self._audio_flows():
            take.audio = None
        part, origin = take.next_part(next_frame)
        if take.growing is None:
            take.growing = self._new_segment(take, origin)
        self.meter.add(len(part.tracks[0].payloads), part.size_bytes, part.video_us)
        self._submit(take.growing, part)
        self._forget_late_audio(next_frame)
        if self._run is not None and not self._run.told and take.growing.whole_us:
            self._run.told = True
            self._failure_told = None
            self.gaps.written()
            _log.info("%s: recording to %s", self._label, take.growing.path)

    def _submit(self, segment: GrowingSegment, part: Part) -> None:
        if self._over_limit(QUEUE_LIMIT_BYTES):
            self._overflow()
            return
        if segment not in self._on_disk:
            self._on_disk = [other for other in self._on_disk if other.queued_bytes]
            self._on_disk.append(segment)
        self._disk.append(segment, part)

    def _over_limit(self, limit_bytes: int) -> bool:
        return sum(segment.queued_bytes for segment in self._on_disk) > limit_bytes

    def _overflow(self) -> None:
        """The disk does not keep up: drop whole GOPs, end the run, stay connected (storage I9)."""
        if self._take is None and self._run is None:
            return
        self._video.frames.clear()
        _log.error("%s: the disk has not kept up, %d MB wait; frames are dropped", self._label, QUEUE_LIMIT_BYTES >> 20)
        end_utc_us = self.stop(GapCause.DISK_STALLED)
        self.gaps.begin(end_utc_us or self._clock.utc_us(), GapCause.DISK_STALLED, "the disk did not keep up")

    def _audio_flows(self) -> bool:
        return self._audio is not None and self._audio.flows(self._video.frames[-1].pts)

    def _forget_late_audio(self, next_frame: Frame | None) -> None:
        """Audio that has still not come is not waited for any longer."""
        closing = self._closing
        if closing is not None and closing.boundary is not None and next_frame is not None:
            if next_frame.pts - closing.boundary > AUDIO_PATIENCE:
                self._close_now(closing)

    def _close_now(self, take: Take) -> None:
        """Write the rest of the audio and end the file."""
        if take is self._closing:
            self._closing = None
        if take.growing is None:
            return
        rest = take.last_audio()
        if rest is not None:
            self._disk.append(take.growing, rest)
        self._disk.close(take.growing)

    def _new_segment(self, take: Take, origin: int) -> GrowingSegment:
        """The next file of the run, or the first of a new one."""
        assert self._line is not None  # noqa: S101  frames came
        run = self._run
        notes: tuple[GapNote, ...] = ()
        if run is None or run.last is None:
            start = self._line.start_utc_us(origin)
            notes = self.gaps.footage(start)
            self._run = run = _Run(uuid4().hex, start)
            self._note_run(RunChange(run.run_id, self.rules.number, start, None, None))
        else:
            elapsed_us = media_us(origin - run.last_origin)
            expected = run.last.header.start_utc_us + elapsed_us
            start = self._line.next_start_utc_us(origin, expected, elapsed_us)
            notes = self._note_skipped(expected, start)
        header = SegmentHeader(
            self.rules.number, self.rules.name, start, run.run_id, run.next_number, self._line.time_source, notes
        )
        formats: tuple[TrackFormat, ...] = (take.format,)
        if take.audio is not None and self._audio is not None:
            formats = (take.format, self._audio.format)
        run.next_number += 1
        run.last_origin = origin
        run.last = GrowingSegment(header, formats, self._disk_failed)
        return run.last

    def _note_skipped(self, expected_utc_us: int, start_utc_us: int) -> tuple[GapNote, ...]:
        """Time that a system clock set ahead left out; no footage is missing, but nothing else explains it (storage I10)."""
        if start_utc_us - expected_utc_us < SLIVER_US:
            return ()
        self.gaps.begin(expected_utc_us, GapCause.UNKNOWN, "the system clock was set ahead")
        return self.gaps.footage(start_utc_us)

    def _disk_failed(self, segment: GrowingSegment, cause: GapCause, detail: str) -> None:
        """Called on the disk thread; the channel's state belongs to the event loop."""
        self._post(lambda: self._on_disk_failed(segment, cause, detail))

    def _on_disk_failed(self, segment: GrowingSegment, cause: GapCause, detail: str) -> None:
        """A file could not be created or appended to: footage ends with its last whole part; try again soon."""
        if self._failure_told is not cause:
            self._failure_told = cause
            _log.error("%s: %s: %s; trying again each %.0f s", self._label, cause, detail, DISK_RETRY_S)
        self._blocked_until_ns = self._clock.monotonic_ns() + int(DISK_RETRY_S * NS_PER_S)
        if self._run is None or self._run.last is not segment:
            return
        self._video.frames.clear()
        run = self._run
        self.stop(cause)
        end_utc_us = segment.written_end_utc_us
        if end_utc_us == run.start_utc_us:
            self.gaps.retract()
        self._note_run(RunChange(run.run_id, self.rules.number, run.start_utc_us, end_utc_us, str(cause)))
        self.gaps.begin(end_utc_us, cause, detail)
