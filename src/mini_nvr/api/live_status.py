"""GET /api/live: what each channel is doing now, asked of the recorder, or told by the catalog while that does not run."""

from fastapi import APIRouter
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from mini_nvr.api.caller import SignedIn
from mini_nvr.api.deps import Deps, Parts
from mini_nvr.api.documented import Model, guarded
from mini_nvr.api.instants import show_instant
from mini_nvr.errors import MiniNvrError
from mini_nvr.recorder.status import ChannelState, ChannelStatus

router = APIRouter(tags=["live"])

NOT_RUNNING = "the recorder does not answer"


class LiveChannel(Model):
    """What one channel is doing."""

    status: ChannelState = Field(description="LIVE: frames arrive and are recorded. REC: there are recordings, no frames now. OFF.")
    file: str | None = Field(description="The growing file, under RECORD_DIR.")
    since: str | None = Field(description="When this state began, RFC 3339.")
    since_utc_ms: int | None = Field(description="The same in milliseconds since 1970.")
    codec: str | None = Field(description="Of the picture.", examples=["h264"])
    width: int | None = Field(description="Of the picture, in pixels.")
    height: int | None = Field(description="Of the picture, in pixels.")
    fps: float | None = Field(description="Pictures per second, lately.")
    bitrate: int | None = Field(description="Bits per second.")
    last_frame_age_ms: int | None = Field(description="Milliseconds since the last frame came.")
    error: str | None = Field(description="Why no frames arrive, none are recorded, or they wait for the disk, in plain words.")
    warning: str | None = Field(description="What is wrong though frames are recorded: with the catalog, or the clock.")


class Live(Model):
    """All channels by their number."""

    channels: dict[str, LiveChannel] = Field(description="By its number: those that the user may watch.")


@router.get("/api/live", summary="What each channel is doing", responses=guarded())
async def live_status(session: SignedIn, deps: Parts) -> Live:
    """The state of each channel that the user may watch."""
    rows = await statuses(deps)
    return Live(channels={str(row.number): _show(deps, row) for row in rows if deps.accounts.may_watch(session.user, row.number)})


async def statuses(deps: Deps) -> list[ChannelStatus]:
    """The recorder's word, or what is known without it."""
    try:
        return await deps.recorder.status()
    except MiniNvrError:
        return await run_in_threadpool(_without_recorder, deps)


def _without_recorder(deps: Deps) -> list[ChannelStatus]:
    rows = []
    for channel in deps.settings.channels:
        recorded = channel.enabled and deps.catalog.footage_end(channel.number) is not None
        error = NOT_RUNNING if channel.enabled else None
        rows.append(ChannelStatus(number=channel.number, name=channel.name, status="REC" if recorded else "OFF", error=error))
    return rows


def _show(deps: Deps, row: ChannelStatus) -> LiveChannel:
    return LiveChannel(
        status=row.status,
        file=row.file,
        since=None if row.since_utc_us is None else show_instant(row.since_utc_us, deps.settings.zone),
        since_utc_ms=None if row.since_utc_us is None else row.since_utc_us // 1000,
        codec=row.codec,
        width=row.width,
        height=row.height,
        fps=row.fps,
        bitrate=row.bitrate_bps,
        last_frame_age_ms=row.last_frame_age_ms,
        error=row.error,
        warning=row.warning,
    )
