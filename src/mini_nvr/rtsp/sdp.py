"""Reading a session description (SDP, RFC 8866) as cameras write it.

Tolerant: unknown lines, missing fields and disorder are no error; a media line without a usable payload type is left out. Hostile
input costs bounded time and memory: every count has a limit.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mini_nvr.rtsp.errors import ProtocolViolation

MAX_LINES = 1000
MAX_LINE_CHARS = 16 * 1024  # parameter sets with scaling lists, in base64, twice over
MAX_MEDIA = 32
MAX_FORMATS = 16

_MEDIA_LINE = re.compile(r"(\S+)\s+(\d+)(?:/\d+)?\s+(\S+)\s+(.+)")
_RTPMAP = re.compile(r"(\d{1,3})\s+([^\s/]+)(?:\s*/\s*(\d{1,9}))?(?:\s*/\s*(\d{1,3}))?")
_FMTP = re.compile(r"(\d{1,3})\s+(.*)")

# Static payload types (RFC 3551 section 6): encoding, clock rate, channels
_STATIC = {
    0: ("PCMU", 8000, 1),
    3: ("GSM", 8000, 1),
    4: ("G723", 8000, 1),
    8: ("PCMA", 8000, 1),
    9: ("G722", 8000, 1),
    14: ("MPA", 90_000, 1),
    18: ("G729", 8000, 1),
    26: ("JPEG", 90_000, 1),
    32: ("MPV", 90_000, 1),
    33: ("MP2T", 90_000, 1),
}


@dataclass(frozen=True, slots=True)
class PayloadFormat:
    """One payload type of a media line.

    encoding: upper case, as in rtpmap. clock_hz: 0 when the camera does not say. parameters: fmtp, names in lower case.
    """

    payload_type: int
    encoding: str
    clock_hz: int
    channels: int
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Media:
    """One media line: `kind` is video, audio, application..., `control` the raw attribute."""

    kind: str
    formats: tuple[PayloadFormat, ...]
    control: str | None


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """The whole description; `control` is the session-level attribute."""

    control: str | None
    media: tuple[Media, ...]


@dataclass(slots=True)
class _Section:
    """What is collected for one media line until the next one begins."""

    kind: str
    payload_types: list[int]
    control: str | None = None
    rtpmap: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    fmtp: dict[int, dict[str, str]] = field(default_factory=dict)


def parse(body: bytes) -> SessionDescription:
    """Read the body of a DESCRIBE answer.

    Raises:
        ProtocolViolation: it holds no SDP, or exceeds a limit.
    """
    lines = body.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    if len(lines) > 2 * MAX_LINES:
        raise ProtocolViolation(f"the camera's stream description has {len(lines)} lines")
    session = _Section("session", [])
    sections: list[_Section] = []
    recognised = False
    for line in lines:
        kind, equals, value = line.strip()[:MAX_LINE_CHARS].partition("=")
        if not equals or len(kind) != 1:
            continue
        recognised = recognised or kind in "vm"
        if kind == "m":
            sections.append(_media_section(value))
        elif kind == "a":
            _read_attribute(sections[-1] if sections else session, value)
    if not recognised:
        raise ProtocolViolation("the camera's stream description is not SDP")
    if len(sections) > MAX_MEDIA:
        raise ProtocolViolation(f"the camera describes {len(sections)} tracks")
    return SessionDescription(session.control, tuple(_finished(section) for section in sections))


def _media_section(value: str) -> _Section:
    found = _MEDIA_LINE.match(value)
    if not found:
        return _Section(value.split(" ", 1)[0].lower(), [])
    kinds = [int(text) for text in found[4].split()[:MAX_FORMATS] if re.fullmatch(r"[0-9]{1,3}", text)]
    return _Section(found[1].lower(), [kind for kind in kinds if kind < 128])


def _read_attribute(section: _Section, attribute: str) -> None:
    name, _, value = attribute.partition(":")
    name, value = name.strip().lower(), value.strip()
    if name == "control":
        section.control = value
    elif name == "rtpmap" and len(section.rtpmap) < MAX_FORMATS:
        if found := _RTPMAP.match(value):
            section.rtpmap[int(found[1])] = (found[2].upper(), int(found[3] or 0), int(found[4] or 1))
    elif name == "fmtp" and len(section.fmtp) < MAX_FORMATS and (found := _FMTP.match(value)):
        section.fmtp.setdefault(int(found[1]), {}).update(_parameters(found[2]))


def _parameters(text: str) -> dict[str, str]:
    """`a=1; b=2`, split at semicolons, so that base64 padding and commas stay in the values."""
    pairs = (item.partition("=") for item in text.split(";")[:64])
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def _finished(section: _Section) -> Media:
    formats = []
    for payload_type in section.payload_types:
        known = section.rtpmap.get(payload_type) or _STATIC.get(payload_type)
        encoding, clock_hz, channels = known or ("", 0, 1)
        formats.append(PayloadFormat(payload_type, encoding, clock_hz, channels, section.fmtp.get(payload_type, {})))
    return Media(section.kind, tuple(formats), section.control)
