"""The days and files of a channel, and the deletion of one file (SECURITY S1, storage I4)."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mini_nvr.api.caller import SignedIn
from mini_nvr.api.channels import ChannelNumber, OptionalChannel, require_channel
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import Model, as_json, guarded
from mini_nvr.api.instants import OptionalInstant, parse_date, parse_range, show_instant
from mini_nvr.api.problems import Problem, invalid, not_found
from mini_nvr.catalog.model import SegmentRow, SegmentState
from mini_nvr.catalog.overview_queries import DAY_US, segments_in_days
from mini_nvr.catalog.playback_queries import playable_segments
from mini_nvr.clock import US_PER_S
from mini_nvr.playback.days import dates, day_bounds

router = APIRouter(tags=["recordings"])

MOST_FILES: Final = 10_000
_TIME_OF_DAY: Final = slice(11, 19)  # of an RFC 3339 text
_UNITS: Final = ("B", "KB", "MB", "GB", "TB")


class Dates(Model):
    """Days with footage."""

    dates: list[str] = Field(description="YYYY-MM-DD in the configured time zone, newest first.", examples=[["2026-11-22"]])


class Recording(Model):
    """One file of footage."""

    id: int = Field(description="For `/api/segments/{id}.mp4`.")
    name: str = Field(description="Path under RECORD_DIR.", examples=["ch1/2026-11-22/080000+0100.mp4"])
    start_time: str = Field(description="Local HH:MM:SS.", examples=["08:00:00"])
    datetime: str = Field(description="Start, RFC 3339 with offset.")
    start: int = Field(description="Start, milliseconds since 1970.")
    end: int = Field(description="End, milliseconds since 1970; while it grows, of what is on the disk.")
    size: str = Field(description="For people.", examples=["120.4 MB"])
    bytes: int = Field(description="Of the file; while it grows, of what is on the disk.")
    duration: float | None = Field(description="Seconds; null while it grows.")
    live: bool = Field(description="It is being written.")
    container: str = Field(description="`mp4` or `mkv`.", examples=["mp4"])
    codec: str | None = Field(description="RFC 6381 codec strings.", examples=["avc1.640028,mp4a.40.2"])
    protected: bool = Field(description="Cleanup never deletes it.")


class Recordings(Model):
    """The files of a day or of a range, oldest first."""

    recordings: list[Recording] = Field(description="Oldest first.")


@router.get("/api/dates", summary="Days with footage", response_model=Dates, responses=guarded(404))
def list_dates(session: SignedIn, deps: Parts, channel: OptionalChannel = None) -> Response:
    """The days on which a channel, or any channel, has footage."""
    if channel is not None:
        require_channel(deps, session.user, channel)
    return as_json(Dates(dates=dates(deps.catalog, channel, deps.settings.zone)))


@router.get(
    "/api/channel/{ch}/recordings", summary="The files of a day or a range", response_model=Recordings, responses=guarded(404)
)
def list_recordings(
    ch: ChannelNumber,
    session: SignedIn,
    deps: Parts,
    date: Annotated[str | None, Query(description="YYYY-MM-DD in the configured time zone.", examples=["2026-11-22"])] = None,
    start: OptionalInstant = None,
    end: OptionalInstant = None,
) -> Response:
    """Every file with footage of that day, or of [start, end); the first and the last one may reach out of it."""
    require_channel(deps, session.user, ch)
    first, last = _wanted(deps, date, start, end)
    require_few_files(deps, ch, first, last)
    rows = playable_segments(deps.catalog, ch, first, last) if first < last else []
    return as_json(Recordings(recordings=[_show(deps, row) for row in rows]))


def _wanted(deps: Deps, date: str | None, start: str | None, end: str | None) -> tuple[int, int]:
    """Raise Problem, 400, unless there is either a day or a range."""
    if start is None or end is None:
        if date is None or (start, end) != (None, None):
            raise invalid("date", "neither a day nor a range", "`date`, or `start` and `end`")
        return day_bounds(parse_date("date", date), deps.settings.zone)
    if date is not None:
        raise invalid("date", "both a day and a range", "`date`, or `start` and `end`")
    return parse_range(start, end)


def no_such_path() -> Problem:
    """404; recordings' names hold a `+`, which is a space in an address."""
    return not_found("no recording has this path", "send a `name` out of /api/channel/{ch}/recordings, + as %2B")


def require_few_files(deps: Deps, channel: int, start_utc_us: int, end_utc_us: int) -> None:
    """Raise Problem, 400, when the days of a range hold more files than one answer lists."""
    count = segments_in_days(deps.catalog, channel, start_utc_us // DAY_US, end_utc_us // DAY_US)
    if count > MOST_FILES:
        raise invalid("end", f"the days of this range hold {count} files", f"a range of at most {MOST_FILES:,} files")


def _show(deps: Deps, row: SegmentRow) -> Recording:
    growing = row.state is SegmentState.GROWING
    shown = show_instant(row.start_utc_us, deps.settings.zone)
    return Recording(
        id=row.id,
        name=str(row.path),
        start_time=shown[_TIME_OF_DAY],
        datetime=shown,
        start=row.start_utc_us // 1000,
        end=row.end_utc_us // 1000,
        size=size_text(row.size_bytes),
        bytes=row.size_bytes,
        duration=None if growing else row.duration_us / US_PER_S,
        live=growing,
        container=row.container,
        codec=",".join(codec for codec in (row.video_codec, row.audio_codec) if codec) or None,
        protected=row.protected,
    )


def size_text(size_bytes: int) -> str:
    """`1.5 GB`; units of 1024."""
    value = float(size_bytes)
    for unit in _UNITS[:-1]:
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} {_UNITS[-1]}"
