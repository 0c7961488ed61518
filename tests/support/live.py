"""Viewers, frames and time lines for live pictures, and a player of what a viewer got."""

import io
from collections.abc import Iterable, Sequence

import av

from mini_nvr.ingest.timestamps import media_us
from mini_nvr.live import protocol
from mini_nvr.live.protocol import KIND_EVENT, KIND_HEADER, KIND_INIT, KIND_PART, Message, ReceivedPart
from mini_nvr.media.frame import Frame, VideoFormat
from mini_nvr.segment.model import TimeSource
from tests.support.footage import Clip, video_format

ZERO_UTC_US = 1_800_000_000_000_000


class WallLine:
    """Media time 0 is at `ZERO_UTC_US`, for ever."""

    time_source: TimeSource = "arrival"

    def start_utc_us(self, pts_90k: int) -> int:
        raise AssertionError("only a file's start may be asked for")

    def next_start_utc_us(self, pts_90k: int, expected_utc_us: int, elapsed_us: int) -> int:
        raise AssertionError("only a file's start may be asked for")

    def utc_us(self, pts_90k: int) -> int:
        return ZERO_UTC_US + media_us(pts_90k)


class Screen:
    """A viewer that takes everything. Messages are kept as a browser gets them."""

    def __init__(self) -> None:
        self.objects: list[Message] = []

    def offer(self, message: Message) -> None:
        self.objects.append(message)

    @property
    def messages(self) -> list[bytes]:
        return [message.body for message in self.objects]

    def story(self) -> str:
        """One letter a message: header, init, key frame, frame, sound; events by name."""
        return "".join(map(letter, self.messages))

    def parts(self) -> list[ReceivedPart]:
        return [protocol.read_part(message) for message in self.messages if message[0] == KIND_PART]


def letter(message: bytes) -> str:
    if message[0] == KIND_EVENT:
        return f"({protocol.read_json(message)['event']})"
    if message[0] == KIND_PART:
        part = protocol.read_part(message)
        return "s" if part.is_sound else "K" if part.is_key else "f"
    return {KIND_HEADER: "H", KIND_INIT: "I"}[message[0]]


def frames_of(clip: Clip) -> list[Frame]:
    """As they come from a camera, the first one with the format."""
    frames = [Frame(sample.data, sample.pts, 0, sample.key) for sample in clip.samples]
    frames[0].new_format = video_format(clip)
    return frames


def no_order(of: VideoFormat) -> VideoFormat:
    """The same format without its reorder depth, as of cameras that do not signal it."""
    return VideoFormat(
        of.codec, of.parameter_sets, of.decoder_config, of.width, of.height, of.sample_aspect, of.frame_rate, None, of.codec_string
    )


def file_of(messages: Iterable[bytes]) -> bytes:
    """Init segment and parts of one epoch, one behind the other."""
    pieces = []
    for message in messages:
        if message[0] == KIND_INIT:
            pieces.append(message[1:])
        elif message[0] == KIND_PART:
            pieces.append(protocol.read_part(message).data)
    return b"".join(pieces)


def packets(messages: Iterable[bytes], kind: str = "video") -> list[tuple[bytes, int, int]]:
    """(data, decoding time, presentation time) of each frame that FFmpeg reads from one epoch, in the track's clock rate."""
    found = []
    with av.open(io.BytesIO(file_of(messages)), "r") as container:
        for packet in container.demux([stream for stream in container.streams if stream.type == kind]):
            if packet.dts is not None and packet.pts is not None:
                found.append((bytes(packet), packet.dts, packet.pts))
    return found


def pictures(messages: Iterable[bytes]) -> int:
    """How many pictures FFmpeg decodes from one epoch."""
    with av.open(io.BytesIO(file_of(messages)), "r") as container:
        return sum(1 for _ in container.decode(video=0))


def epochs(messages: Sequence[bytes]) -> list[list[bytes]]:
    """Messages from header to header; what comes before the first one is left out."""
    found: list[list[bytes]] = []
    for message in messages:
        if message[0] == KIND_HEADER:
            found.append([])
        if found:
            found[-1].append(message)
    return found
