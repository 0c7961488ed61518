"""Where a footage file lies below the recording folder, and what its path means: one reversible pair of pure functions.

ch3/2026-10-25/021500+0200.mp4      channel 3, 02:15:00 local time, two hours ahead of UTC
ch3/2026-10-25/021500+0100.mp4      one hour later: the hour that repeats at the end of summer time never collides
ch3/2026-10-25/021500+0100-2.mp4    the second file that starts within that second

Footage of other products, which is taken over, has no offset in its name:

ch3/2026-10-25/021500.mkv           channel 3, 02:15:00 local time
ch3_20261025_021500.mkv             the same, in the recording folder itself
CH3_20261025_021500.MKV             the same, in letters as they come by way of a Windows share
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import PurePosixPath

from mini_nvr.clock import US_PER_S, to_datetime, to_utc_us
from mini_nvr.segment.model import Container

_SECONDS_PER_MINUTE = 60
_PATTERN = re.compile(
    r"ch(?P<channel>[1-9][0-9]{0,8})/(?P<local>[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{6})"
    r"(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3])(?P<minutes>[0-5][0-9])"
    r"(?:-(?P<ordinal>[2-9]|[1-9][0-9]{1,5}))?\.(?P<container>mp4|mkv)"
)


_FOREIGN_PATTERN = re.compile(
    r"ch(?P<channel>[1-9][0-9]{0,8})(?:/(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})/|_(?P<flat>[0-9]{8})_)(?P<time>[0-9]{6})"
    r"\.(?P<container>mp4|mkv)",
    re.ASCII | re.IGNORECASE,
)
_REPEATED_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SegmentName:
    """What a path says. `start_utc_us` is exact to the second; `collision` counts the earlier files that start in that second."""

    channel: int
    start_utc_us: int
    container: Container
    collision: int = 0


@dataclass(frozen=True, slots=True)
class ForeignName:
    """What the path of another product's footage says. `local`: wall clock without its offset, in a `datetime` that says UTC."""

    channel: int
    local: datetime
    container: Container


def segment_name(channel: int, start_utc_us: int, zone: tzinfo, container: Container, collision: int = 0) -> PurePosixPath:
    """The path of a file relative to the recording folder, by local time in `zone` with its UTC offset.

    An offset that is not a whole number of minutes (local mean time, before 1972) is cut to minutes, together with the local time.
    """
    second = to_datetime(start_utc_us - start_utc_us % US_PER_S, zone)
    offset_minutes = int((second.utcoffset() or timedelta()).total_seconds() // _SECONDS_PER_MINUTE)
    local = second.astimezone(timezone(timedelta(minutes=offset_minutes)))
    sign = "-" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    ordinal = f"-{collision + 1}" if collision else ""
    stamp = f"{local.year:04}-{local:%m-%d/%H%M%S}{sign}{hours:02}{minutes:02}{ordinal}"
    return PurePosixPath(f"ch{channel}/{stamp}.{container}")


def parse_segment_name(path: PurePosixPath) -> SegmentName | None:
    """What a path relative to the recording folder means; None when `segment_name` could not have made it."""
    match = _PATTERN.fullmatch(str(path))
    if match is None:
        return None
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    if match["sign"] == "-":
        if not offset:
            return None  # zero is written +0000
        offset = -offset
    try:
        local = datetime.strptime(match["local"], "%Y-%m-%d/%H%M%S").replace(tzinfo=UTC)
        start = local - offset
    except (ValueError, OverflowError):
        return None
    return SegmentName(
        channel=int(match["channel"]),
        start_utc_us=to_utc_us(start),
        container="mp4" if match["container"] == "mp4" else "mkv",
        collision=int(match["ordinal"]) - 1 if match["ordinal"] else 0,
    )


def parse_foreign_name(path: PurePosixPath) -> ForeignName | None:
    """What a path relative to the recording folder means, when another product made it; None for every other path."""
    match = _FOREIGN_PATTERN.fullmatch(str(path))
    if match is None:
        return None
    day = match["flat"] or match["day"].replace("-", "")
    try:
        local = datetime.strptime(day + match["time"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return ForeignName(int(match["channel"]), local, "mp4" if match["container"].lower() == "mp4" else "mkv")


def foreign_start_utc_us(name: ForeignName, zone: tzinfo, modified_utc_us: int) -> int | None:
    """The instant that another product's name means in `zone`; None for one before 1970.

    In the hour that repeats at the end of summer time a name means two instants. The file was last written to at its end: when that
    lies within the hour after the second of the two, it is the second, otherwise the first. A time that the clock skipped in
    spring is read with the offset that held before.
    """
    wall = name.local.replace(tzinfo=zone)
    first, second = to_utc_us(wall.replace(fold=0)), to_utc_us(wall.replace(fold=1))
    repeated = second > first
    is_second = repeated and second < modified_utc_us <= second + _REPEATED_HOUR // timedelta(microseconds=1)
    start = second if is_second else first
    return start if start >= 0 else None
