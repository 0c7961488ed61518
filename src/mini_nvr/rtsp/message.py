"""RTSP messages as text: requests and responses, both ways (RFC 2326 sections 4 to 7).

Header text is UTF-8; bytes that are not survive as surrogates, so that a realm is hashed as it was sent.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from mini_nvr.rtsp.errors import ProtocolViolation

ENCODING = "utf-8"
ENCODING_ERRORS = "surrogateescape"
MAX_HEAD_BYTES = 16 * 1024
MAX_BODY_BYTES = 96 * 1024
_MAX_HEADERS = 128

_STATUS_LINE = re.compile(r"RTSP/1\.\d +(\d{3})(?: +(.*))?$")
_REQUEST_LINE = re.compile(r"([A-Z_]+) +(\S+) +RTSP/1\.\d$")

USER_AGENT = "mini-nvr"


class Headers:
    """Header fields by case-insensitive name; a name may occur several times."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in fields:
            self._fields.setdefault(name.lower(), []).append(value)

    def get(self, name: str) -> str | None:
        """The first value, or None."""
        values = self._fields.get(name.lower())
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        """All values in the order sent."""
        return self._fields.get(name.lower(), [])

    def integer(self, name: str) -> int | None:
        """The first value as a decimal number, None when absent or not one."""
        value = self.get(name)
        return int(value) if value is not None and value.isascii() and value.isdigit() and len(value) <= 10 else None


@dataclass(slots=True)
class Response:
    """An answer of the camera."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""


@dataclass(slots=True)
class ServerRequest:
    """A request that the camera sent to us."""

    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""


def parse_head(head: bytes) -> tuple[Response | ServerRequest, int]:
    """A message without its body, and the length of the body that follows.

    head: everything before the empty line. Folded lines, bare line feeds and lines without a colon are tolerated.

    Raises:
        ProtocolViolation: the first line is neither a status nor a request line, or a limit is exceeded.
    """
    lines = head.decode(ENCODING, ENCODING_ERRORS).replace("\r", "").split("\n")
    if len(lines) > _MAX_HEADERS:
        raise ProtocolViolation(f"the camera sent a message of {len(lines)} header lines")
    headers = Headers(_fields(lines[1:]))
    length = headers.integer("Content-Length") or 0
    if length > MAX_BODY_BYTES:
        raise ProtocolViolation(f"the camera announced a message body of {length} bytes")
    if found := _STATUS_LINE.match(lines[0]):
        return Response(int(found[1]), (found[2] or "").strip(), headers), length
    if found := _REQUEST_LINE.match(lines[0].rstrip()):
        return ServerRequest(found[1], found[2], headers), length
    raise ProtocolViolation("the camera sent something that is no RTSP message")


def _fields(lines: list[str]) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and fields:  # folded, RFC 2616 section 4.2
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        if colon:
            fields.append((name.strip(), value.strip()))
    return fields


def format_request(method: str, uri: str, cseq: int, headers: Iterable[tuple[str, str]]) -> bytes:
    """A request without body."""
    lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {cseq}", f"User-Agent: {USER_AGENT}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode(ENCODING, ENCODING_ERRORS)


def format_answer(request: ServerRequest, status: int, reason: str) -> bytes:
    """Our answer to a request of the camera; it echoes CSeq and Session (RFC 2326 sections 12.17, 12.37)."""
    lines = [f"RTSP/1.0 {status} {reason}"]
    for name in ("CSeq", "Session"):
        value = request.headers.get(name)
        if value is not None:
            lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, f"User-Agent: {USER_AGENT}", "", ""]).encode(ENCODING, ENCODING_ERRORS)


@dataclass(frozen=True, slots=True)
class Session:
    """The Session header (section 12.37). timeout_s: how long the camera keeps a silent session."""

    identifier: str
    timeout_s: int


DEFAULT_SESSION_TIMEOUT_S = 60
_SESSION_TIMEOUT_RANGE_S = (4, 3600)


def parse_session(value: str) -> Session:
    """`12345678;timeout=60`; an absent or absurd time-out becomes the standard's 60 s or the nearest bound."""
    identifier, _, parameters = value.partition(";")
    found = re.search(r"timeout\s*=\s*\"?(\d{1,9})", parameters, re.IGNORECASE)
    timeout_s = int(found[1]) if found else 0
    low, high = _SESSION_TIMEOUT_RANGE_S
    return Session(identifier.strip(), min(max(timeout_s, low), high) if timeout_s else DEFAULT_SESSION_TIMEOUT_S)


def parse_interleaved(transport: str) -> tuple[int, int] | None:
    """The RTP and RTCP channels of a Transport header (section 12.39); None when it does not say, or is not interleaved."""
    found = re.search(r"interleaved\s*=\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?", transport, re.IGNORECASE)
    if not found:
        return None
    rtp = int(found[1])
    rtcp = int(found[2]) if found[2] else rtp + 1
    return (rtp, rtcp) if rtp <= 255 and rtcp <= 255 and rtp != rtcp else None
