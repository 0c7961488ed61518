"""The live protocol: what goes from the recorder over DATA_DIR/live.sock to the web service, and on over WebSockets to browsers.

A request is one JSON line, `{"watch": 3, "stream": "main"}` or `{"events": true}`; with `"mark": true` behind the stream, an event
says where the frames end that were there already. The answer is messages, on the Unix socket each behind its length as 4 bytes
big-endian. The first byte of a message is its kind:

- 0x01 header: JSON. A new epoch begins: `codecs`, `mimeType`, `width`, `height`, `startUtcUs` (the wall instant of media time 0),
  `timescale` (of the video track), `channel`, `stream`, `audio` (whether there is a sound track).
- 0x02 init: the init segment of the epoch.
- 0x03 part: 8 bytes big-endian `utc_us` of the frame, 1 byte of flags (bit 0 key frame, bit 1 sound), then `moof` and `mdat` of one
  frame. The first video part of an epoch is a key frame.
- 0x04 event: JSON with `event`. To viewers: `formatChanged` (header and init follow), `stalled`, `resumed`, `skipped` with `parts`
  (the viewer was too slow and is cut back to a key frame), `ended` with `cause` and `detail` (a new header follows when the camera
  is back). Only on the socket, as its first message: `accepted`, or `refused` with `reason`; and where a mark was asked for,
  `caughtUp` behind the cached frames, of which the last is the newest that the camera has sent. A viewer that is cut back before it
  has read the mark may never get it.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, get_args

from mini_nvr.errors import MiniNvrError

SOCKET_NAME: Final = "live.sock"
REQUEST_MAX_BYTES: Final = 1_024
MESSAGE_MAX_BYTES: Final = 64 * 1024 * 1024

KIND_HEADER: Final = 0x01
KIND_INIT: Final = 0x02
KIND_PART: Final = 0x03
KIND_EVENT: Final = 0x04

FLAG_KEY: Final = 0x01
FLAG_SOUND: Final = 0x02

StreamName = Literal["main", "sub"]
STREAMS: Final[tuple[StreamName, ...]] = get_args(StreamName)

LENGTH = struct.Struct(">I")
_KIND = struct.Struct(">IB")
_PART = struct.Struct(">IBQB")
PART_HEAD_BYTES: Final = _PART.size - LENGTH.size


class WatchRequest(NamedTuple):
    """What somebody wants to watch. marked: `caughtUp` follows the frames that are there already."""

    channel: int
    stream: StreamName
    marked: bool = False


class LiveError(MiniNvrError):
    """Live pictures could not be served or received."""


@dataclass(slots=True, eq=False)
class Message:
    """A message as it goes over the socket, its length in front; one object for all viewers.

    pieces: its bytes; those of a frame are the frame's own, which is kept only once, however many hold it.
    utc_us, is_key: of parts; a key frame is where a viewer that fell behind can go on.
    """

    pieces: tuple[bytes, ...]
    kind: int
    utc_us: int = 0
    is_key: bool = False

    @property
    def size_bytes(self) -> int:
        """With the length."""
        return sum(map(len, self.pieces))

    @property
    def framed(self) -> bytes:
        """All of it in one."""
        return b"".join(self.pieces)

    @property
    def body(self) -> bytes:
        """Without the length: what a browser gets."""
        return self.framed[LENGTH.size :]


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """A part message taken apart; `data` is `moof` and `mdat`."""

    utc_us: int
    is_key: bool
    is_sound: bool
    data: bytes


def header(fields: Mapping[str, Any]) -> Message:
    return _json_message(KIND_HEADER, fields)


def init(segment: bytes) -> Message:
    return Message((_KIND.pack(1 + len(segment), KIND_INIT), segment), KIND_INIT)


def part(utc_us: int, flags: int, head: bytes, payload: bytes) -> Message:
    """head: `moof` and the header of `mdat`; payload: the frame."""
    start = _PART.pack(PART_HEAD_BYTES + len(head) + len(payload), KIND_PART, utc_us, flags)
    return Message((start + head, payload), KIND_PART, utc_us, flags == FLAG_KEY)


def event(name: str, **fields: object) -> Message:
    return _json_message(KIND_EVENT, {"event": name, **fields})


def _json_message(kind: int, fields: Mapping[str, Any]) -> Message:
    text = json.dumps(fields, separators=(",", ":")).encode()
    return Message((_KIND.pack(1 + len(text), kind) + text,), kind)


def read_json(message: bytes) -> dict[str, Any]:
    """The fields of a header or event message.

    Raises:
        LiveError: the message is something else.
    """
    if not message or message[0] not in {KIND_HEADER, KIND_EVENT}:
        raise LiveError("a live message is neither a header nor an event")
    try:
        fields = json.loads(message[1:])
    except (ValueError, RecursionError) as exc:
        raise LiveError("a live message does not hold JSON") from exc
    if not isinstance(fields, dict):
        raise LiveError("a live message does not hold a JSON object")
    return fields


def read_part(message: bytes) -> ReceivedPart:
    """Take a part message apart.

    Raises:
        LiveError: the message is something else.
    """
    if len(message) < PART_HEAD_BYTES or message[0] != KIND_PART:
        raise LiveError("a live message is not a part")
    flags = message[PART_HEAD_BYTES - 1]
    utc_us = int.from_bytes(message[1:9])
    return ReceivedPart(utc_us, bool(flags & FLAG_KEY), bool(flags & FLAG_SOUND), message[PART_HEAD_BYTES:])


def read_request(line: bytes) -> WatchRequest | None:
    """What somebody wants to watch, None for the recorder's events.

    Raises:
        LiveError: the request is neither.
    """
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise LiveError("the request is not JSON") from exc
    if request == {"events": True}:
        return None
    if isinstance(request, dict) and {"watch", "stream"} <= set(request) <= {"watch", "stream", "mark"}:
        channel, marked = request["watch"], request.get("mark", False)
        stream = next((name for name in STREAMS if name == request["stream"]), None)
        if type(channel) is int and stream is not None and type(marked) is bool:
            return WatchRequest(channel, stream, marked)
    raise LiveError('unknown request; known: {"watch": 1, "stream": "main" or "sub"}, {"events": true}')


def watch_request(channel: int, stream: StreamName, *, marked: bool = False) -> bytes:
    mark = {"mark": True} if marked else {}
    return json.dumps({"watch": channel, "stream": stream, **mark}).encode() + b"\n"


EVENTS_REQUEST: Final = b'{"events": true}\n'
