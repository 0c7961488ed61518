"""The header that each footage file carries about itself (storage I5), as JSON in ASCII.

One encoding for both containers: the hybrid MP4 keeps the bytes in its `uuid` box, Matroska in a tag. Files outlive releases, so a
reader ignores keys that it does not know, and everything it does know is checked: a file may come from anywhere.
"""

import json
import re
from typing import Any, get_args

from mini_nvr.errors import GapCause, SegmentError
from mini_nvr.segment.model import GapNote, SegmentHeader, TimeSource

HEADER_VERSION = 1
MAX_HEADER_BYTES = 64 * 1024
MAX_GAPS = 16
MAX_CHANNEL = 65_535
MAX_NAME_CHARACTERS = 1_000
MAX_NUMBER = 2**31 - 1
MAX_UTC_US = 253_402_300_799_999_999  # the last microsecond of the year 9999, where datetime ends

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_TIME_SOURCES: tuple[TimeSource, ...] = get_args(TimeSource)


def encode_header(header: SegmentHeader) -> bytes:
    """`header` as compact ASCII JSON that `decode_header` reads back to an equal value.

    Raises:
        SegmentError: a field is outside the range that a reader accepts.
    """
    _check(header)
    document = {
        "version": HEADER_VERSION,
        "channel": header.channel,
        "camera_name": header.camera_name,
        "start_utc_us": header.start_utc_us,
        "run_id": header.run_id,
        "number": header.number,
        "time_source": header.time_source,
        "gaps_before": [[gap.start_utc_us, gap.end_utc_us, gap.cause.value] for gap in header.gaps_before],
    }
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def decode_header(data: bytes) -> SegmentHeader:
    """The header from untrusted bytes.

    A gap whose cause a newer release invented is kept as `GapCause.UNKNOWN`.

    Raises:
        SegmentError: not JSON, a key is missing, or a value has the wrong type or range.
    """
    if len(data) > MAX_HEADER_BYTES:
        raise SegmentError(f"segment header of {len(data)} bytes; at most {MAX_HEADER_BYTES} are read")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise SegmentError("segment header is not JSON; the file was not written by this product or is damaged") from exc
    if not isinstance(document, dict) or document.get("version") != HEADER_VERSION:
        raise SegmentError(f"segment header is not of version {HEADER_VERSION}; it needs another release of this product")
    header = SegmentHeader(
        channel=_integer(document, "channel"),
        camera_name=_text(document, "camera_name"),
        start_utc_us=_integer(document, "start_utc_us"),
        run_id=_text(document, "run_id"),
        number=_integer(document, "number"),
        time_source=_time_source(document),
        gaps_before=_gaps(document),
    )
    _check(header)
    return header


def _check(header: SegmentHeader) -> None:
    """Raise SegmentError unless every field lies in its documented range."""
    _require(0 < header.channel <= MAX_CHANNEL, "channel", f"1..{MAX_CHANNEL}")
    name = header.camera_name
    _require(len(name) <= MAX_NAME_CHARACTERS, "camera_name", f"at most {MAX_NAME_CHARACTERS} characters")
    _require(not any("\ud800" <= character <= "\udfff" for character in name), "camera_name", "Unicode text without surrogates")
    _require(0 <= header.start_utc_us <= MAX_UTC_US, "start_utc_us", f"0..{MAX_UTC_US}")
    _require(_RUN_ID.fullmatch(header.run_id) is not None, "run_id", "32 hexadecimal digits in lower case")
    _require(0 <= header.number <= MAX_NUMBER, "number", f"0..{MAX_NUMBER}")
    _require(len(header.gaps_before) <= MAX_GAPS, "gaps_before", f"at most {MAX_GAPS}")
    for gap in header.gaps_before:
        ordered = 0 <= gap.start_utc_us <= gap.end_utc_us <= MAX_UTC_US
        _require(ordered, "gaps_before", "start not after end, both within the years 1970..9999")


def _require(holds: bool, key: str, allowed: str) -> None:
    if not holds:
        raise SegmentError(f"segment header: {key} must be {allowed}")


def _integer(document: dict[str, Any], key: str) -> int:
    return _as_integer(document.get(key), key)


def _as_integer(value: object, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise SegmentError(f"segment header: {key} must be an integer")
    return value


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str):
        raise SegmentError(f"segment header: {key} must be a string")
    return value


def _time_source(document: dict[str, Any]) -> TimeSource:
    value = document.get("time_source")
    for source in _TIME_SOURCES:
        if value == source:
            return source
    raise SegmentError(f"segment header: time_source must be one of {', '.join(_TIME_SOURCES)}")


def _gaps(document: dict[str, Any]) -> tuple[GapNote, ...]:
    entries = document.get("gaps_before", [])
    if not isinstance(entries, list) or len(entries) > MAX_GAPS:
        raise SegmentError(f"segment header: gaps_before must be a list of at most {MAX_GAPS}")
    return tuple(_gap(entry) for entry in entries)


def _gap(entry: object) -> GapNote:
    if not isinstance(entry, list) or len(entry) < 3:
        raise SegmentError("segment header: an entry of gaps_before must be [start_utc_us, end_utc_us, cause]")
    return GapNote(_as_integer(entry[0], "gaps_before"), _as_integer(entry[1], "gaps_before"), _cause(entry[2]))


def _cause(value: object) -> GapCause:
    if not isinstance(value, str):
        raise SegmentError("segment header: the cause of a gap must be a string")
    try:
        return GapCause(value)
    except ValueError:
        return GapCause.UNKNOWN
