"""One file converted: written beside its place, synced, re-read, compared. Blocks on the disk; the catalog is no business of it.

What is compared is what was written against what the disk gives back, read by FFmpeg instead of by us, and what the original says
of itself: number of frames, every byte of every frame, its presentation time, the duration.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mini_nvr.clock import US_PER_S
from mini_nvr.errors import SegmentError
from mini_nvr.media.part import VIDEO_TRACK_ID, Part, TrackPart
from mini_nvr.segment.hybrid import HybridWriter
from mini_nvr.segment.hybrid_reader import verify_hybrid
from mini_nvr.segment.model import Container, SegmentFacts, SegmentHeader
from mini_nvr.storage.converter_audio import AudioTrack, audio_track
from mini_nvr.storage.converter_errors import ConversionError, Unconvertible
from mini_nvr.storage.converter_input import CodedVideo, Footage, open_input
from mini_nvr.storage.converter_mjpeg import MjpegFootage
from mini_nvr.storage.converter_parts import PartCutter

MAX_DURATION_US: Final = 24 * 3600 * US_PER_S
"""Longer than any recorder's file; one row that claims years would make every question about a range start years before it."""

_SYNC_BYTES: Final = 8 << 20
_ROUNDING_US: Final = 5_000  # Matroska counts in milliseconds

Pace = Callable[[int], None]
"""Called on the way with the bytes handled since the last call: waits while others need the disk, raises `ConversionStopped`."""


@dataclass(frozen=True, slots=True)
class Original:
    """A file to convert, and what the result says about itself.

    video_frames, duration_us: what the original claims; None where it claims nothing.
    encode_mjpeg: the owner asked for it.
    """

    path: Path
    container: Container
    header: SegmentHeader
    video_frames: int | None = None
    duration_us: int | None = None
    encode_mjpeg: bool = False


@dataclass(slots=True)
class Fingerprint:
    """Two files with equal fingerprints show the same pictures at the same times, and sound alike.

    copied_audio: the frames of sound are those of the original; otherwise only their number can be compared with it.
    """

    video_frames: int = 0
    audio_frames: int = 0
    copied_audio: bool = True
    _video: "hashlib.blake2b" = field(default_factory=hashlib.blake2b)
    _audio: "hashlib.blake2b" = field(default_factory=hashlib.blake2b)

    def add(self, part: Part) -> None:
        for track in part.tracks:
            if track.track_id == VIDEO_TRACK_ID:
                self._add_video(track)
            else:
                self._add_audio(track)

    def _add_audio(self, track: TrackPart) -> None:
        for data in track.payloads:
            self._audio.update(len(data).to_bytes(4))
            self._audio.update(data)
        self.audio_frames += len(track.payloads)

    def _add_video(self, track: TrackPart) -> None:
        dts = track.base_dts
        for number, data in enumerate(track.payloads):
            pts = dts + (track.cts_offsets[number] if track.cts_offsets else 0)
            self._video.update(f"{len(data)} {pts} {track.keys[number]}".encode())
            self._video.update(data)
            dts += track.durations[number]
        self.video_frames += len(track.payloads)

    def matches(self, other: "Fingerprint") -> bool:
        if self.video_frames != other.video_frames or self._video.digest() != other._video.digest():
            return False
        if self.copied_audio and other.copied_audio:
            return self.audio_frames == other.audio_frames and self._audio.digest() == other._audio.digest()
        return abs(self.audio_frames - other.audio_frames) <= 1


def convert_file(original: Original, target: Path, pace: Pace) -> Fingerprint:
    """Write `original` as a sealed, durable file of ours; `target` must not exist, and does not when this fails.

    Raises:
        Unconvertible, ConversionError, ConversionStopped: with the reason.
    """
    writer: HybridWriter | None = None
    try:
        with _parts_of(original) as (footage, audio, parts):
            formats = (footage.format,) if audio is None else (footage.format, audio.format)
            writer = HybridWriter(target, original.header, formats)
            fingerprint = _write(writer, parts, pace)
            _require_as_claimed(original, footage, fingerprint)
        writer.seal()
    except SegmentError as exc:
        _discard(writer)
        raise ConversionError(str(exc)) from exc
    except BaseException:
        _discard(writer)
        raise
    return fingerprint


def verify_file(original: Original, written: Fingerprint, target: Path, pace: Pace) -> SegmentFacts:
    """Read the result back from the disk and compare it with what was written into it.

    Raises:
        ConversionError: it is not the same.
    """
    _drop_from_cache(target)
    try:
        facts = verify_hybrid(target)
    except SegmentError as exc:
        raise ConversionError(f"{target.name}: the result cannot be read back: {exc}") from exc
    if not facts.sealed or facts.header != original.header:
        raise ConversionError(f"{target.name}: the result does not say what it was given to say")
    if facts.video_frames != written.video_frames or not 0 < facts.duration_us <= MAX_DURATION_US:
        raise ConversionError(f"{target.name}: the result holds {facts.video_frames} of {written.video_frames} frames")
    _require_duration(original, facts)
    back = fingerprint_of(Original(target, "mp4", original.header), pace)
    if not written.matches(back):
        raise ConversionError(f"{target.name}: what was read back is not what was written; check the disk")
    return facts


def fingerprint_of(original: Original, pace: Pace) -> Fingerprint:
    """Of a file as it would be converted, without writing anything.

    Raises:
        Unconvertible, ConversionError, ConversionStopped: with the reason.
    """
    fingerprint = Fingerprint()
    with _parts_of(original) as (footage, audio, parts):
        fingerprint.copied_audio = audio is None or audio.copied
        for part in parts:
            pace(part.size_bytes)
            fingerprint.add(part)
        _require_as_claimed(original, footage, fingerprint)
    return fingerprint


@contextmanager
def _parts_of(original: Original) -> Iterator[tuple[Footage, AudioTrack | None, Iterator[Part]]]:
    with open_input(original.path, original.container) as opened:
        kind = MjpegFootage if original.encode_mjpeg else Footage
        footage = kind(opened, original.path, original.container)
        audio = audio_track(footage.audio_stream, original.path) if footage.audio_stream is not None else None
        yield footage, audio, _cut(original, footage, audio)


def _cut(original: Original, footage: Footage, audio: AudioTrack | None) -> Iterator[Part]:
    cutter = PartCutter(footage.format, audio.format if audio is not None else None)
    first: int | None = None
    for coded in footage.frames():
        if isinstance(coded, CodedVideo):
            first = coded.pts_90k if first is None else min(first, coded.pts_90k)
            if coded.pts_90k - first > MAX_DURATION_US * 9 // 100:
                raise Unconvertible(f"{original.path.name}: claims to last more than a day; it is kept as it is")
            part = cutter.video(coded)
            if part is not None:
                yield part
        elif audio is not None:
            cutter.audio(audio.feed(coded))
    if audio is not None:
        cutter.audio(audio.flush())
    end = first + original.duration_us * 9 // 100 if first is not None and original.duration_us is not None else None
    last = cutter.last(end)
    if last is not None:
        yield last


def _write(writer: HybridWriter, parts: Iterator[Part], pace: Pace) -> Fingerprint:
    """Every part appended; synced often, so that the last sync is not one large burst under the recorder's."""
    fingerprint, unsynced = Fingerprint(), 0
    for part in parts:
        pace(part.size_bytes)
        writer.append(part)
        fingerprint.add(part)
        unsynced += part.size_bytes
        if unsynced >= _SYNC_BYTES:
            writer.checkpoint()
            unsynced = 0
    return fingerprint


def _require_as_claimed(original: Original, footage: Footage, fingerprint: Fingerprint) -> None:
    """Nothing was passed over on the way; a file of ours says how many frames it holds."""
    account, name = footage.account, original.path.name
    if not fingerprint.video_frames:
        raise Unconvertible(f"{name}: holds no frame that can be decoded; it is kept as it is")
    expected = account.video_packets - account.leading - account.bare - account.cut
    if fingerprint.video_frames != expected:
        raise ConversionError(f"{name}: {expected} frames were read and {fingerprint.video_frames} came out; please report this")
    if original.video_frames is not None and fingerprint.video_frames != original.video_frames:
        raise Unconvertible(f"{name}: says that it holds {original.video_frames} frames, {fingerprint.video_frames} can be read")


def _require_duration(original: Original, facts: SegmentFacts) -> None:
    if original.duration_us is not None and abs(facts.duration_us - original.duration_us) > _ROUNDING_US + _frame_us(facts):
        raise ConversionError(f"{original.path.name}: lasts {original.duration_us} us, the result {facts.duration_us} us")


def _frame_us(facts: SegmentFacts) -> int:
    """With reordering the last shown frame is not the last one decoded: its end is known to a frame."""
    return facts.duration_us // facts.video_frames


def _drop_from_cache(path: Path) -> None:
    """What is read back must come from the disk."""
    with suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)


def _discard(writer: HybridWriter | None) -> None:
    if writer is not None:
        writer.abandon()
        with suppress(OSError):
            writer.path.unlink(missing_ok=True)
