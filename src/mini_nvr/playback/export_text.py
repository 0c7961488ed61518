"""What an export is called, and what it says about itself."""

import re
from collections.abc import Iterator, Sequence
from datetime import tzinfo

from mini_nvr.catalog.timeline import Span
from mini_nvr.clock import to_datetime

GAPS_NAMED = 20
_UNSAFE = re.compile(r"[^\w.+-]+")
_MAX_NAME_BYTES = 180  # of the 255 that file systems allow, the times take 45


def file_name(camera: str, channel: int, shown: Span, zone: tzinfo) -> str:
    """`{camera}_{local start}_{local end}.mp4`, of letters and digits of any script and `._+-`; never hidden, never a path."""
    safe = _UNSAFE.sub("-", camera).strip("-._").encode("utf-8", "ignore")[:_MAX_NAME_BYTES].decode("utf-8", "ignore")
    safe = safe or f"channel-{channel}"
    start, end = (f"{to_datetime(moment, zone):%Y-%m-%dT%H-%M-%S}" for moment in shown)
    return f"{safe}_{start}_{end}.mp4"


def title(camera: str, channel: int, shown: Span, zone: tzinfo) -> str:
    start, end = (to_datetime(moment, zone).isoformat(" ", "seconds") for moment in shown)
    return f"{camera or f'Channel {channel}'}, {start} to {end}"


def notes(with_other_sound: int, files: int) -> Iterator[str]:
    """What the movie leaves out, in words."""
    if with_other_sound:
        yield f"{with_other_sound} of {files} files have sound of another format, which is left out"


def comment(gaps: Sequence[Span], gap_count: int, left_out: Sequence[str], zone: tzinfo) -> str:
    """At most a few gaps by name: a bad day has hundreds."""
    named = [" to ".join(to_datetime(moment, zone).isoformat(" ", "seconds") for moment in gap) for gap in gaps[:GAPS_NAMED]]
    more = [f"and {gap_count - len(named)} more"] if gap_count > len(named) else []
    lines = ["No footage, left out: " + ", ".join(named + more)] if gaps else []
    return ". ".join([*lines, *left_out]) or "Without gaps"
