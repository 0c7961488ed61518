"""Reads any Matroska or MP4 file through FFmpeg's demuxers, as frames with times of the file's own start.

The container is told by the file's name, never guessed: a playlist or a script of FFmpeg's that calls itself `.mp4` is refused, and
no protocol but files is open, so a planted file can neither read other files nor reach the network.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer

from mini_nvr.errors import MediaError
from mini_nvr.media.frame import VIDEO_CLOCK_HZ, VideoCodec, VideoFormat
from mini_nvr.segment.model import Container
from mini_nvr.storage.converter_errors import ConversionError, Unconvertible
from mini_nvr.storage.converter_nal import NalReader

_DEMUXERS: Final[dict[Container, str]] = {"mp4": "mp4", "mkv": "matroska"}
_VIDEO_CODECS: Final[dict[str, VideoCodec]] = {"h264": "h264", "hevc": "h265"}
_BACKWARD_JUMP: Final = 10 * VIDEO_CLOCK_HZ  # further back than any reordering: the clock of the source began anew
_DEFAULT_DURATION: Final = VIDEO_CLOCK_HZ // 25
_PACKET_OVERHEAD_BYTES: Final = 64  # of a frame, in the containers that we read, generously
_HEAD_BYTES: Final = 256 * 1024
_UNREAD_FRACTION: Final = 50  # a fiftieth of a file may be something that no frame accounts for


@dataclass(frozen=True, slots=True)
class CodedVideo:
    """One frame in decoding order, NAL units behind their lengths. pts_90k, duration_90k: as the container says, 0 for unknown."""

    data: bytes
    pts_90k: int
    duration_90k: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class CodedAudio:
    """One packet of sound as the container has it; `shift_90k` is what the time line was moved by up to here."""

    packet: "av.Packet[Any]"
    shift_90k: int


@dataclass(slots=True)
class Account:
    """What was read. `payload_bytes` of all packets; `video_packets` with those that hold no frame for us.

    leading: frames before the first key frame, which nothing can decode. cut: the last frame is not whole.
    """

    packets: int = 0
    payload_bytes: int = 0
    video_packets: int = 0
    leading: int = 0
    bare: int = 0
    cut: bool = False


@contextmanager
def open_input(path: Path, container: Container) -> Iterator[InputContainer]:
    """
    Raises:
        ConversionError: the disk refuses, or FFmpeg does not know what is in the file.
    """
    try:
        with av.open(
            f"file:{path}", format=_DEMUXERS[container], options={"protocol_whitelist": "file"}, metadata_errors="replace"
        ) as opened:
            yield opened
    except OSError as exc:
        raise ConversionError(f"{path.name}: cannot be read: {exc.strerror or exc}") from exc
    except av.FFmpegError as exc:
        raise Unconvertible(f"{path.name}: is damaged, or is no {container} file ({exc.strerror}); it was never completed") from exc


class Footage:
    """The tracks of an open file, and its frames, once."""

    def __init__(self, opened: InputContainer, path: Path, container: Container) -> None:
        """
        Raises:
            Unconvertible: no video, or of a kind that cannot be copied; several tracks of a kind.
            ConversionError: the disk refuses.
        """
        self.path = path
        self._opened = opened
        self.account = Account()
        self.video_stream = require_video(opened, path)
        self.audio_stream = _only_audio(opened, path)
        self.nals, self.format = self.open_video(container)
        if self.audio_stream is not None and not _has_packets(path, container, self.audio_stream.index):
            self.audio_stream = None

    def open_video(self, container: Container) -> tuple[NalReader, VideoFormat]:
        """How the video is read, and what it becomes.

        Raises:
            Unconvertible: it cannot be copied.
        """
        codec = copied_codec(self.video_stream)
        if codec is None:
            name = self.video_stream.codec_context.codec.canonical_name
            raise Unconvertible(f"{self.path.name}: holds {name} video, which no browser plays from MP4; it is kept as it is")
        nals = NalReader(codec, bytes(self.video_stream.codec_context.extradata or b""))
        return nals, self._format(nals, container)

    def coded(self, packet: "av.Packet[Any]") -> tuple[bytes, bool]:
        """A video packet as our files hold it, and whether it is a key frame; empty when it holds no picture.

        Raises:
            MediaError: it is damaged.
        """
        return self.nals.normalized(bytes(packet), self.format.parameter_sets), packet.is_keyframe

    def frames(self) -> Iterator[CodedVideo | CodedAudio]:
        """Everything from the first key frame on, in the order of the file.

        Raises:
            Unconvertible: a frame that is not the last is damaged, or much of the file cannot be read.
            ConversionError: the disk refuses.
        """
        times = PresentationTimes(self.video_stream.time_base or Fraction(1, 1000))
        broken: str | None = None
        started = False
        for packet in self._packets():
            if not isinstance(packet.stream, av.VideoStream):
                if started:
                    yield CodedAudio(packet, times.shift)
                continue
            if broken is not None:
                raise Unconvertible(f"{self.path.name}: {broken}, with footage behind it; it is kept as it is")
            started = started or packet.is_keyframe
            if not started:
                self.account.leading += 1
                continue
            try:
                data, is_key = self.coded(packet)
            except MediaError as exc:
                broken = f"frame {self.account.video_packets} is damaged: {exc}"
                continue
            if not data:
                self.account.bare += 1
                continue
            pts, duration = times.place(packet.pts if packet.pts is not None else packet.dts, packet.duration)
            yield CodedVideo(data, pts, duration, is_key)
        self.account.cut = broken is not None
        self._require_complete()

    def _packets(self) -> "Iterator[av.Packet[av.stream.Stream]]":
        wanted = [self.video_stream] if self.audio_stream is None else [self.video_stream, self.audio_stream]
        for packet in self._opened.demux(*wanted):
            if not packet.size:
                continue
            self.account.packets += 1
            self.account.payload_bytes += packet.size
            self.account.video_packets += packet.stream is self.video_stream
            yield packet

    def _require_complete(self) -> None:
        """FFmpeg passes over what it cannot read without a word; the original must not go when that was much."""
        size = self.path.stat().st_size
        explained = self.account.payload_bytes + self.account.packets * _PACKET_OVERHEAD_BYTES + _HEAD_BYTES
        if size - explained > size // _UNREAD_FRACTION:
            raise Unconvertible(f"{self.path.name}: {size - explained} of {size} bytes cannot be read; it is kept as it is")

    def _format(self, nals: NalReader, container: Container) -> VideoFormat:
        try:
            return nals.format()
        except MediaError:
            pass  # then the stream itself must tell
        try:
            return nals.format(_first_key_frame(self.path, container))
        except MediaError as exc:
            raise Unconvertible(f"{self.path.name}: its video cannot be described: {exc}") from exc


class PresentationTimes:
    """Times in 90 kHz on one line: where the source's clock began anew, the line goes on. Pure.

    shift: what was added to the latest time.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._factor = time_base * VIDEO_CLOCK_HZ
        self._newest: int | None = None
        self._duration = _DEFAULT_DURATION
        self.shift = 0

    def place(self, stamp: int | None, duration: int | None) -> tuple[int, int]:
        """(presentation time, duration or 0) of the next frame in decoding order, from what the container says in its time base."""
        following = 0 if self._newest is None else self._newest + self._duration
        pts = following if stamp is None else round(stamp * self._factor) + self.shift
        if self._newest is not None and pts < self._newest - _BACKWARD_JUMP:
            self.shift += following - pts
            pts = following
        lasts = round((duration or 0) * self._factor)
        if self._newest is None or pts > self._newest:
            self._newest = pts
        self._duration = lasts or self._duration
        return pts, lasts


def require_video(opened: InputContainer, path: Path) -> "av.VideoStream":
    """The one video track.

    Raises:
        Unconvertible: there is none, or there are several.
    """
    tracks = [stream for stream in opened.streams.video if not stream.disposition & av.stream.Disposition.attached_pic]
    if len(tracks) != 1:
        raise Unconvertible(f"{path.name}: has {len(tracks)} video tracks, one is expected; it is kept as it is")
    return tracks[0]


def copied_codec(stream: "av.VideoStream") -> VideoCodec | None:
    """The codec as our files call it; None for one that they cannot hold."""
    return _VIDEO_CODECS.get(stream.codec_context.codec.canonical_name)


def _only_audio(opened: InputContainer, path: Path) -> "av.AudioStream | None":
    tracks = opened.streams.audio
    if len(tracks) > 1:
        raise Unconvertible(f"{path.name}: has {len(tracks)} audio tracks, at most one is expected; it is kept as it is")
    return tracks[0] if tracks else None


def _has_packets(path: Path, container: Container, index: int) -> bool:
    """Whether a track holds anything: one that is declared and stays empty would stall players."""
    with open_input(path, container) as opened:
        return any(packet.size for packet in opened.demux(opened.streams[index]))


def _first_key_frame(path: Path, container: Container) -> bytes:
    with open_input(path, container) as opened:
        stream = require_video(opened, path)
        return next((bytes(packet) for packet in opened.demux(stream) if packet.size and packet.is_keyframe), b"")
