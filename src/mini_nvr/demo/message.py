"""RTSP requests as a server reads them and answers as it writes them (RFC 2326 sections 6, 7, 10.12)."""

import asyncio
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

MAX_HEADER_BYTES = 16 * 1024
MAX_BODY_BYTES = 64 * 1024
_INTERLEAVED = re.compile(r"interleaved=(\d{1,3})(?:-(\d{1,3}))?")
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    500: "Internal Server Error",
    501: "Not Implemented",
}


class BadRequestError(ValueError):
    """Bytes from the client that are no RTSP request."""


@dataclass(frozen=True, slots=True)
class Request:
    """Header names are in lower case."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def path(self) -> tuple[str, ...]:
        """The path's parts, percent-decoded: camera, then track."""
        return tuple(unquote(part) for part in urlsplit(self.url).path.split("/") if part)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request; None for an interleaved packet (the client's RTCP), which is skipped.

    Raises:
        BadRequestError: neither of both, or larger than the limits.
        asyncio.IncompleteReadError: the connection ended.
    """
    first = await reader.readexactly(1)
    if first == b"$":
        header = await reader.readexactly(3)
        await reader.readexactly(int.from_bytes(header[1:], "big"))
        return None
    try:
        head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as exc:
        raise BadRequestError(f"header larger than {MAX_HEADER_BYTES} bytes") from exc
    request = parse_request(head.decode("utf-8", "replace"))
    body_bytes = request.headers.get("content-length", "0")
    if not body_bytes.isascii() or not body_bytes.isdigit() or int(body_bytes) > MAX_BODY_BYTES:
        raise BadRequestError("Content-Length is no number or too large")
    await reader.readexactly(int(body_bytes))
    return request


def parse_request(head: str) -> Request:
    """The request line and the headers.

    Raises:
        BadRequestError: it is not RTSP/1.0.
    """
    first, *lines = head.strip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] != "RTSP/1.0":
        raise BadRequestError("not an RTSP/1.0 request line")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequestError("header line without a colon")
        headers[name.strip().lower()] = value.strip()
    try:
        urlsplit(words[1])
    except ValueError as exc:
        raise BadRequestError("malformed URL") from exc
    return Request(words[0], words[1], headers)


def response(status: int, request: Request | None, headers: dict[str, str] | None = None, body: str = "") -> bytes:
    """An answer with the request's CSeq."""
    lines = [f"RTSP/1.0 {status} {_REASONS[status]}"]
    if request is not None and "cseq" in request.headers:
        lines.append(f"CSeq: {request.headers['cseq']}")
    lines.append("Server: Mini-NVR demo")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    content = body.encode("latin-1", "replace")
    if content:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content


def offered_channel(transport: str, default: int) -> int | None:
    """The RTP channel of the first TCP interleaved offer in a Transport header (RFC 2326 section 12.39); None without one."""
    for offer in transport.split(","):
        if not offer.strip().upper().startswith("RTP/AVP/TCP"):
            continue
        match = _INTERLEAVED.search(offer)
        channel = int(match.group(1)) if match else default
        return channel if channel < 255 else None
    return None
